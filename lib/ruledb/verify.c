/* Every offset, index and order of an image. What passes here is read without a check. */
#include "ruledb/internal.h"

static enum err refuse(struct diag *why, const char *what)
{
	diag_set(why, "the rule database is damaged: %s", what);
	return ERR_FORMAT;
}

static enum err check_directory(const struct layout *l, struct diag *why)
{
	const uint8_t *slots = l->section[SECTION_DIRECTORY];
	size_t last = l->count[SECTION_DIRECTORY] - 1;
	uint32_t before = 0;

	if (le32_load(slots) != 0 ||
	    le32_load(slots + last * FORMAT_SLOT_BYTES) != l->count[SECTION_ENTRIES])
		return refuse(why, "the directory does not cover the names");
	for (size_t i = 1; i <= last; i++) {
		uint32_t slot = le32_load(slots + i * FORMAT_SLOT_BYTES);
		if (slot < before)
			return refuse(why, "the directory is not in order");
		before = slot;
	}
	return OK;
}

/* Entries of one bucket ascend; each value is a set, or stands next in the overflow. */
static enum err check_entries(const struct layout *l, struct diag *why)
{
	const uint8_t *slots = l->section[SECTION_DIRECTORY];
	const uint8_t *entries = l->section[SECTION_ENTRIES];
	const uint8_t *overflow = l->section[SECTION_OVERFLOW];
	uint32_t spilled = 0, end = 0;
	size_t bucket = 0;
	uint64_t before = 0;

	for (uint32_t i = 0; i < l->count[SECTION_ENTRIES]; i++) {
		uint64_t entry = le64_load(entries + (size_t)i * FORMAT_ENTRY_BYTES);
		bool first = i == end;
		while (i == end)
			end = le32_load(slots + ++bucket * FORMAT_SLOT_BYTES);
		if (!first && entry >> 16 <= before >> 16)
			return refuse(why, "the names are not in order");
		before = entry;
		uint32_t set = entry & 0xffff;
		if (set == FORMAT_VALUE_OVERFLOW) {
			if (spilled == l->count[SECTION_OVERFLOW] ||
			    le32_load(overflow + (size_t)spilled * FORMAT_OVERFLOW_BYTES) !=
			        i)
				return refuse(why, "the overflow table does not fit");
			set = le32_load(
			    overflow + (size_t)spilled * FORMAT_OVERFLOW_BYTES + 4);
			spilled++;
		}
		if (set >= l->count[SECTION_SETS])
			return refuse(why, "a name has no rules");
	}
	if (spilled != l->count[SECTION_OVERFLOW])
		return refuse(why, "the overflow table does not fit");
	return OK;
}

static unsigned feed_category(const struct layout *l, unsigned feed)
{
	return le16_load(l->section[SECTION_FEEDS] + (size_t)feed * FORMAT_FEED_BYTES +
	    FEED_AT_CATEGORY);
}

/* The members of a set, and that what was computed beforehand follows from them. */
static bool set_holds(const struct layout *l, const struct set_view *set)
{
	uint64_t at = 0, below = 0;
	bool judge = false;
	int before = -1;

	for (unsigned i = 0; i < set->member_count; i++) {
		const uint8_t *member = set->members + (size_t)i * FORMAT_MEMBER_BYTES;
		unsigned feed = le16_load(member), kinds = le16_load(member + 2);
		if ((int)feed <= before || feed >= l->count[SECTION_FEEDS] || kinds == 0 ||
		    (kinds & ~(unsigned)(KINDS_VALID | KINDS_SPECIAL)) != 0)
			return false;
		before = (int)feed;
		unsigned category = feed_category(l, feed);
		bool allows = category == RULEDB_CATEGORY_ALLOW;
		judge |= allows || (kinds & (KINDS_ANY_EXCEPTION | KINDS_SPECIAL)) != 0;
		if (allows)
			continue;
		if (kinds_reaching(kinds, true) & KINDS_ANY_BLOCK)
			at |= UINT64_C(1) << category;
		if (kinds_reaching(kinds, false) & KINDS_ANY_BLOCK)
			below |= UINT64_C(1) << category;
	}
	return set->member_count > 0 && at == set->at && below == set->below &&
	    judge == set->judge;
}

