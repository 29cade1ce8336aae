/* Patterns: their literals, their limits, and the memory of names. */
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

struct literal_case {
	const char *pattern;
	const char *literals; /* one behind the other, "|" between; "" for none */
};

static void literals_are(const struct literal_case *c)
{
	struct literal found[LITERALS_MAX];
	char text[512] = "";
	size_t used = 0;

	size_t count = pattern_literals(slice_of(c->pattern), found);
	for (size_t i = 0; i < count; i++) {
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%.*s",
		    i == 0 ? "" : "|", (int)found[i].len, (const char *)found[i].bytes);
	}
	if (strcmp(text, c->literals) != 0)
		print_error("%s\n", c->pattern);
	assert_string_equal(text, c->literals);
}

static void the_certain_letters_of_a_pattern_are_found(void **state)
{
	(void)state;
	static const struct literal_case cases[] = {{"sex", "sex"}, {"SeX", "sex"},
	    {"^ads\\.example\\.com$", "ads.example.com"},
	    {"(^|\\.)doubleclick\\.net$", "doubleclick.net"}, {"ad", ""},
	    {"abc?def", "def"}, {"abc*", ""}, {"abcd*", "abc"}, {"ab+cde", "cde"},
	    {"abc+", "abc"}, {"abc{2}", "abc"}, {"abc{0,2}", ""}, {"abcd{0}", "abc"},
	    {"abc{,2}", ""}, {"a.bcd", "bcd"}, {"[abc]def", "def"}, {"[]abc]def", "def"},
	    {"[^]abc]def", "def"}, {"[[:alpha:]]def", "def"}, {"[a\\]b]def", "def"},
	    {"(abc)?", ""}, {"(?:abc)def", "def"}, {"(a(b[)]c)d)efg", "efg"},
	    {"abc|defg", "abc|defg"}, {"abc|de", ""}, {"(abc|de)fgh", "fgh"},
	    {"\\dabc", "abc"}, {"\\x61bcdef", ""}, {"\\Qabc\\E", ""}, {"(abc)\\1def", ""},
	    {"(?i)abc", ""}, {"(?#abc)def", ""}, {"(*ACCEPT)abc", ""}, {"(?R)abc", ""},
	    {"(?!abc)def", "def"}, {"(?<=abc)def", "def"}, {"(?<!abc)def", "def"},
	    {"(?<name>abc)def", ""}, {"abc++d", "abc"}, {"abc(", ""}, {"abc[", ""},
	    {"abc\\", ""}, {"", ""}, {"abc||def", ""}, {"ab\\.cd", "ab.cd"},
	    {"x\\-y\\_z", "x-y_z"}, {"abc{x}", ""}, {"^.{50,}\\.xyz$", ".xyz"}};

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		literals_are(&cases[i]);
}

static struct ruledb *database_of(const char *const *patterns, size_t count)
{
	struct ruledb_builder *b = fixture_builder();

	fixture_feed(b, "f", "adult", RULES(END));
	for (size_t i = 0; i < count; i++)
		fixture_pattern(b, patterns[i], 0);
	return fixture_open(b);
}

static void patterns_are_asked_of_the_whole_name(void **state)
{
	(void)state;
	static const char *const patterns[] = {
	    "^ads[0-9]*\\.", "casino", "\\.bet$", "^x{2,3}\\."};
	static const struct {
		const char *name;
		bool listed;
	} cases[] = {{"ads.vn", true}, {"ads12.a.vn", true}, {"ads-x.vn", false},
	    {"my-casino.com", true}, {"CASINO.vn", true}, {"a.bet", true},
	    {"a.bet.vn", false}, {"xx.vn", true}, {"x.vn", false}, {"cas.ino", false}};
	struct ruledb *db = database_of(patterns, COUNT_OF(patterns));
	struct listing listing;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		/* the second time it is known */
		for (int again = 0; again < 2; again++) {
			assert_int_equal(
			    fixture_match(db, cases[i].name, &listing), cases[i].listed);
			assert_int_equal(listing.named, cases[i].listed);
		}
	}
	ruledb_close(db);
}

