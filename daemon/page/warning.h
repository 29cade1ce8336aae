/* warning -- the page in place of a blocked one, and the one that says "try again". */
#ifndef PAGE_WARNING_H
#define PAGE_WARNING_H

#include "page/notice.h"

/* How a request for a name is answered, from the filter's answer (NULL: it gave none). */
enum warning_kind {
	WARNING_PAGE,     /* 403, 451 where locked */
	WARNING_SILENT,   /* blocked without a page: an empty 403 */
	WARNING_OPEN_NOW, /* not blocked for this device: 503, try again */
	WARNING_NOT_READY /* everything is blocked until there are rules: 403, try again */
};

enum warning_kind warning_kind_of(
    const struct texts *texts, const struct verdict_answer *answer);
/* Of the HTTP answer. */
unsigned warning_status(enum warning_kind kind, const struct verdict_answer *answer);

/* Append the page to `out`; buf_status() says whether it fitted. */
void warning_write(struct buf *out, const struct occasion *occasion);
void warning_write_open_now(struct buf *out, const struct occasion *occasion);
/* What a warning page says first of the reason. */
void warning_write_first_line(struct view *v, const struct notice *n);
void warning_write_not_ready(struct buf *out, const struct occasion *occasion);

#endif
