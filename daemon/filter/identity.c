#include "filter/identity.h"

#include <stdlib.h>

#include "filter/forwarder.h"
#include "filter/query.h"

enum {
	V6_NETWORK_BITS = 64 /* what one household has; a device changes the rest daily */
};

enum err identities_new(struct identities **out)
{
	struct identities *all = aligned_alloc(_Alignof(struct identities), sizeof *all);

	if (all == NULL)
		return ERR_MEMORY;
	memset(all, 0, sizeof *all);
	neighbour_ask_open(&all->ask);
	*out = all;
	return OK;
}

void identities_free(struct identities *all)
{
	if (all == NULL)
		return;
	neighbour_ask_close(&all->ask);
	free(all);
}

void identities_begin_day(struct identities *all)
{
	for (size_t i = 0; i < IDENTITIES_MAX; i++)
		all->slots[i].seen = false;
}

uint64_t identity_hash(const struct filter *f, const struct addr *client, struct mac mac)
{
	uint8_t octets[MAC_OCTETS];
	struct addr a = *client;

	if (mac_is_known(mac)) {
		mac_to_octets(octets, mac);
		return siphash13(f->client_key, (struct slice){octets, sizeof octets}) | 1;
	}
	if (a.family == AF_INET6)
		a = prefix_of(client, V6_NETWORK_BITS).base;
	return addr_hash(&a, f->client_key) | 1;
}

/* ---- the MAC behind an address ---- */

static bool find_mac(const struct filter *f, uint32_t link, struct neighbour_ask *ask,
    const struct addr *address, uint64_t now_ms, struct mac *out)
{
	return neighbours_find(f->neighbours, link, address, out) ||
	    neighbour_ask(ask, link, address, now_ms, out);
}

/* 0 where there is nothing to be known. */
static uint32_t link_of(
    const struct filter *f, const struct snapshot *s, const struct addr *address)
{
	return neighbours_are_told(f->neighbours) ? links_find(s->links, address) : 0;
}

bool identity_find_mac(const struct filter *f, const struct snapshot *s,
    struct neighbour_ask *ask, const struct addr *address, uint64_t now_ms, struct mac *out)
{
	uint32_t link = link_of(f, s, address);

	return link != 0 && find_mac(f, link, ask, address, now_ms, out);
}

struct policy_who identity_who(
    const struct snapshot *s, const struct addr *client, struct mac mac, struct moment now)
{
	struct policy_who who = policy_client(s->policy, client, mac);

	leases_apply(s->leases, client, mac, now, &who);
	return who;
}

/* ---- a worker's latest clients ---- */

static struct identity *slot_of(struct worker *w, const struct addr *client)
{
	const struct hash_key *key = &w->filter->client_key;
	uint64_t high, low;

	/* Who aims at a place makes two clients cost more, no more than that: no need for a
	 * hash that costs more itself. */
	memcpy(&high, client->bytes, sizeof high);
	memcpy(&low, client->bytes + sizeof high, sizeof low);
	uint64_t hash =
	    hash_mix64((high ^ key->k0) + (low ^ key->k1) * 0x9e3779b97f4a7c15u);
	return &w->identities->slots[hash % IDENTITIES_MAX];
}

static void set_who(struct identity *k, const struct policy_who *who)
{
	/* A device announced in one tier has not been in another. */
	k->seen = k->seen && k->tier == who->tier;
	k->tier = who->tier;
	k->group = who->group;
	k->may_ask = who->may_ask;
	k->claimed = who->claimed;
}

static struct policy_who get_who(const struct identity *k)
{
	return (struct policy_who){.may_ask = k->may_ask,
	    .claimed = k->claimed,
	    .tier = k->tier,
	    .group = k->group};
}

static void note_guess(struct identity *k, uint32_t now_ms, bool guessed)
{
	if (guessed && !k->guessed)
		k->since_ms = now_ms;
	k->guessed = guessed;
	k->until_ms = now_ms + GUESS_ASKED_MS;
	k->settled = !guessed || now_ms - k->since_ms >= GUESS_SETTLES_MS;
}

