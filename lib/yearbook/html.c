/* The report as one HTML document: the head that Vietnamese offices use, the tables, and the
 * block to sign. */
#include <inttypes.h>

#include "base/html.h"

#include "yearbook/internal.h"

static void write_text(struct buf *out, const char *text)
{
	html_escape(out, slice_of(text));
}

static const char *word(const struct yearbook *book, enum yearbook_word id)
{
	return yearbook_word(book->language, id);
}

static void write_start(const struct yearbook *book, enum yearbook_style style,
    const char *href, struct buf *out)
{
	buf_printf(out,
	    "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
	    book->language == YEARBOOK_EN ? "en" : "vi");
	write_text(out, book->title);
	buf_text(out, "</title>\n");
	if (style == YEARBOOK_STYLE_LINKED) {
		buf_text(out, "<link rel=\"stylesheet\" href=\"");
		write_text(out, href);
		buf_text(out, "\">\n");
	} else {
		/* The file is opened by whoever gets it: nothing in it runs or loads. */
		buf_printf(out,
		    "<meta http-equiv=\"Content-Security-Policy\" "
		    "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
		    "<style>\n%s</style>\n",
		    yearbook_stylesheet());
	}
	buf_text(out, "</head>\n<body>\n");
}

static void write_masthead(const struct yearbook *book, struct buf *out)
{
	buf_text(out, "<header>\n<div class=\"head\">\n<div><p class=\"name\">");
	write_text(out, book->organization);
	buf_printf(out, "</p><p>%s</p></div>\n", word(book, YB_NUMBER));
	buf_printf(out,
	    "<div><p class=\"republic\">%s</p><p class=\"motto\">%s</p></div>\n</div>\n",
	    word(book, YB_REPUBLIC), word(book, YB_MOTTO));
	buf_text(out, "<p class=\"date\">");
	if (*book->place != 0) {
		write_text(out, book->place);
		buf_text(out, ", ");
	}
	buf_printf(out, "%s</p>\n<h1>", word(book, YB_PLACE_DATE));
	write_text(out, book->title);
	buf_text(out, "</h1>\n</header>\n");
}

static void write_fact(struct buf *out, const char *label, const char *value)
{
	if (*value == 0)
		return;
	buf_printf(out, "<dt>%s</dt><dd>", label);
	write_text(out, value);
	buf_text(out, "</dd>\n");
}

static void write_facts(const struct yearbook *book, struct buf *out)
{
	char from[16];
	char to[16];
	char made[16];
	struct buf units = BUF_INIT(64);

	yearbook_day_text(from, book->from);
	yearbook_day_text(to, book->to);
	yearbook_day_text(made, book->made);
	figures_whole(&units, (int64_t)book->units, figures_of(book->language));
	buf_printf(
	    out, "<dl>\n<dt>%s</dt><dd>%s – %s</dd>\n", word(book, YB_PERIOD), from, to);
	write_fact(out, word(book, YB_SCOPE), book->scope);
	write_fact(out, word(book, YB_UNITS), buf_cstr(&units));
	write_fact(out, word(book, YB_TREE), book->tree);
	write_fact(out, word(book, YB_MADE), made);
	buf_text(out, "</dl>\n");
	buf_deinit(&units);
}

static void write_legal(const struct yearbook *book, struct buf *out)
{
	if (book->legal.count == 0)
		return;
	buf_printf(out, "<ul class=\"legal\">\n<li>%s</li>\n", word(book, YB_LEGAL));
	for (size_t i = 0; i < book->legal.count; i++) {
		buf_text(out, "<li>");
		write_text(out, book->legal.items[i]);
		buf_text(out, "</li>\n");
	}
	buf_text(out, "</ul>\n");
}

static void write_notes(const struct yearbook *book, struct buf *out)
{
	for (size_t i = 0; i < book->notes.count; i++) {
		buf_text(out, "<p class=\"note\">");
		write_text(out, book->notes.items[i]);
		buf_text(out, "</p>\n");
	}
}

static void write_signature(struct buf *out, const char *office, const char *how)
{
	buf_text(out, "<div class=\"sign\"><p class=\"office\">");
	write_text(out, office);
	buf_printf(out, "</p><p>%s</p></div>\n", how);
}

static void write_foot(const struct yearbook *book, struct buf *out)
{
	buf_text(out, "<footer class=\"foot\">\n<div class=\"to\">");
	if (book->recipients.count > 0) {
		buf_printf(out, "<strong>%s</strong><ul>\n", word(book, YB_RECIPIENTS));
		for (size_t i = 0; i < book->recipients.count; i++) {
			buf_text(out, "<li>- ");
			write_text(out, book->recipients.items[i]);
			buf_text(out, ";</li>\n");
		}
		buf_text(out, "</ul>");
	}
	buf_text(out, "</div>\n");
	write_signature(out, word(book, YB_AUTHOR), word(book, YB_SIGN_NAME));
	write_signature(out, book->signer, word(book, YB_SIGN_SEAL));
	buf_text(out, "</footer>\n");
}

enum err yearbook_html(const struct yearbook *book, enum yearbook_style style,
    const char *href, const char *tools, struct buf *out)
{
	write_start(book, style, href, out);
	if (tools != NULL)
		buf_printf(out, "<nav class=\"tools\">%s</nav>\n", tools);
	buf_text(out, "<main>\n");
	write_masthead(book, out);
	write_legal(book, out);
	write_facts(book, out);
	write_notes(book, out);
	for (size_t i = 0; i < book->table_count; i++)
		if (!book->tables[i]->annex)
			html_table(out, book->tables[i]);
	write_foot(book, out);
	for (size_t i = 0; i < book->table_count; i++)
		if (book->tables[i]->annex)
			html_table(out, book->tables[i]);
	buf_text(out, "</main>\n</body>\n</html>\n");
	return writer_status(book, out);
}
