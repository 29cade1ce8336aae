#include "ruledb/builder.h"

#include <stdlib.h>

#include "ruledb/internal.h"

enum {
	TEXT_MAX_BYTES = 16 << 20,
	TERMS_MAX_BYTES = 1 << 28,
	REASONS_MAX = RULEDB_FEEDS_MAX * 64
};

enum err ruledb_builder_new(
    struct ruledb_builder **out, const struct ruledb_builder_options *options)
{
	struct ruledb_builder *b = calloc(1, sizeof *b);

	if (b == NULL)
		return ERR_MEMORY;
	b->options = *options;
	b->specials.terms = BUF_INIT(TERMS_MAX_BYTES);
	b->text = BUF_INIT(TEXT_MAX_BYTES);
	buf_byte(&b->text, 0); /* offset 0 is the empty text */
	b->labels_min = NAME_LABELS_MAX;
	if (buf_status(&b->text) != OK) {
		ruledb_builder_free(b);
		return ERR_MEMORY;
	}
	*out = b;
	return OK;
}

void ruledb_builder_free(struct ruledb_builder *b)
{
	if (b == NULL)
		return;
	free(b->records);
	free(b->reasons);
	free(b->overflow);
	free(b->directory);
	free(b->networks);
	specials_deinit(&b->specials);
	sets_deinit(&b->sets);
	buf_deinit(&b->text);
	free(b);
}

enum err builder_keep_text(struct ruledb_builder *b, const char *text, uint32_t *out)
{
	if (text == NULL || text[0] == '\0') {
		*out = 0;
		return OK;
	}
	uint32_t at = (uint32_t)b->text.len; /* below TEXT_MAX_BYTES */
	buf_append(&b->text, (struct slice){(const uint8_t *)text, strlen(text) + 1});
	if (buf_status(&b->text) != OK)
		return ERR_FULL;
	*out = at;
	return OK;
}

static const char *text_at(const struct ruledb_builder *b, uint32_t offset)
{
	return (const char *)b->text.ptr + offset;
}

enum err ruledb_builder_category(struct ruledb_builder *b, const char *name, unsigned *out)
{
	if (name[0] == '\0' || strcmp(name, RULEDB_ALLOW_NAME) == 0)
		return ERR_RANGE;
	for (unsigned i = 0; i < b->category_count; i++) {
		if (strcmp(text_at(b, b->categories[i].name), name) == 0) {
			*out = i;
			return OK;
		}
	}
	if (b->category_count == RULEDB_CATEGORIES_MAX)
		return ERR_FULL;
	struct builder_category *c = &b->categories[b->category_count];
	enum err rc = builder_keep_text(b, name, &c->name);
	if (rc == OK)
		*out = b->category_count++;
	return rc;
}

enum err ruledb_builder_feed(
    struct ruledb_builder *b, const char *name, const char *category, unsigned *out)
{
	unsigned index = RULEDB_CATEGORY_ALLOW;

	if (b->feed_count == RULEDB_FEEDS_MAX)
		return ERR_FULL;
	enum err rc = OK;
	if (strcmp(category, RULEDB_ALLOW_NAME) != 0)
		rc = ruledb_builder_category(b, category, &index);
	if (rc != OK)
		return rc;
	struct builder_feed *feed = &b->feeds[b->feed_count];
	*feed = (struct builder_feed){
	    .category = (uint16_t)index, .reason_first = b->reason_count};
	b->specials.feed_terms = b->specials.terms.len;
	rc = builder_keep_text(b, name, &feed->name);
	if (rc == OK)
		*out = b->feed_count++;
	return rc;
}

/* At the ceiling: duplicates go first. Little gain means full, or adding would crawl. */
static enum err squeeze(struct ruledb_builder *b)
{
	size_t before = b->count;

	records_sort(b->records, b->count);
	b->count = records_unique(b->records, b->count);
	return before - b->count > before / 16 ? OK : ERR_FULL;
}

static enum err grow(struct ruledb_builder *b)
{
	size_t taken = specials_bytes(&b->specials);
	size_t max = taken < b->options.max_bytes
	    ? (b->options.max_bytes - taken) / sizeof *b->records
	    : 0;

