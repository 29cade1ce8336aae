#include "control/frame.h"

#include <string.h>

enum err frame_encode_header(uint8_t header[FRAME_HEADER_BYTES], size_t length)
{
	if (length > FRAME_MAX_BYTES)
		return ERR_RANGE;
	struct writer w = writer_over(header, FRAME_HEADER_BYTES);
	writer_le32(&w, (uint32_t)length);
	return OK;
}

enum err frame_append(struct buf *out, struct slice payload)
{
	uint8_t header[FRAME_HEADER_BYTES];

	enum err rc = frame_encode_header(header, payload.len);
	if (rc != OK)
		return rc;
	/* All or nothing: half a frame would take the peer's next frame for its tail. */
	if (out->bad || out->max - out->len < sizeof header + payload.len)
		return ERR_FULL;
	buf_append(out, (struct slice){header, sizeof header});
	buf_append(out, payload);
	return buf_status(out);
}

void frame_decoder_init(struct frame_decoder *d, size_t max_bytes)
{
	if (max_bytes > FRAME_MAX_BYTES)
		max_bytes = FRAME_MAX_BYTES;
	*d = (struct frame_decoder){
	    .pending = BUF_INIT(FRAME_HEADER_BYTES + max_bytes),
	    .max_bytes = max_bytes,
	};
}

void frame_decoder_deinit(struct frame_decoder *d)
{
	if (d->pending.ptr != NULL)
		explicit_bzero(d->pending.ptr, d->pending.cap);
	buf_deinit(&d->pending);
}

/* Moves input to `pending` until that holds `want` bytes; true when it does. */
static bool collect(struct frame_decoder *d, struct slice *input, size_t want)
{
	size_t missing = want - d->pending.len;
	size_t n = input->len < missing ? input->len : missing;

	if (n > 0) {
		buf_append(&d->pending, (struct slice){input->ptr, n});
		input->ptr += n;
		input->len -= n;
	}
	return d->pending.len == want;
}

enum err frame_decode(struct frame_decoder *d, struct slice *input, struct slice *payload)
{
	if (d->delivered) {
		explicit_bzero(d->pending.ptr, d->pending.len);
		buf_reset(&d->pending);
		d->delivered = false;
	}
	if (d->bad)
		return ERR_RANGE;
	if (d->pending.len < FRAME_HEADER_BYTES && !collect(d, input, FRAME_HEADER_BYTES))
		return buf_status(&d->pending) == OK ? ERR_AGAIN : ERR_FULL;

	struct reader r = reader_over(buf_slice(&d->pending));
	size_t length = reader_le32(&r);
	if (length > d->max_bytes) {
		d->bad = true;
		return ERR_RANGE;
	}
	if (!collect(d, input, FRAME_HEADER_BYTES + length))
		return buf_status(&d->pending) == OK ? ERR_AGAIN : ERR_FULL;
	d->delivered = true;
	*payload = (struct slice){d->pending.ptr + FRAME_HEADER_BYTES, length};
	return OK;
}
