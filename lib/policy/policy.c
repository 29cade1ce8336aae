/* Who asks, and what a snapshot tells about itself. */
#include "base/words.h"
#include "policy/internal.h"

enum {
	WHOLE_ADDRESS = 255 /* more bits than an address has */
};

struct hash_key policy_hash_key(const struct policy *policy)
{
	return policy->key;
}

static bool find_network(
    const struct trie *trie, const struct addr *client, uint8_t bits, uint32_t *value)
{
	if (bits == WHOLE_ADDRESS)
		return trie_lookup(trie, client, value);
	return trie_lookup_within(trie, client, bits, value);
}

static struct policy_who who_is(
    const struct policy *policy, const struct addr *client, uint8_t bits, struct mac mac)
{
	const struct client_map *map = &policy->clients;
	const struct addr *whole = bits == WHOLE_ADDRESS ? client : NULL;
	struct policy_who who = policy_member(policy, policy->default_tier);
	uint32_t value = 0;

	who.may_ask = find_network(map->asks, client, bits, &value);
	if (mac_map_find(&map->device_tiers, mac, whole, &value) ||
	    find_network(map->tiers, client, bits, &value)) {
		who.claimed = true;
		who.tier = (uint8_t)(value & 0xff);
		who.group = (uint16_t)(value >> 8);
	}
	if (who.group == POLICY_NO_GROUP && map->rooms != NULL &&
	    (mac_map_find(&map->device_rooms, mac, whole, &value) ||
	        find_network(map->rooms, client, bits, &value)))
		who.group = (uint16_t)value;
	return who;
}

struct policy_who policy_client(
    const struct policy *policy, const struct addr *client, struct mac mac)
{
	return who_is(policy, client, WHOLE_ADDRESS, mac);
}

struct policy_who policy_network(
    const struct policy *policy, const struct prefix *clients, struct mac mac)
{
	bool whole = clients->length == addr_size(&clients->base) * 8;

	return who_is(policy, &clients->base, whole ? WHOLE_ADDRESS : clients->length, mac);
}

enum err policy_read_client(
    struct addr *client, struct mac *mac, struct slice text, struct diag *why)
{
	struct slice second = text;
	struct slice first = slice_cut(&second, '+');
	struct addr address = ADDR_NONE;
	struct mac device = MAC_NONE;

	if (second.ptr == NULL && mac_from_text(&device, text)) {
		*client = address;
		*mac = device;
		return OK;
	}
	if (second.ptr != NULL && !mac_from_text(&device, second)) {
		diag_set(why,
		    _("this is not a MAC address; write it like 3c:22:fb:01:02:03, alone or "
		      "behind an address and a +"));
		return ERR_FORMAT;
	}
	enum err rc = addr_from_text(&address, first, why);
	if (rc != OK)
		return rc;
	*client = address;
	*mac = device;
	return OK;
}

bool policy_asks_for_macs(const struct policy *policy)
{
	return policy->clients.device_tiers.count + policy->clients.device_rooms.count > 0;
}

bool policy_trusts_forwarder(const struct policy *policy, const struct addr *peer)
{
	uint32_t value;

	return policy->clients.forwarders != NULL &&
	    trie_lookup(policy->clients.forwarders, peer, &value);
}

struct policy_who policy_member(const struct policy *policy, uint8_t tier)
{
	return (struct policy_who){
	    .may_ask = true,
	    .tier = tier < policy->tier_count ? tier : policy->default_tier,
	    .group = POLICY_NO_GROUP,
	};
}

bool policy_hides_ech(const struct policy *policy, const struct policy_who *who,
    const struct policy_state *state)
{
	uint64_t block = state == NULL ? policy->tiers[who->tier].shown.block
	                               : state->tiers[who->tier].block;

	return (block & policy->hides_ech) != 0;
}

size_t policy_tier_count(const struct policy *policy)
{
	return policy->tier_count;
}

const struct policy_tier *policy_tier_at(const struct policy *policy, size_t tier)
{
	return tier < policy->tier_count ? &policy->tiers[tier].shown : NULL;
}

bool policy_find_tier(const struct policy *policy, const char *name, uint8_t *out)
{
	for (size_t i = 0; i < policy->tier_count; i++) {
		if (strcmp(policy->tiers[i].shown.name, name) != 0)
			continue;
		*out = (uint8_t)i; /* < POLICY_TIERS_MAX */
		return true;
	}
	return false;
}

size_t policy_category_count(const struct policy *policy)
{
	return policy->category_count;
}

const struct policy_category *policy_category_at(const struct policy *policy, size_t index)
{
	return index < policy->category_count ? &policy->categories[index] : NULL;
}

const char *policy_required_by(const struct policy *policy, size_t tier, size_t category)
{
	const char *from = NULL;

	if (tier < policy->tier_count && category < policy->category_count)
		from = policy->tiers[tier].required_by[category];
	return from != NULL ? from : "";
}

const char *policy_group_name(const struct policy *policy, uint16_t group)
{
	return group < policy->group_count ? policy->groups[group] : "";
}

static bool is_filled(const struct policy *policy, size_t category)
{
	struct ruledb_category theirs;

	if (policy->rules == NULL)
		return false;
	for (unsigned i = 0; ruledb_category_at(policy->rules, i, &theirs); i++) {
		if (policy->from_rules[i] == category)
			return theirs.names + theirs.others > 0;
	}
	return false;
}

uint64_t policy_empty_categories(const struct policy *policy)
{
	uint64_t empty = 0;

	for (size_t i = 0; i < policy->category_count; i++) {
		uint64_t this = bit((unsigned)i);
		/* The school's own category is filled by `deny`, not by feeds. */
		if (i != policy->own_category && (policy->blocked_somewhere & this) != 0 &&
		    !is_filled(policy, i))
			empty |= this;
	}
	return empty;
}

const char *policy_window_name(const struct policy *policy, uint8_t tier, uint16_t window)
{
	const struct tier *t = tier < policy->tier_count ? &policy->tiers[tier] : NULL;
	return t != NULL && window < t->window_count ? t->windows[window].name : "";
}

const char *policy_service_name(const struct policy *policy, uint16_t service)
{
	return service < policy->service_count ? policy->services[service].name : "";
}

const char *policy_service_title(const struct policy *policy, uint16_t service)
{
	return service < policy->service_count ? policy->services[service].title : "";
}
