#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "ruledb/internal.h"
#include "unit/ruledb/fixture.h"

#define END             \
	{               \
		NULL, 0 \
	}
#define RULES(...) ((const struct fixture_rule[]){__VA_ARGS__, END})

static void an_empty_database_opens_and_lists_nothing(void **state)
{
	(void)state;
	struct ruledb *db = fixture_open(fixture_builder());
	struct ruledb_stat stat;
	struct listing listing;

	ruledb_stat(db, &stat);
	assert_int_equal(stat.names, 0);
	assert_int_equal(stat.generation, 7);
	assert_int_equal(stat.built_s, 1790000000);
	assert_false(fixture_match(db, "www.example.vn", &listing));
	ruledb_close(db);
}

static void names_are_counted_once_per_feed_and_category(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();
	fixture_feed(b, "f", "adult",
	    RULES({"a.vn", 0}, {"a.vn", 0}, {"b.vn", 0}, {"c.vn", RULE_EXCEPTION}));
	fixture_feed(b, "g", "adult", RULES({"a.vn", RULE_EXACT}, {"d.vn", 0}));
	fixture_feed(b, "h", "allow", RULES({"a.vn", 0}));
	struct ruledb *db = fixture_open(b);
	struct ruledb_stat stat;
	struct ruledb_feed feed;
	struct ruledb_category category;

	ruledb_stat(db, &stat);
	assert_int_equal(stat.names, 4);
	assert_int_equal(stat.rules, 6);
	assert_int_equal(stat.feeds, 3);
	assert_int_equal(stat.categories, 1);
	assert_true(ruledb_feed_at(db, 0, &feed));
	assert_int_equal(feed.names, 2);
	assert_int_equal(feed.exceptions, 1);
	assert_true(ruledb_feed_at(db, 1, &feed));
	assert_int_equal(feed.names, 2);
	assert_true(ruledb_feed_at(db, 2, &feed));
	assert_int_equal(feed.names, 1);
	assert_int_equal(feed.category, RULEDB_CATEGORY_ALLOW);
	assert_false(ruledb_feed_at(db, 3, &feed));
	assert_true(ruledb_category_at(db, 0, &category));
	assert_string_equal(category.name, "adult");
	assert_int_equal(category.names, 3);
	assert_false(ruledb_category_at(db, 1, &category));
	ruledb_close(db);
}

static void provenance_comes_back_as_it_was_given(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();
	struct ruledb_provenance from = {.url = "https://lists.example/a",
	    .source = "/var/lib/a.gz",
	    .format = "hosts",
	    .sha256 = "00ff",
	    .exact = true,
	    .fetched_s = 1789999999,
	    .rules = 12,
	    .idle = 3};
	fixture_feed(b, "f", "adult", RULES({"a.vn", 0}));
	assert_int_equal(ruledb_builder_provenance(b, &from), OK);
	assert_int_equal(ruledb_builder_refused(b, "not a name", 4), OK);
	assert_int_equal(ruledb_builder_refused(b, "an address", 1), OK);
	fixture_feed(b, "g", "adult", RULES({"b.vn", 0}));
	struct ruledb *db = fixture_open(b);
	struct ruledb_feed feed;
	uint64_t lines = 0;

	assert_true(ruledb_feed_at(db, 0, &feed));
	assert_string_equal(feed.name, "f");
	assert_string_equal(feed.url, "https://lists.example/a");
	assert_string_equal(feed.source, "/var/lib/a.gz");
	assert_string_equal(feed.format, "hosts");
	assert_string_equal(feed.sha256, "00ff");
	assert_true(feed.exact);
	assert_int_equal(feed.fetched_s, 1789999999);
	assert_int_equal(feed.rules, 12);
	assert_int_equal(feed.idle, 3);
	assert_int_equal(feed.refused, 5);
	assert_int_equal(feed.reasons, 2);
	assert_string_equal(ruledb_feed_reason(db, 0, 1, &lines), "an address");
	assert_int_equal(lines, 1);
	assert_null(ruledb_feed_reason(db, 0, 2, &lines));
	assert_true(ruledb_feed_at(db, 1, &feed));
	assert_string_equal(feed.url, "");
	assert_int_equal(feed.reasons, 0);
	ruledb_close(db);
}

