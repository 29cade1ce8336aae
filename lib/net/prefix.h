/* prefix -- address prefixes ("10.20.0.0/16"), and ranges as prefixes.
 * Threads: no shared state. */
#ifndef NET_PREFIX_H
#define NET_PREFIX_H

#include "net/addr.h"

enum {
	PREFIX_TEXT_MAX = 64,
	/* A range of IPv6 addresses is at most this many prefixes (2 x 127 and a few). */
	PREFIX_RANGE_MAX = 256
};

/* Port and scope of `base` are 0; bits behind `length` are 0. */
struct prefix {
	struct addr base;
	uint8_t length; /* 0..32 or 0..128 */
};

/* "10.20.0.0/16", "2001:db8::/32"; a bare address is its own /32 or /128. Bits set behind
 * the mask are an error that names the prefix that was likely meant. ERR_FORMAT leaves *out
 * untouched and tells `why` (may be NULL). */
MUST_CHECK enum err prefix_from_text(
    struct prefix *out, struct slice text, struct diag *why);
/* Always with its length: "10.20.0.7/32". */
void prefix_to_text(char out[PREFIX_TEXT_MAX], const struct prefix *p);

/* `a` cut to `length` bits (clamped to the family's). */
struct prefix prefix_of(const struct addr *a, uint8_t length);
bool prefix_contains(const struct prefix *p, const struct addr *a);
bool prefix_equal(const struct prefix *a, const struct prefix *b);

/* The fewest prefixes that make up first..last, both included, in order. ERR_RANGE when
 * the families differ or last is before first. */
MUST_CHECK enum err prefix_from_range(struct prefix out[PREFIX_RANGE_MAX], size_t *count,
    const struct addr *first, const struct addr *last);
/* "10.20.0.10-10.20.0.99", or a prefix or address alone. */
MUST_CHECK enum err prefix_from_range_text(struct prefix out[PREFIX_RANGE_MAX],
    size_t *count, struct slice text, struct diag *why);

#endif
