/* frame -- one message on a stream socket: its length, then its bytes.
 *
 *	+----------------+---------------------+
 *	| u32 LE: length | length bytes        |   length <= FRAME_MAX_BYTES
 *	+----------------+---------------------+
 *
 * control.sock and lachand.sock carry JSON in such frames, both ways; the framing does
 * not look inside. Threads: a decoder belongs to one thread. */
#ifndef CONTROL_FRAME_H
#define CONTROL_FRAME_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"

enum {
	FRAME_HEADER_BYTES = 4,
	FRAME_MAX_BYTES = 1 << 20
};

/* Writes the header of a payload of `length` bytes. ERR_RANGE above FRAME_MAX_BYTES;
 * then `header` is untouched. */
MUST_CHECK enum err frame_encode_header(uint8_t header[FRAME_HEADER_BYTES], size_t length);

/* Appends header and payload to `out`. ERR_RANGE as above, ERR_FULL at out's ceiling. */
MUST_CHECK enum err frame_append(struct buf *out, struct slice payload);

/* Collects frames from bytes that arrive in pieces of any size. Memory grows with what
 * has arrived, never with what a header promises. */
struct frame_decoder {
	struct buf pending; /* header and payload so far */
	size_t max_bytes;   /* of a payload; at most FRAME_MAX_BYTES */
	bool delivered;     /* the frame in `pending` was handed out by the last call */
	bool bad;
};

void frame_decoder_init(struct frame_decoder *d, size_t max_bytes);
/* Wipes what it still holds, as decoding does with what it has given: it may be a password. */
void frame_decoder_deinit(struct frame_decoder *d);

/* Eats from the front of *input, which becomes what is left. OK: *payload is one whole
 * frame, borrowed until the next call on `d`. ERR_AGAIN: all input was eaten and the
 * frame is not whole yet. ERR_RANGE: a header announced more than max_bytes; ERR_FULL:
 * out of memory. After ERR_RANGE or ERR_FULL the stream cannot be followed any more:
 * every later call fails the same way, and the connection should be closed. */
MUST_CHECK enum err frame_decode(
    struct frame_decoder *d, struct slice *input, struct slice *payload);

#endif