static void a_pattern_is_weighed_with_the_names_of_its_feed(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();
	struct listing listing;

	fixture_feed(b, "f", "adult", RULES({"good-casino.vn", RULE_EXCEPTION}));
	fixture_pattern(b, "casino", 0);
	fixture_feed(b, "g", "games", RULES({"games.vn", 0}));
	fixture_pattern(b, "^school\\.", RULE_EXCEPTION);
	struct ruledb *db = fixture_open(b);

	assert_true(fixture_match(db, "casino.vn", &listing));
	assert_int_equal(listing.categories, fixture_bit(db, "adult"));
	assert_int_equal(listing.depth[__builtin_ctzll(listing.categories)], 0);
	assert_false(fixture_match(db, "good-casino.vn", &listing));
	assert_true(listing.named);
	assert_true(fixture_match(db, "games.vn", &listing));
	assert_false(fixture_match(db, "school.games.vn", &listing));
	/* with a name as well, the name's depth counts */
	assert_true(fixture_match(db, "casino.games.vn", &listing));
	assert_int_equal(listing.depth[__builtin_ctzll(fixture_bit(db, "games"))], 2);
	ruledb_close(db);
}

static void a_pattern_that_never_ends_is_cut_counted_and_named(void **state)
{
	(void)state;
	static const char *const patterns[] = {"^(([a-z])+.)+[A-Z]([a-z])+[0-9]longer$"};
	struct ruledb *db = database_of(patterns, 1);
	struct ruledb_scratch_stats before, after;
	struct ruledb_pattern pattern;
	struct ruledb_stat stat;
	struct listing listing;
	char name[130];

	memset(name, 'a', sizeof name);
	name[60] = '.';
	memcpy(name + 100, "longer", 7);
	ruledb_scratch_stats(fixture_scratch(), &before);
	assert_false(fixture_match(db, name, &listing));
	ruledb_scratch_stats(fixture_scratch(), &after);
	assert_int_equal(after.cut, before.cut + 1);
	assert_true(ruledb_pattern_at(db, 0, &pattern));
	assert_int_equal(pattern.cut, 1);
	assert_int_equal(pattern.feed, 0);
	assert_true(slice_equal(pattern.text, slice_of(patterns[0])));
	assert_false(ruledb_pattern_at(db, 1, &pattern));
	ruledb_stat(db, &stat);
	assert_int_equal(stat.cut, 1);
	/* remembered: the same name costs nothing again */
	assert_false(fixture_match(db, name, &listing));
	assert_true(ruledb_pattern_at(db, 0, &pattern));
	assert_int_equal(pattern.cut, 1);
	ruledb_close(db);
}

/* 253 octets of few letters: what a hostile list waits for. */
static void long_name(char out[254], char letter)
{
	memset(out, letter, 253);
	out[253] = 0;
	for (size_t i = 63; i < 253; i += 64)
		out[i] = '.';
}

static void letters_that_many_patterns_share_are_looked_for_once(void **state)
{
	(void)state;
	enum {
		COUNT = 3000
	};
	struct ruledb_builder *b = fixture_builder();
	struct ruledb_scratch_stats before, after;
	struct listing listing;
	char pattern[64], name[254];

	fixture_feed(b, "f", "adult", RULES(END));
	for (unsigned i = 0; i < COUNT; i++) {
		(void)snprintf(
		    pattern, sizeof pattern, "aaa[%u]{1,%u}|aaa[x-z]", i % 10, i / 10 + 1);
		fixture_pattern(b, pattern, 0);
	}
	struct ruledb *db = fixture_open(b);
	long_name(name, 'a');
	ruledb_scratch_stats(fixture_scratch(), &before);
	assert_false(fixture_match(db, name, &listing));
	ruledb_scratch_stats(fixture_scratch(), &after);
	assert_true(after.looks - before.looks <= 2 * COUNT);
	assert_true(after.runs - before.runs <= PATTERN_RUNS_MAX);
	assert_true(after.cut > before.cut);
	ruledb_close(db);
}

