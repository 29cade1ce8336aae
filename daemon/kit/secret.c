#include "kit/secret.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/file.h"
#include "base/words.h"

static enum err judge_mode(int fd, const char *path, struct diag *why)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		diag_set(why, _("%s is no file (name one that holds a password)"), path);
		return ERR_FORMAT;
	}
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) == 0)
		return OK;
	diag_set(why, _("others may read the password in %s (chmod 600 %s)"), path, path);
	return ERR_DENIED;
}

/* One line of printable text; what follows its end may only be nothing. */
static enum err cut_line(char *text, size_t len, const char *path, struct diag *why)
{
	char *end = memchr(text, '\n', len);
	size_t line = end == NULL ? len : (size_t)(end - text);
	bool fine = line > 0 && line < SECRET_BYTES - 1 && (end == NULL || line + 1 == len);

	if (fine && text[line - 1] == '\r')
		line--;
	for (size_t i = 0; fine && i < line; i++)
		fine = (unsigned char)text[i] >= ' ' && text[i] != 0x7f;
	if (!fine || line == 0) {
		diag_set(
		    why, _("%s does not hold one line (write the password into it)"), path);
		return ERR_FORMAT;
	}
	text[line] = 0;
	return OK;
}

static enum err read_open(char *text, int fd, const char *path, struct diag *why)
{
	size_t len = 0;
	ssize_t got = 1;

	enum err rc = judge_mode(fd, path, why);
	if (rc != OK)
		return rc;
	while (got > 0 && len < SECRET_BYTES) {
		got = read(fd, text + len, SECRET_BYTES - len);
		len += got > 0 ? (size_t)got : 0;
	}
	return cut_line(text, len, path, why);
}

enum err secret_read(char out[SECRET_BYTES], const char *path, struct diag *why)
{
	char text[SECRET_BYTES];
	int fd = file_open_to_read(path);

	if (fd < 0 && (errno == EACCES || errno == EPERM)) {
		diag_set(why,
		    _("%s: we may not read it (give it to who starts the gateway)"), path);
		return ERR_DENIED;
	}
	if (fd < 0) {
		diag_set(
		    why, _("%s: %s (name a file that is there)"), path, strerror(errno));
		return ERR_NOT_FOUND;
	}
	enum err rc = read_open(text, fd, path, why);
	if (rc == OK)
		memcpy(out, text, sizeof text);
	OPENSSL_cleanse(text, sizeof text);
	(void)close(fd);
	return rc;
}
