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

static void add_special(struct ruledb_builder *b, const char *text, unsigned kind,
    const struct rule_terms *terms)
{
	struct name_buf name;
	struct rule rule = {.kind = kind, .terms = terms};

	if (text != NULL) {
		if (name_from_text(&name, slice_of(text), NULL) != OK)
			abort();
		rule.name = name_of(&name);
	} else {
		rule.subject = terms->pattern.len > 0 ? RULE_OF_PATTERN : RULE_OF_NETWORK;
	}
	if (ruledb_builder_add_rule(b, &rule) != OK)
		abort();
}

static void add_specials(struct ruledb_builder *b)
{
	static const uint8_t address[] = {192, 0, 2, 1}, ok[] = {2, 'o', 'k', 0};
	struct rule_terms types = {.type_count = 2, .types = {1, 28}};
	struct rule_terms but = {.denyallow = {ok, sizeof ok}, .types_negated = true};
	struct rule_terms data = {
	    .action = RULE_RECORD, .data_type = 1, .data = {address, sizeof address}};
	struct rule_terms any = {.action = RULE_ANY_DATA};
	struct rule_terms one = {.pattern = SLICE_LIT("^(a|b)+c\\.vn")};
	struct rule_terms two = {.pattern = SLICE_LIT("good"), .type_count = 1};
	struct rule_terms net = {.network = {.family = 4, .bits = 8, .octets = {10}}};
	struct rule_terms six = {
	    .network = {.family = 6, .bits = 33, .octets = {0x20, 1, 0xd, 0xb8, 0x80}}};

	begin(b, "s", "adult");
	ruledb_builder_feed_options(b, false, true);
	add_special(b, "a.vn", 0, &types);
	add_special(b, "ok.a.vn", RULE_EXCEPTION, &but);
	add_special(b, "a.vn", 0, &data);
	add_special(b, "ok.a.vn", RULE_EXCEPTION, &any);
	add_special(b, NULL, 0, &one);
	add_special(b, NULL, RULE_EXCEPTION, &two);
	begin(b, "l", "games");
	ruledb_builder_feed_options(b, true, true);
	add_special(b, "a.vn", RULE_BELOW, &data);
	add(b, "ok.a.vn", RULE_EXACT | RULE_EXCEPTION);
	add_special(b, NULL, 0, &net);
	add_special(b, NULL, RULE_EXCEPTION, &six);
	add_special(b, NULL, 0, &six);
}

static void make_valid(void)
{
	struct ruledb_builder_options options = {.key = {1, 2}, .max_bytes = 1 << 20};
	struct ruledb_builder *b;

	if (ruledb_scratch_new(&scratch) != OK || ruledb_builder_new(&b, &options) != OK)
		abort();
	begin(b, "a", "adult");
	add(b, "a.vn", 0);
	add(b, "b.vn", RULE_EXACT);
	add(b, "ok.a.vn", RULE_EXCEPTION);
	begin(b, "b", "games");
	add(b, "a.vn", RULE_IMPORTANT);
	add(b, "x.a.vn", RULE_BELOW);
	begin(b, "c", "allow");
	add(b, "good.vn", 0);
	for (char c = 'a'; c <= 'z'; c++)
		add(b, (const char[]){c, '.', 'v', 'n', 0}, (unsigned)c % 3);
	add_specials(b);
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

static const uint8_t ADDRESS[16] = {10, 0, 0, 1},
                     ADDRESS_6[16] = {0x20, 1, 0xd, 0xb8, 0x80};

/* One name in all ways; a number that depends on every answer. */
static uint64_t ask_name(const struct ruledb *db, const char *text)
{
	static const struct slice addresses[] = {{ADDRESS, 4}, {ADDRESS_6, 16}};
	struct ruledb_hit hits[64];
	struct name_hashes hashes;
	struct name_buf name;
	struct listing listing;
	struct rule_terms terms;
	uint64_t sum = 0;

	if (name_from_text(&name, slice_of(text), NULL) != OK)
		abort();
	name_hash_all(&hashes, name_of(&name), ruledb_key(db));
	ruledb_prefetch(db, &hashes);
	struct ruledb_question asked = {
	    .name = name_of(&name), .hashes = &hashes, .qtype = 1, .client = {ADDRESS, 4}};
	bool listed = ruledb_match(db, scratch, &asked, &listing);
	if (listed != (listing.categories != 0 || listing.allowed) ||
	    (listed && !listing.named))
		abort();
	for (size_t i = 0; i < listing.data_count; i++) {
		if (!ruledb_rule_terms(db, listing.data[i].rule, &terms) ||
		    terms.action == RULE_PLAIN)
			abort();
	}
	sum += ruledb_hits(db, scratch, &asked, hits, COUNT_OF(hits));
	sum += ruledb_kinds_of(db, &hashes, 0);
	for (size_t i = 0; i < COUNT_OF(addresses); i++)
		sum += ruledb_match_address(db, addresses[i], &asked, &listing);
	asked.whoever = true;
	sum += ruledb_match(db, scratch, &asked, &listing);
	return sum;
}

static void ask_all(const struct ruledb *db)
{
	static const char *const names[] = {"a.vn", "x.y.ok.a.vn", "good.vn", "b.vn",
	    "z.vn", "vn", ".", "a.b.c.d.e.f.g.h.i.j.k.example", "ababac.vn"};
	struct ruledb_feed feed;
	struct ruledb_category category;
	struct ruledb_pattern pattern;
	uint64_t lines, sum = 0;

	for (size_t i = 0; i < COUNT_OF(names); i++)
		sum += ask_name(db, names[i]);
	for (unsigned i = 0; ruledb_pattern_at(db, i, &pattern); i++)
		sum += pattern.text.ptr[pattern.text.len - 1];
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
