#include "control/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct slice text(const char *s)
{
	return slice_of(s);
}

static void header_is_little_endian(void **state)
{
	(void)state;
	uint8_t header[FRAME_HEADER_BYTES];

	assert_int_equal(frame_encode_header(header, 0x0201), OK);
	assert_memory_equal(header, "\x01\x02\x00\x00", 4);
	assert_int_equal(frame_encode_header(header, FRAME_MAX_BYTES), OK);
	assert_int_equal(frame_encode_header(header, FRAME_MAX_BYTES + 1), ERR_RANGE);
}

static void frames_come_out_as_they_went_in_however_they_are_cut(void **state)
{
	(void)state;
	const char *const payloads[] = {"{\"command\":\"status\"}", "", "x"};
	struct buf stream = BUF_INIT(4096);

	for (size_t i = 0; i < 3; i++)
		assert_int_equal(frame_append(&stream, text(payloads[i])), OK);
	for (size_t step = 1; step <= stream.len; step++) {
		struct frame_decoder d;
		size_t seen = 0;
		frame_decoder_init(&d, FRAME_MAX_BYTES);
		for (size_t at = 0; at < stream.len; at += step) {
			size_t n = stream.len - at < step ? stream.len - at : step;
			/* An exact copy, so that a read past the piece is found. */
			uint8_t *copy = malloc(n);
			assert_non_null(copy);
			memcpy(copy, stream.ptr + at, n);
			struct slice piece = {copy, n};
			struct slice payload;
			while (frame_decode(&d, &piece, &payload) == OK) {
				assert_true(seen < 3);
				assert_true(slice_equal(payload, text(payloads[seen])));
				seen++;
			}
			assert_int_equal(piece.len, 0);
			free(copy);
		}
		assert_int_equal(seen, 3);
		frame_decoder_deinit(&d);
	}
	buf_deinit(&stream);
}

static void a_promise_above_the_ceiling_ends_the_stream(void **state)
{
	(void)state;
	struct frame_decoder d;
	struct slice payload;
	struct slice input = {(const uint8_t *)"\x05\x00\x00\x00hello", 9};
	struct slice more = {(const uint8_t *)"\x00\x00\x00\x00", 4};

	frame_decoder_init(&d, 4);
	assert_int_equal(frame_decode(&d, &input, &payload), ERR_RANGE);
	assert_int_equal(frame_decode(&d, &more, &payload), ERR_RANGE);
	frame_decoder_deinit(&d);
}

static void a_header_alone_reserves_no_memory(void **state)
{
	(void)state;
	struct frame_decoder d;
	struct slice payload;
	struct slice input = {(const uint8_t *)"\x00\x00\x10\x00", 4};

	frame_decoder_init(&d, FRAME_MAX_BYTES);
	assert_int_equal(frame_decode(&d, &input, &payload), ERR_AGAIN);
	assert_true(d.pending.cap < 4096);
	frame_decoder_deinit(&d);
}

static void append_is_all_or_nothing_at_the_ceiling(void **state)
{
	(void)state;
	struct buf out = BUF_INIT(10);

	assert_int_equal(frame_append(&out, text("hello")), OK);
	assert_int_equal(frame_append(&out, text("hello")), ERR_FULL);
	assert_int_equal(out.len, 9);
	assert_int_equal(buf_status(&out), OK);
	buf_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(header_is_little_endian),
	    cmocka_unit_test(frames_come_out_as_they_went_in_however_they_are_cut),
	    cmocka_unit_test(a_promise_above_the_ceiling_ends_the_stream),
	    cmocka_unit_test(a_header_alone_reserves_no_memory),
	    cmocka_unit_test(append_is_all_or_nothing_at_the_ceiling),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
