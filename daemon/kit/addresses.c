#include "kit/addresses.h"

#include <arpa/inet.h>

bool addresses_add(struct addresses *all, struct slice octets)
{
	struct address fresh = {.class = address_classify(octets)};
	int family = octets.len == 4 ? AF_INET : AF_INET6;

	if (all->count == ADDRESSES_MAX || (octets.len != 4 && octets.len != 16) ||
	    inet_ntop(family, octets.ptr, fresh.text, sizeof fresh.text) == NULL)
		return false;
	for (size_t i = 0; i < all->count; i++) {
		if (strcmp(all->items[i].text, fresh.text) == 0)
			return false;
	}
	all->items[all->count++] = fresh;
	return true;
}

bool addresses_add_text(struct addresses *all, const char *text)
{
	uint8_t octets[16];

	if (inet_pton(AF_INET, text, octets) == 1)
		return addresses_add(all, (struct slice){octets, 4});
	if (inet_pton(AF_INET6, text, octets) == 1)
		return addresses_add(all, (struct slice){octets, 16});
	return false;
}
