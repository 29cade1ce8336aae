/* Where exceptions, special rules or patterns take part: each feed by its own rules. */
#include "ruledb/internal.h"

/* ---- which rules take part ---- */

/* "Whoever": the worst that this feed could do. Conditions of type, client and tag hold for
 * rules and not for exceptions; excepted names stay excepted. */
static bool holds_for_anybody(
    const struct rule_terms *terms, unsigned kind, const struct rule_question *q)
{
	struct rule_terms name_only = {.denyallow = terms->denyallow};

	if ((kind & RULE_EXCEPTION) != 0 && rule_terms_ask_who(terms))
		return false;
	return rule_terms_hold(&name_only, q);
}

/* Opens the terms of a rule that reaches the name; false when its conditions do not hold. */
static bool special_holds(
    struct judging *j, const struct special_view *special, struct rule_terms *terms)
{
	const struct ruledb_question *question = j->question;
	struct rule_question q = {.name = question->name,
	    .qtype = question->qtype,
	    .client = question->client,
	    .client_names = question->client_names,
	    .tags = question->tags};

	j->named = true;
	if (rule_terms_read(terms, special->terms) != OK)
		return false; /* verify has read them: never */
	return question->whoever ? holds_for_anybody(terms, special->kind, &q)
	                         : rule_terms_hold(terms, &q);
}

static void visit_special(
    struct judging *j, uint32_t rule, unsigned depth, judge_visit visit, void *arg)
{
	struct special_view special = special_at(&j->db->at, rule);
	struct rule_terms terms;

	if (j->specials == JUDGE_SPECIALS_MAX)
		return;
	j->specials++;
	if (!special_holds(j, &special, &terms))
		return;
	struct taken taken = {special.feed, 1u << special.kind, depth, rule, &terms};
	visit(j, &taken, arg);
}

static void visit_specials(struct judging *j, size_t depth, judge_visit visit, void *arg)
{
	const struct layout *l = &j->db->at;
	uint64_t hash = j->question->hashes->at[depth - 1];
	bool at_name = depth == j->question->hashes->count;
	uint32_t end = layout_named_specials(l);

	for (uint32_t rule = layout_find_special(l, hash); rule < end; rule++) {
		struct special_view special = special_at(l, rule);
		if (special.hash != hash)
			return;
		if (kinds_reaching(1u << special.kind, at_name) != 0)
			visit_special(j, rule, (unsigned)depth, visit, arg);
	}
}

static void visit_set(
    struct judging *j, const struct met_set *met, judge_visit visit, void *arg)
{
	struct set_view set = set_view_at(&j->db->at, met->set);
	bool at_name = met->depth == j->question->hashes->count;
	unsigned all = 0;

	for (unsigned i = 0; i < set.member_count; i++) {
		const uint8_t *member = set.members + (size_t)i * FORMAT_MEMBER_BYTES;
		unsigned kinds = le16_load(member + 2);
		all |= kinds;
		struct taken taken = {.feed = le16_load(member),
		    .kinds = kinds_reaching(kinds, at_name),
		    .depth = met->depth,
		    .rule = RULEDB_NO_RULE};
		if (taken.kinds != 0)
			visit(j, &taken, arg);
	}
	if ((all & KINDS_SPECIAL) != 0)
		visit_specials(j, met->depth, visit, arg);
}

void judge_each(struct judging *j, judge_visit visit, void *arg)
{
	size_t patterns = j->patterns == NULL ? 0 : j->patterns->count;

	j->specials = 0;
	for (size_t i = 0; i < patterns; i++)
		visit_special(j, j->patterns->rules[i], 0, visit, arg);
	for (size_t i = 0; i < j->met_count; i++)
		visit_set(j, &j->met[i], visit, arg);
}

/* ---- weighing ---- */

static unsigned feed_flags(const struct judging *j, unsigned feed)
{
	return le16_load(layout_feed(&j->db->at, feed) + FEED_AT_FLAGS);
}

static bool is_longest(const struct judging *j, unsigned feed)
{
	return (feed_flags(j, feed) & FEED_FLAG_LONGEST) != 0;
}

static bool has_data(const struct taken *taken)
{
	return taken->terms != NULL && taken->terms->action != RULE_PLAIN;
}

static bool is_exception(const struct taken *taken)
{
	return (taken->kinds & KINDS_ANY_EXCEPTION) != 0;
}

/* Of the kinds at one name the exact ones come first. */
static unsigned nearest_kinds(unsigned kinds)
{
	unsigned exact = kinds & KINDS_EXACT;
	return exact != 0 ? exact : kinds;
}

static uint16_t nearness(const struct taken *taken)
{
	bool exact = (taken->kinds & KINDS_EXACT) != 0;
	return (uint16_t)(1 + 2 * taken->depth + exact); /* depth <= 127 */
}

