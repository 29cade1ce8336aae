/* MAC addresses, alone and together with an address, to numbers. */
#include <stdlib.h>

#include "base/hash.h"
#include "policy/internal.h"

enum err mac_map_init(struct mac_map *map, size_t max)
{
	size_t slots = 4;

	if (max == 0)
		return OK;
	while (slots / 2 < max)
		slots *= 2;
	map->slots = calloc(slots, sizeof *map->slots);
	if (map->slots == NULL)
		return ERR_MEMORY;
	map->mask = slots - 1;
	return OK;
}

void mac_map_deinit(struct mac_map *map)
{
	free(map->slots);
	map->slots = NULL;
}

/* Whether the address stands there without its port and interface. */
static bool is_address(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* All claims of one MAC begin to look for their place at the same slot. The configuration
 * alone fills the table, so that nobody can aim at it, and a plain hash does. */
static size_t place_of(const struct mac_map *map, struct mac mac)
{
	return (size_t)hash_mix64(mac.bits) & map->mask;
}

const struct device_claim *mac_map_add(
    struct mac_map *map, const struct device_claim *claim)
{
	size_t at = place_of(map, claim->mac);

	for (; mac_is_known(map->slots[at].mac); at = (at + 1) & map->mask) {
		const struct device_claim *there = &map->slots[at];
		if (mac_equal(there->mac, claim->mac) &&
		    there->with_address == claim->with_address &&
		    (!claim->with_address || is_address(&there->address, &claim->address)))
			return there;
	}
	map->slots[at] = *claim;
	map->count++;
	map->any_addresses = map->any_addresses || claim->with_address;
	return NULL;
}

bool mac_map_find(
    const struct mac_map *map, struct mac mac, const struct addr *address, uint32_t *value)
{
	bool found = false;

	if (map->count == 0 || !mac_is_known(mac))
		return false;
	for (size_t at = place_of(map, mac); mac_is_known(map->slots[at].mac);
	     at = (at + 1) & map->mask) {
		const struct device_claim *claim = &map->slots[at];
		if (!mac_equal(claim->mac, mac))
			continue;
		if (!claim->with_address) {
			*value = claim->value;
			if (!map->any_addresses)
				return true;
			found = true;
		} else if (address != NULL && is_address(&claim->address, address)) {
			*value = claim->value;
			return true;
		}
	}
	return found;
}
