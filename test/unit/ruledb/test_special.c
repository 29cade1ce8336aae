/* Rules with terms: how they are kept, weighed and told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ruledb/internal.h"
#include "unit/ruledb/fixture.h"

#define END             \
	{               \
		NULL, 0 \
	}
#define RULES(...) ((const struct fixture_rule[]){__VA_ARGS__, END})

enum {
	A = 1,
	AAAA = 28,
	HTTPS = 65,
	IMPORTANT = RULE_IMPORTANT,
	EXCEPTION = RULE_EXCEPTION
};

static const struct rule_terms ONLY_AAAA = {.type_count = 1, .types = {AAAA}};
static const uint8_t ADDRESS_1[] = {192, 0, 2, 1}, ADDRESS_2[] = {192, 0, 2, 2};
static const struct rule_terms TO_1 = {
    .action = RULE_RECORD, .data_type = A, .data = {ADDRESS_1, 4}};
static const struct rule_terms TO_2 = {
    .action = RULE_RECORD, .data_type = A, .data = {ADDRESS_2, 4}};
static const struct rule_terms TO_NXDOMAIN = {.action = RULE_NXDOMAIN};
static const struct rule_terms ANY_DATA = {.action = RULE_ANY_DATA};

static void begin(struct ruledb_builder *b, const char *feed, const char *category)
{
	fixture_feed(b, feed, category, RULES(END));
}

static void begin_longest(struct ruledb_builder *b, const char *feed, bool rewrite)
{
	begin(b, feed, feed);
	ruledb_builder_feed_options(b, true, rewrite);
}

static bool lists(const struct ruledb *db, const char *name, uint16_t qtype)
{
	struct listing listing;
	return fixture_ask(db, name, &(struct fixture_asker){.qtype = qtype}, &listing);
}

static void a_rule_for_some_types_acts_on_those_alone(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();
	begin(b, "f", "adult");
	fixture_special(b, "a.vn", RULE_SUBTREE, &ONLY_AAAA);
	struct ruledb *db = fixture_open(b);
	struct listing listing;

	assert_false(lists(db, "www.a.vn", A));
	assert_true(lists(db, "www.a.vn", AAAA));
	assert_false(lists(db, "b.vn", AAAA));
	/* but the name is spoken of: nobody may remember it as unlisted */
	assert_false(fixture_match(db, "www.a.vn", &listing));
	assert_true(listing.named);
	assert_false(fixture_match(db, "b.vn", &listing));
	assert_false(listing.named);
	ruledb_close(db);
}

static void an_exception_for_some_types_spares_those_alone(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();
	fixture_feed(b, "f", "adult", RULES({"a.vn", RULE_SUBTREE}));
	fixture_special(b, "ok.a.vn", RULE_SUBTREE | EXCEPTION, &ONLY_AAAA);
	struct ruledb *db = fixture_open(b);

	assert_true(lists(db, "ok.a.vn", A));
	assert_false(lists(db, "ok.a.vn", AAAA));
	ruledb_close(db);
}

static void important_rules_with_terms_outrank_plain_exceptions(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();
	fixture_feed(b, "f", "adult", RULES({"a.vn", RULE_SUBTREE | EXCEPTION}));
	fixture_special(b, "a.vn", RULE_SUBTREE | IMPORTANT, &ONLY_AAAA);
	struct ruledb *db = fixture_open(b);

	assert_false(lists(db, "a.vn", A));
	assert_true(lists(db, "a.vn", AAAA));
	ruledb_close(db);
}

static void clients_and_tags_are_asked(void **state)
{
	(void)state;
	struct buf clients = BUF_INIT(100), tags = BUF_INIT(100);
	struct rule_network lab = fixture_network("10.2.0.0/16");
	struct ruledb_builder *b = fixture_builder();
	struct listing listing;
	static const char *const child[] = {"user_child", NULL};

	rule_list_client(&clients, false, &lab, SLICE_EMPTY);
	assert_true(rule_list_word(&tags, false, SLICE_LIT("user_child")));
	begin(b, "f", "adult");
	fixture_special(b, "a.vn", 0, &(struct rule_terms){.clients = buf_slice(&clients)});
	fixture_special(b, "b.vn", 0, &(struct rule_terms){.tags = buf_slice(&tags)});
	struct ruledb *db = fixture_open(b);
	struct fixture_asker in = {.address = "10.2.3.4"}, out = {.address = "10.3.3.4"};
	struct fixture_asker tagged = {.tags = child}, anybody = {.whoever = true};

	assert_true(fixture_ask(db, "a.vn", &in, &listing));
	assert_false(fixture_ask(db, "a.vn", &out, &listing));
	assert_false(fixture_ask(db, "b.vn", &in, &listing));
	assert_true(fixture_ask(db, "b.vn", &tagged, &listing));
	/* "could it ever" */
	assert_true(fixture_ask(db, "a.vn", &anybody, &listing));
	assert_true(fixture_ask(db, "b.vn", &anybody, &listing));
	ruledb_close(db);
	buf_deinit(&clients);
	buf_deinit(&tags);
}

