/* The body of a form: what a browser sends is read, anything else is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "page/form.h"

static struct form form;

static enum err parse(const char *text)
{
	return form_parse(&form, slice_of(text));
}

static void assert_value(const char *name, const char *expected)
{
	struct slice value = form_value(&form, name);

	assert_non_null(value.ptr);
	assert_int_equal(value.len, strlen(expected));
	assert_memory_equal(value.ptr, expected, value.len);
}

static void what_a_browser_sends_is_read(void **state)
{
	static const char *const names[] = {"name", "reason", "empty"};

	(void)state;
	assert_int_equal(
	    parse("name=bet.example&reason=Em+c%E1%BA%A7n+1%2B1%3D2%26&empty="), OK);
	assert_int_equal(form.count, 3);
	assert_value("name", "bet.example");
	assert_value("reason", "Em c\xe1\xba\xa7n 1+1=2&");
	assert_value("empty", "");
	assert_null(form_value(&form, "other").ptr);
	assert_true(form_has_only(&form, names, 3));
	assert_false(form_has_only(&form, names, 2));
}

static void an_empty_body_has_no_fields(void **state)
{
	(void)state;
	assert_int_equal(form_parse(&form, SLICE_EMPTY), OK);
	assert_int_equal(form.count, 0);
}

static void line_ends_become_one_octet_and_a_tab_a_blank(void **state)
{
	(void)state;
	assert_int_equal(parse("a=x%0D%0A%0D%0Ay%0Az%09t"), OK);
	assert_value("a", "x\n\ny\nz t");
}

static void what_no_browser_sends_is_refused(void **state)
{
	static const char *const bad[] = {
	    "a",
	    "=x",
	    "a=1&",
	    "&a=1",
	    "a=1&&b=2",
	    "a=b=c",
	    "A=1",
	    "a%62=1",
	    "a b=1",
	    "a=x y",
	    "a=\xc3\xa1",
	    "a=%",
	    "a=%4",
	    "a=%zz",
	    "a=%+1",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (parse(bad[i]) != ERR_FORMAT)
			fail_msg("not refused: %s", bad[i]);
	assert_int_equal(parse("a=1&b=2&a=3"), ERR_EXISTS);
	assert_int_equal(form.count, 0);
}

static void controls_are_refused(void **state)
{
	static const char *const bad[] = {"a=%00", "a=%07", "a=%1B%5B2J", "a=x%0Dy",
	    "a=%0D", "a=%7F", "a=%C2%85", "a=%C2%9B", "a=x%0D%0D%0A"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (parse(bad[i]) != ERR_FORMAT)
			fail_msg("not refused: %s", bad[i]);
}

static void text_is_utf8_or_refused(void **state)
{
	static const char *const bad[] = {"a=%80", "a=%C3", "a=%C3x", "a=%C0%AF",
	    "a=%C1%BF", "a=%E0%80%AF", "a=%F0%80%80%AF", "a=%ED%A0%80", /* a surrogate */
	    "a=%F4%90%80%80",                                           /* above U+10FFFF */
	    "a=%F8%88%80%80%80", "a=%FF", "a=%E1%BA"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (parse(bad[i]) != ERR_FORMAT)
			fail_msg("not refused: %s", bad[i]);
	assert_int_equal(parse("a=%F4%8F%BF%BF%ED%9F%BF%EE%80%80%C2%A0"), OK);
}

static void fields_and_octets_have_ceilings(void **state)
{
	static char text[FORM_MAX_BYTES + 2];
	size_t len = 0;

	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[1] = '=';
	assert_int_equal(
	    form_parse(&form, (struct slice){(uint8_t *)text, FORM_MAX_BYTES}), OK);
	assert_int_equal(form.fields[0].value.len, FORM_MAX_BYTES - 2);
	assert_int_equal(parse(text), ERR_FULL);
	for (char c = 'a'; c <= 'x'; c++) {
		text[len++] = c;
		text[len++] = '=';
		text[len++] = '&';
	}
	assert_int_equal(form_parse(&form, (struct slice){(uint8_t *)text, len - 1}), OK);
	assert_int_equal(form.count, FORM_FIELDS_MAX);
	text[len++] = 'y';
	text[len++] = '=';
	assert_int_equal(form_parse(&form, (struct slice){(uint8_t *)text, len}), ERR_FULL);
	assert_int_equal(
	    parse("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=1"), ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_a_browser_sends_is_read),
	    cmocka_unit_test(an_empty_body_has_no_fields),
	    cmocka_unit_test(line_ends_become_one_octet_and_a_tab_a_blank),
	    cmocka_unit_test(what_no_browser_sends_is_refused),
	    cmocka_unit_test(controls_are_refused),
	    cmocka_unit_test(text_is_utf8_or_refused),
	    cmocka_unit_test(fields_and_octets_have_ceilings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
