/* Special rules on their way into a database: kept once, undone, sorted, and left out where no
 * reader could use them. */
#include "base/words.h"
#include "ruledb/internal.h"

#include <stdlib.h>

enum {
	NETWORKS_MAX = 1 << 20,
	BADFILTER_AT = 1, /* in encoded terms: the flags, badfilter is the lowest */
	TABLE_MIN = 1024
};

static const char *const LOST_TEXTS[LOSTS] = {
    [LOST_BAD_PATTERN] = N_("a pattern that is no regular expression"),
    [LOST_LARGE_PATTERN] = N_("a pattern that is too large"),
    [LOST_MANY_PATTERNS] = N_("more patterns than the filter takes"),
    [LOST_VAGUE_PATTERN] = N_(
        "a pattern without three certain letters in a row, and there are too many of them"),
    [LOST_MANY_OF_NAME] = N_("too many different rules for one name"),
    [LOST_BAD_TERMS] = N_("conditions or data that are damaged or too long"),
};

void specials_deinit(struct specials *s)
{
	free(s->items);
	free(s->table);
	buf_deinit(&s->terms);
}

size_t specials_bytes(const struct specials *s)
{
	return s->count * (sizeof *s->items + sizeof(struct record)) + s->terms.len +
	    s->table_size * sizeof *s->table;
}

/* ---- terms, each once ---- */

static size_t find_slot(const struct specials *s, struct slice terms)
{
	size_t slot = (size_t)checksum64(0, terms) & (s->table_size - 1);

	for (; s->table[slot].len != 0; slot = (slot + 1) & (s->table_size - 1)) {
		const struct terms_at *t = &s->table[slot];
		if (slice_equal((struct slice){s->terms.ptr + t->at, t->len}, terms))
			break;
	}
	return slot;
}

/* Makes the table anew, of `size` slots, without what stands at or behind `end`. */
static enum err rehash(struct specials *s, size_t size, size_t end)
{
	struct terms_at *old = s->table;
	size_t old_size = s->table_size;
	struct terms_at *table = calloc(size, sizeof *table);

	if (table == NULL)
		return ERR_MEMORY;
	s->table = table;
	s->table_size = size;
	s->table_used = 0;
	for (size_t i = 0; i < old_size; i++) {
		if (old[i].len == 0 || old[i].at >= end)
			continue;
		struct slice terms = {s->terms.ptr + old[i].at, old[i].len};
		table[find_slot(s, terms)] = old[i];
		s->table_used++;
	}
	free(old);
	return OK;
}

/* *at is where equal terms stand; false without memory or room. */
static enum err keep_terms(struct specials *s, struct slice terms, uint32_t *at)
{
	enum err rc = OK;

	if (s->table_used >= s->table_size / 2)
		rc =
		    rehash(s, s->table_size == 0 ? TABLE_MIN : s->table_size * 2, SIZE_MAX);
	if (rc != OK)
		return rc;
	struct terms_at *slot = &s->table[find_slot(s, terms)];
	if (slot->len == 0) {
		uint32_t end = (uint32_t)s->terms.len; /* below TERMS_MAX_BYTES */
		buf_append(&s->terms, terms);
		rc = buf_status(&s->terms);
		if (rc != OK)
			return rc;
		*slot = (struct terms_at){end, (uint32_t)terms.len};
		s->table_used++;
	}
	*at = slot->at;
	return OK;
}

/* ---- adding ---- */

static int compare(const void *left, const void *right)
{
	const struct special *a = left, *b = right;

	if (a->subject != b->subject)
		return a->subject < b->subject ? -1 : 1;
	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	if (a->feed != b->feed)
		return a->feed < b->feed ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->terms_at != b->terms_at)
		return a->terms_at < b->terms_at ? -1 : 1;
	return 0;
}

static void sort_unique(struct specials *s)
{
	size_t kept = 0;

	if (s->count > 0)
		qsort(s->items, s->count, sizeof *s->items, compare);
	for (size_t i = 0; i < s->count; i++) {
		if (kept == 0 || compare(&s->items[kept - 1], &s->items[i]) != 0)
			s->items[kept++] = s->items[i];
	}
	s->count = kept;
}

/* Room for one more below the ceiling; at it duplicates go first. */
static enum err make_room(struct ruledb_builder *b)
{
	struct specials *s = &b->specials;
	size_t one = sizeof *s->items + sizeof(struct record);
	size_t others = b->capacity * sizeof *b->records;