static void whoever_asks_no_condition_spares_a_name(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();
	struct name_buf excepted = fixture_name("ok.a.vn");
	struct rule_terms but_ok = {
	    .type_count = 1, .types = {AAAA}, .denyallow = {excepted.wire, excepted.len}};
	struct fixture_asker anybody = {.whoever = true};
	struct listing listing;

	fixture_feed(b, "f", "adult", RULES({"b.vn", 0}));
	fixture_special(b, "b.vn", EXCEPTION, &ONLY_AAAA);
	fixture_special(b, "a.vn", 0, &but_ok);
	struct ruledb *db = fixture_open(b);
	assert_true(fixture_ask(db, "b.vn", &anybody, &listing));
	assert_true(fixture_ask(db, "x.a.vn", &anybody, &listing));
	assert_false(fixture_ask(db, "x.ok.a.vn", &anybody, &listing));
	ruledb_close(db);
}

static void badfilter_undoes_the_equal_rule_of_its_own_feed(void **state)
{
	(void)state;
	struct rule_terms undo = {.badfilter = true}, undo_aaaa = ONLY_AAAA;
	struct ruledb_builder *b = fixture_builder();

	undo_aaaa.badfilter = true;
	fixture_feed(b, "f", "adult",
	    RULES({"a.vn", 0}, {"a.vn", RULE_EXACT | IMPORTANT}, {"b.vn", 0}));
	fixture_special(b, "b.vn", 0, &undo);
	fixture_special(b, "a.vn", RULE_EXACT | IMPORTANT, &undo);
	fixture_special(b, "c.vn", 0, &undo_aaaa);
	fixture_special(b, "c.vn", 0, &ONLY_AAAA);
	fixture_special(b, "d.vn", 0, &ONLY_AAAA);
	fixture_special(b, "d.vn", 0, &undo); /* not equal: does nothing */
	fixture_feed(b, "g", "games", RULES({"b.vn", 0}));
	struct ruledb *db = fixture_open(b);
	struct listing listing;
	struct ruledb_stat stat;

	assert_true(lists(db, "a.vn", A)); /* its subtree rule stands */
	assert_false(lists(db, "c.vn", AAAA));
	assert_true(lists(db, "d.vn", AAAA));
	assert_true(fixture_match(db, "b.vn", &listing)); /* of the other feed */
	assert_int_equal(listing.categories, fixture_bit(db, "games"));
	ruledb_stat(db, &stat);
	assert_int_equal(stat.specials, 1);
	assert_int_equal(stat.names, 3);
	assert_int_equal(stat.rules, 3);
	ruledb_close(db);
}

static void the_longest_match_decides_in_a_feed_by_length(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();
	begin_longest(b, "rpz", false);
	static const struct fixture_rule rules[] = {{"a.vn", RULE_EXACT},
	    {"a.vn", RULE_BELOW}, {"ok.a.vn", RULE_EXACT | EXCEPTION},
	    {"ok.a.vn", RULE_BELOW | EXCEPTION}, {"bad.ok.a.vn", RULE_EXACT},
	    {"zone.vn", RULE_SUBTREE}, {"zone.vn", RULE_EXACT | EXCEPTION}};
	for (size_t i = 0; i < COUNT_OF(rules); i++) {
		struct name_buf name = fixture_name(rules[i].name);
		assert_int_equal(ruledb_builder_add(b, name_of(&name), rules[i].kind), OK);
	}
	struct ruledb *db = fixture_open(b);

	assert_true(lists(db, "a.vn", A));
	assert_true(lists(db, "x.a.vn", A));
	assert_false(lists(db, "ok.a.vn", A));
	assert_false(lists(db, "x.ok.a.vn", A));
	assert_true(lists(db, "bad.ok.a.vn", A)); /* a block below an exception */
	assert_false(lists(db, "x.bad.ok.a.vn", A));
	assert_false(lists(db, "zone.vn", A)); /* exact before the subtree */
	assert_true(lists(db, "x.zone.vn", A));
	ruledb_close(db);
}

