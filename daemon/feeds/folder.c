#include "feeds/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/words.h"

enum {
	PIECE_BYTES = 64 * 1024
};

struct names {
	char *items[FOLDER_FILES_MAX];
	size_t count;
};

static int compare_names(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

/* Which entry is chosen is asked with the folder's own name before it, as in an archive. */
static enum err add_name(struct names *names, const char *folder, const char *name,
    const struct members *members)
{
	char path[FILE_PATH_BYTES];

	if (path_join(path, sizeof path, folder, name) != OK ||
	    !members_wants(members, slice_of(path)))
		return OK;
	if (names->count == FOLDER_FILES_MAX)
		return ERR_FULL;
	char *copy = strdup(name);
	if (copy == NULL)
		return ERR_MEMORY;
	names->items[names->count++] = copy;
	return OK;
}

static enum err find_names(
    struct names *names, const char *folder, const struct members *members)
{
	DIR *dir = opendir(folder);
	enum err rc = OK;

	if (dir == NULL)
		return ERR_IO;
	for (const struct dirent *e = readdir(dir); rc == OK && e != NULL; e = readdir(dir))
		rc = add_name(names, folder, e->d_name, members);
	(void)closedir(dir);
	qsort((void *)names->items, names->count, sizeof names->items[0], compare_names);
	return rc;
}

static enum err read_file(int fd, struct members_text *t, uint8_t *piece, struct diag *why)
{
	for (;;) {
		ssize_t n = read(fd, piece, PIECE_BYTES);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			diag_set(why, "%s", strerror(errno));
			return ERR_IO;
		}
		if (n == 0)
			return OK;
		enum err rc = members_write(t, (struct slice){piece, (size_t)n}, why);
		if (rc != OK)
			return rc;
	}
}

static enum err add_file(
    const char *path, struct members_text *t, uint8_t *piece, struct diag *why)
{
	/* Never waits for a pipe's other end. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	enum err rc = OK;

	if (fd < 0 || fstat(fd, &st) != 0) {
		diag_set(why, "%s: %s", path, strerror(errno));
		rc = ERR_IO;
	} else if (S_ISREG(st.st_mode)) {
		rc = members_begin(t, slice_of(path), why);
		if (rc == OK)
			rc = read_file(fd, t, piece, why);
	}
	if (fd >= 0)
		(void)close(fd);
	return rc;
}

static enum err add_files(
    const char *folder, const struct names *names, struct members_text *t, struct diag *why)
{
	char path[FILE_PATH_BYTES];
	uint8_t *piece = malloc(PIECE_BYTES);
	enum err rc = piece != NULL ? OK : ERR_MEMORY;

	for (size_t i = 0; rc == OK && i < names->count; i++) {
		rc = path_join(path, sizeof path, folder, names->items[i]);
		if (rc == OK)
			rc = add_file(path, t, piece, why);
	}
	free(piece);
	return rc == OK ? members_end(t, why) : rc;
}

static enum err without_slashes(char *out, size_t size, const char *path)
{
	int n = snprintf(out, size, "%s", path);

	if (n <= 0 || (size_t)n >= size)
		return ERR_RANGE;
	for (size_t len = (size_t)n; len > 1 && out[len - 1] == '/'; len--)
		out[len - 1] = 0;
	return OK;
}

/* A mirror of many categories: what is wanted is a folder in it. */
static enum err enter_wanted(char *folder, size_t size, const char *wanted)
{
	char below[FILE_PATH_BYTES];
	struct stat st;

	if (wanted[0] == 0 || path_join(below, sizeof below, folder, wanted) != OK ||
	    stat(below, &st) != 0 || !S_ISDIR(st.st_mode))
		return OK;
	return without_slashes(folder, size, below);
}

enum err folder_read_lists(const char *path, const struct members *members,
    members_piece piece, void *context, struct diag *why)
{
	struct members_text text = {.members = members, .piece = piece, .context = context};
	struct names names = {.count = 0};
	char folder[FILE_PATH_BYTES];

	enum err rc = without_slashes(folder, sizeof folder, path);
	if (rc == OK)
		rc = enter_wanted(folder, sizeof folder, members->wanted);
	if (rc == OK)
		rc = find_names(&names, folder, members);
	diag_set(why, "%s",
	    rc == ERR_FULL     ? N_("the folder holds too many lists")
	        : rc == ERR_IO ? strerror(errno)
	                       : err_text(rc));
	if (rc == OK)
		rc = add_files(folder, &names, &text, why);
	for (size_t i = 0; i < names.count; i++)
		free(names.items[i]);
	return rc;
}
