#include <assert.h>

#include "cache/internal.h"

static uint32_t record_bytes(const struct record *r)
{
	return (uint32_t)(sizeof *r + r->name_len + r->answer_len + 7) & ~7u;
}

static bool is_negative(const struct record *r)
{
	return r->kind != CACHE_POSITIVE;
}

static bool is_expired(const struct record *r, uint64_t now_ms)
{
	return r->stored_ms + r->life_ms <= now_ms;
}

/* ---- the index: slot = tag << 16 | offset / 8, linear probing, no tombstones ----------- */

static struct record *record_at(const struct place *p, uint32_t slot)
{
	return (struct record *)(void *)(p->base + (size_t)(slot & 0xffff) * 8);
}

static uint32_t slot_of(const struct place *p, const struct record *r)
{
	uint32_t offset = (uint32_t)((const uint8_t *)r - p->base);
	return (uint32_t)r->tag << 16 | offset / 8;
}

static uint32_t slot_home(const struct place *p, uint32_t slot)
{
	return slot >> 16 & (p->geo->slots - 1);
}

/* Stores are atomic for shard_prefetch alone, which looks without the lock. */
static void set_slot(uint32_t *slot, uint32_t value)
{
	__atomic_store_n(slot, value, __ATOMIC_RELAXED);
}

static void index_add(const struct place *p, const struct record *r)
{
	uint32_t mask = p->geo->slots - 1;
	uint32_t *slots = p->index;
	uint32_t slot = slot_of(p, r);
	uint32_t i = slot_home(p, slot);

	while (slots[i] != 0)
		i = (i + 1) & mask;
	set_slot(&slots[i], slot);
}

static uint32_t index_position(const struct place *p, uint32_t slot)
{
	uint32_t mask = p->geo->slots - 1;
	const uint32_t *slots = p->index;
	uint32_t i = slot_home(p, slot);

	while (slots[i] != slot) {
		assert(slots[i] != 0);
		i = (i + 1) & mask;
	}
	return i;
}

/* Closes the hole with those behind it that may stand there (Knuth, volume 3, 6.4 R). */
static void index_drop(const struct place *p, uint32_t hole)
{
	uint32_t mask = p->geo->slots - 1;
	uint32_t *slots = p->index;

	for (uint32_t i = (hole + 1) & mask; slots[i] != 0; i = (i + 1) & mask) {
		uint32_t from_home = (i - slot_home(p, slots[i])) & mask;
		if (from_home < ((i - hole) & mask))
			continue;
		set_slot(&slots[hole], slots[i]);
		hole = i;
	}
	set_slot(&slots[hole], 0);
}

static bool record_answers(const struct record *r, const struct cache_key *key)
{
	return r->qtype == key->qtype && r->flags == key->flags &&
	    r->name_len == key->name.len &&
	    memcmp(r->payload, key->name.ptr, key->name.len) == 0;
}

struct record *shard_find(const struct place *p, const struct cache_key *key)
{
	uint32_t mask = p->geo->slots - 1;
	const uint32_t *slots = p->index;
	uint32_t tag = (uint32_t)(key->hash & 0xffff);

	for (uint32_t i = tag & mask; slots[i] != 0; i = (i + 1) & mask) {
		if (slots[i] >> 16 != tag)
			continue;
		struct record *r = record_at(p, slots[i]);
		if (record_answers(r, key))
			return r;
	}
	return NULL;
}

void shard_prefetch_index(const struct place *p, const struct cache_key *key)
{
	uint32_t home = (uint32_t)(key->hash & 0xffff) & (p->geo->slots - 1);

	__builtin_prefetch(p->index + home);
}