	if (specials_bytes(s) + one + RULE_TERMS_MAX_BYTES + others >
	    b->options.max_bytes) {
		size_t before = s->count;
		sort_unique(s);
		if (before - s->count <= before / 16)
			return ERR_FULL;
	}
	if (s->count < s->capacity)
		return OK;
	size_t capacity = s->capacity == 0 ? 256 : s->capacity + s->capacity / 2;
	struct special *items = reallocarray(s->items, capacity, sizeof *items);
	if (items == NULL)
		return ERR_MEMORY;
	s->items = items;
	s->capacity = capacity;
	return OK;
}

static enum err lose(struct ruledb_builder *b, unsigned feed, enum lost why)
{
	b->feeds[feed].lost[why]++;
	return OK;
}

static bool subject_fits(const struct rule *rule)
{
	const struct rule_terms *t = rule->terms;

	switch (rule->subject) {
	case RULE_OF_NAME:
		return rule->name.len > 1;
	case RULE_OF_PATTERN:
		return t != NULL && t->pattern.len > 0;
	case RULE_OF_NETWORK:
		return t != NULL && t->network.family != 0;
	}
	return false;
}

static enum err add_special(
    struct ruledb_builder *b, const struct rule *rule, struct slice terms)
{
	struct specials *s = &b->specials;
	uint32_t at;

	enum err rc = make_room(b);
	if (rc == OK)
		rc = keep_terms(s, terms, &at);
	if (rc != OK)
		return rc;
	bool named = rule->subject == RULE_OF_NAME;
	s->items[s->count++] = (struct special){
	    .hash = named ? name_hash(rule->name, b->options.key) : 0,
	    .terms_at = at,
	    .terms_len = (uint16_t)terms.len, /* <= RULE_TERMS_MAX_BYTES */
	    .feed = (uint16_t)(b->feed_count - 1),
	    .kind = (uint8_t)rule->kind, /* < RULE_KINDS */
	    .subject = (uint8_t)rule->subject,
	    .badfilter = rule->terms->badfilter,
	};
	if (named)
		builder_note_labels(b, rule->name);
	return OK;
}

/* Terms that say nothing make no rule special. */
static bool terms_are_empty(struct slice terms)
{
	for (size_t i = 0; i < terms.len; i++) {
		if (terms.ptr[i] != 0)
			return false;
	}
	return true;
}

enum err ruledb_builder_add_rule(struct ruledb_builder *b, const struct rule *rule)
{
	struct buf terms = BUF_INIT(RULE_TERMS_MAX_BYTES);
	struct rule_terms read;

	if (b->feed_count == 0 || rule->kind >= RULE_KINDS ||
	    (KINDS_VALID >> rule->kind & 1) == 0 || !subject_fits(rule))
		return ERR_RANGE;
	if (rule->terms == NULL)
		return ruledb_builder_add(b, rule->name, rule->kind);
	rule_terms_write(&terms, rule->terms);
	enum err rc;
	if (buf_status(&terms) != OK || rule_terms_read(&read, buf_slice(&terms)) != OK)
		rc = lose(b, b->feed_count - 1, LOST_BAD_TERMS);
	else if (rule->subject == RULE_OF_NAME && terms_are_empty(buf_slice(&terms)))
		rc = ruledb_builder_add(b, rule->name, rule->kind);
	else
		rc = add_special(b, rule, buf_slice(&terms));
	buf_deinit(&terms);
	return rc;
}

void specials_drop_feed(struct ruledb_builder *b)
{
	struct specials *s = &b->specials;
	size_t kept = 0;

	for (size_t i = 0; i < s->count; i++) {
		if (s->items[i].feed < b->feed_count)
			s->items[kept++] = s->items[i];
	}
	s->count = kept;
	/* Terms that came with this feed are nobody else's. Without memory for a new table
	 * they only stay. */
	if (s->table_size > 0 && rehash(s, s->table_size, s->feed_terms) == OK)
		s->terms.len = s->feed_terms;
}

/* ---- finishing ---- */

static void undo_record(struct ruledb_builder *b, const struct special *by)
{
	uint32_t tag = (uint32_t)by->feed << 4 | by->kind;
	size_t low = 0, high = b->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		uint64_t hash = record_hash(&b->records[middle]);
		if (hash < by->hash ||
		    (hash == by->hash && (b->records[middle].tag & ~RECORD_DEAD) < tag)) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	if (low < b->count && record_hash(&b->records[low]) == by->hash &&
	    b->records[low].tag == tag)
		b->records[low].tag |= RECORD_DEAD;
}

