/* file -- files that are whole or absent, and reading them with a ceiling.
 *
 * atomic_file writes "PATH.tmp.PID" in the same folder; commit does write, fsync,
 * rename, fsync of the folder. Whatever happens before the rename, PATH is as it was. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/diag.h"
#include "base/err.h"

enum {
	FILE_PATH_BYTES = 1024
};

struct atomic_file {
	int fd; /* -1: nothing begun; write to it freely until commit */
	char path[FILE_PATH_BYTES];
	char temporary[FILE_PATH_BYTES + 32];
};

#define ATOMIC_FILE_NONE ((struct atomic_file){.fd = -1})

/* ERR_IO with errno set, ERR_RANGE when the path is too long. */
MUST_CHECK enum err atomic_file_begin(
    struct atomic_file *file, const char *path, mode_t mode);
/* It will be published at `path`, in the same folder, instead. ERR_RANGE. */
MUST_CHECK enum err atomic_file_redirect(struct atomic_file *file, const char *path);
/* Writes `rest` behind what was written to fd, and publishes. ERR_IO with errno set. */
MUST_CHECK enum err atomic_file_commit(struct atomic_file *file, struct slice rest);
/* Publishes, and keeps what stood at PATH before as PATH + `suffix` (".prev"). */
MUST_CHECK enum err atomic_file_commit_keeping(
    struct atomic_file *file, const char *suffix);
/* Removes the temporary file; does nothing once committed or when nothing was begun. */
void atomic_file_abandon(struct atomic_file *file);

/* One call for the common case. */
MUST_CHECK enum err file_write_atomic(const char *path, struct slice content, mode_t mode);
/* The same, and the file's own times become `when_s` (seconds since 1970 UTC), so that they do
 * not tell to the second when somebody did something. */
MUST_CHECK enum err file_write_dated(
    const char *path, struct slice content, mode_t mode, int64_t when_s);

/* Removes what a crash between begin and commit left of `path`. Only while nobody else writes
 * there: another's file under way goes, too. */
void file_remove_leftovers(const char *path);

/* A descriptor to read `path` by, close-on-exec; -1 with errno. A pipe that nobody writes is
 * an empty file, not something to wait for. */
MUST_CHECK int file_open_to_read(const char *path);

/* Appends the file's content to `out`. ERR_NOT_FOUND, ERR_IO, or ERR_FULL above out->max. */
MUST_CHECK enum err file_read(const char *path, struct buf *out);

/* All of `data` to fd, resuming after signals and short writes; ERR_IO with errno set. */
MUST_CHECK enum err fd_write_all(int fd, struct slice data);

/* Whether `folder` is tmpfs or ramfs, whose files never reach a disk (swap aside). False for
 * what is not there. */
bool file_is_in_memory(const char *folder);

/* fsync of the folder that holds `path`. */
MUST_CHECK enum err file_sync_folder(const char *path);

/* "FOLDER/NAME" into `out`; ERR_RANGE when it does not fit. */
MUST_CHECK enum err path_join(char *out, size_t size, const char *folder, const char *name);

/* An anonymous file of these bytes that nobody can change or resize any more (memfd with
 * all seals), position 0, close-on-exec; the caller closes it. -1 with errno set. */
int memfd_sealed(const char *name, struct slice content);

#endif
