/* internal -- lines of words and numbers, read as they are written. */
#ifndef NOTICES_INTERNAL_H
#define NOTICES_INTERNAL_H

#include "notices/notices.h"

#define NOTICES_END "end\n"

/* Of a whole file: what stands between its first line `head` and the last, "end". ERR_FORMAT:
 * it is not whole. */
MUST_CHECK enum err notices_body(struct slice *out, struct slice text, const char *head);
/* Exactly `count` numbers, one blank between two. */
bool notices_numbers(uint64_t *out, size_t count, struct slice text);
/* Sixteen hexadecimal digits. */
bool notices_id(uint64_t *out, struct slice text);

#endif
