#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "district/nomination.h"

static const char *read_text(struct nomination *out, const char *json)
{
	struct diag why = {.text = ""};

	return nomination_read(out, slice_of(json), &why);
}

static void a_nomination_is_read_and_written_in_one_form(void **state)
{
	struct nomination n;
	struct buf out = BUF_INIT(NOMINATION_MAX_BYTES);

	(void)state;
	assert_null(read_text(&n,
	    "{\"note\":\"a\\\"b\",\"category\":\"gambling\",\"x\":1,"
	    "\"evidence\":[\"https://a.example/1?x=y#z\",\"http://b.example\"],"
	    "\"name\":\"Cờ-Bạc.Example.\"}"));
	nomination_write(&n, "viettel", &out);
	assert_string_equal(buf_cstr(&out),
	    "{\"name\":\"xn--c-bc-7q5a1p.example\",\"category\":\"gambling\","
	    "\"evidence\":[\"https://a.example/1?x=y#z\",\"http://b.example\"],"
	    "\"note\":\"a\\\"b\",\"partner\":\"viettel\"}");
	buf_deinit(&out);
}

static void each_fault_has_its_word(void **state)
{
	static const struct {
		const char *json, *why;
	} cases[] = {
	    {"", "json"},
	    {"[]", "form"},
	    {"{\"name\":\"a.example\",\"name\":\"b.example\"}", "json"},
	    {"{}", "form"},
	    {"{\"name\":\"a\\u0000.example\"}", "json"},
	    {"{\"name\":\"192.0.2.1\"}", "name"},
	    {"{\"name\":\"com\"}", "name"},
	    {"{\"name\":\"a b.example\"}", "name"},
	    {"{\"name\":\"a.example\"}", "form"},
	    {"{\"name\":\"a.example\",\"category\":\"sensitive_other\"}", "category"},
	    {"{\"name\":\"a.example\",\"category\":\"games\"}", "url"},
	    {"{\"name\":\"a.example\",\"category\":\"games\",\"evidence\":[7]}", "url"},
	    {"{\"name\":\"a.example\",\"category\":\"games\","
	     "\"evidence\":[\"https://u@b.example\"]}",
	        "url"},
	    {"{\"name\":\"a.example\",\"category\":\"games\","
	     "\"evidence\":[\"https://b.example\"],\"note\":\"\\u0007\"}",
	        "form"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct nomination n;
		const char *why = read_text(&n, cases[i].json);
		if (why == NULL || strcmp(why, cases[i].why) != 0)
			fail_msg("%s: %s", cases[i].json, why == NULL ? "taken" : why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_nomination_is_read_and_written_in_one_form),
	    cmocka_unit_test(each_fault_has_its_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
