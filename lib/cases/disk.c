/* The folder: files that are whole or absent, whose own times tell the day and no more. (The
 * kernel's ctime cannot be set; only root reads this folder, and it is not in backups.) */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "cases/internal.h"

#define STORE_NAME "store"

enum {
	NAME_BYTES = 32
};

static void case_name(char out[NAME_BYTES], uint32_t id)
{
	(void)snprintf(out, NAME_BYTES, "%u.case", (unsigned)id);
}

/* 0 when it is no name of a case. */
static uint32_t name_id(const char *name)
{
	struct slice rest = slice_of(name);
	uint64_t id = 0;
	char again[NAME_BYTES];

	if (!slice_to_u64(slice_cut(&rest, '.'), UINT32_MAX, &id))
		return 0;
	case_name(again, (uint32_t)id);
	return strcmp(again, name) == 0 ? (uint32_t)id : 0;
}

static time_t day_begins_s(uint32_t day)
{
	struct tm at = {.tm_year = (int)(day / 10000) - 1900,
	    .tm_mon = (int)(day / 100 % 100) - 1,
	    .tm_mday = (int)(day % 100)};

	return timegm(&at);
}

static void blur_folder(const struct cases *c, uint32_t day)
{
	const struct timespec at = {.tv_sec = day_begins_s(day)};
	const struct timespec times[2] = {at, at};

	(void)utimensat(AT_FDCWD, c->folder, times, 0); /* the files' own matter more */
}

enum err disk_put(
    const struct cases *c, const char *name, struct slice content, uint32_t day)
{
	char path[FILE_PATH_BYTES];

	enum err rc = path_join(path, sizeof path, c->folder, name);
	if (rc == OK)
		rc = file_write_dated(path, content, 0600, day_begins_s(day));
	int why = errno;
	blur_folder(c, day);
	errno = why;
	return rc;
}

enum err disk_remove(const struct cases *c, uint32_t id, uint32_t day)
{
	char name[NAME_BYTES];
	char path[FILE_PATH_BYTES];

	case_name(name, id);
	enum err rc = path_join(path, sizeof path, c->folder, name);
	if (rc == OK && unlink(path) != 0 && errno != ENOENT)
		rc = ERR_IO;
	if (rc == OK)
		rc = file_sync_folder(path);
	blur_folder(c, day);
	return rc;
}

enum err disk_get(const struct cases *c, uint32_t id, struct buf *file,
    struct report_case *what, struct slice *sealed, struct slice *reply)
{
	char name[NAME_BYTES];
	char path[FILE_PATH_BYTES];

	case_name(name, id);
	enum err rc = path_join(path, sizeof path, c->folder, name);
	if (rc == OK)
		rc = file_read(path, file);
	if (rc == ERR_FULL)
		return ERR_FORMAT;
	if (rc == OK)
		rc = record_read(what, sealed, reply, buf_slice(file));
	return rc == OK && what->id != id ? ERR_FORMAT : rc;
}

/* ---- the salt and the next number ---- */

static void store_text(char out[STORE_MAX], const struct cases *c)
{
	char salt[2 * CASE_SALT_BYTES + 1];

	seal_to_hex(salt, (struct slice){c->salt, sizeof c->salt});
	int n = snprintf(
	    out, STORE_MAX, "lachan-cases 1 salt=%s next=%u ", salt, (unsigned)c->next_id);
	uint64_t sum = checksum64(0, (struct slice){(const uint8_t *)out, (size_t)n});
	(void)snprintf(
	    out + n, STORE_MAX - (size_t)n, "%016llx\n", (unsigned long long)sum);
}

enum err disk_put_store(const struct cases *c)
{
	char text[STORE_MAX];
	uint32_t day = c->count > 0 ? c->items[c->count - 1].changed_day : 20200101;

	store_text(text, c);
	return disk_put(c, STORE_NAME, slice_of(text), day);
}

