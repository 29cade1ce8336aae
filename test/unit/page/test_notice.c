/* Blocks that "belongs to the group" would tell wrongly get words of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "page/portal.h"
#include "page/warning.h"
#include "plain.h"
#include "school.h"

/* One name, blocked for a reason, in front of one reader. */
struct met {
	struct verdict_answer answer;
	struct occasion occasion;
	struct buf text;
};

static void meet(struct met *m, const struct school *s, const char *tier,
    const char *category, enum verdict_reason reason)
{
	m->occasion = school_occasion(s, &m->answer, tier, category, LANGUAGE_VI);
	m->answer.reason = reason;
	m->text = BUF_INIT(VIEW_MAX_BYTES);
}

static const char *read_warning(struct met *m)
{
	struct buf html = BUF_INIT(VIEW_MAX_BYTES);

	buf_reset(&m->text);
	warning_write(&html, &m->occasion);
	plain_text(&m->text, buf_cstr(&html));
	buf_deinit(&html);
	return buf_cstr(&m->text);
}

static void expect(struct met *m, const char *wanted, const char *never)
{
	const char *text = read_warning(m);

	if (strstr(text, wanted) == NULL)
		fail_msg("\"%s\" is missing in:\n%s", wanted, text);
	if (never != NULL && strstr(text, never) != NULL)
		fail_msg("\"%s\" stands in:\n%s", never, text);
	buf_deinit(&m->text);
}

static void a_name_that_leads_to_a_blocked_one_is_told_as_such(void **state)
{
	struct met m;

	meet(&m, *state, "upper_secondary", "gambling", VERDICT_BY_ANSWER);
	expect(&m, "www.example-site.com dẫn đến một trang thuộc nhóm “Cờ bạc, cá cược”.",
	    "www.example-site.com thuộc nhóm");
	meet(&m, *state, "primary", "gambling", VERDICT_BY_ANSWER);
	expect(&m, "không dành cho lứa tuổi của em", "dẫn đến");
	meet(&m, *state, "guest", "gambling", VERDICT_BY_ANSWER);
	expect(&m, "Mạng dành cho khách", "example-site");
}

static void where_it_leads_is_not_told_when_that_must_not_be_named(void **state)
{
	struct met m;

	meet(&m, *state, "upper_secondary", "adult", VERDICT_BY_ANSWER);
	expect(&m, "bị chặn theo quy định sử dụng mạng", "dẫn đến");
}

static void an_engine_without_a_safe_mode_is_told_as_such(void **state)
{
	struct met m;

	meet(&m, *state, "lower_secondary", "custom", VERDICT_BY_SAFE_SEARCH);
	expect(&m, "Trang tìm kiếm này chưa có chế độ an toàn. Em dùng", "thuộc nhóm");
	meet(&m, *state, "upper_secondary", "", VERDICT_BY_SAFE_SEARCH);
	expect(&m, "Hãy dùng một trang tìm kiếm khác.", "thuộc nhóm");
}

static void the_schools_own_word_and_the_law_are_no_groups(void **state)
{
	static const char *const readers[] = {
	    "lower_secondary", "upper_secondary", "continuing_education"};
	struct met m;

	for (size_t i = 0; i < COUNT_OF(readers); i++) {
		meet(&m, *state, readers[i], "custom", VERDICT_BY_DENY);
		expect(&m, "Nhà trường chưa cho phép mở trang này.", "thuộc nhóm");
		meet(&m, *state, readers[i], "illegal_vn", VERDICT_BY_LOCKED);
		expect(&m, "Trang này bị chặn theo quy định của pháp luật.", "thuộc nhóm");
	}
}

/* A name that the school itself closes until a time: no group, and the time is told. */
static void a_school_that_closes_a_page_for_a_while_says_until_when(void **state)
{
	static const char *const readers[] = {
	    "primary", "lower_secondary", "upper_secondary"};
	static const char *const listed[] = {"custom", ""};
	struct met m;

	for (size_t i = 0; i < COUNT_OF(readers); i++)
		for (size_t k = 0; k < COUNT_OF(listed); k++) {
			meet(&m, *state, readers[i], listed[k], VERDICT_BY_GRANT);
			m.answer.opens_at_s = m.occasion.now_s + 60;
			expect(&m, "ở lại lúc ", "Nhóm “");
		}
}

