#include "kit/address_class.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/attr.h"
#include "base/words.h"

struct range {
	uint32_t prefix;
	unsigned bits;
	enum address_class class;
};

/* The special-purpose registry of IPv4 (RFC 6890), reduced to our classes. */
static const struct range ranges4[] = {
    {0x00000000u, 8, ADDRESS_SPECIAL}, {0x0a000000u, 8, ADDRESS_PRIVATE},
    {0x64400000u, 10, ADDRESS_PRIVATE}, {0x7f000000u, 8, ADDRESS_LOOPBACK},
    {0xa9fe0000u, 16, ADDRESS_LINK_LOCAL}, {0xac100000u, 12, ADDRESS_PRIVATE},
    {0xc0000000u, 24, ADDRESS_SPECIAL}, {0xc0a80000u, 16, ADDRESS_PRIVATE},
    {0xe0000000u, 3, ADDRESS_SPECIAL}, /* multicast, reserved, broadcast */
};

static enum address_class classify4(uint32_t address)
{
	for (size_t i = 0; i < COUNT_OF(ranges4); i++) {
		if (((address ^ ranges4[i].prefix) >> (32 - ranges4[i].bits)) == 0)
			return ranges4[i].class;
	}
	return ADDRESS_PUBLIC;
}

static bool all_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] != 0)
			return false;
	}
	return true;
}

static enum address_class classify6(const uint8_t *a)
{
	static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};

	if (all_zero(a, 10) && a[10] == 0xff && a[11] == 0xff)
		return classify4(load_u32(a + 12));
	if (all_zero(a, 15) && a[15] == 1)
		return ADDRESS_LOOPBACK;
	if (all_zero(a, 12))
		return ADDRESS_SPECIAL; /* unspecified, IPv4-compatible */
	if (memcmp(a, nat64, sizeof nat64) == 0)
		return classify4(load_u32(a + 12));
	if (a[0] == 0x20 && a[1] == 0x02)
		return classify4(load_u32(a + 2));
	if ((a[0] & 0xfe) == 0xfc)
		return ADDRESS_PRIVATE;
	if (a[0] == 0xfe && (a[1] & 0xc0) == 0x80)
		return ADDRESS_LINK_LOCAL;
	if (a[0] == 0xfe && (a[1] & 0xc0) == 0xc0)
		return ADDRESS_PRIVATE; /* site-local, deprecated but still routed in places */
	return a[0] == 0xff ? ADDRESS_SPECIAL : ADDRESS_PUBLIC;
}

enum address_class address_classify(struct slice address)
{
	if (address.len == 4)
		return classify4(load_u32(address.ptr));
	if (address.len == 16)
		return classify6(address.ptr);
	return ADDRESS_SPECIAL;
}

enum address_class address_classify_socket(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, address, sizeof in);
		return classify4(ntohl(in.sin_addr.s_addr));
	}
	if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;
		memcpy(&in6, address, sizeof in6);
		return classify6(in6.sin6_addr.s6_addr);
	}
	return ADDRESS_SPECIAL;
}

bool address_literal_class(const char *text, enum address_class *out)
{
	uint8_t bytes[16];

	if (inet_pton(AF_INET, text, bytes) == 1) {
		*out = address_classify((struct slice){bytes, 4});
	} else if (inet_pton(AF_INET6, text, bytes) == 1) {
		*out = address_classify((struct slice){bytes, 16});
	} else {
		return false;
	}
	return true;
}

const char *address_class_text(enum address_class class)
{
	static const char *const texts[ADDRESS_CLASSES] = {
	    [ADDRESS_PUBLIC] = N_("a public address"),
	    [ADDRESS_PRIVATE] = N_("a private address"),
	    [ADDRESS_LOOPBACK] = N_("a loopback address"),
	    [ADDRESS_LINK_LOCAL] = N_("a link-local address"),
	    [ADDRESS_SPECIAL] = N_("a special address"),
	};
	return class < ADDRESS_CLASSES ? texts[class] : N_("an unknown address");
}
