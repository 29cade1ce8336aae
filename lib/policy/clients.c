/* Clients to tiers: claims of networks are checked against each other, then cut into prefixes;
 * those of devices go into a table. */
#include <stdlib.h>

#include "base/words.h"
#include "policy/internal.h"

struct claim {
	struct addr first;
	struct addr last;
	uint32_t value;
	const struct config_client *written;
};

struct claims {
	struct claim *items;
	size_t count;
};

static uint32_t value_of(size_t tier, uint16_t group)
{
	return (uint32_t)group << 8 | (uint32_t)tier; /* tier < POLICY_TIERS_MAX */
}

static uint16_t group_number(const struct config *config, const char *name)
{
	const struct config_groups *groups = &config->filter.groups;

	for (size_t i = 0; i < groups->count && i < POLICY_NO_GROUP; i++) {
		if (strcmp(groups->items[i].name.text, name) == 0)
			return (uint16_t)i;
	}
	return POLICY_NO_GROUP;
}

static bool is_network(const struct config_client *client)
{
	return client->kind == CLIENT_PREFIX || client->kind == CLIENT_RANGE;
}

/* The last address of a prefix. */
static struct addr last_of(const struct config_client *client)
{
	if (client->kind == CLIENT_RANGE)
		return client->last;
	struct addr last = client->first;
	for (size_t i = client->length; i < addr_size(&last) * 8; i++)
		last.bytes[i / 8] |= (uint8_t)(0x80u >> i % 8);
	return last;
}

