#include "feed/find.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct heard {
	char text[1024];
	size_t used;
};

static enum err hear(void *arg, const struct feed_hit *hit)
{
	struct heard *heard = arg;
	int n = snprintf(heard->text + heard->used, sizeof heard->text - heard->used,
	    "[%zu depth %u line %u: %.*s]", hit->query, hit->depth,
	    (unsigned)hit->rule->line, (int)hit->rule->text.len,
	    (const char *)hit->rule->text.ptr);

	if (n > 0 && (size_t)n < sizeof heard->text - heard->used)
		heard->used += (size_t)n;
	return OK;
}

static void search(
    struct heard *heard, const char *const *names, struct slice text, size_t chunk)
{
	struct feed_options options = {.format = feed_format_find("adblock")};
	struct feed_find *f;

	*heard = (struct heard){.used = 0};
	assert_int_equal(feed_find_new(&f, &options, 100), OK);
	for (; *names != NULL; names++) {
		struct name_buf name;
		assert_int_equal(name_from_text(&name, slice_of(*names), NULL), OK);
		assert_int_equal(feed_find_add(f, name_of(&name)), OK);
	}
	feed_find_on_hit(f, hear, heard);
	while (text.len > 0) {
		size_t n = text.len < chunk ? text.len : chunk;
		assert_int_equal(feed_find_push(f, (struct slice){text.ptr, n}, NULL), OK);
		text = (struct slice){text.ptr + n, text.len - n};
	}
	assert_int_equal(feed_find_finish(f, NULL), OK);
	feed_find_free(f);
}

#define FEED                                                  \
	SLICE_LIT("! title\n||a.vn^\n|www.a.vn^\n||*.b.vn^\n" \
	          "@@||x.a.vn^$important\n||a.vn.example^\n||a.vn^ # again\n")

static void rules_at_or_above_are_found_with_line_and_text(void **state)
{
	(void)state;
	struct heard heard;

	for (size_t chunk = 1; chunk < 100; chunk *= 7) {
		search(&heard, (const char *const[]){"www.a.vn", NULL}, FEED, chunk);
		assert_string_equal(heard.text,
		    "[0 depth 2 line 2: ||a.vn^][0 depth 3 line 3: |www.a.vn^]"
		    "[0 depth 2 line 7: ||a.vn^ # again]");
	}
}

static void the_reach_of_a_rule_is_respected(void **state)
{
	(void)state;
	struct heard heard;

	search(&heard, (const char *const[]){"b.vn", "c.www.a.vn", "c.b.vn", NULL}, FEED,
	    1000);
	assert_string_equal(heard.text,
	    "[1 depth 2 line 2: ||a.vn^][2 depth 2 line 4: ||*.b.vn^]"
	    "[1 depth 2 line 7: ||a.vn^ # again]");
}

static void a_batch_hears_of_each_name(void **state)
{
	(void)state;
	struct heard heard;

	search(&heard, (const char *const[]){"x.a.vn", "nothing.example", "x.a.vn", NULL},
	    SLICE_LIT("@@||x.a.vn^\n"), 5);
	assert_string_equal(
	    heard.text, "[0 depth 3 line 1: @@||x.a.vn^][2 depth 3 line 1: @@||x.a.vn^]");
}

static void rules_with_conditions_are_found_by_their_names(void **state)
{
	(void)state;
	struct heard heard;

	search(&heard, (const char *const[]){"x.a.vn", NULL},
	    SLICE_LIT("||a.vn^$dnstype=A\n||x.a.vn^$denyallow=x.a.vn\n||b.vn^$client=x\n"),
	    7);
	assert_string_equal(heard.text,
	    "[0 depth 2 line 1: ||a.vn^$dnstype=A]"
	    "[0 depth 3 line 2: ||x.a.vn^$denyallow=x.a.vn]");
}

static void patterns_are_found_by_what_they_match(void **state)
{
	(void)state;
	struct heard heard;

	search(&heard, (const char *const[]){"ads1.a.vn", "a.vn", "my-ads-1.b.vn", NULL},
	    SLICE_LIT("||ads*.a.vn^\n-ads-\n/^ads[0-9]/\n/\\.tk$/\n@@|ads1.\n"), 1000);
	assert_string_equal(heard.text,
	    "[0 depth 0 line 1: ||ads*.a.vn^][2 depth 0 line 2: -ads-]"
	    "[0 depth 0 line 3: /^ads[0-9]/][0 depth 0 line 5: @@|ads1.]");
}

static void the_batch_is_bounded(void **state)
{
	(void)state;
	struct feed_options options = {.format = NULL};
	struct feed_find *f;
	struct name_buf name;

	assert_int_equal(name_from_text(&name, SLICE_LIT("a.vn"), NULL), OK);
	assert_int_equal(feed_find_new(&f, &options, 2), OK);
	assert_int_equal(feed_find_add(f, name_of(&name)), OK);
	assert_int_equal(feed_find_add(f, name_of(&name)), OK);
	assert_int_equal(feed_find_add(f, name_of(&name)), ERR_FULL);
	feed_find_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rules_at_or_above_are_found_with_line_and_text),
	    cmocka_unit_test(the_reach_of_a_rule_is_respected),
	    cmocka_unit_test(a_batch_hears_of_each_name),
	    cmocka_unit_test(rules_with_conditions_are_found_by_their_names),
	    cmocka_unit_test(patterns_are_found_by_what_they_match),
	    cmocka_unit_test(the_batch_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
