/* Special rules once all are in: undone by badfilter, left out where no reader could use them,
 * counted, and given the records by which their names are found. */
#include <stdlib.h>

#include "base/words.h"
#include "ruledb/internal.h"

enum {
	NETWORKS_MAX = 1 << 20,
	BADFILTER_AT = 1 /* in encoded terms: the flags, badfilter is the lowest */
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

static void lose(struct ruledb_builder *b, unsigned feed, enum lost why)
{
	b->feeds[feed].lost[why]++;
}

/* ---- badfilter ---- */

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
	if (by->subject == RULE_OF_NAME && specials_terms_empty(without)) {
		undo_record(b, by);
		return;
	}
	struct special wanted = *by;
	if (!specials_find_terms(s, without, &wanted.terms_at))
		return; /* nobody has such terms */
	struct special *found =
	    bsearch(&wanted, s->items, s->count, sizeof *s->items, specials_compare);
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

/* ---- what a reader could not use dies here ---- */

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
		lose(b, special->feed, LOST_BAD_TERMS);
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
	lose(b, special->feed, why);
	return false;
}

static bool special_fits(
    struct ruledb_builder *b, struct limits *l, const struct special *special)
{
	if (special->subject == RULE_OF_PATTERN)
		return pattern_fits(b, l, special);
	if (special->subject == RULE_OF_NETWORK) {
		if (l->networks == NETWORKS_MAX)
			lose(b, special->feed, LOST_MANY_OF_NAME);
		return l->networks < NETWORKS_MAX && ++l->networks > 0;
	}
	bool same = l->before != NULL && l->before->hash == special->hash &&
	    l->before->feed == special->feed;
	l->of_name = same ? l->of_name + 1 : 1;
	if (l->of_name > RULEDB_SPECIALS_OF_NAME) {
		lose(b, special->feed, LOST_MANY_OF_NAME);
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

	specials_sort(s);
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