	if (max == 0)
		return ERR_FULL;
	if (b->capacity >= max)
		return squeeze(b);
	size_t capacity = b->capacity == 0 ? 4096 : b->capacity + b->capacity / 2;
	if (capacity > max)
		capacity = max;
	struct record *records = reallocarray(b->records, capacity, sizeof *records);
	if (records == NULL)
		return ERR_MEMORY;
	b->records = records;
	b->capacity = capacity;
	return OK;
}

enum err builder_push(struct ruledb_builder *b, struct record record)
{
	if (b->count == b->capacity) {
		enum err rc = grow(b);
		if (rc != OK)
			return rc;
	}
	b->records[b->count++] = record;
	return OK;
}

void builder_note_labels(struct ruledb_builder *b, struct dname name)
{
	unsigned labels = (unsigned)name_label_count(name);

	if (labels < b->labels_min)
		b->labels_min = labels;
	if (labels > b->labels_max)
		b->labels_max = labels;
}

enum err ruledb_builder_add(struct ruledb_builder *b, struct dname name, unsigned kind)
{
	if (b->feed_count == 0 || name.len <= 1 || kind >= RULE_KINDS ||
	    (KINDS_VALID >> kind & 1) == 0)
		return ERR_RANGE;
	uint64_t hash = name_hash(name, b->options.key);
	enum err rc = builder_push(b,
	    (struct record){
	        (uint32_t)(hash >> 32), (uint32_t)hash, (b->feed_count - 1) << 4 | kind});
	if (rc == OK)
		builder_note_labels(b, name);
	return rc;
}

void ruledb_builder_feed_options(struct ruledb_builder *b, bool longest, bool rewrite)
{
	if (b->feed_count == 0)
		return;
	uint16_t *flags = &b->feeds[b->feed_count - 1].flags;
	*flags &= FEED_FLAG_EXACT;
	if (longest)
		*flags |= FEED_FLAG_LONGEST;
	if (rewrite)
		*flags |= FEED_FLAG_REWRITE;
}

void ruledb_builder_drop_feed(struct ruledb_builder *b)
{
	size_t kept = 0;

	if (b->feed_count == 0)
		return;
	b->feed_count--;
	b->reason_count = b->feeds[b->feed_count].reason_first;
	for (size_t i = 0; i < b->count; i++) {
		if (b->records[i].tag >> 4 != b->feed_count)
			b->records[kept++] = b->records[i];
	}
	b->count = kept;
	specials_drop_feed(b);
}

enum err ruledb_builder_provenance(
    struct ruledb_builder *b, const struct ruledb_provenance *from)
{
	if (b->feed_count == 0)
		return ERR_RANGE;
	struct builder_feed *feed = &b->feeds[b->feed_count - 1];
	enum err rc = builder_keep_text(b, from->url, &feed->url);
	if (rc == OK)
		rc = builder_keep_text(b, from->source, &feed->source);
	if (rc == OK)
		rc = builder_keep_text(b, from->format, &feed->format);
	if (rc == OK)
		rc = builder_keep_text(b, from->sha256, &feed->sha256);
	feed->flags &= (uint16_t)~FEED_FLAG_EXACT;
	if (from->exact)
		feed->flags |= FEED_FLAG_EXACT;
	feed->fetched_s = from->fetched_s;
	feed->rules = from->rules;
	feed->idle = from->idle;
	return rc;
}

enum err ruledb_builder_refused(
    struct ruledb_builder *b, const char *reason, uint64_t lines)
{
	if (b->feed_count == 0)
		return ERR_RANGE;
	if (b->reason_count == REASONS_MAX)
		return ERR_FULL;
	struct builder_reason *reasons =
	    reallocarray(b->reasons, b->reason_count + 1, sizeof *reasons);
	if (reasons == NULL)
		return ERR_MEMORY;
	b->reasons = reasons;
	struct builder_feed *feed = &b->feeds[b->feed_count - 1];
	enum err rc = builder_keep_text(b, reason, &reasons[b->reason_count].text);
	if (rc != OK)
		return rc;
	reasons[b->reason_count++].lines = lines;
	feed->reason_count++;
	feed->refused += lines;
	return OK;
}

size_t ruledb_builder_rules(const struct ruledb_builder *b)
{
	return b->count + b->specials.count;
}

enum err ruledb_builder_write(struct ruledb_builder *b, int fd)
{
	if (b->merged)
		return ERR_RANGE;
	b->merged = true;
	enum err rc = builder_merge(b);
	return rc == OK ? builder_emit(b, fd) : rc;
}