static int compare_addr(const struct addr *a, const struct addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

/* By first address; of those that begin together the wider one first, so that whatever
 * holds a claim stands before it. Equal ones by their place, for the message. */
static int compare_claims(const void *left, const void *right)
{
	const struct claim *a = left;
	const struct claim *b = right;
	int order = compare_addr(&a->first, &b->first);

	if (order == 0)
		order = compare_addr(&b->last, &a->last);
	if (order == 0) {
		order = (a->written->mark.line > b->written->mark.line) -
		    (a->written->mark.line < b->written->mark.line);
	}
	return order;
}

static bool collect_claims(struct claims *claims, const struct config *config)
{
	size_t max = 0;

	for (size_t t = 0; t < config->tiers.count; t++)
		max += config->tiers.items[t].clients.count;
	claims->items = calloc(max + 1, sizeof *claims->items);
	if (claims->items == NULL)
		return false;
	for (size_t t = 0; t < config->tiers.count; t++) {
		const struct config_clients *clients = &config->tiers.items[t].clients;
		for (size_t i = 0; i < clients->count; i++) {
			const struct config_client *c = &clients->items[i];
			if (!is_network(c))
				continue;
			claims->items[claims->count++] = (struct claim){c->first,
			    last_of(c), value_of(t, group_number(config, c->group)), c};
		}
	}
	qsort(claims->items, claims->count, sizeof *claims->items, compare_claims);
	return true;
}

static void complain(struct diags *all, const struct claim *one, const struct claim *other)
{
	const struct mark *at = &one->written->mark;
	const struct mark *there = &other->written->mark;
	bool same = compare_addr(&one->first, &other->first) == 0 &&
	    compare_addr(&one->last, &other->last) == 0; /* of devices both are none */

	if (same) {
		diags_error(all, at->file, at->line, at->column,
		    _("\"%s\" is claimed twice, also at %s:%u (a device belongs to one "
		      "tier: take one of them out)"),
		    one->written->text, there->file, there->line);
	} else {
		diags_error(all, at->file, at->line, at->column,
		    _("\"%s\" overlaps \"%s\" at %s:%u (let one hold the other whole, or "
		      "let them not meet)"),
		    one->written->text, other->written->text, there->file, there->line);
	}
}

/* Sweeps the sorted claims with a stack of those that hold the current one: what is on top
 * must hold it whole. `above` links the stack. */
static bool check_claims(const struct claims *claims, struct diags *all)
{
	size_t *above = calloc(claims->count + 1, sizeof *above);
	size_t top = SIZE_MAX;

	if (above == NULL)
		return false;
	for (size_t i = 0; i < claims->count; i++) {
		const struct claim *c = &claims->items[i];
		while (top != SIZE_MAX &&
		    compare_addr(&claims->items[top].last, &c->first) < 0)
			top = above[top];
		if (top != SIZE_MAX) {
			const struct claim *holder = &claims->items[top];
			bool same = compare_addr(&holder->first, &c->first) == 0 &&
			    compare_addr(&holder->last, &c->last) == 0;
			if (same || compare_addr(&holder->last, &c->last) < 0)
				complain(all, c, holder);
		}
		above[i] = top;
		top = i;
	}
	free(above);
	return true;
}

static enum err count_prefixes(const struct claims *claims, size_t *out)
{
	struct prefix cut[PREFIX_RANGE_MAX];
	size_t sum = 0;

	for (size_t i = 0; i < claims->count; i++) {
		const struct claim *c = &claims->items[i];
		size_t count = 0;
		enum err rc = prefix_from_range(cut, &count, &c->first, &c->last);
		if (rc != OK)
			return rc;
		sum += count;
	}
	*out = sum;
	return OK;
}

/* From the last claim to the first: what is held goes in before its holder, and keeps a
 * prefix that both are cut to. */
static enum err insert_claims(struct trie *trie, const struct claims *claims)
{
	struct prefix cut[PREFIX_RANGE_MAX];

	for (size_t i = claims->count; i-- > 0;) {
		const struct claim *c = &claims->items[i];
		size_t count = 0;
		enum err rc = prefix_from_range(cut, &count, &c->first, &c->last);
		for (size_t k = 0; rc == OK && k < count; k++) {
			rc = trie_insert(trie, &cut[k], c->value);
			if (rc == ERR_EXISTS)
				rc = OK;
		}
		if (rc != OK)
			return rc;
	}
	return OK;
}

static enum err build_claims(
    struct client_map *map, const struct config *config, struct diags *all)
{
	struct claims claims = {NULL, 0};
	size_t prefixes = 0;
	enum err rc = ERR_MEMORY;

	if (!collect_claims(&claims, config) || !check_claims(&claims, all))
		goto done;
	rc = count_prefixes(&claims, &prefixes);
	if (rc != OK)
		goto done;
	map->tiers = trie_new(prefixes + 1);
	rc = map->tiers == NULL ? ERR_MEMORY : insert_claims(map->tiers, &claims);
done:
	free(claims.items);
	return rc;
}

/* ---- devices ---- */

static bool is_device(const struct config_client *client)
{
	return client->kind == CLIENT_MAC || client->kind == CLIENT_PAIR;
}

static size_t count_devices(const struct config_clients *clients)
{
	size_t count = 0;

	for (size_t i = 0; i < clients->count; i++)
		count += is_device(&clients->items[i]);
	return count;
}

static struct device_claim device_claim_of(
    const struct config_client *client, uint32_t value)
{
	return (struct device_claim){.mac = client->mac,
	    .value = value,
	    .with_address = client->kind == CLIENT_PAIR,
	    .address = client->first};
}

/* Where a claim that is made twice was made first. */
static const struct config_client *first_of_same(
    const struct config *config, const struct config_client *client)
{
	for (size_t t = 0; t < config->tiers.count; t++) {
		const struct config_clients *clients = &config->tiers.items[t].clients;
		for (size_t i = 0; i < clients->count; i++) {
			const struct config_client *c = &clients->items[i];
			if (c->kind == client->kind && mac_equal(c->mac, client->mac) &&
			    compare_addr(&c->first, &client->first) == 0)
				return c;
		}
	}
	return client;
}

static void add_device(struct client_map *map, const struct config *config, size_t tier,
    const struct config_client *client, struct diags *all)
{
	uint32_t value = value_of(tier, group_number(config, client->group));
	struct device_claim claim = device_claim_of(client, value);

	if (mac_map_add(&map->device_tiers, &claim) == NULL)
		return;
	const struct config_client *first = first_of_same(config, client);
	const struct claim one = {.written = client};
	const struct claim other = {.written = first};
	complain(all, &one, &other);
}

static enum err build_devices(
    struct client_map *map, const struct config *config, struct diags *all)
{
	size_t count = 0;

	for (size_t t = 0; t < config->tiers.count; t++)
		count += count_devices(&config->tiers.items[t].clients);
	enum err rc = mac_map_init(&map->device_tiers, count);
	for (size_t t = 0; rc == OK && t < config->tiers.count; t++) {
		const struct config_clients *clients = &config->tiers.items[t].clients;
		for (size_t i = 0; i < clients->count; i++) {
			if (is_device(&clients->items[i]))
				add_device(map, config, t, &clients->items[i], all);
		}
	}
	return rc;
}

/* ---- who may ask, and who may speak for others ---- */

/* One item of a list of networks; the same prefix twice is no mistake here. */
static enum err allow_client(struct trie *trie, const struct prefix *prefix)
{
	enum err rc = trie_insert(trie, prefix, 1);
	return rc == ERR_EXISTS ? OK : rc;
}

static enum err allow_range(struct trie *trie, const struct config_client *client)
{
	struct prefix cut[PREFIX_RANGE_MAX];
	struct addr last = last_of(client);
	size_t count = 0;

	enum err rc = prefix_from_range(cut, &count, &client->first, &last);
	for (size_t k = 0; rc == OK && k < count; k++)
		rc = allow_client(trie, &cut[k]);
	return rc;
}

static enum err build_asks(struct client_map *map, const struct policy_sources *from)
{
	const struct config_clients *allow = &from->config->server.allow;
	enum err rc = OK;

	map->asks = trie_new(allow->count * PREFIX_RANGE_MAX + from->local_count + 1);
	if (map->asks == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; rc == OK && i < allow->count; i++) {
		if (allow->items[i].kind != CLIENT_LOCAL) {
			rc = allow_range(map->asks, &allow->items[i]);
			continue;
		}
		for (size_t k = 0; rc == OK && k < from->local_count; k++)
			rc = allow_client(map->asks, &from->local[k]);
	}
	return rc;
}

static enum err build_forwarders(struct client_map *map, const struct config *config)
{
	const struct config_clients *trusted = &config->server.trusted_forwarders;
	enum err rc = OK;

	if (trusted->count == 0)
		return OK;
	map->forwarders = trie_new(trusted->count * PREFIX_RANGE_MAX);
	if (map->forwarders == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; rc == OK && i < trusted->count; i++)
		rc = allow_range(map->forwarders, &trusted->items[i]);
	return rc;
}

/* ---- rooms that no tier names: they have a name for grants, and their clients' own tier ---- */

static bool is_claimed(const struct config *config, const char *group)
{
	for (size_t t = 0; t < config->tiers.count; t++) {
		const struct config_clients *clients = &config->tiers.items[t].clients;
		for (size_t i = 0; i < clients->count; i++)
			if (strcmp(clients->items[i].group, group) == 0)
				return true;
	}
	return false;
}

/* Of two rooms with the same client the first. */
static enum err insert_room(
    struct client_map *map, const struct config_client *client, uint32_t number)
{
	struct prefix cut[PREFIX_RANGE_MAX];
	struct addr last = last_of(client);
	size_t count = 0;

	if (is_device(client)) {
		struct device_claim claim = device_claim_of(client, number);
		(void)mac_map_add(&map->device_rooms, &claim);
		return OK;
	}

	enum err rc = prefix_from_range(cut, &count, &client->first, &last);
	for (size_t k = 0; rc == OK && k < count; k++) {
		rc = trie_insert(map->rooms, &cut[k], number);
		if (rc == ERR_EXISTS)
			rc = OK;
	}
	return rc;
}

static enum err build_rooms(struct client_map *map, const struct config *config)
{
	const struct config_groups *groups = &config->filter.groups;
	size_t clients = 0;
	size_t devices = 0;

	for (size_t i = 0; i < groups->count && i < POLICY_NO_GROUP; i++) {
		if (is_claimed(config, groups->items[i].name.text))
			continue;
		clients += groups->items[i].clients.count;
		devices += count_devices(&groups->items[i].clients);
	}
	if (clients == 0)
		return OK; /* the usual case: nobody looks */
	map->rooms = trie_new(clients * PREFIX_RANGE_MAX);
	if (map->rooms == NULL)
		return ERR_MEMORY;
	enum err rc = mac_map_init(&map->device_rooms, devices);
	for (size_t i = 0; rc == OK && i < groups->count && i < POLICY_NO_GROUP; i++) {
		const struct config_group *group = &groups->items[i];
		if (is_claimed(config, group->name.text))
			continue;
		for (size_t k = 0; rc == OK && k < group->clients.count; k++)
			rc = insert_room(map, &group->clients.items[k], (uint32_t)i);
	}
	return rc;
}

enum err client_map_build(
    struct client_map *map, const struct policy_sources *from, struct diags *all)
{
	enum err rc = build_asks(map, from);
	if (rc == OK)
		rc = build_forwarders(map, from->config);
	if (rc == OK)
		rc = build_rooms(map, from->config);
	if (rc == OK)
		rc = build_devices(map, from->config, all);
	return rc == OK ? build_claims(map, from->config, all) : rc;
}

void client_map_deinit(struct client_map *map)
{
	trie_free(map->asks);
	trie_free(map->tiers);
	trie_free(map->rooms);
	trie_free(map->forwarders);
	mac_map_deinit(&map->device_tiers);
	mac_map_deinit(&map->device_rooms);
}
