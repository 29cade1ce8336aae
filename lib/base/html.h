/* html -- anybody's text made safe to stand in HTML, in content and in quoted attributes.
 * Threads: any. */
#ifndef BASE_HTML_H
#define BASE_HTML_H

#include "base/buf.h"
#include "base/bytes.h"

/* Appends text with & < > " ' escaped; control characters become spaces. What does not fit
 * shows in buf_status(). */
void html_escape(struct buf *out, struct slice text);

#endif
