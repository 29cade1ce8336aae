#include "spool/gzip.h"

#include <limits.h>
#define ZLIB_CONST /* zlib reads its input through a pointer to const */
#include <zlib.h>

enum {
	GZIP_WINDOW_BITS = 15 + 16, /* zlib's way to ask for gzip */
	MEMORY_LEVEL = 8,
	OS_UNKNOWN = 255
};

static void set_input(z_stream *z, struct slice s)
{
	z->next_in = s.ptr;
	z->avail_in = (uInt)s.len;
}

enum err gzip_pack(struct slice content, struct buf *out)
{
	z_stream z = {.zalloc = Z_NULL};
	gz_header head = {.os = OS_UNKNOWN};
	uint8_t block[8192];
	int state = Z_OK;

	if (content.len > INT_MAX)
		return ERR_FULL;
	if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW_BITS, MEMORY_LEVEL,
	        Z_DEFAULT_STRATEGY) != Z_OK)
		return ERR_MEMORY;
	(void)deflateSetHeader(&z, &head);
	set_input(&z, content);
	while (state == Z_OK) {
		z.next_out = block;
		z.avail_out = sizeof block;
		state = deflate(&z, Z_FINISH);
		buf_append(out, (struct slice){block, sizeof block - z.avail_out});
	}
	(void)deflateEnd(&z);
	return state == Z_STREAM_END ? buf_status(out) : ERR_MEMORY;
}

enum err gzip_unpack(struct slice packed, size_t max, struct buf *out)
{
	z_stream z = {.zalloc = Z_NULL};
	uint8_t block[8192];
	size_t made = 0;
	int state = Z_OK;

	if (packed.len > INT_MAX)
		return ERR_FULL;
	if (inflateInit2(&z, GZIP_WINDOW_BITS) != Z_OK)
		return ERR_MEMORY;
	set_input(&z, packed);
	enum err rc = OK;
	while (rc == OK && state == Z_OK) {
		z.next_out = block;
		z.avail_out = sizeof block;
		state = inflate(&z, Z_NO_FLUSH);
		size_t n = sizeof block - z.avail_out;
		made += n;
		buf_append(out, (struct slice){block, n});
		rc = made > max ? ERR_FULL : buf_status(out);
		if (rc == OK && state == Z_OK && z.avail_in == 0 && z.avail_out > 0)
			rc = ERR_FORMAT; /* torn */
	}
	if (rc == OK && (state != Z_STREAM_END || z.avail_in > 0))
		rc = state == Z_MEM_ERROR ? ERR_MEMORY : ERR_FORMAT;
	(void)inflateEnd(&z);
	return rc;
}
