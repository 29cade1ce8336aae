/* Files of closed days in state_dir/tally. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "tally/internal.h"
#include "tally/totals.h"

enum err tally_totals_write(
    const char *path, const struct tally_totals *totals, unsigned parts)
{
	struct buf bytes = BUF_INIT(TALLY_MAX_BYTES);

	enum err rc = tally_encode(totals, parts, &bytes);
	if (rc == OK)
		rc = file_write_atomic(path, buf_slice(&bytes), 0640);
	buf_deinit(&bytes);
	return rc;
}

enum err tally_totals_read(const char *path, struct tally_totals *totals, struct diag *why)
{
	struct buf bytes = BUF_INIT(TALLY_MAX_BYTES);

	enum err rc = file_read(path, &bytes);
	if (rc == OK)
		rc = tally_decode(totals, buf_slice(&bytes), why);
	else if (rc == ERR_FULL)
		rc = ERR_FORMAT; /* larger than any file of ours */
	buf_deinit(&bytes);
	return rc;
}

static enum err day_path(
    char out[FILE_PATH_BYTES], const char *folder, uint32_t day, const char *suffix)
{
	char name[24];

	(void)snprintf(name, sizeof name, "%08u%s", (unsigned)day, suffix);
	return path_join(out, FILE_PATH_BYTES, folder, name);
}

enum err tally_day_write(const char *folder, const struct tally_totals *totals)
{
	char path[FILE_PATH_BYTES];

	enum err rc = day_path(path, folder, totals->period.day, ".hours");
	if (rc == OK)
		rc = tally_totals_write(path, totals, TALLY_PART_HOURS);
	/* Last: where a .day file stands, the day is closed. */
	if (rc == OK)
		rc = day_path(path, folder, totals->period.day, ".day");
	if (rc == OK)
		rc = tally_totals_write(path, totals, TALLY_PART_COUNTS | TALLY_PART_NAMES);
	return rc;
}

enum err tally_day_read(
    const char *folder, uint32_t day, struct tally_totals *totals, struct diag *why)
{
	char path[FILE_PATH_BYTES];

	enum err rc = day_path(path, folder, day, ".day");
	if (rc == OK)
		rc = tally_totals_read(path, totals, why);
	if (rc == OK && totals->period.day != day) {
		diag_set(why, "%s holds another day", path);
		rc = ERR_FORMAT;
	}
	return rc;
}

/* The day of "YYYYMMDD" + suffix; 0 when the name is another. */
static uint32_t day_of_name(const char *name, const char *suffix)
{
	struct slice s = slice_of(name);
	uint64_t day = 0;

	if (s.len != 8 + strlen(suffix) || strcmp(name + 8, suffix) != 0)
		return 0;
	return slice_to_u64((struct slice){s.ptr, 8}, 99991231, &day) ? (uint32_t)day : 0;
}

enum err tally_day_prune(const char *folder, uint32_t hours_from, uint32_t days_from)
{
	DIR *dir = opendir(folder);
	if (dir == NULL)
		return errno == ENOENT ? OK : ERR_IO;

	enum err rc = OK;
	for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
		uint32_t hours = day_of_name(e->d_name, ".hours");
		uint32_t day = day_of_name(e->d_name, ".day");
		bool old =
		    (hours != 0 && hours < hours_from) || (day != 0 && day < days_from);
		if (old && unlinkat(dirfd(dir), e->d_name, 0) != 0)
			rc = ERR_IO;
	}
	(void)closedir(dir);
	return rc;
}
