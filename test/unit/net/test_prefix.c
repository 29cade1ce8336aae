#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "net/prefix.h"

static struct prefix prefix_made(const char *text)
{
	struct prefix p;
	assert_int_equal(prefix_from_text(&p, slice_of(text), NULL), OK);
	return p;
}

static void prefixes_read_back_as_they_print(void **state)
{
	(void)state;
	static const char *const rows[][2] = {{"10.20.0.0/16", "10.20.0.0/16"},
	    {"0.0.0.0/0", "0.0.0.0/0"}, {"192.0.2.7", "192.0.2.7/32"},
	    {"2001:db8::/33", "2001:db8::/33"}, {"::/0", "::/0"}, {"::1", "::1/128"}};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char text[PREFIX_TEXT_MAX];
		struct prefix p = prefix_made(rows[i][0]);
		prefix_to_text(text, &p);
		assert_string_equal(text, rows[i][1]);
	}
}

static void bits_behind_the_mask_name_what_was_meant(void **state)
{
	(void)state;
	struct prefix p = {.length = 99};
	struct diag why;
	assert_int_equal(
	    prefix_from_text(&p, SLICE_LIT("10.20.30.40/17"), &why), ERR_FORMAT);
	assert_non_null(strstr(why.text, "10.20.0.0/17"));
	assert_int_equal(p.length, 99);
	assert_int_equal(
	    prefix_from_text(&p, SLICE_LIT("2001:db8::1/64"), &why), ERR_FORMAT);
	assert_non_null(strstr(why.text, "2001:db8::/64"));
}

static void malformed_prefixes_are_refused(void **state)
{
	(void)state;
	static const char *const rows[] = {"", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129",
	    "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.0:53/8", "[::]/0", "10.0.0.0/0x8",
	    "::ffff:10.0.0.0/104", "fe80::%9/64"};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct prefix p;
		struct diag why = {.text = ""};
		assert_int_equal(prefix_from_text(&p, slice_of(rows[i]), &why), ERR_FORMAT);
		assert_true(why.text[0] != '\0');
	}
}

static void containing_ends_at_the_last_bit(void **state)
{
	(void)state;
	static const struct {
		const char *prefix, *address;
		bool expected;
	} rows[] = {{"10.20.0.0/17", "10.20.127.255", true},
	    {"10.20.0.0/17", "10.20.128.0", false}, {"0.0.0.0/0", "9.9.9.9", true},
	    {"0.0.0.0/0", "::1", false}, {"192.0.2.7", "192.0.2.7", true},
	    {"192.0.2.7", "192.0.2.6", false}, {"2001:db8::/33", "2001:db8:7fff::", true},
	    {"2001:db8::/33", "2001:db8:8000::", false}};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct prefix p = prefix_made(rows[i].prefix);
		struct addr a;
		assert_int_equal(addr_from_text(&a, slice_of(rows[i].address), NULL), OK);
		assert_int_equal(prefix_contains(&p, &a), rows[i].expected);
	}
}

/* ---- ranges ---- */

static size_t range_of(struct prefix *out, const char *text)
{
	size_t count = 0;
	assert_int_equal(prefix_from_range_text(out, &count, slice_of(text), NULL), OK);
	return count;
}

static void a_range_becomes_the_fewest_prefixes(void **state)
{
	(void)state;
	static const struct {
		const char *range;
		const char *prefixes[6];
	} rows[] = {
	    {"10.0.0.0-10.255.255.255", {"10.0.0.0/8"}},
	    {"10.0.0.10-10.0.0.20",
	        {"10.0.0.10/31", "10.0.0.12/30", "10.0.0.16/30", "10.0.0.20/32"}},
	    {"0.0.0.0-255.255.255.255", {"0.0.0.0/0"}},
	    {"10.0.0.255 - 10.0.1.0", {"10.0.0.255/32", "10.0.1.0/32"}},
	    {"10.0.0.7-10.0.0.7", {"10.0.0.7/32"}},
	    {"2001:db8::1-2001:db8::2", {"2001:db8::1/128", "2001:db8::2/128"}},
	    {"10.1.0.0/16", {"10.1.0.0/16"}},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct prefix out[PREFIX_RANGE_MAX];
		size_t count = range_of(out, rows[i].range);
		for (size_t k = 0; k < count; k++) {
			char text[PREFIX_TEXT_MAX];
			prefix_to_text(text, &out[k]);
			assert_non_null(rows[i].prefixes[k]);
			assert_string_equal(text, rows[i].prefixes[k]);
		}
		assert_null(rows[i].prefixes[count]);
	}
}

static void the_longest_range_fits(void **state)
{
	(void)state;
	struct prefix out[PREFIX_RANGE_MAX];
	assert_int_equal(range_of(out, "::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"), 254);
}

static void ranges_go_up_within_one_family(void **state)
{
	(void)state;
	static const char *const rows[] = {"10.0.0.2-10.0.0.1", "10.0.0.1-::1", "10.0.0.1-",
	    "-10.0.0.1", "10.0.0.0/8-10.0.0.1", "10.0.0.1:5-10.0.0.2"};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct prefix out[PREFIX_RANGE_MAX];
		struct diag why = {.text = ""};
		size_t count = 7;
		assert_int_equal(
		    prefix_from_range_text(out, &count, slice_of(rows[i]), &why),
		    ERR_FORMAT);
		assert_int_equal(count, 7);
		assert_true(why.text[0] != '\0');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(prefixes_read_back_as_they_print),
	    cmocka_unit_test(bits_behind_the_mask_name_what_was_meant),
	    cmocka_unit_test(malformed_prefixes_are_refused),
	    cmocka_unit_test(containing_ends_at_the_last_bit),
	    cmocka_unit_test(a_range_becomes_the_fewest_prefixes),
	    cmocka_unit_test(the_longest_range_fits),
	    cmocka_unit_test(ranges_go_up_within_one_family),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
