/* The files of lachan-share: written, read, and torn at every place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "sharing/state.h"

#define ID_A "d2460bb8-10e3-80ec-a15d-1016986a5ee9"
#define ID_B "e3460bb8-10e3-40ec-a15d-1016986a5ee9"

static struct sharing_state some_state(void)
{
	struct sharing_state s = {.failures = 3,
	    .next_s = 1763800000,
	    .tried_s = 1763790000,
	    .delivered = 12,
	    .delivered_s = 1763780000,
	    .stopped_s = 1763790001,
	    .stopped_status = 401,
	    .why = "the server answered 401: unknown token"};

	memset(s.settings, 'a', sizeof s.settings - 1);
	return s;
}

static void a_state_is_read_as_it_was_written(void **state)
{
	struct buf text = BUF_INIT(SHARING_STATE_MAX_BYTES);
	struct sharing_state in = some_state(), out = SHARING_STATE_NONE;

	(void)state;
	sharing_state_write(&text, &in);
	assert_int_equal(sharing_state_read(&out, buf_slice(&text)), OK);
	assert_memory_equal(&in, &out, sizeof in);
	buf_reset(&text);
	in = SHARING_STATE_NONE;
	sharing_state_write(&text, &in);
	assert_int_equal(sharing_state_read(&out, buf_slice(&text)), OK);
	assert_int_equal(out.failures, 0);
	assert_string_equal(out.why, "");
	buf_deinit(&text);
}

static void a_torn_state_counts_as_none(void **state)
{
	struct buf text = BUF_INIT(SHARING_STATE_MAX_BYTES);
	struct sharing_state in = some_state(), out = SHARING_STATE_NONE;

	(void)state;
	sharing_state_write(&text, &in);
	for (size_t len = 0; len < text.len; len++) {
		uint8_t *torn = malloc(len + 1);
		assert_non_null(torn);
		memcpy(torn, text.ptr, len);
		assert_int_equal(
		    sharing_state_read(&out, (struct slice){torn, len}), ERR_FORMAT);
		free(torn);
	}
	assert_int_equal(out.failures, 0);
	/* One octet that fell over, or zeros that a crash left. */
	for (size_t at = 0; at < text.len; at++) {
		uint8_t kept = text.ptr[at];
		text.ptr[at] = 0;
		assert_int_equal(sharing_state_read(&out, buf_slice(&text)), ERR_FORMAT);
		text.ptr[at] = kept;
	}
	buf_deinit(&text);
}

static void a_reason_of_several_lines_stays_one_line(void **state)
{
	struct buf text = BUF_INIT(SHARING_STATE_MAX_BYTES);
	struct sharing_state in = some_state(), out = SHARING_STATE_NONE;

	(void)state;
	(void)snprintf(in.why, sizeof in.why, "no\nend\nfailures 0\x1b[2J");
	sharing_state_write(&text, &in);
	assert_int_equal(sharing_state_read(&out, buf_slice(&text)), OK);
	assert_string_equal(out.why, "no end failures 0 [2J");
	buf_deinit(&text);
}

static bool keep_b(void *context, const char *report_id)
{
	(void)context;
	return strcmp(report_id, ID_B) == 0;
}

static void moments_are_kept_found_and_swept(void **state)
{
	struct buf text = BUF_INIT(SHARING_LEAVING_MAX_BYTES);
	struct sharing_leaving all = SHARING_LEAVING_NONE, again = SHARING_LEAVING_NONE;

	(void)state;
	assert_int_equal(sharing_leaving_add(&all, ID_A, 1763800000), OK);
	assert_int_equal(sharing_leaving_add(&all, ID_B, 1763800001), OK);
	assert_int_equal(sharing_leaving_add(&all, "no id\n", 1), ERR_RANGE);
	sharing_leaving_write(&text, &all);
	assert_int_equal(sharing_leaving_read(&again, buf_slice(&text)), OK);
	assert_int_equal(again.count, 2);
	assert_int_equal(sharing_leaving_find(&again, ID_A)->leave_s, 1763800000);
	sharing_leaving_sweep(&again, keep_b, NULL);
	assert_null(sharing_leaving_find(&again, ID_A));
	assert_int_equal(sharing_leaving_find(&again, ID_B)->leave_s, 1763800001);
	sharing_leaving_deinit(&again);
	for (size_t len = 0; len < text.len; len++)
		assert_int_equal(
		    sharing_leaving_read(&again, (struct slice){text.ptr, len}),
		    ERR_FORMAT);
	assert_int_equal(again.count, 0);
	sharing_leaving_deinit(&all);
	buf_deinit(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_state_is_read_as_it_was_written),
	    cmocka_unit_test(a_torn_state_counts_as_none),
	    cmocka_unit_test(a_reason_of_several_lines_stays_one_line),
	    cmocka_unit_test(moments_are_kept_found_and_swept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