static void undo_one(struct ruledb_builder *b, const struct special *by)
{
	struct specials *s = &b->specials;
	uint8_t terms[RULE_TERMS_MAX_BYTES];

	memcpy(terms, s->terms.ptr + by->terms_at, by->terms_len);
	terms[BADFILTER_AT] &= 0xfe;
	struct slice without = {terms, by->terms_len};
	if (by->subject == RULE_OF_NAME && terms_are_empty(without)) {
		undo_record(b, by);
		return;
	}
	const struct terms_at *at = &s->table[find_slot(s, without)];
	if (at->len == 0)
		return; /* nobody has such terms */
	struct special wanted = *by;
	wanted.terms_at = at->at;
	struct special *found =
	    bsearch(&wanted, s->items, s->count, sizeof *s->items, compare);
	if (found != NULL)
		found->dead = true;
}

static void undo_all(struct ruledb_builder *b)
{
	struct specials *s = &b->specials;
	size_t kept = 0;

	for (size_t i = 0; i < s->count; i++) {
		if (s->items[i].badfilter) {
			undo_one(b, &s->items[i]);
			s->items[i].dead = true;
		}
	}
	for (size_t i = 0; i < b->count; i++) {
		if ((b->records[i].tag & RECORD_DEAD) == 0)
			b->records[kept++] = b->records[i];
	}
	b->count = kept;
}

/* What a reader could not use dies here. */
struct limits {
	size_t patterns, vague, code_bytes, networks;
	size_t of_name; /* rules of one feed for one name, so far */
	const struct special *before;
};

static bool pattern_fits(
    struct ruledb_builder *b, struct limits *l, const struct special *special)
{
	struct rule_terms terms;
	struct slice bytes = {
	    b->specials.terms.ptr + special->terms_at, special->terms_len};
	enum lost why = LOST_MANY_PATTERNS;
	size_t code_bytes = 0;

	if (rule_terms_read(&terms, bytes) != OK) {
		(void)lose(b, special->feed, LOST_BAD_TERMS);
		return false;
	}
	enum pattern_fitness fitness = pattern_check(terms.pattern, &code_bytes);
	bool vague = fitness == PATTERN_FITS_WITHOUT_LITERAL;
	bool full = l->patterns == RULEDB_PATTERNS_MAX ||
	    l->code_bytes + code_bytes > PATTERN_CODES_MAX_BYTES;
	if (fitness == PATTERN_DOES_NOT_COMPILE) {
		why = LOST_BAD_PATTERN;
	} else if (fitness == PATTERN_TOO_LARGE) {
		why = LOST_LARGE_PATTERN;
	} else if (vague && l->vague == RULEDB_ALWAYS_MAX) {
		why = LOST_VAGUE_PATTERN;
	} else if (!full) {
		l->patterns++;
		l->vague += vague;
		l->code_bytes += code_bytes;
		return true;
	}
	(void)lose(b, special->feed, why);
	return false;
}

static bool special_fits(
    struct ruledb_builder *b, struct limits *l, const struct special *special)
{
	if (special->subject == RULE_OF_PATTERN)
		return pattern_fits(b, l, special);
	if (special->subject == RULE_OF_NETWORK) {
		if (l->networks == NETWORKS_MAX)
			(void)lose(b, special->feed, LOST_MANY_OF_NAME);
		return l->networks < NETWORKS_MAX && ++l->networks > 0;
	}
	bool same = l->before != NULL && l->before->hash == special->hash &&
	    l->before->feed == special->feed;
	l->of_name = same ? l->of_name + 1 : 1;
	if (l->of_name > RULEDB_SPECIALS_OF_NAME) {
		(void)lose(b, special->feed, LOST_MANY_OF_NAME);
		return false;
	}
	return true;
}

/* The record by which a special rule's name is found; its kind is none of the plain ones. */
static struct record name_record(const struct special *special)
{
	uint32_t kind = special->kind & RULE_EXCEPTION ? RULE_REACH_MASK | RULE_EXCEPTION
	                                               : RULE_REACH_MASK;
	return (struct record){(uint32_t)(special->hash >> 32), (uint32_t)special->hash,
	    (uint32_t)special->feed << 4 | kind};
}

