/* What people type, and each form as a page for every tier. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "page/gzip.h"
#include "page/sheet_view.h"
#include "school.h"

enum {
	PAGE_GZIP_LIMIT = 30 * 1024
};

static const char *const tiers[] = {"preschool", "primary", "lower_secondary",
    "upper_secondary", "continuing_education", "guest", "staff"};
static const struct sheet_form *const forms[] = {
    &sheet_review, &sheet_answer, &sheet_report, &sheet_open, &sheet_staff, &sheet_quick};

static void names_are_read_as_people_paste_them(void **state)
{
	static const char *const sites[][2] = {
	    {"vi.wikipedia.org", "vi.wikipedia.org"},
	    {" https://Vi.Wikipedia.ORG/wiki/X?y=1#z ", "vi.wikipedia.org"},
	    {"http://ai-do@hoc.example:8080", "hoc.example"},
	    {"hoc.example:443/bai", "hoc.example"},
	    {"hoc.example.", "hoc.example"},
	    {"hoc.example?q=https://other.example", "hoc.example"},
	    {"h\xe1\xbb\x8d"
	     "c.example",
	        "xn--hc-68s.example"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(sites); i++) {
		struct name_buf name = {.len = 0};
		char text[NAME_TEXT_MAX];
		if (!sheet_read_site(&name, slice_of(sites[i][0])))
			fail_msg("\"%s\" was not read", sites[i][0]);
		name_to_text(text, name_of(&name));
		assert_string_equal(text, sites[i][1]);
	}
}

static void what_is_no_name_of_a_site_is_refused(void **state)
{
	static const char *const sites[] = {"", " ", "vn", "localhost", "10.0.0.1", "[::1]",
	    "::1", "http://", "a b.example", "a..b", ".", "\\065.example", "<b>.example",
	    "\"x\".example", "x,y.example", "*.example", "x\n.example", "https://[::1]/",
	    "xn--\xff.example", "@", ":", "/", "#x.example"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(sites); i++) {
		struct name_buf name = {.len = 7};
		if (sheet_read_site(&name, slice_of(sites[i])))
			fail_msg("\"%s\" was read", sites[i]);
		assert_int_equal(name.len, 7);
	}
}

static void days_are_read_as_browsers_and_people_write_them(void **state)
{
	static const char *const good[][2] = {{"2026-11-22", "2026-11-22"},
	    {"22/11/2026", "2026-11-22"}, {"1/2/2026", "2026-02-01"},
	    {"2025-11-25", "2025-11-25"}};
	static const char *const bad[] = {"", "2026-11-24", "24/11/2026", "2025-11-01",
	    "2026-02-30", "31/04/2026", "0/11/2026", "11/22/2026", "2026-11",
	    "2026-11-22-1", "2026/11/22", "22-11-2026", "99999-11-22", "-1/11/2026",
	    "22/11/2026 ", "x", "1/1/1999", "--", "//"};
	int64_t now_s = 1795329000; /* 2026-11-22, 13:30 in Vietnam */
	char day[SHEET_DATE_BYTES];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		assert_true(sheet_read_date(day, slice_of(good[i][0]), now_s));
		assert_string_equal(day, good[i][1]);
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		if (sheet_read_date(day, slice_of(bad[i]), now_s))
			fail_msg("\"%s\" was read as %s", bad[i], day);
	}
}

static bool has(const char *page, const char *what)
{
	return strstr(page, what) != NULL;
}

static void check_sound(const char *page, struct slice bytes, const char *what)
{
	struct buf packed = BUF_INIT(1 << 20);
	const char *body = strstr(page, "<body");

	assert_non_null(body);
	if (strpbrk(body, "{}") != NULL)
		fail_msg("%s: a placeholder is left: %.60s", what, strpbrk(body, "{}"));
	if (has(body, "<p></p>") || has(body, "<h1></h1>") ||
	    has(body, "<legend></legend>") || has(body, "\"></label>") ||
	    has(body, "<span></span>"))
		fail_msg("%s: an empty element", what);
	if (has(page, "<script") || has(page, " style=") || has(page, " src=") ||
	    has(page, "<link"))
		fail_msg("%s: something that pages do without", what);
	if (!has(page, "111"))
		fail_msg("%s: 111 is missing", what);
	assert_int_equal(gzip_append(&packed, bytes), OK);
	assert_true(packed.len < PAGE_GZIP_LIMIT);
	buf_deinit(&packed);
}

