/* Laws that hold for every school, asked of random ones: against a plain second reading of
 * the precedence list, and each law by itself. */
#include "policy/explain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "fixture.h"

enum {
	SCHOOLS = 150,
	RULES = 40,
	QUESTIONS = 150
};

static uint64_t next_random(uint64_t *seed)
{
	*seed += 0x9e3779b97f4a7c15u;
	return hash_mix64(*seed);
}

static unsigned dice(uint64_t *seed, unsigned sides)
{
	return (unsigned)(next_random(seed) % sides);
}

/* Names of two to four labels over few letters, so that many lie above each other. */
static void random_name(uint64_t *seed, char out[32])
{
	static const char *const ENDS[] = {"k.vn", "m.vn", "k.com"};
	unsigned labels = dice(seed, 3);
	char *p = out;

	for (unsigned i = 0; i < labels; i++)
		p += snprintf(p, 8, "%c.", 'a' + (int)dice(seed, 3));
	(void)snprintf(p, 8, "%s", ENDS[dice(seed, 3)]);
}

struct school {
	struct fixture f;
	char texts[RULES + 3 * FIXTURE_NAMES_MAX][32];
	struct fixture_rule rules[RULES];
	size_t used;
};

static const char *const CATEGORIES[] = {
    "adult", "games", "malware", "child_abuse", "ads_tracking", "self_harm", "allow"};
static const char *const FEEDS[] = {"f0", "f1", "f2", "f3", "f4", "f5", "f6"};

static const char *fresh_name(struct school *s, uint64_t *seed)
{
	char *text = s->texts[s->used++];
	random_name(seed, text);
	return text;
}

static void random_rules(struct school *s, uint64_t *seed)
{
	for (size_t i = 0; i < RULES; i++) {
		size_t feed = i * COUNT_OF(FEEDS) / RULES;
		unsigned kind = dice(seed, 3);
		/* Only exceptions are important here: how ranks within a feed are weighed is
		 * tested beside lib/ruledb. */
		if (dice(seed, 6) == 0)
			kind |= RULE_EXCEPTION;
		if (dice(seed, 12) == 0)
			kind |= RULE_EXCEPTION | RULE_IMPORTANT;
		s->rules[i] = (struct fixture_rule){
		    FEEDS[feed], CATEGORIES[feed], kind, fresh_name(s, seed)};
	}
}

static void random_lists(struct school *s, uint64_t *seed)
{
	for (unsigned i = 0; i < 3; i++) {
		fixture_never_block(&s->f, fresh_name(s, seed));
		/* Under k.vn denials are the deeper ones, under m.vn allowances: no name can
		 * be in both lists. */
		char *allow = s->texts[s->used++];
		char *deny = s->texts[s->used++];
		int own = 'a' + (int)i;
		int below = 'a' + (int)dice(seed, 3);
		bool under_k = dice(seed, 2) == 0;
		(void)snprintf(
		    under_k ? allow : deny, 32, "%c.%s", own, under_k ? "k.vn" : "m.vn");
		(void)snprintf(under_k ? deny : allow, 32, "%c.%c.%s", below, own,
		    under_k ? "k.vn" : "m.vn");
		if (dice(seed, 2) == 0)
			fixture_allow(&s->f, PRIMARY, allow);
		if (dice(seed, 2) == 0)
			fixture_deny(&s->f, PRIMARY, deny);
	}
}

static void school_init(struct school *s, uint64_t *seed)
{
	memset(s, 0, sizeof *s);
	fixture_init(&s->f);
	random_rules(s, seed);
	random_lists(s, seed);
	fixture_build(&s->f, s->rules, RULES);
}

/* ---- the second reading, on texts ------------------------------------------------------- */

static unsigned labels_of(const char *name)
{
	unsigned labels = 1;
	for (; *name != '\0'; name++)
		labels += *name == '.';
	return labels;
}

static bool at_or_below(const char *name, const char *ancestor)
{
	size_t n = strlen(name);
	size_t a = strlen(ancestor);
	return n >= a && strcmp(name + n - a, ancestor) == 0 &&
	    (n == a || name[n - a - 1] == '.');
}

static bool rule_reaches(const struct fixture_rule *rule, const char *name)
{
	bool same = strcmp(rule->name, name) == 0;
	switch (rule->kind & RULE_REACH_MASK) {
	case RULE_EXACT:
		return same;
	case RULE_BELOW:
		return !same && at_or_below(name, rule->name);
	default:
		return at_or_below(name, rule->name);
	}
}

/* The labels of the deepest rule by which the feed lists the name; 0: it does not. */
static unsigned feed_lists(const struct school *s, const char *feed, const char *name)
{
	static const unsigned RANKS[] = {
	    RULE_IMPORTANT | RULE_EXCEPTION, RULE_IMPORTANT, RULE_EXCEPTION, 0};

	for (size_t rank = 0; rank < COUNT_OF(RANKS); rank++) {
		unsigned deepest = 0;
		for (size_t i = 0; i < RULES; i++) {
			const struct fixture_rule *r = &s->rules[i];
			if (strcmp(r->feed, feed) == 0 && rule_reaches(r, name) &&
			    (r->kind & ~(unsigned)RULE_REACH_MASK) == RANKS[rank] &&
			    labels_of(r->name) > deepest)
				deepest = labels_of(r->name);
		}
		if (deepest > 0)
			return (RANKS[rank] & RULE_EXCEPTION) != 0 ? 0 : deepest;
	}
	return 0;
}

