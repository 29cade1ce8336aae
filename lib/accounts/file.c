#include "accounts/accounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/words.h"

enum {
	MODE = 0600
};

static enum err fail(struct diag *why, const char *path, enum err rc)
{
	diag_set(why, "%s: %s", path, rc == ERR_IO ? strerror(errno) : err_text(rc));
	return rc;
}

/* Hashes that others can copy can be guessed at home, and a file that others can write is
 * anybody's door. */
static enum err judge(int fd, const char *path, struct diag *why)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return fail(why, path, ERR_IO);
	bool ours = st.st_uid == 0 || st.st_uid == geteuid() || geteuid() == 0;
	if (S_ISREG(st.st_mode) && ours && (st.st_mode & 077) == 0)
		return OK;
	diag_set(why,
	    _("%s: others may read or write it, so nobody can sign in (chmod 600 %s; and let "
	      "those whose passwords stand there choose new ones)"),
	    path, path);
	return ERR_DENIED;
}

static enum err read_all(int fd, struct buf *out)
{
	uint8_t bytes[4096];
	ssize_t n;

	while ((n = read(fd, bytes, sizeof bytes)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		buf_append(out, (struct slice){bytes, (size_t)n});
		if (buf_status(out) != OK)
			break;
	}
	seal_wipe(bytes, sizeof bytes);
	return n < 0 ? ERR_IO : buf_status(out);
}

static void wipe_buf(struct buf *b)
{
	if (b->ptr != NULL)
		seal_wipe(b->ptr, b->cap);
	buf_deinit(b);
}

enum err accounts_load(
    struct accounts *out, enum account_house house, const char *path, struct diag *why)
{
	struct buf text = BUF_INIT(ACCOUNTS_FILE_MAX);
	int fd = file_open_to_read(path);

	if (fd < 0 && errno == ENOENT) {
		*out = (struct accounts){.house = house};
		return OK;
	}
	if (fd < 0)
		return fail(why, path, ERR_IO);
	enum err rc = judge(fd, path, why);
	if (rc == OK) {
		rc = read_all(fd, &text);
		if (rc != OK)
			(void)fail(why, path, rc);
	}
	if (rc == OK)
		rc = accounts_read(out, house, buf_slice(&text), path, why);
	wipe_buf(&text);
	(void)close(fd);
	return rc;
}

/* The folder of `path`, open; -1 with errno. */
static int open_folder(const char *path)
{
	char folder[FILE_PATH_BYTES];
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 1 : slash == path ? 1 : (size_t)(slash - path);

	if (len >= sizeof folder) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(folder, slash == NULL ? "." : path, len);
	folder[len] = 0;
	return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void say_no_folder(enum account_house house, const char *path, struct diag *why)
{
	if (house == ACCOUNT_HOUSE_SCHOOL)
		diag_set(why,
		    _("%s: its folder is not there (start the gateway once: it makes it)"),
		    path);
	else
		diag_set(why,
		    _("%s: its folder is not there (make it, owned by server.user)"), path);
}

enum err accounts_begin(struct accounts_edit *edit, enum account_house house,
    const char *path, struct diag *why)
{
	struct accounts_edit made = {.path = path, .lock_fd = open_folder(path)};

	if (made.lock_fd < 0 && errno == ENOENT) {
		say_no_folder(house, path, why);
		return ERR_NOT_FOUND;
	}
	if (made.lock_fd < 0)
		return fail(why, path, ERR_IO);
	/* The folder itself, since the file is replaced: a lock on it would stay behind. */
	while (flock(made.lock_fd, LOCK_EX) != 0) {
		if (errno == EINTR)
			continue;
		(void)fail(why, path, ERR_IO);
		(void)close(made.lock_fd);
		return ERR_IO;
	}
	file_remove_leftovers(path); /* hashes of passwords, of a change that was cut off */
	enum err rc = accounts_load(&made.all, house, path, why);
	if (rc == OK)
		*edit = made;
	else
		(void)close(made.lock_fd);
	return rc;
}

static enum err replace(const struct accounts_edit *edit, struct slice text)
{
	struct atomic_file file = ATOMIC_FILE_NONE;
	struct stat folder;

	enum err rc = atomic_file_begin(&file, edit->path, MODE);
	if (rc != OK)
		return rc;
	/* Root writes what the gateway's user reads: the folder's owner says who that is. */
	if (fstat(edit->lock_fd, &folder) != 0 || fchmod(file.fd, MODE) != 0 ||
	    (geteuid() == 0 && fchown(file.fd, folder.st_uid, folder.st_gid) != 0))
		rc = ERR_IO;
	if (rc == OK)
		rc = atomic_file_commit(&file, text);
	int kept = errno;
	atomic_file_abandon(&file);
	errno = kept;
	return rc;
}

enum err accounts_commit(struct accounts_edit *edit, struct diag *why)
{
	struct buf text = BUF_INIT(ACCOUNTS_FILE_MAX);

	accounts_write(&text, &edit->all);
	enum err rc = buf_status(&text);
	if (rc == OK)
		rc = replace(edit, buf_slice(&text));
	wipe_buf(&text);
	return rc == OK ? OK : fail(why, edit->path, rc);
}

void accounts_end(struct accounts_edit *edit)
{
	accounts_deinit(&edit->all);
	if (edit->lock_fd >= 0)
		(void)close(edit->lock_fd);
	*edit = ACCOUNTS_EDIT_NONE;
}
