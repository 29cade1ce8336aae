/* Every warning and portal page, for every tier, category and language. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "page/gzip.h"
#include "page/portal.h"
#include "page/warning.h"
#include "school.h"

enum {
	PAGE_GZIP_LIMIT = 30 * 1024
};

static const char *const tiers[] = {"preschool", "primary", "lower_secondary",
    "upper_secondary", "continuing_education", "guest", "staff", NULL};
static const char *const categories[] = {"adult", "gambling", "violence_weapons",
    "extremism", "drugs_alcohol_tobacco", "self_harm", "child_abuse", "malware",
    "phishing_scam", "social_network", "games", "streaming", "dating", "piracy",
    "proxy_vpn_doh", "illegal_vn", "custom", "", NULL};
static const enum config_language languages[] = {LANGUAGE_VI, LANGUAGE_EN};

/* The page without its style, where braces belong. */
static const char *body_of(const char *page)
{
	const char *body = strstr(page, "<body");

	assert_non_null(body);
	return body;
}

static bool has(const char *page, const char *what)
{
	return strstr(page, what) != NULL;
}

static void check_sound(const char *page, struct slice bytes, const char *what)
{
	struct buf packed = BUF_INIT(1 << 20);
	const char *body = body_of(page);

	if (strpbrk(body, "{}") != NULL)
		fail_msg("%s: a placeholder is left: %.60s", what, strpbrk(body, "{}"));
	if (has(body, "<p></p>") || has(body, "<li></li>") || has(body, "<h1></h1>"))
		fail_msg("%s: an empty element", what);
	if (has(page, "<script") || has(page, "http-equiv") || has(page, " style=") ||
	    has(page, " src=") || has(page, "<link") || has(page, "<form"))
		fail_msg("%s: something that pages do without", what);
	if (!has(page, "111"))
		fail_msg("%s: 111 is missing", what);
	assert_int_equal(gzip_append(&packed, bytes), OK);
	assert_true(packed.len < PAGE_GZIP_LIMIT);
	buf_deinit(&packed);
}

struct made {
	struct buf bytes;
	const char *page;
	char what[128];
};

static void make(struct made *m, const struct school *s, const char *tier,
    const char *category, enum config_language language)
{
	struct verdict_answer answer;
	struct occasion o = school_occasion(s, &answer, tier, category, language);

	m->bytes = BUF_INIT(VIEW_MAX_BYTES);
	warning_write(&m->bytes, &o);
	assert_int_equal(buf_status(&m->bytes), OK);
	m->page = buf_cstr(&m->bytes);
	snprintf(m->what, sizeof m->what, "%s-%s-%s.html", tier,
	    *category != 0 ? category : "unlisted", language == LANGUAGE_EN ? "en" : "vi");
	school_dump(m->what, buf_slice(&m->bytes));
}

static void every_page_is_whole_small_and_without_a_placeholder(void **state)
{
	const struct school *s = *state;

	for (size_t t = 0; tiers[t] != NULL; t++)
		for (size_t c = 0; categories[c] != NULL; c++)
			for (size_t l = 0; l < COUNT_OF(languages); l++) {
				struct made m;
				make(&m, s, tiers[t], categories[c], languages[l]);
				check_sound(m.page, buf_slice(&m.bytes), m.what);
				assert_true(has(m.page,
				    languages[l] == LANGUAGE_EN ? "<html lang=\"en\""
				                                : "<html lang=\"vi\""));
				buf_deinit(&m.bytes);
			}
}

