#include "filter/diagnosis.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool unlink_record(const char *path)
{
	/* A read-only disk says EROFS of what is not there, too. */
	return unlink(path) == 0 || errno == ENOENT ||
	    (access(path, F_OK) != 0 && errno == ENOENT);
}

enum err diagnosis_init(struct diagnosis *d, const char *run_dir, bool in_memory, uid_t own)
{
	*d = (struct diagnosis){.in_memory = in_memory, .own = own, .fd = -1};
	enum err rc = path_join(d->path, sizeof d->path, run_dir, "diagnose");
	if (rc != OK)
		return rc;
	return unlink_record(d->path) ? OK : ERR_IO;
}

void diagnosis_deinit(struct diagnosis *d)
{
	(void)diagnosis_erase(d);
}

/* What is shown on terminals holds no control characters. */
static bool is_reason(const char *reason)
{
	for (const char *c = reason; *c != 0; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return false;
	}
	return reason[0] != 0 && strlen(reason) < DIAGNOSIS_REASON_BYTES;
}

enum err diagnosis_ask(
    struct diagnosis *d, uid_t who, const char *reason, uint64_t for_ms, uint64_t now_ms)
{
	if (who == d->own && who != 0)
		return ERR_DENIED;
	if (!d->in_memory)
		return ERR_UNSUPPORTED;
	if (d->state != DIAGNOSIS_NONE)
		return ERR_EXISTS;
	if (for_ms < DIAGNOSIS_FOR_MIN_MS || for_ms > DIAGNOSIS_FOR_MAX_MS ||
	    !is_reason(reason))
		return ERR_RANGE;
	d->state = DIAGNOSIS_ASKED;
	d->id = ++d->last_id;
	d->asker = who;
	(void)snprintf(d->reason, sizeof d->reason, "%s", reason);
	d->for_ms = for_ms;
	d->asked_ms = now_ms;
	return OK;
}

enum err diagnosis_approve(struct diagnosis *d, uid_t who, uint32_t id, uint64_t now_ms)
{
	if (d->state != DIAGNOSIS_ASKED || d->id != id ||
	    now_ms - d->asked_ms >= DIAGNOSIS_ANSWER_MS)
		return ERR_NOT_FOUND;
	if (who == d->asker || (who == d->own && who != 0))
		return ERR_DENIED;
	/* EXCL: the name is free, or it is not ours to write to. */
	d->fd = open(
	    d->path, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (d->fd < 0)
		return ERR_IO;
	d->state = DIAGNOSIS_RUNS;
	d->approver = who;
	d->begun_ms = now_ms;
	d->until_ms = now_ms + d->for_ms;
	d->erase_ms = now_ms + DIAGNOSIS_KEEP_MS;
	d->bytes = 0;
	d->lines = 0;
	d->left_out = 0;
	return OK;
}

bool diagnosis_may_look(const struct diagnosis *d, uid_t who)
{
	return (d->state == DIAGNOSIS_RUNS || d->state == DIAGNOSIS_KEPT) &&
	    (who == d->asker || who == d->approver);
}

static bool write_whole(int fd, const uint8_t *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

void diagnosis_write(struct diagnosis *d, struct slice line)
{
	static const uint8_t end = '\n';

	if (d->state != DIAGNOSIS_RUNS)
		return;
	if (d->bytes + line.len + 1 > DIAGNOSIS_RECORD_BYTES ||
	    !write_whole(d->fd, line.ptr, line.len) || !write_whole(d->fd, &end, 1)) {
		/* A piece of a line may stand there now: it is cut off. */
		if (ftruncate(d->fd, (off_t)d->bytes) != 0)
			d->bytes = DIAGNOSIS_RECORD_BYTES; /* nothing more is written */
		d->left_out++;
		return;
	}
	d->bytes += line.len + 1;
	d->lines++;
}

enum err diagnosis_read(
    const struct diagnosis *d, uint64_t offset, size_t max, struct buf *out, uint64_t *next)
{
	uint8_t bytes[4096];
	size_t have = 0;
	size_t whole = 0; /* of what was read, up to the end of its last whole line */
	size_t before = out->len;

	if (d->fd < 0)
		return ERR_NOT_FOUND;
	while (have < max) {
		size_t want = max - have < sizeof bytes ? max - have : sizeof bytes;
		ssize_t n = pread(d->fd, bytes, want, (off_t)(offset + have));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR_IO;
		if (n == 0)
			break;
		buf_append(out, (struct slice){bytes, (size_t)n});
		have += (size_t)n;
	}
	enum err rc = buf_status(out);
	if (rc != OK)
		return rc;
	for (size_t i = 0; i < have; i++) {
		if (out->ptr[before + i] == '\n')
			whole = i + 1;
	}
	out->len = before + whole;
	*next = whole > 0 && offset + whole < d->bytes ? offset + whole : 0;
	return OK;
}

void diagnosis_end(struct diagnosis *d)
{
	if (d->state == DIAGNOSIS_RUNS)
		d->state = DIAGNOSIS_KEPT;
	if (d->state == DIAGNOSIS_ASKED)
		d->state = DIAGNOSIS_NONE;
}

bool diagnosis_erase(struct diagnosis *d)
{
	bool had = d->state == DIAGNOSIS_RUNS || d->state == DIAGNOSIS_KEPT;

	if (d->fd >= 0) {
		/* The content goes even where the name cannot. */
		(void)!ftruncate(d->fd, 0);
		(void)close(d->fd);
		d->fd = -1;
	}
	if (had && !unlink_record(d->path)) {
		d->state = DIAGNOSIS_KEPT;
		return false;
	}
	d->state = DIAGNOSIS_NONE;
	memset(d->reason, 0, sizeof d->reason);
	return true;
}

bool diagnosis_tick(struct diagnosis *d, uint64_t now_ms)
{
	enum diagnosis_state before = d->state;

	if (d->state == DIAGNOSIS_ASKED && now_ms - d->asked_ms >= DIAGNOSIS_ANSWER_MS)
		d->state = DIAGNOSIS_NONE;
	if (d->state == DIAGNOSIS_RUNS && now_ms >= d->until_ms)
		d->state = DIAGNOSIS_KEPT;
	if (d->state == DIAGNOSIS_KEPT && now_ms >= d->erase_ms)
		(void)diagnosis_erase(d);
	return d->state != before;
}
