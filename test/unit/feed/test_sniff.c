#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "unit/feed/reading.h"

static void expect_no_list(struct slice text)
{
	struct reading r;
	struct diag why = {0};

	assert_int_equal(feed_sniff(text, &why), ERR_FORMAT);
	assert_true(why.text[0] != '\0');
	for (size_t chunk = 0; chunk < 8; chunk += 7) {
		reading_of_bytes(&r, NULL, MATCH_SUBTREE, text, chunk);
		assert_int_equal(r.rc, ERR_FORMAT);
		assert_string_equal(r.why.text, why.text);
		assert_string_equal(r.rules, "");
	}
}

static void web_pages_are_no_lists(void **state)
{
	(void)state;
	expect_no_list(SLICE_LIT("<html><body>a.vn\nb.vn\n"));
	expect_no_list(SLICE_LIT("\xef\xbb\xbf \r\n\t<!DocType HTML>\na.vn\n"));
	expect_no_list(SLICE_LIT("<!-- made by x -->\n<HTML>\na.vn\n"));
}

static void other_encodings_and_binaries_are_no_lists(void **state)
{
	(void)state;
	expect_no_list(SLICE_LIT("\xff\xfe"
	                         "a\0.\0v\0n\0\n\0"));
	expect_no_list(SLICE_LIT("\0a\0.\0v\0n\0\n\0b\0.\0v\0n"));
	expect_no_list(SLICE_LIT("\x1f\x8b\x08\0\0\0\0\0\0\x03"));
	expect_no_list(SLICE_LIT("PK\x03\x04\x14\0\0\0"));
	expect_no_list(
	    SLICE_LIT("\x7f"
	              "ELF\x02\x01\x01\x03\x04\x05\x06\x07\x02\x03\x03\x02\x01"));
}

static void rules_of_other_programs_are_no_lists(void **state)
{
	(void)state;
	expect_no_list(SLICE_LIT("{\n \"rules\": [ \"a.vn\" ]\n}\n"));
	expect_no_list(SLICE_LIT("[\n\"a.vn\",\n\"b.vn\"\n]\n"));
	expect_no_list(SLICE_LIT("payload:\n  - '+.a.vn'\n  - '+.b.vn'\n  - '+.c.vn'\n"));
	expect_no_list(
	    SLICE_LIT("# x\nDOMAIN-SUFFIX,a.vn\nDOMAIN,b.vn\nDOMAIN-KEYWORD,c\n"));
	expect_no_list(SLICE_LIT(
	    "HOST-SUFFIX,a.vn,REJECT\nHOST,b.vn,REJECT\nHOST-KEYWORD,c,REJECT\n"));
	expect_no_list(SLICE_LIT("\xef\xbb\xbf# x\nALL: a.vn\nALL: b.vn\nALL: c.vn\n"));
	expect_no_list(SLICE_LIT("a.vn\nb.vn @cn\nfull:c.vn\nd.vn\n"));
	expect_no_list(SLICE_LIT("include:a\ninclude:b\nc.vn\n"));
}

static void a_stray_line_of_another_language_costs_itself(void **state)
{
	(void)state;
	struct reading r;

	reading_of(&r, "domains", "a.vn\nfull:b.vn\nc.vn\nDOMAIN,d.vn\ne.vn\n");
	assert_int_equal(r.rc, OK);
	assert_string_equal(r.rules, "subtree a.vn@1, subtree c.vn@3, subtree e.vn@5");
	assert_int_equal(feed_stats_refused(&r.stats), 2);
	assert_int_equal(feed_sniff(SLICE_LIT("[Adblock Plus 2.0]\n||a.vn^\n"), NULL), OK);
}

/* Read as names, an address list gives none, and says what it holds instead. */
static void a_list_of_addresses_is_judged_by_its_lines(void **state)
{
	(void)state;
	struct reading r;
	struct diag why = {0};

	reading_of(&r, NULL, "1.0.0.1 # one\n1.1.1.1\n9.9.9.9\n");
	assert_int_equal(feed_judge(&r.stats, r.format, &why), ERR_FORMAT);
	assert_string_equal(
	    why.text, "no name could be read from it: an address, not a name");
	reading_of(&r, NULL, "https://a.vn/x\nhttps://b.vn/?y\n");
	assert_int_equal(feed_judge(&r.stats, r.format, &why), ERR_FORMAT);
	assert_string_equal(
	    why.text, "no name could be read from it: a URL or a path, not a name");
}

static void ordinary_lists_are_lists(void **state)
{
	(void)state;
	assert_int_equal(feed_sniff(SLICE_LIT("# <html>\na.vn\n"), NULL), OK);
	assert_int_equal(feed_sniff(SLICE_LIT("! Ti\xc3\xaa"
	                                      "u \xc4\x91\xe1\xbb\x81\n"),
	                     NULL),
	    OK);
	assert_int_equal(feed_sniff(SLICE_EMPTY, NULL), OK);
}

static void expect_format(const char *text, const char *format)
{
	struct reading r;

	reading_of(&r, NULL, text);
	assert_int_equal(r.rc, OK);
	assert_non_null(r.format);
	assert_string_equal(feed_format_name(r.format), format);
}

