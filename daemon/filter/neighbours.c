#include "filter/neighbours.h"

#include <stdatomic.h>
#include <stdlib.h>

enum {
	SLOTS = NEIGHBOURS_MAX * 2 /* half full at most, so that looking is short */
};

/* Linear probing; a place that is given up is filled by those that stand behind it, so that
 * there are no tombs. */
struct slot {
	atomic_uint_fast64_t address; /* its hash; 0: free */
	atomic_uint_fast64_t mac;
};

struct neighbours {
	struct hash_key key;
	atomic_uint_fast32_t version;
	atomic_bool told;
	size_t count;  /* main's, like the rest */
	uint8_t round; /* under way, or the last one */
	uint8_t rounds[SLOTS];
	struct slot slots[SLOTS];
};

enum err neighbours_new(struct neighbours **out, struct hash_key key)
{
	struct neighbours *n = calloc(1, sizeof *n);

	if (n == NULL)
		return ERR_MEMORY;
	n->key = key;
	*out = n;
	return OK;
}

void neighbours_free(struct neighbours *n)
{
	free(n);
}

/* Of the octets and the link, never 0: link-local addresses are the same on every link. */
static uint64_t hash_of(
    const struct neighbours *n, uint32_t link, const struct addr *address)
{
	struct addr a = *address;

	a.scope_id = link;
	return addr_hash(&a, n->key) | 1;
}

static size_t home_of(uint64_t hash)
{
	return (size_t)(hash >> 1) % SLOTS;
}

/* ---- reading ---- */

uint32_t neighbours_version(const struct neighbours *n)
{
	return (uint32_t)atomic_load_explicit(&n->version, memory_order_acquire);
}

bool neighbours_are_told(const struct neighbours *n)
{
	return atomic_load_explicit(&n->told, memory_order_relaxed);
}

bool neighbours_find(
    const struct neighbours *n, uint32_t link, const struct addr *address, struct mac *out)
{
	uint64_t hash = hash_of(n, link, address);
	uint_fast32_t before = atomic_load_explicit(&n->version, memory_order_acquire);
	size_t at = home_of(hash);
	uint64_t there = 0;
	uint64_t mac = 0;

	if ((before & 1) != 0)
		return false;
	/* A torn view may have no free slot: bounded. Acquire, so that the version is read
	 * after all of it. */
	for (size_t i = 0; i < SLOTS; i++, at = (at + 1) % SLOTS) {
		there = atomic_load_explicit(&n->slots[at].address, memory_order_acquire);
		if (there == 0 || there == hash)
			break;
	}
	if (there == hash)
		mac = atomic_load_explicit(&n->slots[at].mac, memory_order_acquire);
	if (atomic_load_explicit(&n->version, memory_order_relaxed) != before)
		return false;
	if (mac == 0)
		return false;
	out->bits = mac;
	return true;
}

/* ---- writing ---- */

/* Every store between these two is a release, so that who sees one of them sees the odd number
 * too when it looks again. */
static void begin_change(struct neighbours *n)
{
	uint_fast32_t v = atomic_load_explicit(&n->version, memory_order_relaxed);
	atomic_store_explicit(&n->version, v + 1, memory_order_relaxed);
}

static void end_change(struct neighbours *n)
{
	uint_fast32_t v = atomic_load_explicit(&n->version, memory_order_relaxed);
	atomic_store_explicit(&n->version, v + 1, memory_order_release);
}

static void set_slot(struct neighbours *n, size_t at, uint64_t address, uint64_t mac)
{
	atomic_store_explicit(&n->slots[at].address, address, memory_order_release);
	atomic_store_explicit(&n->slots[at].mac, mac, memory_order_release);
}

static uint64_t address_at(const struct neighbours *n, size_t at)
{
	return atomic_load_explicit(&n->slots[at].address, memory_order_relaxed);
}

static uint64_t mac_at(const struct neighbours *n, size_t at)
{
	return atomic_load_explicit(&n->slots[at].mac, memory_order_relaxed);
}

/* Its slot, or the free one where it belongs. */
static size_t place_of(const struct neighbours *n, uint64_t hash)
{
	size_t at = home_of(hash);

	while (address_at(n, at) != 0 && address_at(n, at) != hash)
		at = (at + 1) % SLOTS;
	return at;
}

/* Frees a slot; those behind it that began to look at or before it move up. */
static void free_slot(struct neighbours *n, size_t gap)
{
	begin_change(n);
	for (size_t at = (gap + 1) % SLOTS; address_at(n, at) != 0; at = (at + 1) % SLOTS) {
		size_t home = home_of(address_at(n, at));
		/* May it stand in the gap: is that not before its home? */
		if ((at - home) % SLOTS < (at - gap) % SLOTS)
			continue;
		set_slot(n, gap, address_at(n, at), mac_at(n, at));
		n->rounds[gap] = n->rounds[at];
		gap = at;
	}
	set_slot(n, gap, 0, 0);
	n->count--;
	end_change(n);
}

bool neighbours_put(struct neighbours *n, const struct neighbour *line)
{
	uint64_t hash = hash_of(n, line->link, &line->address);
	size_t at = place_of(n, hash);
	bool is_new = address_at(n, at) == 0;

	if (!mac_is_known(line->mac)) {
		if (!is_new)
			free_slot(n, at);
		return true;
	}
	if (is_new && n->count >= NEIGHBOURS_MAX)
		return false;
	n->rounds[at] = n->round;
	if (!is_new && mac_at(n, at) == line->mac.bits)
		return true;
	begin_change(n);
	set_slot(n, at, hash, line->mac.bits);
	n->count += is_new;
	end_change(n);
	return true;
}

void neighbours_begin_round(struct neighbours *n)
{
	n->round = (uint8_t)(n->round ^ 1);
}

void neighbours_end_round(struct neighbours *n)
{
	/* What moves up into a freed slot is looked at too; what moves round the end of the
	 * table has been. */
	for (size_t at = 0; at < SLOTS; at++) {
		while (address_at(n, at) != 0 && n->rounds[at] != n->round)
			free_slot(n, at);
	}
}

void neighbours_set_told(struct neighbours *n, bool told)
{
	if (neighbours_are_told(n) == told)
		return;
	begin_change(n);
	atomic_store_explicit(&n->told, told, memory_order_release);
	end_change(n);
}

size_t neighbours_count(const struct neighbours *n)
{
	return n->count;
}
