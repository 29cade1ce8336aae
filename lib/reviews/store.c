#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "reviews/internal.h"

enum {
	FILE_MODE = 0600
};

/* ---- writing ---- */

static time_t day_begins_s(uint32_t day)
{
	struct tm at = {.tm_year = (int)(day / 10000) - 1900,
	    .tm_mon = (int)(day / 100 % 100) - 1,
	    .tm_mday = (int)(day % 100)};

	return timegm(&at);
}

static bool set_times(int fd, uint32_t day)
{
	const struct timespec at = {.tv_sec = day_begins_s(day)};
	const struct timespec times[2] = {at, at};

	return futimens(fd, times) == 0;
}

static void close_file(struct reviews *r)
{
	if (r->fd >= 0)
		(void)close(r->fd);
	r->fd = -1;
}

static bool open_to_append(struct reviews *r)
{
	close_file(r);
	r->fd = open(r->path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	return r->fd >= 0;
}

/* Whether what we append to is what stands at the path. */
static bool is_in_place(const struct reviews *r)
{
	struct stat ours, there;

	return r->fd >= 0 && fstat(r->fd, &ours) == 0 && stat(r->path, &there) == 0 &&
	    ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

bool reviews_store_cut(struct reviews *r, size_t bytes)
{
	if (ftruncate(r->fd, (off_t)bytes) != 0)
		return false;
	r->file_bytes = bytes;
	return true;
}

enum err reviews_store_append(
    struct reviews *r, uint32_t day, struct slice line, size_t max_bytes)
{
	size_t before = r->file_bytes;

	if (before + line.len > max_bytes)
		return ERR_FULL;
	if (r->fd < 0) { /* an earlier failure could not be undone, or not opened again */
		enum err rc = reviews_store_replace(r, NULL);
		if (rc != OK)
			return rc;
		before = r->file_bytes;
		if (r->fd < 0)
			return ERR_IO;
		if (before + line.len > max_bytes)
			return ERR_FULL;
	}
	if (fd_write_all(r->fd, line) == OK &&
	    set_times(r->fd, day > r->day ? day : r->day) && fdatasync(r->fd) == 0) {
		r->file_bytes = before + line.len;
		return OK;
	}
	int reason = errno;
	if (!reviews_store_cut(r, before))
		close_file(r);
	errno = reason;
	return ERR_IO;
}

static enum err write_asks(struct buf *out, const struct review *v)
{
	enum err rc = OK;

	for (size_t i = 0; i < v->ask_count && rc == OK; i++) {
		const struct review_ask *ask = &v->asks[i];
		struct line line = {.kind = LINE_ASKED, .id = v->id, .day = ask->day};
		memcpy(line.tier, ask->tier, sizeof line.tier);
		memcpy(line.code, ask->code, sizeof line.code);
		memcpy(line.name, v->name, sizeof line.name);
		rc = review_line_write(out, &line, ask->reason == NULL ? "" : ask->reason);
	}
	return rc;
}

static enum err write_review(struct buf *out, const struct review *v)
{
	const struct line answer = {.kind = LINE_ANSWERED,
	    .id = v->id,
	    .day = v->answer_day,
	    .state = v->state,
	    .until_s = v->until_s};
	enum err rc = write_asks(out, v);

	if (rc == OK && v->state != REVIEW_WAITING)
		rc = review_line_write(out, &answer, v->note == NULL ? "" : v->note);
	return rc;
}

enum err reviews_store_replace(struct reviews *r, const bool *leaves)
{
	struct buf text = BUF_INIT(REVIEWS_FILE_BYTES);
	const struct line head = {.kind = LINE_HEAD, .id = r->next_id};

	enum err rc = review_line_write(&text, &head, "");
	for (size_t i = 0; i < r->count && rc == OK; i++) {
		if (leaves == NULL || !leaves[i])
			rc = write_review(&text, &r->items[i]);
	}
	if (rc == OK)
		rc = r->day == 0 ? file_write_atomic(r->path, buf_slice(&text), FILE_MODE)
		                 : file_write_dated(r->path, buf_slice(&text), FILE_MODE,
		                       day_begins_s(r->day));
	if (rc == OK) {
		r->file_bytes = text.len;
		/* Where that fails the file stands there all the same, and the next append
		 * tries again. */
		(void)open_to_append(r);
	} else if (!is_in_place(r)) {
		/* Renamed already when it failed (fsync of the folder): what we appended from
		 * now on would go to a file without a name. The next append writes it anew. */
		int reason = errno;
		close_file(r);
		errno = reason;
	}
	buf_deinit(&text);
	return rc;
}

/* ---- reading ---- */

/* One byte more than there may be, so that a longer file is noticed. */
static enum err read_file(const char *path, struct buf *out)
{
	enum err rc = file_read(path, out);

	return rc == ERR_FULL ? ERR_FORMAT : rc;
}

static bool take_line(void *context, const struct line *line)
{
	struct reviews *r = context;
	enum err rc = reviews_take(r, line);

	if (rc != OK && rc != ERR_MEMORY)
		r->damaged++; /* sound, but it fits nothing that stands before it */
	return rc != ERR_MEMORY;
}

static enum err load(struct reviews *r)
{
	struct buf text = BUF_INIT(REVIEWS_FILE_BYTES + LINE_MAX_BYTES);
	struct line_scan scan;
	enum err rc = read_file(r->path, &text);

	if (rc == ERR_NOT_FOUND || (rc == OK && text.len == 0)) {
		buf_deinit(&text);
		return reviews_store_replace(r, NULL);
	}
	if (rc == OK)
		rc = review_line_scan(&scan, buf_slice(&text), take_line, r);
	if (rc == OK && !open_to_append(r))
		rc = ERR_IO;
	if (rc == OK) {
		r->next_id = scan.next_id > r->next_id ? scan.next_id : r->next_id;
		r->damaged += scan.damaged;
		r->torn_bytes = scan.torn_bytes;
		r->file_bytes = scan.sound_bytes;
		if (scan.torn_bytes > 0 &&
		    (!reviews_store_cut(r, scan.sound_bytes) || fdatasync(r->fd) != 0))
			rc = ERR_IO;
	}
	buf_deinit(&text);
	return rc;
}

enum err reviews_open(struct reviews **out, const char *path, struct diag *why)
{
	struct reviews *r = calloc(1, sizeof *r);
	enum err rc = ERR_RANGE;

	if (r == NULL)
		return ERR_MEMORY;
	r->fd = -1;
	r->next_id = 1;
	if (strlen(path) < sizeof r->path) {
		memcpy(r->path, path, strlen(path) + 1);
		file_remove_leftovers(
		    path); /* pupils' words, which nobody would ever expire */
		r->items = calloc(REVIEWS_MAX, sizeof *r->items);
		rc = r->items == NULL ? ERR_MEMORY : load(r);
	}
	if (rc != OK) {
		diag_set(
		    why, "%s: %s", path, rc == ERR_IO ? strerror(errno) : err_text(rc));
		reviews_close(r);
		return rc;
	}
	*out = r;
	return OK;
}

void reviews_close(struct reviews *r)
{
	if (r == NULL)
		return;
	close_file(r);
	for (size_t i = 0; i < r->count; i++)
		review_deinit(&r->items[i]);
	free(r->items);
	free(r);
}

size_t reviews_torn_bytes(const struct reviews *r)
{
	return r->torn_bytes;
}

size_t reviews_damaged(const struct reviews *r)
{
	return r->damaged;
}

/* ---- the counts of a day, for another process ---- */

/* Wishes of the day by review; ids come in no order, and there are few. */
struct day_count {
	uint32_t day;
	struct {
		uint32_t id;
		uint32_t asked; /* that day */
		bool answered;
	} * items; /* room for REVIEWS_MAX */
	size_t count;
};

static bool count_line(void *context, const struct line *line)
{
	struct day_count *c = context;
	size_t i = 0;

	while (i < c->count && c->items[i].id != line->id)
		i++;
	if (i == c->count && (line->kind != LINE_ASKED || i == REVIEWS_MAX))
		return true;
	if (i == c->count) {
		c->items[c->count].id = line->id;
		c->items[c->count].asked = 0;
		c->items[c->count++].answered = false;
	}
	if (line->kind == LINE_ANSWERED)
		c->items[i].answered = true;
	else if (line->day == c->day)
		c->items[i].asked++;
	return true;
}

enum err reviews_read_day(const char *path, uint32_t day, struct reviews_day *out)
{
	struct buf text = BUF_INIT(REVIEWS_FILE_BYTES + LINE_MAX_BYTES);
	struct day_count c = {.day = day};
	struct reviews_day sum = {0, 0};
	struct line_scan scan;
	enum err rc = read_file(path, &text);

	c.items = calloc(REVIEWS_MAX, sizeof *c.items);
	if (c.items == NULL)
		rc = ERR_MEMORY;
	if (rc == OK && text.len > 0)
		rc = review_line_scan(&scan, buf_slice(&text), count_line, &c);
	for (size_t i = 0; rc == OK && i < c.count; i++) {
		sum.requested += c.items[i].asked;
		sum.answered += c.items[i].answered ? c.items[i].asked : 0;
	}
	if (rc == OK || rc == ERR_NOT_FOUND) {
		*out = sum;
		rc = OK;
	}
	free(c.items);
	buf_deinit(&text);
	return rc;
}
