/* selftest: what each tier gets for names that are known to be listed. */
#include <inttypes.h>
#include <stdio.h>

#include "base/words.h"
#include "filter/clock.h"
#include "filter/command.h"
#include "filter/selftest.h"

enum {
	NAMES_MAX = 256
};

static const char *const ANSWERS[] = {
    [RULES_ANSWER_WARNING] = "warning",
    [RULES_ANSWER_NULL] = "null",
    [RULES_ANSWER_NODATA] = "nodata",
    [RULES_ANSWER_NXDOMAIN] = "nxdomain",
    [RULES_ANSWER_REFUSED] = "refused",
};

/* One name, for one tier, as the workers would decide now. */
static json_t *judge(
    struct program *p, uint8_t tier, const char *category, const struct name_buf *name)
{
	const struct snapshot *s = publisher_now(p->publisher);
	const struct policy_who who = policy_member(s->policy, tier);
	const struct moment now = clock_moment(
	    atomic_load_explicit(&p->filter->wall_trusted, memory_order_relaxed));
	struct name_hashes hashes;
	char text[NAME_TEXT_MAX];

	name_hash_all(&hashes, name_of(name), policy_hash_key(s->policy));
	name_to_text(text, name_of(name));
	const struct policy_question question = {.name = name_of(name),
	    .hashes = &hashes,
	    .qtype = TYPE_A,
	    .scratch = p->scratch};
	const struct verdict v = s->refuse_all
	    ? policy_refuse()
	    : policy_decide(s->policy, &who, &question, &s->state, now);
	return json_pack("{s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:b}", "tier",
	    policy_tier_at(s->policy, tier)->name, "index", (int)tier, "category", category,
	    "name", text, "verdict", v.action == POLICY_BLOCK ? "block" : "allow", "reason",
	    policy_reason_text(v.reason), "answer", ANSWERS[v.answer], "locked",
	    v.locked ? 1 : 0);
}

static json_t *judge_all(struct program *p, const json_t *names)
{
	const struct policy *policy = publisher_now(p->publisher)->policy;
	json_t *cells = json_array();
	const json_t *one;
	size_t i;

	json_array_foreach(names, i, one)
	{
		const char *category = json_string_value(json_object_get(one, "category"));
		const char *text = json_string_value(json_object_get(one, "name"));
		struct name_buf name;
		if (i >= NAMES_MAX || category == NULL || text == NULL ||
		    name_from_text(&name, slice_of(text), NULL) != OK)
			continue;
		for (size_t tier = 0; tier < policy_tier_count(policy); tier++)
			(void)json_array_append_new(
			    cells, judge(p, (uint8_t)tier, category, &name));
	}
	return cells;
}

/* The tier of this machine, when it asks itself. */
static const char *own_tier(const struct policy *policy)
{
	const struct addr self = addr_from_octets(SLICE_LIT("\177\0\0\1"));
	const struct policy_who who = policy_client(policy, &self, MAC_NONE);

	return policy_tier_at(policy, who.tier)->name;
}

void command_selftest(struct command *c)
{
	struct program *p = c->program;
	const struct policy *policy = publisher_now(p->publisher)->policy;
	char token[17];

	(void)snprintf(token, sizeof token, "%016" PRIx64, selftest_begin(p->filter));
	c->reply = json_pack("{s:b, s:i, s:s, s:i, s:s, s:o}", "ok", 1, "option",
	    SELFTEST_OPTION, "token", token, "for_ms", SELFTEST_MS, "own_tier",
	    own_tier(policy), "cells", judge_all(p, json_object_get(c->request, "names")));
}