/* The only promise that is taken back, and by everybody's page. */
static void a_diagnosis_is_told_on_every_page_and_its_record_too(void **state)
{
	const struct school *s = *state;

	for (size_t t = 0; tiers[t] != NULL; t++)
		for (size_t l = 0; l < COUNT_OF(languages); l++) {
			bool english = languages[l] == LANGUAGE_EN;
			const char *notice =
			    english ? "network check until" : "lỗi mạng đến";
			const char *record =
			    english ? "deleted within 24 hours" : "xóa trong vòng 24 giờ";
			const char *promise =
			    english ? "only sees totals" : "số liệu chung";
			struct verdict_answer answer;
			struct occasion o =
			    school_occasion(s, &answer, tiers[t], "gambling", languages[l]);
			for (int stage = 0; stage < 3; stage++) {
				struct buf page = BUF_INIT(VIEW_MAX_BYTES);
				answer.recorded = stage > 0;
				answer.diagnosed_until_s = stage == 1 ? o.now_s + 600 : 0;
				warning_write(&page, &o);
				assert_true(has(buf_cstr(&page), notice) == (stage == 1));
				assert_true(has(buf_cstr(&page), record) == (stage > 0));
				assert_true(has(buf_cstr(&page), promise) == (stage == 0));
				check_sound(buf_cstr(&page), buf_slice(&page), tiers[t]);
				buf_deinit(&page);
			}
		}
}

static void a_sensitive_category_is_named_to_nobody(void **state)
{
	const struct school *s = *state;

	for (size_t c = 0; categories[c] != NULL; c++) {
		struct texts_category category;
		if (!texts_find_category(s->texts, categories[c], &category) ||
		    !category.sensitive)
			continue;
		for (size_t t = 0; tiers[t] != NULL; t++) {
			struct made m;
			make(&m, s, tiers[t], categories[c], LANGUAGE_VI);
			const char *names[] = {yaml_text(category.name, "vi", NULL),
			    yaml_text(category.child_label, "vi", NULL), "ut1-list"};
			for (size_t i = 0; i < COUNT_OF(names); i++)
				if (has(m.page, names[i]))
					fail_msg("%s names \"%s\"", m.what, names[i]);
			buf_deinit(&m.bytes);
		}
	}
}

static void the_name_is_shown_to_older_pupils_and_staff_only(void **state)
{
	const struct school *s = *state;

	for (size_t t = 0; tiers[t] != NULL; t++) {
		struct made m;
		bool shown = strcmp(tiers[t], "upper_secondary") == 0 ||
		    strcmp(tiers[t], "continuing_education") == 0 ||
		    strcmp(tiers[t], "staff") == 0;
		make(&m, s, tiers[t], "gambling", LANGUAGE_EN);
		assert_int_equal(has(m.page, "example-site"), shown);
		buf_deinit(&m.bytes);
	}
}

static void forms_that_do_not_exist_are_not_promised(void **state)
{
	const struct school *s = *state;
	static const char *const promises[] = {"Đề nghị mở lại", "Báo nội dung xấu",
	    "Báo chặn nhầm", "Mở tạm thời", "Thầy cô đăng nhập", "Ask for a review",
	    "Report harmful content", "Open temporarily", "/lachan/review", "/lachan/open"};

	for (size_t t = 0; tiers[t] != NULL; t++)
		for (size_t c = 0; categories[c] != NULL; c++)
			for (size_t l = 0; l < COUNT_OF(languages); l++) {
				struct made m;
				make(&m, s, tiers[t], categories[c], languages[l]);
				for (size_t i = 0; i < COUNT_OF(promises); i++)
					if (has(m.page, promises[i]))
						fail_msg(
						    "%s promises %s", m.what, promises[i]);
				buf_deinit(&m.bytes);
			}
}

static void values_are_escaped(void **state)
{
	struct school *s = *state;
	struct verdict_answer answer;
	struct occasion o =
	    school_occasion(s, &answer, "upper_secondary", "gambling", LANGUAGE_EN);
	struct buf out = BUF_INIT(VIEW_MAX_BYTES);

	o.domain = "\"><script>alert('1')</script>&";
	warning_write(&out, &o);
	const char *page = buf_cstr(&out);
	assert_false(has(page, "<script"));
	assert_true(
	    has(page, "&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;"));
	assert_true(has(page, "THCS Nguyễn &quot;Du&quot; &lt;Huế&gt;"));
	buf_deinit(&out);
}

