#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum err path_join(char *out, size_t size, const char *folder, const char *name)
{
	int n = snprintf(out, size, "%s/%s", folder, name);
	return n > 0 && (size_t)n < size ? OK : ERR_RANGE;
}

enum err fd_write_all(int fd, struct slice data)
{
	while (data.len > 0) {
		ssize_t n = write(fd, data.ptr, data.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (n == 0)
				errno = ENOSPC;
			return ERR_IO;
		}
		data.ptr += n;
		data.len -= (size_t)n;
	}
	return OK;
}

static enum err begin(
    struct atomic_file *file, const char *path, mode_t mode, int access_mode)
{
	int n = snprintf(file->path, sizeof file->path, "%s", path);
	if (n <= 0 || (size_t)n >= sizeof file->path)
		return ERR_RANGE;
	(void)snprintf(
	    file->temporary, sizeof file->temporary, "%s.tmp.%ld", path, (long)getpid());
	/* What a crash of an earlier process of this number left is replaced. */
	(void)unlink(file->temporary);
	file->fd = open(
	    file->temporary, access_mode | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	return file->fd >= 0 ? OK : ERR_IO;
}

enum err atomic_file_begin(struct atomic_file *file, const char *path, mode_t mode)
{
	return begin(file, path, mode, O_RDWR);
}

enum err atomic_file_redirect(struct atomic_file *file, const char *path)
{
	char other[FILE_PATH_BYTES];
	int n = snprintf(other, sizeof other, "%s", path);

	if (n <= 0 || (size_t)n >= sizeof other)
		return ERR_RANGE;
	memcpy(file->path, other, sizeof other);
	return OK;
}

/* The folder that holds `path`. */
static enum err folder_of(char folder[FILE_PATH_BYTES], const char *path)
{
	int n = snprintf(folder, FILE_PATH_BYTES, "%s", path);

	if (n <= 0 || n >= FILE_PATH_BYTES)
		return ERR_RANGE;
	char *slash = strrchr(folder, '/');
	if (slash == NULL)
		(void)snprintf(folder, FILE_PATH_BYTES, ".");
	else if (slash == folder)
		slash[1] = 0;
	else
		*slash = 0;
	return OK;
}

enum err file_sync_folder(const char *path)
{
	char folder[FILE_PATH_BYTES];

	if (folder_of(folder, path) != OK)
		return ERR_RANGE;
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return ERR_IO;
	enum err rc = fsync(fd) == 0 ? OK : ERR_IO;
	(void)close(fd);
	return rc;
}

static enum err publish(struct atomic_file *file)
{
	/* After a failed fsync the kernel may have dropped the pages: never retried. */
	if (fsync(file->fd) != 0 || rename(file->temporary, file->path) != 0)
		return ERR_IO;
	(void)close(file->fd);
	file->fd = -1;
	return file_sync_folder(file->path);
}

enum err atomic_file_commit(struct atomic_file *file, struct slice rest)
{
	if (fd_write_all(file->fd, rest) != OK)
		return ERR_IO;
	return publish(file);
}

enum err atomic_file_commit_keeping(struct atomic_file *file, const char *suffix)
{
	char kept[FILE_PATH_BYTES + 32];
	char fresh[FILE_PATH_BYTES + 64];

	(void)snprintf(kept, sizeof kept, "%s%s", file->path, suffix);
	(void)snprintf(fresh, sizeof fresh, "%s.tmp", kept);
	/* A second link to the old file, renamed over the older one: at every moment both
	 * PATH and PATH.prev are whole. */
	(void)unlink(fresh);
	if (link(file->path, fresh) == 0) {
		if (rename(fresh, kept) != 0)
			(void)unlink(fresh);
	}
	return publish(file);
}

void atomic_file_abandon(struct atomic_file *file)
{
	if (file->fd < 0)
		return;
	(void)close(file->fd);
	(void)unlink(file->temporary);
	file->fd = -1;
}

/* "NAME.tmp.PID", as atomic_file_begin() names it. */
static bool is_leftover(const char *entry, const char *name)
{
	struct slice rest = slice_of(entry);
	struct slice own = slice_of(name);
	struct slice mark = SLICE_LIT(".tmp.");
	uint64_t pid;

	if (!slice_starts(rest, own))
		return false;
	rest = (struct slice){rest.ptr + own.len, rest.len - own.len};
	return slice_starts(rest, mark) &&
	    slice_to_u64(
	        (struct slice){rest.ptr + mark.len, rest.len - mark.len}, INT64_MAX, &pid);
}

void file_remove_leftovers(const char *path)
{
	char folder[FILE_PATH_BYTES];
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;
	DIR *entries = folder_of(folder, path) == OK ? opendir(folder) : NULL;
	const struct dirent *entry;

	if (entries == NULL)
		return;
	while ((entry = readdir(entries)) != NULL) {
		if (is_leftover(entry->d_name, name))
			(void)unlinkat(dirfd(entries), entry->d_name, 0);
	}
	(void)closedir(entries);
}

/* `when_s` NULL: now. */
static enum err write_whole(
    const char *path, struct slice content, mode_t mode, const int64_t *when_s)
{
	struct atomic_file file = ATOMIC_FILE_NONE;
	const struct timespec at = {.tv_sec = when_s == NULL ? 0 : (time_t)*when_s};
	const struct timespec times[2] = {at, at};

	/* Who may read nothing there (kit/fence.h) may still write. */
	enum err rc = begin(&file, path, mode, O_WRONLY);
	if (rc == OK)
		rc = fd_write_all(file.fd, content);
	if (rc == OK && when_s != NULL && futimens(file.fd, times) != 0)
		rc = ERR_IO;
	if (rc == OK)
		rc = atomic_file_commit(&file, SLICE_EMPTY);
	int why = errno;
	atomic_file_abandon(&file);
	errno = why;
	return rc;
}

enum err file_write_atomic(const char *path, struct slice content, mode_t mode)
{
	return write_whole(path, content, mode, NULL);
}

enum err file_write_dated(
    const char *path, struct slice content, mode_t mode, int64_t when_s)
{
	return write_whole(path, content, mode, &when_s);
}

int file_open_to_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	/* Reading a pipe that somebody does write may wait; opening one may not. */
	if (fd >= 0 && fcntl(fd, F_SETFL, 0) != 0) {
		int why = errno;
		(void)close(fd);
		errno = why;
		return -1;
	}
	return fd;
}

enum err file_read(const char *path, struct buf *out)
{
	int fd = file_open_to_read(path);
	if (fd < 0)
		return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;

	enum err rc = OK;
	while (rc == OK) {
		uint8_t block[16 * 1024];
		ssize_t n = read(fd, block, sizeof block);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = ERR_IO;
		if (n <= 0)
			break;
		buf_append(out, (struct slice){block, (size_t)n});
		rc = buf_status(out);
	}
	(void)close(fd);
	return rc;
}

int memfd_sealed(const char *name, struct slice content)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -1;
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
	if (fd_write_all(fd, content) != OK || fcntl(fd, F_ADD_SEALS, seals) != 0 ||
	    lseek(fd, 0, SEEK_SET) != 0) {
		int why = errno;
		(void)close(fd);
		errno = why;
		return -1;
	}
	return fd;
}

bool file_is_in_memory(const char *folder)
{
	struct statfs fs;

	return statfs(folder, &fs) == 0 &&
	    ((uint64_t)fs.f_type == TMPFS_MAGIC || (uint64_t)fs.f_type == RAMFS_MAGIC);
}