static bool store_read(struct cases *c, struct slice text)
{
	static const char head[] = "lachan-cases 1 salt=";
	struct slice rest = text;
	char salt[2 * CASE_SALT_BYTES + 1];
	char again[STORE_MAX];
	uint64_t next = 0;

	if (!slice_starts(rest, SLICE_LIT("lachan-cases 1 salt=")))
		return false;
	rest.ptr += sizeof head - 1;
	rest.len -= sizeof head - 1;
	struct slice word = slice_cut(&rest, ' ');
	struct slice number = slice_cut(&rest, ' ');
	if (word.len != sizeof salt - 1 || !slice_starts(number, SLICE_LIT("next=")))
		return false;
	memcpy(salt, word.ptr, word.len);
	salt[word.len] = '\0';
	(void)slice_cut(&number, '=');
	if (!seal_from_hex(c->salt, sizeof c->salt, salt) ||
	    !slice_to_u64(number, UINT32_MAX, &next) || next == 0)
		return false;
	c->next_id = (uint32_t)next;
	store_text(again, c);
	return slice_equal(text, slice_of(again));
}

static enum err load_store(
    struct cases *c, const uint8_t random[CASE_SALT_BYTES], struct diag *why)
{
	char path[FILE_PATH_BYTES];
	struct buf text = BUF_INIT(STORE_MAX);

	enum err rc = path_join(path, sizeof path, c->folder, STORE_NAME);
	if (rc == OK)
		rc = file_read(path, &text);
	if (rc == ERR_NOT_FOUND) {
		memcpy(c->salt, random, sizeof c->salt);
		c->next_id = 1;
		rc = disk_put_store(c);
	} else if (rc == ERR_FULL || (rc == OK && !store_read(c, buf_slice(&text)))) {
		diag_set(why,
		    "%s is damaged: follow-up codes could not be told any more (bring it back "
		    "from a copy, or remove it and lose the codes given so far)",
		    path);
		rc = ERR_FORMAT;
	}
	if (rc == ERR_IO)
		diag_set(why, "%s: %s", path, strerror(errno));
	buf_deinit(&text);
	return rc;
}

/* ---- the files ---- */

static int by_id(const void *a, const void *b)
{
	const struct report_case *one = a;
	const struct report_case *other = b;

	return one->id < other->id ? -1 : one->id > other->id;
}

static void load_case(struct cases *c, uint32_t id)
{
	struct buf file = BUF_INIT(CASE_FILE_MAX);
	struct report_case what;
	struct slice sealed;
	struct slice reply;

	if (c->count < CASES_MAX && disk_get(c, id, &file, &what, &sealed, &reply) == OK) {
		c->items[c->count++] = what;
		c->bytes += file.len;
	} else {
		c->damaged++;
	}
	if (id >= c->next_id && id < UINT32_MAX)
		c->next_id = id + 1;
	buf_deinit(&file);
}

static enum err load_files(struct cases *c)
{
	DIR *folder = opendir(c->folder);
	const struct dirent *entry;

	if (folder == NULL)
		return ERR_IO;
	while ((entry = readdir(folder)) != NULL) {
		uint32_t id = name_id(entry->d_name);
		if (id != 0)
			load_case(c, id);
		else if (strstr(entry->d_name, ".tmp.") != NULL)
			(void)unlinkat(dirfd(folder), entry->d_name, 0);
	}
	(void)closedir(folder);
	qsort(c->items, c->count, sizeof c->items[0], by_id);
	return OK;
}

enum err disk_load(struct cases *c, const uint8_t random[CASE_SALT_BYTES], struct diag *why)
{
	if (mkdir(c->folder, 0700) != 0 && errno != EEXIST) {
		diag_set(why, "%s: %s", c->folder, strerror(errno));
		return ERR_IO;
	}
	enum err rc = load_store(c, random, why);
	if (rc != OK)
		return rc;
	rc = load_files(c);
	if (rc != OK)
		diag_set(why, "%s: %s", c->folder, strerror(errno));
	return rc;
}
