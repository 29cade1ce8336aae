#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "district/internal.h"

static struct arena memory;
static struct call c;

static int begin(void **state)
{
	(void)state;
	memory = ARENA_INIT(1 << 20);
	c = (struct call){.memory = &memory,
	    .out = BUF_INIT(4096),
	    .headers = BUF_INIT(CALL_HEADERS_MAX_BYTES)};
	return 0;
}

static int end(void **state)
{
	(void)state;
	buf_deinit(&c.out);
	buf_deinit(&c.headers);
	arena_deinit(&memory);
	return 0;
}

static void percent_signs_are_decoded_once(void **state)
{
	(void)state;
	assert_string_equal(
	    call_decode(&memory, SLICE_LIT("a%20b+c%252f"), CALL_PLUS_IS_PLUS), "a b+c%2f");
	assert_string_equal(
	    call_decode(&memory, SLICE_LIT("a%20b+c"), CALL_PLUS_IS_BLANK), "a b c");
	assert_string_equal(
	    call_decode(&memory, SLICE_LIT("Tr%C6%B0%E1%BB%9Dng"), CALL_PLUS_IS_BLANK),
	    "Trường");
}

static void what_is_no_text_is_refused(void **state)
{
	static const char *const bad[] = {"%", "%4", "%zz", "a%00b", "%ff", "%c0%af",
	    "%ed%a0%80", "%f4%90%80%80", "%e1%bb"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (call_decode(&memory, slice_of(bad[i]), CALL_PLUS_IS_PLUS) != NULL)
			fail_msg("taken: %s", bad[i]);
}

static void queries_and_forms_are_looked_up(void **state)
{
	(void)state;
	c.method = CALL_POST;
	c.raw_query = SLICE_LIT("a=1&b=x%26y&a=2&empty&&=n");
	c.head = SLICE_LIT("Host: a\r\nContent-Type: application/x-www-form-urlencoded; "
	                   "charset=utf-8\r\n\r\n");
	c.body = SLICE_LIT("a=form&b=");
	assert_int_equal(call_prepare(&c), OK);
	assert_string_equal(call_query(&c, "a"), "1");
	assert_string_equal(call_query_nth(&c, "a", 1), "2");
	assert_null(call_query_nth(&c, "a", 2));
	assert_string_equal(call_query(&c, "b"), "x&y");
	assert_string_equal(call_query(&c, "empty"), "");
	assert_null(call_query(&c, "nothing"));
	assert_string_equal(call_form(&c, "a"), "form");
	assert_string_equal(call_form(&c, "b"), "");
}

static void a_body_of_another_type_is_no_form(void **state)
{
	(void)state;
	c.method = CALL_POST;
	c.head = SLICE_LIT("Content-Type: application/json\r\n\r\n");
	c.body = SLICE_LIT("a=%zz");
	assert_int_equal(call_prepare(&c), OK);
	assert_null(call_form(&c, "a"));
}

static void too_many_members_are_refused(void **state)
{
	char many[2 * CALL_PAIRS_MAX + 2];

	(void)state;
	memset(many, '&', sizeof many);
	c.raw_query = (struct slice){(const uint8_t *)many, sizeof many};
	assert_int_equal(call_prepare(&c), ERR_FORMAT);
}

static void headers_and_cookies_are_looked_up(void **state)
{
	(void)state;
	c.head =
	    SLICE_LIT("Host: a\r\nX-One:  two  \r\nCookie: a=1; session=abc=; b=2\r\n\r\n");
	assert_string_equal(call_header(&c, "x-one"), "two");
	assert_string_equal(call_header(&c, "X-Two"), "");
	assert_string_equal(call_cookie(&c, "session"), "abc=");
	assert_string_equal(call_cookie(&c, "c"), "");
}

static void nobody_splits_an_answer(void **state)
{
	struct buf out = BUF_INIT(8192);

	(void)state;
	call_set_header(&c, "Location", "/a\r\nSet-Cookie: x=y");
	call_set_header(&c, "X-Good", "yes");
	call_reply(&c, 200, "text/plain");
	call_write_headers(&c, &out);
	assert_null(strstr(buf_cstr(&out), "Set-Cookie"));
	assert_non_null(strstr(buf_cstr(&out), "X-Good: yes\r\n"));
	assert_non_null(strstr(buf_cstr(&out), "Cache-Control: no-store\r\n"));
	assert_null(strstr(buf_cstr(&out), "Strict-Transport-Security"));
	buf_deinit(&out);
}

static void a_handler_may_have_caches_and_scripts_of_its_own(void **state)
{
	struct buf out = BUF_INIT(8192);

	(void)state;
	c.tls = true;
	call_set_header(&c, "Cache-Control", "max-age=60");
	call_set_header(&c, "content-security-policy", "default-src 'none'");
	call_write_headers(&c, &out);
	assert_null(strstr(buf_cstr(&out), "no-store"));
	assert_null(strstr(buf_cstr(&out), "script-src"));
	assert_non_null(strstr(buf_cstr(&out), "X-Frame-Options: DENY"));
	assert_non_null(strstr(buf_cstr(&out), "Strict-Transport-Security"));
	buf_deinit(&out);
}

static void a_refusal_is_json_whatever_it_tells_of(void **state)
{
	(void)state;
	buf_text(&c.out, "half a page");
	call_refuse(&c, 422, "form", "unit \"%s\"", "a\\b\n\x7f");
	assert_string_equal(buf_cstr(&c.out),
	    "{\"error\":\"unit \\\"a\\\\b\\u000a\\u007f\\\"\",\"why\":\"form\"}\n");
	assert_int_equal(c.status, 422);
}

static void what_is_encoded_decodes_to_itself(void **state)
{
	static const char text[] = "Trường THCS \"Kim Đồng\" & 100% <a>/b+c~";
	struct buf out = BUF_INIT(4096);

	(void)state;
	call_encode(&out, text);
	assert_string_equal(
	    call_decode(&memory, buf_slice(&out), CALL_PLUS_IS_BLANK), text);
	buf_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(percent_signs_are_decoded_once, begin, end),
	    cmocka_unit_test_setup_teardown(what_is_no_text_is_refused, begin, end),
	    cmocka_unit_test_setup_teardown(queries_and_forms_are_looked_up, begin, end),
	    cmocka_unit_test_setup_teardown(a_body_of_another_type_is_no_form, begin, end),
	    cmocka_unit_test_setup_teardown(too_many_members_are_refused, begin, end),
	    cmocka_unit_test_setup_teardown(headers_and_cookies_are_looked_up, begin, end),
	    cmocka_unit_test_setup_teardown(nobody_splits_an_answer, begin, end),
	    cmocka_unit_test_setup_teardown(
	        a_handler_may_have_caches_and_scripts_of_its_own, begin, end),
	    cmocka_unit_test_setup_teardown(
	        a_refusal_is_json_whatever_it_tells_of, begin, end),
	    cmocka_unit_test_setup_teardown(what_is_encoded_decodes_to_itself, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
