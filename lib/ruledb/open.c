#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "ruledb/internal.h"

static void note_prefixes(struct ruledb *db)
{
	const struct layout *l = &db->at;

	for (uint32_t i = 0; i < l->count[SECTION_NETWORKS]; i++) {
		const uint8_t *record =
		    l->section[SECTION_NETWORKS] + (size_t)i * FORMAT_NETWORK_BYTES;
		unsigned bits = record[NETWORK_AT_BITS];
		db->prefixes[record[NETWORK_AT_FAMILY] == 4 ? 0 : 1][bits / 64] |=
		    UINT64_C(1) << bits % 64;
	}
}

static enum err open_image(
    struct ruledb **out, struct slice image, bool mapped, struct diag *why)
{
	enum err rc = ruledb_verify(image, why);
	if (rc != OK)
		return rc;
	struct ruledb *db = calloc(1, sizeof *db);
	if (db == NULL)
		return ERR_MEMORY;
	rc = layout_read(&db->at, image, why);
	if (rc != OK) {
		free(db);
		return rc;
	}
	rc = patterns_new(&db->patterns, &db->at);
	if (rc != OK) {
		free(db);
		return rc;
	}
	note_prefixes(db);
	db->mapped = mapped;
	*out = db;
	return OK;
}

enum err ruledb_from_bytes(struct ruledb **out, struct slice image, struct diag *why)
{
	return open_image(out, image, false, why);
}

/* The size of the file behind `fd`, if it can be a database. */
static enum err size_of(int fd, size_t *size, struct diag *why)
{
	struct stat st;

	if (fstat(fd, &st) != 0) {
		diag_set(why, "cannot read the rule database: %s", strerror(errno));
		return ERR_IO;
	}
	if (st.st_size < FORMAT_HEADER_BYTES || (uint64_t)st.st_size > SIZE_MAX / 2) {
		diag_set(why, "not a usable rule database: shorter than its header");
		return ERR_FORMAT;
	}
	*size = (size_t)st.st_size;
	return OK;
}

enum err ruledb_open_fd(struct ruledb **out, int fd, struct diag *why)
{
	size_t size = 0;
	enum err rc = size_of(fd, &size, why);
	if (rc != OK)
		return rc;
	void *bytes = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (bytes == MAP_FAILED) {
		diag_set(why, "cannot map the rule database: %s", strerror(errno));
		return ERR_IO;
	}
	/* Large pages make random probes cheaper; a kernel without them says no, and the
	 * small ones do. */
	(void)madvise(bytes, size, MADV_HUGEPAGE);
	rc = open_image(out, (struct slice){bytes, size}, true, why);
	if (rc != OK)
		munmap(bytes, size);
	return rc;
}

/* All `size` bytes of the file from its begin. */
static enum err read_whole(uint8_t *bytes, size_t size, int fd, struct diag *why)
{
	for (size_t have = 0; have < size;) {
		ssize_t n = pread(fd, bytes + have, size - have, (off_t)have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			diag_set(why, "cannot read the rule database: %s",
			    n < 0 ? strerror(errno) : "it became shorter");
			return ERR_IO;
		}
		have += (size_t)n;
	}
	return OK;
}

enum err ruledb_copy_fd(struct ruledb **out, int fd, struct diag *why)
{
	size_t size = 0;
	enum err rc = size_of(fd, &size, why);
	if (rc != OK)
		return rc;
	uint8_t *bytes =
	    mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bytes == MAP_FAILED)
		return ERR_MEMORY;
	/* Files in memory rarely get large pages, private memory mostly does; each probe
	 * would else walk the page tables anew. Before the first page is written. */
	(void)madvise(bytes, size, MADV_HUGEPAGE);
	rc = read_whole(bytes, size, fd, why);
	if (rc == OK && mprotect(bytes, size, PROT_READ) != 0)
		rc = ERR_MEMORY;
	if (rc == OK)
		rc = open_image(out, (struct slice){bytes, size}, true, why);
	if (rc != OK)
		munmap(bytes, size);
	return rc;
}

enum err ruledb_open(struct ruledb **out, const char *path, struct diag *why)
{
	int fd = file_open_to_read(path);

	if (fd < 0) {
		enum err rc = errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
		diag_set(why, "cannot open %s: %s", path, strerror(errno));
		return rc;
	}
	enum err rc = ruledb_open_fd(out, fd, why);
	close(fd);
	return rc;
}

void ruledb_close(struct ruledb *db)
{
	if (db == NULL)
		return;
	patterns_free(db->patterns);
	if (db->mapped) {
		void *bytes;
		memcpy(&bytes, &db->at.image.ptr, sizeof bytes);
		munmap(bytes, db->at.image.len);
	}
	free(db);
}

struct slice ruledb_bytes(const struct ruledb *db)
{
	return db->at.image;
}

struct hash_key ruledb_key(const struct ruledb *db)
{
	return db->at.key;
}
