/* buf -- a heap buffer that grows up to the ceiling given when it is made.
 * A failed append (ceiling, memory) leaves the content as it was and the buffer "bad";
 * later appends do nothing, so a series of appends is checked once. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/bytes.h"
#include "base/err.h"

struct buf {
	uint8_t *ptr;
	size_t len;
	size_t cap;
	size_t max;
	bool bad;
	bool no_memory; /* why it is bad */
};

#define BUF_INIT(max_bytes) ((struct buf){.max = (max_bytes)})

void buf_deinit(struct buf *b);
/* Forgets the content and the failure, keeps the memory. */
void buf_reset(struct buf *b);
void buf_append(struct buf *b, struct slice s);
void buf_text(struct buf *b, const char *text);
void buf_byte(struct buf *b, uint8_t byte);
void buf_printf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);
/* Drops the first `n` bytes (n <= len). */
void buf_consume(struct buf *b, size_t n);
/* The content as a C string (a NUL behind it that is not counted); "" when bad or empty. */
const char *buf_cstr(struct buf *b);
/* OK, ERR_FULL when an append met the ceiling, ERR_MEMORY when there was none left. */
MUST_CHECK enum err buf_status(const struct buf *b);

static inline struct slice buf_slice(const struct buf *b)
{
	return (struct slice){b->ptr, b->len};
}

#endif
