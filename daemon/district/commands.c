#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/words.h"
#include "district/subcommands.h"

/* The saved user id stays root's, so that both ways are open until the command ends. */
static enum err become(uid_t uid, gid_t gid)
{
	if (geteuid() == uid && getegid() == gid)
		return OK;
	if (seteuid(0) != 0 || setegid(gid) != 0 || seteuid(uid) != 0)
		return ERR_DENIED;
	return OK;
}

enum err command_as_person(const struct command *c)
{
	return become(c->caller_uid, c->caller_gid);
}

enum err command_as_user(const struct command *c)
{
	return become(c->user_uid, c->user_gid);
}

static enum err read_stdin(struct buf *out)
{
	uint8_t block[4096];
	size_t n;

	while ((n = fread(block, 1, sizeof block, stdin)) > 0)
		buf_append(out, (struct slice){block, n});
	return ferror(stdin) != 0 ? ERR_IO : buf_status(out);
}

enum err command_read_file(
    const struct command *c, const char *path, struct buf *out, struct diag *why)
{
	enum err rc = command_as_person(c);

	if (rc == OK)
		rc = strcmp(path, "-") == 0 ? read_stdin(out) : file_read(path, out);
	if (rc != OK)
		diag_set(why, _("%s: %s (name a file that is there)"), path, err_text(rc));
	enum err back = command_as_user(c);
	return rc == OK ? back : rc;
}

enum err command_write_file(const struct command *c, const char *path, struct slice content,
    mode_t mode, struct diag *why)
{
	enum err rc = command_as_person(c);

	if (rc == OK)
		rc = file_write_atomic(path, content, mode);
	if (rc != OK)
		diag_set(why, _("%s: %s (name a file in a folder that is yours)"), path,
		    rc == ERR_IO ? strerror(errno) : err_text(rc));
	enum err back = command_as_user(c);
	return rc == OK ? back : rc;
}
