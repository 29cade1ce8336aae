#include "net/mac.h"

enum {
	TEXT_OCTETS = 17 /* two digits an octet, five separators */
};

struct mac mac_from_octets(struct slice octets)
{
	struct mac mac = MAC_NONE;

	if (octets.len != MAC_OCTETS)
		return mac;
	for (size_t i = 0; i < MAC_OCTETS; i++)
		mac.bits = mac.bits << 8 | octets.ptr[i];
	return mac;
}

void mac_to_octets(uint8_t out[MAC_OCTETS], struct mac mac)
{
	for (size_t i = MAC_OCTETS; i-- > 0; mac.bits >>= 8)
		out[i] = (uint8_t)(mac.bits & 0xff);
}

/* 16 for what is no hexadecimal digit. */
static unsigned digit_of(uint8_t c)
{
	c = byte_lower(c);
	return c >= '0' && c <= '9' ? c - '0' + 0u
	    : c >= 'a' && c <= 'f'  ? c - 'a' + 10u
	                            : 16u;
}

bool mac_from_text(struct mac *out, struct slice text)
{
	struct mac mac = MAC_NONE;

	if (text.len != TEXT_OCTETS || (text.ptr[2] != ':' && text.ptr[2] != '-'))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (i % 3 == 2) {
			if (text.ptr[i] != text.ptr[2])
				return false;
			continue;
		}
		unsigned digit = digit_of(text.ptr[i]);
		if (digit > 15)
			return false;
		mac.bits = mac.bits << 4 | digit;
	}
	*out = mac;
	return true;
}
