#include "lachanctl/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool new_file_config_folder(const struct ctl *c, char out[FILE_PATH_BYTES])
{
	if (c->config == NULL)
		return false;
	int n = snprintf(out, FILE_PATH_BYTES, "%s", c->config_path);
	if (n < 0 || n >= FILE_PATH_BYTES)
		return false;
	char *slash = strrchr(out, '/');
	if (slash == NULL)
		(void)snprintf(out, FILE_PATH_BYTES, ".");
	else if (slash == out)
		slash[1] = 0;
	else
		*slash = 0;
	return true;
}

enum err new_file_write(
    const char *path, struct slice content, mode_t mode, const struct new_file_owner *owner)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);

	if (fd < 0)
		return errno == EEXIST ? ERR_EXISTS : ERR_IO;
	enum err rc = fchmod(fd, mode) == 0 ? OK : ERR_IO; /* whatever the umask says */
	if (rc == OK && owner != NULL && fchown(fd, owner->uid, owner->gid) != 0)
		rc = ERR_IO;
	if (rc == OK)
		rc = fd_write_all(fd, content);
	if (rc == OK && fsync(fd) != 0)
		rc = ERR_IO;
	int kept = errno;
	(void)close(fd);
	if (rc == OK)
		return file_sync_folder(path);
	(void)unlink(path);
	errno = kept;
	return rc;
}