static void an_exception_by_length_says_nothing_to_other_feeds(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();
	fixture_feed(b, "f", "adult", RULES({"a.vn", 0}));
	begin_longest(b, "rpz", false);
	struct name_buf name = fixture_name("a.vn");
	assert_int_equal(ruledb_builder_add(b, name_of(&name), EXCEPTION), OK);
	struct ruledb *db = fixture_open(b);

	assert_true(lists(db, "a.vn", A));
	ruledb_close(db);
}

static void data_answer_only_where_the_feed_may_rewrite(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();
	struct rule_terms terms;
	struct listing listing;

	begin(b, "f", "adult");
	ruledb_builder_feed_options(b, false, true);
	fixture_special(b, "a.vn", 0, &TO_1);
	fixture_special(b, "a.vn", 0, &TO_2);
	begin(b, "g", "games");
	fixture_special(b, "b.vn", 0, &TO_1);
	struct ruledb *db = fixture_open(b);

	assert_true(fixture_match(db, "www.a.vn", &listing));
	assert_int_equal(listing.data_count, 2);
	assert_true(ruledb_rule_terms(db, listing.data[0].rule, &terms));
	assert_int_equal(terms.data_type, A);
	assert_memory_equal(terms.data.ptr, ADDRESS_1, 4);
	assert_int_equal(UINT64_C(1) << listing.data[0].category, fixture_bit(db, "adult"));
	assert_true(fixture_match(db, "b.vn", &listing));
	assert_int_equal(listing.data_count, 0);
	assert_int_equal(listing.categories, fixture_bit(db, "games"));
	assert_false(ruledb_rule_terms(db, 3, &terms));
	ruledb_close(db);
}

static void data_stand_above_the_other_rules_of_their_feed(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();
	struct listing listing;

	fixture_feed(b, "f", "adult", RULES({"a.vn", EXCEPTION}));
	ruledb_builder_feed_options(b, false, true);
	fixture_special(b, "a.vn", 0, &TO_1);
	fixture_feed(b, "g", "games", RULES({"a.vn", EXCEPTION})); /* no rewriting here */
	fixture_special(b, "a.vn", 0, &TO_1);
	struct ruledb *db = fixture_open(b);

	assert_true(fixture_match(db, "a.vn", &listing));
	assert_int_equal(listing.categories, fixture_bit(db, "adult"));
	assert_int_equal(listing.data_count, 1);
	ruledb_close(db);
}

/* Twelve thousand rules with data reach the name: they are not weighed each with all others. */
static void a_name_of_many_labels_with_rules_at_each_is_answered(void **state)
{
	(void)state;
	enum {
		LABELS = 100,
		OF_LABEL = 120
	};
	struct ruledb_builder *b = fixture_builder();
	struct listing listing;
	char name[2 * LABELS + 1];

	for (size_t i = 0; i < LABELS; i++)
		memcpy(name + 2 * i, "a.", 2);
	name[2 * LABELS - 1] = 0;
	begin(b, "f", "adult");
	for (size_t i = 0; i + 2 <= LABELS; i++) {
		for (uint8_t k = 0; k < OF_LABEL; k++) {
			const uint8_t address[4] = {10, 0, 0, k};
			const struct rule_terms to = {.action = RULE_RECORD,
			    .data_type = A,
			    .data = {address, sizeof address}};
			fixture_special(b, name + 2 * i, k == 0 ? EXCEPTION : 0, &to);
		}
	}
	struct ruledb *db = fixture_open(b);

	for (unsigned i = 0; i < 20; i++)
		assert_true(fixture_match(db, name, &listing));
	ruledb_close(db);
}

static unsigned data_left(const char *name, unsigned kind, const struct rule_terms *undo)
{
	struct ruledb_builder *b = fixture_builder();
	struct listing listing;

	begin(b, "f", "adult");
	ruledb_builder_feed_options(b, false, true);
	fixture_special(b, "a.vn", 0, &TO_1);
	fixture_special(b, "a.vn", 0, &TO_2);
	fixture_special(b, "a.vn", IMPORTANT, &TO_NXDOMAIN);
	if (undo != NULL)
		fixture_special(b, name, kind, undo);
	struct ruledb *db = fixture_open(b);
	(void)fixture_match(db, "ok.a.vn", &listing);
	ruledb_close(db);
	return listing.data_count;
}

