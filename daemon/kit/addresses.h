/* addresses -- a short list of addresses of one host, and servers to ask for them. */
#ifndef KIT_ADDRESSES_H
#define KIT_ADDRESSES_H

#include <stdbool.h>
#include <stddef.h>

#include "kit/address_class.h"
#include "net/addr.h"

enum {
	ADDRESSES_MAX = 16,
	ADDRESS_TEXT_BYTES = 48,
	UPSTREAMS_MAX = 16
};

struct address {
	char text[ADDRESS_TEXT_BYTES]; /* without brackets */
	enum address_class class;
};

struct addresses {
	struct address items[ADDRESSES_MAX];
	size_t count;
};

/* Appends 4 or 16 octets, or the text of a literal; false when it is no address, is there
 * already, or the list is full. */
bool addresses_add(struct addresses *all, struct slice octets);
bool addresses_add_text(struct addresses *all, const char *text);

/* Where a stub resolver asks: plain DNS, no TLS. */
struct upstream {
	struct addr addr; /* with its port */
	bool tcp;         /* never UDP */
};

struct upstreams {
	struct upstream items[UPSTREAMS_MAX];
	size_t count;
};

#endif
