#include "filter/obtain.h"

#include "filter/forward.h"
#include "filter/prefetch.h"
#include "filter/stale.h"

static bool open_stored(
    const struct worker *w, struct obtained *out, struct slice bytes, uint64_t stored_ms)
{
	uint64_t age_s =
	    w->now.mono_ms > stored_ms ? (w->now.mono_ms - stored_ms) / 1000 : 0;

	out->age_s = (uint32_t)age_s;
	out->stale = false;
	out->ede = EDE_NO_REACHABLE_AUTHORITY;
	return stored_view(&out->stored, bytes) && out->stored.kind != STORED_FAILURE;
}

bool obtain_is_about(const struct letter *letter, struct dname name)
{
	struct stored stored;
	const struct slice bytes = {letter->bytes, letter->len};

	return stored_view(&stored, bytes) &&
	    stored.message.len >= DNS_HEADER_BYTES + name.len &&
	    memcmp(stored.message.ptr + DNS_HEADER_BYTES, name.wire, name.len) == 0;
}

static enum obtain_result from_letter(
    struct worker *w, const struct letter *letter, struct obtained *out)
{
	out->plain = memory_says(w, letter->memory, MEMORY_PLAIN);
	if (!open_stored(
	        w, out, (struct slice){letter->bytes, letter->len}, letter->stored_ms))
		return OBTAIN_FAILED;
	out->stale = letter->stale;
	counter_add(&w->counters.stale, letter->stale ? 1 : 0);
	return OBTAIN_DONE;
}

/* Whom a question is forwarded to that is not answered here. */
static unsigned route_of(const struct local_found *found)
{
	return found->zone == NULL ? ROUTE_DEFAULT : found->zone->route;
}

static uint16_t tag_of(const struct worker *w, const struct local_found *found)
{
	return snapshot_route_tag(w->snapshot, route_of(found));
}

/* What is known of a name as it is asked for. */
static uint64_t memory_of_question(
    const struct worker *w, const struct local_found *found, bool unlisted)
{
	unsigned flags = MEMORY_SOUND | (unlisted ? MEMORY_UNLISTED : 0u) |
	    (found->zone != NULL && found->zone->is_private ? MEMORY_AT_HOME : 0u);

	return memory_of(w, tag_of(w, found), flags);
}

static bool from_cache(struct worker *w, const struct forward_question *question,
    struct obtained *out, struct cache_hit *hit)
{
	struct writer into = writer_over(w->other_found, sizeof w->other_found);

	if (!cache_find(w->filter->cache, &question->key, w->now.mono_ms, &into, hit) ||
	    memory_route_tag(hit->user_bits) != memory_route_tag(question->memory))
		return false;
	out->plain = memory_says(w, hit->user_bits, MEMORY_PLAIN);
	return open_stored(w, out, writer_slice(&into), hit->stored_ms);
}

static bool from_stale(
    struct worker *w, const struct forward_question *question, struct obtained *out)
{
	struct writer into = writer_over(w->other_found, sizeof w->other_found);
	struct cache_hit hit;

	if (!stale_find(w, question, &into, &hit) ||
	    !open_stored(w, out, writer_slice(&into), w->now.mono_ms))
		return false;
	out->plain = memory_says(w, hit.user_bits, MEMORY_PLAIN);
	out->stale = true;
	counter_add(&w->counters.stale, 1);
	return true;
}

static enum obtain_result from_upstream(struct worker *w, struct request *r,
    const struct forward_question *question, struct obtained *out)
{
	const struct forward_outlook outlook = forward_outlook(w, question);

	if (outlook.stale_first && from_stale(w, question, out)) {
		if (outlook.refresh)
			(void)forward_refresh(w, question);
		return OBTAIN_DONE;
	}
	if (outlook.failed) {
		counter_add(&w->counters.remembered, 1);
		out->ede = outlook.ede;
		return OBTAIN_FAILED;
	}
	if (forward_start(w, r, question) == FORWARD_WAITS)
		return OBTAIN_WAITS;
	if (from_stale(w, question, out))
		return OBTAIN_DONE;
	counter_add(&w->counters.failed, 1);
	out->ede = EDE_OTHER;
	return OBTAIN_FAILED;
}