static void weigh_longest(struct judging *j, const struct taken *taken)
{
	uint16_t near = nearness(taken);

	if (near > j->best[taken->feed]) {
		j->best[taken->feed] = near;
		j->kinds[taken->feed] = 0;
	}
	if (near == j->best[taken->feed])
		j->kinds[taken->feed] |= (uint16_t)nearest_kinds(taken->kinds);
}

static void note_undo(struct judging *j, const struct taken *taken)
{
	if (j->undo_count == JUDGE_UNDOS_MAX)
		return;
	j->undos[j->undo_count++] = (struct undo){
	    .data = taken->terms->data,
	    .feed = (uint16_t)taken->feed, /* < RULEDB_FEEDS_MAX */
	    .data_type = taken->terms->data_type,
	    .action = (uint8_t)taken->terms->action,
	};
}

static void weigh(struct judging *j, const struct taken *taken, void *arg)
{
	(void)arg;
	if (is_longest(j, taken->feed)) {
		weigh_longest(j, taken);
	} else if (!has_data(taken)) {
		j->kinds[taken->feed] |= (uint16_t)taken->kinds;
	} else if (is_exception(taken)) {
		note_undo(j, taken);
	} else {
		j->has_data = true;
	}
}

/* ---- rules with data, in feeds by rank ---- */

/* An exception with data undoes rules with the same data, one with "any" all, important or not:
 * as AdGuard has it. */
static bool undoes(const struct undo *its, const struct taken *rule)
{
	const struct rule_terms *ours = rule->terms;

	return its->feed == rule->feed &&
	    (its->action == RULE_ANY_DATA ||
	        (its->action == ours->action && its->data_type == ours->data_type &&
	            slice_equal(its->data, ours->data)));
}

static bool is_undone(const struct judging *j, const struct taken *rule)
{
	for (size_t i = 0; i < j->undo_count; i++) {
		if (undoes(&j->undos[i], rule))
			return true;
	}
	return false;
}

static bool has_feed(const uint64_t feeds[RULEDB_FEED_WORDS], unsigned feed)
{
	return (feeds[feed / 64] >> feed % 64 & 1) != 0;
}

static void note_feed(uint64_t feeds[RULEDB_FEED_WORDS], unsigned feed)
{
	feeds[feed / 64] |= UINT64_C(1) << feed % 64;
}

/* Where the feed may rewrite, its data stand above all its other rules, as they do in
 * AdGuard Home; elsewhere they are rules like any other. */
static void weigh_data(struct judging *j, const struct taken *taken, void *arg)
{
	(void)arg;
	if (is_longest(j, taken->feed) || !has_data(taken) || is_exception(taken))
		return;
	if (is_undone(j, taken))
		note_feed(j->undone, taken->feed);
	else if ((feed_flags(j, taken->feed) & FEED_FLAG_REWRITE) != 0)
		note_feed(j->answers, taken->feed);
	else
		j->kinds[taken->feed] |= (uint16_t)taken->kinds;
}

void judge_weigh(struct judging *j)
{
	judge_each(j, weigh, NULL);
	if (j->has_data)
		judge_each(j, weigh_data, NULL);
}

/* ---- deciding ---- */

static bool is_allow_feed(const struct judging *j, unsigned feed)
{
	return le16_load(layout_feed(&j->db->at, feed) + FEED_AT_CATEGORY) ==
	    RULEDB_CATEGORY_ALLOW;
}

unsigned judge_winning(struct judging *j, const struct taken *taken)
{
	unsigned feed = taken->feed;

	if (is_allow_feed(j, feed))
		return taken->kinds;
	if (is_longest(j, feed)) {
		if (nearness(taken) != j->best[feed])
			return 0;
		return nearest_kinds(taken->kinds) & kinds_rank(j->kinds[feed]);
	}
	if (has_data(taken)) {
		if (is_exception(taken))
			return has_feed(j->undone, feed) ? taken->kinds : 0;
		if (is_undone(j, taken))
			return 0;
		if (has_feed(j->answers, feed))
			return taken->kinds;
	}
	return has_feed(j->answers, feed) ? 0 : taken->kinds & kinds_rank(j->kinds[feed]);
}

static void list_one(struct judging *j, const struct taken *taken, void *arg)
{
	unsigned winning = judge_winning(j, taken);

	if ((winning & KINDS_ANY_BLOCK) != 0 ||
	    (winning != 0 && is_allow_feed(j, taken->feed)))
		listing_add(arg, &j->db->at, taken);
}

void judge_list(struct judging *j, struct listing *out)
{
	judge_each(j, list_one, out);
	out->named |= j->named;
}
