/* poster -- one A4 page to print and hang beside the computers: where to ask, in both
 * languages, with a QR code that leads to the portal.
 *
 * The browser prints it; nothing else renders it. */
#ifndef PAGE_POSTER_H
#define PAGE_POSTER_H

#include "page/view.h"

/* Appends the page to `out`; buf_status() says whether it fitted. Without memory for the
 * code the poster has the name alone. */
void poster_write(struct buf *out, const struct occasion *occasion);

/* Appends `text` (at most 200 octets of ASCII) as a QR code, in SVG with its quiet zone.
 * False, and nothing written, when it cannot be made. */
bool poster_write_code(struct buf *out, const char *text);

#endif
