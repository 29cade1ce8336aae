#include "filter/leases_file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"

enum {
	VERSION = 1,
	HEAD_BYTES = 8 + 4 + 4,
	ITEM_BYTES = 8 + 1 + 16 + 4 + 8 + 8 + 8,
	SUM_BYTES = 8,
	FILE_MAX_BYTES = HEAD_BYTES + LEASES_MAX * ITEM_BYTES + SUM_BYTES,
	FOUR = 4,
	SIX = 6
};

#define YEAR_9999_S UINT64_C(253402300799)

static const uint8_t MAGIC[8] = "LACHLEAS";

struct leases_file {
	char path[FILE_PATH_BYTES]; /* "": in memory alone */
	bool damaged;
	size_t count;
	struct lease items[LEASES_MAX];
};

/* ---- writing ---- */

static void write_item(struct writer *w, const struct lease *item)
{
	writer_le64(w, item->mac.bits);
	writer_u8(w, item->address.family == AF_INET ? FOUR : SIX);
	writer_bytes(w, (struct slice){item->address.bytes, sizeof item->address.bytes});
	writer_le32(w, item->address.scope_id);
	writer_le64(w, (uint64_t)item->made_wall_s);
	writer_le64(w, (uint64_t)item->until_wall_s);
	writer_le64(w, item->until_mono_ms);
}

static void save(const struct leases_file *f)
{
	uint8_t bytes[FILE_MAX_BYTES];
	struct writer w = writer_over(bytes, sizeof bytes);

	if (f->path[0] == 0)
		return;
	writer_bytes(&w, (struct slice){MAGIC, sizeof MAGIC});
	writer_le32(&w, VERSION);
	writer_le32(&w, (uint32_t)f->count); /* <= LEASES_MAX */
	for (size_t i = 0; i < f->count; i++)
		write_item(&w, &f->items[i]);
	writer_le64(&w, checksum64(0, writer_slice(&w)));
	/* What stands there is older than what is so: better nothing. */
	if (f->count == 0 || file_write_atomic(f->path, writer_slice(&w), 0600) != OK)
		(void)unlink(f->path);
}

/* ---- reading ---- */

/* A clock that was put back does not make it longer, here or over a restart. */
static uint64_t mono_end(const struct lease *item, struct moment now)
{
	int64_t left_s = item->until_wall_s - item->made_wall_s;
	int64_t by_calendar_s = item->until_wall_s - now.wall_s;

	if (now.wall_trusted && by_calendar_s < left_s)
		left_s = by_calendar_s;
	return now.mono_ms + (left_s > 0 ? (uint64_t)left_s * 1000 : 0);
}

static bool read_item(struct reader *r, struct moment now, struct lease *out)
{
	struct lease item = {.mac.bits = reader_le64(r)};
	uint8_t family = reader_u8(r);
	struct slice octets = reader_bytes(r, sizeof item.address.bytes);
	item.address.scope_id = reader_le32(r);
	uint64_t made = reader_le64(r);
	uint64_t until = reader_le64(r);
	item.until_mono_ms = reader_le64(r);

	if (r->bad || (family != FOUR && family != SIX) || made > until ||
	    until > YEAR_9999_S || item.mac.bits >> 48 != 0)
		return false;
	item.address.family = family == FOUR ? AF_INET : AF_INET6;
	memcpy(item.address.bytes, octets.ptr, octets.len);
	item.made_wall_s = (int64_t)made;
	item.until_wall_s = (int64_t)until;
	uint64_t end_ms = mono_end(&item, now);
	if (end_ms < item.until_mono_ms)
		item.until_mono_ms = end_ms;
	*out = item;
	return true;
}

static bool read_all(struct leases_file *f, struct slice all, struct moment now)
{
	if (all.len < HEAD_BYTES + SUM_BYTES)
		return false;
	struct slice signed_part = {all.ptr, all.len - SUM_BYTES};
	struct reader sum =
	    reader_over((struct slice){all.ptr + signed_part.len, SUM_BYTES});
	struct reader r = reader_over(signed_part);
	struct slice magic = reader_bytes(&r, sizeof MAGIC);
	uint32_t version = reader_le32(&r);
	uint32_t count = reader_le32(&r);

	if (reader_le64(&sum) != checksum64(0, signed_part) ||
	    !slice_equal(magic, (struct slice){MAGIC, sizeof MAGIC}) ||
	    version != VERSION || count > LEASES_MAX)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (!read_item(&r, now, &f->items[i]))
			return false;
	}
	f->count = count;
	return r.left == 0;
}

static void read_file(struct leases_file *f, struct moment now)
{
	struct buf text = BUF_INIT(FILE_MAX_BYTES);
	enum err rc = file_read(f->path, &text);

	if (rc != ERR_NOT_FOUND && (rc != OK || !read_all(f, buf_slice(&text), now))) {
		f->damaged = true;
		f->count = 0;
		(void)unlink(f->path);
	}
	buf_deinit(&text);
}

/* ---- life ---- */

enum err leases_file_open(struct leases_file **out, const char *path, struct moment now)
{
	struct leases_file *f = calloc(1, sizeof *f);

	if (f == NULL)
		return ERR_MEMORY;
	if (path != NULL && strlen(path) >= sizeof f->path) {
		free(f);
		return ERR_RANGE;
	}
	if (path != NULL) {
		memcpy(f->path, path, strlen(path) + 1);
		read_file(f, now);
	}
	*out = f;
	return OK;
}

void leases_file_close(struct leases_file *f)
{
	free(f);
}

bool leases_file_damaged(const struct leases_file *f)
{
	return f->damaged;
}

bool leases_file_is_kept(const struct leases_file *f)
{
	return f->path[0] != 0;
}

const struct lease *leases_file_items(const struct leases_file *f, size_t *count)
{
	*count = f->count;
	return f->items;
}

/* ---- changes ---- */

static bool drop(struct leases_file *f, const struct addr *client, struct mac mac)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->count; i++) {
		if (!lease_is_of(&f->items[i], client, mac))
			f->items[kept++] = f->items[i];
	}
	bool any = kept < f->count;
	f->count = kept;
	return any;
}

enum err leases_file_add(
    struct leases_file *f, const struct lease *lease, struct moment now)
{
	struct lease fresh = *lease;

	(void)drop(f, &lease->address, lease->mac);
	if (f->count == LEASES_MAX) {
		save(f);
		return ERR_FULL;
	}
	fresh.until_mono_ms = mono_end(&fresh, now);
	f->items[f->count++] = fresh;
	save(f);
	return OK;
}

bool leases_file_end(struct leases_file *f, const struct addr *client, struct mac mac)
{
	if (!drop(f, client, mac))
		return false;
	save(f);
	return true;
}

static bool has_ended(const struct lease *item, struct moment now)
{
	return now.mono_ms >= item->until_mono_ms ||
	    (now.wall_trusted && now.wall_s >= item->until_wall_s);
}

bool leases_file_expire(struct leases_file *f, struct moment now)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->count; i++) {
		if (!has_ended(&f->items[i], now))
			f->items[kept++] = f->items[i];
	}
	if (kept == f->count)
		return false;
	f->count = kept;
	save(f);
	return true;
}

uint64_t leases_file_next_end_ms(const struct leases_file *f, struct moment now)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < f->count; i++) {
		const struct lease *item = &f->items[i];
		uint64_t end =
		    now.wall_trusted ? lease_end_ms(item, now) : item->until_mono_ms;
		next = end < next ? end : next;
	}
	return next;
}
