/* Patterns in which * is anything, as expressions. */
#include "feed/internal.h"

bool feed_glob_is_of_names(struct slice body)
{
	for (size_t i = 0; i < body.len; i++) {
		uint8_t c = byte_lower(body.ptr[i]);
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '.' &&
		    c != '-' && c != '_' && c != '*')
			return false;
	}
	return true;
}

void feed_glob_write(struct buf *out, const struct feed_glob *g)
{
	static const char *const starts[] = {[FEED_GLOB_ANYWHERE] = "",
	    [FEED_GLOB_AT_LABEL] = "(?:^|\\.)",
	    [FEED_GLOB_AT_START] = "^"};

	buf_text(out, starts[g->start]);
	for (size_t i = 0; i < g->body.len; i++) {
		uint8_t c = byte_lower(g->body.ptr[i]);
		if (c == '.') {
			buf_text(out, "\\.");
		} else if (c != '*') {
			buf_byte(out, c);
		} else if (i + 1 < g->body.len && g->body.ptr[i + 1] != '*') {
			buf_text(out, ".*");
		}
	}
	if (g->ended)
		buf_byte(out, '$');
}