static void a_canary_of_a_bypass_is_told_as_a_bypass(void **state)
{
	struct met m;

	meet(&m, *state, "lower_secondary", "", VERDICT_BY_BYPASS);
	expect(&m, "Công cụ này không dùng được ở trường", NULL);
}

static void without_rules_nobody_is_told_that_the_page_is_bad(void **state)
{
	struct met m;
	struct buf html = BUF_INIT(VIEW_MAX_BYTES);
	const struct school *s = *state;

	meet(&m, s, "primary", "", VERDICT_BY_NO_RULES);
	enum warning_kind kind = warning_kind_of(s->texts, &m.answer);
	assert_int_equal(kind, WARNING_NOT_READY);
	assert_int_equal(warning_status(kind, &m.answer), 403);
	warning_write_not_ready(&html, &m.occasion);
	plain_text(&m.text, buf_cstr(&html));
	assert_non_null(strstr(buf_cstr(&m.text), "Em chờ một chút nhé"));
	assert_non_null(strstr(buf_cstr(&m.text), "Thử lại"));
	assert_null(strstr(buf_cstr(&m.text), "lứa tuổi"));
	assert_non_null(strstr(buf_cstr(&m.text), "111"));
	buf_deinit(&html);
	buf_deinit(&m.text);
}

static void a_grant_is_told_with_its_end(void **state)
{
	struct met m;
	struct buf html = BUF_INIT(VIEW_MAX_BYTES);

	meet(&m, *state, "primary", "", VERDICT_BY_GRANT);
	m.answer.blocked = false;
	m.answer.grant_until_s = m.occasion.now_s + 60;
	warning_write_open_now(&html, &m.occasion);
	assert_non_null(strstr(buf_cstr(&html), "Trang này được mở đến "));
	buf_reset(&html);
	m.answer.grant_until_s = 0;
	warning_write_open_now(&html, &m.occasion);
	assert_null(strstr(buf_cstr(&html), "Trang này được mở đến "));
	buf_deinit(&html);
	buf_deinit(&m.text);
}

/* "Why?" below a blocked name says no more, and no less, than its warning page. */
static void why_is_about_the_name_it_stands_below(void **state)
{
	struct met m;
	struct buf html = BUF_INIT(VIEW_MAX_BYTES);

	meet(&m, *state, "lower_secondary", "gambling", VERDICT_BY_CATEGORY);
	portal_write(&html, &m.occasion, PORTAL_WHY);
	assert_non_null(strstr(buf_cstr(&html), "thuộc nhóm “Cờ bạc, cá cược”"));
	buf_reset(&html);
	buf_deinit(&m.text);
	meet(&m, *state, "lower_secondary", "adult", VERDICT_BY_CATEGORY);
	portal_write(&html, &m.occasion, PORTAL_WHY);
	assert_null(strstr(buf_cstr(&html), "người lớn”"));
	assert_non_null(strstr(buf_cstr(&html), "không phù hợp với học sinh"));
	buf_deinit(&html);
	buf_deinit(&m.text);
}

static int open_all(void **state)
{
	static struct school school;

	school_open(&school);
	*state = &school;
	return 0;
}

static int close_all(void **state)
{
	school_close(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_name_that_leads_to_a_blocked_one_is_told_as_such),
	    cmocka_unit_test(where_it_leads_is_not_told_when_that_must_not_be_named),
	    cmocka_unit_test(an_engine_without_a_safe_mode_is_told_as_such),
	    cmocka_unit_test(the_schools_own_word_and_the_law_are_no_groups),
	    cmocka_unit_test(a_school_that_closes_a_page_for_a_while_says_until_when),
	    cmocka_unit_test(a_canary_of_a_bypass_is_told_as_a_bypass),
	    cmocka_unit_test(without_rules_nobody_is_told_that_the_page_is_bad),
	    cmocka_unit_test(a_grant_is_told_with_its_end),
	    cmocka_unit_test(why_is_about_the_name_it_stands_below),
	};
	return cmocka_run_group_tests(tests, open_all, close_all);
}