static void count_special(struct ruledb_builder *b, const struct special *special)
{
	struct builder_feed *feed = &b->feeds[special->feed];
	bool pattern = special->subject == RULE_OF_PATTERN;
	bool network = special->subject == RULE_OF_NETWORK;

	feed->specials++;
	feed->patterns += pattern;
	feed->networks += network;
	b->specials.patterns += pattern;
	b->specials.networks += network;
	b->rule_count++;
	if ((pattern || network) && (special->kind & RULE_EXCEPTION) == 0 &&
	    feed->category != RULEDB_CATEGORY_ALLOW)
		b->categories[feed->category].others++;
}

static int compare_networks(const void *left, const void *right)
{
	const struct network *a = left, *b = right;

	int c = memcmp(a->record + NETWORK_AT_FAMILY, b->record + NETWORK_AT_FAMILY, 2);
	if (c == 0)
		c = memcmp(a->record, b->record, 16);
	if (c != 0)
		return c;
	uint32_t x = le32_load(a->record + NETWORK_AT_RULE);
	uint32_t y = le32_load(b->record + NETWORK_AT_RULE);
	return x < y ? -1 : x > y;
}

static enum err make_networks(struct ruledb_builder *b)
{
	struct specials *s = &b->specials;
	size_t first = s->count - s->networks;

	if (s->networks == 0)
		return OK;
	b->networks = calloc(s->networks, sizeof *b->networks);
	if (b->networks == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < s->networks; i++) {
		const struct special *special = &s->items[first + i];
		uint8_t *record = b->networks[i].record;
		struct rule_terms terms;
		enum err rc = rule_terms_read(&terms,
		    (struct slice){s->terms.ptr + special->terms_at, special->terms_len});
		if (rc != OK)
			return rc;
		memcpy(record, terms.network.octets, sizeof terms.network.octets);
		record[NETWORK_AT_FAMILY] = terms.network.family;
		record[NETWORK_AT_BITS] = terms.network.bits;
		le32_store(record + NETWORK_AT_RULE, (uint32_t)(first + i));
	}
	qsort(b->networks, s->networks, sizeof *b->networks, compare_networks);
	return OK;
}

enum err specials_finish(struct ruledb_builder *b)
{
	struct specials *s = &b->specials;
	struct limits limits = {.patterns = 0};
	size_t kept = 0;
	enum err rc = OK;

	sort_unique(s);
	undo_all(b);
	for (size_t i = 0; i < s->count && rc == OK; i++) {
		struct special special = s->items[i];
		if (special.dead || !special_fits(b, &limits, &special))
			continue;
		if (special.subject == RULE_OF_NAME)
			rc = builder_push(b, name_record(&special));
		s->items[kept] = special;
		limits.before = &s->items[kept++];
		count_special(b, &special);
	}
	s->count = kept;
	return rc == OK ? make_networks(b) : rc;
}

/* ---- telling ---- */

static unsigned losses(const struct builder_feed *feed)
{
	unsigned count = 0;
	for (unsigned i = 0; i < LOSTS; i++)
		count += feed->lost[i] > 0;
	return count;
}

enum err builder_tell_lost(struct ruledb_builder *b)
{
	uint32_t total = b->reason_count, at = 0;

	for (unsigned i = 0; i < b->feed_count; i++)
		total += losses(&b->feeds[i]);
	if (total == b->reason_count)
		return OK;
	struct builder_reason *reasons = calloc(total, sizeof *reasons);
	if (reasons == NULL)
		return ERR_MEMORY;
	enum err rc = OK;
	for (unsigned i = 0; i < b->feed_count; i++) {
		struct builder_feed *feed = &b->feeds[i];
		uint32_t first = at;
		for (uint32_t k = 0; k < feed->reason_count; k++)
			reasons[at++] = b->reasons[feed->reason_first + k];
		for (unsigned k = 0; k < LOSTS && rc == OK; k++) {
			if (feed->lost[k] == 0)
				continue;
			rc = builder_keep_text(b, LOST_TEXTS[k], &reasons[at].text);
			reasons[at++].lines = feed->lost[k];
			feed->refused += feed->lost[k];
		}
		feed->reason_first = first;
		feed->reason_count = at - first;
	}
	free(b->reasons);
	b->reasons = reasons;
	b->reason_count = at;
	return rc;
}
