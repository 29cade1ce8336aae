#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	FIRST_BYTES = 256
};

void buf_deinit(struct buf *b)
{
	free(b->ptr);
	*b = (struct buf){.max = b->max};
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->bad = false;
	b->no_memory = false;
}

/* Room for `more` bytes and a NUL; false marks the buffer bad. */
static bool reserve(struct buf *b, size_t more)
{
	if (b->bad || more > b->max || b->len > b->max - more) {
		b->bad = true;
		return false;
	}
	size_t need = b->len + more + 1;
	if (need <= b->cap)
		return true;
	size_t cap = b->cap < FIRST_BYTES ? FIRST_BYTES : b->cap;
	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	uint8_t *grown = realloc(b->ptr, cap);
	if (grown == NULL) {
		b->bad = true;
		b->no_memory = true;
		return false;
	}
	b->ptr = grown;
	b->cap = cap;
	return true;
}

void buf_append(struct buf *b, struct slice s)
{
	if (!reserve(b, s.len))
		return;
	if (s.len > 0)
		memcpy(b->ptr + b->len, s.ptr, s.len);
	b->len += s.len;
}

void buf_text(struct buf *b, const char *text)
{
	buf_append(b, slice_of(text));
}

void buf_byte(struct buf *b, uint8_t byte)
{
	buf_append(b, (struct slice){&byte, 1});
}

void buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int need = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (need < 0 || !reserve(b, (size_t)need)) {
		b->bad = true;
		return;
	}
	va_start(args, format);
	(void)vsnprintf((char *)b->ptr + b->len, (size_t)need + 1, format, args);
	va_end(args);
	b->len += (size_t)need;
}

void buf_consume(struct buf *b, size_t n)
{
	if (n > b->len)
		n = b->len;
	if (n > 0)
		memmove(b->ptr, b->ptr + n, b->len - n);
	b->len -= n;
}

const char *buf_cstr(struct buf *b)
{
	if (b->ptr == NULL || b->bad)
		return "";
	b->ptr[b->len] = 0; /* reserve() always keeps one byte behind len */
	return (const char *)b->ptr;
}

enum err buf_status(const struct buf *b)
{
	if (b->no_memory)
		return ERR_MEMORY;
	return b->bad ? ERR_FULL : OK;
}
