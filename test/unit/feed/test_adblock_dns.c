#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "unit/feed/reading.h"

static void record_types_are_kept(void **state)
{
	(void)state;
	expect_rules("adblock",
	    "||a.vn^$dnstype=A|aaaa\n||b.vn^$dnstype=~HTTPS|~TYPE65534,important\n",
	    "subtree a.vn A AAAA@1, !subtree b.vn ~HTTPS ~TYPE65534@2");
	expect_refused("adblock", "||a.vn^$dnstype=", FEED_VALUE);
	expect_refused("adblock", "||a.vn^$dnstype", FEED_VALUE);
	expect_rules("adblock", "||a.vn^$dnstype=A|~AAAA\n||b.vn^$dnstype=~A|~TXT|AAAA\n",
	    "subtree a.vn A@1, subtree b.vn AAAA@2");
	expect_refused("adblock", "||a.vn^$dnstype=NONSENSE", FEED_VALUE);
	expect_refused("adblock", "||a.vn^$dnstype=A|", FEED_VALUE);
}

static void left_out_names_are_kept(void **state)
{
	(void)state;
	expect_rules("adblock",
	    "||a.vn^$denyallow=b.a.vn|C.A.vn.|d.a.vn^\n@@||e.vn^$denyallow=f.e.vn\n",
	    "subtree a.vn but b.a.vn but c.a.vn but d.a.vn@1, @@subtree e.vn but f.e.vn@2");
	expect_refused("adblock", "||a.vn^$denyallow=*.a.vn", FEED_VALUE);
	expect_refused("adblock", "||a.vn^$denyallow=b.*", FEED_VALUE);
	expect_refused("adblock", "||a.vn^$denyallow=~b.vn", FEED_VALUE);
}

static void who_asks_is_kept(void **state)
{
	(void)state;
	expect_rules("adblock",
	    "||a.vn^$client=10.0.0.0/8|~10.1.2.3\n||b.vn^$client='Room \\'3\\''|~\"Bob\\, Eve\"\n||c.vn^$client=fd00::/9|phòng họp\n||d.vn^$client=10.1.2.3/8\n",
	    "subtree a.vn client 10.0.0.0/8 client ~10.1.2.3/32@1, subtree b.vn client Room '3' client ~Bob, Eve@2, subtree c.vn client fd00::/9 client phòng họp@3, subtree d.vn client 10.0.0.0/8@4");
	expect_refused("adblock", "||a.vn^$client=", FEED_VALUE);
	expect_refused("adblock", "||a.vn^$client=''", FEED_VALUE);
	expect_refused("adblock", "||a.vn^$client=a||b", FEED_VALUE);
}

static void device_tags_are_kept(void **state)
{
	(void)state;
	expect_rules("adblock", "||a.vn^$ctag=device_phone|~device_pc\n",
	    "subtree a.vn tag device_phone tag ~device_pc@1");
	expect_refused("adblock", "||a.vn^$ctag=Device Phone", FEED_VALUE);
	expect_refused("adblock", "||a.vn^$ctag=~", FEED_VALUE);
}

static void answers_in_short_form_are_kept(void **state)
{
	(void)state;
	expect_rules("adblock",
	    "|a.vn^$dnsrewrite=10.0.0.1\n|b.vn^$dnsrewrite=fd00::1\n|c.vn^$dnsrewrite=Safe.c.vn\n|d.vn^$dnsrewrite=NXDOMAIN\n|e.vn^$dnsrewrite=refused\n|f.vn^$dnsrewrite=NOERROR\n|g.vn^$dnsrewrite=SERVFAIL\n",
	    "exact a.vn =A 10.0.0.1@1, exact b.vn =AAAA fd00::1@2, exact c.vn =CNAME safe.c.vn@3, exact d.vn =nxdomain@4, exact e.vn =refused@5, exact f.vn =nodata@6, exact g.vn =refused@7");
	expect_refused("adblock", "|a.vn^$dnsrewrite=", FEED_VALUE);
	expect_refused("adblock", "|a.vn^$dnsrewrite", FEED_VALUE);
	expect_refused("adblock", "|a.vn^$dnsrewrite=a b", FEED_VALUE);
}

