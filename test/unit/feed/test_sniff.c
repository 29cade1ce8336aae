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
	    cmocka_unit_test(ordinary_lists_are_lists),
	    cmocka_unit_test(formats_are_recognised_from_their_lines),
	    cmocka_unit_test(a_list_with_much_garbage_is_not_of_its_format),
	    cmocka_unit_test(addresses_among_names_are_no_garbage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
