#include "source.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/words.h"

enum {
	PIECE_BYTES = 256 * 1024
};

static void digest_text(EVP_MD_CTX *digest, char out[SOURCE_SHA256_BYTES])
{
	uint8_t bytes[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	out[0] = '\0';
	if (EVP_DigestFinal_ex(digest, bytes, &len) != 1)
		return;
	for (unsigned i = 0; i < len && i < (SOURCE_SHA256_BYTES - 1) / 2; i++)
		(void)snprintf(out + (size_t)i * 2, 3, "%02x", bytes[i]);
}

static enum err read_all(gzFile file, uint8_t *bytes, EVP_MD_CTX *digest,
    source_piece piece, void *arg, struct diag *why)
{
	for (;;) {
		int n = gzread(file, bytes, PIECE_BYTES);
		if (n < 0) {
			diag_set(why, _("cannot be read"));
			return ERR_IO;
		}
		if (n == 0)
			break;
		struct slice got = {bytes, (size_t)n};
		if (digest != NULL && EVP_DigestUpdate(digest, got.ptr, got.len) != 1)
			return ERR_MEMORY;
		enum err rc = piece(arg, got, why);
		if (rc != OK)
			return rc;
	}
	/* A gzip file that ends early reads as a short text: only its state tells. */
	int state;
	(void)gzerror(file, &state);
	if (state != Z_OK && state != Z_STREAM_END) {
		diag_set(why, _("the compressed file is cut off or damaged"));
		return ERR_IO;
	}
	return OK;
}

enum err source_read(const char *path, source_piece piece, void *arg,
    char sha256[SOURCE_SHA256_BYTES], struct diag *why)
{
	gzFile file = NULL;
	uint8_t *bytes = NULL;
	EVP_MD_CTX *digest = NULL;
	enum err rc = ERR_MEMORY;

	errno = 0;
	file = gzopen(path, "rb");
	if (file == NULL) {
		diag_set(why, "%s", strerror(errno == 0 ? ENOMEM : errno));
		return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
	}
	bytes = malloc(PIECE_BYTES);
	if (bytes == NULL)
		goto done;
	(void)gzbuffer(file, PIECE_BYTES);
	if (sha256 != NULL) {
		digest = EVP_MD_CTX_new();
		if (digest == NULL || EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1)
			goto done;
	}
	rc = read_all(file, bytes, digest, piece, arg, why);
	if (rc == OK && sha256 != NULL)
		digest_text(digest, sha256);
done:
	EVP_MD_CTX_free(digest);
	free(bytes);
	(void)gzclose(file);
	return rc;
}
