/* addr -- an IPv4 or IPv6 address, with a port and a scope where one is known.
 *
 * IPv4-mapped IPv6 addresses (::ffff:a.b.c.d) become IPv4 wherever an address is made
 * here, so that one host is one address. Threads: no shared state. */
#ifndef NET_ADDR_H
#define NET_ADDR_H

#include <sys/socket.h>

#include "base/bytes.h"
#include "base/diag.h"
#include "base/err.h"
#include "base/hash.h"

enum {
	ADDR_TEXT_MAX = 64 /* "[…%eth0]:65535" with its NUL */
};

struct addr {
	sa_family_t family; /* AF_INET, AF_INET6; 0: no address */
	uint16_t port;      /* host order; 0: none */
	uint32_t scope_id;  /* interface of a link-local IPv6 address; 0: none */
	uint8_t bytes[16];  /* network order; IPv4 in the first four, the rest 0 */
};

#define ADDR_NONE ((struct addr){.family = 0})

static inline size_t addr_size(const struct addr *a)
{
	return a->family == AF_INET ? 4 : a->family == AF_INET6 ? 16 : 0;
}

static inline struct slice addr_slice(const struct addr *a)
{
	return (struct slice){a->bytes, addr_size(a)};
}

/* Four octets (IPv4) or sixteen (IPv6, mapped ones normalised); else ADDR_NONE. */
struct addr addr_from_octets(struct slice octets);

/* "192.0.2.1", "192.0.2.1:53", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:53",
 * "fe80::1%eth0". No name, no blank, no leading zeros. ERR_FORMAT leaves *out untouched
 * and tells `why` (may be NULL). */
MUST_CHECK enum err addr_from_text(struct addr *out, struct slice text, struct diag *why);

/* The address alone ("2001:db8::1", with "%eth0" where scoped); "none" for ADDR_NONE. */
void addr_to_text(char out[ADDR_TEXT_MAX], const struct addr *a);
/* With its port: "192.0.2.1:53", "[2001:db8::1]:53". */
void addr_to_text_port(char out[ADDR_TEXT_MAX], const struct addr *a);

/* ADDR_NONE for other families. */
struct addr addr_from_sockaddr(const struct sockaddr_storage *from);
/* The length to give to the kernel; 0 for ADDR_NONE. */
socklen_t addr_to_sockaddr(struct sockaddr_storage *out, const struct addr *a);

/* Same family, octets and scope; the ports are not looked at. */
bool addr_equal(const struct addr *a, const struct addr *b);
bool addr_equal_port(const struct addr *a, const struct addr *b);
/* Of family, octets and scope, for tables that strangers fill. */
uint64_t addr_hash(const struct addr *a, struct hash_key key);

/* 127/8, ::1. */
bool addr_is_loopback(const struct addr *a);
/* RFC 1918, 100.64/10 (RFC 6598), fc00::/7. */
bool addr_is_private(const struct addr *a);
/* 169.254/16, fe80::/10. */
bool addr_is_link_local(const struct addr *a);
/* 0.0.0.0, ::. */
bool addr_is_unspecified(const struct addr *a);
/* Multicast, broadcast, or 240/4: nobody's address. */
bool addr_is_multicast(const struct addr *a);

#endif
