#include "net/prefix.h"

#include <stdio.h>

#include "base/words.h"

static uint8_t family_bits(sa_family_t family)
{
	return family == AF_INET ? 32 : 128;
}

struct prefix prefix_of(const struct addr *a, uint8_t length)
{
	struct prefix p = {.base = *a, .length = length};
	uint8_t bits = family_bits(a->family);
	p.base.port = 0;
	p.base.scope_id = 0;
	if (p.length > bits)
		p.length = bits;
	for (unsigned i = 0; i < bits / 8u; i++) {
		if (i * 8 >= p.length) {
			p.base.bytes[i] = 0;
		} else if (p.length - i * 8 < 8) {
			p.base.bytes[i] &= (uint8_t)(0xff << (8 - (p.length - i * 8)));
		}
	}
	return p;
}

bool prefix_contains(const struct prefix *p, const struct addr *a)
{
	if (p->base.family != a->family)
		return false;
	size_t whole = p->length / 8;
	if (memcmp(p->base.bytes, a->bytes, whole) != 0)
		return false;
	unsigned rest = p->length % 8;
	return rest == 0 || (p->base.bytes[whole] ^ a->bytes[whole]) >> (8 - rest) == 0;
}

bool prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return a->length == b->length && addr_equal(&a->base, &b->base);
}

/* ---- text ---- */

/* The address of a prefix or range: no port, no scope. */
static enum err read_bare(struct addr *out, struct slice text, struct diag *why)
{
	struct addr a;
	enum err rc = addr_from_text(&a, text, why);
	if (rc != OK)
		return rc;
	if (a.port != 0 || a.scope_id != 0 || (text.len > 0 && text.ptr[0] == '[')) {
		diag_set(why, _("a prefix or range has neither port nor interface"));
		return ERR_FORMAT;
	}
	*out = a;
	return OK;
}

void prefix_to_text(char out[PREFIX_TEXT_MAX], const struct prefix *p)
{
	char base[ADDR_TEXT_MAX];
	addr_to_text(base, &p->base);
	(void)snprintf(out, PREFIX_TEXT_MAX, "%.50s/%u", base, p->length);
}

enum err prefix_from_text(struct prefix *out, struct slice text, struct diag *why)
{
	struct addr a;
	uint64_t length;
	struct slice rest = text;
	struct slice host = slice_cut(&rest, '/');
	enum err rc = read_bare(&a, host, why);
	if (rc != OK)
		return rc;
	length = family_bits(a.family);
	/* "::ffff:10.0.0.0/104" has become an IPv4 address: its length speaks of IPv6. */
	bool mapped = a.family == AF_INET && memchr(host.ptr, ':', host.len) != NULL;
	if (rest.ptr != NULL && (mapped || !slice_to_u64(rest, length, &length))) {
		diag_set(why, _("the length behind '/' is a number from 0 to %u"),
		    family_bits(a.family));
		return ERR_FORMAT;
	}
	struct prefix p = prefix_of(&a, (uint8_t)length);
	if (!addr_equal(&p.base, &a)) {
		char meant[PREFIX_TEXT_MAX];
		prefix_to_text(meant, &p);
		diag_set(why, _("the address has bits behind its mask; did you mean %s?"),
		    meant);
		return ERR_FORMAT;
	}
	*out = p;
	return OK;
}

/* ---- ranges ---- */

/* The last address of the prefix. */
static struct addr prefix_last(const struct prefix *p)
{
	struct addr a = p->base;
	for (unsigned i = p->length; i < family_bits(a.family); i++)
		a.bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
	return a;
}

static void addr_increment(struct addr *a)
{
	for (size_t i = addr_size(a); i-- > 0;) {
		if (++a->bytes[i] != 0)
			return;
	}
}

/* The widest prefix that begins at `first` and does not pass `last`. */
static struct prefix widest_from(const struct addr *first, const struct addr *last)
{
	struct prefix best = prefix_of(first, family_bits(first->family));
	while (best.length > 0) {
		struct prefix wider = prefix_of(first, (uint8_t)(best.length - 1));
		struct addr end = prefix_last(&wider);
		if (!addr_equal(&wider.base, &best.base) ||
		    memcmp(end.bytes, last->bytes, sizeof end.bytes) > 0)
			break;
		best = wider;
	}
	return best;
}

enum err prefix_from_range(struct prefix out[PREFIX_RANGE_MAX], size_t *count,
    const struct addr *first, const struct addr *last)
{
	if (first->family == 0 || first->family != last->family ||
	    memcmp(first->bytes, last->bytes, sizeof first->bytes) > 0)
		return ERR_RANGE;
	struct addr at = prefix_of(first, 128).base;
	size_t made = 0;
	for (;;) {
		/* At most two prefixes of each length make up a range. */
		struct prefix p = widest_from(&at, last);
		out[made++] = p;
		at = prefix_last(&p);
		if (memcmp(at.bytes, last->bytes, sizeof at.bytes) == 0)
			break;
		addr_increment(&at);
	}
	*count = made;
	return OK;
}

enum err prefix_from_range_text(
    struct prefix out[PREFIX_RANGE_MAX], size_t *count, struct slice text, struct diag *why)
{
	struct addr first, last;
	struct slice rest = text;
	struct slice head = slice_cut(&rest, '-');
	if (rest.ptr == NULL) {
		enum err rc = prefix_from_text(&out[0], text, why);
		if (rc == OK)
			*count = 1;
		return rc;
	}
	enum err rc = read_bare(&first, slice_trim(head), why);
	if (rc == OK)
		rc = read_bare(&last, slice_trim(rest), why);
	if (rc != OK)
		return rc;
	if (prefix_from_range(out, count, &first, &last) != OK) {
		diag_set(
		    why, _("a range goes from a lower to a higher address of one kind"));
		return ERR_FORMAT;
	}
	return OK;
}
