#include "district/gunzip.h"

#include <zlib.h>

enum {
	BLOCK_BYTES = 16384,
	GZIP_WINDOW = 16 + MAX_WBITS /* gzip, and nothing else */
};

static enum err inflate_within(z_stream *z, struct buf *out, size_t limit)
{
	uint8_t block[BLOCK_BYTES];
	size_t total = 0;
	int rc = Z_OK;

	while (rc != Z_STREAM_END) {
		z->next_out = block;
		z->avail_out = sizeof block;
		rc = inflate(z, Z_NO_FLUSH);
		size_t got = sizeof block - z->avail_out;
		if (rc == Z_MEM_ERROR)
			return ERR_MEMORY;
		/* Z_BUF_ERROR: nothing moves any more, so it was cut short. */
		if ((rc != Z_OK && rc != Z_STREAM_END) || got > limit - total)
			return rc == Z_OK || rc == Z_STREAM_END ? ERR_RANGE : ERR_FORMAT;
		total += got;
		buf_append(out, (struct slice){block, got});
	}
	return z->avail_in == 0 ? buf_status(out) : ERR_FORMAT;
}

enum err gunzip_bounded(struct buf *out, struct slice packed)
{
	size_t limit = packed.len < GUNZIP_MAX_BYTES / GUNZIP_MAX_RATIO
	    ? packed.len * GUNZIP_MAX_RATIO
	    : GUNZIP_MAX_BYTES;
	z_stream z = {.next_in = (Bytef *)(uintptr_t)packed.ptr};

	if (packed.len == 0 || packed.len > UINT32_MAX)
		return ERR_FORMAT;
	z.avail_in = (uInt)packed.len;
	if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
		return ERR_MEMORY;
	enum err rc = inflate_within(&z, out, limit);
	(void)inflateEnd(&z);
	return rc;
}
