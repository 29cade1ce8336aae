/* Owners like "24.0.2.0.192.rpz-ip" and "48.zz.db8.2001.rpz-ip": a prefix, written from its length
 * and its last part to its first; "zz" is "::" (draft-vixie-dnsop-dns-rpz section 4.1.1). */
#include "feed/internal.h"

enum {
	NETWORK_LABELS_MAX = 10 /* length, eight groups, rpz-ip */
};

struct labels {
	struct slice at[NETWORK_LABELS_MAX];
	size_t count; /* of all, also those that did not fit */
};

static struct labels labels_of(struct dname name)
{
	struct labels out = {.count = 0};

	for (size_t i = 0; name.wire[i] != 0; i += (size_t)name.wire[i] + 1) {
		if (out.count < NETWORK_LABELS_MAX) {
			out.at[out.count] = (struct slice){name.wire + i + 1, name.wire[i]};
		}
		out.count++;
	}
	return out;
}

static bool read_group(struct slice label, uint16_t *out)
{
	unsigned value = 0;

	if (label.len == 0 || label.len > 4)
		return false;
	for (size_t i = 0; i < label.len; i++) {
		uint8_t c = label.ptr[i];
		if (c >= '0' && c <= '9') {
			value = value * 16 + c - '0';
		} else if (c >= 'a' && c <= 'f') {
			value = value * 16 + 10 + c - 'a';
		} else {
			return false;
		}
	}
	*out = (uint16_t)value;
	return true;
}

/* Groups stand from the last to the first; "zz" is "::". */
static bool read_groups(const struct labels *l, size_t count, uint8_t octets[16])
{
	unsigned group = 8; /* from the right */
	bool gap = false;
	uint16_t value;

	for (size_t i = 1; i <= count; i++) {
		if (slice_equal(l->at[i], SLICE_LIT("zz")) && !gap && count <= 8) {
			gap = true;
			group -= (unsigned)(8 - (count - 1));
			continue;
		}
		if (group == 0 || !read_group(l->at[i], &value))
			return false;
		group--;
		octets[(size_t)group * 2] = (uint8_t)(value >> 8);
		octets[(size_t)group * 2 + 1] = (uint8_t)value;
	}
	return group == 0;
}

/* "24.0.2.0.192" of the labels before rpz-ip. */
bool feed_read_rpz_address(struct rule_network *out, struct dname owner)
{
	struct labels l = labels_of(owner);
	uint64_t number, bits;

	if (l.count < 4 || l.count > NETWORK_LABELS_MAX ||
	    !slice_to_u64(l.at[0], 128, &bits))
		return false;
	size_t count = l.count - 2;
	*out = (struct rule_network){.family = 6, .bits = (uint8_t)bits};
	if (count == 4 && bits <= 32) {
		out->family = 4;
		for (size_t i = 0; i < 4 && out->family == 4; i++) {
			if (slice_to_u64(l.at[4 - i], 255, &number)) {
				out->octets[i] = (uint8_t)number;
			} else {
				out->family = 6; /* "32.1.zz.db8.2001" */
			}
		}
	}
	if (out->family == 6) {
		memset(out->octets, 0, sizeof out->octets);
		if (!read_groups(&l, count, out->octets))
			return false;
	}
	feed_network_clip(out);
	return true;
}
