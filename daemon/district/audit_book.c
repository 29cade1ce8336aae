#include "district/audit_book.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"

/* A descriptor that holds the lock until it is closed; -1 with *why. Of its own open file, so
 * that it keeps threads of one process apart, too. */
static int lock(const char *state_dir, struct diag *why)
{
	char path[FILE_PATH_BYTES];
	int fd = -1;

	if (path_join(path, sizeof path, state_dir, "audit.lock") == OK)
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd >= 0) {
		int rc;
		do
			rc = flock(fd, LOCK_EX);
		while (rc != 0 && errno == EINTR);
		if (rc == 0)
			return fd;
		(void)close(fd);
	}
	diag_set(why, "%s/audit.lock: %s", state_dir, strerror(errno));
	return -1;
}

enum err audit_book_write(
    const char *state_dir, int64_t at_s, const struct audit_entry *entry, struct diag *why)
{
	char path[FILE_PATH_BYTES];
	struct audit *audit = NULL;
	int fd = lock(state_dir, why);

	if (fd < 0)
		return ERR_IO;
	enum err rc = path_join(path, sizeof path, state_dir, "audit.log");
	if (rc == OK)
		rc = audit_open(&audit, path, why);
	if (rc == OK) {
		rc = audit_append(audit, at_s, entry);
		audit_close(audit);
		if (rc != OK)
			diag_set(why, "%s: %s", path, err_text(rc));
	}
	(void)close(fd);
	return rc;
}
