#include "spool/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "spool/gzip.h"

#define SUFFIX     ".json.gz"
#define UNENROLLED "unenrolled"

/* ---- names ---- */

static bool unit_allowed(struct slice unit)
{
	if (unit.len == 0 || unit.len >= SPOOL_UNIT_BYTES || unit.ptr[0] == '.')
		return false;
	for (size_t i = 0; i < unit.len; i++) {
		uint8_t c = byte_lower(unit.ptr[i]);
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
		        c == '_' || c == '-'))
			return false;
	}
	return true;
}

static bool id_allowed(struct slice id)
{
	if (id.len != SPOOL_ID_BYTES - 1)
		return false;
	for (size_t i = 0; i < id.len; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		uint8_t c = id.ptr[i];
		bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
		if (dash ? c != '-' : !hex)
			return false;
	}
	return true;
}

static bool day_allowed(uint64_t day)
{
	return day >= 19700101 && day <= 99991231;
}

enum err spool_name(char out[SPOOL_NAME_BYTES], const char *unit, uint32_t begin_day,
    uint32_t end_day, const char *report_id)
{
	const char *shown = unit[0] == 0 ? UNENROLLED : unit;

	if (!unit_allowed(slice_of(shown)) || !id_allowed(slice_of(report_id)) ||
	    !day_allowed(begin_day) || !day_allowed(end_day))
		return ERR_RANGE;
	int n = snprintf(out, SPOOL_NAME_BYTES, "%s!%08u!%08u!%s" SUFFIX, shown,
	    (unsigned)begin_day, (unsigned)end_day, report_id);
	return n > 0 && n < SPOOL_NAME_BYTES ? OK : ERR_RANGE;
}

bool spool_name_parse(struct spool_entry *out, const char *name)
{
	struct slice rest = slice_of(name);
	uint64_t begin = 0;
	uint64_t end = 0;

	if (rest.len >= SPOOL_NAME_BYTES || !slice_ends(rest, SLICE_LIT(SUFFIX)))
		return false;
	rest.len -= sizeof SUFFIX - 1;
	struct slice unit = slice_cut(&rest, '!');
	struct slice first = slice_cut(&rest, '!');
	struct slice second = slice_cut(&rest, '!');
	if (!unit_allowed(unit) || first.len != 8 || second.len != 8 ||
	    !slice_to_u64(first, 99991231, &begin) ||
	    !slice_to_u64(second, 99991231, &end) || !day_allowed(begin) ||
	    !day_allowed(end) || !id_allowed(rest))
		return false;
	*out = (struct spool_entry){
	    .begin_day = (uint32_t)begin, .end_day = (uint32_t)end, .file_bytes = 0};
	memcpy(out->name, name, strlen(name));
	memcpy(out->unit, unit.ptr, unit.len);
	memcpy(out->report_id, rest.ptr, rest.len);
	return true;
}

/* ---- files ---- */

static enum err own_path(char out[FILE_PATH_BYTES], const char *folder, const char *name)
{
	struct spool_entry entry;

	/* A name of ours holds no slash, so no path leads out of the folder. */
	if (!spool_name_parse(&entry, name))
		return ERR_RANGE;
	return path_join(out, FILE_PATH_BYTES, folder, name);
}

/* As atomic_file_commit(), but by link(): what stands there stays. */
static enum err publish_new(struct atomic_file *file, struct slice content)
{
	if (fd_write_all(file->fd, content) != OK || fsync(file->fd) != 0)
		return ERR_IO;
	if (link(file->temporary, file->path) != 0)
		return errno == EEXIST ? ERR_EXISTS : ERR_IO;
	return file_sync_folder(file->path);
}

enum err spool_add(const char *folder, const char *name, struct slice document)
{
	char path[FILE_PATH_BYTES];
	struct buf packed = BUF_INIT(SPOOL_FILE_MAX);
	struct atomic_file file = ATOMIC_FILE_NONE;