bool shard_prefetch_record(const struct place *p, const struct cache_key *key)
{
	uint32_t mask = p->geo->slots - 1;
	uint32_t tag = (uint32_t)(key->hash & 0xffff);
	const uint32_t *slots = p->index;
	uint32_t slot;

	/* Bounded all the same: others move slots while we look. */
	for (uint32_t n = 0; n <= mask; n++) {
		slot = __atomic_load_n(&slots[(tag + n) & mask], __ATOMIC_RELAXED);
		if (slot == 0)
			return false;
		if (slot >> 16 == tag)
			break;
	}
	/* The first of this tag is nearly always the one; a wrong guess costs its lines. */
	const uint8_t *record = (const uint8_t *)record_at(p, slot);
	__builtin_prefetch(p->shard, 1);
	__builtin_prefetch(record, 1);
	__builtin_prefetch(record + 64);
	__builtin_prefetch(record + 128);
	return true;
}

/* ---- ghosts: fingerprints of what left probation unasked ------------------------------- */

/* One place for each fingerprint; a later one pushes an earlier one out, so that the table
 * remembers about as many names as it has places. */
static uint16_t *ghost_place(const struct place *p, uint16_t tag)
{
	uint16_t *ghosts = (uint16_t *)(void *)p->base;
	return &ghosts[tag & (p->geo->ghosts - 1)];
}

static uint16_t fingerprint_of(uint64_t hash)
{
	uint16_t f = (uint16_t)(hash >> 16);
	return f == 0 ? 1 : f; /* 0: nobody */
}

/* ---- the books ------------------------------------------------------------------------- */

static void count_in(const struct place *p, const struct record *r)
{
	uint32_t n = record_bytes(r);
	p->shard->entries++;
	p->shard->bytes += n;
	if (!is_negative(r))
		return;
	p->shard->negative_bytes += n;
	if (r->in_main)
		p->shard->main_negative_bytes += n;
}

static void count_out(const struct place *p, const struct record *r)
{
	uint32_t n = record_bytes(r);
	p->shard->entries--;
	p->shard->bytes -= n;
	if (!is_negative(r))
		return;
	p->shard->negative_bytes -= n;
	if (r->in_main)
		p->shard->main_negative_bytes -= n;
}

void shard_forget(const struct place *p, struct record *r)
{
	index_drop(p, index_position(p, slot_of(p, r)));
	count_out(p, r);
	r->live = false;
}

/* ---- rings ----------------------------------------------------------------------------- */

static bool ring_is_wrapped(const struct ring *ring)
{
	return ring->wrap != 0;
}

/* Room for `n` bytes in one piece at *at (an offset in the ring), not yet taken. */
static bool ring_find_room(struct ring *ring, uint32_t size, uint32_t n, uint32_t *at)
{
	if (!ring_is_wrapped(ring) && size - ring->head < n && ring->records > 0) {
		ring->wrap = ring->head;
		ring->head = 0;
	}
	uint32_t end = ring_is_wrapped(ring) ? ring->tail : size;
	if (end - ring->head < n)
		return false;
	*at = ring->head;
	return true;
}

static void ring_push(struct ring *ring, uint32_t n)
{
	ring->head += n;
	ring->records++;
}

static void ring_pop(struct ring *ring, uint32_t n)
{
	ring->tail += n;
	ring->records--;
	if (ring_is_wrapped(ring) && ring->tail == ring->wrap) {
		ring->tail = 0;
		ring->wrap = 0;
	}
	if (ring->records == 0)
		*ring = (struct ring){0};
}

/* ---- pushing out ----------------------------------------------------------------------- */

/* What one put may still spend on second chances. */
struct effort {
	uint64_t now_ms;
	unsigned second_chances;
};

static void evict(const struct place *p, struct record *r)
{
	shard_forget(p, r);
	p->shard->evictions++;
}

/* Moves the bytes of a live record and lets the index point there. */
static struct record *move_record(const struct place *p, struct record *from, uint32_t to)
{
	uint32_t n = record_bytes(from);
	uint32_t at = index_position(p, slot_of(p, from));
	struct record *r = (struct record *)(void *)(p->base + to);

	memmove(r, from, n);
	set_slot(&p->index[at], slot_of(p, r));
	return r;
}

