/* name -- domain names in wire form (RFC 1035 section 3.1).
 *
 * A struct dname borrows a name that is whole, uncompressed and lower-case (ASCII only,
 * RFC 4343), its root octet included; whoever made it says how long the octets live.
 * Functions that take a struct dname rely on that form; only name_from_text and
 * name_parse_wire, which make names, check it.
 * Threads: no shared state. */
#ifndef DNS_NAME_H
#define DNS_NAME_H

#include "base/bytes.h"
#include "base/diag.h"
#include "base/err.h"
#include "base/hash.h"

enum {
	NAME_OCTETS_MAX = 255,
	NAME_LABEL_OCTETS_MAX = 63,
	NAME_LABELS_MAX = 127, /* without the root */
	NAME_TEXT_MAX = 1024,  /* any name as text, with its NUL */
	NAME_HOPS_MAX = 127    /* compression pointers in one name */
};

struct dname {
	const uint8_t *wire;
	size_t len; /* 1..255; 1 is the root */
};

/* A name that owns its octets. Copy it freely; take a dname of the copy. */
struct name_buf {
	uint8_t len;
	uint8_t wire[NAME_OCTETS_MAX];
};

/* Valid as long as `b` lives and is not changed. */
static inline struct dname name_of(const struct name_buf *b)
{
	return (struct dname){b->wire, b->len};
}

void name_copy(struct name_buf *out, struct dname name);

/* "Truong.VN", "truong.vn.", "." : letters, digits, '-' and '_' stand for themselves
 * (upper case becomes lower), \DDD and \c for any octet (RFC 4343 section 2.1). Everything
 * else is ERR_FORMAT, too long a label or name ERR_RANGE; *out is untouched on failure.
 * `why` (may be NULL) gets a sentence. */
MUST_CHECK enum err name_from_text(
    struct name_buf *out, struct slice text, struct diag *why);

/* Without the last dot ("." for the root); octets that name_from_text would not take as
 * themselves are written as \DDD, so that the text reads back to the same name. */
void name_to_text(char out[NAME_TEXT_MAX], struct dname name);

/* The name at offset `at` of a message, decompressed and lower-cased. *end is where the
 * message goes on behind it. False (out and end untouched) unless pointers lead strictly
 * backward in at most 127 hops, labels stay inside the message, and the whole has at most
 * 255 octets (RFC 1035 section 4.1.4; RFC 9267). */
MUST_CHECK bool name_parse_wire(
    struct name_buf *out, struct slice packet, size_t at, size_t *end);

/* Labels without the root: 0 for the root, 2 for "truong.vn". */
size_t name_label_count(struct dname name);
/* Without its first label; the root's parent is the root. Borrows from `name`. */
struct dname name_parent(struct dname name);
bool name_equal(struct dname a, struct dname b);
/* Is `name` equal to `ancestor` or below it? Everything is at or below the root. */
bool name_is_at_or_below(struct dname name, struct dname ancestor);

/* One keyed 64-bit hash for each suffix of a name, TLD first: at[0] is the TLD's,
 * at[count - 1] the whole name's; the root has count 0. at_octet[i] is where suffix i
 * begins in the name. Only the first `count` entries are set. */
struct name_hashes {
	size_t count;
	uint64_t at[NAME_LABELS_MAX];
	uint8_t at_octet[NAME_LABELS_MAX];
};

/* The hash of a suffix depends on the key and the suffix alone: hashes of "b.vn" as a name
 * and as a suffix of "a.b.vn" are equal. The same on every machine, so that files may
 * hold it. All 64 bits are good. Not cryptographic: the key must not be known outside. */
void name_hash_all(struct name_hashes *out, struct dname name, struct hash_key key);
/* The whole name's hash alone; the root's is that of no label at all. */
uint64_t name_hash(struct dname name, struct hash_key key);

/* Suffix `i` of the name these hashes are of; borrows from `name`. */
static inline struct dname name_suffix(
    const struct name_hashes *hashes, struct dname name, size_t i)
{
	size_t skip = hashes->at_octet[i];
	return (struct dname){name.wire + skip, name.len - skip};
}

#endif