static void exceptions_with_data_undo_data_and_nothing_else(void **state)
{
	(void)state;
	assert_int_equal(data_left(NULL, 0, NULL), 3);
	assert_int_equal(data_left("ok.a.vn", EXCEPTION, &TO_1), 2);
	assert_int_equal(data_left("ok.a.vn", EXCEPTION, &TO_NXDOMAIN), 2);
	assert_int_equal(data_left("ok.a.vn", EXCEPTION, &ANY_DATA), 0);
	assert_int_equal(data_left("other.a.vn", EXCEPTION, &ANY_DATA), 3);

	struct ruledb_builder *b = fixture_builder();
	fixture_feed(b, "f", "adult", RULES({"a.vn", 0}));
	fixture_special(b, "a.vn", EXCEPTION, &ANY_DATA);
	struct ruledb *db = fixture_open(b);
	assert_true(lists(db, "a.vn", A));
	ruledb_close(db);
}

static void an_allow_feed_names_what_its_conditions_hold_for(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();
	struct fixture_asker aaaa = {.qtype = AAAA};
	struct listing listing;

	begin(b, "ok", "allow");
	fixture_special(b, "a.vn", 0, &ONLY_AAAA);
	struct ruledb *db = fixture_open(b);
	assert_true(fixture_ask(db, "x.a.vn", &aaaa, &listing));
	assert_true(listing.allowed);
	assert_int_equal(listing.allowed_depth, 2);
	assert_false(fixture_match(db, "x.a.vn", &listing));
	ruledb_close(db);
}

static void hits_show_special_rules_with_their_numbers(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();
	struct ruledb_hit hits[8];
	struct rule_terms terms;

	fixture_feed(b, "f", "adult", RULES({"a.vn", EXCEPTION}));
	fixture_special(b, "a.vn", IMPORTANT, &ONLY_AAAA);
	struct ruledb *db = fixture_open(b);
	struct name_hashes hashes;
	struct name_buf name = fixture_name("www.a.vn");
	fixture_hashes(db, "www.a.vn", &hashes);
	struct ruledb_question asked = {
	    .name = name_of(&name), .hashes = &hashes, .qtype = AAAA};

	assert_int_equal(ruledb_hits(db, fixture_scratch(), &asked, hits, 8), 2);
	assert_int_equal(hits[0].kind, EXCEPTION);
	assert_int_equal(hits[0].rule, RULEDB_NO_RULE);
	assert_false(hits[0].wins);
	assert_int_equal(hits[1].kind, IMPORTANT);
	assert_true(hits[1].wins);
	assert_true(ruledb_rule_terms(db, hits[1].rule, &terms));
	assert_int_equal(terms.types[0], AAAA);
	asked.qtype = A;
	assert_int_equal(ruledb_hits(db, fixture_scratch(), &asked, hits, 8), 1);
	assert_true(hits[0].wins);
	fixture_hashes(db, "a.vn", &hashes);
	assert_int_equal(
	    ruledb_kinds_of(db, &hashes, 0), 1u << EXCEPTION | 1u << IMPORTANT);
	ruledb_close(db);
}

static void rules_that_are_equal_are_kept_once(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();
	struct ruledb_stat stat;
	struct ruledb_feed feed;

	begin(b, "f", "adult");
	for (unsigned i = 0; i < 1000; i++)
		fixture_special(b, "a.vn", 0, &ONLY_AAAA);
	/* terms that say nothing make a plain rule */
	fixture_special(b, "b.vn", 0, &(struct rule_terms){.action = RULE_PLAIN});
	struct ruledb *db = fixture_open(b);
	ruledb_stat(db, &stat);
	assert_int_equal(stat.specials, 1);
	assert_int_equal(stat.rules, 2);
	assert_int_equal(stat.names, 2);
	assert_true(ruledb_feed_at(db, 0, &feed));
	assert_int_equal(feed.specials, 1);
	assert_int_equal(feed.names, 2);
	ruledb_close(db);
}

static void too_many_rules_for_one_name_are_left_out_and_counted(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();
	struct ruledb_feed feed;
	uint64_t lines;

	begin(b, "f", "adult");
	assert_int_equal(ruledb_builder_refused(b, "first", 3), OK);
	for (unsigned i = 0; i < RULEDB_SPECIALS_OF_NAME + 5; i++) {
		struct rule_terms terms = {.type_count = 1, .types = {(uint16_t)(i + 1)}};
		fixture_special(b, "a.vn", 0, &terms);
	}
	begin(b, "g", "games");
	assert_int_equal(ruledb_builder_refused(b, "second", 1), OK);
	struct ruledb *db = fixture_open(b);
	assert_true(ruledb_feed_at(db, 0, &feed));
	assert_int_equal(feed.specials, RULEDB_SPECIALS_OF_NAME);
	assert_int_equal(feed.refused, 8);
	assert_string_equal(ruledb_feed_reason(db, 0, 0, &lines), "first");
	assert_non_null(strstr(ruledb_feed_reason(db, 0, 1, &lines), "one name"));
	assert_int_equal(lines, 5);
	assert_string_equal(ruledb_feed_reason(db, 1, 0, &lines), "second");
	ruledb_close(db);
}

