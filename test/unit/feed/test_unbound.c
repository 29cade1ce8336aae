#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "unit/feed/reading.h"

static void zones_that_answer_themselves_are_blocks(void **state)
{
	(void)state;
	expect_rules("unbound",
	    "server:\nlocal-zone: \"a.vn.\" always_null\nlocal-zone: b.vn static\nlocal-zone: 'c.vn' refuse # x\nlocal-zone: \"d.vn\" deny\nlocal-zone:\"e.vn\" always_nxdomain\nlocal-zone: \"f.vn\" inform_deny\nlocal-zone: \"g.vn\" redirect\nserver: local-zone: \"h.vn\" always_refuse\n",
	    "subtree a.vn@2, subtree b.vn@3, subtree c.vn@4, subtree d.vn@5, subtree e.vn@6, subtree f.vn@7, subtree g.vn@8, subtree h.vn@9");
}

static void zones_that_ask_as_usual_are_exceptions(void **state)
{
	(void)state;
	expect_rules("unbound",
	    "local-zone: \"a.vn\" transparent\nlocal-zone: \"b.vn\" typetransparent\nlocal-zone: \"c.vn\" always_transparent\nlocal-zone: \"d.vn\" inform\n",
	    "@@subtree a.vn@1, @@subtree b.vn@2, @@subtree c.vn@3, @@subtree d.vn@4");
}

static void a_zone_may_block_one_type(void **state)
{
	(void)state;
	expect_rules("unbound", "local-zone: \"a.vn\" block_a\n", "subtree a.vn A@1");
}

static void data_are_kept(void **state)
{
	(void)state;
	expect_rules("unbound",
	    "local-data: \"a.vn A 10.0.0.1\"\nlocal-data: \"b.vn. 300 IN AAAA fd00::1\"\nlocal-data: \"c.vn CNAME safe.vn.\"\nlocal-data: 'd.vn TXT \"x y\"'\nlocal-data: \"*.e.vn A 10.0.0.2\"\n",
	    "exact a.vn =A 10.0.0.1@1, exact b.vn =AAAA fd00::1@2, exact c.vn =CNAME safe.vn@3, exact d.vn =TXT 4 octets@4, below e.vn =A 10.0.0.2@5");
}

static void data_of_a_redirect_zone_are_for_all_below(void **state)
{
	(void)state;
	expect_rules("unbound",
	    "local-zone: \"a.vn\" redirect\nlocal-data: \"a.vn A 10.0.0.1\"\nlocal-data: \"b.vn A 10.0.0.1\"\n",
	    "subtree a.vn@1, subtree a.vn =A 10.0.0.1@2, exact b.vn =A 10.0.0.1@3");
}

static void a_sink_as_data_is_a_plain_block(void **state)
{
	(void)state;
	expect_rules("unbound",
	    "local-data: \"a.vn A 0.0.0.0\"\nlocal-data: \"b.vn AAAA ::1\"\n",
	    "exact a.vn@1, exact b.vn@2");
}

static void what_is_no_rule_is_refused(void **state)
{
	(void)state;
	expect_refused("unbound", "interface: 0.0.0.0", FEED_OPTION);
	expect_refused("unbound", "local-zone-tag: \"a.vn\" \"x\"", FEED_OPTION);
	expect_refused("unbound", "local-zone: \"a.vn\" nonsense", FEED_BAD_LINE);
	expect_refused("unbound", "local-zone: \"a.vn\"", FEED_BAD_LINE);
	expect_refused("unbound", "local-zone: \"a.vn\" static more", FEED_BAD_LINE);
	expect_refused("unbound", "local-zone: \"a.*\" static", FEED_PATTERN);
	expect_refused("unbound", "local-zone: \"vn\" static", FEED_TLD);
	expect_refused("unbound", "local-zone: \".\" static", FEED_ROOT);
	expect_refused("unbound", "local-zone: \"1.2.3.4\" static", FEED_ADDRESS);
	expect_refused("unbound", "local-data: \"a.vn A fd00::1\"", FEED_RECORD);
	expect_refused("unbound", "local-data: \"a.vn NONSENSE x\"", FEED_RECORD);
	expect_refused("unbound", "local-data: \"a.vn MX\"", FEED_RECORD);
	expect_refused("unbound", "!*.a.vn", FEED_BAD_LINE);
	expect_idle("unbound",
	    "local-zone: \"a.vn\" nodefault\nlocal-zone: \"localhost\" static\n", 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(zones_that_answer_themselves_are_blocks),
	    cmocka_unit_test(zones_that_ask_as_usual_are_exceptions),
	    cmocka_unit_test(a_zone_may_block_one_type),
	    cmocka_unit_test(data_are_kept),
	    cmocka_unit_test(data_of_a_redirect_zone_are_for_all_below),
	    cmocka_unit_test(a_sink_as_data_is_a_plain_block),
	    cmocka_unit_test(what_is_no_rule_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