static unsigned longest(const struct config_names *names, const char *name)
{
	unsigned best = 0;
	for (size_t i = 0; i < names->count; i++)
		if (at_or_below(name, names->items[i].text) &&
		    labels_of(names->items[i].text) > best)
			best = labels_of(names->items[i].text);
	return best;
}

static bool feed_allow_names(const struct school *s, const char *name)
{
	for (size_t i = 0; i < RULES; i++)
		if (strcmp(s->rules[i].category, "allow") == 0 &&
		    rule_reaches(&s->rules[i], name))
			return true;
	return false;
}

/* Feed i fills category i of CATEGORIES; depth[i] is 0 where it does not list the name. */
static void reference_depths(
    const struct school *s, const char *name, unsigned depth[FIXTURE_CATEGORIES])
{
	memset(depth, 0, FIXTURE_CATEGORIES * sizeof *depth);
	for (unsigned c = 0; c < CUSTOM; c++)
		depth[c] = feed_lists(s, FEEDS[c], name);
}

static bool stays_in_force(const struct school *s, unsigned tier, const char *name,
    unsigned category, unsigned depth)
{
	unsigned protector = longest(&s->f.config.never_block, name);

	if (depth == 0 || (s->f.tiers[tier].block >> category & 1) == 0)
		return false;
	if (category == MALWARE)
		return protector == 0 || depth == labels_of(name);
	if (feed_allow_names(s, name))
		return false;
	return protector == 0 || (category == ADS && depth > protector);
}

static enum policy_reason reference(
    const struct school *s, unsigned tier, const char *name, unsigned *category)
{
	static const unsigned ORDER[] = {ADULT, SELF_HARM, GAMES, MALWARE, ADS};
	unsigned depth[FIXTURE_CATEGORIES];
	unsigned allow = longest(&s->f.tiers[tier].allow, name);
	unsigned deny = longest(&s->f.tiers[tier].deny, name);

	reference_depths(s, name, depth);
	*category = POLICY_NO_CATEGORY;
	if (depth[CHILD] > 0) {
		*category = CHILD;
		return REASON_LOCKED;
	}
	if (allow > deny)
		return REASON_ALLOW;
	for (size_t i = 0; i < COUNT_OF(ORDER) && *category == POLICY_NO_CATEGORY; i++)
		if (stays_in_force(s, tier, name, ORDER[i], depth[ORDER[i]]))
			*category = ORDER[i];
	if (deny > 0) {
		if (*category == POLICY_NO_CATEGORY)
			*category = CUSTOM;
		return REASON_DENY;
	}
	if (*category != POLICY_NO_CATEGORY)
		return REASON_CATEGORY;
	if (longest(&s->f.config.never_block, name) > 0)
		return REASON_NEVER_BLOCK;
	for (unsigned c = 0; c < CUSTOM; c++)
		if (feed_allow_names(s, name) && depth[c] > 0 &&
		    (s->f.tiers[tier].block >> c & 1) != 0)
			return REASON_ALLOW;
	return REASON_NONE;
}

static void any_school_is_judged_as_the_page_says(void **state)
{
	(void)state;
	static struct school s;
	uint64_t seed = 7;
	unsigned seen[REASON_NO_RULES + 1] = {0};

	for (unsigned i = 0; i < SCHOOLS; i++) {
		school_init(&s, &seed);
		for (unsigned q = 0; q < QUESTIONS; q++) {
			char name[32];
			unsigned tier = dice(&seed, FIXTURE_TIERS);
			unsigned category = 0;
			random_name(&seed, name);
			enum policy_reason reason = reference(&s, tier, name, &category);
			struct verdict v = fixture_decide(&s.f, tier, name);
			if (v.reason != reason || v.category != category)
				fail_msg("school %u, tier %u, %s: %s %u, not %s %u", i,
				    tier, name, policy_reason_text(v.reason), v.category,
				    policy_reason_text(reason), category);
			seen[reason]++;
		}
		fixture_deinit(&s.f);
	}
	assert_true(seen[REASON_LOCKED] > 100);
	assert_true(seen[REASON_ALLOW] > 100);
	assert_true(seen[REASON_DENY] > 100);
	assert_true(seen[REASON_NEVER_BLOCK] > 100);
	assert_true(seen[REASON_CATEGORY] > 100);
	assert_true(seen[REASON_NONE] > 100);
}

