#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "unit/feed/reading.h"

static void anchored_names_are_subtrees(void **state)
{
	(void)state;
	expect_rules("adblock", "||a.vn^\n||b.vn\n||c.vn^|\n||d.vn^*\n||E.vn.^\n",
	    "subtree a.vn@1, subtree b.vn@2, subtree c.vn@3, subtree d.vn@4, subtree e.vn@5");
	expect_rules("adblock", "||*.a.vn^\n|b.vn^\n|c.vn|\n",
	    "below a.vn@1, exact b.vn@2, exact c.vn@3");
}

static void exceptions_and_importance_are_kept(void **state)
{
	(void)state;
	expect_rules("adblock",
	    "@@||a.vn^\n||b.vn^$important\n@@||c.vn^$important\n@@|d.vn^\n||e.vn^$all\n"
	    "||f.vn$all,important\n@@g.vn\n",
	    "@@subtree a.vn@1, !subtree b.vn@2, @@!subtree c.vn@3, @@exact d.vn@4, "
	    "subtree e.vn@5, !subtree f.vn@6, @@subtree g.vn@7");
}

static void bare_names_and_hosts_lines_are_read_too(void **state)
{
	(void)state;
	expect_rules("adblock", "a.vn\n0.0.0.0 b.vn\n||c.vn^ # tail\n",
	    "subtree a.vn@1, subtree b.vn@2, subtree c.vn@3");
}

static void comments_are_blank(void **state)
{
	(void)state;
	struct reading r;

	reading_of(&r, "adblock", "[Adblock Plus 2.0]\n! Title: x\n# note\n!#if adguard\n");
	assert_int_equal(r.stats.blank, 4);
	assert_int_equal(feed_stats_refused(&r.stats), 0);
	assert_int_equal(r.stats.rules, 0);
}

static void rules_for_browsers_alone_do_nothing(void **state)
{
	(void)state;
	struct reading r;

	reading_of(&r, "adblock",
	    "##.ad\na.vn##.ad\na.vn#@#.ad\na.vn#?#.x\na.vn#$#x\na.vn#%#x\na.vn$$script[x]\n"
	    "||a.vn^$third-party\n||a.vn^$~script,domain=b.vn\n@@||a.vn^$generichide\n"
	    "||a.vn/ads/\n/ads/banner.\n|https://a.vn/\n||a.vn:8080^\n"
	    "a.vn##div:has(> a, b)\n||a.vn^$important,popup\n");
	assert_string_equal(r.rules, "");
	assert_int_equal(r.stats.idle, 16);
	assert_int_equal(feed_stats_refused(&r.stats), 0);
}

static void paths_of_nothing_or_of_anything_are_the_name(void **state)
{
	(void)state;
	expect_rules("adblock",
	    "||a.vn/\n||b.vn/*\n|http://c.vn^\nhttp://D.vn/\n@@|http://e.vn|\n",
	    "subtree a.vn@1, subtree b.vn@2, exact c.vn@3, exact d.vn@4, @@exact e.vn@5");
	expect_idle("adblock", "||a.vn/x\n||a.vn/*x\n||a.vn//\n", 3);
	expect_idle("adblock", "|https://a.vn^\nhttp://a.vn/x\nhttp://a.vn:80/\n", 3);
}

static void what_cannot_be_honoured_is_refused(void **state)
{
	(void)state;
	expect_refused("adblock", "||a.vn^$nonsense", FEED_MODIFIER);
	expect_refused("adblock", "||a.vn^$", FEED_MODIFIER);
	expect_refused("adblock", "||a.vn^$third-party,nonsense", FEED_MODIFIER);
	expect_refused("adblock", "||a.vn^$important,nonsense=1", FEED_MODIFIER);
	expect_refused("adblock", "||1.2.3.4^", FEED_ADDRESS);
	expect_refused("adblock", "||a..vn^", FEED_BAD_NAME);
	expect_refused("adblock", "||a.vn ^", FEED_BAD_LINE);
	expect_refused("adblock", "in", FEED_TLD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(anchored_names_are_subtrees),
	    cmocka_unit_test(exceptions_and_importance_are_kept),
	    cmocka_unit_test(bare_names_and_hosts_lines_are_read_too),
	    cmocka_unit_test(comments_are_blank),
	    cmocka_unit_test(rules_for_browsers_alone_do_nothing),
	    cmocka_unit_test(paths_of_nothing_or_of_anything_are_the_name),
	    cmocka_unit_test(what_cannot_be_honoured_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
