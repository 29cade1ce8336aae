#include "filter/grants_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

enum {
	FILE_MAX_BYTES = (GRANTS_MAX + 1) * 3072, /* no line is longer */
};

struct grants_file {
	char path[FILE_PATH_BYTES];
	struct grant_record *items; /* room for GRANTS_MAX */
	size_t count;
	uint32_t next_id;
	size_t damaged;
};

/* ---- reading ---- */

/* The calendar may be put back while a grant lives: it never lasts longer than it was given
 * for, nor longer than the calendar leaves it. */
static uint64_t mono_end(const struct grant_record *g, struct moment now)
{
	if (g->until_s == 0)
		return UINT64_MAX;
	int64_t left_s = g->until_s - now.wall_s;
	int64_t whole_s = g->until_s - g->made_s;
	if (whole_s < left_s)
		left_s = whole_s;
	return now.mono_ms + (left_s > 0 ? (uint64_t)left_s * 1000 : 0);
}

static bool has_id(const struct grants_file *f, uint32_t id)
{
	for (size_t i = 0; i < f->count; i++) {
		if (f->items[i].id == id)
			return true;
	}
	return false;
}

static void read_grant(struct grants_file *f, struct slice line, struct moment now)
{
	struct grant_record g;

	if (f->count == GRANTS_MAX || grants_text_read(line, &g) != OK || has_id(f, g.id)) {
		f->damaged++;
		return;
	}
	/* A clock that has not been set yet says nothing about how long it has lasted. */
	g.until_mono_ms = mono_end(&g, now);
	f->items[f->count++] = g;
	if (g.id >= f->next_id)
		f->next_id = g.id + 1;
}

static void read_all(struct grants_file *f, struct slice text, struct moment now)
{
	uint32_t next_id = 0;
	bool first = true;

	while (text.len > 0) {
		const uint8_t *end = memchr(text.ptr, '\n', text.len);
		size_t len = end == NULL ? text.len : (size_t)(end - text.ptr);
		struct slice line = {text.ptr, len};
		size_t eaten = end == NULL ? len : len + 1;
		text = (struct slice){text.ptr + eaten, text.len - eaten};
		if (end == NULL) {
			f->damaged++; /* torn: even where the rest would fit */
		} else if (!first || grants_text_read_head(line, &next_id) != OK) {
			read_grant(f, line, now); /* counts a damaged head as well */
		}
		first = false;
	}
	if (next_id > f->next_id)
		f->next_id = next_id;
}

enum err grants_file_open(
    struct grants_file **out, const char *path, struct moment now, struct diag *why)
{
	struct grants_file *f = calloc(1, sizeof *f);
	struct buf text = BUF_INIT(FILE_MAX_BYTES);
	enum err rc = ERR_MEMORY;

	if (f == NULL)
		return ERR_MEMORY;
	f->next_id = 1;
	f->items = calloc(GRANTS_MAX, sizeof *f->items);
	if (f->items == NULL)
		goto failed;
	rc = ERR_RANGE;
	if (strlen(path) >= sizeof f->path)
		goto failed;
	memcpy(f->path, path, strlen(path) + 1);
	rc = file_read(path, &text);
	if (rc != OK && rc != ERR_NOT_FOUND)
		goto failed;
	read_all(f, buf_slice(&text), now);
	buf_deinit(&text);
	*out = f;
	return OK;
failed:
	diag_set(why, "%s: %s", path, rc == ERR_IO ? strerror(errno) : err_text(rc));
	buf_deinit(&text);
	grants_file_close(f);
	return rc;
}

void grants_file_close(struct grants_file *f)
{
	if (f == NULL)
		return;
	free(f->items);
	free(f);
}

size_t grants_file_damaged(const struct grants_file *f)
{
	return f->damaged;
}

const struct grant_record *grants_file_items(const struct grants_file *f, size_t *count)
{
	*count = f->count;
	return f->items;
}

/* ---- writing ---- */

/* A change in the making: which one leaves and which one comes. */
struct change {
	size_t without;                  /* index; GRANTS_MAX: none leaves */
	const struct grant_record *with; /* NULL: none comes */
};