static struct sheet make_sheet(const struct sheet_form *form)
{
	return (struct sheet){.form = form,
	    .token = "token",
	    .client = "192.0.2.1",
	    .name = "hoc.example",
	    .session = "session",
	    .code = "ABCDE-FGHJK",
	    .minutes = 7};
}

static void check_page(const struct school *school, struct sheet *s, const char *tier,
    enum config_language language)
{
	struct verdict_answer answer;
	struct occasion o = school_occasion(school, &answer, tier, "gambling", language);
	struct buf page = BUF_INIT(VIEW_MAX_BYTES);
	char what[160];

	s->until_s = o.now_s + 600;
	(void)snprintf(what, sizeof what, "%s, %s, stage %d, trouble %d", s->form->path,
	    tier, (int)s->stage, (int)s->trouble);
	sheet_write(s, &o, &page);
	assert_int_equal(buf_status(&page), OK);
	check_sound(buf_cstr(&page), buf_slice(&page), what);
	if (s->trouble != SHEET_FINE && s->stage != SHEET_CLOSED &&
	    s->stage != SHEET_DONE && !has(buf_cstr(&page), "role=\"alert\"><h2>"))
		fail_msg("%s: the trouble is not told", what);
	buf_deinit(&page);
}

static void every_form_is_whole_for_every_tier_stage_and_trouble(void **state)
{
	const struct school *school = *state;

	for (size_t f = 0; f < COUNT_OF(forms); f++)
		for (size_t t = 0; t < COUNT_OF(tiers); t++)
			for (unsigned stage = SHEET_CLOSED; stage <= SHEET_DONE; stage++) {
				struct sheet s = make_sheet(forms[f]);
				s.stage = (enum sheet_stage)stage;
				check_page(school, &s, tiers[t], LANGUAGE_VI);
				check_page(school, &s, tiers[t], LANGUAGE_EN);
			}
	for (size_t f = 0; f < COUNT_OF(forms); f++)
		for (unsigned trouble = SHEET_FINE; trouble < SHEET_TROUBLES; trouble++) {
			struct sheet s = make_sheet(forms[f]);
			s.stage = SHEET_FILL;
			s.trouble = (enum sheet_trouble)trouble;
			s.ask_password = forms[f]->staff;
			check_page(school, &s, "primary", LANGUAGE_VI);
		}
}

/* Each trouble has words in every form: a child is never left with an empty box. */
static void every_trouble_has_its_words(void **state)
{
	const struct school *school = *state;

	for (size_t f = 0; f < COUNT_OF(forms); f++)
		for (unsigned trouble = SHEET_STALE; trouble < SHEET_TROUBLES; trouble++) {
			struct sheet s = make_sheet(forms[f]);
			struct verdict_answer answer;
			struct occasion o = school_occasion(
			    school, &answer, "primary", "gambling", LANGUAGE_EN);
			struct buf page = BUF_INIT(VIEW_MAX_BYTES);
			s.stage = SHEET_FILL;
			s.trouble = (enum sheet_trouble)trouble;
			sheet_write(&s, &o, &page);
			if (!has(buf_cstr(&page), "</h2><p>"))
				fail_msg(
				    "%s: trouble %u has no words", forms[f]->path, trouble);
			buf_deinit(&page);
		}
}

static void the_smallest_have_no_forms_but_their_teachers_do(void **state)
{
	const struct school *school = *state;
	struct verdict_answer answer;

	for (size_t f = 0; f < COUNT_OF(forms); f++) {
		struct occasion o =
		    school_occasion(school, &answer, "preschool", "", LANGUAGE_VI);
		assert_int_equal(sheet_is_offered(forms[f], &o), forms[f]->staff);
		o = school_occasion(school, &answer, "primary", "", LANGUAGE_VI);
		assert_true(sheet_is_offered(forms[f], &o));
	}
}