static void answers_in_full_form_are_kept(void **state)
{
	(void)state;
	expect_rules("adblock",
	    "|a.vn^$dnsrewrite=NOERROR;A;10.0.0.1\n|b.vn^$dnsrewrite=NOERROR;CNAME;safe.b.vn\n|c.vn^$dnsrewrite=NOERROR;MX;10 mail.c.vn\n|d.vn^$dnsrewrite=NOERROR;HTTPS;1 . alpn=h3\n|e.vn^$dnsrewrite=NXDOMAIN;;\n|f.vn^$dnsrewrite=NOERROR;TXT;hello_world\n|g.vn^$dnsrewrite=NOERROR;PTR;a.vn.\n|h.vn^$dnsrewrite=NOERROR;;\n",
	    "exact a.vn =A 10.0.0.1@1, exact b.vn =CNAME safe.b.vn@2, exact c.vn =MX 13 octets@3, exact d.vn =HTTPS 10 octets@4, exact e.vn =nxdomain@5, exact f.vn =TXT 12 octets@6, exact g.vn =PTR 6 octets@7, exact h.vn =nodata@8");
	expect_refused("adblock", "|a.vn^$dnsrewrite=NOERROR;A;fd00::1", FEED_VALUE);
	expect_refused("adblock", "|a.vn^$dnsrewrite=NOERROR;AAAA;10.0.0.1", FEED_VALUE);
	expect_refused("adblock", "|a.vn^$dnsrewrite=NXDOMAIN;A;10.0.0.1", FEED_VALUE);
	expect_refused("adblock", "|a.vn^$dnsrewrite=NOTHING;;", FEED_VALUE);
	expect_refused("adblock", "|a.vn^$dnsrewrite=NOERROR;;x", FEED_VALUE);
}

static void a_sink_as_answer_is_a_plain_block(void **state)
{
	(void)state;
	expect_rules("adblock",
	    "||a.vn^$dnsrewrite=0.0.0.0\n||b.vn^$dnsrewrite=NOERROR;A;127.0.0.1\n||c.vn^$dnsrewrite=::\n",
	    "subtree a.vn@1, subtree b.vn@2, subtree c.vn@3");
}

static void an_exception_takes_answers_back(void **state)
{
	(void)state;
	expect_rules("adblock", "@@||a.vn^$dnsrewrite\n@@||b.vn^$dnsrewrite=1.2.3.4\n",
	    "@@subtree a.vn =any@1, @@subtree b.vn =A 1.2.3.4@2");
}

static void what_undoes_a_rule_says_which(void **state)
{
	(void)state;
	expect_rules("adblock",
	    "||a.vn^$badfilter\n||b.vn^$important,badfilter\n||ads.*.vn^$badfilter\n",
	    "subtree a.vn badfilter@1, !subtree b.vn badfilter@2, /(?:^|\\.)ads\\..*\\.vn$/ badfilter@3");
}

static void patterns_keep_their_anchors(void **state)
{
	(void)state;
	expect_rules("adblock",
	    "||ad*.a.vn^\n|ads.\n-ads-\n*tracker*\n||word.\n||word*\n|ads*.a.vn|\nb.vn^\n://ads.\n@@||x*.a.vn^\n||stat*.a.vn\n_ad_\n-ad.gif\n",
	    "/(?:^|\\.)ad.*\\.a\\.vn$/@1, /^ads\\./@2, /-ads-/@3, /tracker/@4, /(?:^|\\.)word\\./@5, /(?:^|\\.)word/@6, /^ads.*\\.a\\.vn$/@7, /b\\.vn$/@8, /^ads\\./@9, @@/(?:^|\\.)x.*\\.a\\.vn$/@10, /(?:^|\\.)stat.*\\.a\\.vn/@11, /_ad_/@12, /-ad\\.gif/@13");
}

static void patterns_that_are_names_become_names(void **state)
{
	(void)state;
	expect_rules("adblock",
	    "*.a.vn\n.b.vn^\n://c.vn^\n://*.d.vn^\n||*.e.vn^\n.ads.com\n",
	    "below a.vn@1, below b.vn@2, exact c.vn@3, below d.vn@4, below e.vn@5, below ads.com@6");
}

static void expressions_are_kept_as_they_stand(void **state)
{
	(void)state;
	expect_rules("adblock",
	    "/^ads[0-9]+\\.a\\.vn$/\n@@/^x[0-9]\\.a\\.vn/$important\n/(^|\\.)b\\.vn$/\n/^c\\.vn$/$important\n/d{2}e\\.vn/$dnstype=A\n",
	    "/^ads[0-9]+\\.a\\.vn$/@1, @@!/^x[0-9]\\.a\\.vn/@2, subtree b.vn@3, !exact c.vn@4, /d{2}e\\.vn/ A@5");
	expect_refused("adblock", "/ads(/", FEED_BAD_PATTERN);
	expect_refused("adblock", "/^5\\.189\\.21[89]\\.\\d{1,3}$/", FEED_ADDRESS);
	expect_idle(
	    "adblock", "/^https?:\\/\\/ads\\./\n/ads/banner.\n/^(https?|tcp)://a/\n", 3);
}