static void formats_are_recognised_from_their_lines(void **state)
{
	(void)state;
	expect_format("a.vn$important\n", "adblock");
	expect_format("server:\nlocal-zone: \"a.vn\" static\n", "unbound");
	expect_format("local-data: \"a.vn A 10.0.0.1\"\n", "unbound");
	expect_format("# x\naddress=/a.vn/#\nserver=/b.vn/\n", "dnsmasq");
	expect_format("cname=a.vn,b.vn\n", "dnsmasq");
	expect_format("$TTL 300\n@ SOA a. b. 1 2 3 4 5\na.vn CNAME .\n", "rpz");
	expect_format("; x\na.vn 60 IN CNAME rpz-passthru.\n", "rpz");
	expect_format("(^|\\.)ads[0-9]*\\.a\\.vn$\n^stat[0-9]*[_.-]\n", "regex");
	expect_format("/^ads[0-9]\\.a\\.vn$/\n/x\\.y/$important\n", "adblock");
	expect_format("*.a.vn\nads.*\nb.vn\n", "wildcard");
	expect_format("# x\na.vn\nb.vn\n", "domains");
	expect_format("# x\n0.0.0.0 a.vn\n", "hosts");
	expect_format("127.0.0.1 localhost\n::1 localhost\n0.0.0.0 a.vn\nb.vn\n", "hosts");
	expect_format("*.a.vn\n*.b.vn\nc.vn\n", "wildcard");
	expect_format("! Title: x\n||a.vn^\n@@||b.vn^\n", "adblock");
	expect_format("[Adblock Plus 2.0]\na.vn\n", "adblock");
	expect_format("", "domains");
	assert_null(feed_format_guess(SLICE_LIT("{\"a\": [1, 2]}\n[\n")));
	assert_null(feed_format_find("auto"));
	assert_string_equal(feed_format_names()[0], "domains");
}

/* `good` names and `bad` lines of nonsense. */
static enum err judge(unsigned good, unsigned bad, struct diag *why)
{
	static char text[65536];
	size_t used = 0;
	struct reading r;

	for (unsigned i = 0; i < good + bad; i++)
		used += (size_t)snprintf(
		    text + used, sizeof text - used, i < good ? "n%u.vn\n" : "? %u !\n", i);
	reading_of_bytes(
	    &r, "domains", MATCH_SUBTREE, (struct slice){(uint8_t *)text, used}, 0);
	return feed_judge(&r.stats, r.format, why);
}

static void a_long_licence_hides_no_format(void **state)
{
	static char text[200 * 1024];
	static const char *const rules[] = {"||a.vn^\n||b.vn^\n",
	    "0.0.0.0 a.vn\n::1 b.vn\n",
	    "local-zone: \"a.vn\" static\nlocal-zone: \"b.vn\" static\n"};
	static const char *const formats[] = {"adblock", "hosts", "unbound"};
	struct reading r;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rules); i++) {
		size_t len = 0;
		while (len < sizeof text - 200)
			len += (size_t)snprintf(text + len, sizeof text - len,
			    "# as is, without warranty of any kind (%zu)\n", len);
		len += (size_t)snprintf(text + len, sizeof text - len, "%s", rules[i]);
		for (size_t chunk = 0; chunk < 8; chunk += 7) {
			reading_of_bytes(&r, NULL, MATCH_SUBTREE,
			    (struct slice){(uint8_t *)text, len}, chunk);
			assert_int_equal(r.rc, OK);
			assert_string_equal(feed_format_name(r.format), formats[i]);
			assert_int_equal(r.count, 2);
		}
	}
}

static void a_list_with_much_garbage_is_not_of_its_format(void **state)
{
	(void)state;
	struct diag why = {0};

	assert_int_equal(judge(99, 1, &why), OK);
	assert_int_equal(judge(96, 4, &why), OK);
	assert_int_equal(judge(95, 5, &why), ERR_FORMAT);
	assert_non_null(strstr(why.text, "domains"));
	assert_int_equal(judge(10, 5, &why), OK); /* too few to tell */
	assert_int_equal(judge(0, 0, &why), ERR_FORMAT);
	assert_int_equal(judge(0, 3, &why), ERR_FORMAT);
}

static void addresses_among_names_are_no_garbage(void **state)
{
	(void)state;
	char text[4096];
	size_t used = 0;
	struct reading r;

	for (unsigned i = 0; i < 100; i++)
		used += (size_t)snprintf(text + used, sizeof text - used,
		    i % 2 ? "0.0.0.0 n%u.vn\n" : "0.0.0.0 192.0.2.%u\n", i);
	reading_of_bytes(
	    &r, "hosts", MATCH_SUBTREE, (struct slice){(uint8_t *)text, used}, 0);
	assert_int_equal(r.stats.refused[FEED_ADDRESS], 50);
	assert_int_equal(feed_judge(&r.stats, r.format, NULL), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(web_pages_are_no_lists),
	    cmocka_unit_test(other_encodings_and_binaries_are_no_lists),
	    cmocka_unit_test(rules_of_other_programs_are_no_lists),
	    cmocka_unit_test(a_stray_line_of_another_language_costs_itself),
	    cmocka_unit_test(a_list_of_addresses_is_judged_by_its_lines),
	    cmocka_unit_test(ordinary_lists_are_lists),
	    cmocka_unit_test(formats_are_recognised_from_their_lines),
	    cmocka_unit_test(a_long_licence_hides_no_format),
	    cmocka_unit_test(a_list_with_much_garbage_is_not_of_its_format),
	    cmocka_unit_test(addresses_among_names_are_no_garbage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
