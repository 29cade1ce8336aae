/* `lachan-district backup`, `restore`, `check`: the store as a whole. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/words.h"
#include "district/admin.h"

/* The store writes as itself, into state_dir; the person who asked gets the file. */
static enum err hand_over(const struct command *c, const char *from, const char *to)
{
	uint8_t block[64 * 1024];
	struct atomic_file file = ATOMIC_FILE_NONE;
	int in = file_open_to_read(from);
	ssize_t n = -1;
	enum err rc = in < 0 ? ERR_IO : command_as_person(c);

	if (rc == OK)
		rc = atomic_file_begin(&file, to, 0600);
	while (rc == OK && (n = read(in, block, sizeof block)) > 0)
		rc = fd_write_all(file.fd, (struct slice){block, (size_t)n});
	if (rc == OK && n < 0)
		rc = ERR_IO;
	if (rc == OK)
		rc = atomic_file_commit(&file, SLICE_EMPTY);
	int kept = errno;
	atomic_file_abandon(&file);
	if (in >= 0)
		(void)close(in);
	enum err back = command_as_user(c);
	errno = kept;
	return rc == OK ? back : rc;
}

static bool exists(const struct command *c, const char *path)
{
	struct stat st;
	bool there = command_as_person(c) == OK && lstat(path, &st) == 0;

	(void)!command_as_user(c);
	return there;
}

static int back_up(const struct command *c, struct store *store, const char *path)
{
	char own[FILE_PATH_BYTES], name[64];

	if (exists(c, path))
		return admin_fail(_("%s is there already; nothing was done"), path);
	(void)snprintf(name, sizeof name, "backup.%ld", (long)getpid());
	enum err rc = path_join(own, sizeof own, c->config->server.state_dir.text, name);
	if (rc != OK)
		return admin_fail("%s", err_text(rc));
	(void)unlink(own); /* of a command that was cut off, and had our number */
	rc = store_backup(store, own);
	if (rc != OK)
		return admin_fail_store(store, rc);
	rc = hand_over(c, own, path);
	int why = errno;
	(void)unlink(own);
	if (rc != OK)
		return admin_fail(
		    "%s: %s", path, rc == ERR_IO ? strerror(why) : err_text(rc));
	admin_record(c, "backup", "", "%s", path);
	(void)printf(
	    _("%s: written. It holds what schools sent, and digests of tokens: keep it "
	      "as you keep the store. Accounts and TLS keys are files of their own.\n"),
	    path);
	return ADMIN_DONE;
}

int admin_backup(struct command *c)
{
	struct store *store = NULL;

	if (c->argc != 1 || admin_has_options(c))
		return ADMIN_USAGE;
	if (!admin_open(c, &store))
		return ADMIN_FAILED;
	int status = back_up(c, store, c->argv[0]);
	store_close(store);
	return status;
}

/* A copy that the store's user can read, whoever owns the file. */
static enum err bring_in(const struct command *c, const char *from, const char *to)
{
	uint8_t block[64 * 1024];
	struct atomic_file file = ATOMIC_FILE_NONE;
	ssize_t n = -1;
	enum err rc = command_as_person(c);
	int in = rc == OK ? file_open_to_read(from) : -1;
	int kept = errno;

	if (command_as_user(c) != OK || in < 0) {
		if (in >= 0)
			(void)close(in);
		errno = kept;
		return ERR_IO;
	}
	rc = atomic_file_begin(&file, to, 0600);
	while (rc == OK && (n = read(in, block, sizeof block)) > 0)
		rc = fd_write_all(file.fd, (struct slice){block, (size_t)n});
	if (rc == OK && n < 0)
		rc = ERR_IO;
	if (rc == OK)
		rc = atomic_file_commit(&file, SLICE_EMPTY);
	kept = errno;
	atomic_file_abandon(&file);
	(void)close(in);
	errno = kept;
	return rc;
}

int admin_restore(struct command *c)
{
	struct store *store = NULL;
	char own[FILE_PATH_BYTES], name[64];
	int status = ADMIN_FAILED;

	if (c->argc != 1 || admin_has_options(c))
		return ADMIN_USAGE;
	(void)snprintf(name, sizeof name, "restore.%ld", (long)getpid());
	enum err rc = path_join(own, sizeof own, c->config->server.state_dir.text, name);
	if (rc == OK)
		rc = bring_in(c, c->argv[0], own);
	if (rc != OK)
		return admin_fail(
		    "%s: %s", c->argv[0], rc == ERR_IO ? strerror(errno) : err_text(rc));
	if (admin_open(c, &store)) {
		rc = store_restore(store, own);
		if (rc != OK)
			(void)admin_fail_store(store, rc);
		status = rc == OK ? ADMIN_DONE : ADMIN_FAILED;
		store_close(store);
	}
	(void)unlink(own);
	if (status == ADMIN_DONE) {
		admin_record(c, "restore", "", "%s", c->argv[0]);
		(void)puts(
		    _("Done. Tokens and keys that were revoked since that backup are good "
		      "again: look at token list and key list."));
	}
	return status;
}

int admin_check(struct command *c)
{
	struct store *store = NULL;

	if (c->argc != 0)
		return ADMIN_USAGE;
	if (!admin_open(c, &store))
		return ADMIN_FAILED;
	enum err rc = store_check(store);
	int status = rc == OK ? ADMIN_DONE : admin_fail_store(store, rc);
	if (rc == OK)
		(void)printf(_("%s: every sum fits its documents\n"), store_kind(store));
	store_close(store);
	return status;
}