static enum err check_sets(const struct layout *l, struct diag *why)
{
	for (uint32_t i = 0; i < l->count[SECTION_SETS]; i++) {
		const uint8_t *record =
		    l->section[SECTION_SETS] + (size_t)i * FORMAT_SET_BYTES;
		uint32_t first = le32_load(record + SET_AT_MEMBER_FIRST);
		uint32_t count = le16_load(record + SET_AT_MEMBER_COUNT);
		uint32_t all = l->count[SECTION_MEMBERS];
		if (first > all || count > all - first)
			return refuse(why, "a set of rules lies outside its table");
		struct set_view set = set_view_at(l, i);
		if (!set_holds(l, &set))
			return refuse(why, "a set of rules is inconsistent");
	}
	return OK;
}

static bool text_holds(const struct layout *l, uint32_t offset)
{
	return offset < l->count[SECTION_TEXT];
}

static bool feed_holds(const struct layout *l, const uint8_t *feed)
{
	uint32_t first = le32_load(feed + FEED_AT_REASON_FIRST);
	uint32_t count = le32_load(feed + FEED_AT_REASON_COUNT);
	uint32_t reasons = l->count[SECTION_REASONS];
	uint16_t category = le16_load(feed + FEED_AT_CATEGORY);

	for (size_t at = FEED_AT_NAME; at <= FEED_AT_SHA256; at += 4) {
		if (!text_holds(l, le32_load(feed + at)))
			return false;
	}
	return first <= reasons && count <= reasons - first &&
	    le16_load(feed + FEED_AT_FLAGS) <= FEED_FLAGS_ALL &&
	    (category < l->count[SECTION_CATEGORIES] || category == RULEDB_CATEGORY_ALLOW);
}

static enum err check_tables(const struct layout *l, struct diag *why)
{
	const uint8_t *text = l->section[SECTION_TEXT];
	uint32_t text_bytes = l->count[SECTION_TEXT];

	if (text_bytes == 0 || text[text_bytes - 1] != 0)
		return refuse(why, "its texts have no end");
	for (uint32_t i = 0; i < l->count[SECTION_FEEDS]; i++) {
		if (!feed_holds(
		        l, l->section[SECTION_FEEDS] + (size_t)i * FORMAT_FEED_BYTES))
			return refuse(why, "a feed's record is inconsistent");
	}
	for (uint32_t i = 0; i < l->count[SECTION_CATEGORIES]; i++) {
		const uint8_t *record =
		    l->section[SECTION_CATEGORIES] + (size_t)i * FORMAT_CATEGORY_BYTES;
		if (!text_holds(l, le32_load(record)))
			return refuse(why, "a category has no name");
	}
	for (uint32_t i = 0; i < l->count[SECTION_REASONS]; i++) {
		const uint8_t *record =
		    l->section[SECTION_REASONS] + (size_t)i * FORMAT_REASON_BYTES;
		if (!text_holds(l, le32_load(record)))
			return refuse(why, "a reason has no text");
	}
	return OK;
}

/* ---- special rules ---- */

static bool terms_hold(const struct layout *l, const uint8_t *record, unsigned subject)
{
	uint32_t at = le32_load(record + SPECIAL_AT_TERMS);
	uint32_t len = le16_load(record + SPECIAL_AT_TERMS_LEN);
	uint32_t all = l->count[SECTION_TERMS];
	struct rule_terms terms;

	if (at > all || len > all - at)
		return false;
	if (rule_terms_read(&terms, (struct slice){l->section[SECTION_TERMS] + at, len}) !=
	    OK)
		return false;
	return (subject != RULE_OF_PATTERN || terms.pattern.len > 0) &&
	    (subject != RULE_OF_NETWORK || terms.network.family != 0);
}

static unsigned expected_subject(const struct layout *l, uint32_t rule)
{
	uint32_t named = layout_named_specials(l);

	if (rule < named)
		return RULE_OF_NAME;
	return rule - named < l->patterns ? RULE_OF_PATTERN : RULE_OF_NETWORK;
}