static enum err save(const struct grants_file *f, const struct change *change)
{
	struct buf text = BUF_INIT(FILE_MAX_BYTES);
	uint32_t next_id = f->next_id;

	if (change->with != NULL && change->with->id >= next_id)
		next_id = change->with->id + 1;
	enum err rc = grants_text_write_head(&text, next_id);
	for (size_t i = 0; i < f->count && rc == OK; i++) {
		if (i != change->without)
			rc = grants_text_write(&text, &f->items[i]);
	}
	if (rc == OK && change->with != NULL)
		rc = grants_text_write(&text, change->with);
	if (rc == OK)
		rc = file_write_atomic(f->path, buf_slice(&text), 0600);
	buf_deinit(&text);
	return rc;
}

static void take_out(struct grants_file *f, size_t at)
{
	memmove(&f->items[at], &f->items[at + 1], (f->count - at - 1) * sizeof *f->items);
	f->count--;
}

static size_t find_same(const struct grants_file *f, const struct grant_record *g)
{
	for (size_t i = 0; i < f->count; i++) {
		const struct grant_record *other = &f->items[i];
		if (other->scope == g->scope && strcmp(other->who, g->who) == 0 &&
		    name_equal(name_of(&other->name), name_of(&g->name)))
			return i;
	}
	return GRANTS_MAX;
}

enum err grants_file_add(struct grants_file *f, const struct grant_record *grant,
    struct moment now, uint32_t *id)
{
	struct grant_record fresh = *grant;
	const struct change change = {find_same(f, grant), &fresh};

	if (change.without == GRANTS_MAX && f->count == GRANTS_MAX)
		return ERR_FULL;
	if (f->next_id == UINT32_MAX)
		return ERR_RANGE; /* ids are never used twice */
	fresh.id = f->next_id;
	fresh.until_mono_ms = mono_end(&fresh, now);
	enum err rc = save(f, &change);
	if (rc != OK)
		return rc;
	if (change.without != GRANTS_MAX)
		take_out(f, change.without);
	f->items[f->count++] = fresh;
	f->next_id = fresh.id + 1;
	*id = fresh.id;
	return OK;
}

enum err grants_file_remove(
    struct grants_file *f, uint32_t id, struct grant_record *removed)
{
	size_t at = 0;

	while (at < f->count && f->items[at].id != id)
		at++;
	if (at == f->count)
		return ERR_NOT_FOUND;
	const struct grant_record gone = f->items[at];
	enum err rc = save(f, &(struct change){at, NULL});
	if (rc != OK)
		return rc;
	take_out(f, at);
	if (removed != NULL)
		*removed = gone;
	return OK;
}

/* ---- ends ---- */

static bool has_ended(const struct grant_record *g, struct moment now)
{
	if (g->until_s == 0)
		return false;
	return now.mono_ms >= g->until_mono_ms ||
	    (now.wall_trusted && now.wall_s >= g->until_s);
}

bool grants_file_expire(struct grants_file *f, struct moment now)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->count; i++) {
		if (!has_ended(&f->items[i], now))
			f->items[kept++] = f->items[i];
	}
	if (kept == f->count)
		return false;
	f->count = kept;
	/* A full disk: the lines that are there have ended all the same, here and after a
	 * restart; the next write takes them out. */
	enum err rc = save(f, &(struct change){GRANTS_MAX, NULL});
	(void)rc;
	return true;
}

uint64_t grants_file_next_end_ms(const struct grants_file *f, struct moment now)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < f->count; i++) {
		const struct grant_record *g = &f->items[i];
		uint64_t end = g->until_mono_ms;
		if (g->until_s != 0 && now.wall_trusted) {
			int64_t s = g->until_s > now.wall_s ? g->until_s - now.wall_s : 0;
			if (now.mono_ms + (uint64_t)s * 1000 < end)
				end = now.mono_ms + (uint64_t)s * 1000;
		}
		next = end < next ? end : next;
	}
	return next;
}
