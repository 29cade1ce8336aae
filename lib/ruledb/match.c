/* The hot path: a name's hashes to the categories and feeds that list it. */
#include "ruledb/internal.h"

/* Probes below the least and beyond the most labels of any listed name cannot hit. */
static size_t probe_first(const struct layout *l)
{
	return (size_t)l->labels_min - 1;
}

static size_t probe_end(const struct layout *l, const struct name_hashes *hashes)
{
	return hashes->count < l->labels_max ? hashes->count : l->labels_max;
}

void ruledb_prefetch(const struct ruledb *db, const struct name_hashes *hashes)
{
	const struct layout *l = &db->at;
	const uint8_t *slots = l->section[SECTION_DIRECTORY];

	for (size_t i = probe_first(l); i < probe_end(l, hashes); i++) {
		__builtin_prefetch(
		    slots + hash_bucket(hashes->at[i], l->bits) * FORMAT_SLOT_BYTES);
	}
}

/* Entry index -> set, by halving. verify saw to it that every such entry is there. */
static uint32_t find_overflow(const struct layout *l, uint32_t entry)
{
	const uint8_t *table = l->section[SECTION_OVERFLOW];
	uint32_t low = 0, high = l->count[SECTION_OVERFLOW];

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;
		if (le32_load(table + (size_t)middle * FORMAT_OVERFLOW_BYTES) <= entry) {
			low = middle;
		} else {
			high = middle;
		}
	}
	return le32_load(table + (size_t)low * FORMAT_OVERFLOW_BYTES + 4);
}

struct span {
	uint32_t begin;
	uint32_t end;
};

static struct span bucket_span(const struct layout *l, uint64_t hash)
{
	const uint8_t *slot =
	    l->section[SECTION_DIRECTORY] + hash_bucket(hash, l->bits) * FORMAT_SLOT_BYTES;
	return (struct span){le32_load(slot), le32_load(slot + FORMAT_SLOT_BYTES)};
}

void ruledb_prefetch_entries(const struct ruledb *db, const struct name_hashes *hashes)
{
	const struct layout *l = &db->at;
	const uint8_t *entries = l->section[SECTION_ENTRIES];

	for (size_t i = probe_first(l); i < probe_end(l, hashes); i++) {
		struct span span = bucket_span(l, hashes->at[i]);
		__builtin_prefetch(entries + (size_t)span.begin * FORMAT_ENTRY_BYTES);
	}
}

static uint32_t find_in(const struct layout *l, uint64_t hash, struct span span)
{
	const uint8_t *entries = l->section[SECTION_ENTRIES];
	uint64_t wanted = hash_remainder(hash, l->bits);

	for (uint32_t i = span.begin; i < span.end; i++) {
		uint64_t entry = le64_load(entries + (size_t)i * FORMAT_ENTRY_BYTES);
		if (entry < wanted)
			continue;
		if ((entry ^ wanted) >> 16 != 0)
			break;
		uint32_t value = entry & 0xffff;
		return value == FORMAT_VALUE_OVERFLOW ? find_overflow(l, i) : value;
	}
	return RULEDB_NO_SET;
}

uint32_t layout_find(const struct layout *l, uint64_t hash)
{
	return find_in(l, hash, bucket_span(l, hash));
}

size_t layout_collect(const struct layout *l, const struct name_hashes *hashes,
    struct met_set met[NAME_LABELS_MAX])
{
	const uint8_t *entries = l->section[SECTION_ENTRIES];
	struct span spans[NAME_LABELS_MAX];
	size_t first = probe_first(l), end = probe_end(l, hashes), count = 0;

	/* All buckets on their way before the first is looked into: their delays overlap. */
	for (size_t i = first; i < end; i++) {
		spans[i] = bucket_span(l, hashes->at[i]);
		__builtin_prefetch(entries + (size_t)spans[i].begin * FORMAT_ENTRY_BYTES);
	}
	for (size_t i = first; i < end; i++) {
		uint32_t set = find_in(l, hashes->at[i], spans[i]);
		if (set != RULEDB_NO_SET)
			met[count++] = (struct met_set){set, (unsigned)i + 1};
	}
	return count;
}

static void list_categories(struct listing *out, uint64_t mask, unsigned depth)
{
	out->categories |= mask;
	for (; mask != 0; mask &= mask - 1)
		out->depth[__builtin_ctzll(mask)] = (uint8_t)depth;
}

