/* address_class -- which network an address leads to, as far as a feed is concerned.
 *
 * A feed's server may send us elsewhere by a redirect or by its DNS; the classes let us
 * refuse to be led into the school's own network (T39). */
#ifndef KIT_ADDRESS_CLASS_H
#define KIT_ADDRESS_CLASS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/bytes.h"

enum address_class {
	ADDRESS_PUBLIC,
	ADDRESS_PRIVATE,    /* RFC 1918, RFC 6598, unique local */
	ADDRESS_LOOPBACK,   /* 127/8, ::1 */
	ADDRESS_LINK_LOCAL, /* 169.254/16, fe80::/10: clouds keep their metadata there */
	ADDRESS_SPECIAL,    /* unspecified, multicast, reserved: never a server */
	ADDRESS_CLASSES
};

/* `address` is 4 octets (AF_INET) or 16 (AF_INET6) in network order. IPv4 inside IPv6
 * (mapped, NAT64 64:ff9b::/96, 6to4) is judged by the IPv4 address within. Any other
 * length is ADDRESS_SPECIAL. */
enum address_class address_classify(struct slice address);
/* The same for a socket address. */
enum address_class address_classify_socket(const struct sockaddr *address);

/* For the text of a literal address without brackets; false when it is not one. */
bool address_literal_class(const char *text, enum address_class *out);

/* English, for log lines: "a loopback address". */
const char *address_class_text(enum address_class class);

#endif
