#define ZLIB_CONST /* zlib then promises not to write to its input */
#include "page/gzip.h"

#include <stdlib.h>
#include <zlib.h>

enum {
	WINDOW_BITS = 14, /* as long as a page */
	GZIP_WRAPPER = 16,
	MEMORY_LEVEL = 7,
	/* Of 9: six percent more octets than the smallest, at half the time. It is the most
	 * that a page costs, and a flood of requests pays it with the gateway's processor. */
	QUICK = 3
};

enum err gzip_append(struct buf *out, struct slice in)
{
	z_stream z = {0};
	enum err rc = ERR_MEMORY;

	if (deflateInit2(&z, QUICK, Z_DEFLATED, WINDOW_BITS + GZIP_WRAPPER, MEMORY_LEVEL,
	        Z_DEFAULT_STRATEGY) != Z_OK)
		return ERR_MEMORY;
	uLong bound = deflateBound(&z, in.len);
	uint8_t *packed = malloc(bound);
	if (packed == NULL || in.len > UINT32_MAX)
		goto done;
	z.next_in = in.ptr;
	z.avail_in = (uInt)in.len;
	z.next_out = packed;
	z.avail_out = (uInt)bound;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		goto done;
	buf_append(out, (struct slice){packed, z.total_out});
	rc = buf_status(out);
done:
	free(packed);
	deflateEnd(&z);
	return rc;
}
