/* Whatever a school wrote stands on a page as text, never as part of the page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "district/page.h"

#define HOSTILE  "\"><script>alert('1')</script>&<!--\n\x01"
#define HARMLESS "&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&lt;!--  "

struct fixture {
	struct buf out;
	struct page page;
};

static struct fixture made;

static int begin(void **state)
{
	made.out = BUF_INIT(PAGE_MAX_BYTES);
	made.page = (struct page){.out = &made.out,
	    .language = LANGUAGE_VI,
	    .offset_s = 7 * 3600,
	    .department = "Sở",
	    .address = "/",
	    .here = SECTION_NONE,
	    .csrf = "token"};
	*state = &made;
	return 0;
}

static int end(void **state)
{
	(void)state;
	buf_deinit(&made.out);
	return 0;
}

static const char *written(void)
{
	const char *text = buf_cstr(&made.out);

	assert_int_equal(buf_status(&made.out), OK);
	return text;
}

static void expect(const char *part)
{
	if (strstr(written(), part) == NULL)
		fail_msg("missing: %s\nin: %s", part, written());
}

static void expect_no(const char *part)
{
	if (strstr(written(), part) != NULL)
		fail_msg("should not be there: %s\nin: %s", part, written());
}

static void a_name_is_text_wherever_it_stands(void **state)
{
	struct page *p = &made.page;
	const char *values[] = {HOSTILE, NULL};
	const struct page_column columns[] = {{COLUMN_TEXT, WORD_TOTAL, HOSTILE}};

	(void)state;
	p->department = HOSTILE;
	p->user = HOSTILE;
	p->csrf = HOSTILE;
	p->address = "/search?q=%22&amp;";
	page_open(p, HOSTILE);
	page_crumbs_open(p);
	page_crumb(p, HOSTILE, HOSTILE);
	page_crumb(p, NULL, HOSTILE);
	page_crumbs_close(p);
	page_title(p, HOSTILE);
	page_paragraph(p, "note", WORD_UNIT_MERGED, values);
	page_table_open(
	    p, &(struct page_table){.caption = HOSTILE, .columns = columns, .count = 1});
	page_row_open(p);
	page_cell_head(p, HOSTILE, HOSTILE);
	page_cell_link(p, HOSTILE, HOSTILE);
	page_cell_text(p, HOSTILE);
	page_row_close(p);
	page_table_close(p);
	page_get_open(p, HOSTILE);
	page_hidden(p, &HOSTILE[2], HOSTILE);
	page_field(p,
	    &(struct page_field){
	        .name = "q", .label = WORD_UNIT, .type = "search", .value = HOSTILE});
	page_select(p, "s", WORD_UNIT, &(struct page_option){HOSTILE, HOSTILE}, 1, HOSTILE);
	page_button(p, "b", HOSTILE, WORD_SHOW);
	page_form_close(p);
	page_pager(p, HOSTILE, 0, 1, 5, 1);
	page_close(p);
	expect(HARMLESS);
	expect_no("<script>alert");
	expect_no("alert('1')");
	expect_no("\"\">");
	expect_no("<!--");
}

static void nothing_on_a_page_is_inline(void **state)
{
	struct page *p = &made.page;

	(void)state;
	p->sections = (1U << PAGE_SECTIONS) - 1;
	p->user = "lan";
	page_open(p, "T");
	page_title(p, "T");
	page_close(p);
	expect_no(" style=");
	expect_no("<style");
	expect_no(" onclick");
	expect_no("javascript:");
	expect_no("http://");
	expect_no("https://");
	expect("<script defer src=\"/static/district.js?v=");
	expect("<a class=\"skip\" href=\"#main\">");
	expect("<html lang=\"vi\">");
}

static void the_other_language_is_one_link_away(void **state)
{
	struct page *p = &made.page;

	(void)state;
	p->address = "/search?lang=vi&q=a%26b&page=2";
	page_open(p, "T");
	expect(
	    "<a href=\"/search?lang=en&amp;q=a%26b&amp;page=2\" lang=\"en\" hreflang=\"en\">English</a>");
	expect(
	    "<a href=\"/search?lang=vi&amp;q=a%26b&amp;page=2\" lang=\"vi\" hreflang=\"vi\" "
	    "aria-current=\"true\">Tiếng Việt</a>");
}

static void every_post_form_carries_the_token(void **state)
{
	struct page *p = &made.page;

	(void)state;
	page_post_open(p, "/logout");
	expect(
	    "<form method=\"post\" action=\"/logout\"><input type=\"hidden\" name=\"csrf\" "
	    "value=\"token\">");
	buf_reset(&made.out);
	page_get_open(p, "/search");
	expect_no("token");
}

static void a_sum_over_withheld_cells_says_at_least(void **state)
{
	struct page *p = &made.page;

	(void)state;
	page_cell_count(p, 1240, 0);
	expect("<td class=\"number\" data-v=\"1240\">1.240</td>");
	buf_reset(&made.out);
	page_cell_count(p, 1240, 2);
	expect("data-v=\"1240\"");
	expect("<span class=\"unseen\">ít nhất </span>1.240</td>");
	buf_reset(&made.out);
	/* Nothing but withheld cells: no number at all, since 0 would say that there was none. */
	page_cell_count(p, 0, 1);
	expect("ẩn");
	expect_no("data-v");
	expect_no("0");
	buf_reset(&made.out);
	page_cell_count(p, 0, 0);
	expect("data-v=\"0\">0</td>");
}

static void only_sections_of_the_reader_are_shown(void **state)
{
	struct page *p = &made.page;

	(void)state;
	p->sections = 1U << SECTION_COVERAGE | 1U << SECTION_UNITS;
	p->here = SECTION_UNITS;
	page_open(p, "T");
	expect("<a href=\"/search\" aria-current=\"page\">");
	expect("<a href=\"/\">");
	expect_no("/quick-reports");
	expect_no("/names");
}

static void lists_come_in_parts(void **state)
{
	struct page *p = &made.page;

	(void)state;
	page_pager(p, "/search?q=a", 100, 100, 5000, 100);
	expect("101–200 trên tổng số 5.000");
	expect("href=\"/search?q=a&amp;page=1\"");
	expect("href=\"/search?q=a&amp;page=3\"");
	buf_reset(&made.out);
	page_pager(p, "/coverage", 0, 100, 150, 100);
	expect("href=\"/coverage?page=2\"");
	expect_no("page=0");
	buf_reset(&made.out);
	page_pager(p, "/coverage", 0, 50, 50, 100);
	assert_int_equal(made.out.len, 0);
}

/* A page that does not fit is no page: the caller sees it. */
static void what_does_not_fit_shows(void **state)
{
	struct page *p = &made.page;

	(void)state;
	buf_deinit(&made.out);
	made.out = BUF_INIT(100);
	page_open(p, "T");
	assert_int_equal(buf_status(&made.out), ERR_FULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_name_is_text_wherever_it_stands, begin, end),
	    cmocka_unit_test_setup_teardown(nothing_on_a_page_is_inline, begin, end),
	    cmocka_unit_test_setup_teardown(
	        the_other_language_is_one_link_away, begin, end),
	    cmocka_unit_test_setup_teardown(every_post_form_carries_the_token, begin, end),
	    cmocka_unit_test_setup_teardown(
	        a_sum_over_withheld_cells_says_at_least, begin, end),
	    cmocka_unit_test_setup_teardown(
	        only_sections_of_the_reader_are_shown, begin, end),
	    cmocka_unit_test_setup_teardown(lists_come_in_parts, begin, end),
	    cmocka_unit_test_setup_teardown(what_does_not_fit_shows, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