static bool special_holds(const struct layout *l, uint32_t rule, const uint8_t *record)
{
	unsigned kind = record[SPECIAL_AT_KIND], subject = record[SPECIAL_AT_SUBJECT];

	return kind < RULE_KINDS && (KINDS_VALID >> kind & 1) != 0 &&
	    le16_load(record + SPECIAL_AT_FEED) < l->count[SECTION_FEEDS] &&
	    subject == expected_subject(l, rule) &&
	    (subject == RULE_OF_NAME || le64_load(record + SPECIAL_AT_HASH) == 0) &&
	    terms_hold(l, record, subject);
}

/* By hash, feed, kind and place of the terms; equal ones would be the same rule. */
static bool special_follows(const struct special_view *a, const struct special_view *b)
{
	if (a->hash != b->hash)
		return a->hash < b->hash;
	if (a->feed != b->feed)
		return a->feed < b->feed;
	if (a->kind != b->kind)
		return a->kind < b->kind;
	return a->terms.ptr < b->terms.ptr;
}

static enum err check_specials(const struct layout *l, struct diag *why)
{
	struct special_view before = {.hash = 0};
	unsigned of_name = 0;

	for (uint32_t i = 0; i < l->count[SECTION_SPECIALS]; i++) {
		const uint8_t *record =
		    l->section[SECTION_SPECIALS] + (size_t)i * FORMAT_SPECIAL_BYTES;
		if (!special_holds(l, i, record))
			return refuse(why, "a special rule is damaged");
		struct special_view special = special_at(l, i);
		bool first = i == 0 || special.subject != before.subject;
		if (!first && !special_follows(&before, &special))
			return refuse(why, "the special rules are not in order");
		bool same = !first && special.subject == RULE_OF_NAME &&
		    special.hash == before.hash && special.feed == before.feed;
		of_name = same ? of_name + 1 : 1;
		if (of_name > RULEDB_SPECIALS_OF_NAME)
			return refuse(why, "too many special rules for one name");
		before = special;
	}
	return OK;
}

static bool network_holds(const struct layout *l, const uint8_t *record)
{
	uint32_t rule = le32_load(record + NETWORK_AT_RULE);
	uint32_t all = l->count[SECTION_SPECIALS];
	struct rule_terms terms;

	if (rule >= all || all - rule > l->count[SECTION_NETWORKS] ||
	    rule_terms_read(&terms, special_at(l, rule).terms) != OK)
		return false;
	return record[NETWORK_AT_FAMILY] == terms.network.family &&
	    record[NETWORK_AT_BITS] == terms.network.bits &&
	    memcmp(record, terms.network.octets, sizeof terms.network.octets) == 0;
}

static bool network_follows(const uint8_t *a, const uint8_t *b)
{
	int c = memcmp(a + NETWORK_AT_FAMILY, b + NETWORK_AT_FAMILY, 2);

	if (c == 0)
		c = memcmp(a, b, 16);
	return c < 0 ||
	    (c == 0 && le32_load(a + NETWORK_AT_RULE) < le32_load(b + NETWORK_AT_RULE));
}

static enum err check_networks(const struct layout *l, struct diag *why)
{
	const uint8_t *records = l->section[SECTION_NETWORKS];

	for (uint32_t i = 0; i < l->count[SECTION_NETWORKS]; i++) {
		const uint8_t *record = records + (size_t)i * FORMAT_NETWORK_BYTES;
		if (!network_holds(l, record))
			return refuse(why, "a network is damaged");
		if (i > 0 && !network_follows(record - FORMAT_NETWORK_BYTES, record))
			return refuse(why, "the networks are not in order");
	}
	return OK;
}

enum err ruledb_verify(struct slice image, struct diag *why)
{
	struct layout l;

	enum err rc = image_check_preamble(image, why);
	if (rc != OK)
		return rc;
	if (image_checksum(image) != le64_load(image.ptr + HEADER_AT_CHECKSUM))
		return refuse(why, "its checksum is wrong");
	rc = layout_read(&l, image, why);
	if (rc == OK)
		rc = check_directory(&l, why);
	if (rc == OK)
		rc = check_tables(&l, why); /* before the sets, which look into feeds */
	if (rc == OK)
		rc = check_sets(&l, why);
	if (rc == OK)
		rc = check_entries(&l, why);
	if (rc == OK)
		rc = check_specials(&l, why);
	if (rc == OK)
		rc = check_networks(&l, why);
	return rc;
}