/* The oldest of main goes once more round the ring if it was asked for, else it goes. */
static void main_evict(const struct place *p, struct effort *effort)
{
	struct ring *ring = &p->shard->main;
	struct record *r =
	    (struct record *)(void *)(p->base + p->geo->main_at + ring->tail);
	uint32_t n = record_bytes(r);
	uint32_t at = 0;

	ring_pop(ring, n);
	if (!r->live)
		return;
	bool again = r->hits > 0 && !is_expired(r, effort->now_ms) &&
	    effort->second_chances > 0 && ring_find_room(ring, p->geo->main_bytes, n, &at);
	if (!again) {
		evict(p, r);
		return;
	}
	effort->second_chances--;
	r->hits--;
	move_record(p, r, p->geo->main_at + at);
	ring_push(ring, n);
}

static uint32_t main_room(const struct place *p, uint32_t n, struct effort *effort)
{
	struct ring *ring = &p->shard->main;
	uint32_t at = 0;

	while (!ring_find_room(ring, p->geo->main_bytes, n, &at))
		main_evict(p, effort);
	return p->geo->main_at + at;
}

static bool main_admits(const struct place *p, const struct record *r)
{
	return !is_negative(r) ||
	    p->shard->main_negative_bytes + record_bytes(r) <= p->geo->main_negative_max;
}

static void promote(const struct place *p, struct record *r, struct effort *effort)
{
	uint32_t n = record_bytes(r);

	count_out(p, r);
	r = move_record(p, r, main_room(p, n, effort));
	r->hits = 0;
	r->in_main = true;
	count_in(p, r);
	ring_push(&p->shard->main, n);
}

/* The oldest of probation: to main if it was asked again, else a ghost of it stays. */
static void probation_evict(const struct place *p, struct effort *effort)
{
	struct ring *ring = &p->shard->probation;
	struct record *r =
	    (struct record *)(void *)(p->base + p->geo->probation_at + ring->tail);

	ring_pop(ring, record_bytes(r));
	if (!r->live)
		return;
	if (r->hits > 0 && !is_expired(r, effort->now_ms) && main_admits(p, r)) {
		promote(p, r, effort);
		return;
	}
	*ghost_place(p, r->tag) = r->fingerprint;
	evict(p, r);
}

static uint32_t probation_room(const struct place *p, uint32_t n, struct effort *effort)
{
	struct ring *ring = &p->shard->probation;
	uint32_t at = 0;

	while (!ring_find_room(ring, p->geo->probation_bytes, n, &at))
		probation_evict(p, effort);
	return p->geo->probation_at + at;
}

/* Small records can fill the index before they fill the rings. */
static void make_slot(const struct place *p, struct effort *effort)
{
	while (p->shard->entries >= p->geo->entries_max) {
		if (p->shard->probation.records > 0)
			probation_evict(p, effort);
		else
			main_evict(p, effort);
	}
}

/* ---- putting ---------------------------------------------------------------------------- */

static void fill_record(
    struct record *r, const struct cache_key *key, const struct cache_entry *entry)
{
	uint64_t life_ms =
	    entry->expires_ms > entry->stored_ms ? entry->expires_ms - entry->stored_ms : 0;
	*r = (struct record){
	    .stored_ms = entry->stored_ms,
	    .user_bits = entry->user_bits,
	    .life_ms = life_ms > UINT32_MAX ? UINT32_MAX : (uint32_t)life_ms,
	    .qtype = key->qtype,
	    .answer_len = (uint16_t)entry->answer.len, /* <= CACHE_ANSWER_MAX_BYTES */
	    .tag = (uint16_t)key->hash,
	    .fingerprint = fingerprint_of(key->hash),
	    .name_len = (uint8_t)key->name.len, /* <= CACHE_NAME_MAX_BYTES */
	    .flags = key->flags,
	    .kind = (uint8_t)entry->kind,
	    .live = true,
	};
}

