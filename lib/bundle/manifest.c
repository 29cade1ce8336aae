/* Reading the manifest: lines of a keyword and its values, in one order. */
#include "bundle/internal.h"

#include "base/words.h"

enum {
	ARENA_MAX_BYTES = 8 * 1024 * 1024,
	KEYWORDS = 12
};

/* One reading. */
struct reading {
	struct bundle *out;
	size_t counts[KEYWORDS]; /* lines of each keyword */
	struct slice line;
	unsigned number; /* of `line` */
	struct diag *why;
};

static enum err refuse(const struct reading *r, const char *what)
{
	if (r->why != NULL) {
		diag_set(r->why, N_("line %u of the bundle: %s"), r->number, what);
		r->why->line = r->number;
	}
	return ERR_FORMAT;
}

static bool keep(const struct reading *r, const char **out, struct slice text)
{
	*out = arena_text(&r->out->arena, text);
	return *out != NULL;
}

/* ---- one function a keyword ----------------------------------------------------------------- */

static enum err read_name(struct reading *r, struct slice value)
{
	if (!bundle_is_word(value, BUNDLE_WORD_NAME))
		return refuse(r, N_("not a name of a-z, 0-9 and -"));
	return keep(r, &r->out->name, value) ? OK : ERR_MEMORY;
}

static bool read_number(struct slice text, uint64_t max, uint64_t *out)
{
	return text.len > 0 && (text.ptr[0] != '0' || text.len == 1) &&
	    slice_to_u64(text, max, out);
}

static enum err read_serial(struct reading *r, struct slice value)
{
	if (!read_number(value, BUNDLE_SERIAL_MAX, &r->out->serial) || r->out->serial == 0)
		return refuse(r, N_("not a serial"));
	return OK;
}

static enum err read_created(struct reading *r, struct slice value)
{
	return bundle_time_read(&r->out->created_s, value) ? OK
	                                                   : refuse(r, N_("not a time"));
}

static enum err read_expires(struct reading *r, struct slice value)
{
	if (!bundle_time_read(&r->out->expires_s, value) ||
	    r->out->expires_s <= r->out->created_s)
		return refuse(r, N_("not a time after that of its making"));
	return OK;
}

static enum err read_title(struct reading *r, struct slice value)
{
	if (value.len == 0 || value.len > BUNDLE_TITLE_MAX || !bundle_is_plain(value))
		return refuse(r, N_("not a line of text"));
	return keep(r, &r->out->title, value) ? OK : ERR_MEMORY;
}

static bool has_tier(const struct bundle_tier *tiers, size_t count, struct slice tier)
{
	for (size_t i = 0; i < count; i++) {
		if (slice_equal(slice_of(tiers[i].tier), tier))
			return true;
	}
	return false;
}

static bool has_category(const struct bundle_tier *tier, struct slice category)
{
	for (size_t i = 0; i < tier->count; i++) {
		if (slice_equal(slice_of(tier->categories[i]), category))
			return true;
	}
	return false;
}

/* TIER CATEGORY… */
static enum err read_tier(
    struct reading *r, struct slice value, struct bundle_tier *tiers, size_t *count)
{
	struct bundle_tier *tier = &tiers[*count];
	struct slice word;

	if (!bundle_next_word(&value, &word) ||
	    !bundle_is_word(word, BUNDLE_WORD_CATEGORY) || has_tier(tiers, *count, word))
		return refuse(r, N_("not a tier, or a tier for the second time"));
	if (!keep(r, &tier->tier, word))
		return ERR_MEMORY;
	do {
		if (tier->count == BUNDLE_CATEGORIES_MAX ||
		    !bundle_next_word(&value, &word) ||
		    !bundle_is_word(word, BUNDLE_WORD_CATEGORY) || has_category(tier, word))
			return refuse(
			    r, N_("not a category, or a category for the second time"));
		if (!keep(r, &tier->categories[tier->count], word))
			return ERR_MEMORY;
		tier->count++;
	} while (value.ptr != NULL);
	(*count)++;
	return OK;
}

static enum err read_mandatory(struct reading *r, struct slice value)
{
	return read_tier(r, value, r->out->mandatory, &r->out->mandatory_count);
}

static enum err read_block(struct reading *r, struct slice value)
{
	return read_tier(r, value, r->out->block, &r->out->block_count);
}

static enum err read_never_block(struct reading *r, struct slice value)
{
	struct name_buf name;

	if (!bundle_is_name(&name, value))
		return refuse(r, N_("not a domain name in lower case"));
	uint8_t *wire = arena_alloc(&r->out->arena, name.len);
	if (wire == NULL)
		return ERR_MEMORY;
	memcpy(wire, name.wire, name.len);
	r->out->never_block[r->out->never_block_count++] = (struct dname){wire, name.len};
	return OK;
}

