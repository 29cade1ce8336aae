#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "net/frame.h"

static uint8_t storage[64];

/* Two messages, of 12 and 14 octets, one behind the other. */
static const uint8_t stream[] = {0, 12, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j',
    'k', 'l', 0, 14, 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N'};

static void pipelined_messages_come_one_by_one(void **state)
{
	(void)state;
	struct frame f;
	struct slice input = {stream, sizeof stream};
	struct slice message;
	frame_init(&f, storage, sizeof storage);
	assert_int_equal(frame_feed(&f, &input, &message), OK);
	assert_true(slice_equal(message, SLICE_LIT("abcdefghijkl")));
	assert_true(frame_is_idle(&f));
	assert_int_equal(frame_feed(&f, &input, &message), OK);
	assert_true(slice_equal(message, SLICE_LIT("ABCDEFGHIJKLMN")));
	assert_int_equal(input.len, 0);
	assert_int_equal(frame_feed(&f, &input, &message), ERR_AGAIN);
}

static void any_cut_of_the_stream_gives_the_same_messages(void **state)
{
	(void)state;
	for (size_t step = 1; step <= sizeof stream; step++) {
		struct frame f;
		size_t messages = 0;
		size_t octets = 0;
		frame_init(&f, storage, sizeof storage);
		for (size_t at = 0; at < sizeof stream; at += step) {
			size_t len = sizeof stream - at < step ? sizeof stream - at : step;
			struct slice input = {stream + at, len};
			struct slice message;
			while (frame_feed(&f, &input, &message) == OK) {
				messages++;
				octets += message.len;
			}
			assert_int_equal(input.len, 0);
		}
		assert_int_equal(messages, 2);
		assert_int_equal(octets, 26);
		assert_true(frame_is_idle(&f));
	}
}

static void a_begun_message_is_not_idle(void **state)
{
	(void)state;
	for (size_t len = 1; len < 14; len++) {
		struct frame f;
		struct slice input = {stream, len};
		struct slice message;
		frame_init(&f, storage, sizeof storage);
		assert_int_equal(frame_feed(&f, &input, &message), ERR_AGAIN);
		assert_false(frame_is_idle(&f));
	}
}

static void lengths_outside_the_bounds_end_the_connection(void **state)
{
	(void)state;
	static const uint8_t heads[][2] = {{0, 0}, {0, 11}, {0, 65}, {255, 255}};
	for (size_t i = 0; i < COUNT_OF(heads); i++) {
		struct frame f;
		struct slice input = {heads[i], 2};
		struct slice message;
		frame_init(&f, storage, sizeof storage);
		assert_int_equal(frame_feed(&f, &input, &message), ERR_RANGE);
	}
}

static void a_head_says_the_length(void **state)
{
	(void)state;
	uint8_t head[2];
	frame_head(head, 0x1234);
	assert_int_equal(head[0], 0x12);
	assert_int_equal(head[1], 0x34);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pipelined_messages_come_one_by_one),
	    cmocka_unit_test(any_cut_of_the_stream_gives_the_same_messages),
	    cmocka_unit_test(a_begun_message_is_not_idle),
	    cmocka_unit_test(lengths_outside_the_bounds_end_the_connection),
	    cmocka_unit_test(a_head_says_the_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
