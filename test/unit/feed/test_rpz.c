#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "unit/feed/reading.h"

static void names_and_wildcards_are_told_apart(void **state)
{
	(void)state;
	expect_rules("rpz",
	    "$TTL 300\n@ SOA localhost. root.localhost. 1 2 3 4 5\n  NS localhost.\na.vn CNAME .\n*.a.vn CNAME .\nB.vn 60 IN CNAME *.\nc.vn IN 1h30m cname .\n",
	    "exact a.vn@4, below a.vn@5, exact b.vn@6, exact c.vn@7");
}

static void actions_are_kept(void **state)
{
	(void)state;
	expect_rules("rpz",
	    "a.vn CNAME rpz-passthru.\nb.vn CNAME rpz-drop.\nc.vn CNAME rpz-tcp-only.\n*.d.vn CNAME RPZ-PASSTHRU\ne.vn CNAME e.vn.\n",
	    "@@exact a.vn@1, exact b.vn =drop@2, exact c.vn =tcp@3, @@below d.vn@4, @@exact e.vn@5");
}

static void local_data_are_kept(void **state)
{
	(void)state;
	expect_rules("rpz",
	    "a.vn A 10.0.0.1\n     AAAA fd00::1\nb.vn CNAME safe.vn.\n*.c.vn TXT \"x; (y)\"\nd.vn MX 10 mail.d.vn.\ne.vn HTTPS 1 . alpn=h2\n",
	    "exact a.vn =A 10.0.0.1@1, exact a.vn =AAAA fd00::1@2, exact b.vn =CNAME safe.vn@3, below c.vn =TXT 7 octets@4, exact d.vn =MX 13 octets@5, exact e.vn =HTTPS 10 octets@6");
}

static void a_star_in_a_target_is_kept_for_who_answers(void **state)
{
	(void)state;
	expect_rules(
	    "rpz", "*.a.vn CNAME *.garden.vn.\n", "below a.vn =CNAME \\042.garden.vn@1");
}

static void a_sink_as_data_is_a_plain_block(void **state)
{
	(void)state;
	expect_rules("rpz", "a.vn A 0.0.0.0\nb.vn A 127.0.0.1\nc.vn AAAA ::\n",
	    "exact a.vn@1, exact b.vn@2, exact c.vn@3");
}

static void the_zone_is_cut_off_its_names(void **state)
{
	(void)state;
	expect_rules("rpz",
	    "$ORIGIN rpz.local.\n@ SOA a. b. 1 2 3 4 5\na.vn CNAME .\nb.vn.rpz.local. CNAME .\n$ORIGIN com.rpz.local.\nc CNAME .\n*.d CNAME safe.vn.rpz.local.\n",
	    "exact a.vn@3, exact b.vn@4, exact c.com@6, below d.com =CNAME safe.vn.rpz.local@7");
	expect_rules("rpz",
	    "rpz.local. 60 IN SOA a. b. 1 2 3 4 5\na.vn.rpz.local. 60 IN CNAME .\n*.a.vn.rpz.local. 60 IN CNAME .\n",
	    "exact a.vn@2, below a.vn@3");
	expect_rules("rpz", "a.vn. CNAME .\n", "exact a.vn@1");
}

static void a_record_may_take_several_lines(void **state)
{
	(void)state;
	expect_rules("rpz",
	    "@ IN SOA a. b. ( 1 ; serial\n 2 3\n 4 5 ) ; end\n IN NS localhost.\na.vn CNAME (\n . )\nb.vn TXT ( \"x\"\n \"y\" )\n",
	    "exact a.vn@6, exact b.vn =TXT 4 octets@8");
}

static void addresses_in_answers_are_networks(void **state)
{
	(void)state;
	expect_rules("rpz",
	    "24.0.2.0.192.rpz-ip CNAME .\n32.1.2.0.192.rpz-ip CNAME rpz-passthru.\n48.zz.db8.2001.rpz-ip CNAME .\n128.1.zz.db8.2001.rpz-ip A 10.0.0.1\n128.8.7.6.5.4.3.2.1.rpz-ip CNAME *.\n20.9.2.0.192.rpz-ip CNAME rpz-drop.\n",
	    "192.0.2.0/24@1, @@192.0.2.1/32@2, 2001:db8::/48@3, 2001:db8::1/128 =A 10.0.0.1@4, 1:2:3:4:5:6:7:8/128@5, 192.0.0.0/20 =drop@6");
}

static void what_cannot_be_honoured_is_refused(void **state)
{
	(void)state;
	expect_refused("rpz", "32.1.0.0.127.rpz-client-ip CNAME .", FEED_TRIGGER);
	expect_refused("rpz", "ns.vn.rpz-nsdname CNAME .", FEED_TRIGGER);
	expect_refused("rpz", "32.1.0.0.127.rpz-nsip CNAME .", FEED_TRIGGER);
	expect_refused("rpz", "* CNAME .", FEED_ROOT);
	expect_refused("rpz", "vn CNAME .", FEED_TLD);
	expect_refused("rpz", "*.com CNAME .", FEED_TLD);
	expect_refused("rpz", "a.*.vn CNAME .", FEED_PATTERN);
	expect_refused("rpz", "1.2.3.4 CNAME .", FEED_ADDRESS);
	expect_refused("rpz", "24.300.2.0.192.rpz-ip CNAME .", FEED_RECORD);
	expect_refused("rpz", "33.1.2.0.192.rpz-ip CNAME .", FEED_RECORD);
	expect_refused("rpz", "0.0.0.0.0.rpz-ip CNAME .", FEED_BROAD);
	expect_refused("rpz", "4.zz.2000.rpz-ip CNAME .", FEED_BROAD);
	expect_refused("rpz", "a.vn A fd00::1", FEED_RECORD);
	expect_refused("rpz", "a.vn MX nonsense", FEED_RECORD);
	expect_refused("rpz", "a.vn", FEED_BAD_LINE);
	expect_refused("rpz", "a.vn NONSENSE .", FEED_BAD_LINE);
	expect_refused("rpz", "  CNAME .", FEED_BAD_LINE);
	expect_refused("rpz", "$INCLUDE x", FEED_OPTION);
	expect_refused("rpz", "$GENERATE 1-9 a$ CNAME .", FEED_OPTION);
	struct reading r;

	reading_of(
	    &r, "rpz", "$ORIGIN rpz.local.\nelsewhere.vn. CNAME .\n*.rpz.local. CNAME .\n");
	assert_string_equal(r.rules, "");
	assert_int_equal(r.stats.refused[FEED_ZONE], 1);
	assert_int_equal(r.stats.refused[FEED_ROOT], 1);
}

static void a_parenthesis_that_never_closes_ends_with_the_file(void **state)
{
	(void)state;
	struct reading r;

	reading_of(&r, "rpz", "a.vn CNAME .\nb.vn TXT (\nc.vn CNAME .\n");
	assert_string_equal(r.rules, "exact a.vn@1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_and_wildcards_are_told_apart),
	    cmocka_unit_test(actions_are_kept),
	    cmocka_unit_test(local_data_are_kept),
	    cmocka_unit_test(a_star_in_a_target_is_kept_for_who_answers),
	    cmocka_unit_test(a_sink_as_data_is_a_plain_block),
	    cmocka_unit_test(the_zone_is_cut_off_its_names),
	    cmocka_unit_test(a_record_may_take_several_lines),
	    cmocka_unit_test(addresses_in_answers_are_networks),
	    cmocka_unit_test(what_cannot_be_honoured_is_refused),
	    cmocka_unit_test(a_parenthesis_that_never_closes_ends_with_the_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
