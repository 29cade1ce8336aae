#include "plain.h"

#include <string.h>

static bool starts(const char *at, const char *with)
{
	return strncmp(at, with, strlen(with)) == 0;
}

/* "</p>", "</li>", "<br>": after these a new line begins. */
static bool ends_line(const char *tag)
{
	static const char *const ends[] = {"</p>", "</h1>", "</h2>", "</h3>", "</li>",
	    "</a>", "</div>", "</section>", "</header>", "</footer>", "<br>"};

	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		if (starts(tag, ends[i]))
			return true;
	}
	return false;
}

static void put(struct buf *out, char c)
{
	bool fresh = out->len == 0 || out->ptr[out->len - 1] == '\n';

	if (c == '\n' && fresh)
		return;
	if (c == ' ' && (fresh || out->ptr[out->len - 1] == ' '))
		return;
	buf_byte(out, (uint8_t)c);
}

static const char *put_entity(struct buf *out, const char *at)
{
	static const struct {
		const char *name;
		char letter;
	} known[] = {
	    {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}};

	for (size_t i = 0; i < COUNT_OF(known); i++) {
		if (starts(at, known[i].name)) {
			put(out, known[i].letter);
			return at + strlen(known[i].name);
		}
	}
	put(out, *at);
	return at + 1;
}

static const char *skip_tag(struct buf *out, const char *at)
{
	const char *end = strchr(at, '>');

	if (starts(at, "<svg") && strstr(at, "</svg>") != NULL)
		return strstr(at, "</svg>") + strlen("</svg>");
	if (ends_line(at))
		put(out, '\n');
	return end != NULL ? end + 1 : at + strlen(at);
}

void plain_text(struct buf *out, const char *page)
{
	const char *at = strstr(page, "<body");

	while (at != NULL && *at != 0) {
		if (*at == '<') {
			at = skip_tag(out, at);
		} else if (*at == '&') {
			at = put_entity(out, at);
		} else {
			put(out, *at == '\n' || *at == '\t' ? ' ' : *at);
			at++;
		}
	}
	put(out, '\n');
}
