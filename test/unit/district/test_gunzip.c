#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <stdlib.h>

#include <zlib.h>

#include "district/gunzip.h"

static uint8_t packed[1 << 20];

static struct slice pack(const uint8_t *bytes, size_t len)
{
	z_stream z = {.next_in = (Bytef *)(uintptr_t)bytes};

	z.avail_in = (uInt)len;
	z.next_out = packed;
	z.avail_out = sizeof packed;
	assert_int_equal(
	    deflateInit2(&z, 1, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	(void)deflateEnd(&z);
	return (struct slice){packed, (size_t)z.total_out};
}

static void one_member_is_unpacked(void **state)
{
	static const char text[] = "{\"format\":\"lachan-summary\"}";
	struct buf out = BUF_INIT(GUNZIP_MAX_BYTES);

	(void)state;
	assert_int_equal(
	    gunzip_bounded(&out, pack((const uint8_t *)text, sizeof text - 1)), OK);
	assert_string_equal(buf_cstr(&out), text);
	buf_deinit(&out);
}

static void what_is_cut_or_has_something_behind_it_is_refused(void **state)
{
	static const char text[] =
	    "some text that is long enough to be cut anywhere at all";
	struct slice whole = pack((const uint8_t *)text, sizeof text - 1);

	(void)state;
	for (size_t len = 0; len < whole.len; len++) {
		struct buf out = BUF_INIT(GUNZIP_MAX_BYTES);
		assert_int_equal(
		    gunzip_bounded(&out, (struct slice){whole.ptr, len}), ERR_FORMAT);
		buf_deinit(&out);
	}
	struct buf out = BUF_INIT(GUNZIP_MAX_BYTES);
	packed[whole.len] = 0;
	assert_int_equal(
	    gunzip_bounded(&out, (struct slice){whole.ptr, whole.len + 1}), ERR_FORMAT);
	memcpy(packed + whole.len, packed, whole.len);
	buf_reset(&out);
	assert_int_equal(
	    gunzip_bounded(&out, (struct slice){whole.ptr, 2 * whole.len}), ERR_FORMAT);
	packed[whole.len - 5] ^= 1; /* its checksum */
	buf_reset(&out);
	assert_int_equal(gunzip_bounded(&out, whole), ERR_FORMAT);
	buf_deinit(&out);
}

static void a_bomb_ends_early(void **state)
{
	const size_t len = 8 << 20;
	uint8_t *zeros = calloc(1, len);
	struct buf out = BUF_INIT(GUNZIP_MAX_BYTES);

	(void)state;
	assert_non_null(zeros);
	struct slice bomb = pack(zeros, len);
	free(zeros);
	assert_int_equal(gunzip_bounded(&out, bomb), ERR_RANGE);
	assert_true(out.len <= bomb.len * GUNZIP_MAX_RATIO + 16384);
	buf_deinit(&out);
}

static void nothing_grows_beyond_the_ceiling(void **state)
{
	const size_t len = GUNZIP_MAX_BYTES + 1;
	uint8_t *noise = malloc(len);
	struct buf out = BUF_INIT(GUNZIP_MAX_BYTES);
	uint32_t seed = 1;

	(void)state;
	assert_non_null(noise);
	for (size_t i = 0; i < len; i++) { /* packs to about a tenth */
		seed = seed * 1664525U + 1013904223U;
		noise[i] = (uint8_t)(i % 16 == 0 ? seed >> 24 : 'x');
	}
	struct slice big = pack(noise, len);
	assert_true(big.len > GUNZIP_MAX_BYTES / GUNZIP_MAX_RATIO);
	assert_int_equal(gunzip_bounded(&out, big), ERR_RANGE);
	free(noise);
	buf_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_member_is_unpacked),
	    cmocka_unit_test(what_is_cut_or_has_something_behind_it_is_refused),
	    cmocka_unit_test(a_bomb_ends_early),
	    cmocka_unit_test(nothing_grows_beyond_the_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
