#include "filter/tallying.h"

#include <string.h>

#include "filter/identity.h"

enum {
	TOLD_MS = 5000 /* of the ten minutes in which repeats do not count */
};

uint64_t filter_capped_hash(
    const struct filter *f, uint64_t device, uint8_t tier, uint8_t category)
{
	uint64_t day = atomic_load_explicit(&f->day, memory_order_relaxed);
	uint64_t cell = day << 16 | (uint64_t)tier << 8 | category;
	/* Low bit set: 0 means an empty slot. */
	return hash_mix64(device ^ cell) | 1;
}

static void announce(struct worker *w, struct tally_event *event, const struct request *r)
{
	event->generation = w->snapshot->generation;
	event->tier = r->who.tier;
	event->claimed = r->who.claimed;
	event->mono_ms = w->now.mono_ms;
	event->client = r->client;
	event->mac = r->mac;
	if (ring_commit(&w->ring))
		event_active(w->filter->drain, EV_READ, 0);
}

static void begin_day(struct worker *w, uint64_t day)
{
	memset(w->seen, 0, sizeof w->seen);
	identities_begin_day(w->identities);
	w->seen_day = day;
}

/* What this worker remembers of the client, if it is still about him. */
static struct identity *memory_of_client(const struct request *r)
{
	struct identity *k = r->identity;

	return k != NULL && k->device == r->device && k->tier == r->who.tier ? k : NULL;
}

void tallying_seen(struct worker *w, const struct request *r)
{
	uint64_t day = atomic_load_explicit(&w->filter->day, memory_order_relaxed);
	struct identity *k = memory_of_client(r);

	if (day != w->seen_day)
		begin_day(w, day);
	if (!r->settled || (k != NULL && k->seen))
		return;
	if (k != NULL)
		k->seen = true;
	uint64_t hash = hash_mix64(r->device ^ r->who.tier) | 1;
	uint64_t *slot = &w->seen[hash % SEEN_SLOTS];
	if (*slot == hash)
		return;
	struct tally_event *event = ring_reserve(&w->ring);
	if (event == NULL) {
		counter_add(&w->counters.ring_lost, 1);
		if (k != NULL)
			k->seen = false; /* announced with its next query */
		return;
	}
	*slot = hash;
	event->kind = TALLY_DEVICE_SEEN;
	announce(w, event, r);
}

/* What dnsmasq and others add for those behind them (add-mac, add-subnet). A prefix of length 0
 * is the opposite: "tell nobody where I am" (RFC 7871 section 7.1.2). */
static bool carries_forwarding(const struct message *m)
{
	enum {
		OPTION_MAC = 65001,
		OPTION_MAC_TEXT = 65073
	};
	struct slice rest = m->edns.options;
	struct edns_option_view option;

	if (m->edns.client_subnet.len > 2 && m->edns.client_subnet.ptr[2] > 0)
		return true;
	while (edns_next_option(&rest, &option))
		if (option.code == OPTION_MAC || option.code == OPTION_MAC_TEXT)
			return true;
	return false;
}

void tallying_tell_sample(struct worker *w, const struct request *r)
{
	struct tally_event *event;

	w->sampled_ms = w->now.mono_ms;
	if (addr_is_loopback(&r->client) || (event = ring_reserve(&w->ring)) == NULL)
		return;
	event->kind = TALLY_SAMPLE;
	event->forwards = !r->forwarded && carries_forwarding(&r->message);
	event->forwarded = r->forwarded;
	name_copy(&event->qname, message_qname(&r->message));
	announce(w, event, r);
}

static bool is_of_category(const struct worker *w, unsigned feed, uint8_t category)
{
	const struct policy_category *c = policy_category_at(w->snapshot->policy, category);
	struct ruledb_category theirs;
	struct ruledb_feed of;

	return c != NULL && ruledb_feed_at(w->snapshot->rules->db, feed, &of) &&
	    ruledb_category_at(w->snapshot->rules->db, of.category, &theirs) &&
	    strcmp(theirs.name, c->name) == 0;
}

/* The feed behind the deciding category, for the page and the list of names. A pattern or an
 * address gives no listed name. */
static void note_listing(struct worker *w, const struct request *r,
    const struct subject *subject, struct tally_event *event)
{
	const struct ruledb *db = w->snapshot->rules->db;
	const struct ruledb_question question = {
	    .name = subject->name,
	    .hashes = subject->hashes,
	    .qtype = r->message.qtype,
	    .client = addr_slice(&r->client),
	};
	struct ruledb_hit hits[32];

	event->from_feed = false;
	if (db == NULL || event->listed_depth == 0)
		return;
	size_t n = ruledb_hits(db, w->scratch, &question, hits, COUNT_OF(hits));
	if (n > COUNT_OF(hits))
		n = COUNT_OF(hits);
	for (size_t i = 0; i < n; i++) {
		if (!hits[i].wins || hits[i].depth != event->listed_depth ||
		    !is_of_category(w, hits[i].feed, event->category))
			continue;
		event->from_feed = true;
		event->feed = hits[i].feed;
		return;
	}
}

/* One program that asks for the same name without a pause must not fill the ring: what others
 * try would be lost, and the day be partial for repeats that never count. */
static bool was_told(const struct worker *w, uint64_t hash)
{
	size_t i = hash % TOLD_SLOTS;

	return w->told[i].hash == hash && w->now.mono_ms - w->told[i].mono_ms < TOLD_MS;
}

static void mark_told(struct worker *w, uint64_t hash)
{
	size_t i = hash % TOLD_SLOTS;

	w->told[i].hash = hash;
	w->told[i].mono_ms = w->now.mono_ms;
}

void tallying_attempt(struct worker *w, const struct request *r,
    const struct subject *subject, const struct verdict *v)
{
	struct filter *f = w->filter;
	const struct name_hashes *hashes = subject->hashes;

	if (v->category == POLICY_NO_CATEGORY || v->reason == REASON_PORTAL ||
	    v->reason == REASON_BYPASS || !r->settled)
		return;
	uint64_t cell = filter_capped_hash(f, r->device, r->who.tier, v->category);
	uint64_t name = hashes->count > 0 ? hashes->at[hashes->count - 1] : 0;
	uint64_t told = hash_mix64(cell ^ name);
	if (filter_is_capped(f, cell) || was_told(w, told))
		return;
	struct tally_event *event = ring_reserve(&w->ring);
	if (event == NULL) {
		counter_add(&w->counters.ring_lost, 1);
		return;
	}
	mark_told(w, told);
	event->kind = TALLY_ATTEMPT;
	event->category = v->category;
	event->listed_depth = v->matched_labels;
	event->silent = v->answer == RULES_ANSWER_NULL;
	name_copy(&event->qname, subject->name);
	note_listing(w, r, subject, event);
	announce(w, event, r);
}