static bool is_list_category(struct slice word)
{
	return bundle_is_word(word, BUNDLE_WORD_CATEGORY) &&
	    !slice_equal(word, SLICE_LIT("allow"));
}

static bool is_url(struct slice url, struct slice sha256)
{
	bool secure = slice_starts(url, SLICE_LIT("https://"));
	bool pinned = slice_starts(url, SLICE_LIT("http://")) && sha256.len > 1;

	return (secure || pinned) && url.len <= BUNDLE_URL_MAX && bundle_is_plain(url);
}

/* required|offered NAME CATEGORY FORMAT subtree|exact SHA256|- URL */
static enum err read_feed(struct reading *r, struct slice value)
{
	struct bundle_feed *feed = &r->out->feeds[r->out->feed_count];
	struct slice words[7];

	for (size_t i = 0; i < 7; i++) {
		if (!bundle_next_word(&value, &words[i]))
			return refuse(r, N_("not the seven words of a feed"));
	}
	bool exact = slice_equal(words[4], SLICE_LIT("exact"));
	bool pinned = bundle_is_digest(words[5]);
	feed->required = slice_equal(words[0], SLICE_LIT("required"));
	if ((!feed->required && !slice_equal(words[0], SLICE_LIT("offered"))) ||
	    !bundle_is_word(words[1], BUNDLE_WORD_NAME) || !is_list_category(words[2]) ||
	    !bundle_is_word(words[3], BUNDLE_WORD_NAME) ||
	    slice_equal(words[3], SLICE_LIT("bundle")) ||
	    (!exact && !slice_equal(words[4], SLICE_LIT("subtree"))) ||
	    (!pinned && !slice_equal(words[5], SLICE_LIT("-"))) ||
	    !is_url(words[6], words[5]) || value.ptr != NULL)
		return refuse(r, N_("not the seven words of a feed"));
	for (size_t i = 0; i < r->out->feed_count; i++) {
		if (slice_equal(slice_of(r->out->feeds[i].name), words[1]))
			return refuse(r, N_("a feed for the second time"));
	}
	feed->exact = exact;
	feed->sha256 = "";
	if (!keep(r, &feed->name, words[1]) || !keep(r, &feed->category, words[2]) ||
	    !keep(r, &feed->format, words[3]) || !keep(r, &feed->url, words[6]) ||
	    (pinned && !keep(r, &feed->sha256, words[5])))
		return ERR_MEMORY;
	r->out->feed_count++;
	return OK;
}

/* NAME CATEGORY ENTRIES */
static enum err read_list(struct reading *r, struct slice value)
{
	struct bundle_list *list = &r->out->lists[r->out->list_count];
	struct slice name, category;

	if (!bundle_next_word(&value, &name) || !bundle_next_word(&value, &category) ||
	    !bundle_is_word(name, BUNDLE_WORD_NAME) || !is_list_category(category) ||
	    !read_number(value, BUNDLE_TEXT_MAX, &list->entries))
		return refuse(r, N_("not the three words of a list"));
	for (size_t i = 0; i < r->out->list_count; i++) {
		if (slice_equal(slice_of(r->out->lists[i].name), name))
			return refuse(r, N_("a list for the second time"));
	}
	if (!keep(r, &list->name, name) || !keep(r, &list->category, category))
		return ERR_MEMORY;
	r->out->list_count++;
	return OK;
}

/* BYTES SHA256 */
static enum err read_lists(struct reading *r, struct slice value)
{
	struct slice bytes = slice_cut(&value, ' ');

	if (!read_number(bytes, BUNDLE_TEXT_MAX, &r->out->lists_bytes) ||
	    !bundle_is_digest(value))
		return refuse(r, N_("not a size and a SHA-256"));
	memcpy(r->out->lists_sha256, value.ptr, value.len);
	r->out->lists_sha256[value.len] = 0;
	return OK;
}

/* KEY VALUE */
static enum err read_signature(struct reading *r, struct slice value)
{
	struct slice key = slice_cut(&value, ' ');

	if (value.ptr == NULL || sign_public_read(&r->out->key, key) != OK ||
	    sign_value_read(&r->out->signature, value) != OK)
		return refuse(r, N_("not a key and a signature"));
	return OK;
}

/* ---- the order ---------------------------------------------------------------------------- */

static const struct keyword {
	const char *word;
	size_t min;
	size_t max;
	enum err (*read)(struct reading *r, struct slice value);
} ORDER[KEYWORDS] = {
    {"name", 1, 1, read_name},
    {"serial", 1, 1, read_serial},
    {"created", 1, 1, read_created},
    {"expires", 1, 1, read_expires},
    {"title", 0, 1, read_title},
    {"mandatory", 0, BUNDLE_TIERS_MAX, read_mandatory},
    {"block", 0, BUNDLE_TIERS_MAX, read_block},
    {"never-block", 0, BUNDLE_NEVER_BLOCK_MAX, read_never_block},
    {"feed", 0, BUNDLE_FEEDS_MAX, read_feed},
    {"list", 0, BUNDLE_LISTS_MAX, read_list},
    {"lists", 1, 1, read_lists},
    {"signature", 1, 1, read_signature},
};

