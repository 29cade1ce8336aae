/* Whatever the decoders accept must hold: frames do not depend on how the bytes were
 * cut, and an accepted verdict message encodes to the bytes it came from. */
#include <stdlib.h>

#include "control/frame.h"
#include "control/verdict.h"

#define HOLDS(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Feeds `all` in pieces of `step` bytes; returns a sum over the frames seen. */
static size_t sum_frames(struct slice all, size_t step, bool *failed)
{
	struct frame_decoder d;
	size_t sum = 0;

	frame_decoder_init(&d, 4096);
	*failed = false;
	while (all.len > 0 && !*failed) {
		struct slice piece = {all.ptr, all.len < step ? all.len : step};
		all.ptr += piece.len;
		all.len -= piece.len;
		enum err rc = OK;
		while (rc == OK) {
			struct slice payload;
			rc = frame_decode(&d, &piece, &payload);
			if (rc == OK) {
				HOLDS(payload.len <= 4096);
				sum = sum * 31 + payload.len + 1;
				for (size_t i = 0; i < payload.len; i++)
					sum = sum * 31 + payload.ptr[i];
			}
		}
		HOLDS(rc == ERR_AGAIN || rc == ERR_RANGE);
		HOLDS(rc != ERR_AGAIN || piece.len == 0);
		*failed = rc == ERR_RANGE;
	}
	frame_decoder_deinit(&d);
	return sum;
}

static void check_frames(struct slice all, size_t step)
{
	bool failed_whole;
	bool failed_cut;
	size_t whole = sum_frames(all, all.len + 1, &failed_whole);
	size_t cut = sum_frames(all, step, &failed_cut);

	HOLDS(whole == cut);
	HOLDS(failed_whole == failed_cut);
}

static void check_verdicts(struct slice message)
{
	struct verdict_question q;
	struct verdict_answer a;
	uint8_t again[VERDICT_MAX_BYTES];
	size_t len = 0;

	if (verdict_decode_question(message, &q) == OK) {
		HOLDS(verdict_encode_question(&q, again, &len) == OK);
		HOLDS(slice_equal((struct slice){again, len}, message));
	}
	if (verdict_decode_answer(message, &a) == OK) {
		HOLDS(verdict_encode_answer(&a, again, &len) == OK);
		HOLDS(slice_equal((struct slice){again, len}, message));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice all = {data, size};

	check_verdicts(all);
	if (size > 0)
		check_frames((struct slice){data + 1, size - 1}, (size_t)data[0] % 16 + 1);
	return 0;
}
