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

void listing_clear(struct listing *out)
{
	out->categories = 0;
	out->allowed = false;
	out->allowed_depth = 0;
	out->named = false;
	out->cut = false;
	out->data_count = 0;
	memset(out->feeds, 0, sizeof out->feeds);
}

static void list_feed(struct listing *out, unsigned feed)
{
	out->feeds[feed / 64] |= UINT64_C(1) << (feed % 64);
}

/* Without an exception or a special rule anywhere, whatever reaches the name lists it. */
static void list_plain(
    struct listing *out, const struct set_view *set, unsigned depth, bool at_name)
{
	uint64_t mask = at_name ? set->at : set->below;

	out->categories |= mask;
	for (; mask != 0; mask &= mask - 1)
		out->depth[__builtin_ctzll(mask)] = (uint8_t)depth;
	for (unsigned i = 0; i < set->member_count; i++) {
		const uint8_t *member = set->members + (size_t)i * FORMAT_MEMBER_BYTES;
		if (kinds_reaching(le16_load(member + 2), at_name) != 0)
			list_feed(out, le16_load(member));
	}
}

static void list_data(struct listing *out, unsigned category, const struct taken *taken)
{
	if (taken->terms == NULL || taken->terms->action == RULE_PLAIN ||
	    out->data_count == RULEDB_DATA_MAX)
		return;
	out->data[out->data_count++] =
	    (struct ruledb_data){(uint8_t)category, taken->rule}; /* category < 64 */
}

void listing_add(struct listing *out, const struct layout *l, const struct taken *taken)
{
	const uint8_t *feed = layout_feed(l, taken->feed);
	unsigned category = le16_load(feed + FEED_AT_CATEGORY);
	uint8_t depth = (uint8_t)taken->depth;

	out->named = true;
	list_feed(out, taken->feed);
	if (category == RULEDB_CATEGORY_ALLOW) {
		if (!out->allowed || depth > out->allowed_depth)
			out->allowed_depth = depth;
		out->allowed = true;
		return;
	}
	uint64_t bit = UINT64_C(1) << category;
	if ((out->categories & bit) == 0 || depth > out->depth[category])
		out->depth[category] = depth;
	out->categories |= bit;
	if ((le16_load(feed + FEED_AT_FLAGS) & FEED_FLAG_REWRITE) != 0)
		list_data(out, category, taken);
}

bool ruledb_match(const struct ruledb *db, struct ruledb_scratch *scratch,
    const struct ruledb_question *question, struct listing *out)
{
	const struct layout *l = &db->at;
	struct met_set met[NAME_LABELS_MAX];
	struct pattern_hits patterns;
	bool judge = false;

	listing_clear(out);
	patterns.count = 0;
	size_t count = layout_collect(l, question->hashes, met);
	for (size_t i = 0; i < count; i++)
		judge |= set_view_at(l, met[i].set).judge;
	if (db->patterns != NULL) {
		patterns_find(db->patterns, scratch, question, &patterns);
		out->cut = patterns.cut;
	}
	if (judge || patterns.count > 0) {
		struct judging j = {.db = db,
		    .question = question,
		    .met = met,
		    .met_count = count,
		    .patterns = &patterns};
		judge_weigh(&j);
		judge_list(&j, out);
		return out->categories != 0 || out->allowed;
	}
	for (size_t i = 0; i < count; i++) {
		struct set_view set = set_view_at(l, met[i].set);
		list_plain(
		    out, &set, met[i].depth, met[i].depth == question->hashes->count);
	}
	out->named = out->categories != 0;
	return out->named;
}
