#include "feed/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "feed/tld.h"
#include "unit/feed/reading.h"

static enum feed_breadth breadth_of(const char *text)
{
	struct feed_pattern *p;

	assert_int_equal(feed_pattern_new(&p, slice_of(text)), OK);
	uint32_t slow_left = FEED_SLOW_TRIES_MAX;
	enum feed_breadth breadth = feed_pattern_breadth(p, &slow_left);
	feed_pattern_free(p);
	return breadth;
}

static bool matches(const char *pattern, const char *name)
{
	struct feed_pattern *p;
	struct name_buf buf;

	assert_int_equal(name_from_text(&buf, slice_of(name), NULL), OK);
	assert_int_equal(feed_pattern_new(&p, slice_of(pattern)), OK);
	bool yes = feed_pattern_matches(p, name_of(&buf));
	feed_pattern_free(p);
	return yes;
}

static void a_pattern_is_asked_of_the_whole_name(void **state)
{
	(void)state;
	assert_true(matches("^ads[0-9]*\\.a\\.vn$", "ads12.a.vn"));
	assert_true(matches("ADS", "x.ads.vn"));
	assert_false(matches("^ads\\.vn$", "x.ads.vn"));
	assert_false(matches("ads\\.vn\\.$", "ads.vn"));
}

static void what_cannot_be_read_is_no_pattern(void **state)
{
	(void)state;
	static const char *const broken[] = {
	    "", "(", "[a", "a{2,1}", "\\C", "(*UTF)a", "a**b("};
	struct feed_pattern *p;

	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
		if (feed_pattern_new(&p, slice_of(broken[i])) != ERR_FORMAT)
			fail_msg("\"%s\" was read", broken[i]);
	}
}

static void a_match_that_takes_too_long_is_cut(void **state)
{
	(void)state;
	char name[128];

	(void)snprintf(name, sizeof name, "%060d.%060d", 0, 0);
	assert_false(matches("^(0+)+x$", name));
	assert_int_equal(breadth_of("^(([a-z])+.)+[A-Z]([0-9])+z$"), FEED_BREADTH_FINE);
}

/* What one list's patterns cost to try is bounded, and costs the slow ones alone. */
static void patterns_that_are_slow_to_try_are_refused_in_the_end(void **state)
{
	static const char slow[] = "(?:[a-z0-9.-]?){9}[^a-z0-9.-]";
	struct feed_pattern *p, *quick;
	uint32_t slow_left = 100;

	(void)state;
	assert_int_equal(feed_pattern_new(&p, slice_of(slow)), OK);
	assert_int_equal(feed_pattern_breadth(p, &slow_left), FEED_BREADTH_UNKNOWN);
	assert_int_equal(slow_left, 0);
	assert_int_equal(feed_pattern_new(&quick, SLICE_LIT("\\.com$")), OK);
	assert_int_equal(feed_pattern_breadth(quick, &slow_left), FEED_BREADTH_SUFFIX);
	slow_left = 1000 * 1000;
	assert_int_equal(feed_pattern_breadth(p, &slow_left), FEED_BREADTH_FINE);
	feed_pattern_free(quick);
	feed_pattern_free(p);
}

/* All of them, so that no domain of the root zone can be covered by its own name. */
static void every_top_level_domain_is_guarded(void **state)
{
	(void)state;
	struct slice tld;
	size_t at = 0, count = 0;
	char text[80];

	for (; feed_tld_next(&tld, &at); count++) {
		(void)snprintf(
		    text, sizeof text, "\\.%.*s$", (int)tld.len, (const char *)tld.ptr);
		assert_true(feed_is_tld(tld));
		if (breadth_of(text) != FEED_BREADTH_SUFFIX)
			fail_msg("%s may be covered", text);
	}
	assert_true(count > 1400);
	assert_false(feed_is_tld(SLICE_LIT("adserver")));
	assert_false(feed_is_tld(SLICE_LIT("")));
}

static void breadth_is_told_by_made_up_names(void **state)
{
	(void)state;
	static const char *const any[] = {
	    ".", "\\.[a-z]{2}$", ".*", "[a-z]", "^[a-m]", "\\.", "o", "^.+\\..+$"};
	static const char *const suffix[] = {"\\.com$", "\\.(tk|ml|ga)$", "\\.t[kl]$",
	    "\\.vn", "\\.edu\\.vn$", "(.*)\\.(LLC|LOAN)$", "[a-z]{2}\\.tk$"};
	static const char *const fine[] = {"casino", "(?:^|\\.)ads", "^ads[0-9]+\\.",
	    "-ads-", "\\.ads\\.", "tiktok.*\\.vn$", "^(www[0-9]*\\.)?xn--",
	    "\\.duckdns\\.org$"};

	for (size_t i = 0; i < sizeof any / sizeof any[0]; i++) {
		if (breadth_of(any[i]) != FEED_BREADTH_ANY)
			fail_msg("%s does not count as any", any[i]);
	}
	for (size_t i = 0; i < sizeof suffix / sizeof suffix[0]; i++) {
		if (breadth_of(suffix[i]) != FEED_BREADTH_SUFFIX)
			fail_msg("%s does not count as a suffix", suffix[i]);
	}
	for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++) {
		if (breadth_of(fine[i]) != FEED_BREADTH_FINE)
			fail_msg("%s counts as too broad", fine[i]);
	}
}

/* Undoing rules are not tried on names, so that this test is quick. */
static void a_list_may_not_have_patterns_without_end(void **state)
{
	(void)state;
	static const char line[] = "||a*.b.vn^$badfilter\n";
	struct buf text = BUF_INIT(1 << 20);

	for (unsigned i = 0; i <= FEED_PATTERNS_MAX; i++)
		buf_text(&text, line);
	struct reading *r = calloc(1, sizeof *r);
	assert_non_null(r);
	reading_of_bytes(r, "adblock", MATCH_SUBTREE, buf_slice(&text), 0);
	assert_int_equal(r->stats.rules, FEED_PATTERNS_MAX);
	assert_int_equal(r->stats.refused[FEED_MANY], 1);
	free(r);
	buf_deinit(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_pattern_is_asked_of_the_whole_name),
	    cmocka_unit_test(what_cannot_be_read_is_no_pattern),
	    cmocka_unit_test(a_match_that_takes_too_long_is_cut),
	    cmocka_unit_test(patterns_that_are_slow_to_try_are_refused_in_the_end),
	    cmocka_unit_test(every_top_level_domain_is_guarded),
	    cmocka_unit_test(breadth_is_told_by_made_up_names),
	    cmocka_unit_test(a_list_may_not_have_patterns_without_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
