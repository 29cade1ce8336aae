#include "net/inside.h"

static bool starts(struct slice address, const uint8_t *prefix, size_t len)
{
	return memcmp(address.ptr, prefix, len) == 0;
}

static enum inside_kind kind_of_4(const uint8_t *b)
{
	static const uint8_t zero[4];

	if (memcmp(b, zero, sizeof zero) == 0)
		return INSIDE_NOWHERE;
	bool inside = b[0] == 0 || b[0] == 10 || b[0] == 127 || b[0] >= 224 ||
	    (b[0] == 100 && (b[1] & 0xc0) == 64) || (b[0] == 169 && b[1] == 254) ||
	    (b[0] == 172 && (b[1] & 0xf0) == 16) || (b[0] == 192 && b[1] == 168);
	return inside ? INSIDE_PRIVATE : INSIDE_NOT;
}

/* Where the IPv4 address stands that is meant, or 0. */
static size_t embedded_at(struct slice address)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	static const uint8_t compatible[12];
	static const uint8_t nat64[12] = {0, 0x64, 0xff, 0x9b};
	static const uint8_t six_to_four[2] = {0x20, 0x02};

	if (starts(address, mapped, sizeof mapped) ||
	    starts(address, compatible, sizeof compatible) ||
	    starts(address, nat64, sizeof nat64))
		return 12;
	return starts(address, six_to_four, sizeof six_to_four) ? 2 : 0;
}

static enum inside_kind kind_of_6(struct slice address)
{
	static const uint8_t loopback[16] = {[15] = 1};
	static const uint8_t local_nat64[6] = {0, 0x64, 0xff, 0x9b, 0, 1};
	const uint8_t *b = address.ptr;

	if (starts(address, loopback, sizeof loopback) ||
	    starts(address, local_nat64, sizeof local_nat64))
		return INSIDE_PRIVATE;
	/* fe80::/10 and fec0::/10 together are fe80::/9. */
	if ((b[0] & 0xfe) == 0xfc || b[0] == 0xff || (b[0] == 0xfe && b[1] >= 0x80))
		return INSIDE_PRIVATE;
	size_t at = embedded_at(address);
	return at == 0 ? INSIDE_NOT : kind_of_4(b + at);
}

enum inside_kind inside_kind_of(struct slice address)
{
	if (address.len == 4)
		return kind_of_4(address.ptr);
	return address.len == 16 ? kind_of_6(address) : INSIDE_NOT;
}

bool inside_has(struct slice address)
{
	return inside_kind_of(address) != INSIDE_NOT;
}
