#include "audit/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/line.h"
#include "base/file.h"

struct audit {
	int fd;
	uint64_t count;
	off_t bytes; /* whole lines */
	size_t torn_bytes;
	bool torn; /* by us, and it could not be taken back: nothing may follow */
	char head[AUDIT_HASH_TEXT_BYTES];
};

static void zero_hash(char out[AUDIT_HASH_TEXT_BYTES])
{
	memset(out, '0', AUDIT_HASH_TEXT_BYTES - 1);
	out[AUDIT_HASH_TEXT_BYTES - 1] = 0;
}

/* ---- opening ---- */

static enum err read_at(int fd, off_t at, uint8_t *to, size_t n)
{
	while (n > 0) {
		ssize_t got = pread(fd, to, n, at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return ERR_IO;
		to += got;
		at += got;
		n -= (size_t)got;
	}
	return OK;
}

/* Finds the last whole line within the last two lines' worth of bytes, and cuts off
 * what stands behind it. */
static enum err read_end(struct audit *a, struct diag *why)
{
	uint8_t tail[2 * (AUDIT_LINE_MAX + 1)];
	struct stat st;

	if (fstat(a->fd, &st) != 0)
		return ERR_IO;
	size_t n = st.st_size > (off_t)sizeof tail ? sizeof tail : (size_t)st.st_size;
	if (read_at(a->fd, st.st_size - (off_t)n, tail, n) != OK)
		return ERR_IO;
	size_t end = n;
	while (end > 0 && tail[end - 1] != '\n')
		end--;
	a->torn_bytes = n - end;
	a->bytes = st.st_size - (off_t)a->torn_bytes;
	if (end == 0 && st.st_size > (off_t)n) {
		diag_set(why, "its end holds no line: this is no audit record");
		return ERR_FORMAT;
	}
	if (end == 0)
		return OK;
	size_t begin = end - 1;
	while (begin > 0 && tail[begin - 1] != '\n')
		begin--;
	struct slice line = {tail + begin, end - 1 - begin};
	char previous[AUDIT_HASH_TEXT_BYTES];
	if (!line_read(line, &a->count, previous)) {
		diag_set(why, "its last line is no entry: it was altered");
		return ERR_FORMAT;
	}
	return line_hash(line, a->head);
}

static enum err cut_torn(struct audit *a)
{
	if (a->torn_bytes == 0)
		return OK;
	return ftruncate(a->fd, a->bytes) == 0 && fsync(a->fd) == 0 ? OK : ERR_IO;
}

/* Else reading it might never end. False with errno. */
static bool is_plain_file(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return false;
	errno = EINVAL;
	return S_ISREG(st.st_mode);
}

enum err audit_open(struct audit **out, const char *path, struct diag *why)
{
	struct audit *a = calloc(1, sizeof *a);
	if (a == NULL)
		return ERR_MEMORY;
	zero_hash(a->head);
	enum err rc = ERR_IO;
	a->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (a->fd >= 0 && is_plain_file(a->fd))
		rc = read_end(a, why);
	if (rc == OK)
		rc = cut_torn(a);
	if (rc == OK && a->bytes == 0)
		rc = file_sync_folder(path);
	if (rc == ERR_IO)
		diag_set(why, "%s: %s", path, strerror(errno));
	if (rc != OK) {
		audit_close(a);
		return rc;
	}
	*out = a;
	return OK;
}

void audit_close(struct audit *a)
{
	if (a == NULL)
		return;
	if (a->fd >= 0)
		(void)close(a->fd);
	free(a);
}

enum err audit_give(struct audit *a, uid_t user, gid_t group)
{
	struct stat st;

