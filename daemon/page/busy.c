#include "page/busy.h"

#include <stdio.h>

#include "base/html.h"
#include "page/facts.h"

static void write_line(
    struct buf *out, const char *open, const struct yaml_node *pair, struct voice voice)
{
	buf_text(out, open);
	html_escape(out, slice_of(texts_line(pair, voice)));
}

void busy_reply(struct http_exchange *x, const struct texts *texts,
    enum config_language language, unsigned wait_s)
{
	const struct voice voice = {.language = language};
	struct buf page = BUF_INIT(4096);
	char headers[512];

	buf_printf(&page,
	    "<!doctype html><html lang=\"%s\"><meta charset=\"utf-8\"><title>",
	    language == LANGUAGE_EN ? "en" : "vi");
	write_line(&page, "", texts_pair(texts, "ui", "product_name"), voice);
	write_line(&page, "</title><p>", texts_pair(texts, "ui", "busy"), voice);
	write_line(&page, "</p><p><a href=\"tel:111\">",
	    texts_pair(texts, "ui", "call_111"), voice);
	buf_text(&page, "</a></p></html>\n");
	(void)snprintf(headers, sizeof headers,
	    "Retry-After: %u\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
	    "Referrer-Policy: no-referrer\r\nX-Frame-Options: DENY\r\n"
	    "Content-Security-Policy: default-src 'none'; base-uri 'none'; "
	    "form-action 'none'; frame-ancestors 'none'\r\n"
	    "Content-Type: text/html; charset=utf-8\r\n",
	    wait_s);
	http_reply(x,
	    &(struct http_reply){.status = 429,
	        .headers = headers,
	        .body = buf_status(&page) == OK ? buf_slice(&page) : SLICE_EMPTY});
	buf_deinit(&page);
}
