#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/words.h"
#include "feeds/archive.h"
#include "feeds/folder.h"

enum {
	PIECE_BYTES = 256 * 1024
};

#define MEMBERS_MAX_BYTES ((uint64_t)4 << 30)

/* ---- where it is ---- */

enum shape {
	SHAPE_FILE, /* or nothing at all */
	SHAPE_FOLDER,
	SHAPE_ARCHIVE
};

struct place {
	char file[PATH_MAX];
	const char *member; /* behind "#"; "" */
	enum shape shape;
};

/* The head as zlib sees it, so that a .tar.gz shows as a tar. */
static bool is_archive(const char *file)
{
	uint8_t head[ARCHIVE_HEAD_BYTES];
	gzFile f = gzopen(file, "rb");
	int n = f == NULL ? 0 : gzread(f, head, sizeof head);

	if (f != NULL)
		(void)gzclose(f);
	return n > 0 && archive_is_one((struct slice){head, (size_t)n});
}

static void find_place(struct place *out, const char *path)
{
	struct stat st;

	out->member = "";
	out->shape = SHAPE_FILE;
	(void)snprintf(out->file, sizeof out->file, "%s", path);
	char *hash = strrchr(out->file, '#');
	if (stat(out->file, &st) != 0 && hash != NULL) {
		*hash = '\0';
		out->member = hash + 1;
	}
	if (stat(out->file, &st) != 0)
		return;
	if (S_ISDIR(st.st_mode))
		out->shape = SHAPE_FOLDER;
	else if (S_ISREG(st.st_mode) && is_archive(out->file))
		out->shape = SHAPE_ARCHIVE;
}

bool source_has_members(const char *path)
{
	struct place place;

	find_place(&place, path);
	return place.shape != SHAPE_FILE;
}

char *source_place(const char *path)
{
	struct place place;
	char whole[PATH_MAX], *found = NULL;

	find_place(&place, path);
	if (realpath(place.file, whole) == NULL ||
	    asprintf(&found, "%s%s%s", whole, place.member[0] != '\0' ? "#" : "",
	        place.member) < 0)
		return strdup(path);
	return found;
}

/* ---- reading ---- */

/* Everything passes here. */
struct passing {
	EVP_MD_CTX *digest; /* NULL: nobody wants one */
	source_piece piece;
	void *arg;
};

static enum err pass(void *arg, struct slice bytes, struct diag *why)
{
	struct passing *p = arg;

	if (p->digest != NULL && EVP_DigestUpdate(p->digest, bytes.ptr, bytes.len) != 1)
		return ERR_MEMORY;
	return p->piece(p->arg, bytes, why);
}

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

static enum err read_all(gzFile file, uint8_t *bytes, struct passing *p, struct diag *why)
{
	for (;;) {
		int n = gzread(file, bytes, PIECE_BYTES);
		if (n < 0) {
			diag_set(why, _("cannot be read"));
			return ERR_IO;
		}
		if (n == 0)
			break;
		enum err rc = pass(p, (struct slice){bytes, (size_t)n}, why);
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

static enum err read_file(const char *path, struct passing *p, struct diag *why)
{
	errno = 0;
	gzFile file = gzopen(path, "rb");
	if (file == NULL) {
		diag_set(why, "%s", strerror(errno == 0 ? ENOMEM : errno));
		return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
	}
	uint8_t *bytes = malloc(PIECE_BYTES);
	(void)gzbuffer(file, PIECE_BYTES);
	enum err rc = bytes == NULL ? ERR_MEMORY : read_all(file, bytes, p, why);
	free(bytes);
	(void)gzclose(file);
	return rc;
}

static enum err read_members(const struct place *place, struct passing *p, struct diag *why)
{
	const struct members members = {.wanted = place->member,
	    .squidguard = true,
	    .comment = '#',
	    .max_bytes = MEMBERS_MAX_BYTES};

	if (place->shape == SHAPE_FOLDER)
		return folder_read_lists(place->file, &members, pass, p, why);
	int fd = open(place->file, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		diag_set(why, "%s", strerror(errno));
		return ERR_IO;
	}
	enum err rc = archive_read_lists(fd, &members, pass, p, why);
	(void)close(fd);
	return rc;
}

enum err source_read(const char *path, source_piece piece, void *arg,
    char sha256[SOURCE_SHA256_BYTES], struct diag *why)
{
	struct passing p = {.piece = piece, .arg = arg};
	struct place place;
	enum err rc = OK;

	find_place(&place, path);
	if (sha256 != NULL) {
		p.digest = EVP_MD_CTX_new();
		if (p.digest == NULL ||
		    EVP_DigestInit_ex(p.digest, EVP_sha256(), NULL) != 1)
			rc = ERR_MEMORY;
	}
	if (rc == OK)
		rc = place.shape == SHAPE_FILE ? read_file(place.file, &p, why)
		                               : read_members(&place, &p, why);
	if (rc == OK && sha256 != NULL)
		digest_text(p.digest, sha256);
	EVP_MD_CTX_free(p.digest);
	return rc;
}
