/* mac -- the hardware address of a device on an Ethernet or wireless link.
 *
 * There is no function that writes one: a MAC address is a person's device, and stays in
 * memory. Threads: no shared state. */
#ifndef NET_MAC_H
#define NET_MAC_H

#include "base/bytes.h"

enum {
	MAC_OCTETS = 6
};

/* The first octet on the wire is the highest of the 48 bits. 0: no MAC is known, which is
 * nobody's address either. */
struct mac {
	uint64_t bits;
};

#define MAC_NONE ((struct mac){0})

/* Six octets; of any other length, MAC_NONE. */
struct mac mac_from_octets(struct slice octets);
void mac_to_octets(uint8_t out[MAC_OCTETS], struct mac mac);
/* "3c:22:fb:01:02:03" or "3c-22-fb-01-02-03", in either case, one separator throughout. False
 * leaves *out untouched. */
bool mac_from_text(struct mac *out, struct slice text);

static inline bool mac_is_known(struct mac mac)
{
	return mac.bits != 0;
}

static inline bool mac_equal(struct mac a, struct mac b)
{
	return a.bits == b.bits;
}

/* Multicast, broadcast included: the address of many. */
static inline bool mac_is_multicast(struct mac mac)
{
	return (mac.bits >> 40 & 1) != 0;
}

/* Locally administered (IEEE 802): made up by the device or its owner, as telephones do for
 * each network and may do anew at any time. */
static inline bool mac_is_local(struct mac mac)
{
	return (mac.bits >> 40 & 2) != 0;
}

/* May one device be known by it? */
static inline bool mac_is_device(struct mac mac)
{
	return mac_is_known(mac) && !mac_is_multicast(mac);
}

#endif