/* Each stays below PCRE2's limit at every letter that it is begun at. */
static void patterns_that_are_slow_together_are_cut(void **state)
{
	(void)state;
	enum {
		COUNT = 40
	};
	struct ruledb_builder *b = fixture_builder();
	struct ruledb_scratch_stats before, after;
	struct ruledb_stat stat;
	struct listing listing;
	char pattern[64], name[254];

	fixture_feed(b, "f", "adult", RULES(END));
	for (unsigned i = 0; i < COUNT; i++) {
		(void)snprintf(
		    pattern, sizeof pattern, "(?:[a-z]{1,8}){1,3}aaa[0-9]{1,%u}", i + 1);
		fixture_pattern(b, pattern, 0);
	}
	struct ruledb *db = fixture_open(b);
	long_name(name, 'a');
	ruledb_scratch_stats(fixture_scratch(), &before);
	assert_false(fixture_match(db, name, &listing));
	ruledb_scratch_stats(fixture_scratch(), &after);
	assert_int_equal(after.slow - before.slow, PATTERN_SLOW_MAX);
	ruledb_stat(db, &stat);
	assert_true(stat.cut >= COUNT - PATTERN_SLOW_MAX);
	/* a slow pattern alone decides as ever */
	assert_true(fixture_match(db, "bbbbbbbbbbbbbbbbbbbbbbbbbaaa7.vn", &listing));
	ruledb_close(db);
}

static void a_name_seen_again_is_not_put_to_the_patterns(void **state)
{
	(void)state;
	static const char *const patterns[] = {"casino", "bet365", "[0-9]{8}"};
	struct ruledb *db = database_of(patterns, COUNT_OF(patterns));
	struct ruledb_scratch_stats first, second;
	struct listing listing;

	assert_true(fixture_match(db, "casino-bet365.com", &listing));
	ruledb_scratch_stats(fixture_scratch(), &first);
	for (int i = 0; i < 10; i++)
		assert_true(fixture_match(db, "casino-bet365.com", &listing));
	ruledb_scratch_stats(fixture_scratch(), &second);
	assert_int_equal(second.runs, first.runs);
	assert_int_equal(second.names, first.names);
	assert_int_equal(second.memory, first.memory + 10);
	ruledb_close(db);
}

static void the_memory_of_one_database_says_nothing_of_another(void **state)
{
	(void)state;
	/* the same key: only what the databases hold differs */
	static const char *const first[] = {"casino"}, *const second[] = {"bet365"};
	struct ruledb *a = database_of(first, 1), *b = database_of(second, 1);
	struct listing listing;

	for (int i = 0; i < 3; i++) {
		assert_true(fixture_match(a, "casino.com", &listing));
		assert_false(fixture_match(b, "casino.com", &listing));
		assert_false(fixture_match(a, "bet365.com", &listing));
		assert_true(fixture_match(b, "bet365.com", &listing));
	}
	ruledb_close(a);
	ruledb_close(b);
}

static void conditions_are_judged_anew_for_a_name_seen_before(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();
	struct listing listing;
	struct rule_terms terms = {
	    .pattern = SLICE_LIT("casino"), .type_count = 1, .types = {28}};

	fixture_feed(b, "f", "adult", RULES(END));
	fixture_special(b, NULL, 0, &terms);
	struct ruledb *db = fixture_open(b);
	struct fixture_asker a = {.qtype = 1}, aaaa = {.qtype = 28};
	for (int i = 0; i < 2; i++) {
		assert_false(fixture_ask(db, "casino.vn", &a, &listing));
		assert_true(listing.named);
		assert_true(fixture_ask(db, "casino.vn", &aaaa, &listing));
	}
	ruledb_close(db);
}

static void a_name_with_many_hits_is_right_each_time(void **state)
{
	(void)state;
	static const char *const patterns[] = {
	    "abc", "bcd", "cde", "def", "efg", "fgh", "ghi", "hij"};
	struct ruledb *db = database_of(patterns, COUNT_OF(patterns));
	struct name_buf name = fixture_name("abcdefghij.vn");
	struct name_hashes hashes;
	struct ruledb_hit hits[16];

	fixture_hashes(db, "abcdefghij.vn", &hashes);
	struct ruledb_question asked = {.name = name_of(&name), .hashes = &hashes};
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ruledb_hits(db, fixture_scratch(), &asked, hits, 16), 8);
	}
	ruledb_close(db);
}

static uint64_t refused_because(const struct ruledb *db, const char *words)
{
	uint64_t lines = 0;

	for (unsigned k = 0;; k++) {
		const char *reason = ruledb_feed_reason(db, 0, k, &lines);
		if (reason == NULL)
			return 0;
		if (strstr(reason, words) != NULL)
			return lines;
	}
}

