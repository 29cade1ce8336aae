#include "district/page.h"

#include "base/html.h"
#include "district/format.h"
#include "district/static.h"

static const struct {
	const char *href;
	enum word word;
} sections[PAGE_SECTIONS] = {
    [SECTION_COVERAGE] = {"/", WORD_NAV_COVERAGE},
    [SECTION_CATEGORIES] = {"/categories", WORD_NAV_CATEGORIES},
    [SECTION_NAMES] = {"/names", WORD_NAV_NAMES},
    [SECTION_FAILURES] = {"/failures", WORD_NAV_FAILURES},
    [SECTION_UNITS] = {"/search", WORD_NAV_UNITS},
    [SECTION_QUICK_REPORTS] = {"/quick-reports", WORD_NAV_QUICK_REPORTS},
    [SECTION_NOMINATIONS] = {"/nominations", WORD_NAV_NOMINATIONS},
    [SECTION_REPORTS] = {"/reports", WORD_NAV_REPORTS},
    [SECTION_BUNDLES] = {"/bundles", WORD_NAV_BUNDLES},
};

void page_raw(struct page *p, const char *literal)
{
	buf_text(p->out, literal);
}

void page_text(struct page *p, const char *text)
{
	html_escape(p->out, slice_of(text));
}

void page_word(struct page *p, enum word word)
{
	page_text(p, word_of(word, p->language));
}

void page_say(struct page *p, enum word word, const char *const *values)
{
	words_fill_html(p->out, word_of(word, p->language), values);
}

void page_attribute(struct page *p, const char *name, const char *value)
{
	buf_byte(p->out, ' ');
	page_raw(p, name);
	page_raw(p, "=\"");
	page_text(p, value);
	buf_byte(p->out, '"');
}

/* ---- around ---- */

/* The hash makes a new file a new address, so browsers may keep what they have. */
static void put_asset(
    struct page *p, const char *before, const char *name, const char *after)
{
	const struct static_file *file = static_find(name);

	page_raw(p, before);
	page_raw(p, "/static/");
	page_text(p, name);
	page_raw(p, "?v=");
	page_text(p, file == NULL ? "0" : file->hash);
	page_raw(p, after);
}