static void without_a_verdict_the_page_is_neutral(void **state)
{
	const struct school *s = *state;
	struct verdict_answer answer;
	struct occasion o = school_occasion(s, &answer, "staff", "gambling", LANGUAGE_VI);
	struct buf out = BUF_INIT(VIEW_MAX_BYTES);

	o.answer = NULL;
	warning_write(&out, &o);
	const char *page = buf_cstr(&out);
	check_sound(page, buf_slice(&out), "neutral");
	assert_false(has(page, "example-site"));
	assert_false(has(page, "Cờ bạc"));
	assert_true(has(page, "không phù hợp với học sinh trung học cơ sở"));
	assert_int_equal(warning_status(warning_kind_of(s->texts, NULL), NULL), 403);
	buf_deinit(&out);
}

static void the_status_says_what_happened(void **state)
{
	const struct school *s = *state;
	struct verdict_answer a;

	(void)school_occasion(s, &a, "staff", "gambling", LANGUAGE_VI);
	assert_int_equal(warning_status(warning_kind_of(s->texts, &a), &a), 403);
	(void)school_occasion(s, &a, "staff", "illegal_vn", LANGUAGE_VI);
	assert_int_equal(warning_status(warning_kind_of(s->texts, &a), &a), 451);
	(void)school_occasion(s, &a, "staff", "ads_tracking", LANGUAGE_VI);
	assert_int_equal(warning_kind_of(s->texts, &a), WARNING_SILENT);
	a.blocked = false;
	assert_int_equal(warning_kind_of(s->texts, &a), WARNING_OPEN_NOW);
	assert_int_equal(warning_status(WARNING_OPEN_NOW, &a), 503);
}

static void what_is_open_now_asks_to_try_again(void **state)
{
	const struct school *s = *state;
	struct verdict_answer answer;
	struct occasion o = school_occasion(s, &answer, "primary", "", LANGUAGE_VI);
	struct buf out = BUF_INIT(VIEW_MAX_BYTES);

	answer.blocked = false;
	warning_write_open_now(&out, &o);
	check_sound(buf_cstr(&out), buf_slice(&out), "open now");
	assert_true(has(buf_cstr(&out), "Em thử lại nhé"));
	school_dump("open-now.html", buf_slice(&out));
	buf_deinit(&out);
}

static void an_opening_later_today_is_told(void **state)
{
	const struct school *s = *state;
	struct verdict_answer answer;
	struct occasion o =
	    school_occasion(s, &answer, "upper_secondary", "games", LANGUAGE_EN);
	struct buf out = BUF_INIT(VIEW_MAX_BYTES);

	answer.opens_at_s = o.now_s + 60;
	warning_write(&out, &o);
	assert_true(has(buf_cstr(&out), "Opens again at "));
	buf_reset(&out);
	answer.opens_at_s = 0;
	warning_write(&out, &o);
	assert_false(has(buf_cstr(&out), "Opens again at "));
	buf_deinit(&out);
}

/* A category that has a page of its own kind, and one that has not: both say when. */
static void the_time_is_told_in_both_languages_and_every_tier_but_the_smallest(void **state)
{
	static const char *const readers[] = {
	    "primary", "lower_secondary", "upper_secondary"};
	const struct school *s = *state;

	for (size_t t = 0; t < COUNT_OF(readers); t++)
		for (size_t l = 0; l < COUNT_OF(languages); l++)
			for (unsigned c = 0; c < 2; c++) {
				struct verdict_answer answer;
				struct occasion o = school_occasion(s, &answer, readers[t],
				    c == 0 ? "streaming" : "gambling", languages[l]);
				struct buf out = BUF_INIT(VIEW_MAX_BYTES);
				answer.opens_at_s = o.now_s + 60;
				warning_write(&out, &o);
				assert_true(has(buf_cstr(&out),
				    languages[l] == LANGUAGE_EN ? "pens again at "
				                                : "ở lại lúc "));
				check_sound(buf_cstr(&out), buf_slice(&out), readers[t]);
				buf_deinit(&out);
			}
}

static void what_must_not_be_named_has_no_time(void **state)
{
	const struct school *s = *state;
	struct verdict_answer answer;
	struct occasion o =
	    school_occasion(s, &answer, "upper_secondary", "adult", LANGUAGE_EN);
	struct buf out = BUF_INIT(VIEW_MAX_BYTES);

	answer.sensitive = true;
	answer.opens_at_s = o.now_s + 60;
	warning_write(&out, &o);
	assert_false(has(buf_cstr(&out), "Opens again at "));
	buf_deinit(&out);
}

