#include "kit/fence.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"

#if defined(__has_include)
#	if __has_include(<linux/landlock.h>) && defined(SYS_landlock_create_ruleset)
#		include <linux/landlock.h>
#		define HAVE_LANDLOCK 1
#	endif
#endif

#ifdef HAVE_LANDLOCK

struct fence {
	int ruleset;
	char folders[FENCE_FOLDERS_MAX][PATH_MAX]; /* resolved */
	size_t count;
};

/* Whether `path` is `folder` or holds it somewhere below. */
static bool leads_to(const char *path, const char *folder)
{
	size_t len = strlen(path);

	return strcmp(path, "/") == 0 ||
	    (strncmp(path, folder, len) == 0 && (folder[len] == '/' || folder[len] == 0));
}

static bool is_fenced(const struct fence *f, const char *path)
{
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(path, f->folders[i]) == 0)
			return true;
	return false;
}

static bool is_on_the_way(const struct fence *f, const char *path)
{
	for (size_t i = 0; i < f->count; i++)
		if (leads_to(path, f->folders[i]))
			return true;
	return false;
}

/* What we may not even look at stays closed; links are judged by where they lead. */
static void allow(const struct fence *f, const char *path)
{
	struct stat st;
	int fd = open(path, O_PATH | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return;
	const struct landlock_path_beneath_attr rule = {
	    .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE, .parent_fd = fd};
	if (fstat(fd, &st) == 0 && !S_ISLNK(st.st_mode))
		(void)syscall(SYS_landlock_add_rule, f->ruleset, LANDLOCK_RULE_PATH_BENEATH,
		    &rule, 0);
	(void)close(fd);
}

/* Every entry of a folder on the way: allowed whole, or one step further. The depth is that of
 * the fenced folders. NOLINTNEXTLINE(misc-no-recursion) */
static void allow_entries(const struct fence *f, const char *folder)
{
	char path[PATH_MAX];
	DIR *entries = opendir(folder);

	for (struct dirent *e; entries != NULL && (e = readdir(entries)) != NULL;) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
		    path_join(path, sizeof path, strcmp(folder, "/") == 0 ? "" : folder,
		        e->d_name) != OK ||
		    is_fenced(f, path))
			continue;
		if (is_on_the_way(f, path))
			allow_entries(f, path);
		else
			allow(f, path);
	}
	if (entries != NULL)
		(void)closedir(entries);
}

static enum err resolve(struct fence *f, const char *const *folders, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (f->count == FENCE_FOLDERS_MAX)
			return ERR_FULL;
		if (folders[i][0] != 0 &&
		    realpath(folders[i], f->folders[f->count]) != NULL)
			f->count++;
	}
	return OK;
}

enum err fence_off(
    const char *const *folders, size_t count, const char *const *but, struct diag *why)
{
	static struct fence f; /* large, and once in a process */
	const struct landlock_ruleset_attr all = {
	    .handled_access_fs = LANDLOCK_ACCESS_FS_READ_FILE};

	enum err rc = resolve(&f, folders, count);
	if (rc != OK || f.count == 0)
		return rc;
	f.ruleset = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
	if (f.ruleset < 0)
		return ERR_UNSUPPORTED;
	allow_entries(&f, "/");
	for (; but != NULL && *but != NULL; but++)
		allow(&f, *but);
	if (syscall(SYS_landlock_restrict_self, f.ruleset, 0) != 0) {
		diag_set(why, "landlock: %s", strerror(errno));
		rc = ERR_DENIED;
	}
	(void)close(f.ruleset);
	return rc;
}

#else

enum err fence_off(
    const char *const *folders, size_t count, const char *const *but, struct diag *why)
{
	(void)folders;
	(void)count;
	(void)but;
	(void)why;
	return ERR_UNSUPPORTED;
}

#endif
