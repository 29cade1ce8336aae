/* rules/pages.yaml is held to its own rules when it is loaded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "page/texts.h"
#include "page/texts_words.h"

/* The file that ships, with the first `from` replaced by `to`. */
static enum err load_changed(const char *from, const char *to, struct diags *all)
{
	struct buf source = BUF_INIT(1 << 20), changed = BUF_INIT(1 << 20);
	struct texts *texts = NULL;

	assert_int_equal(file_read(TEST_SOURCE_DIR "/rules/pages.yaml", &source), OK);
	const char *text = buf_cstr(&source);
	const char *at = strstr(text, from);
	assert_non_null(at);
	buf_append(&changed, (struct slice){source.ptr, (size_t)(at - text)});
	buf_text(&changed, to);
	buf_text(&changed, at + strlen(from));
	enum err rc = texts_parse(&texts, buf_slice(&changed), "pages.yaml", all);
	texts_free(texts);
	buf_deinit(&source);
	buf_deinit(&changed);
	return rc;
}

static void expect_mistake(const char *from, const char *to, const char *sentence)
{
	struct diags all = DIAGS_NONE;

	assert_int_equal(load_changed(from, to, &all), ERR_CONFIG);
	assert_true(all.count > 0);
	assert_true(all.items[0].line > 0);
	if (strstr(all.items[0].text, sentence) == NULL)
		fail_msg("\"%s\" instead of \"%s\"", all.items[0].text, sentence);
	diags_deinit(&all);
}

static void the_file_that_ships_is_sound(void **state)
{
	struct diags all = DIAGS_NONE;

	(void)state;
	assert_int_equal(load_changed("version: 1", "version: 1", &all), OK);
	assert_int_equal(all.count, 0);
	diags_deinit(&all);
}

static void a_missing_language_is_refused(void **state)
{
	(void)state;
	expect_mistake("btn_back:          {vi: \"Quay lại\", en: \"Go back\"}",
	    "btn_back:          {vi: \"Quay lại\"}", "without en");
}

static void an_unknown_placeholder_is_refused(void **state)
{
	(void)state;
	expect_mistake("en: \"Go back\"", "en: \"Go back {where}\"", "unknown placeholder");
}

static void a_lone_brace_is_refused(void **state)
{
	(void)state;
	expect_mistake("en: \"Go back\"", "en: \"Go } back\"", "without its partner");
	expect_mistake("en: \"Go back\"", "en: \"Go back {\"", "without its partner");
}

static void a_placeholder_in_one_language_is_refused(void **state)
{
	(void)state;
	expect_mistake("en: \"Go back\"", "en: \"Go back {tier}\"", "one language only");
}

static void a_hotline_with_a_placeholder_is_refused(void **state)
{
	(void)state;
	expect_mistake("{vi: \"Quay lại\", en: \"Go back\"}",
	    "{vi: \"Gọi 111 {tier}\", en: \"Call {tier}\"}", "must not hold a placeholder");
}

static void a_phrase_that_threatens_is_refused(void **state)
{
	(void)state;
	expect_mistake("vi: \"Quay lại\"", "vi: \"Em sẽ bị xử lý\"", "never says");
}

static void an_unknown_button_or_condition_is_refused(void **state)
{
	(void)state;
	expect_mistake("buttons: [btn_back, btn_safe_sites, btn_ask_teacher]",
	    "buttons: [btn_bakc]", "unknown button");
	expect_mistake("needs: review}", "needs: revue}", "unknown condition");
}

static void a_variant_that_a_category_asks_for_must_exist(void **state)
{
	(void)state;
	expect_mistake("    page: bypass\n", "    page: detour\n", "has no page `detour`");
}

static void a_button_that_leads_nowhere_is_refused(void **state)
{
	(void)state;
	expect_mistake("buttons: [btn_back, btn_safe_sites, btn_ask_teacher]",
	    "buttons: [btn_language]", "leads nowhere");
}

static void the_youngest_read_short_sentences(void **state)
{
	(void)state;
	expect_mistake("vi: \"Trang này không dành cho các bé.\"",
	    "vi: \"một hai ba bốn năm sáu bảy tám chín mười một hai ba bốn năm sáu bảy "
	    "tám chín mười một.\"",
	    "a sentence of 21 syllables");
	expect_mistake("vi: \"Lúc này, Lá Chắn không chặn trang này.\"",
	    "vi: \"một hai ba bốn năm sáu bảy tám chín mười một hai ba bốn năm sáu bảy "
	    "tám chín mười một.\"",
	    "at most 20 here");
}

static void letters_are_whole(void **state)
{
	(void)state;
	expect_mistake("vi: \"Quay lại\"", "vi: \"Quay la\xcc\xa3i\"", "Unicode NFC");
}

static void a_threat_is_found_in_capitals_too(void **state)
{
	(void)state;
	expect_mistake("vi: \"Quay lại\"", "vi: \"Kỷ luật\"", "never says");
}

static void sentences_are_counted_as_they_are_read(void **state)
{
	(void)state;
	assert_int_equal(words_longest_sentence(""), 0);
	assert_int_equal(words_longest_sentence("Em chờ nhé!"), 3);
	assert_int_equal(words_longest_sentence("Em chờ – một phút – nhé."), 5);
	assert_int_equal(words_longest_sentence("Gọi 111. Gọi vn-cop.vn ngay nhé"), 4);
	assert_int_equal(words_longest_sentence("Chọn “Quay lại.” Rồi chờ"), 3);
	assert_int_equal(words_longest_sentence("Nhóm “{category}” đóng… Em chờ nhé"), 3);
	assert_int_equal(words_longest_sentence("   – …  "), 0);
	assert_false(words_have_loose_marks("Thầy cô trả lời: được"));
	assert_true(words_have_loose_marks("Tha\xcc\x82\xcc\x80y"));
	assert_true(words_say("Em SẼ Bị Xử lý", "bị xử lý"));
	assert_false(words_say("Em", ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_file_that_ships_is_sound),
	    cmocka_unit_test(a_missing_language_is_refused),
	    cmocka_unit_test(an_unknown_placeholder_is_refused),
	    cmocka_unit_test(a_lone_brace_is_refused),
	    cmocka_unit_test(a_placeholder_in_one_language_is_refused),
	    cmocka_unit_test(a_hotline_with_a_placeholder_is_refused),
	    cmocka_unit_test(a_phrase_that_threatens_is_refused),
	    cmocka_unit_test(an_unknown_button_or_condition_is_refused),
	    cmocka_unit_test(a_variant_that_a_category_asks_for_must_exist),
	    cmocka_unit_test(a_button_that_leads_nowhere_is_refused),
	    cmocka_unit_test(the_youngest_read_short_sentences),
	    cmocka_unit_test(letters_are_whole),
	    cmocka_unit_test(a_threat_is_found_in_capitals_too),
	    cmocka_unit_test(sentences_are_counted_as_they_are_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
