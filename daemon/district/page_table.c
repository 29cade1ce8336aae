#include "district/page.h"

#include "base/html.h"

/* A table wider than its window scrolls in a box of its own, which the keyboard reaches: the page never does. */
void page_table_open(struct page *p, const struct page_table *table)
{
	page_raw(p, "<div class=\"table\" role=\"region\" tabindex=\"0\"");
	page_attribute(p, "aria-label", table->caption);
	page_raw(p, "><table");
	if (table->id != NULL)
		page_attribute(p, "id", table->id);
	if (table->chart != NULL)
		page_attribute(p, "data-chart", table->chart);
	page_raw(p, "><caption>");
	page_text(p, table->caption);
	page_raw(p, "</caption>\n<thead><tr>");
	for (size_t i = 0; i < table->count; i++) {
		const struct page_column *column = &table->columns[i];
		page_raw(p,
		    column->kind == COLUMN_NUMBER ? "<th scope=\"col\" class=\"number\">"
		                                  : "<th scope=\"col\">");
		page_text(p,
		    column->text != NULL ? column->text
		                         : word_of(column->word, p->language));
		page_raw(p, "</th>");
	}
	page_raw(p, "</tr></thead>\n<tbody>\n");
}

void page_table_close(struct page *p)
{
	page_raw(p, "</tbody></table></div>\n");
}

void page_row_open(struct page *p)
{
	page_raw(p, "<tr>");
}

void page_row_close(struct page *p)
{
	page_raw(p, "</tr>\n");
}

static void put_maybe_link(struct page *p, const char *href, const char *text)
{
	if (href != NULL)
		page_link(p, href, text);
	else
		page_text(p, text);
}

void page_cell_head(struct page *p, const char *href, const char *text)
{
	page_raw(p, "<th scope=\"row\">");
	put_maybe_link(p, href, text);
	page_raw(p, "</th>");
}

void page_cell_open(struct page *p, enum page_column_kind kind)
{
	page_raw(p, kind == COLUMN_NUMBER ? "<td class=\"number\">" : "<td>");
}

void page_cell_close(struct page *p)
{
	page_raw(p, "</td>");
}

void page_cell_text(struct page *p, const char *text)
{
	page_cell_open(p, COLUMN_TEXT);
	page_text(p, text);
	page_cell_close(p);
}

void page_cell_link(struct page *p, const char *href, const char *text)
{
	page_cell_open(p, COLUMN_TEXT);
	put_maybe_link(p, href, text);
	page_cell_close(p);
}

/* data-v is the number as the chart's script reads it, whatever the language. */
static void open_number(struct page *p, uint64_t number)
{
	buf_printf(
	    p->out, "<td class=\"number\" data-v=\"%llu\">", (unsigned long long)number);
}

void page_cell_number(struct page *p, uint64_t number)
{
	open_number(p, number);
	page_number(p, number);
	page_cell_close(p);
}

void page_cell_count(struct page *p, uint64_t number, uint64_t withheld)
{
	if (number == 0 && withheld > 0) {
		page_raw(p, "<td class=\"number withheld\">");
		page_word(p, WORD_WITHHELD);
		page_cell_close(p);
		return;
	}
	open_number(p, number);
	page_count(p, number, withheld > 0);
	page_cell_close(p);
}

void page_cell_day(struct page *p, int32_t day)
{
	page_raw(p, "<td class=\"time\">");
	page_day(p, day);
	page_cell_close(p);
}

void page_cell_time(struct page *p, int64_t wall_s)
{
	page_raw(p, "<td class=\"time\">");
	page_time(p, wall_s);
	page_cell_close(p);
}

void page_cell_none(struct page *p, enum page_column_kind kind, enum word word)
{
	page_raw(p,
	    kind == COLUMN_NUMBER ? "<td class=\"number none\">" : "<td class=\"none\">");
	page_raw(p, "<span aria-hidden=\"true\">–</span><span class=\"unseen\">");
	page_word(p, word);
	page_raw(p, "</span></td>");
}