/* What is known already or was known lately has proved that it is asked for again. */
static bool belongs_to_main(
    const struct place *p, const struct record *old, const struct record *fresh)
{
	if (old != NULL)
		return old->in_main || old->hits > 0;
	uint16_t *ghost = ghost_place(p, fresh->tag);
	if (*ghost != fresh->fingerprint)
		return false;
	*ghost = 0;
	return true;
}

void shard_put(
    const struct place *p, const struct cache_key *key, const struct cache_entry *entry)
{
	struct effort effort = {entry->stored_ms, CACHE_SECOND_CHANCES};
	struct record head;
	struct record *old = shard_find(p, key);

	fill_record(&head, key, entry);
	uint32_t n = record_bytes(&head);
	bool to_main = belongs_to_main(p, old, &head);
	if (old != NULL)
		shard_forget(p, old);
	head.in_main = to_main && main_admits(p, &head);
	make_slot(p, &effort);
	uint32_t at =
	    head.in_main ? main_room(p, n, &effort) : probation_room(p, n, &effort);
	struct record *r = (struct record *)(void *)(p->base + at);
	memcpy(r, &head, sizeof head);
	memcpy(r->payload, key->name.ptr, key->name.len);
	if (entry->answer.len > 0)
		memcpy(r->payload + key->name.len, entry->answer.ptr, entry->answer.len);
	ring_push(head.in_main ? &p->shard->main : &p->shard->probation, n);
	index_add(p, r);
	count_in(p, r);
	p->shard->insertions++;
}

/* ---- flushing --------------------------------------------------------------------------- */

static bool is_at_or_below(struct slice name, struct slice ancestor)
{
	while (name.len > ancestor.len) {
		size_t skip = (size_t)name.ptr[0] + 1;
		if (skip >= name.len)
			return false;
		name = (struct slice){name.ptr + skip, name.len - skip};
	}
	return slice_equal(name, ancestor);
}

uint64_t shard_flush(const struct place *p, struct slice name)
{
	uint64_t flushed = 0;

	if (p->shard->entries == 0)
		return 0; /* nor touch its memory */
	/* Dropping moves later slots up into this one: look at it again. */
	for (uint32_t i = 0; i < p->geo->slots;) {
		uint32_t slot = p->index[i];
		struct record *r = slot == 0 ? NULL : record_at(p, slot);
		if (r == NULL ||
		    !is_at_or_below((struct slice){r->payload, r->name_len}, name)) {
			i++;
			continue;
		}
		shard_forget(p, r);
		flushed++;
	}
	return flushed;
}

/* ---- geometry --------------------------------------------------------------------------- */

static uint32_t power_of_two_from(uint32_t n)
{
	uint32_t p = 1;
	while (p < n)
		p *= 2;
	return p;
}

/* Records of real answers are 100 to 200 bytes: a slot for every 64 bytes keeps the index
 * two thirds empty or better, a ghost for every 128 remembers about as many names as main
 * holds. Probation is a tenth, but holds one record of any size. */
struct geometry geometry_of(uint32_t bytes)
{
	struct geometry g = {.slots = power_of_two_from(bytes / 64)};

	g.shard_bytes = (bytes - g.slots * (uint32_t)sizeof(uint32_t)) & ~63u;
	g.entries_max = g.slots / 8 * 7;
	g.ghosts = power_of_two_from(bytes / 128);
	/* Never 0, so that no slot of a record is: that means a free one. */
	g.probation_at = g.ghosts * (uint32_t)sizeof(uint16_t);
	uint32_t records = g.shard_bytes - g.probation_at;
	uint32_t tenth = records / 10 & ~7u;
	uint32_t least = (RECORD_MAX_BYTES + 7) & ~7u;
	g.probation_bytes = tenth > least ? tenth : least;
	g.main_at = g.probation_at + g.probation_bytes;
	g.main_bytes = (records - g.probation_bytes) & ~7u;
	uint32_t quarter = records / 4;
	g.main_negative_max = quarter > g.probation_bytes ? quarter - g.probation_bytes : 0;
	return g;
}
