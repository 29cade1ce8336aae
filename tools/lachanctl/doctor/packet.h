/* packet -- what doctor sends into a LAN, and what it understands of what comes back.
 *
 * The packets that are read come from whoever is on the network: each length is checked before
 * use, what is not whole or not of the kinds below is none of ours. Checksums are not: a card
 * may leave them to be filled in, and a forger can compute them.
 *
 *	router advertisement  RFC 4861 section 4.2, with RDNSS and DNSSL of RFC 8106
 *	DHCP offer or answer  RFC 2131, options 6 and 54 (RFC 2132)
 *	DHCPv6 answer         RFC 8415, option 23 (RFC 3646)
 *	ARP                   RFC 826, and the probe of RFC 5227
 *
 * Threads: no shared state. */
#ifndef DOCTOR_PACKET_H
#define DOCTOR_PACKET_H

#include "base/attr.h"
#include "base/bytes.h"
#include "dns/name.h"
#include "net/addr.h"

enum {
	PACKET_MAC_OCTETS = 6,
	PACKET_SERVERS_MAX = 8, /* of one sender; more are left out */
	PACKET_FRAME_MAX = 1514
};

enum packet_kind {
	PACKET_ROUTER, /* a router advertisement */
	PACKET_DHCP4,
	PACKET_DHCP6,
	PACKET_ARP
};

/* Something that somebody on the LAN said. */
struct packet {
	enum packet_kind kind;
	uint8_t mac[PACKET_MAC_OCTETS]; /* who sent the frame; of ARP: who claims `from` */
	/* The router, the DHCP server by its own word (else the packet's source), or the
	 * address that an ARP sender says it has. */
	struct addr from;
	struct addr servers[PACKET_SERVERS_MAX]; /* DNS servers it tells others to ask */
	size_t server_count;
	struct name_buf search; /* PACKET_ROUTER: the first search domain; len 0: none */
	bool gives_ipv6;        /* PACKET_ROUTER: a way out, or addresses */
	uint32_t transaction;   /* of both kinds of DHCP */
};

/* A whole Ethernet frame. False: none of the kinds above, or not whole; *out is then not to be
 * read. */
MUST_CHECK bool packet_read(struct packet *out, struct slice frame);

/* Who sends: a card of ours. */
struct packet_sender {
	uint8_t mac[PACKET_MAC_OCTETS];
	struct addr
	    link_local; /* IPv6; family 0: none, then from the unspecified address */
};

/* Each writes one Ethernet frame into out[0..PACKET_FRAME_MAX) and returns its length. */

/* "Which routers are here?" (RFC 4861 section 4.1) */
size_t packet_solicit_routers(uint8_t *out, const struct packet_sender *from);
/* DHCPDISCOVER, answered by broadcast; whoever hears the offers and sends no request takes
 * no lease. */
size_t packet_discover_dhcp4(
    uint8_t *out, const struct packet_sender *from, uint32_t transaction);
/* DHCPINFORM: "I have `own`; what else is to know?" (RFC 2131 section 3.4). Nothing is kept for
 * us, and a server answers at once, which looks for seconds whether an address that it is to
 * offer is free. */
size_t packet_inform_dhcp4(uint8_t *out, const struct packet_sender *from,
    const struct addr *own, uint32_t transaction);
/* INFORMATION-REQUEST for DNS servers; `transaction` has 24 bits. Needs a link-local
 * address: 0 without. */
size_t packet_ask_dhcp6(
    uint8_t *out, const struct packet_sender *from, uint32_t transaction);
/* "Has anybody `address`?" (RFC 5227 section 2.1.1: without saying who asks) */
size_t packet_probe_address(
    uint8_t *out, const struct packet_sender *from, const struct addr *address);

#endif
