#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "feeds/gzip.h"
#include "kit/digest.h"

static char path[] = "/tmp/lachan-gzip-XXXXXX";

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd >= 0 ? close(fd) : -1;
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static enum err collect(void *context, struct slice bytes)
{
	buf_append(context, bytes);
	return buf_status(context);
}

static void write_copy(size_t lines)
{
	FILE *f = fopen(path, "w");
	gzFile gz = NULL;

	assert_non_null(f);
	assert_int_equal(gzip_begin(&gz, fileno(f)), OK);
	for (size_t i = 0; i < lines; i++) {
		char line[64];
		int n = snprintf(line, sizeof line, "name-%zu.example\n", i * 7919);
		assert_int_equal(
		    gzip_write(gz, (struct slice){(uint8_t *)line, (size_t)n}), OK);
	}
	assert_int_equal(gzip_end(&gz), OK);
	assert_null(gz);
	assert_int_equal(fclose(f), 0);
}

static void a_copy_reads_back(void **state)
{
	struct buf text = BUF_INIT(1 << 20);

	(void)state;
	write_copy(20000);
	assert_int_equal(gzip_read(path, collect, &text), OK);
	assert_true(slice_starts(
	    buf_slice(&text), SLICE_LIT("name-0.example\nname-7919.example\n")));
	assert_true(slice_ends(buf_slice(&text), SLICE_LIT("name-158372081.example\n")));
	buf_deinit(&text);
}

static void a_cut_or_changed_copy_is_noticed(void **state)
{
	struct buf whole = BUF_INIT(1 << 20);

	(void)state;
	write_copy(2000);
	assert_int_equal(file_read(path, &whole), OK);
	for (size_t len = 0; len < whole.len; len += 97) {
		struct buf text = BUF_INIT(1 << 20);
		assert_int_equal(
		    file_write_atomic(path, (struct slice){whole.ptr, len}, 0600), OK);
		/* A file of no octets is an empty text to zlib; no feed is empty. */
		if (len > 0)
			assert_int_equal(gzip_read(path, collect, &text), ERR_FORMAT);
		buf_deinit(&text);
	}
	whole.ptr[whole.len / 2] ^= 0x10;
	struct buf text = BUF_INIT(1 << 20);
	assert_int_equal(file_write_atomic(path, buf_slice(&whole), 0600), OK);
	assert_int_equal(gzip_read(path, collect, &text), ERR_FORMAT);
	buf_deinit(&text);
	buf_deinit(&whole);
}

static void plain_text_is_no_copy(void **state)
{
	struct buf text = BUF_INIT(1 << 20);

	(void)state;
	assert_int_equal(file_write_atomic(path, SLICE_LIT("a.example\n"), 0600), OK);
	assert_int_equal(gzip_read(path, collect, &text), ERR_FORMAT);
	assert_int_equal(gzip_read("/nonexistent/x", collect, &text), ERR_NOT_FOUND);
	buf_deinit(&text);
}

static void a_digest_is_sha_256(void **state)
{
	char text[DIGEST_TEXT_BYTES];
	EVP_MD_CTX *sum = NULL;

	(void)state;
	assert_int_equal(digest_begin(&sum), OK);
	digest_add(sum, SLICE_LIT("a"));
	digest_add(sum, SLICE_LIT("bc"));
	digest_end(&sum, text);
	/* FIPS 180-4's example. */
	assert_string_equal(
	    text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_copy_reads_back),
	    cmocka_unit_test(a_cut_or_changed_copy_is_noticed),
	    cmocka_unit_test(plain_text_is_no_copy),
	    cmocka_unit_test(a_digest_is_sha_256),
	};
	return cmocka_run_group_tests(tests, make_file, remove_file);
}