static void a_dropped_feed_takes_its_special_rules_along(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();
	struct ruledb_stat stat;

	begin(b, "f", "adult");
	fixture_special(b, "a.vn", 0, &ONLY_AAAA);
	begin(b, "g", "games");
	fixture_special(b, "a.vn", 0, &ONLY_AAAA);
	fixture_special(b, "b.vn", 0, &TO_1);
	fixture_pattern(b, "sexy[0-9]", 0);
	ruledb_builder_drop_feed(b);
	begin(b, "h", "games");
	fixture_special(b, "c.vn", 0, &TO_2);
	struct ruledb *db = fixture_open(b);
	ruledb_stat(db, &stat);
	assert_int_equal(stat.specials, 2);
	assert_int_equal(stat.patterns, 0);
	assert_true(lists(db, "a.vn", AAAA));
	assert_false(lists(db, "b.vn", A));
	assert_true(lists(db, "c.vn", A));
	ruledb_close(db);
}

static void the_ceiling_holds_for_special_rules_too(void **state)
{
	(void)state;
	struct ruledb_builder_options options = {.key = FIXTURE_KEY, .max_bytes = 200000};
	struct ruledb_builder *b;
	unsigned index, added = 0;
	enum err rc = OK;

	assert_int_equal(ruledb_builder_new(&b, &options), OK);
	assert_int_equal(ruledb_builder_feed(b, "f", "adult", &index), OK);
	for (; rc == OK && added < 100000; added++) {
		char text[32];
		(void)snprintf(text, sizeof text, "n%u.vn", added);
		struct name_buf name = fixture_name(text);
		struct rule rule = {.name = name_of(&name), .terms = &ONLY_AAAA};
		rc = ruledb_builder_add_rule(b, &rule);
	}
	assert_int_equal(rc, ERR_FULL);
	assert_in_range(added, 3000, 200000 / 36);
	ruledb_builder_free(b);
}

static void what_is_no_rule_is_refused(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();
	struct name_buf name = fixture_name("a.vn");
	struct rule rule = {.name = name_of(&name), .terms = &ONLY_AAAA};

	assert_int_equal(ruledb_builder_add_rule(b, &rule), ERR_RANGE); /* no feed yet */
	begin(b, "f", "adult");
	rule.kind = RULE_REACH_MASK;
	assert_int_equal(ruledb_builder_add_rule(b, &rule), ERR_RANGE);
	rule.kind = 0;
	rule.subject = RULE_OF_PATTERN;
	assert_int_equal(ruledb_builder_add_rule(b, &rule), ERR_RANGE);
	rule.subject = RULE_OF_NETWORK;
	assert_int_equal(ruledb_builder_add_rule(b, &rule), ERR_RANGE);
	ruledb_builder_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_rule_for_some_types_acts_on_those_alone),
	    cmocka_unit_test(an_exception_for_some_types_spares_those_alone),
	    cmocka_unit_test(important_rules_with_terms_outrank_plain_exceptions),
	    cmocka_unit_test(clients_and_tags_are_asked),
	    cmocka_unit_test(whoever_asks_no_condition_spares_a_name),
	    cmocka_unit_test(badfilter_undoes_the_equal_rule_of_its_own_feed),
	    cmocka_unit_test(the_longest_match_decides_in_a_feed_by_length),
	    cmocka_unit_test(an_exception_by_length_says_nothing_to_other_feeds),
	    cmocka_unit_test(data_answer_only_where_the_feed_may_rewrite),
	    cmocka_unit_test(data_stand_above_the_other_rules_of_their_feed),
	    cmocka_unit_test(a_name_of_many_labels_with_rules_at_each_is_answered),
	    cmocka_unit_test(exceptions_with_data_undo_data_and_nothing_else),
	    cmocka_unit_test(an_allow_feed_names_what_its_conditions_hold_for),
	    cmocka_unit_test(hits_show_special_rules_with_their_numbers),
	    cmocka_unit_test(rules_that_are_equal_are_kept_once),
	    cmocka_unit_test(too_many_rules_for_one_name_are_left_out_and_counted),
	    cmocka_unit_test(a_dropped_feed_takes_its_special_rules_along),
	    cmocka_unit_test(the_ceiling_holds_for_special_rules_too),
	    cmocka_unit_test(what_is_no_rule_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
