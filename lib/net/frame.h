/* frame -- DNS messages on a stream: two octets of length, then the message (RFC 1035
 * section 4.2.2, RFC 7766 section 8).
 *
 *	  length 0..1 octets        length known
 *	┌──────────┐  2nd octet  ┌──────────┐  last octet
 *	│  LENGTH  │ ──────────▶ │ MESSAGE  │ ─────────────▶ a whole message, back to LENGTH
 *	└──────────┘             └──────────┘
 *
 * The frame borrows storage from its owner and never grows. One connection, one thread. */
#ifndef NET_FRAME_H
#define NET_FRAME_H

#include "base/bytes.h"
#include "base/err.h"

struct frame {
	uint8_t *storage;
	size_t cap;  /* the longest message taken */
	size_t have; /* octets of length and message so far */
	size_t need; /* length of the message, once two octets came */
	uint8_t head[2];
};

void frame_init(struct frame *f, uint8_t *storage, size_t cap);

/* Takes octets from the front of `*input`. OK: *message is whole (borrowed from the
 * frame's storage until the next feed), more may be left in *input. ERR_AGAIN: all of
 * *input was taken, more is needed. ERR_RANGE: a message above `cap`, or shorter than a
 * DNS header; close the connection. */
MUST_CHECK enum err frame_feed(struct frame *f, struct slice *input, struct slice *message);

/* True between two messages: the peer may close here, and the idle timer runs. */
static inline bool frame_is_idle(const struct frame *f)
{
	return f->have == 0;
}

/* The two octets to send before a message of `size` octets (at most 65535). */
static inline void frame_head(uint8_t out[2], size_t size)
{
	store_u16(out, (uint16_t)size);
}

#endif