static void a_dropped_feed_leaves_nothing_behind(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();
	fixture_feed(b, "f", "adult", RULES({"a.vn", 0}));
	fixture_feed(b, "html", "adult", RULES({"b.vn", 0}, {"a.vn", RULE_EXCEPTION}));
	assert_int_equal(ruledb_builder_refused(b, "x", 1), OK);
	ruledb_builder_drop_feed(b);
	fixture_feed(b, "g", "games", RULES({"c.vn", 0}));
	struct ruledb *db = fixture_open(b);
	struct listing listing;

	assert_true(fixture_match(db, "a.vn", &listing));
	assert_false(fixture_match(db, "b.vn", &listing));
	assert_true(fixture_match(db, "c.vn", &listing));
	assert_int_equal(listing.feeds[0], 2);
	ruledb_close(db);
}

static void the_ceiling_stops_the_builder_but_duplicates_do_not_count(void **state)
{
	(void)state;
	struct ruledb_builder_options options = {.key = FIXTURE_KEY, .max_bytes = 12000};
	struct ruledb_builder *b;
	unsigned feed;
	char text[32];
	enum err rc = OK;

	assert_int_equal(ruledb_builder_new(&b, &options), OK);
	assert_int_equal(ruledb_builder_feed(b, "f", "adult", &feed), OK);
	for (unsigned i = 0; i < 100000 && rc == OK; i++) {
		(void)snprintf(text, sizeof text, "n%u.vn", i % 300);
		struct name_buf name = fixture_name(text);
		rc = ruledb_builder_add(b, name_of(&name), 0);
	}
	assert_int_equal(rc, OK);
	for (unsigned i = 0; i < 2000 && rc == OK; i++) {
		(void)snprintf(text, sizeof text, "m%u.vn", i);
		struct name_buf name = fixture_name(text);
		rc = ruledb_builder_add(b, name_of(&name), 0);
	}
	assert_int_equal(rc, ERR_FULL);
	assert_true(ruledb_builder_rules(b) <= 1000);
	ruledb_builder_free(b);
}

static void wrong_use_is_refused(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();
	struct name_buf name = fixture_name("a.vn"), root = fixture_name(".");
	unsigned index;
	char text[16];

	assert_int_equal(ruledb_builder_add(b, name_of(&name), 0), ERR_RANGE);
	assert_int_equal(ruledb_builder_category(b, "allow", &index), ERR_RANGE);
	assert_int_equal(ruledb_builder_feed(b, "f", "adult", &index), OK);
	assert_int_equal(ruledb_builder_add(b, name_of(&name), 3), ERR_RANGE);
	assert_int_equal(ruledb_builder_add(b, name_of(&root), 0), ERR_RANGE);
	for (unsigned i = 1; i < RULEDB_CATEGORIES_MAX; i++) {
		(void)snprintf(text, sizeof text, "c%u", i);
		assert_int_equal(ruledb_builder_category(b, text, &index), OK);
	}
	assert_int_equal(ruledb_builder_category(b, "one-more", &index), ERR_FULL);
	assert_int_equal(ruledb_builder_category(b, "adult", &index), OK);
	assert_int_equal(index, 0);
	for (unsigned i = 1; i < RULEDB_FEEDS_MAX; i++)
		assert_int_equal(ruledb_builder_feed(b, "f", "adult", &index), OK);
	assert_int_equal(ruledb_builder_feed(b, "f", "adult", &index), ERR_FULL);
	ruledb_builder_free(b);
}

