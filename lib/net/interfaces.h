/* interfaces -- what this machine is called on its networks: own addresses, the prefixes
 * on its links, and where its default route leaves.
 *
 * A snapshot taken once (getifaddrs, /proc/net/route, /proc/net/ipv6_route); take a new one
 * to see changes. Reading it is for any number of threads. */
#ifndef NET_INTERFACES_H
#define NET_INTERFACES_H

#include "net/prefix.h"

enum {
	INTERFACE_NAME_BYTES = 16,
	INTERFACES_MAX = 1024 /* addresses kept; more are ignored */
};

/* One address of one interface. */
struct interface_address {
	char interface[INTERFACE_NAME_BYTES];
	uint32_t index;
	struct addr address;
	struct prefix on_link;
	bool loopback;
	bool no_arp;        /* a tunnel or the like: its neighbours have no MAC addresses */
	bool default_route; /* a default route of this address's family leaves here */
};

struct interfaces {
	struct interface_address *items;
	size_t count;
};

#define INTERFACES_NONE ((struct interfaces){NULL, 0})

/* Only interfaces that are up. ERR_IO (errno set) or ERR_MEMORY leave *out untouched. */
MUST_CHECK enum err interfaces_read(struct interfaces *out);
void interfaces_deinit(struct interfaces *all);

/* Does the way out of the school leave by this interface? A default route of IPv4, or where
 * there is none at all, of IPv6. */
bool interfaces_leads_out(const struct interfaces *all, const char *interface);
/* The access list's `local`: the on-link prefixes of every interface that does not
 * lead out; where only one interface (loopback apart) has an address, that one's.
 * Loopback prefixes come first, always. Writes up to `max` to out; returns how many. */
size_t interfaces_local_prefixes(
    const struct interfaces *all, struct prefix *out, size_t max);
/* The LAN's first address of a family: on an interface `local` means, neither loopback nor
 * link-local. False if there is none. */
bool interfaces_lan_address(
    const struct interfaces *all, sa_family_t family, struct addr *out);
/* Is this one of our own addresses (any of 127/8 included)? The port is not looked at. */
bool interfaces_is_ours(const struct interfaces *all, const struct addr *a);

/* Splitting the kernel's route tables, for tests: fills `names` with the interfaces of
 * default routes that are up; returns how many (at most `max`). */
size_t interfaces_default_routes4(
    struct slice table, char (*names)[INTERFACE_NAME_BYTES], size_t max);
size_t interfaces_default_routes6(
    struct slice table, char (*names)[INTERFACE_NAME_BYTES], size_t max);

#endif
