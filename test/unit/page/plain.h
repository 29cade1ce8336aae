/* The text of a page in the order it is read, as a text browser has it. */
#ifndef TEST_PAGE_PLAIN_H
#define TEST_PAGE_PLAIN_H

#include "base/buf.h"

/* Appends what stands in <body>: tags gone, drawings too, entities as letters, a newline
 * where an element that is a line of its own ends, single spaces. */
void plain_text(struct buf *out, const char *page);

#endif
