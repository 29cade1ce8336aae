/* A hostile archive on its way to a list: what is read keeps to the ceiling, and every member
 * stands behind its comment line. The first octet chooses what is asked for. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "feeds/archive.h"

enum {
	TEXT_MAX_BYTES = 1 << 20
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum err take(void *context, struct slice bytes, struct diag *why)
{
	(void)why;
	buf_append(context, bytes);
	return OK;
}

static void check(bool holds)
{
	if (!holds)
		abort();
}

static bool is_called_member(struct slice line)
{
	return slice_starts(line, SLICE_LIT("# member: "));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const wanted[] = {"", "gambling", "gambling/domains", "/"};
	struct buf out = BUF_INIT(TEXT_MAX_BYTES + 1);
	struct diag why = {.text = ""};

	if (size < 1)
		return 0;
	const struct members m = {.wanted = wanted[data[0] % COUNT_OF(wanted)],
	    .squidguard = data[0] >= 128,
	    .comment = '#',
	    .max_bytes = TEXT_MAX_BYTES};
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct slice body = {data + 1, size - 1};
	if (fd < 0 || fd_write_all(fd, body) != OK || lseek(fd, 0, SEEK_SET) != 0)
		return 0;
	enum err rc = archive_read_lists(fd, &m, take, &out, &why);
	check(out.len <= TEXT_MAX_BYTES);
	check(rc == OK || why.text[0] != 0);
	/* A tar archive's text begins with the place of its first member. */
	if (rc == OK && body.len > 262 &&
	    slice_equal((struct slice){body.ptr + 257, 5}, SLICE_LIT("ustar")))
		check(out.len == 0 || is_called_member(buf_slice(&out)));
	buf_deinit(&out);
	(void)close(fd);
	return 0;
}