static void many_names_all_come_back_and_no_others(void **state)
{
	(void)state;
	enum {
		NAMES = 50000
	};
	struct ruledb_builder *b = fixture_builder();
	struct ruledb_stat stat;
	struct listing listing;
	unsigned index;
	char text[32];

	assert_int_equal(ruledb_builder_feed(b, "f", "adult", &index), OK);
	for (unsigned i = 0; i < NAMES; i++) {
		(void)snprintf(text, sizeof text, "n%u.vn", i);
		struct name_buf name = fixture_name(text);
		assert_int_equal(ruledb_builder_add(b, name_of(&name), 0), OK);
	}
	struct ruledb *db = fixture_open(b);
	ruledb_stat(db, &stat);
	assert_int_equal(stat.names, NAMES);
	assert_true(stat.size_bytes < NAMES * 9 + 2000);
	for (unsigned i = 0; i < NAMES; i++) {
		(void)snprintf(text, sizeof text, "www.n%u.vn", i);
		assert_true(fixture_match(db, text, &listing));
		(void)snprintf(text, sizeof text, "m%u.vn", i);
		assert_false(fixture_match(db, text, &listing));
	}
	ruledb_close(db);
}

/* More different combinations of feeds than an entry's 16 bits can number. */
static void more_sets_than_an_entry_can_name_overflow(void **state)
{
	(void)state;
	enum {
		NAMES = 66500,
		FEEDS = 17
	};
	struct ruledb_builder *b = fixture_builder();
	struct ruledb_stat stat;
	struct listing listing;
	unsigned index;
	char text[32];

	for (unsigned feed = 0; feed < FEEDS; feed++) {
		assert_int_equal(ruledb_builder_feed(b, "f", "adult", &index), OK);
		for (unsigned i = 1; i < NAMES; i++) {
			if ((i >> feed & 1) == 0)
				continue;
			(void)snprintf(text, sizeof text, "n%u.vn", i);
			struct name_buf name = fixture_name(text);
			assert_int_equal(ruledb_builder_add(b, name_of(&name), 0), OK);
		}
	}
	struct ruledb *db = fixture_open(b);
	ruledb_stat(db, &stat);
	assert_int_equal(stat.sets, NAMES - 1);
	for (unsigned i = 1; i < NAMES; i++) {
		(void)snprintf(text, sizeof text, "n%u.vn", i);
		assert_true(fixture_match(db, text, &listing));
		assert_int_equal(listing.feeds[0], i);
	}
	ruledb_close(db);
}

static void records_sort_by_hash_then_tag(void **state)
{
	(void)state;
	enum {
		COUNT = 20000
	};
	struct record *r = calloc(COUNT, sizeof *r);

	assert_non_null(r);
	for (uint32_t i = 0; i < COUNT; i++) {
		uint64_t h = hash_mix64(i);
		/* half of them share their hash, so that the tag's bytes are sorted too */
		r[i] = i % 2 ? (struct record){(uint32_t)(h >> 32), (uint32_t)h, i}
		             : (struct record){7, 7, (uint32_t)(h & 0xffff)};
	}
	records_sort(r, COUNT);
	for (size_t i = 1; i < COUNT; i++) {
		uint64_t a = record_hash(&r[i - 1]), b = record_hash(&r[i]);
		assert_true(a < b || (a == b && r[i - 1].tag <= r[i].tag));
	}
	size_t unique = records_unique(r, COUNT);
	assert_true(unique < COUNT);
	for (size_t i = 1; i < unique; i++)
		assert_true(record_hash(&r[i - 1]) != record_hash(&r[i]) ||
		    r[i - 1].tag < r[i].tag);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_empty_database_opens_and_lists_nothing),
	    cmocka_unit_test(names_are_counted_once_per_feed_and_category),
	    cmocka_unit_test(provenance_comes_back_as_it_was_given),
	    cmocka_unit_test(a_dropped_feed_leaves_nothing_behind),
	    cmocka_unit_test(the_ceiling_stops_the_builder_but_duplicates_do_not_count),
	    cmocka_unit_test(wrong_use_is_refused),
	    cmocka_unit_test(many_names_all_come_back_and_no_others),
	    cmocka_unit_test(more_sets_than_an_entry_can_name_overflow),
	    cmocka_unit_test(records_sort_by_hash_then_tag),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