static void put_head(struct page *p, const char *title)
{
	page_raw(p, "<!DOCTYPE html>\n<html");
	page_attribute(p, "lang", language_code(p->language));
	page_raw(p,
	    ">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
	page_text(p, title);
	page_raw(p, " – ");
	page_text(
	    p, *p->department == 0 ? word_of(WORD_PRODUCT, p->language) : p->department);
	page_raw(p, "</title>\n");
	put_asset(p, "<link rel=\"stylesheet\" href=\"", "uplot.css", "\">\n");
	put_asset(p, "<link rel=\"stylesheet\" href=\"", "district.css", "\">\n");
	put_asset(
	    p, "<link rel=\"icon\" type=\"image/svg+xml\" href=\"", "leaf.svg", "\">\n");
	put_asset(p, "<script defer src=\"", "uplot.js", "\"></script>\n");
	put_asset(p, "<script defer src=\"", "district.js", "\"></script>\n");
	page_raw(p, "</head>\n");
}

/* The address of this page with another `lang`; the old one is cut out. */
static void put_switched(struct page *p, enum language language)
{
	struct slice rest = slice_of(p->address);
	struct slice path = slice_cut(&rest, '?');

	html_escape(p->out, path);
	page_raw(p, "?lang=");
	page_raw(p, language_code(language));
	while (rest.ptr != NULL) {
		struct slice pair = slice_cut(&rest, '&');
		if (pair.len == 0 || slice_starts(pair, SLICE_LIT("lang=")))
			continue;
		page_raw(p, "&amp;");
		html_escape(p->out, pair);
	}
}

static void put_languages(struct page *p)
{
	static const char *const names[LANGUAGES] = {
	    [LANGUAGE_VI] = "Tiếng Việt", [LANGUAGE_EN] = "English"};

	page_raw(p, "<nav class=\"languages\"");
	page_attribute(p, "aria-label", word_of(WORD_LANGUAGES, p->language));
	page_raw(p, ">");
	for (unsigned i = 0; i < LANGUAGES; i++) {
		enum language language = (enum language)i;
		page_raw(p, "<a href=\"");
		put_switched(p, language);
		page_raw(p, "\"");
		page_attribute(p, "lang", language_code(language));
		page_attribute(p, "hreflang", language_code(language));
		if (language == p->language)
			page_raw(p, " aria-current=\"true\"");
		page_raw(p, ">");
		page_raw(p, names[language]);
		page_raw(p, "</a>");
	}
	page_raw(p, "</nav>\n");
}

static void put_person(struct page *p)
{
	if (p->demo) {
		page_raw(p, "<span class=\"person\">");
		page_word(p, WORD_DEMO);
		page_raw(p, "</span>\n");
	} else if (p->user != NULL) {
		page_raw(p, "<div class=\"person\"><span>");
		page_text(p, p->user);
		page_raw(p, "</span>");
		page_post_open(p, "/logout");
		page_button(p, NULL, NULL, WORD_SIGN_OUT);
		page_form_close(p);
		page_raw(p, "</div>\n");
	}
}

static void put_header(struct page *p)
{
	page_raw(p, "<body>\n<a class=\"skip\" href=\"#main\">");
	page_word(p, WORD_SKIP);
	page_raw(p,
	    "</a>\n<header>\n<div class=\"bar\">\n<a class=\"brand\" href=\"/\"><span class=\"product\">");
	page_word(p, WORD_PRODUCT);
	page_raw(p, "</span> ");
	if (*p->department != 0) {
		page_raw(p, "<span class=\"department\">");
		page_text(p, p->department);
		page_raw(p, "</span>");
	}
	page_raw(p, "</a>\n");
	put_languages(p);
	put_person(p);
	page_raw(p, "</div>\n");
}

static void put_sections(struct page *p)
{
	if (p->sections == 0)
		return;
	page_raw(p, "<nav class=\"sections\"");
	page_attribute(p, "aria-label", word_of(WORD_SECTIONS, p->language));
	page_raw(p, "><ul>\n");
	for (unsigned i = 0; i < PAGE_SECTIONS; i++) {
		if ((p->sections & 1U << i) == 0)
			continue;
		page_raw(p, "<li><a");
		page_attribute(p, "href", sections[i].href);
		if (p->here == (enum page_section)i)
			page_raw(p, " aria-current=\"page\"");
		page_raw(p, ">");
		page_word(p, sections[i].word);
		page_raw(p, "</a></li>\n");
	}
	page_raw(p, "</ul></nav>\n");
}

void page_open(struct page *p, const char *title)
{
	put_head(p, title);
	put_header(p);
	put_sections(p);
	page_raw(p, "</header>\n<main id=\"main\" tabindex=\"-1\">\n");
}

void page_title(struct page *p, const char *title)
{
	page_raw(p, "<h1>");
	page_text(p, title);
	page_raw(p, "</h1>\n");
}

void page_close(struct page *p)
{
	char offset[FORMAT_BYTES];
	const char *values[] = {offset, NULL};

	format_offset(offset, p->offset_s);
	page_raw(p, "</main>\n<footer>");
	page_paragraph(p, NULL, WORD_FOOTER, NULL);
	page_paragraph(p, NULL, WORD_FOOTER_TIME, values);
	page_raw(p, "</footer>\n</body>\n</html>\n");
}

void page_crumbs_open(struct page *p)
{
	page_raw(p, "<nav class=\"crumbs\"");
	page_attribute(p, "aria-label", word_of(WORD_CRUMBS, p->language));
	page_raw(p, "><ol>\n");
}

void page_crumb(struct page *p, const char *href, const char *text)
{
	page_raw(p, "<li>");
	if (href == NULL) {
		page_raw(p, "<span aria-current=\"page\">");
		page_text(p, text);
		page_raw(p, "</span>");
	} else {
		page_link(p, href, text);
	}
	page_raw(p, "</li>\n");
}

void page_crumbs_close(struct page *p)
{
	page_raw(p, "</ol></nav>\n");
}

/* ---- text ---- */

void page_paragraph(
    struct page *p, const char *class, enum word word, const char *const *values)
{
	page_raw(p, "<p");
	if (class != NULL)
		page_attribute(p, "class", class);
	page_raw(p, ">");
	page_say(p, word, values);
	page_raw(p, "</p>\n");
}

void page_heading(struct page *p, unsigned level, const char *id, enum word word)
{
	buf_printf(p->out, "<h%u", level);
	if (id != NULL)
		page_attribute(p, "id", id);
	page_raw(p, ">");
	page_word(p, word);
	buf_printf(p->out, "</h%u>\n", level);
}

void page_link(struct page *p, const char *href, const char *text)
{
	page_raw(p, "<a");
	page_attribute(p, "href", href);
	page_raw(p, ">");
	page_text(p, text);
	page_raw(p, "</a>");
}

void page_number(struct page *p, uint64_t number)
{
	char text[FORMAT_BYTES];

	format_number(text, number, p->language);
	page_text(p, text);
}

void page_day(struct page *p, int32_t day)
{
	char text[FORMAT_BYTES];

	format_day(text, day, p->language);
	page_text(p, text);
}

void page_time(struct page *p, int64_t wall_s)
{
	char text[FORMAT_BYTES];

	format_time(text, wall_s, p->offset_s, p->language);
	page_text(p, text);
}

void page_count(struct page *p, uint64_t number, bool at_least)
{
	if (at_least) {
		page_raw(
		    p, "<span aria-hidden=\"true\">≥\u00a0</span><span class=\"unseen\">");
		page_word(p, WORD_AT_LEAST);
		page_raw(p, " </span>");
	}
	page_number(p, number);
}
