#include "policy/leases.h"

#include <stdlib.h>
#include <string.h>

enum {
	SLOTS = 1024, /* at most a quarter full */
	NOBODY = UINT16_MAX
};

_Static_assert(SLOTS / 4 >= LEASES_MAX, "probes stay short");

struct leases {
	size_t count;
	bool any_addresses; /* some lease has no MAC */
	uint8_t tier;
	uint16_t slots[SLOTS]; /* indices of items, or NOBODY */
	struct lease items[];
};

/* ---- one lease ---- */

bool lease_is_live(const struct lease *lease, struct moment now)
{
	return now.wall_trusted && now.mono_ms < lease->until_mono_ms &&
	    now.wall_s < lease->until_wall_s;
}

uint64_t lease_end_ms(const struct lease *lease, struct moment now)
{
	if (lease->until_wall_s <= now.wall_s)
		return now.mono_ms;
	uint64_t left_s = (uint64_t)(lease->until_wall_s - now.wall_s);
	uint64_t by_calendar_ms =
	    left_s < UINT32_MAX ? now.mono_ms + left_s * 1000 : UINT64_MAX;
	return by_calendar_ms < lease->until_mono_ms ? by_calendar_ms
	                                             : lease->until_mono_ms;
}

static bool is_address(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

bool lease_is_of(const struct lease *lease, const struct addr *client, struct mac mac)
{
	if (!mac_is_known(lease->mac))
		return client->family != 0 && is_address(client, &lease->address);
	if (!mac_equal(lease->mac, mac))
		return false;
	return client->family != AF_INET || lease->address.family != AF_INET ||
	    is_address(client, &lease->address);
}

/* ---- the index: by the MAC where there is one, else by the address ---- */

/* Only those who have signed in fill it, so a plain hash does. */
static size_t place_of_mac(struct mac mac)
{
	return (size_t)hash_mix64(mac.bits) % SLOTS;
}

static size_t place_of_address(const struct addr *a)
{
	return (size_t)checksum64(a->family, (struct slice){a->bytes, sizeof a->bytes}) %
	    SLOTS;
}

static void add(struct leases *leases, const struct lease *item)
{
	bool by_mac = mac_is_known(item->mac);
	size_t at = by_mac ? place_of_mac(item->mac) : place_of_address(&item->address);

	while (leases->slots[at] != NOBODY)
		at = (at + 1) % SLOTS;
	leases->slots[at] = (uint16_t)leases->count; /* < LEASES_MAX */
	leases->items[leases->count++] = *item;
	leases->any_addresses |= !by_mac;
}

enum err leases_build(struct leases **out, const struct policy *policy,
    const struct lease *items, size_t count)
{
	size_t room = count < LEASES_MAX ? count : LEASES_MAX;
	struct leases *leases = calloc(1, sizeof *leases + room * sizeof *leases->items);

	if (leases == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < SLOTS; i++)
		leases->slots[i] = NOBODY;
	if (policy_find_tier(policy, "staff", &leases->tier)) {
		for (size_t i = 0; i < room; i++)
			add(leases, &items[i]);
	}
	*out = leases;
	return OK;
}

void leases_free(struct leases *leases)
{
	free(leases);
}

/* ---- asking ---- */

static const struct lease *find_from(const struct leases *leases, size_t at,
    const struct addr *client, struct mac mac, struct moment now)
{
	for (; leases->slots[at] != NOBODY; at = (at + 1) % SLOTS) {
		const struct lease *one = &leases->items[leases->slots[at]];
		if (lease_is_of(one, client, mac) && lease_is_live(one, now))
			return one;
	}
	return NULL;
}

const struct lease *leases_find(const struct leases *leases, const struct addr *client,
    struct mac mac, struct moment now)
{
	const struct lease *found = NULL;

	if (leases == NULL || leases->count == 0)
		return NULL;
	if (mac_is_known(mac))
		found = find_from(leases, place_of_mac(mac), client, mac, now);
	if (found == NULL && leases->any_addresses)
		found = find_from(leases, place_of_address(client), client, mac, now);
	return found;
}

void leases_apply(const struct leases *leases, const struct addr *client, struct mac mac,
    struct moment now, struct policy_who *who)
{
	const struct lease *lease = leases_find(leases, client, mac, now);

	if (lease == NULL)
		return;
	who->tier = leases->tier;
	who->claimed = true;
	who->staff_until_ms = lease_end_ms(lease, now);
}