static void an_allow_only_window_says_so(void **state)
{
	const struct school *s = *state;
	struct verdict_answer answer;
	struct occasion o =
	    school_occasion(s, &answer, "lower_secondary", "games", LANGUAGE_EN);
	struct buf out = BUF_INIT(VIEW_MAX_BYTES);

	answer.reason = VERDICT_BY_ALLOW_ONLY;
	warning_write(&out, &o);
	assert_true(has(buf_cstr(&out), "opens only the sites chosen beforehand"));
	assert_false(has(buf_cstr(&out), "in the group"));
	assert_false(has(buf_cstr(&out), "open again at"));
	buf_reset(&out);
	answer.opens_at_s = o.now_s + 60;
	warning_write(&out, &o);
	assert_true(has(buf_cstr(&out), "Other sites open again at "));
	buf_deinit(&out);
}

static void every_portal_page_is_whole(void **state)
{
	const struct school *s = *state;

	for (size_t t = 0; tiers[t] != NULL; t++)
		for (unsigned p = PORTAL_FIRST; p <= PORTAL_NOT_HERE; p++)
			for (size_t l = 0; l < COUNT_OF(languages); l++) {
				struct verdict_answer answer;
				struct occasion o =
				    school_occasion(s, &answer, tiers[t], "", languages[l]);
				struct buf out = BUF_INIT(VIEW_MAX_BYTES);
				char name[64];
				answer.blocked = false;
				answer.reason = VERDICT_BY_PORTAL;
				o.language_chosen = l == 1;
				portal_write(&out, &o, (enum portal_page)p);
				snprintf(name, sizeof name, "portal-%s-%u-%s.html",
				    tiers[t], p, l == 0 ? "vi" : "en");
				check_sound(buf_cstr(&out), buf_slice(&out), name);
				school_dump(name, buf_slice(&out));
				buf_deinit(&out);
			}
}

static void portal_paths_are_found_and_strangers_are_not(void **state)
{
	enum portal_page page;

	(void)state;
	assert_true(portal_find(SLICE_LIT("/lachan"), &page) && page == PORTAL_FIRST);
	assert_true(portal_find(SLICE_LIT("/lachan/"), &page) && page == PORTAL_FIRST);
	assert_true(portal_find(SLICE_LIT("/lachan/why"), &page) && page == PORTAL_WHY);
	assert_true(
	    portal_find(SLICE_LIT("/lachan/../etc"), &page) && page == PORTAL_NOT_HERE);
	assert_false(portal_find(SLICE_LIT("/lachanx"), &page));
	assert_false(portal_find(SLICE_LIT("/"), &page));
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
	    cmocka_unit_test(every_page_is_whole_small_and_without_a_placeholder),
	    cmocka_unit_test(a_diagnosis_is_told_on_every_page_and_its_record_too),
	    cmocka_unit_test(a_sensitive_category_is_named_to_nobody),
	    cmocka_unit_test(the_name_is_shown_to_older_pupils_and_staff_only),
	    cmocka_unit_test(forms_that_do_not_exist_are_not_promised),
	    cmocka_unit_test(values_are_escaped),
	    cmocka_unit_test(without_a_verdict_the_page_is_neutral),
	    cmocka_unit_test(the_status_says_what_happened),
	    cmocka_unit_test(what_is_open_now_asks_to_try_again),
	    cmocka_unit_test(an_opening_later_today_is_told),
	    cmocka_unit_test(
	        the_time_is_told_in_both_languages_and_every_tier_but_the_smallest),
	    cmocka_unit_test(what_must_not_be_named_has_no_time),
	    cmocka_unit_test(an_allow_only_window_says_so),
	    cmocka_unit_test(every_portal_page_is_whole),
	    cmocka_unit_test(portal_paths_are_found_and_strangers_are_not),
	};
	return cmocka_run_group_tests(tests, open_all, close_all);
}