static void list_feed(struct listing *out, unsigned feed)
{
	out->feeds[feed / 64] |= UINT64_C(1) << (feed % 64);
}

struct member_view {
	unsigned feed;
	unsigned kinds;
};

static struct member_view member_at(const struct set_view *set, unsigned i)
{
	const uint8_t *member = set->members + (size_t)i * FORMAT_MEMBER_BYTES;
	return (struct member_view){le16_load(member), le16_load(member + 2)};
}

/* Without an exception anywhere, whatever reaches the name lists it. */
static void list_plain(
    struct listing *out, const struct set_view *set, unsigned depth, bool at_name)
{
	list_categories(out, at_name ? set->at : set->below, depth);
	for (unsigned i = 0; i < set->member_count; i++) {
		struct member_view member = member_at(set, i);
		if (kinds_reaching(member.kinds, at_name) != 0)
			list_feed(out, member.feed);
	}
}

static unsigned category_of(const struct layout *l, unsigned feed)
{
	return le16_load(l->section[SECTION_FEEDS] + (size_t)feed * FORMAT_FEED_BYTES +
	    FEED_AT_CATEGORY);
}

/* What one feed's kinds at one depth add, once its deciding rank is known. */
static void list_judged(const struct layout *l, struct listing *out,
    struct member_view member, unsigned rank, unsigned depth)
{
	unsigned category = category_of(l, member.feed);

	if (category == RULEDB_CATEGORY_ALLOW) {
		out->allowed = true;
		out->allowed_depth = (uint8_t)depth;
		list_feed(out, member.feed);
	} else if ((rank & KINDS_ANY_BLOCK) != 0 && (member.kinds & rank) != 0) {
		list_categories(out, UINT64_C(1) << category, depth);
		list_feed(out, member.feed);
	}
}

/* With exceptions: first all kinds of each feed, then what its strongest say. */
static void list_by_feed(const struct layout *l, const struct met_set *met, size_t count,
    size_t labels, struct listing *out)
{
	uint16_t kinds[RULEDB_FEEDS_MAX] = {0};

	for (size_t pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < count; i++) {
			struct set_view set = set_view_at(l, met[i].set);
			bool at_name = met[i].depth == labels;
			for (unsigned k = 0; k < set.member_count; k++) {
				struct member_view member = member_at(&set, k);
				member.kinds = kinds_reaching(member.kinds, at_name);
				if (pass == 0) {
					kinds[member.feed] |= (uint16_t)member.kinds;
				} else if (member.kinds != 0) {
					list_judged(l, out, member,
					    kinds_rank(kinds[member.feed]), met[i].depth);
				}
			}
		}
	}
}

bool ruledb_match(const struct ruledb *db, struct ruledb_scratch *scratch,
    const struct ruledb_question *question, struct listing *out)
{
	const struct name_hashes *hashes = question->hashes;
	const struct layout *l = &db->at;
	(void)scratch;
	struct met_set met[NAME_LABELS_MAX];
	bool judge = false;

	out->categories = 0;
	out->allowed = false;
	out->allowed_depth = 0;
	out->data_count = 0;
	out->named = false;
	memset(out->feeds, 0, sizeof out->feeds);
	size_t count = layout_collect(l, hashes, met);
	for (size_t i = 0; i < count; i++)
		judge |= set_view_at(l, met[i].set).judge;
	if (judge) {
		list_by_feed(l, met, count, hashes->count, out);
		out->named = out->categories != 0 || out->allowed;
		return out->named;
	}
	for (size_t i = 0; i < count; i++) {
		struct set_view set = set_view_at(l, met[i].set);
		list_plain(out, &set, met[i].depth, met[i].depth == hashes->count);
	}
	out->named = out->categories != 0;
	return out->named;
}

bool ruledb_match_address(const struct ruledb *db, struct slice address,
    const struct ruledb_question *question, struct listing *out)
{
	(void)db;
	(void)address;
	(void)question;
	*out = (struct listing){.categories = 0};
	return false;
}

bool ruledb_has_addresses(const struct ruledb *db)
{
	(void)db;
	return false;
}

bool ruledb_rule_terms(const struct ruledb *db, uint32_t rule, struct rule_terms *out)
{
	(void)db;
	(void)rule;
	(void)out;
	return false;
}

bool ruledb_pattern_at(const struct ruledb *db, unsigned i, struct ruledb_pattern *out)
{
	(void)db;
	(void)i;
	(void)out;
	return false;
}