	if (fstat(a->fd, &st) != 0)
		return ERR_IO;
	errno = EMLINK;
	return st.st_nlink == 1 && fchown(a->fd, user, group) == 0 ? OK : ERR_IO;
}

size_t audit_torn_bytes(const struct audit *a)
{
	return a->torn_bytes;
}

uint64_t audit_count(const struct audit *a)
{
	return a->count;
}

void audit_head(const struct audit *a, char out[AUDIT_HASH_TEXT_BYTES])
{
	memcpy(out, a->head, AUDIT_HASH_TEXT_BYTES);
}

/* ---- appending ---- */

static bool ties_name_to_device(const struct audit_entry *e)
{
	return e->name != NULL && e->name[0] != 0 &&
	    (line_names_device(e->actor) || line_names_device(e->action) ||
	        line_names_device(e->name) || line_names_device(e->scope) ||
	        line_names_device(e->detail));
}

/* One write, so that a torn line can only be the last; what a failed write left is cut
 * off at once. */
static enum err write_line(struct audit *a, struct slice line)
{
	if (a->torn && ftruncate(a->fd, a->bytes) != 0)
		return ERR_IO;
	a->torn = false;
	ssize_t n = write(a->fd, line.ptr, line.len);

	/* After a failed fsync nobody knows what is on disk: the line is taken back. */
	if (n == (ssize_t)line.len && fsync(a->fd) == 0)
		return OK;
	int reason = n >= 0 && (size_t)n < line.len ? ENOSPC : errno;
	a->torn = ftruncate(a->fd, a->bytes) != 0;
	errno = reason;
	return ERR_IO;
}

enum err audit_append(struct audit *a, int64_t at_s, const struct audit_entry *entry)
{
	char hash[AUDIT_HASH_TEXT_BYTES];
	struct buf line = BUF_INIT(AUDIT_LINE_MAX);

	if (ties_name_to_device(entry))
		return ERR_DENIED;
	enum err rc = line_write(&line, a->count + 1, at_s, entry, a->head);
	if (rc == OK)
		rc = line_hash(buf_slice(&line), hash);
	if (rc == OK) {
		buf_byte(&line, '\n');
		rc = buf_status(&line);
	}
	if (rc == ERR_FULL)
		rc = ERR_RANGE;
	if (rc == OK)
		rc = write_line(a, buf_slice(&line));
	if (rc == OK) {
		a->count++;
		a->bytes += (off_t)line.len;
		memcpy(a->head, hash, sizeof a->head);
	}
	buf_deinit(&line);
	return rc;
}

/* ---- verifying ---- */

struct chain {
	uint64_t count;
	char head[AUDIT_HASH_TEXT_BYTES];
};

static enum err check_line(struct chain *chain, struct slice line, struct diag *why)
{
	char previous[AUDIT_HASH_TEXT_BYTES];
	uint64_t number = 0;

	if (!line_read(line, &number, previous)) {
		diag_set(why, "it is no entry");
		return ERR_FORMAT;
	}
	if (number != chain->count + 1) {
		diag_set(why, "it bears number %llu", (unsigned long long)number);
		return ERR_FORMAT;
	}
	if (strcmp(previous, chain->head) != 0) {
		diag_set(why, "the line before it was altered, removed or added");
		return ERR_FORMAT;
	}
	chain->count = number;
	return line_hash(line, chain->head);
}

enum err audit_verify(const char *path, size_t *bad_line, struct diag *why)
{
	struct chain chain = {.count = 0};
	char *line = NULL;
	size_t capacity = 0;

	zero_hash(chain.head);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
	enum err rc = OK;
	size_t number = 0;
	for (ssize_t n; rc == OK && (n = getline(&line, &capacity, file)) > 0;) {
		number++;
		struct slice s = {(const uint8_t *)line, (size_t)n};
		if (!slice_ends(s, SLICE_LIT("\n"))) {
			diag_set(why, "it is torn");
			rc = ERR_FORMAT;
			break;
		}
		s.len--;
		rc = check_line(&chain, s, why);
	}
	if (rc == OK && ferror(file))
		rc = ERR_IO;
	if (rc == ERR_FORMAT)
		*bad_line = number;
	free(line);
	(void)fclose(file);
	return rc;
}
