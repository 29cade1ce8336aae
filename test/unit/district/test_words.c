/* Both languages say the same: every row is filled, and its places for values are the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "district/words.h"

/* Bit n is set where {n} stands in the text. */
static unsigned places(const char *text)
{
	unsigned found = 0;

	for (const char *at = text; *at != 0; at++)
		if (at[0] == '{' && at[1] >= '1' && at[1] <= '9' && at[2] == '}')
			found |= 1U << (unsigned)(at[1] - '0');
	return found;
}

static void every_word_is_there_in_both_languages(void **state)
{
	(void)state;
	for (unsigned i = 0; i < WORDS; i++) {
		const char *vi = word_of((enum word)i, LANGUAGE_VI);
		const char *en = word_of((enum word)i, LANGUAGE_EN);
		if (*vi == 0 || *en == 0 || places(vi) != places(en))
			fail_msg("%s: \"%s\", \"%s\"", word_key((enum word)i), vi, en);
		/* {1} {2} …, none left out. */
		if ((places(vi) & (places(vi) + 2)) != 0)
			fail_msg("%s: a place is left out", word_key((enum word)i));
	}
}

static void no_word_stands_twice(void **state)
{
	(void)state;
	for (unsigned i = 0; i < WORDS; i++)
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(
			    word_key((enum word)i), word_key((enum word)k));
}

static void every_term_is_there_once_and_beside_its_kind(void **state)
{
	size_t count = 0;
	const struct term *all = terms_all(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		assert_true(
		    *all[i].text[LANGUAGE_VI] != 0 && *all[i].text[LANGUAGE_EN] != 0);
		assert_true(i == 0 || all[i].kind >= all[i - 1].kind);
		for (size_t k = 0; k < i; k++)
			assert_false(all[i].kind == all[k].kind &&
			    strcmp(all[i].id, all[k].id) == 0);
	}
}

static void an_id_that_is_not_ours_stays_itself(void **state)
{
	(void)state;
	assert_string_equal(term_of(TERM_CATEGORY, "games", LANGUAGE_EN), "Games");
	assert_string_equal(term_of(TERM_TIER, "games", LANGUAGE_EN), "games");
	assert_string_equal(term_of(TERM_CATEGORY, "<own>", LANGUAGE_VI), "<own>");
}

static void values_take_their_places(void **state)
{
	struct buf out = BUF_INIT(1000);
	const char *values[] = {"<b>", "2", NULL};

	(void)state;
	words_fill(&out, "{2} of {1}, {3}{0}{x} {1", values);
	assert_string_equal(buf_cstr(&out), "2 of <b>, {0}{x} {1");
	buf_reset(&out);
	words_fill_html(&out, "a < {1}", values);
	assert_string_equal(buf_cstr(&out), "a &lt; &lt;b&gt;");
	buf_reset(&out);
	words_fill(&out, "nobody: {1}", NULL);
	assert_string_equal(buf_cstr(&out), "nobody: ");
	buf_deinit(&out);
}

/* A value is a stranger's text: what looks like a place in it is none. */
static void a_value_is_not_read_again(void **state)
{
	struct buf out = BUF_INIT(1000);
	const char *values[] = {"{2}", "secret", NULL};

	(void)state;
	words_fill(&out, "{1}", values);
	assert_string_equal(buf_cstr(&out), "{2}");
	buf_deinit(&out);
}

static enum language chosen(const char *header)
{
	return language_choose(slice_of(header), LANGUAGE_VI);
}

static void the_first_language_that_we_speak(void **state)
{
	(void)state;
	assert_int_equal(chosen("en-GB,en;q=0.9,vi;q=0.8"), LANGUAGE_EN);
	assert_int_equal(chosen("fr, vi-VN;q=0.5, en"), LANGUAGE_VI);
	assert_int_equal(chosen("EN"), LANGUAGE_EN);
	assert_int_equal(chosen(""), LANGUAGE_VI);
	assert_int_equal(chosen(",;-,q=,*"), LANGUAGE_VI);
	assert_int_equal(language_choose(SLICE_EMPTY, LANGUAGE_EN), LANGUAGE_EN);
	assert_int_equal(chosen("english"), LANGUAGE_VI);
}

static void what_is_sensitive_is_known_with_its_pool(void **state)
{
	(void)state;
	assert_true(category_is_sensitive("self_harm"));
	assert_true(category_is_sensitive("sensitive_other"));
	assert_false(category_is_sensitive("other"));
	assert_false(category_is_sensitive("games"));
	assert_true(category_is_silent("ads_tracking"));
	assert_false(category_is_silent("adult"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_word_is_there_in_both_languages),
	    cmocka_unit_test(no_word_stands_twice),
	    cmocka_unit_test(every_term_is_there_once_and_beside_its_kind),
	    cmocka_unit_test(an_id_that_is_not_ours_stays_itself),
	    cmocka_unit_test(values_take_their_places),
	    cmocka_unit_test(a_value_is_not_read_again),
	    cmocka_unit_test(the_first_language_that_we_speak),
	    cmocka_unit_test(what_is_sensitive_is_known_with_its_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
