/* Follow-up codes: made evenly, read as people type them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "desk/code.h"

static void a_code_is_read_as_it_is_shown(void **state)
{
	(void)state;
	char code[CODE_BYTES], shown[CODE_SHOWN_BYTES], back[CODE_BYTES];

	for (int i = 0; i < 1000; i++) {
		assert_int_equal(code_make(code), OK);
		code_show(shown, code);
		assert_int_equal(strlen(shown), CODE_LETTERS + 1);
		assert_int_equal(shown[CODE_LETTERS / 2], '-');
		assert_true(code_read(back, shown));
		assert_string_equal(back, code);
	}
}

static void it_may_be_typed_carelessly(void **state)
{
	(void)state;
	char back[CODE_BYTES];

	assert_true(code_read(back, " abcde fghj2 "));
	assert_string_equal(back, "ABCDEFGHJ2");
	assert_true(code_read(back, "ab-cd-eF--GHJ2\n"));
	assert_string_equal(back, "ABCDEFGHJ2");
}

static void what_can_be_no_code_is_none(void **state)
{
	(void)state;
	static const char *const none[] = {NULL, "", "ABCDE", "ABCDE-FGHJ", "ABCDE-FGHJ22",
	    "ABCDE-FGHJ0", "ABCDE-FGHJ1", "ABCDE_FGHJ2", "ABCDE-FGHJ\xc3\x89"};
	char back[CODE_BYTES] = "untouched";

	for (size_t i = 0; i < COUNT_OF(none); i++)
		assert_false(code_read(back, none[i]));
	assert_string_equal(back, "untouched");
}

static void no_two_codes_are_the_same(void **state)
{
	(void)state;
	enum {
		MANY = 500
	};
	static char all[MANY][CODE_BYTES];

	for (int i = 0; i < MANY; i++) {
		assert_int_equal(code_make(all[i]), OK);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(all[i], all[k]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_code_is_read_as_it_is_shown),
	    cmocka_unit_test(it_may_be_typed_carelessly),
	    cmocka_unit_test(what_can_be_no_code_is_none),
	    cmocka_unit_test(no_two_codes_are_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
