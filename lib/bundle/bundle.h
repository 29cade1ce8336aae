/* bundle -- what a department publishes for its schools (docs/formats/bundle.md): one text,
 * signed, numbered and dated, in which stand
 *
 *	mandatory    categories that a school's tiers block, whatever the school says
 *	block        categories that they block where the school says nothing
 *	never-block  names that no content feed takes away
 *	feed         lists that schools shall pull, or may
 *	list         names by category, the lists themselves at the end of the text
 *
 * The text begins with the manifest, which is signed; its last line but one binds the lists
 * by their digest. So the filter reads the manifest alone, and lists are read in passing.
 *
 * Threads: no shared state; one thread an object. No clock: now is an argument. */
#ifndef BUNDLE_BUNDLE_H
#define BUNDLE_BUNDLE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "dns/name.h"
#include "sign/sign.h"

enum {
	BUNDLE_MANIFEST_MAX = 512 * 1024, /* signature line included */
	BUNDLE_TEXT_MAX = 16 * 1024 * 1024,
	BUNDLE_PACKED_MAX = 8 * 1024 * 1024, /* gzip */
	BUNDLE_NAME_MAX = 63, /* of a bundle, a list, a feed, a tier or a category */
	BUNDLE_TIERS_MAX = 32,
	BUNDLE_CATEGORIES_MAX = 64,
	BUNDLE_NEVER_BLOCK_MAX = 5000,
	BUNDLE_FEEDS_MAX = 64,
	BUNDLE_LISTS_MAX = 64,
	BUNDLE_TITLE_MAX = 200,
	BUNDLE_URL_MAX = 1000,
	BUNDLE_TIME_BYTES = 21,   /* "2026-11-22T07:00:00Z" */
	BUNDLE_DIGEST_BYTES = 65, /* SHA-256 in hexadecimal, with the NUL */
	BUNDLE_SEEN_BYTES = 320   /* holds what bundle_seen_write() makes */
};

/* Up to here integers are the same in every language that may read one. */
#define BUNDLE_SERIAL_MAX UINT64_C(9007199254740991)

/* Categories of one tier. */
struct bundle_tier {
	const char *tier;
	const char *categories[BUNDLE_CATEGORIES_MAX];
	size_t count; /* 1 and more */
};

struct bundle_feed {
	bool required;
	const char *name;
	const char *category; /* of a content list; never "allow" */
	const char *format;   /* a word of filter.feeds[].format, but bundle */
	bool exact;
	const char *sha256; /* 64 hexadecimal digits, or "" */
	const char *url;    /* https; http only with `sha256` */
};

struct bundle_list {
	const char *name;
	const char *category; /* never "allow" */
	uint64_t entries;
};

/* All texts belong to the arena; those of one that is put together to be written may be
 * anybody's. */
struct bundle {
	const char *name; /* [a-z0-9-]+ */
	uint64_t serial;  /* 1 and more */
	int64_t created_s;
	int64_t expires_s; /* after created_s */
	const char *title; /* for people; "" : none */
	struct bundle_tier *mandatory;
	size_t mandatory_count;
	struct bundle_tier *block;
	size_t block_count;
	struct dname *never_block;
	size_t never_block_count;
	struct bundle_feed *feeds;
	size_t feed_count;
	struct bundle_list *lists;
	size_t list_count;
	uint64_t lists_bytes; /* of all that stands behind the manifest */
	char lists_sha256[BUNDLE_DIGEST_BYTES];

	/* Of one that was read. */
	size_t signed_bytes;   /* from the beginning of the text */
	size_t manifest_bytes; /* with the line of the signature */
	struct sign_public key;
	struct sign_value signature;
	struct arena arena;
};

/* ---- reading ------------------------------------------------------------------------------ */

/* Reads the manifest at the beginning of `text`; what stands behind it is not looked at. Says
 * nothing of who signed. On success *out is the caller's, bundle_deinit() ends it. ERR_FORMAT
 * with the line and a sentence, ERR_MEMORY; then there is nothing to end. */
MUST_CHECK enum err bundle_read(struct bundle *out, struct slice text, struct diag *why);
void bundle_deinit(struct bundle *b); /* of zeros it does nothing */

