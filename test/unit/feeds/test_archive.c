#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/file.h"
#include "feeds/archive.h"

static const char list[] = "a.example\nb.example\n";

/* A .tar.gz with the list in these places (NULL at the end), in a memfd at its begin. */
static int make_archive(const char *const *paths)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	struct archive *a = archive_write_new();

	assert_true(fd >= 0);
	assert_int_equal(archive_write_add_filter_gzip(a), ARCHIVE_OK);
	assert_int_equal(archive_write_set_format_ustar(a), ARCHIVE_OK);
	assert_int_equal(archive_write_open_fd(a, fd), ARCHIVE_OK);
	for (; *paths != NULL; paths++) {
		struct archive_entry *entry = archive_entry_new();
		archive_entry_set_pathname(entry, *paths);
		archive_entry_set_filetype(entry, AE_IFREG);
		archive_entry_set_size(entry, (la_int64_t)strlen(list));
		assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
		assert_int_equal(
		    archive_write_data(a, list, strlen(list)), (la_ssize_t)strlen(list));
		archive_entry_free(entry);
	}
	assert_int_equal(archive_write_free(a), ARCHIVE_OK);
	assert_true(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

static enum err take(void *context, struct slice bytes, struct diag *why)
{
	(void)why;
	buf_append(context, bytes);
	return OK;
}

static enum err read_lists(int fd, const char *wanted, struct buf *out, struct diag *why)
{
	const struct members m = {.wanted = wanted, .comment = '#', .max_bytes = 1 << 20};

	buf_reset(out);
	assert_true(lseek(fd, 0, SEEK_SET) == 0);
	return archive_read_lists(fd, &m, take, out, why);
}

static void only_the_lists_that_are_meant_are_read(void **state)
{
	static const char *const paths[] = {"b/adult/domains", "b/gambling/usage",
	    "b/gambling/domains", "../../etc/gambling/domains.2", NULL};
	int fd = make_archive(paths);
	struct buf out = BUF_INIT(1 << 20);
	struct diag why;

	(void)state;
	assert_int_equal(read_lists(fd, "gambling", &out, &why), OK);
	assert_string_equal(buf_cstr(&out),
	    "# member: b/gambling/domains\na.example\nb.example\n"
	    "# member: ../../etc/gambling/domains.2\na.example\nb.example\n");
	assert_int_equal(read_lists(fd, "", &out, &why), ERR_FORMAT);
	assert_int_equal(read_lists(fd, "dating", &out, &why), ERR_FORMAT);
	buf_deinit(&out);
	(void)close(fd);
}

/* What stands behind the archive's own end (gzip's checksum) is not missed. */
static void every_cut_is_noticed_or_costs_nothing(void **state)
{
	static const char *const paths[] = {"gambling/domains", NULL};
	int fd = make_archive(paths);
	struct buf out = BUF_INIT(1 << 20);
	struct diag why;

	(void)state;
	off_t whole = lseek(fd, 0, SEEK_END);
	for (off_t len = whole - 1; len >= 0; len--) {
		assert_int_equal(ftruncate(fd, len), 0);
		bool read = read_lists(fd, "", &out, &why) == OK;
		if (read)
			assert_string_equal(buf_cstr(&out),
			    "# member: gambling/domains\na.example\nb.example\n");
		assert_true(!read || len >= whole - 16);
	}
	buf_deinit(&out);
	(void)close(fd);
}

static void every_turned_octet_is_survived(void **state)
{
	static const char *const paths[] = {"gambling/domains", NULL};
	int fd = make_archive(paths);
	struct buf out = BUF_INIT(1 << 20);
	struct diag why;
	off_t len = lseek(fd, 0, SEEK_END);

	(void)state;
	for (off_t at = 0; at < len; at++) {
		uint8_t octet;
		assert_int_equal(pread(fd, &octet, 1, at), 1);
		uint8_t turned = octet ^ 0x55;
		assert_int_equal(pwrite(fd, &turned, 1, at), 1);
		if (read_lists(fd, "", &out, &why) == OK)
			assert_true(out.len > 0);
		assert_int_equal(pwrite(fd, &octet, 1, at), 1);
	}
	buf_deinit(&out);
	(void)close(fd);
}

/* An old GNU tar whose one member is a hole of 2^62 octets with one block behind it: what it
 * would unpack to says neither the archive's length nor any filter's. */
static int make_hole(const char *path)
{
	enum {
		BLOCK = 512,
		SIZE_AT = 124,
		SUM_AT = 148,
		TYPE_AT = 156,
		MAGIC_AT = 257,
		SPARSE_AT = 386,
		REAL_SIZE_AT = 483
	};
	static const uint8_t huge[12] = {0x80, 0, 0, 0, 0x40};
	uint8_t tar[4 * BLOCK] = {0};
	unsigned sum = 8 * ' ';
	int fd = memfd_create("test", MFD_CLOEXEC);

	(void)snprintf((char *)tar, 100, "%s", path);
	(void)snprintf((char *)tar + SIZE_AT, 12, "%011o", (unsigned)BLOCK);
	tar[TYPE_AT] = 'S';
	memcpy(tar + MAGIC_AT, "ustar  ", 8);
	memcpy(tar + SPARSE_AT, huge, sizeof huge);
	(void)snprintf((char *)tar + SPARSE_AT + 12, 12, "%011o", (unsigned)BLOCK);
	memcpy(tar + REAL_SIZE_AT, huge, sizeof huge);
	tar[REAL_SIZE_AT + 10] = BLOCK >> 8;
	for (size_t i = 0; i < BLOCK; i++)
		sum += tar[i];
	(void)snprintf((char *)tar + SUM_AT, 8, "%06o", sum);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, (struct slice){tar, sizeof tar}), OK);
	return fd;
}

static void a_hole_is_not_unpacked(void **state)
{
	struct buf out = BUF_INIT(1 << 20);
	struct diag why;
	int fd = make_hole("b/gambling/usage");

	(void)state;
	assert_int_equal(read_lists(fd, "gambling", &out, &why), ERR_FORMAT);
	assert_int_equal(out.len, 0);
	(void)close(fd);
	fd = make_hole("b/gambling/domains");
	assert_true(read_lists(fd, "gambling", &out, &why) != OK);
	buf_deinit(&out);
	(void)close(fd);
}

static void an_archive_is_told_by_its_first_octets(void **state)
{
	uint8_t tar[ARCHIVE_HEAD_BYTES] = {'x'};

	(void)state;
	memcpy(tar + 257, "ustar", 5);
	assert_true(archive_is_one(SLICE_LIT("\x1f\x8b\x08")));
	assert_true(archive_is_one(SLICE_LIT("\xfd"
	                                     "7zXZ\0")));
	assert_true(archive_is_one((struct slice){tar, sizeof tar}));
	assert_false(archive_is_one((struct slice){tar, 260}));
	assert_false(archive_is_one(SLICE_LIT("")));
	assert_false(archive_is_one(SLICE_LIT("\x1f")));
	assert_false(archive_is_one(SLICE_LIT("a.example\n")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_the_lists_that_are_meant_are_read),
	    cmocka_unit_test(every_cut_is_noticed_or_costs_nothing),
	    cmocka_unit_test(every_turned_octet_is_survived),
	    cmocka_unit_test(a_hole_is_not_unpacked),
	    cmocka_unit_test(an_archive_is_told_by_its_first_octets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
