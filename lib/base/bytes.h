/* bytes -- borrowed bytes, and reading and writing them without ever leaving them.
 *
 * A reader or writer that once failed stays failed ("bad"), so code reads straight down
 * and checks once at its end. Network byte order (u16, u32) is for the wire,
 * little-endian (le…) for our files. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Borrowed: whoever made it says how long the bytes live. */
struct slice {
	const uint8_t *ptr;
	size_t len;
};

#define SLICE_EMPTY ((struct slice){NULL, 0})
/* The slice of a string literal, without its final NUL. */
#define SLICE_LIT(literal) \
	((struct slice){(const uint8_t *)("" literal), sizeof(literal) - 1})

static inline struct slice slice_of(const char *text)
{
	return (struct slice){(const uint8_t *)text, strlen(text)};
}

static inline bool slice_equal(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* ASCII letters only, as DNS compares (RFC 4343). */
static inline uint8_t byte_lower(uint8_t c)
{
	return (uint8_t)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool slice_equal_nocase(struct slice a, struct slice b);
bool slice_starts(struct slice s, struct slice prefix);
bool slice_ends(struct slice s, struct slice suffix);

/* Without blanks (space, tab, CR, LF) at both ends. */
struct slice slice_trim(struct slice s);

/* Cuts `*rest` at the first `separator`: what stood before it is returned, `*rest` is
 * what follows; without a separator all of it is returned and `*rest` becomes empty with
 * ptr NULL. */
struct slice slice_cut(struct slice *rest, uint8_t separator);

/* Decimal digits only, whole slice, at most `max`. False leaves *out untouched. */
bool slice_to_u64(struct slice s, uint64_t max, uint64_t *out);

struct reader {
	const uint8_t *ptr;
	size_t left;
	bool bad;
};

static inline struct reader reader_over(struct slice s)
{
	return (struct reader){s.ptr, s.len, false};
}

static inline struct slice reader_bytes(struct reader *r, size_t n)
{
	if (r->bad || r->left < n) {
		r->bad = true;
		return SLICE_EMPTY;
	}
	struct slice s = {r->ptr, n};
	r->ptr += n;
	r->left -= n;
	return s;
}

static inline uint8_t reader_u8(struct reader *r)
{
	struct slice s = reader_bytes(r, 1);
	return (uint8_t)(s.ptr == NULL ? 0 : s.ptr[0]);
}

static inline uint16_t reader_u16(struct reader *r)
{
	struct slice s = reader_bytes(r, 2);
	return (uint16_t)(s.ptr == NULL ? 0 : s.ptr[0] << 8 | s.ptr[1]);
}

static inline uint32_t reader_u32(struct reader *r)
{
	uint32_t high = reader_u16(r);
	return high << 16 | reader_u16(r);
}

static inline uint32_t reader_le32(struct reader *r)
{
	struct slice s = reader_bytes(r, 4);
	if (s.ptr == NULL)
		return 0;
	return (uint32_t)s.ptr[0] | (uint32_t)s.ptr[1] << 8 | (uint32_t)s.ptr[2] << 16 |
	    (uint32_t)s.ptr[3] << 24;
}

static inline uint64_t reader_le64(struct reader *r)
{
	uint64_t low = reader_le32(r);
	return low | (uint64_t)reader_le32(r) << 32;
}

/* Over storage of the caller; `len` bytes of `cap` are written. */
struct writer {
	uint8_t *ptr;
	size_t len;
	size_t cap;
	bool bad;
};

static inline struct writer writer_over(uint8_t *storage, size_t cap)
{
	return (struct writer){storage, 0, cap, false};
}

static inline struct slice writer_slice(const struct writer *w)
{
	return (struct slice){w->ptr, w->len};
}

static inline void writer_bytes(struct writer *w, struct slice s)
{
	if (w->bad || w->cap - w->len < s.len) {
		w->bad = true;
		return;
	}
	if (s.len > 0)
		memcpy(w->ptr + w->len, s.ptr, s.len);
	w->len += s.len;
}

static inline void writer_u8(struct writer *w, uint8_t v)
{
	writer_bytes(w, (struct slice){&v, 1});
}

static inline void writer_u16(struct writer *w, uint16_t v)
{
	uint8_t b[2] = {(uint8_t)(v >> 8), (uint8_t)v};
	writer_bytes(w, (struct slice){b, sizeof b});
}

static inline void writer_u32(struct writer *w, uint32_t v)
{
	writer_u16(w, (uint16_t)(v >> 16));
	writer_u16(w, (uint16_t)v);
}

static inline void writer_le32(struct writer *w, uint32_t v)
{
	uint8_t b[4] = {
	    (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)};
	writer_bytes(w, (struct slice){b, sizeof b});
}

static inline void writer_le64(struct writer *w, uint64_t v)
{
	writer_le32(w, (uint32_t)v);
	writer_le32(w, (uint32_t)(v >> 32));
}

/* Fixed places in bytes whose bounds the caller has checked. */
static inline uint16_t load_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t load_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void store_u16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void store_u32(uint8_t *p, uint32_t v)
{
	store_u16(p, (uint16_t)(v >> 16));
	store_u16(p + 2, (uint16_t)v);
}

#endif
