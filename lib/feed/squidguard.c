/* squidguard: the three files of a folder of squidGuard's (the school lists of Toulouse), which
 * tell apart by themselves what a line is.
 *
 *   domains      a.vn  .a.vn             as far as the feed's `match` says
 *   urls         a.vn/page               refused, but "a.vn/" is a name
 *   expressions  (word|other)            a pattern; one that speaks of pages is refused
 *   # comment                            nothing */
#include "feed/internal.h"

static bool has_one_of(struct slice s, const char *bytes)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] != 0 && strchr(bytes, s.ptr[i]) != NULL)
			return true;
	}
	return false;
}

static struct slice without_scheme(struct slice line)
{
	static const char *const schemes[] = {"http://", "https://"};

	for (size_t i = 0; i < COUNT_OF(schemes); i++) {
		struct slice scheme = slice_of(schemes[i]);
		if (slice_starts(line, scheme))
			return (struct slice){line.ptr + scheme.len, line.len - scheme.len};
	}
	return line;
}

static void read_name(struct feed_parser *p, struct slice text)
{
	if (text.len > 1 && text.ptr[0] == '.')
		text = (struct slice){text.ptr + 1, text.len - 1};
	enum feed_reason reason = feed_read_name(&p->name, text);
	if (reason == FEED_URL) {
		feed_refuse(p, FEED_PAGE);
	} else if (reason != FEED_REASONS) {
		feed_refuse(p, reason);
	} else if (feed_is_local_name(name_of(&p->name))) {
		feed_idle(p);
	} else {
		feed_emit(p, feed_bare_kind(p));
	}
}

void feed_read_squidguard(struct feed_parser *p, struct slice line)
{
	if (line.ptr[0] == '#') {
		feed_blank(p);
		return;
	}
	struct slice rest = without_scheme(line);
	if (has_one_of(rest, "/?=&%")) {
		struct slice host = slice_cut(&rest, '/');
		if (rest.ptr != NULL && rest.len == 0 &&
		    !has_one_of(host, "()[]|^$*+?\\{")) {
			read_name(p, host);
		} else {
			feed_refuse(p, FEED_PAGE);
		}
	} else if (has_one_of(rest, "()[]|^$*+\\{")) {
		feed_make_begin(p);
		feed_emit_expression(p, rest, 0);
	} else {
		read_name(p, rest);
	}
}

/* Never guessed: its domains are a list of names like others. */
unsigned feed_probe_squidguard(struct slice line)
{
	(void)line;
	return 0;
}
