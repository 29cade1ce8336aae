/* inside -- addresses that mean something inside one network only, so that no public name has
 * a use for them: what a rebinding attack answers with (T15).
 * Threads: no shared state. */
#ifndef NET_INSIDE_H
#define NET_INSIDE_H

#include "base/bytes.h"

enum inside_kind {
	INSIDE_NOT,
	INSIDE_NOWHERE, /* 0.0.0.0 and ::, with which servers that block say so */
	INSIDE_PRIVATE
};

/* Four or sixteen octets. Private: loopback, RFC 1918, 100.64/10, link-local, the rest of 0/8,
 * multicast, 240/4 and broadcast; ::1, fc00::/7, fe80::/10, fec0::/10, ff00::/8,
 * 64:ff9b:1::/48; and IPv6 addresses in which such an IPv4 address is meant: mapped,
 * compatible (::/96), NAT64 (64:ff9b::/96) and 6to4 (2002::/16). */
enum inside_kind inside_kind_of(struct slice address);

/* Either kind. */
bool inside_has(struct slice address);

#endif
