/* Bytes laid over a valid image, the checksum mended, so that the deep checks are reached:
 * what the verifier lets pass must be safe to ask. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ruledb/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *valid_image;
static struct ruledb_scratch *scratch;
static size_t valid_size;

static void add(struct ruledb_builder *b, const char *text, unsigned kind)
{
	struct name_buf name;

	if (name_from_text(&name, slice_of(text), NULL) != OK ||
	    ruledb_builder_add(b, name_of(&name), kind) != OK)
		abort();
}

static void begin(struct ruledb_builder *b, const char *feed, const char *category)
{
	unsigned index;
	if (ruledb_builder_feed(b, feed, category, &index) != OK ||
	    ruledb_builder_refused(b, "why", 1) != OK)
		abort();
}

static void make_valid(void)
{
	struct ruledb_builder_options options = {.key = {1, 2}, .max_bytes = 1 << 20};
	struct ruledb_builder *b;

	if (ruledb_scratch_new(&scratch) != OK || ruledb_builder_new(&b, &options) != OK)
		abort();
	begin(b, "a", "adult");
	add(b, "a.vn", 0);
	add(b, "b.vn", RULEDB_EXACT);
	add(b, "ok.a.vn", RULEDB_EXCEPTION);
	begin(b, "b", "games");
	add(b, "a.vn", RULEDB_IMPORTANT);
	add(b, "x.a.vn", RULEDB_BELOW);
	begin(b, "c", "allow");
	add(b, "good.vn", 0);
	for (char c = 'a'; c <= 'z'; c++)
		add(b, (const char[]){c, '.', 'v', 'n', 0}, (unsigned)c % 3);
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || ruledb_builder_write(b, fd) != OK)
		abort();
	ruledb_builder_free(b);
	valid_size = (size_t)lseek(fd, 0, SEEK_END);
	valid_image = malloc(valid_size);
	if (valid_image == NULL ||
	    pread(fd, valid_image, valid_size, 0) != (ssize_t)valid_size)
		abort();
	close(fd);
}

static void ask_all(const struct ruledb *db)
{
	static const char *const names[] = {"a.vn", "x.y.ok.a.vn", "good.vn", "b.vn",
	    "z.vn", "vn", ".", "a.b.c.d.e.f.g.h.i.j.k.example"};
	struct ruledb_hit hits[64];
	struct ruledb_feed feed;
	struct ruledb_category category;
	uint64_t lines, sum = 0;

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct name_hashes hashes;
		struct name_buf name;
		struct listing listing;
		if (name_from_text(&name, slice_of(names[i]), NULL) != OK)
			abort();
		name_hash_all(&hashes, name_of(&name), ruledb_key(db));
		ruledb_prefetch(db, &hashes);
		struct ruledb_question asked = {.name = name_of(&name), .hashes = &hashes};
		bool listed = ruledb_match(db, scratch, &asked, &listing);
		if (listed != (listing.categories != 0 || listing.allowed))
			abort();
		sum += ruledb_hits(db, scratch, &asked, hits, COUNT_OF(hits));
		sum += ruledb_kinds_of(db, &hashes, 0);
	}
	for (unsigned i = 0; ruledb_feed_at(db, i, &feed); i++) {
		sum += strlen(feed.name) + strlen(feed.url) + strlen(feed.source) +
		    strlen(feed.format) + strlen(feed.sha256);
		for (unsigned k = 0; k < 1000; k++) {
			const char *reason = ruledb_feed_reason(db, i, k, &lines);
			if (reason == NULL)
				break;
			sum += strlen(reason);
		}
	}
	for (unsigned i = 0; ruledb_category_at(db, i, &category); i++)
		sum += strlen(category.name);
	if (sum == 1)
		abort(); /* keeps the sum from being optimised away; it is far larger */
}

static void ask_image(struct slice image)
{
	struct ruledb *db;

	if (ruledb_from_bytes(&db, image, NULL) == OK) {
		ask_all(db);
		ruledb_close(db);
	}
}

/* {offset u16, length u8, bytes} again and again over the valid image; the first byte says how
 * much is cut off its end. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = reader_over((struct slice){data, size});

	if (valid_image == NULL)
		make_valid();
	size_t cut = (size_t)reader_u8(&r) % 64 * 8;
	size_t image_size = valid_size > cut ? valid_size - cut : 0;
	uint8_t *image = malloc(image_size + 1);
	if (image == NULL)
		return 0;
	memcpy(image, valid_image, image_size);
	while (r.left >= 4) {
		size_t at = reader_u16(&r), len = (size_t)reader_u8(&r) % 16 + 1;
		struct slice bytes = reader_bytes(&r, len < r.left ? len : r.left);
		if (at < image_size && bytes.len <= image_size - at && bytes.len > 0)
			memcpy(image + at, bytes.ptr, bytes.len);
	}
	struct slice whole = {image, image_size};
	if (image_size >= FORMAT_HEADER_BYTES) {
		le64_store(image + HEADER_AT_FILE_BYTES, image_size);
		le64_store(image + HEADER_AT_CHECKSUM, image_checksum(whole));
	}
	ask_image(whole);
	free(image);
	/* and what came, as it came: mostly refused at once */
	ask_image((struct slice){data, size});
	return 0;
}