static void what_only_urls_can_match_does_nothing(void **state)
{
	(void)state;
	expect_idle("adblock",
	    ".aspx?id=\n&banner=\n||a^b.vn^\n||a.vn/x*y^\n://a.vn/x\n*/ads/*\n||a.vn^$client=x,third-party\n",
	    7);
}

static void nothing_covers_a_top_level_domain(void **state)
{
	(void)state;
	expect_refused("adblock", "||xyz^", FEED_TLD);
	expect_refused("adblock", "||*.tk^", FEED_TLD);
	expect_refused("adblock", ".tk^", FEED_TLD);
	expect_refused("adblock", "*.tk", FEED_TLD);
	expect_refused("adblock", "/\\.tk$/", FEED_TLD);
	expect_refused("adblock", "/(^|\\.)tk$/", FEED_TLD);
	expect_refused("adblock", "/(.*)\\.(AAA|LLC|TK)$/", FEED_TLD);
	expect_refused("adblock", ".com^", FEED_TLD);
	expect_refused("adblock", "/\\.edu\\.vn$/", FEED_TLD);
	expect_refused("adblock", "/[a-z]{2}\\.(tk|ml)$/", FEED_TLD);
	expect_refused("adblock", ".club", FEED_TLD);
	expect_refused("adblock", "|tk^", FEED_TLD);
	expect_refused("adblock", "@@||vn^", FEED_TLD);
}

static void nothing_covers_what_has_nothing_in_common(void **state)
{
	(void)state;
	expect_refused("adblock", "*", FEED_ROOT);
	expect_refused("adblock", "||*^", FEED_ROOT);
	expect_refused("adblock", "||^", FEED_ROOT);
	expect_refused("adblock", "|", FEED_ROOT);
	expect_refused("adblock", "*$dnstype=HTTPS", FEED_ROOT);
	expect_refused("adblock", "$client=x", FEED_ROOT);
	expect_refused("adblock", "/./", FEED_BROAD);
	expect_refused("adblock", "/.*/", FEED_BROAD);
	expect_refused("adblock", "/^[a-m]/", FEED_BROAD);
	expect_refused("adblock", "/[0-9a-z]$/", FEED_BROAD);
	expect_refused("adblock", "*.*", FEED_ROOT);
	expect_rules(
	    "adblock", "*casino*\n||casino*^\n", "/casino/@1, /(?:^|\\.)casino/@2");
}

static void a_word_without_an_end_begins_names(void **state)
{
	(void)state;
	expect_rules("adblock", "||adserver\n||adserver.\n||word$important\n",
	    "/(?:^|\\.)adserver/@1, /(?:^|\\.)adserver\\./@2, !/(?:^|\\.)word/@3");
	expect_refused("adblock", "||adserver^", FEED_TLD);
	expect_refused("adblock", "||casino", FEED_TLD);
}

static void patterns_of_u_labels_are_refused(void **state)
{
	(void)state;
	expect_rules("adblock", "||m\xe1\xba\xa1ng.vn^\n||*.m\xe1\xba\xa1ng.vn^\n",
	    "subtree xn--mng-sgz.vn@1, below xn--mng-sgz.vn@2");
	expect_refused("adblock", "||x*.m\xe1\xba\xa1ng.vn^", FEED_PATTERN);
	expect_refused("adblock", "/m\xe1\xba\xa1ng/", FEED_BAD_PATTERN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(record_types_are_kept),
	    cmocka_unit_test(left_out_names_are_kept),
	    cmocka_unit_test(who_asks_is_kept),
	    cmocka_unit_test(device_tags_are_kept),
	    cmocka_unit_test(answers_in_short_form_are_kept),
	    cmocka_unit_test(answers_in_full_form_are_kept),
	    cmocka_unit_test(a_sink_as_answer_is_a_plain_block),
	    cmocka_unit_test(an_exception_takes_answers_back),
	    cmocka_unit_test(what_undoes_a_rule_says_which),
	    cmocka_unit_test(patterns_keep_their_anchors),
	    cmocka_unit_test(patterns_that_are_names_become_names),
	    cmocka_unit_test(expressions_are_kept_as_they_stand),
	    cmocka_unit_test(what_only_urls_can_match_does_nothing),
	    cmocka_unit_test(nothing_covers_a_top_level_domain),
	    cmocka_unit_test(nothing_covers_what_has_nothing_in_common),
	    cmocka_unit_test(a_word_without_an_end_begins_names),
	    cmocka_unit_test(patterns_of_u_labels_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
