#include "page/poster.h"

#include <stdio.h>
#include <string.h>

#include <qrencode.h>

#include "page/layout.h"

enum {
	QUIET = 4, /* modules of white around the code, ISO/IEC 18004 section 9.1 */
	URL_BYTES = 320
};

static bool is_dark(const QRcode *code, int x, int y)
{
	return x < code->width && (code->data[y * code->width + x] & 1) != 0;
}

/* One bar for each run of dark modules in a row. */
static void write_row(struct buf *out, const QRcode *code, int y)
{
	for (int x = 0; x < code->width; x++) {
		int from = x;
		while (is_dark(code, x, y))
			x++;
		if (x > from)
			buf_printf(out, "M%d %dh%dv1h-%dz", from + QUIET, y + QUIET,
			    x - from, x - from);
	}
}

bool poster_write_code(struct buf *out, const char *text)
{
	QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);

	if (code == NULL)
		return false;
	int side = code->width + 2 * QUIET;
	buf_printf(out,
	    "<svg class=\"qr\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"QR\" "
	    "shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/>"
	    "<path fill=\"#000\" d=\"",
	    side, side, side, side);
	for (int y = 0; y < code->width; y++)
		write_row(out, code, y);
	buf_text(out, "\"/></svg>");
	QRcode_free(code);
	return true;
}

/* https only where the portal has a certificate that everybody's device knows. */
static void portal_address(const struct config *config, char out[URL_BYTES])
{
	bool secure = config->pages.portal.certificate.file.text != NULL &&
	    config->pages.portal.certificate.file.text[0] != 0;

	(void)snprintf(out, URL_BYTES, "%s://%s/", secure ? "https" : "http",
	    config->pages.portal.name.text);
}

static void write_language(struct view *v, enum config_language language)
{
	const struct yaml_node *words = texts_section(v->texts, "short_texts");

	v->voice = (struct voice){language, false};
	buf_printf(v->out, "<section lang=\"%s\">", language == LANGUAGE_EN ? "en" : "vi");
	view_element(v, "<h1>", yaml_find(words, "poster_title"), "</h1>");
	view_element(v, "<p>", yaml_find(words, "poster_body"), "</p>");
	view_element(v, "<p><strong>", yaml_find(words, "poster_portal"), "</strong></p>");
	view_raw(v, "</section>");
}

static void write_call(struct view *v)
{
	const struct yaml_node *line =
	    yaml_find(texts_section(v->texts, "short_texts"), "poster_call");

	view_raw(v, "<p class=\"call\"><b aria-hidden=\"true\">111</b> <span>");
	v->voice.language = LANGUAGE_VI;
	view_element(v, "<span lang=\"vi\">", line, "</span><br>");
	v->voice.language = LANGUAGE_EN;
	view_element(v, "<span class=\"quiet\" lang=\"en\">", line, "</span>");
	view_raw(v, "</span></p>");
}

void poster_write(struct buf *out, const struct occasion *occasion)
{
	struct view v;
	char address[URL_BYTES];

	view_begin(&v, occasion, out);
	const struct voice reader = v.voice;
	v.page_class = "poster";
	portal_address(occasion->config, address);
	layout_open(&v, view_pair(&v, "portal", "btn_poster"), SCENE_MEADOW);
	view_element(
	    &v, "<p class=\"hint\">", view_pair(&v, "portal", "poster_hint"), "</p>");
	write_language(&v, LANGUAGE_VI);
	view_raw(&v, "<div class=\"scan\">");
	(void)poster_write_code(out, address);
	view_raw(&v, "<p><strong>");
	view_escaped(&v, address);
	view_raw(&v, "</strong></p></div>");
	write_language(&v, LANGUAGE_EN);
	write_call(&v);
	v.voice = reader;
	layout_end_card(&v);
	layout_close(&v, NULL);
}
