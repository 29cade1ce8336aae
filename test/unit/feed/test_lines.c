#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/feed/reading.h"

static void domains_are_one_name_a_line(void **state)
{
	(void)state;
	expect_rules("domains", "a.vn\nB.Example.COM.\n_x.a-b.vn",
	    "subtree a.vn@1, "
	    "subtree b.example.com@2, "
	    "subtree _x.a-b.vn@3");
	expect_rules("domains", "*.a.vn\n.b.vn\n=c.vn\n",
	    "subtree a.vn@1, subtree b.vn@2, exact c.vn@3");
}

static void match_exact_means_the_bare_name_alone(void **state)
{
	(void)state;
	struct reading r;

	reading_of_bytes(&r, "domains", MATCH_EXACT, SLICE_LIT("a.vn\n*.b.vn\n"), 0);
	assert_string_equal(r.rules, "exact a.vn@1, subtree b.vn@2");
	reading_of_bytes(&r, "hosts", MATCH_EXACT, SLICE_LIT("0.0.0.0 a.vn\n"), 0);
	assert_string_equal(r.rules, "exact a.vn@1");
	reading_of_bytes(&r, "adblock", MATCH_EXACT, SLICE_LIT("||a.vn^\nb.vn\n"), 0);
	assert_string_equal(r.rules, "subtree a.vn@1, exact b.vn@2");
}

static void hosts_lines_hold_any_address_and_many_names(void **state)
{
	(void)state;
	expect_rules("hosts",
	    "0.0.0.0 a.vn b.vn\tc.vn # tail\n"
	    "::1 d.vn\n127.0.0.1\te.vn\nfe80::1%lo0 f.vn\n:: g.vn\n0 h.vn\n192.0.2.7 i.vn\nj.vn\n",
	    "subtree a.vn@1, subtree b.vn@1, subtree c.vn@1, subtree d.vn@2, subtree e.vn@3, "
	    "subtree f.vn@4, subtree g.vn@5, subtree h.vn@6, subtree i.vn@7, subtree j.vn@8");
}

static void local_names_of_hosts_files_mean_nothing(void **state)
{
	(void)state;
	struct reading r;

	reading_of(&r, "hosts",
	    "127.0.0.1 localhost\n::1 ip6-localhost ip6-loopback\nff02::1 ip6-allnodes\n"
	    "255.255.255.255 broadcasthost\n127.0.0.1 localhost.localdomain\n127.0.0.1 local\n");
	assert_int_equal(r.stats.rules, 0);
	assert_int_equal(r.stats.idle, 7);
	assert_int_equal(feed_stats_refused(&r.stats), 0);
}

static void every_line_ending_counts_once(void **state)
{
	(void)state;
	expect_rules("domains",
	    "\xef\xbb\xbf"
	    "a.vn\r\nb.vn\rc.vn\n\nd.vn",
	    "subtree a.vn@1, subtree b.vn@2, subtree c.vn@3, subtree d.vn@5");
}

static void comments_and_blanks_are_no_mistakes(void **state)
{
	(void)state;
	struct reading r;

	reading_of(&r, "domains",
	    "# head\n; old\n! adblock\n// c\n   \n\n a.vn # tail\nb.vn#tail\n\t c.vn \n");
	assert_string_equal(r.rules, "subtree a.vn@7, subtree b.vn@8, subtree c.vn@9");
	assert_int_equal(r.stats.blank, 6);
	assert_int_equal(feed_stats_refused(&r.stats), 0);
}

static void u_labels_become_a_labels(void **state)
{
	(void)state;
	expect_rules("domains",
	    "b\xc3\xbc"
	    "cher.example\nB\xc3\x9c"
	    "CHER.example\n",
	    "subtree xn--bcher-kva.example@1, subtree xn--bcher-kva.example@2");
	expect_refused("domains", "a\xff.vn", FEED_BAD_IDN);
	expect_refused("domains",
	    "cg\xe2\x80\x91"
	    "dialup.net ",
	    FEED_BAD_IDN);
}