static void patterns_that_no_reader_could_use_are_refused_and_counted(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();
	struct ruledb_feed feed;

	fixture_feed(b, "f", "adult", RULES(END));
	fixture_pattern(b, "abc(", 0);
	fixture_pattern(b, "\\Cabc", 0);
	fixture_pattern(b, "(*UTF)abc", 0);
	fixture_pattern(b, "(?:abcd[ef]ghij){700}", 0);
	for (unsigned i = 0; i < RULEDB_ALWAYS_MAX + 8; i++) {
		char text[16];
		(void)snprintf(text, sizeof text, "a[0-9]{%u}", i + 1);
		fixture_pattern(b, text, 0);
	}
	fixture_pattern(b, "a[0-9]{1}", 0); /* a duplicate */
	struct ruledb *db = fixture_open(b);
	assert_true(ruledb_feed_at(db, 0, &feed));
	assert_int_equal(refused_because(db, "no regular expression"), 3);
	assert_int_equal(refused_because(db, "too large"), 1);
	assert_int_equal(refused_because(db, "without three certain letters"), 8);
	assert_int_equal(feed.patterns, RULEDB_ALWAYS_MAX);
	assert_int_equal(feed.refused, 12);
	ruledb_close(db);
}

static void a_category_filled_by_patterns_alone_is_not_empty(void **state)
{
	(void)state;
	static const char *const patterns[] = {"casino", "bet365"};
	struct ruledb *db = database_of(patterns, 2);
	struct ruledb_category category;

	assert_true(ruledb_category_at(db, 0, &category));
	assert_int_equal(category.names, 0);
	assert_int_equal(category.others, 2);
	ruledb_close(db);
}

/* What the literals leave out must be what PCRE2 would not have matched. */
static void the_prefilter_changes_no_verdict(void **state)
{
	(void)state;
	static const char *const parts[] = {"abc", "a", "bcd?", "[bc]", "(abc|bcd)", ".",
	    "x+", "\\.", "^", "$", "(?:d)", "cda|", "b{2}", "ab*"};
	static const char *const letters = "abcdx.";
	uint64_t random = 20261122;

	for (unsigned round = 0; round < 300; round++) {
		char pattern[128] = "", name[32];
		size_t used = 0;
		for (unsigned i = 0; i < 5; i++) {
			random = hash_mix64(random + 1);
			used += (size_t)snprintf(pattern + used, sizeof pattern - used,
			    "%s", parts[random % COUNT_OF(parts)]);
		}
		/* the same pattern, hidden from the search for literals */
		char hidden[160];
		(void)snprintf(hidden, sizeof hidden, "(?i)(?:%s)", pattern);
		const char *const one[] = {pattern}, *const other[] = {hidden};
		size_t size;
		if (pattern_check(slice_of(pattern), &size) == PATTERN_DOES_NOT_COMPILE)
			continue;
		struct ruledb *a = database_of(one, 1), *b = database_of(other, 1);
		for (unsigned n = 0; n < 50; n++) {
			struct listing x, y;
			size_t len = 0;
			while (len < 12) {
				random = hash_mix64(random + 1);
				char c = letters[random % 6];
				if (c == '.' && (len == 0 || name[len - 1] == '.'))
					c = 'a';
				name[len++] = c;
			}
			(void)snprintf(name + len, sizeof name - len, "a.vn");
			bool first = fixture_match(a, name, &x);
			if (first != fixture_match(b, name, &y))
				print_error("%s %s\n", pattern, name);
			assert_int_equal(first, y.categories != 0);
		}
		ruledb_close(a);
		ruledb_close(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_certain_letters_of_a_pattern_are_found),
	    cmocka_unit_test(patterns_are_asked_of_the_whole_name),
	    cmocka_unit_test(a_pattern_is_weighed_with_the_names_of_its_feed),
	    cmocka_unit_test(a_pattern_that_never_ends_is_cut_counted_and_named),
	    cmocka_unit_test(letters_that_many_patterns_share_are_looked_for_once),
	    cmocka_unit_test(patterns_that_are_slow_together_are_cut),
	    cmocka_unit_test(a_name_seen_again_is_not_put_to_the_patterns),
	    cmocka_unit_test(the_memory_of_one_database_says_nothing_of_another),
	    cmocka_unit_test(conditions_are_judged_anew_for_a_name_seen_before),
	    cmocka_unit_test(a_name_with_many_hits_is_right_each_time),
	    cmocka_unit_test(patterns_that_no_reader_could_use_are_refused_and_counted),
	    cmocka_unit_test(a_category_filled_by_patterns_alone_is_not_empty),
	    cmocka_unit_test(the_prefilter_changes_no_verdict),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
