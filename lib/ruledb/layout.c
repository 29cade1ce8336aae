/* The header of an image, read and checked: after that every section lies inside. */
#include "ruledb/internal.h"

static const uint8_t RECORD_BYTES[SECTIONS] = {FORMAT_ENTRY_BYTES, FORMAT_SLOT_BYTES,
    FORMAT_OVERFLOW_BYTES, FORMAT_SET_BYTES, FORMAT_MEMBER_BYTES, FORMAT_FEED_BYTES,
    FORMAT_CATEGORY_BYTES, FORMAT_REASON_BYTES, FORMAT_SPECIAL_BYTES, FORMAT_NETWORK_BYTES,
    1, 1};

static enum err refuse(struct diag *why, const char *what)
{
	diag_set(why, "not a usable rule database: %s", what);
	return ERR_FORMAT;
}

enum err image_check_preamble(struct slice image, struct diag *why)
{
	if (image.len < HEADER_AT_FILE_BYTES)
		return refuse(why, "shorter than its header");
	if ((uintptr_t)image.ptr % 8 != 0)
		return refuse(why, "not aligned in memory");
	if (memcmp(image.ptr, RULEDB_MAGIC, 8) != 0)
		return refuse(why, "it does not begin like one");
	unsigned version = le32_load(image.ptr + HEADER_AT_VERSION);
	if (version != FORMAT_VERSION) {
		diag_set(why,
		    "this rule database is of format %u and this program reads format %u: "
		    "it must be compiled again",
		    version, (unsigned)FORMAT_VERSION);
		return ERR_FORMAT;
	}
	if (image.len < FORMAT_HEADER_BYTES)
		return refuse(why, "shorter than its header");
	if (le32_load(image.ptr + HEADER_AT_HEADER_BYTES) != FORMAT_HEADER_BYTES)
		return refuse(why, "a header of another size");
	if (le64_load(image.ptr + HEADER_AT_FILE_BYTES) != image.len)
		return refuse(why, "cut off, or something was appended");
	return OK;
}

static enum err check_counts(const struct layout *l, struct diag *why)
{
	const uint32_t *count = l->count;

	if (l->bits < FORMAT_BITS_MIN || l->bits > FORMAT_BITS_MAX)
		return refuse(why, "directory of an impossible size");
	if (count[SECTION_ENTRIES] == UINT32_MAX || count[SECTION_SETS] == UINT32_MAX)
		return refuse(why, "more names than the format can hold");
	if (count[SECTION_FEEDS] > RULEDB_FEEDS_MAX ||
	    count[SECTION_CATEGORIES] > RULEDB_CATEGORIES_MAX)
		return refuse(why, "more feeds or categories than the format can hold");
	if (l->labels_min < 1 || l->labels_max > NAME_LABELS_MAX)
		return refuse(why, "names of an impossible depth");
	if (l->patterns > RULEDB_PATTERNS_MAX ||
	    count[SECTION_NETWORKS] > count[SECTION_SPECIALS] ||
	    l->patterns > count[SECTION_SPECIALS] - count[SECTION_NETWORKS])
		return refuse(why, "more patterns or networks than special rules");
	return OK;
}

static enum err place_sections(struct layout *l, struct diag *why)
{
	for (unsigned i = 0; i < SECTIONS; i++) {
		uint64_t offset =
		    le64_load(l->image.ptr + HEADER_AT_OFFSETS + (size_t)i * 8);
		uint64_t bytes = (uint64_t)l->count[i] * RECORD_BYTES[i];
		if (offset % 8 != 0 || offset < FORMAT_HEADER_BYTES ||
		    offset > l->image.len || bytes > l->image.len - offset)
			return refuse(why, "a section lies outside the file");
		l->section[i] = l->image.ptr + offset;
	}
	return OK;
}

enum err layout_read(struct layout *out, struct slice image, struct diag *why)
{
	struct layout l = {.image = image};

	enum err rc = image_check_preamble(image, why);
	if (rc != OK)
		return rc;
	const uint8_t *counts = image.ptr + HEADER_AT_COUNTS;
	l.bits = le32_load(image.ptr + HEADER_AT_BITS);
	for (unsigned i = 0; i < SECTIONS; i++) {
		if (i == SECTION_DIRECTORY)
			continue;
		l.count[i] = le32_load(counts);
		counts += 4;
	}
	l.patterns = le32_load(image.ptr + HEADER_AT_PATTERNS);
	l.labels_min = image.ptr[HEADER_AT_LABELS_MIN];
	l.labels_max = image.ptr[HEADER_AT_LABELS_MAX];
	rc = check_counts(&l, why);
	if (rc != OK)
		return rc;
	l.count[SECTION_DIRECTORY] = ((uint32_t)1 << l.bits) + 1;
	l.key.k0 = le64_load(image.ptr + HEADER_AT_KEY);
	l.key.k1 = le64_load(image.ptr + HEADER_AT_KEY + 8);
	l.checksum = le64_load(image.ptr + HEADER_AT_CHECKSUM);
	rc = place_sections(&l, why);
	if (rc == OK)
		*out = l;
	return rc;
}

uint64_t image_checksum(struct slice image)
{
	uint64_t sum = 0;
	size_t at = FORMAT_CHECKED_FROM;

	while (at < image.len) {
		size_t n = image.len - at;
		if (n > FORMAT_PIECE_BYTES)
			n = FORMAT_PIECE_BYTES;
		sum = checksum64(sum, (struct slice){image.ptr + at, n});
		at += n;
	}
	return sum;
}

struct set_view set_view_at(const struct layout *l, uint32_t set)
{
	const uint8_t *record = l->section[SECTION_SETS] + (size_t)set * FORMAT_SET_BYTES;
	uint32_t first = le32_load(record + SET_AT_MEMBER_FIRST);

	return (struct set_view){
	    .at = le64_load(record + SET_AT_MASK_AT),
	    .below = le64_load(record + SET_AT_MASK_BELOW),
	    .members = l->section[SECTION_MEMBERS] + (size_t)first * FORMAT_MEMBER_BYTES,
	    .member_count = le16_load(record + SET_AT_MEMBER_COUNT),
	    .judge = (le16_load(record + SET_AT_FLAGS) & SET_FLAG_JUDGE) != 0,
	};
}

struct special_view special_at(const struct layout *l, uint32_t rule)
{
	const uint8_t *record =
	    l->section[SECTION_SPECIALS] + (size_t)rule * FORMAT_SPECIAL_BYTES;

	return (struct special_view){
	    .hash = le64_load(record + SPECIAL_AT_HASH),
	    .terms = {l->section[SECTION_TERMS] + le32_load(record + SPECIAL_AT_TERMS),
	        le16_load(record + SPECIAL_AT_TERMS_LEN)},
	    .feed = le16_load(record + SPECIAL_AT_FEED),
	    .kind = record[SPECIAL_AT_KIND],
	    .subject = record[SPECIAL_AT_SUBJECT],
	};
}

uint32_t layout_find_special(const struct layout *l, uint64_t hash)
{
	const uint8_t *records = l->section[SECTION_SPECIALS];
	uint32_t low = 0, high = layout_named_specials(l);

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (le64_load(records + (size_t)middle * FORMAT_SPECIAL_BYTES) < hash) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}
