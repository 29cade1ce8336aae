#include "feeds/gzip.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	PIECE_BYTES = 64 * 1024
};

/* Lists of names shrink to a quarter at any level; 4 takes half the time of 6. */
#define MODE "wb4"

enum err gzip_begin(gzFile *out, int fd)
{
	int own = dup(fd);
	if (own < 0)
		return ERR_IO;
	gzFile gz = gzdopen(own, MODE);
	if (gz == NULL) {
		(void)close(own);
		return ERR_MEMORY;
	}
	(void)gzbuffer(gz, PIECE_BYTES);
	*out = gz;
	return OK;
}

enum err gzip_write(gzFile gz, struct slice bytes)
{
	while (bytes.len > 0) {
		unsigned now = bytes.len < PIECE_BYTES ? (unsigned)bytes.len : PIECE_BYTES;
		if (gzwrite(gz, bytes.ptr, now) != (int)now)
			return ERR_IO;
		bytes.ptr += now;
		bytes.len -= now;
	}
	return OK;
}

enum err gzip_end(gzFile *gz)
{
	gzFile mine = *gz;

	*gz = NULL;
	return gzclose_w(mine) == Z_OK ? OK : ERR_IO;
}

void gzip_abandon(gzFile *gz)
{
	if (*gz != NULL)
		(void)gzclose_w(*gz);
	*gz = NULL;
}

static enum err read_all(gzFile gz, uint8_t *piece_buf, gzip_piece piece, void *context)
{
	for (;;) {
		int n = gzread(gz, piece_buf, PIECE_BYTES);
		/* zlib passes through what is no gzip file; such a copy is not ours. */
		if (n < 0 || gzdirect(gz) != 0)
			return ERR_FORMAT;
		if (n == 0)
			return OK;
		enum err rc = piece(context, (struct slice){piece_buf, (size_t)n});
		if (rc != OK)
			return rc;
	}
}

enum err gzip_read(const char *path, gzip_piece piece, void *context)
{
	enum err rc = ERR_MEMORY;
	uint8_t *piece_buf = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
	gzFile gz = gzdopen(fd, "rb");
	if (gz == NULL) {
		(void)close(fd);
		return ERR_MEMORY;
	}
	(void)gzbuffer(gz, PIECE_BYTES);
	piece_buf = malloc(PIECE_BYTES);
	if (piece_buf != NULL)
		rc = read_all(gz, piece_buf, piece, context);
	free(piece_buf);
	/* Tells a file that ends too early (Z_BUF_ERROR). */
	if (gzclose_r(gz) != Z_OK && rc == OK)
		rc = ERR_FORMAT;
	return rc;
}