enum {
	AT_MANDATORY = 5,
	AT_BLOCK,
	AT_NEVER_BLOCK,
	AT_FEED,
	AT_LIST,
	AT_SIGNATURE = KEYWORDS - 1
};

/* The place of a keyword in the order; KEYWORDS: it is none. */
static size_t find_keyword(struct slice word)
{
	size_t k = 0;

	while (k < KEYWORDS && !slice_equal(word, slice_of(ORDER[k].word)))
		k++;
	return k;
}

/* How many lines of each keyword there are, so that arrays are made once. */
static enum err count_lines(struct reading *r, struct slice rest)
{
	size_t at = 0;

	while (bundle_next_line(&rest, &r->line)) {
		struct slice value = r->line;
		size_t k = find_keyword(slice_cut(&value, ' '));
		r->number++;
		if (k == KEYWORDS || k < at || value.ptr == NULL)
			return refuse(
			    r, N_("not a line of a manifest, or not in its place"));
		for (; at < k; at++) {
			if (r->counts[at] < ORDER[at].min)
				return refuse(
				    r, N_("something is missing before this line"));
		}
		if (++r->counts[k] > ORDER[k].max)
			return refuse(r, N_("more lines of this kind than there may be"));
		if (k == AT_SIGNATURE)
			return OK;
	}
	return refuse(r, N_("the manifest ends before its signature"));
}

static bool make_arrays(struct bundle *b, const size_t counts[KEYWORDS])
{
	struct arena *a = &b->arena;

	b->mandatory = arena_array(a, counts[AT_MANDATORY] + 1, sizeof *b->mandatory);
	b->block = arena_array(a, counts[AT_BLOCK] + 1, sizeof *b->block);
	b->never_block = arena_array(a, counts[AT_NEVER_BLOCK] + 1, sizeof *b->never_block);
	b->feeds = arena_array(a, counts[AT_FEED] + 1, sizeof *b->feeds);
	b->lists = arena_array(a, counts[AT_LIST] + 1, sizeof *b->lists);
	return b->mandatory != NULL && b->block != NULL && b->never_block != NULL &&
	    b->feeds != NULL && b->lists != NULL;
}

static enum err read_lines(struct reading *r, struct slice text)
{
	struct slice rest = text;
	enum err rc = OK;

	while (rc == OK && bundle_next_line(&rest, &r->line)) {
		struct slice value = r->line;
		size_t k = find_keyword(slice_cut(&value, ' '));
		r->number++;
		if (k == AT_SIGNATURE)
			r->out->signed_bytes = (size_t)(r->line.ptr - text.ptr);
		rc = ORDER[k].read(r, value);
		if (k == AT_SIGNATURE)
			break;
	}
	r->out->manifest_bytes = text.len - rest.len;
	return rc;
}

enum err bundle_read(struct bundle *out, struct slice text, struct diag *why)
{
	static const size_t magic = sizeof BUNDLE_MAGIC - 1;
	struct reading r = {.out = out, .number = 1, .why = why};
	size_t most = text.len < BUNDLE_MANIFEST_MAX ? text.len : BUNDLE_MANIFEST_MAX;

	*out = (struct bundle){.title = "", .arena = ARENA_INIT(ARENA_MAX_BYTES)};
	if (!slice_starts(text, SLICE_LIT(BUNDLE_MAGIC))) {
		diag_set(why, N_("it is no bundle"));
		return ERR_FORMAT;
	}
	struct slice lines = {text.ptr + magic, most - magic};
	enum err rc = count_lines(&r, lines);
	if (rc == OK && !make_arrays(out, r.counts))
		rc = ERR_MEMORY;
	r.number = 1;
	if (rc == OK)
		rc = read_lines(&r, lines);
	out->signed_bytes += magic;
	out->manifest_bytes += magic;
	if (rc != OK)
		bundle_deinit(out);
	return rc;
}

void bundle_deinit(struct bundle *b)
{
	arena_deinit(&b->arena);
	*b = (struct bundle){.title = ""};
}

enum err bundle_verify(const struct bundle *b, struct slice text,
    const struct sign_public *key, struct diag *why)
{
	char theirs[SIGN_PUBLIC_TEXT];

	if (!sign_public_equal(&b->key, key)) {
		sign_public_text(theirs, &b->key);
		diag_set(
		    why, N_("it is signed by another key (%s), not by public_key"), theirs);
		return ERR_DENIED;
	}
	if (text.len < b->manifest_bytes ||
	    !sign_verify(key, (struct slice){text.ptr, b->signed_bytes}, &b->signature)) {
		diag_set(why, N_("its signature does not fit: it was altered or forged"));
		return ERR_DENIED;
	}
	return OK;
}
