#include "filter/rules_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "kit/log.h"

static enum err state_path(
    char out[FILE_PATH_BYTES], const struct config *config, const char *name)
{
	return path_join(out, FILE_PATH_BYTES, config->server.state_dir.text, name);
}

uint64_t rules_file_id(const struct config *config)
{
	char path[FILE_PATH_BYTES];
	struct stat st;

	if (state_path(path, config, "rules.db") != OK || stat(path, &st) != 0)
		return 0;
	const uint64_t parts[] = {(uint64_t)st.st_ino, (uint64_t)st.st_size,
	    (uint64_t)st.st_mtim.tv_sec, (uint64_t)st.st_mtim.tv_nsec};
	return checksum64(1, (struct slice){(const uint8_t *)parts, sizeof parts}) | 1;
}

static enum err load_one(struct ruledb **out, const char *path, struct diag *why)
{
	int file = file_open_to_read(path);
	if (file < 0) {
		diag_set(why, "%s", strerror(errno));
		return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
	}
	enum err rc = ruledb_copy_fd(out, file, why);
	(void)close(file);
	return rc;
}

static bool load_as(
    struct rules_part *out, const char *path, enum rules_origin origin, const char *instead)
{
	struct diag why;
	enum err rc = load_one(&out->db, path, &why);

	if (rc == OK) {
		out->origin = origin;
		return true;
	}
	if (rc != ERR_NOT_FOUND)
		log_error("rules", "%s is not usable (%s); %s", path, why.text, instead);
	return false;
}

/* What every load begins with. The serial is never 0 and never used twice: what the cache
 * remembers under one load must mean nothing under another. */
static struct rules_part begin_load(const struct config *config, int64_t wall_s)
{
	static uint64_t loads; /* main alone loads */

	return (struct rules_part){
	    .origin = RULES_NONE,
	    .loaded_wall_s = wall_s,
	    .serial = ++loads,
	    .file_id = rules_file_id(config),
	};
}

void rules_file_load(struct rules_part *out, const struct config *config, int64_t wall_s)
{
	char path[FILE_PATH_BYTES];

	*out = begin_load(config, wall_s);
	if (state_path(path, config, "rules.db") == OK &&
	    load_as(out, path, RULES_OF_STATE, "the rules before it are tried"))
		return;
	if (state_path(path, config, "rules.db.prev") == OK &&
	    load_as(
	        out, path, RULES_OF_PREVIOUS, "those that ship are next, if configured"))
		return;
	if (config->filter.without_rules != WITHOUT_RULES_PACKAGED)
		return;
	if (path_join(path, sizeof path, config->server.data_dir.text, "packaged.db") ==
	    OK) {
		(void)load_as(
		    out, path, RULES_PACKAGED, "nothing is left: no feed blocks anything");
	}
}

bool rules_file_load_fresh(
    struct rules_part *out, const struct config *config, int64_t wall_s)
{
	char path[FILE_PATH_BYTES];
	struct rules_part fresh = begin_load(config, wall_s);

	if (state_path(path, config, "rules.db") != OK ||
	    !load_as(&fresh, path, RULES_OF_STATE, "the rules in force stay"))
		return false;
	*out = fresh;
	return true;
}

enum err rules_file_rollback(const struct config *config)
{
	char now[FILE_PATH_BYTES];
	char before[FILE_PATH_BYTES];

	if (state_path(now, config, "rules.db") != OK ||
	    state_path(before, config, "rules.db.prev") != OK)
		return ERR_RANGE;
	/* One step for the kernel: at no moment is either name missing. */
	if (renameat2(AT_FDCWD, before, AT_FDCWD, now, RENAME_EXCHANGE) != 0) {
		if (errno == ENOENT)
			return access(before, F_OK) != 0 ? ERR_NOT_FOUND : ERR_IO;
		return ERR_IO;
	}
	return file_sync_folder(now);
}
