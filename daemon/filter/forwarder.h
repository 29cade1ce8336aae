/* forwarder -- for whom a trusted forwarder asks, by the options of its query.
 *
 *	65001  the MAC, six octets                             dnsmasq --add-mac
 *	65073  the MAC as base64 (8) or text (17 octets)       dnsmasq --add-mac=base64, =text
 *	8      the client's address, or its first bits (ECS)   dnsmasq --add-subnet=32,128
 *
 * What two options say differently, or what is no MAC, is not believed, and the sender is
 * judged by what is left. (An ECS option out of shape is FORMERR, from whomever.) */
#ifndef FILTER_FORWARDER_H
#define FILTER_FORWARDER_H

#include "dns/message.h"
#include "net/mac.h"
#include "net/prefix.h"

struct forwarded {
	struct mac mac;        /* or MAC_NONE */
	struct prefix network; /* family 0: not given; else at least one bit */
	bool malformed;        /* something was not believed */
};

/* False: it names nobody. */
bool forwarder_read(struct forwarded *out, const struct edns *edns);

#endif
