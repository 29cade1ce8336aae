#include "net/links.h"

#include <stdlib.h>

#include "net/trie.h"

enum {
	NO_LINK = 0
};

struct links {
	struct trie *networks; /* to the link; our own addresses to NO_LINK */
	size_t count;
	uint32_t indices[]; /* of links with MAC addresses; some more than once */
};

static bool has_macs(const struct interface_address *item)
{
	return !item->loopback && !item->no_arp && item->index != NO_LINK;
}

/* A network that another link has too is on neither. */
static bool is_on_two_links(
    const struct interfaces *all, const struct interface_address *item)
{
	for (size_t i = 0; i < all->count; i++) {
		if (all->items[i].index != item->index &&
		    prefix_equal(&all->items[i].on_link, &item->on_link))
			return true;
	}
	return false;
}

static enum err insert(struct links *links, const struct prefix *p, uint32_t link)
{
	enum err rc = trie_insert(links->networks, p, link);
	return rc == ERR_EXISTS ? OK : rc;
}

static enum err add(
    struct links *links, const struct interfaces *all, const struct interface_address *item)
{
	struct addr own_address = item->address;
	bool usable = has_macs(item);

	own_address.scope_id = 0;
	const struct prefix own =
	    prefix_of(&own_address, (uint8_t)(addr_size(&own_address) * 8));
	if (usable)
		links->indices[links->count++] = item->index;
	/* The own address first: a network of one address is ours alone. */
	enum err rc = insert(links, &own, NO_LINK);
	if (rc == OK) {
		rc = insert(links, &item->on_link,
		    usable && !is_on_two_links(all, item) ? item->index : NO_LINK);
	}
	return rc;
}

enum err links_new(struct links **out, const struct interfaces *all)
{
	struct links *links =
	    calloc(1, sizeof *links + all->count * sizeof *links->indices);
	enum err rc = OK;

	if (links == NULL)
		return ERR_MEMORY;
	links->networks = trie_new(2 * all->count + 1);
	if (links->networks == NULL)
		rc = ERR_MEMORY;
	for (size_t i = 0; rc == OK && i < all->count; i++)
		rc = add(links, all, &all->items[i]);
	if (rc != OK) {
		links_free(links);
		return rc;
	}
	*out = links;
	return OK;
}

void links_free(struct links *links)
{
	if (links == NULL)
		return;
	trie_free(links->networks);
	free(links);
}

/* A link-local network is on every link: the address itself says on which. */
static uint32_t link_of_scope(const struct links *links, const struct addr *address)
{
	uint32_t unused;
	uint8_t length = 0;

	if (trie_lookup_length(links->networks, address, &unused, &length) && length == 128)
		return NO_LINK;
	for (size_t i = 0; i < links->count; i++) {
		if (links->indices[i] == address->scope_id)
			return address->scope_id;
	}
	return NO_LINK;
}

uint32_t links_find(const struct links *links, const struct addr *address)
{
	uint32_t link = NO_LINK;

	if (address->scope_id != 0)
		return link_of_scope(links, address);
	(void)trie_lookup(links->networks, address, &link);
	return link;
}