static void a_name_that_may_not_be_seen_travels_hidden(void **state)
{
	const struct school *school = *state;

	for (size_t t = 1; t < COUNT_OF(tiers); t++) {
		struct verdict_answer answer;
		struct occasion o =
		    school_occasion(school, &answer, tiers[t], "gambling", LANGUAGE_VI);
		struct sheet s = make_sheet(&sheet_review);
		struct buf page = BUF_INIT(VIEW_MAX_BYTES);
		s.stage = SHEET_FILL;
		s.name_kept = !sheet_shows_name(&s, &o);
		assert_int_equal(s.name_kept, !answer.name_shown);
		sheet_write(&s, &o, &page);
		assert_int_equal(
		    has(buf_cstr(&page), "type=\"hidden\" name=\"about\""), s.name_kept);
		assert_int_equal(has(buf_cstr(&page), "id=\"f-name\""), !s.name_kept);
		buf_deinit(&page);
	}
}

/* The notice of a diagnosis has a time of its own. */
static void a_diagnosis_is_told_on_forms_with_its_own_time(void **state)
{
	const struct school *school = *state;
	struct verdict_answer answer;
	struct occasion o =
	    school_occasion(school, &answer, "primary", "gambling", LANGUAGE_EN);
	struct sheet s = make_sheet(&sheet_open);
	struct buf page = BUF_INIT(VIEW_MAX_BYTES);
	char notice[64];
	time_t end = (time_t)o.now_s + 300;
	struct tm local;

	s.stage = SHEET_DONE;
	s.until_s = o.now_s + 1200;
	answer.diagnosed_until_s = end;
	assert_non_null(localtime_r(&end, &local));
	assert_true(
	    strftime(notice, sizeof notice, "network check until %H:%M", &local) > 0);
	sheet_write(&s, &o, &page);
	assert_true(has(buf_cstr(&page), notice));
	assert_true(has(buf_cstr(&page), "deleted within 24 hours"));
	buf_deinit(&page);
}

static int open_all(void **state)
{
	static struct school school;

	(void)setenv("TZ", "Asia/Ho_Chi_Minh", 1);
	school_open(&school);
	*state = &school;
	return 0;
}

static int close_all(void **state)
{
	school_close(*state);
	return 0;
}

static void how_long_to_wait_is_not_how_long_a_name_is_open(void **state)
{
	struct sheet s = make_sheet(&sheet_open);
	struct verdict_answer answer;
	struct occasion o =
	    school_occasion(*state, &answer, "staff", "gambling", LANGUAGE_EN);
	struct buf page = BUF_INIT(VIEW_MAX_BYTES);

	s.stage = SHEET_FILL;
	s.trouble = SHEET_TOO_MANY;
	sheet_write(&s, &o, &page);
	assert_int_equal(buf_status(&page), OK);
	assert_non_null(strstr(buf_cstr(&page), "wait 7 minutes"));
	if (strstr(buf_cstr(&page), "choose") != NULL) /* else there is no group */
		assert_non_null(strstr(buf_cstr(&page), "Open for 45 minutes"));
	assert_null(strstr(buf_cstr(&page), "Open for 7 minutes"));
	buf_deinit(&page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(how_long_to_wait_is_not_how_long_a_name_is_open),
	    cmocka_unit_test(names_are_read_as_people_paste_them),
	    cmocka_unit_test(what_is_no_name_of_a_site_is_refused),
	    cmocka_unit_test(days_are_read_as_browsers_and_people_write_them),
	    cmocka_unit_test(every_form_is_whole_for_every_tier_stage_and_trouble),
	    cmocka_unit_test(every_trouble_has_its_words),
	    cmocka_unit_test(the_smallest_have_no_forms_but_their_teachers_do),
	    cmocka_unit_test(a_name_that_may_not_be_seen_travels_hidden),
	    cmocka_unit_test(a_diagnosis_is_told_on_forms_with_its_own_time),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
