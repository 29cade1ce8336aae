/* All rules that took part, for people who ask why. */
#include "ruledb/internal.h"

struct hits {
	struct ruledb_hit *out;
	size_t max;
	size_t count;
};

static void add_kinds(struct hits *h, const struct taken *taken, unsigned kinds, bool wins)
{
	for (unsigned kind = 0; kind < RULE_KINDS; kind++) {
		if ((kinds >> kind & 1) == 0)
			continue;
		if (h->count < h->max) {
			h->out[h->count] = (struct ruledb_hit){
			    .feed = (uint16_t)taken->feed,  /* < RULEDB_FEEDS_MAX */
			    .depth = (uint8_t)taken->depth, /* <= NAME_LABELS_MAX */
			    .kind = (uint8_t)kind,
			    .wins = wins,
			    .rule = taken->rule,
			};
		}
		h->count++;
	}
}

static void add_hit(struct judging *j, const struct taken *taken, void *arg)
{
	unsigned winning = judge_winning(j, taken);

	add_kinds(arg, taken, taken->kinds & winning, true);
	add_kinds(arg, taken, taken->kinds & ~winning, false);
}

size_t ruledb_hits(const struct ruledb *db, struct ruledb_scratch *scratch,
    const struct ruledb_question *question, struct ruledb_hit *out, size_t max)
{
	struct met_set met[NAME_LABELS_MAX];
	struct pattern_hits patterns = {.count = 0};
	struct hits hits = {out, max, 0};
	struct judging j = {
	    .db = db, .question = question, .met = met, .patterns = &patterns};

	j.met_count = layout_collect(&db->at, question->hashes, met);
	if (db->patterns != NULL)
		patterns_find(db->patterns, scratch, question, &patterns);
	judge_weigh(&j);
	judge_each(&j, add_hit, &hits);
	return hits.count;
}

static uint32_t find_name(const struct layout *l, const struct name_hashes *hashes)
{
	if (hashes->count == 0)
		return RULEDB_NO_SET;
	return layout_find(l, hashes->at[hashes->count - 1]);
}

static uint16_t special_kinds(const struct layout *l, uint64_t hash, unsigned feed)
{
	uint32_t end = layout_named_specials(l);
	uint16_t kinds = 0;

	for (uint32_t rule = layout_find_special(l, hash); rule < end; rule++) {
		struct special_view special = special_at(l, rule);
		if (special.hash != hash)
			break;
		if (special.feed == feed)
			kinds |= (uint16_t)(1u << special.kind);
	}
	return kinds;
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
		if (le16_load(member) != feed)
			continue;
		unsigned kinds = le16_load(member + 2);
		if ((kinds & KINDS_SPECIAL) != 0)
			kinds |=
			    special_kinds(&db->at, hashes->at[hashes->count - 1], feed);
		return (uint16_t)(kinds & KINDS_VALID);
	}
	return 0;
}

bool ruledb_has(const struct ruledb *db, const struct name_hashes *hashes)
{
	return find_name(&db->at, hashes) != RULEDB_NO_SET;
}