static void bad_lines_are_counted_with_their_reason(void **state)
{
	(void)state;
	expect_refused("domains", "1.2.3.4", FEED_ADDRESS);
	expect_refused("domains", "2001:db8::1", FEED_ADDRESS);
	expect_refused("domains", "10.0.0.0/8", FEED_ADDRESS);
	expect_refused("domains", "http://a.vn/x", FEED_URL);
	expect_refused("domains", "a.vn/path", FEED_URL);
	expect_refused("domains", "a..vn", FEED_BAD_NAME);
	expect_refused("domains", "a.123", FEED_BAD_NAME);
	expect_refused("domains", "a,b.vn", FEED_BAD_NAME);
	expect_refused("domains", "a.vn b.vn", FEED_BAD_LINE);
	expect_refused("domains", "ads.*", FEED_PATTERN);
	expect_refused("domains", "a.vn##.ad", FEED_BAD_NAME);
	expect_refused("hosts", "0.0.0.0 0.0.0.0", FEED_ADDRESS);
	expect_refused("domains", "a.\x01.vn", FEED_BAD_BYTES);
	expect_refused("domains",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.vn",
	    FEED_BAD_NAME);
}

static void a_nul_costs_its_line_alone(void **state)
{
	(void)state;
	struct reading r;

	reading_of_bytes(
	    &r, "domains", MATCH_SUBTREE, SLICE_LIT("a.vn\nb\0.vn\nc.vn\n"), 0);
	assert_string_equal(r.rules, "subtree a.vn@1, subtree c.vn@3");
	assert_int_equal(r.stats.refused[FEED_BAD_BYTES], 1);
}

static void root_tld_and_protected_names_are_ignored(void **state)
{
	(void)state;
	expect_refused("domains", ".", FEED_ROOT);
	expect_refused("domains", "*", FEED_ROOT);
	expect_refused("domains", "*.", FEED_ROOT);
	expect_refused("domains", "vn", FEED_TLD);
	expect_refused("domains", ".vn", FEED_TLD);
	expect_refused("domains", "*.com.", FEED_TLD);
	expect_refused("domains", "EDU.vn", FEED_PROTECTED);
	expect_refused("adblock", "||com^", FEED_TLD);
	assert_int_equal(feed_reason_class(FEED_TLD), FEED_CLASS_IGNORED);
}

static void the_first_lines_of_a_reason_are_kept(void **state)
{
	(void)state;
	struct reading r;

	reading_of(&r, "domains", "vn\na.vn\ncom\nnet\norg\nedu\ngov\n");
	assert_int_equal(r.stats.refused[FEED_TLD], 6);
	assert_int_equal(r.stats.first_lines[FEED_TLD][0], 1);
	assert_int_equal(r.stats.first_lines[FEED_TLD][1], 3);
	assert_int_equal(r.stats.first_lines[FEED_TLD][4], 6);
}

static void an_endless_line_is_refused_and_the_rest_goes_on(void **state)
{
	(void)state;
	enum {
		LONG = FEED_LINE_MAX_BYTES + 50000
	};
	uint8_t *text = malloc(LONG + 20);
	struct reading r;

	assert_non_null(text);
	memset(text, 'a', LONG);
	memcpy(text, "x.vn\n", 5);
	memcpy(text + LONG, "\ny.vn\n", 6);
	for (size_t chunk = 0; chunk < 70000; chunk += 33333) {
		reading_of_bytes(
		    &r, "domains", MATCH_SUBTREE, (struct slice){text, LONG + 6}, chunk);
		assert_string_equal(r.rules, "subtree x.vn@1, subtree y.vn@3");
		assert_int_equal(r.stats.refused[FEED_LINE_TOO_LONG], 1);
	}
	/* and one without an end */
	reading_of_bytes(&r, "domains", MATCH_SUBTREE, (struct slice){text, LONG}, 1000);
	assert_string_equal(r.rules, "subtree x.vn@1");
	assert_int_equal(r.stats.refused[FEED_LINE_TOO_LONG], 1);
	free(text);
}

static enum err stop_at_once(void *arg, const struct feed_rule *rule)
{
	(void)rule;
	(*(unsigned *)arg)++;
	return ERR_FULL;
}

