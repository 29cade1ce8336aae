/* Laws that hold for every set of rules: random sets, from a seed that is printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ruledb/internal.h"
#include "unit/ruledb/fixture.h"

enum {
	FEEDS = 4,
	RULES_EACH = 6,
	ROUNDS = 150,
	TYPES = 3
};

static const char *const NAMES[] = {"a.vn", "b.a.vn", "c.b.a.vn", "d.c.b.a.vn", "b.vn",
    "c.b.vn", "a.b.vn", "casino.a.vn", "x.casino.vn"};
static const uint16_t QTYPES[TYPES] = {1, 28, 65};
static const char *const PATTERNS[] = {"casino", "^[ab]\\.", "b\\.a\\.vn$"};

struct law_rule {
	unsigned feed;
	const char *name; /* NULL: a pattern */
	const char *pattern;
	unsigned kind;
	uint16_t qtype; /* 0: any */
};

struct law_set {
	struct law_rule rules[FEEDS * RULES_EACH + 1];
	size_t count;
	bool longest[FEEDS];
};

static uint64_t random_state;

static unsigned any(unsigned below)
{
	random_state = hash_mix64(random_state + 0x9e3779b97f4a7c15u);
	return (unsigned)(random_state >> 32) % below;
}

static unsigned any_kind(bool longest)
{
	unsigned reach = any(3);
	unsigned flags = any(4) * 4;
	return reach | (longest ? flags & RULE_EXCEPTION : flags);
}

static struct law_rule any_rule(unsigned feed, bool longest)
{
	struct law_rule rule = {.feed = feed, .kind = any_kind(longest)};

	if (!longest && any(5) == 0) {
		rule.pattern = PATTERNS[any(COUNT_OF(PATTERNS))];
		rule.kind &= ~(unsigned)RULE_REACH_MASK;
	} else {
		rule.name = NAMES[any(COUNT_OF(NAMES))];
	}
	rule.qtype = any(3) == 0 ? QTYPES[any(TYPES)] : 0;
	return rule;
}

static struct law_set any_set(void)
{
	struct law_set set = {.count = 0};

	for (unsigned feed = 0; feed < FEEDS; feed++) {
		set.longest[feed] = any(2) == 0;
		for (unsigned i = 0; i < RULES_EACH; i++)
			set.rules[set.count++] = any_rule(feed, set.longest[feed]);
	}
	return set;
}

static void add(struct ruledb_builder *b, const struct law_rule *rule)
{
	struct rule_terms terms = {.action = RULE_PLAIN};

	if (rule->qtype != 0) {
		terms.type_count = 1;
		terms.types[0] = rule->qtype;
	}
	if (rule->pattern != NULL)
		terms.pattern = slice_of(rule->pattern);
	fixture_special(b, rule->name, rule->kind, &terms);
}

/* Feeds in order, the rules of each in the order of `order` or as they stand. */
static struct ruledb *compile(const struct law_set *set, bool backwards)
{
	struct ruledb_builder *b = fixture_builder();

	for (unsigned feed = 0; feed < FEEDS; feed++) {
		char name[2] = {(char)('a' + feed), 0};
		unsigned index;
		assert_int_equal(ruledb_builder_feed(b, name, name, &index), OK);
		ruledb_builder_feed_options(b, set->longest[feed], false);
		for (size_t i = 0; i < set->count; i++) {
			const struct law_rule *rule =
			    &set->rules[backwards ? set->count - 1 - i : i];
			if (rule->feed == feed)
				add(b, rule);
		}
	}
	return fixture_open(b);
}

static uint64_t listed(const struct ruledb *db, size_t name, size_t type)
{
	struct listing listing;
	(void)fixture_ask(
	    db, NAMES[name], &(struct fixture_asker){.qtype = QTYPES[type]}, &listing);
	return listing.categories;
}

static void begin_law(const char *law, uint64_t seed)
{
	random_state = seed;
	print_message("%s: seed %llu\n", law, (unsigned long long)seed);
}

/* All verdicts of two databases are the same, but for those of the feeds in `mask`. */
static void agree(const struct ruledb *a, const struct ruledb *b, uint64_t mask)
{
	for (size_t n = 0; n < COUNT_OF(NAMES); n++) {
		for (size_t t = 0; t < TYPES; t++)
			assert_int_equal(listed(a, n, t) & ~mask, listed(b, n, t) & ~mask);
	}
}