	enum err rc = own_path(path, folder, name);
	if (rc == OK && document.len > SPOOL_DOCUMENT_MAX)
		rc = ERR_RANGE;
	if (rc == OK && access(path, F_OK) == 0)
		rc = ERR_EXISTS;
	if (rc == OK) {
		rc = gzip_pack(document, &packed);
		rc = rc == ERR_FULL ? ERR_RANGE : rc;
	}
	if (rc == OK)
		rc = atomic_file_begin(&file, path, 0640);
	if (rc == OK)
		rc = publish_new(&file, buf_slice(&packed));
	atomic_file_abandon(&file);
	buf_deinit(&packed);
	return rc;
}

enum err spool_read(const char *folder, const char *name, struct buf *out)
{
	char path[FILE_PATH_BYTES];
	struct buf packed = BUF_INIT(SPOOL_FILE_MAX);

	enum err rc = own_path(path, folder, name);
	if (rc == OK) {
		rc = file_read(path, &packed);
		if (rc == OK)
			rc = gzip_unpack(buf_slice(&packed), SPOOL_DOCUMENT_MAX, out);
	}
	buf_deinit(&packed);
	return rc;
}

enum err spool_remove(const char *folder, const char *name)
{
	char path[FILE_PATH_BYTES];

	enum err rc = own_path(path, folder, name);
	if (rc != OK)
		return rc;
	if (unlink(path) != 0)
		return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
	return file_sync_folder(path);
}

/* ---- the folder ---- */

static int compare_entries(const void *a, const void *b)
{
	const struct spool_entry *x = a;
	const struct spool_entry *y = b;

	if (x->begin_day != y->begin_day)
		return x->begin_day < y->begin_day ? -1 : 1;
	return strcmp(x->name, y->name);
}

static enum err collect(DIR *dir, struct spool_entry **out, size_t *count)
{
	size_t capacity = 0;

	for (struct dirent *e = readdir(dir); e != NULL && *count < SPOOL_ENTRIES_MAX;
	     e = readdir(dir)) {
		struct spool_entry entry;
		struct stat st;
		if (!spool_name_parse(&entry, e->d_name) ||
		    fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		entry.file_bytes = (uint64_t)st.st_size;
		if (*count == capacity) {
			capacity = capacity == 0 ? 16 : capacity * 2;
			struct spool_entry *more = realloc(*out, capacity * sizeof *more);
			if (more == NULL)
				return ERR_MEMORY;
			*out = more;
		}
		(*out)[(*count)++] = entry;
	}
	return OK;
}

enum err spool_list(const char *folder, struct spool_entry **out, size_t *count)
{
	struct spool_entry *entries = NULL;
	size_t n = 0;

	DIR *dir = opendir(folder);
	if (dir == NULL && errno != ENOENT)
		return ERR_IO;
	enum err rc = dir == NULL ? OK : collect(dir, &entries, &n);
	if (dir != NULL)
		(void)closedir(dir);
	if (rc != OK) {
		free(entries);
		return rc;
	}
	if (n > 1)
		qsort(entries, n, sizeof *entries, compare_entries);
	*out = entries;
	*count = n;
	return OK;
}

/* "OURS.json.gz.tmp.PID", as atomic_file_begin() names it. */
static bool is_leftover(const char *name)
{
	char start[SPOOL_NAME_BYTES];
	struct spool_entry entry;
	const char *tmp = strstr(name, ".tmp.");

	if (tmp == NULL || (size_t)(tmp - name) >= sizeof start)
		return false;
	memcpy(start, name, (size_t)(tmp - name));
	start[tmp - name] = 0;
	return spool_name_parse(&entry, start);
}

enum err spool_prune(const char *folder, uint32_t keep_from_day, size_t *removed)
{
	size_t n = 0;

	DIR *dir = opendir(folder);
	if (dir == NULL && errno != ENOENT)
		return ERR_IO;
	enum err rc = OK;
	for (struct dirent *e = dir == NULL ? NULL : readdir(dir); e != NULL;
	     e = readdir(dir)) {
		struct spool_entry entry;
		bool old =
		    spool_name_parse(&entry, e->d_name) && entry.end_day < keep_from_day;
		if (!old && !is_leftover(e->d_name))
			continue;
		if (unlinkat(dirfd(dir), e->d_name, 0) != 0)
			rc = ERR_IO;
		else
			n += old;
	}
	if (dir != NULL)
		(void)closedir(dir);
	*removed = n;
	return rc;
}
