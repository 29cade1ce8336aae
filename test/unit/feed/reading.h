/* What a text gives when it is read as a feed, as one string: "subtree a.vn@1, @@/^ads\./@2,
 * exact b.vn A but c.b.vn =nxdomain@3". */
#ifndef TEST_FEED_READING_H
#define TEST_FEED_READING_H

#include "feed/feed.h"

struct reading {
	char rules[8192];
	size_t used;
	unsigned count;
	struct feed_stats stats;
	const struct feed_format *format;
	enum err rc;
	struct diag why;
};

enum reading_match {
	MATCH_SUBTREE,
	MATCH_EXACT
};

/* `format` NULL: recognised. `chunk` bytes a push; 0: all at once. */
void reading_of_bytes(struct reading *out, const char *format, enum reading_match match,
    struct slice text, size_t chunk);
/* The common case: a C string, all at once, and again byte by byte, asserting that both give
 * the same. */
void reading_of(struct reading *out, const char *format, const char *text);
/* Asserts that `text` gives exactly `rules`. */
void expect_rules(const char *format, const char *text, const char *rules);
/* Asserts that `text` gives no rule, and one line refused for `reason`. */
void expect_refused(const char *format, const char *text, enum feed_reason reason);

/* Asserts that `text` gives nothing but `lines` lines without effect. */
void expect_idle(const char *format, const char *text, unsigned lines);

#endif
