#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "dns/idn.h"

static void expect_name(const char *text, const char *want)
{
	struct name_buf name;
	char got[NAME_TEXT_MAX];

	assert_int_equal(name_from_people(&name, slice_of(text), NULL), OK);
	name_to_text(got, name_of(&name));
	assert_string_equal(got, want);
}

static void expect_none(struct slice text)
{
	struct name_buf name = {.len = 7};
	struct diag why = {0};

	assert_int_not_equal(name_from_people(&name, text, &why), OK);
	assert_int_equal(name.len, 7);
	assert_true(why.text[0] != '\0');
}

static void letters_of_any_language_become_a_labels(void **state)
{
	(void)state;
	expect_name("báo.vn", "xn--bo-mia.vn");
	expect_name("ba\xcc\x81o.vn", "xn--bo-mia.vn"); /* the accent on its own */
	expect_name("BÜCHER.de.", "xn--bcher-kva.de");
	expect_name("straße.de", "xn--strae-oqa.de");
	expect_name("例え。テスト", "xn--r8jz45g.xn--zckzah");
	expect_name("a_b.bücher.de", "a_b.xn--bcher-kva.de");
}

static void plain_names_are_read_as_ever(void **state)
{
	(void)state;
	expect_name("XN--BO-MIA.vn", "xn--bo-mia.vn");
	expect_name("_dmarc.a.vn.", "_dmarc.a.vn");
	expect_name("a\\032b.vn", "a\\032b.vn");
}

static void what_is_no_name_is_refused_with_a_sentence(void **state)
{
	(void)state;
	expect_none(SLICE_LIT(""));
	expect_none(SLICE_LIT("b..vn"));
	expect_none(SLICE_LIT("b\xff.vn"));
	expect_none(SLICE_LIT("b\xc3\xa1\0.vn"));
	expect_none(SLICE_LIT("báo..vn"));
	uint8_t longest[NAME_TEXT_MAX + 8];
	memset(longest, 0xc3, sizeof longest);
	expect_none((struct slice){longest, sizeof longest});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(letters_of_any_language_become_a_labels),
	    cmocka_unit_test(plain_names_are_read_as_ever),
	    cmocka_unit_test(what_is_no_name_is_refused_with_a_sentence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