/* For one who has waited: what came, or what lies in the cache by now. He does not wait
 * twice. */
static enum obtain_result after_waiting(struct worker *w, const struct request *r,
    const struct cache_key *key, const struct local_found *found, struct obtained *out)
{
	const struct letter *letter = r->letter;
	struct dname name = {key->name.ptr, key->name.len};
	struct cache_hit hit;

	if (letter->failed) {
		out->ede = (enum ede_code)letter->ede;
		return OBTAIN_FAILED;
	}
	if (obtain_is_about(letter, name))
		return from_letter(w, letter, out);
	out->ede = EDE_NOT_READY;
	const struct forward_question question = {
	    .key = *key,
	    .memory = memory_of_question(w, found, false),
	};
	return from_cache(w, &question, out, &hit) ? OBTAIN_DONE : OBTAIN_FAILED;
}

/* An answer that another route brought, before the configuration changed, is none. */
static bool is_of_its_route(const struct worker *w, struct request *r)
{
	if (r->cached && !r->sound)
		r->cached =
		    memory_route_tag(r->hit.user_bits) == tag_of(w, &r->local_found);
	return r->cached;
}

static struct forward_question own_question(
    const struct worker *w, const struct request *r, bool unlisted)
{
	return (struct forward_question){
	    .key = r->key,
	    .memory = memory_of_question(w, &r->local_found, unlisted),
	    .route = route_of(&r->local_found),
	};
}

/* A cached answer to the request's own name, near its end. */
static void renew_own(struct worker *w, struct request *r, bool unlisted)
{
	/* Of a sound answer nobody had to ask what its name is here. */
	if (r->sound)
		local_find(&r->local_found, w->snapshot->local, message_qname(&r->message),
		    &r->hashes, r->message.qtype);
	const struct forward_question question = own_question(w, r, unlisted);
	prefetch_begin(w, &question, &r->hit);
}

enum obtain_result obtain_own(
    struct worker *w, struct request *r, bool unlisted, struct obtained *out)
{
	if (r->letter != NULL)
		return after_waiting(w, r, &r->key, &r->local_found, out);
	if (r->absent)
		query_find(w, r);
	if (is_of_its_route(w, r)) {
		counter_add(&w->counters.cached, 1);
		if (prefetch_is_due(&r->hit, w->now.mono_ms))
			renew_own(w, r, unlisted);
		out->plain = memory_says(w, r->hit.user_bits, MEMORY_PLAIN);
		return open_stored(w, out, r->found, r->hit.stored_ms) ? OBTAIN_DONE
		                                                       : OBTAIN_FAILED;
	}
	const struct forward_question question = own_question(w, r, unlisted);
	return from_upstream(w, r, &question, out);
}

enum obtain_result obtain_other(struct worker *w, struct request *r, struct dname name,
    const struct local_found *found, struct obtained *out)
{
	const struct cache_key key = cache_key_of(w->filter->cache,
	    (struct slice){name.wire, name.len}, r->key.qtype, r->key.flags);
	const struct forward_question question = {
	    .key = key,
	    .memory = memory_of_question(w, found, false),
	    .route = route_of(found),
	};
	struct cache_hit hit;

	if (r->letter != NULL)
		return after_waiting(w, r, &key, found, out);
	if (from_cache(w, &question, out, &hit)) {
		counter_add(&w->counters.cached, 1);
		if (prefetch_is_due(&hit, w->now.mono_ms))
			prefetch_begin(w, &question, &hit);
		return OBTAIN_DONE;
	}
	return from_upstream(w, r, &question, out);
}

void obtain_remember(struct worker *w, const struct request *r, const struct verdict *v,
    struct finding finding)
{
	uint64_t memory = memory_of(w, memory_route_tag(r->hit.user_bits),
	    (finding.plain ? MEMORY_PLAIN : 0u) | (v->unlisted ? MEMORY_UNLISTED : 0u) |
	        (finding.sound ? MEMORY_SOUND : 0u));

	if (r->letter == NULL && r->cached && r->hit.user_bits != memory)
		cache_note(w->filter->cache, &r->key, r->hit.stored_ms, memory);
}