static void nearness_never_hides_a_category(void **state)
{
	(void)state;
	static struct school s;
	uint64_t seed = 8;

	/* Without exceptions and lists: what blocks a name by a subtree rule blocks every
	 * name below it, whatever other feeds say there. */
	for (unsigned i = 0; i < SCHOOLS; i++) {
		memset(&s, 0, sizeof s);
		fixture_init(&s.f);
		random_rules(&s, &seed);
		for (size_t r = 0; r < RULES; r++) {
			s.rules[r].kind = RULE_SUBTREE;
			if (strcmp(s.rules[r].category, "allow") == 0)
				s.rules[r].category = "games";
		}
		fixture_build(&s.f, s.rules, RULES);
		for (size_t r = 0; r < RULES; r++) {
			char below[40];
			(void)snprintf(below, sizeof below, "x.%s", s.rules[r].name);
			struct verdict above =
			    fixture_decide(&s.f, PRIMARY, s.rules[r].name);
			struct verdict v = fixture_decide(&s.f, PRIMARY, below);
			assert_int_equal(above.action, POLICY_BLOCK);
			assert_int_equal(v.action, POLICY_BLOCK);
			assert_int_equal(v.category, above.category);
		}
		fixture_deinit(&s.f);
	}
}

static void a_locked_category_never_opens(void **state)
{
	(void)state;
	static struct school s;
	uint64_t seed = 9;
	unsigned locked = 0;

	for (unsigned i = 0; i < SCHOOLS; i++) {
		school_init(&s, &seed);
		for (unsigned q = 0; q < QUESTIONS; q++) {
			struct policy_state paused;
			struct moment now = {.mono_ms = 1};
			struct policy_who who =
			    policy_member(s.f.policy, (uint8_t)dice(&seed, FIXTURE_TIERS));
			struct asked a;
			char name[32];
			random_name(&seed, name);
			if (feed_lists(&s, FEEDS[CHILD], name) == 0)
				continue;
			fixture_state(&s.f, &paused);
			paused.tiers[who.tier].paused_until_ms = UINT64_MAX;
			asked_init(&a, s.f.policy, name);
			struct verdict v =
			    policy_decide(s.f.policy, &who, &a.question, &paused, now);
			assert_int_equal(v.action, POLICY_BLOCK);
			assert_true(v.locked);
			locked++;
		}
		fixture_deinit(&s.f);
	}
	assert_true(locked > 100);
}

static void an_exception_never_acts_beyond_its_feed(void **state)
{
	(void)state;
	static struct school s;
	uint64_t seed = 10;

	/* Adding exceptions to one feed changes nothing that another category blocks. */
	for (unsigned i = 0; i < SCHOOLS; i++) {
		school_init(&s, &seed);
		struct fixture plain = s.f;
		plain.rules = NULL;
		plain.policy = NULL;
		plain.mistakes = DIAGS_NONE;
		for (size_t r = 0; r < RULES; r++)
			if (strcmp(s.rules[r].feed, FEEDS[GAMES]) == 0)
				s.rules[r].kind |= RULE_EXCEPTION | RULE_IMPORTANT;
		fixture_build(&plain, s.rules, RULES);
		for (unsigned q = 0; q < QUESTIONS; q++) {
			char name[32];
			random_name(&seed, name);
			struct verdict before = fixture_decide(&s.f, PRIMARY, name);
			struct verdict after = fixture_decide(&plain, PRIMARY, name);
			if (before.category == GAMES || before.action == POLICY_PASS)
				continue;
			assert_int_equal(after.action, POLICY_BLOCK);
			assert_int_equal(after.category, before.category);
		}
		fixture_deinit(&plain);
		fixture_deinit(&s.f);
	}
}

static void explain_always_says_what_decide_says(void **state)
{
	(void)state;
	static struct school s;
	static struct explanation e;
	uint64_t seed = 11;

	for (unsigned i = 0; i < SCHOOLS; i++) {
		school_init(&s, &seed);
		for (unsigned q = 0; q < QUESTIONS; q++) {
			unsigned tier = dice(&seed, FIXTURE_TIERS);
			struct policy_who who = policy_member(s.f.policy, (uint8_t)tier);
			struct moment now = {.mono_ms = 1000};
			struct asked a;
			char name[32];
			size_t winners = 0;
			random_name(&seed, name);
			asked_init(&a, s.f.policy, name);
			policy_explain(s.f.policy, &who, &a.question, NULL, now, &e);
			struct verdict v = fixture_decide(&s.f, tier, name);
			assert_int_equal(e.verdict.reason, v.reason);
			assert_int_equal(e.verdict.category, v.category);
			assert_int_equal(e.rules_dropped, 0);
			for (size_t r = 0; r < e.rule_count; r++)
				winners += e.rules[r].wins ? 1 : 0;
			assert_int_equal(winners > 0, v.reason != REASON_NONE);
		}
		fixture_deinit(&s.f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(any_school_is_judged_as_the_page_says),
	    cmocka_unit_test(nearness_never_hides_a_category),
	    cmocka_unit_test(a_locked_category_never_opens),
	    cmocka_unit_test(an_exception_never_acts_beyond_its_feed),
	    cmocka_unit_test(explain_always_says_what_decide_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
