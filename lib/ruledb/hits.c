/* All rules that took part, for people who ask why. */
#include "ruledb/internal.h"

struct hits {
	struct ruledb_hit *out;
	size_t max;
	size_t count;
};

static void hits_add(
    struct hits *h, const struct ruledb_hit *template, unsigned kinds, bool wins)
{
	for (unsigned kind = 0; kind < RULEDB_KINDS; kind++) {
		if ((kinds >> kind & 1) == 0)
			continue;
		if (h->count < h->max) {
			h->out[h->count] = *template;
			h->out[h->count].kind = (uint8_t)kind;
			h->out[h->count].wins = wins;
		}
		h->count++;
	}
}

/* The kinds that each feed has for the name, over all depths. */
static void gather(const struct layout *l, const struct met_set *met, size_t count,
    size_t labels, uint16_t kinds[RULEDB_FEEDS_MAX])
{
	for (size_t i = 0; i < count; i++) {
		struct set_view set = set_view_at(l, met[i].set);
		for (unsigned k = 0; k < set.member_count; k++) {
			const uint8_t *member =
			    set.members + (size_t)k * FORMAT_MEMBER_BYTES;
			kinds[le16_load(member)] |= (uint16_t)kinds_reaching(
			    le16_load(member + 2), met[i].depth == labels);
		}
	}
}

static bool feed_allows(const struct layout *l, unsigned feed)
{
	return le16_load(l->section[SECTION_FEEDS] + (size_t)feed * FORMAT_FEED_BYTES +
	           FEED_AT_CATEGORY) == RULEDB_CATEGORY_ALLOW;
}

size_t ruledb_hits(const struct ruledb *db, struct ruledb_scratch *scratch,
    const struct ruledb_question *question, struct ruledb_hit *out, size_t max)
{
	const struct name_hashes *hashes = question->hashes;
	(void)scratch;
	const struct layout *l = &db->at;
	struct met_set met[NAME_LABELS_MAX];
	uint16_t kinds[RULEDB_FEEDS_MAX] = {0};
	struct hits hits = {out, max, 0};

	size_t count = layout_collect(l, hashes, met);
	gather(l, met, count, hashes->count, kinds);
	for (size_t i = 0; i < count; i++) {
		struct set_view set = set_view_at(l, met[i].set);
		for (unsigned k = 0; k < set.member_count; k++) {
			const uint8_t *member =
			    set.members + (size_t)k * FORMAT_MEMBER_BYTES;
			unsigned feed = le16_load(member);
			unsigned rank =
			    feed_allows(l, feed) ? KINDS_VALID : kinds_rank(kinds[feed]);
			unsigned here = kinds_reaching(
			    le16_load(member + 2), met[i].depth == hashes->count);
			struct ruledb_hit hit = {.feed = (uint16_t)feed,
			    .depth = (uint8_t)met[i].depth,
			    .rule = RULEDB_NO_RULE};
			hits_add(&hits, &hit, here & rank, true);
			hits_add(&hits, &hit, here & ~rank, false);
		}
	}
	return hits.count;
}

static uint32_t find_name(const struct layout *l, const struct name_hashes *hashes)
{
	if (hashes->count == 0)
		return RULEDB_NO_SET;
	return layout_find(l, hashes->at[hashes->count - 1]);
}

uint16_t ruledb_kinds_of(
    const struct ruledb *db, const struct name_hashes *hashes, unsigned feed)
{
	uint32_t found = find_name(&db->at, hashes);
	if (found == RULEDB_NO_SET)
		return 0;
	struct set_view set = set_view_at(&db->at, found);
	for (unsigned k = 0; k < set.member_count; k++) {
		const uint8_t *member = set.members + (size_t)k * FORMAT_MEMBER_BYTES;
		if (le16_load(member) == feed)
			return le16_load(member + 2);
	}
	return 0;
}

bool ruledb_has(const struct ruledb *db, const struct name_hashes *hashes)
{
	return find_name(&db->at, hashes) != RULEDB_NO_SET;
}
