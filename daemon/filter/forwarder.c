#include "filter/forwarder.h"

enum {
	OPTION_MAC = 65001,
	OPTION_MAC_TEXT = 65073,
	BASE64_OCTETS = 8
};

/* 64 for what is no digit of base64. */
static unsigned base64_digit(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 0u
	    : c >= 'a' && c <= 'z'  ? c - 'a' + 26u
	    : c >= '0' && c <= '9'  ? c - '0' + 52u
	    : c == '+'              ? 62u
	    : c == '/'              ? 63u
	                            : 64u;
}

/* Six octets are eight digits, without filling. */
static bool mac_from_base64(struct mac *out, struct slice text)
{
	struct mac mac = MAC_NONE;

	if (text.len != BASE64_OCTETS)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		unsigned digit = base64_digit(text.ptr[i]);
		if (digit > 63)
			return false;
		mac.bits = mac.bits << 6 | digit;
	}
	*out = mac;
	return true;
}

static bool read_mac(const struct edns_option_view *option, struct mac *out)
{
	struct mac mac = MAC_NONE;

	if (option->code == OPTION_MAC) {
		mac = mac_from_octets(option->data);
	} else if (!mac_from_base64(&mac, option->data) &&
	    !mac_from_text(&mac, option->data)) {
		return false;
	}
	if (!mac_is_device(mac))
		return false;
	*out = mac;
	return true;
}

/* message_parse() has looked at its shape. A source length of 0 says "not told". */
static void read_network(struct slice data, struct prefix *out)
{
	uint8_t octets[16] = {0};

	if (data.len < 5 || data.len - 4 > sizeof octets)
		return;
	bool four = load_u16(data.ptr) == 1;
	memcpy(octets, data.ptr + 4, data.len - 4);
	struct addr a = addr_from_octets((struct slice){octets, four ? 4 : 16});
	uint8_t length = data.ptr[2];
	/* An IPv4 address in the clothes of IPv6. */
	if (!four && a.family == AF_INET)
		length = length > 96 ? (uint8_t)(length - 96) : 0;
	if (length > 0 && !addr_is_unspecified(&a))
		*out = prefix_of(&a, length);
}

bool forwarder_read(struct forwarded *out, const struct edns *edns)
{
	struct slice rest = edns->options;
	struct edns_option_view option;
	bool contradiction = false;

	*out = (struct forwarded){.malformed = false};
	while (edns_next_option(&rest, &option)) {
		struct mac mac;
		if (option.code != OPTION_MAC && option.code != OPTION_MAC_TEXT)
			continue;
		if (!read_mac(&option, &mac)) {
			out->malformed = true;
			continue;
		}
		if (mac_is_known(out->mac) && !mac_equal(out->mac, mac))
			contradiction = true;
		out->mac = mac;
	}
	if (contradiction) {
		out->mac = MAC_NONE;
		out->malformed = true;
	}
	read_network(edns->client_subnet, &out->network);
	return mac_is_known(out->mac) || out->network.base.family != 0;
}
