#include "ruledb/internal.h"

static const char *text_at(const struct ruledb *db, const uint8_t *offset)
{
	return (const char *)db->at.section[SECTION_TEXT] + le32_load(offset);
}

static const uint8_t *feed_record(const struct ruledb *db, unsigned i)
{
	return db->at.section[SECTION_FEEDS] + (size_t)i * FORMAT_FEED_BYTES;
}

static const uint8_t *category_record(const struct ruledb *db, unsigned i)
{
	return db->at.section[SECTION_CATEGORIES] + (size_t)i * FORMAT_CATEGORY_BYTES;
}

void ruledb_stat(const struct ruledb *db, struct ruledb_stat *out)
{
	const struct layout *l = &db->at;

	*out = (struct ruledb_stat){
	    .generation = le64_load(l->image.ptr + HEADER_AT_GENERATION),
	    .built_s = (int64_t)le64_load(l->image.ptr + HEADER_AT_BUILT),
	    .size_bytes = l->image.len,
	    .names = l->count[SECTION_ENTRIES],
	    .rules = le64_load(l->image.ptr + HEADER_AT_RULES),
	    .feeds = l->count[SECTION_FEEDS],
	    .categories = l->count[SECTION_CATEGORIES],
	    .sets = l->count[SECTION_SETS],
	    .specials = l->count[SECTION_SPECIALS],
	    .patterns = l->patterns,
	    .networks = l->count[SECTION_NETWORKS],
	};
	for (unsigned i = 0; i < l->patterns; i++)
		out->cut += patterns_cut(db->patterns, i);
}

bool ruledb_feed_at(const struct ruledb *db, unsigned i, struct ruledb_feed *out)
{
	if (i >= db->at.count[SECTION_FEEDS])
		return false;
	const uint8_t *record = feed_record(db, i);
	unsigned flags = le16_load(record + FEED_AT_FLAGS);
	*out = (struct ruledb_feed){
	    .name = text_at(db, record + FEED_AT_NAME),
	    .url = text_at(db, record + FEED_AT_URL),
	    .source = text_at(db, record + FEED_AT_SOURCE),
	    .format = text_at(db, record + FEED_AT_FORMAT),
	    .sha256 = text_at(db, record + FEED_AT_SHA256),
	    .category = le16_load(record + FEED_AT_CATEGORY),
	    .exact = (flags & FEED_FLAG_EXACT) != 0,
	    .longest = (flags & FEED_FLAG_LONGEST) != 0,
	    .rewrite = (flags & FEED_FLAG_REWRITE) != 0,
	    .fetched_s = (int64_t)le64_load(record + FEED_AT_FETCHED),
	    .names = le64_load(record + FEED_AT_NAMES),
	    .exceptions = le64_load(record + FEED_AT_EXCEPTIONS),
	    .rules = le64_load(record + FEED_AT_RULES),
	    .idle = le64_load(record + FEED_AT_IDLE),
	    .refused = le64_load(record + FEED_AT_REFUSED),
	    .specials = le32_load(record + FEED_AT_SPECIALS),
	    .patterns = le32_load(record + FEED_AT_PATTERNS),
	    .networks = le32_load(record + FEED_AT_NETWORKS),
	    .reasons = le32_load(record + FEED_AT_REASON_COUNT),
	};
	return true;
}

const char *ruledb_feed_reason(
    const struct ruledb *db, unsigned i, unsigned k, uint64_t *lines)
{
	if (i >= db->at.count[SECTION_FEEDS])
		return NULL;
	const uint8_t *feed = feed_record(db, i);
	if (k >= le32_load(feed + FEED_AT_REASON_COUNT))
		return NULL;
	size_t reason = (size_t)le32_load(feed + FEED_AT_REASON_FIRST) + k;
	const uint8_t *record =
	    db->at.section[SECTION_REASONS] + reason * FORMAT_REASON_BYTES;
	*lines = le64_load(record + 8);
	return text_at(db, record);
}

bool ruledb_category_at(const struct ruledb *db, unsigned i, struct ruledb_category *out)
{
	if (i >= db->at.count[SECTION_CATEGORIES])
		return false;
	const uint8_t *record = category_record(db, i);
	out->name = text_at(db, record);
	out->others = le32_load(record + 4);
	out->names = le64_load(record + 8);
	return true;
}

int ruledb_category_find(const struct ruledb *db, const char *name)
{
	for (unsigned i = 0; i < db->at.count[SECTION_CATEGORIES]; i++) {
		if (strcmp(text_at(db, category_record(db, i)), name) == 0)
			return (int)i;
	}
	return -1;
}

bool ruledb_rule_terms(const struct ruledb *db, uint32_t rule, struct rule_terms *out)
{
	return rule < db->at.count[SECTION_SPECIALS] &&
	    rule_terms_read(out, special_at(&db->at, rule).terms) == OK;
}
