#include "net/frame.h"

#include <stddef.h>

enum {
	HEAD_BYTES = 2,
	MESSAGE_BYTES_MIN = 12 /* a DNS header */
};

/* NOLINTNEXTLINE(readability-non-const-parameter): frame_feed writes through it. */
void frame_init(struct frame *f, uint8_t *storage, size_t cap)
{
	*f = (struct frame){.storage = storage, .cap = cap};
}

static void take_octet_of_head(struct frame *f, struct slice *input)
{
	f->head[f->have++] = input->ptr[0];
	input->ptr++;
	input->len--;
}

enum err frame_feed(struct frame *f, struct slice *input, struct slice *message)
{
	while (f->have < HEAD_BYTES && input->len > 0)
		take_octet_of_head(f, input);
	if (f->have < HEAD_BYTES)
		return ERR_AGAIN;
	f->need = load_u16(f->head);
	if (f->need < MESSAGE_BYTES_MIN || f->need > f->cap)
		return ERR_RANGE;

	size_t got = f->have - HEAD_BYTES;
	size_t missing = f->need - got;
	size_t taken = input->len < missing ? input->len : missing;
	if (taken > 0)
		memcpy(f->storage + got, input->ptr, taken);
	f->have += taken;
	input->ptr += taken;
	input->len -= taken;
	if (taken < missing)
		return ERR_AGAIN;
	*message = (struct slice){f->storage, f->need};
	f->have = 0;
	return OK;
}
