/* Special rules on their way into a database: each once, and equal terms once. finish.c has what
 * comes when the last is in. */
#include <stdlib.h>

#include "ruledb/internal.h"

enum {
	TABLE_MIN = 1024
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

bool specials_find_terms(const struct specials *s, struct slice terms, uint32_t *at)
{
	if (s->table_size == 0)
		return false;
	const struct terms_at *slot = &s->table[find_slot(s, terms)];
	if (slot->len == 0)
		return false;
	*at = slot->at;
	return true;
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

int specials_compare(const void *left, const void *right)
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

void specials_sort(struct specials *s)
{
	size_t kept = 0;

	if (s->count > 0)
		qsort(s->items, s->count, sizeof *s->items, specials_compare);
	for (size_t i = 0; i < s->count; i++) {
		if (kept == 0 || specials_compare(&s->items[kept - 1], &s->items[i]) != 0)
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
		specials_sort(s);
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
bool specials_terms_empty(struct slice terms)
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
	enum err rc = OK;
	if (buf_status(&terms) != OK || rule_terms_read(&read, buf_slice(&terms)) != OK)
		b->feeds[b->feed_count - 1].lost[LOST_BAD_TERMS]++;
	else if (rule->subject == RULE_OF_NAME && specials_terms_empty(buf_slice(&terms)))
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