/* Finds out all anew. */
static void refresh(struct worker *w, struct identity *k, const struct addr *client)
{
	const struct snapshot *s = w->snapshot;
	const struct filter *f = w->filter;
	struct mac mac = MAC_NONE;

	if (!addr_equal(&k->client, client))
		*k = (struct identity){.client = *client};
	k->client.port = 0;
	k->generation = (uint32_t)s->generation;
	/* Before looking: a change meanwhile makes it look again. */
	k->version = neighbours_version(f->neighbours);
	uint32_t link = link_of(f, s, client);
	bool known = link != 0 &&
	    find_mac(f, link, &w->identities->ask, client, w->now.mono_ms, &mac);
	note_guess(k, (uint32_t)w->now.mono_ms, link != 0 && !known);
	const struct policy_who who = policy_client(s->policy, client, mac);
	uint64_t device = identity_hash(f, client, mac);
	k->seen = k->seen && k->device == device;
	k->mac = mac;
	k->device = device;
	k->forwarder = policy_trusts_forwarder(s->policy, client);
	set_who(k, &who);
}

static struct identity *find(struct worker *w, const struct addr *client)
{
	struct identity *k = slot_of(w, client);

	if (!addr_equal(&k->client, client) ||
	    k->generation != (uint32_t)w->snapshot->generation ||
	    k->version != neighbours_version(w->filter->neighbours) ||
	    (k->guessed && (int32_t)((uint32_t)w->now.mono_ms - k->until_ms) >= 0))
		refresh(w, k, client);
	return k;
}

static void take(const struct worker *w, struct request *r, struct identity *k)
{
	r->mac = k->mac;
	r->device = k->device;
	r->who = get_who(k);
	leases_apply(w->snapshot->leases, &k->client, k->mac, w->now, &r->who);
	r->guessed = k->guessed;
	r->settled = k->settled;
	r->identity = k;
}

/* ---- on behalf of others ---- */

/* The address alone: the MAC is looked for as if the client had asked himself. */
static void take_address(struct worker *w, struct request *r, const struct addr *address)
{
	r->client = *address;
	take(w, r, find(w, address));
	r->client.port = r->peer.port;
}

/* What was said of it stands in the request. */
static void take_told(const struct worker *w, struct request *r)
{
	const struct prefix network = prefix_of(&r->client, r->network_bits);
	/* A device whose address is not told whole is known by its MAC alone. */
	bool whole = r->network_bits == addr_size(&r->client) * 8;

	r->device = identity_hash(w->filter, &r->client, r->mac);
	r->who = policy_network(w->snapshot->policy, &network, r->mac);
	leases_apply(
	    w->snapshot->leases, whole ? &r->client : &ADDR_NONE, r->mac, w->now, &r->who);
	r->guessed = false;
	r->settled = true;
	r->identity = NULL;
}

/* False: it names nobody, and asks for itself. */
static bool find_forwarded(struct worker *w, struct request *r)
{
	struct forwarded f;
	bool named = forwarder_read(&f, &r->message.edns);

	if (f.malformed)
		counter_add(&w->counters.forwarder_malformed, 1);
	if (!named)
		return false;
	r->forwarded = true;
	r->peer = r->client;
	/* Not told: as if in the forwarder's place. */
	if (f.network.base.family == 0)
		f.network = prefix_of(&r->peer, 128);
	bool whole = f.network.length == addr_size(&f.network.base) * 8;
	if (whole && !mac_is_known(f.mac)) {
		take_address(w, r, &f.network.base);
	} else {
		r->client = f.network.base;
		r->client.port = r->peer.port;
		r->network_bits = f.network.length;
		r->mac = f.mac;
		take_told(w, r);
	}
	return true;
}

void identity_find(struct worker *w, struct request *r)
{
	struct identity *k = find(w, &r->client);

	r->forwarded = false;
	r->network_bits = 0;
	if (k->forwarder && find_forwarded(w, r))
		return;
	take(w, r, k);
}

void identity_recall(struct worker *w, struct request *r)
{
	if (r->network_bits != 0) {
		take_told(w, r);
	} else {
		take(w, r, find(w, &r->client));
	}
}