static void an_error_of_the_callback_ends_the_parse(void **state)
{
	(void)state;
	unsigned calls = 0;
	struct feed_options options = {
	    .format = feed_format_find("hosts"), .on_rule = stop_at_once, .arg = &calls};
	struct feed_parser *p;

	assert_int_equal(feed_parser_new(&p, &options), OK);
	assert_int_equal(
	    feed_parser_push(p, SLICE_LIT("0.0.0.0 a.vn b.vn\n0.0.0.0 c.vn\n"), NULL), OK);
	assert_int_equal(feed_parser_finish(p, NULL), ERR_FULL);
	assert_int_equal(feed_parser_push(p, SLICE_LIT("d.vn\n"), NULL), ERR_FULL);
	assert_int_equal(calls, 1);
	feed_parser_free(p);
}

/* A BOM, CRLF, CR, upper case, a trailing dot, underscores, hyphens at the edge, a U-label, a
 * line that is too long, no newline at the end: in every format alike. */
static void every_format_bears_what_editors_do(void **state)
{
	(void)state;
	static const struct {
		const char *format, *before, *after, *kind;
	} formats[] = {
	    {"domains", "", "", "subtree"},
	    {"hosts", "0.0.0.0 ", "", "subtree"},
	    {"wildcard", "*.", "", "subtree"},
	    {"adblock", "||", "^", "subtree"},
	    {"dnsmasq", "address=/", "/#", "subtree"},
	    {"unbound", "local-zone: \"", "\" static", "subtree"},
	    {"rpz", "", " CNAME .", "exact"},
	    {"squidguard", "", "", "subtree"},
	};
	static const char *const names[] = {
	    "A.vn", "b.VN.", "_c.d_.vn", "-e.f-.vn", "m\xe1\xba\xa1ng.vn"};
	static const char *const read[] = {
	    "a.vn", "b.vn", "_c.d_.vn", "-e.f-.vn", "xn--mng-sgz.vn"};
	static const char *const ends[] = {"\r\n", "\r", "\n", "\r\n", ""};

	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		struct buf text = BUF_INIT(1 << 20), expected = BUF_INIT(1000);
		struct reading r;
		buf_text(&text, "\xef\xbb\xbf");
		for (unsigned k = 0; k < 5; k++) {
			buf_printf(&text, "%s%s%s%s", formats[i].before, names[k],
			    formats[i].after, ends[k]);
			buf_printf(&expected, "%s%s %s@%u", k == 0 ? "" : ", ",
			    formats[i].kind, read[k], k + 1);
		}
		reading_of_bytes(&r, formats[i].format, MATCH_SUBTREE, buf_slice(&text), 3);
		assert_string_equal(r.rules, buf_cstr(&expected));
		assert_int_equal(feed_stats_refused(&r.stats), 0);
		buf_text(&text, "\n");
		for (unsigned k = 0; k <= FEED_LINE_MAX_BYTES; k++)
			buf_byte(&text, 'x');
		reading_of_bytes(
		    &r, formats[i].format, MATCH_SUBTREE, buf_slice(&text), 4099);
		assert_string_equal(r.rules, buf_cstr(&expected));
		assert_int_equal(r.stats.refused[FEED_LINE_TOO_LONG], 1);
		buf_deinit(&text);
		buf_deinit(&expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(domains_are_one_name_a_line),
	    cmocka_unit_test(match_exact_means_the_bare_name_alone),
	    cmocka_unit_test(hosts_lines_hold_any_address_and_many_names),
	    cmocka_unit_test(local_names_of_hosts_files_mean_nothing),
	    cmocka_unit_test(every_line_ending_counts_once),
	    cmocka_unit_test(comments_and_blanks_are_no_mistakes),
	    cmocka_unit_test(u_labels_become_a_labels),
	    cmocka_unit_test(bad_lines_are_counted_with_their_reason),
	    cmocka_unit_test(a_nul_costs_its_line_alone),
	    cmocka_unit_test(root_tld_and_protected_names_are_ignored),
	    cmocka_unit_test(the_first_lines_of_a_reason_are_kept),
	    cmocka_unit_test(an_endless_line_is_refused_and_the_rest_goes_on),
	    cmocka_unit_test(an_error_of_the_callback_ends_the_parse),
	    cmocka_unit_test(every_format_bears_what_editors_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