/* Whether the manifest at the beginning of `text`, read into `b`, is signed by `key`.
 * ERR_DENIED with a sentence. */
MUST_CHECK enum err bundle_verify(const struct bundle *b, struct slice text,
    const struct sign_public *key, struct diag *why);

/* A whole text in passing, in pieces of any size: the manifest, then each line of the lists
 * and their digest. Holds the manifest, and one line. */
struct bundle_reader;
MUST_CHECK enum err bundle_reader_new(struct bundle_reader **out);
void bundle_reader_free(struct bundle_reader *r); /* NULL is fine */
/* ERR_FORMAT with a sentence, ERR_MEMORY; an error stays. */
MUST_CHECK enum err bundle_reader_push(
    struct bundle_reader *r, struct slice bytes, struct diag *why);
/* The text has ended. On success the whole of it is as the manifest says. */
MUST_CHECK enum err bundle_reader_finish(struct bundle_reader *r, struct diag *why);
/* Once the manifest has come, else NULL; and its text. Both live as the reader. */
const struct bundle *bundle_reader_manifest(const struct bundle_reader *r);
struct slice bundle_reader_text(const struct bundle_reader *r);

/* ---- is it one that may follow? ------------------------------------------------------------- */

/* The newest that was ever accepted from one key; kept in a file, so that no older one is
 * taken for a new one. */
struct bundle_seen {
	struct sign_public key;
	char name[BUNDLE_NAME_MAX + 1];
	uint64_t serial;                  /* 0: none was */
	char sha256[BUNDLE_DIGEST_BYTES]; /* of its whole text */
};

/* ERR_DENIED with a sentence: another bundle's name, an older serial, the same serial with
 * another text, or one that has expired at `now_s`. `seen` of another key counts as none. */
MUST_CHECK enum err bundle_judge(const struct bundle *b, const char *sha256,
    const struct bundle_seen *seen, int64_t now_s, struct diag *why);

void bundle_seen_write(char out[BUNDLE_SEEN_BYTES], const struct bundle_seen *seen);
/* ERR_FORMAT for what is torn or foreign; *out is untouched. */
MUST_CHECK enum err bundle_seen_read(struct bundle_seen *out, struct slice text);

/* ---- writing ------------------------------------------------------------------------------ */

/* Appends the manifest of `b`, its lists_bytes and lists_sha256 set, signed by `key`, to
 * `out`. ERR_FORMAT with a sentence where it could not be read again, ERR_FULL, ERR_MEMORY. */
MUST_CHECK enum err bundle_write(
    const struct bundle *b, const struct sign_key *key, struct buf *out, struct diag *why);

/* The digest of octets, as a text. ERR_MEMORY. */
MUST_CHECK enum err bundle_digest(char out[BUNDLE_DIGEST_BYTES], struct slice bytes);

/* "2026-11-22T07:00:00Z", of the years 1970 to 9999. */
void bundle_time_text(char out[BUNDLE_TIME_BYTES], int64_t time_s);
bool bundle_time_read(int64_t *out, struct slice text);

/* ---- stages ------------------------------------------------------------------------------- */

/* 0 to 99, the same everywhere and for good: which hundredth of its schools a unit belongs to
 * for this bundle. A stage of N percent reaches those below N. ERR_MEMORY. */
MUST_CHECK enum err bundle_hundredth(
    unsigned *out, const char *unit, const char *name, uint64_t serial);

/* ---- words -------------------------------------------------------------------------------- */

/* [a-z0-9-], where `underscore` says so also _; 1 to BUNDLE_NAME_MAX of them. */
enum bundle_word {
	BUNDLE_WORD_NAME,    /* of bundles, lists, feeds */
	BUNDLE_WORD_CATEGORY /* of categories and tiers: with _ */
};
bool bundle_is_word(struct slice text, enum bundle_word kind);
/* A name as it stands in bundles: lower case, no dot at the end, two labels and more, written
 * as name_to_text() writes it. */
bool bundle_is_name(struct name_buf *out, struct slice text);

#endif
