#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "unit/feed/reading.h"

static void blocks_of_all_spellings_are_subtrees(void **state)
{
	(void)state;
	expect_rules("dnsmasq",
	    "address=/a.vn/0.0.0.0\naddress=/b.vn/\naddress=/c.vn/#\naddress=/d.vn/127.0.0.1\naddress=/e.vn/::\nserver=/f.vn/\nlocal=/g.vn/\nserver=/h.vn/0.0.0.0\nserver=/i.vn/127.0.0.1#5353\n",
	    "subtree a.vn@1, subtree b.vn@2, subtree c.vn@3, subtree d.vn@4, subtree e.vn@5, subtree f.vn@6, subtree g.vn@7, subtree h.vn@8, subtree i.vn@9");
}

static void several_names_share_a_line(void **state)
{
	(void)state;
	expect_rules("dnsmasq", "address=/a.vn/B.vn./c.vn/#\nserver=/d.vn/e.vn/\n",
	    "subtree a.vn@1, subtree b.vn@1, subtree c.vn@1, subtree d.vn@2, subtree e.vn@2");
}

static void a_real_address_is_data(void **state)
{
	(void)state;
	expect_rules("dnsmasq", "address=/a.vn/10.0.0.1\naddress=/b.vn/fd00::1\n",
	    "subtree a.vn =A 10.0.0.1@1, subtree b.vn =AAAA fd00::1@2");
}

static void a_real_server_is_an_exception(void **state)
{
	(void)state;
	expect_rules("dnsmasq",
	    "server=/a.vn/9.9.9.9\nserver=/b.vn/#\nserver=/c.vn/9.9.9.9#53@eth0\nserver=/d.vn/2620:fe::fe\n",
	    "@@subtree a.vn@1, @@subtree b.vn@2, @@subtree c.vn@3, @@subtree d.vn@4");
}

static void aliases_and_hosts_are_data(void **state)
{
	(void)state;
	expect_rules("dnsmasq",
	    "cname=a.vn,*.b.vn,safe.vn\ncname=c.vn,safe.vn,300\nhost-record=d.vn,e.vn,10.0.0.1,fd00::1,60\n",
	    "exact a.vn =CNAME safe.vn@1, below b.vn =CNAME safe.vn@1, exact c.vn =CNAME safe.vn@2, exact d.vn =A 10.0.0.1@3, exact e.vn =A 10.0.0.1@3, exact d.vn =AAAA fd00::1@3, exact e.vn =AAAA fd00::1@3");
}

static void wildcards_are_kept(void **state)
{
	(void)state;
	expect_rules("dnsmasq", "address=/*.a.vn/#\naddress=/*ads.b.vn/#\nserver=/.c.vn/\n",
	    "below a.vn@1, /ads\\.b\\.vn$/@2, subtree c.vn@3");
}

static void comments_are_blank(void **state)
{
	(void)state;
	struct reading r;

	reading_of(&r, "dnsmasq", "# x\naddress=/a.vn/# # y\n");
	assert_string_equal(r.rules, "subtree a.vn@2");
	assert_int_equal(r.stats.blank, 1);
}

static void what_is_no_rule_is_refused(void **state)
{
	(void)state;
	expect_refused("dnsmasq", "server=9.9.9.9", FEED_OPTION);
	expect_refused("dnsmasq", "dhcp-range=a,b", FEED_OPTION);
	expect_refused("dnsmasq", "no-resolv", FEED_OPTION);
	expect_refused("dnsmasq", "ptr-record=a,b", FEED_OPTION);
	expect_refused("dnsmasq", "address=/#/1.2.3.4", FEED_ROOT);
	expect_refused("dnsmasq", "address=/vn/0.0.0.0", FEED_TLD);
	expect_refused("dnsmasq", "address=/*vn/0.0.0.0", FEED_TLD);
	expect_refused("dnsmasq", "server=/196.245.56.0/24", FEED_ADDRESS);
	expect_refused("dnsmasq", "address=/1.2.3.4/0.0.0.0", FEED_ADDRESS);
	expect_refused("dnsmasq", "address=/a.vn/nonsense", FEED_BAD_LINE);
	expect_refused("dnsmasq", "address=a.vn", FEED_BAD_LINE);
	expect_refused("dnsmasq", "cname=a.vn", FEED_BAD_LINE);
	expect_refused("dnsmasq", "cname=a.vn,b..c", FEED_RECORD);
	expect_refused("dnsmasq", "host-record=a.vn", FEED_BAD_LINE);
	expect_refused("dnsmasq", "address=/a..vn/#", FEED_BAD_NAME);
	expect_refused("dnsmasq", "<a>", FEED_BAD_LINE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(blocks_of_all_spellings_are_subtrees),
	    cmocka_unit_test(several_names_share_a_line),
	    cmocka_unit_test(a_real_address_is_data),
	    cmocka_unit_test(a_real_server_is_an_exception),
	    cmocka_unit_test(aliases_and_hosts_are_data),
	    cmocka_unit_test(wildcards_are_kept),
	    cmocka_unit_test(comments_are_blank),
	    cmocka_unit_test(what_is_no_rule_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