static void an_unrelated_rule_changes_no_verdict(void **state)
{
	(void)state;
	begin_law("unrelated", 3);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct law_set set = any_set();
		struct ruledb *before = compile(&set, false);
		struct law_rule more = any_rule(any(FEEDS), false);
		more.name = more.pattern == NULL ? "unrelated.example" : NULL;
		if (more.pattern != NULL)
			more.pattern = "unrelated[0-9]";
		set.rules[set.count++] = more;
		struct ruledb *after = compile(&set, false);
		agree(before, after, 0);
		ruledb_close(before);
		ruledb_close(after);
	}
}

static void an_exception_never_acts_beyond_its_feed(void **state)
{
	(void)state;
	begin_law("exception", 5);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct law_set set = any_set();
		struct ruledb *before = compile(&set, false);
		unsigned feed = any(FEEDS);
		struct law_rule more = any_rule(feed, set.longest[feed]);
		more.kind |= RULE_EXCEPTION;
		set.rules[set.count++] = more;
		struct ruledb *after = compile(&set, false);
		agree(before, after, UINT64_C(1) << feed);
		/* and in its own feed by rank it opens, never closes */
		for (size_t n = 0; n < COUNT_OF(NAMES) && !set.longest[feed]; n++) {
			for (size_t t = 0; t < TYPES; t++)
				assert_int_equal(
				    listed(after, n, t) & ~listed(before, n, t), 0);
		}
		ruledb_close(before);
		ruledb_close(after);
	}
}

static void the_order_of_rules_does_not_matter(void **state)
{
	(void)state;
	begin_law("order", 7);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct law_set set = any_set();
		struct ruledb *forwards = compile(&set, false);
		struct ruledb *backwards = compile(&set, true);
		agree(forwards, backwards, 0);
		ruledb_close(forwards);
		ruledb_close(backwards);
	}
}

/* Each feed alone says what it says among others: nearness in one hides nothing of another. */
static void every_feed_is_judged_by_itself(void **state)
{
	(void)state;
	begin_law("alone", 11);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct law_set set = any_set();
		struct ruledb *together = compile(&set, false);
		for (unsigned feed = 0; feed < FEEDS; feed++) {
			struct law_set own = set;
			own.count = 0;
			for (size_t i = 0; i < set.count; i++) {
				if (set.rules[i].feed == feed)
					own.rules[own.count++] = set.rules[i];
			}
			struct ruledb *alone = compile(&own, false);
			agree(together, alone, ~(UINT64_C(1) << feed));
			ruledb_close(alone);
		}
		ruledb_close(together);
	}
}

/* Hits tell the same story as the listing: a feed lists a name exactly where one of its rules
 * that is no exception wins. */
static void hits_agree_with_the_listing(void **state)
{
	(void)state;
	begin_law("hits", 13);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct law_set set = any_set();
		struct ruledb *db = compile(&set, false);
		for (size_t n = 0; n < COUNT_OF(NAMES); n++) {
			struct name_buf name = fixture_name(NAMES[n]);
			struct name_hashes hashes;
			struct ruledb_hit hits[64];
			uint64_t feeds = 0;
			fixture_hashes(db, NAMES[n], &hashes);
			struct ruledb_question asked = {
			    .name = name_of(&name), .hashes = &hashes, .qtype = QTYPES[0]};
			size_t count = ruledb_hits(
			    db, fixture_scratch(), &asked, hits, COUNT_OF(hits));
			for (size_t i = 0; i < count; i++) {
				if (hits[i].wins && (hits[i].kind & RULE_EXCEPTION) == 0)
					feeds |= UINT64_C(1) << hits[i].feed;
			}
			assert_int_equal(feeds, listed(db, n, 0));
		}
		ruledb_close(db);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_unrelated_rule_changes_no_verdict),
	    cmocka_unit_test(an_exception_never_acts_beyond_its_feed),
	    cmocka_unit_test(the_order_of_rules_does_not_matter),
	    cmocka_unit_test(every_feed_is_judged_by_itself),
	    cmocka_unit_test(hits_agree_with_the_listing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
