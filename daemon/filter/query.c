#include "filter/query.h"

#include <string.h>

#include "dns/leads.h"
#include "filter/clients.h"
#include "filter/denial.h"
#include "filter/diagnosing.h"
#include "filter/identity.h"
#include "filter/lead.h"
#include "filter/obtain.h"
#include "filter/rebind.h"
#include "filter/review.h"
#include "filter/rewrite.h"
#include "filter/selftest.h"
#include "filter/stale.h"
#include "filter/tallying.h"

enum {
	ANY_TTL_S = 3600,         /* RFC 8482 section 4.2 asks for a long one */
	STRANGERS_PER_SECOND = 5, /* REFUSED over UDP to clients outside server.allow */
	TYPE_META_FIRST = 251,    /* IXFR, AXFR, MAILB, MAILA: transfers and the like */
	TYPE_META_LAST = 254,
};

static struct slice wire_of(struct dname name)
{
	return (struct slice){name.wire, name.len};
}

static struct cache_key key_of(const struct worker *w, const struct message *m)
{
	uint8_t flags = (uint8_t)((m->edns.dnssec_ok ? CACHE_FLAG_DO : 0) |
	    ((m->flags & FLAG_CD) != 0 ? CACHE_FLAG_CD : 0));
	return cache_key_of(w->filter->cache, wire_of(message_qname(m)), m->qtype, flags);
}

void query_begin_chunk(struct worker *w)
{
	w->found_len = 0;
}

void query_read(struct worker *w, struct request *r, struct slice packet)
{
	const struct snapshot *s = w->snapshot;

	r->fate = message_parse(&r->message, packet);
	r->absent = false;
	r->cached = false;
	r->unlisted = false;
	r->over_share = false;
	r->options_len = 0;
	r->sound = false;
	r->at_home = false;
	r->letter = NULL;
	r->forwarded = false;
	r->mac = MAC_NONE;
	r->arrived_ms = w->now.mono_ms;
	if (r->fate == MESSAGE_COOKIE)
		identity_find(w, r);
	if (r->fate != MESSAGE_GOOD)
		return;
	r->key = key_of(w, &r->message);
	cache_prefetch(w->filter->cache, &r->key);
	identity_find(w, r);
	name_hash_all(&r->hashes, message_qname(&r->message), policy_hash_key(s->policy));
}

static void prefetch_rules(const struct worker *w, const struct request *r)
{
	if (w->snapshot->rules->db != NULL)
		ruledb_prefetch(w->snapshot->rules->db, &r->hashes);
}

static void prefetch_entries(const struct worker *w, const struct request *r)
{
	if (w->snapshot->rules->db != NULL)
		ruledb_prefetch_entries(w->snapshot->rules->db, &r->hashes);
}

/* A blocked name is never in the cache: it is worth knowing without the shard's lock. */
void query_read_on(struct worker *w, struct request *r)
{
	if (r->fate != MESSAGE_GOOD)
		return;
	r->absent = !cache_prefetch_record(w->filter->cache, &r->key);
	if (r->absent)
		prefetch_rules(w, r);
}

void query_find(struct worker *w, struct request *r)
{
	struct writer into =
	    writer_over(w->found + w->found_len, sizeof w->found - w->found_len);

	r->absent = false;
	r->cached = cache_find(w->filter->cache, &r->key, w->now.mono_ms, &into, &r->hit);
	if (!r->cached)
		return;
	r->found = writer_slice(&into);
	w->found_len += r->found.len;
	r->unlisted = memory_says(w, r->hit.user_bits, MEMORY_UNLISTED);
	r->sound = memory_says(w, r->hit.user_bits, MEMORY_SOUND);
}

void query_look(struct worker *w, struct request *r)
{
	if (r->fate != MESSAGE_GOOD)
		return;
	if (r->absent) {
		prefetch_entries(w, r);
		return;
	}
	query_find(w, r);
	if (!r->unlisted)
		prefetch_rules(w, r);
}

void query_look_on(struct worker *w, const struct request *r)
{
	if (r->fate == MESSAGE_GOOD && !r->absent && !r->unlisted)
		prefetch_entries(w, r);
}

void query_read_all(struct worker *w, struct request *r, struct slice packet)
{
	query_begin_chunk(w);
	query_read(w, r, packet);
	query_look(w, r);
}

/* UDP sources can be forged: a stranger hears "no" a few times a second, for a teacher who
 * is looking for a mistake, and then nothing (T23). */
static bool stranger_hears(struct worker *w, const struct answer *a)
{
	uint64_t second = w->now.mono_ms / 1000;

	if (a->max_udp_bytes == 0)
		return true;
	if (second != w->strangers_second) {
		w->strangers_second = second;
		w->strangers = 0;
	}
	return w->strangers++ < STRANGERS_PER_SECOND;
}

static size_t refuse_stranger(struct worker *w, const struct answer *a)
{
	counter_add(&w->counters.refused, 1);
	return stranger_hears(w, a) ? answer_rcode(a, RCODE_REFUSED) : 0;
}

static size_t answer_malformed(struct worker *w, struct request *r, struct answer *a)
{
	counter_add(&w->counters.malformed, 1);
	if (!policy_client(w->snapshot->policy, &r->client, MAC_NONE).may_ask &&
	    !stranger_hears(w, a))
		return 0;
	/* Over the rate there is no other answer to it than none. */
	size_t len;
	if (!clients_are_free(w, r) && !clients_admit(w, r, a, &len))
		return 0;
	return answer_fate(a, r->fate);
}

/* Queries that no resolver of ours answers, whatever their name: not recursive, another
 * class (version.bind included), transfers. */
static bool is_refused_kind(const struct message *m)
{
	return (m->flags & FLAG_RD) == 0 || m->qclass != CLASS_IN ||
	    (m->qtype >= TYPE_META_FIRST && m->qtype <= TYPE_META_LAST) ||
	    m->qtype == TYPE_OPT;
}

/* DDR (RFC 9462 section 6.4): the zone is answered here and nowhere else. We serve no
 * encrypted DNS, and say so rather than let an upstream offer its own. */
static bool is_about_resolvers(const struct request *r)
{
	static const uint8_t ZONE[] = "\10resolver\4arpa";
	return name_is_at_or_below(
	    message_qname(&r->message), (struct dname){ZONE, sizeof ZONE});
}

struct policy_question query_question(const struct worker *w, const struct request *r)
{
	return (struct policy_question){
	    .name = message_qname(&r->message),
	    .hashes = &r->hashes,
	    .qtype = r->message.qtype,
	    .unlisted = r->unlisted,
	    .client = &r->client,
	    .scratch = w->scratch,
	};
}

/* A device whose MAC may say that it belongs to another tier: it asks again soon. */
static void shorten_guess(
    const struct worker *w, const struct request *r, struct verdict *v)
{
	uint64_t end_ms = w->now.mono_ms + GUESS_TTL_MS;

	if (r->guessed && end_ms < v->valid_until_ms &&
	    (policy_asks_for_macs(w->snapshot->policy) || w->snapshot->leases != NULL))
		v->valid_until_ms = end_ms;
}

static struct verdict decide(
    const struct worker *w, const struct request *r, const struct policy_question *question)
{
	const struct snapshot *s = w->snapshot;

	if (s->refuse_all)
		return policy_refuse();
	struct verdict v = policy_decide(s->policy, &r->who, question, &s->state, w->now);
	shorten_guess(w, r, &v);
	return v;
}

struct policy_review query_policy_review(
    const struct worker *w, const struct request *r, const struct verdict *passes)
{
	return (struct policy_review){
	    .policy = w->snapshot->policy,
	    .who = &r->who,
	    .state = &w->snapshot->state,
	    .of_qname = passes,
	    .now = w->now,
	};
}

void query_review(struct reviewed *out, const struct worker *w, const struct request *r,
    const struct verdict *passes, const struct stored *stored)
{
	const struct policy_question question = query_question(w, r);
	const struct policy_review review = query_policy_review(w, r, passes);

	review_answer(out, &review, &question, stored);
}

/* Counts a verdict that blocks, or would, and answers one that does. False: it passes. */
static bool settle(struct worker *w, struct request *r, const struct subject *subject,
    const struct verdict *v, struct answer *a, size_t *len)
{
	if (w->diagnosing)
		diagnosing_verdict(w, v);
	if (v->action == POLICY_PASS) {
		if (v->reason == REASON_TRIAL)
			tallying_attempt(w, r, subject, v);
		return false;
	}
	if (v->data_count > 0)
		return rewrite_by_rules(w, r, subject, v, a, len);
	counter_add(&w->counters.blocked, 1);
	tallying_attempt(w, r, subject, v);
	*len = denial_write(w, r, subject, v, a);
	return true;
}

/* An answer as it came, but for what could hide from the filter where its asker goes. */
static size_t answer_obtained(struct worker *w, const struct request *r,
    const struct verdict *v, const struct obtained *got, struct answer *a)
{
	const struct snapshot *s = w->snapshot;
	uint16_t qtype = r->message.qtype;
	uint32_t ttl_max_s = verdict_ttl_max_s(v, w->now);

	if (!got->sound)
		return rebind_write(w, r, v, got, a);
	if (got->stale)
		a->ede = stale_ede(&got->stored);
	if ((qtype == TYPE_HTTPS || qtype == TYPE_SVCB) &&
	    policy_hides_ech(s->policy, &r->who, &s->state) &&
	    stored_has_ech(&got->stored)) {
		/* What is signed cannot be changed, only withheld. */
		if (r->message.edns.dnssec_ok)
			return answer_nodata(
			    a, message_qname(&r->message), verdict_ttl_s(w, v));
		return answer_without(a, &got->stored, &(struct answer_cut){.ech = true},
		    got->age_s, ttl_max_s);
	}
	return answer_from_stored(a, &got->stored, got->age_s, ttl_max_s);
}

/* An answer of which it is not known that nobody's rule speaks of what it leads to. */
static size_t answer_reviewed(struct worker *w, struct request *r, const struct verdict *v,
    const struct obtained *got, struct answer *a)
{
	struct reviewed reviewed;
	size_t len;

	query_review(&reviewed, w, r, v, &got->stored);
	obtain_remember(w, r, v, (struct finding){reviewed.plain, got->sound});
	const struct subject target = {name_of(&reviewed.target), &reviewed.hashes};
	const struct subject asked = {message_qname(&r->message), &r->hashes};
	if (settle(w, r, reviewed.by_target ? &target : &asked, &reviewed.verdict, a, &len))
		return len;
	return answer_obtained(w, r, &reviewed.verdict, got, a);
}

/* An allowed name: from the cache, or the asker waits for upstream. */
static size_t answer_allowed(
    struct worker *w, struct request *r, const struct verdict *v, struct answer *a)
{
	struct obtained got;

	switch (obtain_own(w, r, v->unlisted, &got)) {
	case OBTAIN_DONE:
		break;
	case OBTAIN_WAITS:
		return 0;
	case OBTAIN_FAILED:
		return failure_write(a, got.ede);
	}
	got.sound = r->sound || rebind_is_sound(w, r, &got.stored);
	if (!got.plain)
		return answer_reviewed(w, r, v, &got, a);
	if ((v->unlisted && !r->unlisted) || !r->sound)
		obtain_remember(w, r, v, (struct finding){true, got.sound});
	return answer_obtained(w, r, v, &got, a);
}

/* Looks what the name is here; true when it is answered here. */
static bool look_at_home(const struct worker *w, struct request *r)
{
	const struct local_zone *zone;

	local_find(&r->local_found, w->snapshot->local, message_qname(&r->message),
	    &r->hashes, r->message.qtype);
	zone = r->local_found.zone;
	r->at_home = zone != NULL && zone->is_private;
	return r->local_found.kind != LOCAL_ELSEWHERE;
}

/* From the verdict to the answer, for one who has just asked and one who has waited. */
static size_t answer_question(struct worker *w, struct request *r, struct answer *a)
{
	const struct subject asked = {message_qname(&r->message), &r->hashes};
	const struct policy_question question = query_question(w, r);
	struct verdict v = decide(w, r, &question);
	struct policy_alias alias;
	size_t len;

	if (settle(w, r, &asked, &v, a, &len))
		return len;
	if (v.action == POLICY_BLOCK)
		v = rewrite_passing(&v);
	if (r->message.qtype == TYPE_ANY)
		return answer_any(a, ANY_TTL_S);
	if (is_about_resolvers(r))
		return answer_nodata(a, asked.name, MOVABLE_TTL_MAX_S);
	if (!r->sound && look_at_home(w, r))
		return lead_local(w, r, &v, &r->local_found, a);
	if (policy_rewrite(w->snapshot->policy, &r->who, &question, &v, &alias))
		return rewrite_to_alias(w, r, &v, &alias, a);
	return answer_allowed(w, r, &v, a);
}

/* A loop's probe (filter/loop.h): ours has come back; another gateway's goes on, past rules and
 * local names, as whatever loops through us would. */
static size_t answer_loop_probe(struct worker *w, struct request *r, struct answer *a)
{
	const struct verdict passes = {.action = POLICY_PASS,
	    .category = POLICY_NO_CATEGORY,
	    .valid_until_ms = UINT64_MAX};

	if (loop_came_back(&w->filter->loops, message_qname(&r->message), w->now.mono_ms))
		return answer_rcode(a, RCODE_NXDOMAIN);
	r->local_found = (struct local_found){.kind = LOCAL_ELSEWHERE};
	return answer_allowed(w, r, &passes, a);
}

/* A question of a self-test: what its tier would get where it is blocked, else SERVFAIL. Nobody
 * upstream hears of it. */
static size_t answer_test(struct worker *w, struct request *r, struct answer *a)
{
	const struct subject asked = {message_qname(&r->message), &r->hashes};
	const struct policy_question question = query_question(w, r);
	struct verdict v = decide(w, r, &question);
	size_t len;

	v.data_count = 0; /* what rules put in the answer's place may lead upstream */
	return settle(w, r, &asked, &v, a, &len) ? len : answer_rcode(a, RCODE_SERVFAIL);
}

static struct answer answer_begin(
    const struct worker *w, const struct request *r, uint8_t *out, size_t cap)
{
	uint16_t limit = r->transport->limit(w);
	if (limit == 0)
		return answer_over_tcp(&r->message, out, cap);
	return answer_over_udp(&r->message, out, cap, limit);
}

size_t query_handle(struct worker *w, struct request *r, uint8_t *out, size_t cap)
{
	struct answer a = answer_begin(w, r, out, cap);
	size_t len;

	if (r->fate != MESSAGE_GOOD && r->fate != MESSAGE_COOKIE)
		return answer_malformed(w, r, &a);
	if (w->tested && selftest_takes(w, r))
		return answer_test(w, r, &a);
	if (!r->who.may_ask)
		return refuse_stranger(w, &a);
	if (!clients_are_free(w, r) && !clients_admit(w, r, &a, &len))
		return len;
	if (is_refused_kind(&r->message)) {
		counter_add(&w->counters.refused, 1);
		return answer_rcode(&a, RCODE_REFUSED);
	}
	if (loop_is_name(message_qname(&r->message)))
		return answer_loop_probe(w, r, &a);
	tallying_seen(w, r);
	tallying_sample(w, r);
	return answer_question(w, r, &a);
}

/* The request that an asker made, rebuilt for the rules in force now. */
static void recall(struct worker *w, const struct asker *asker, const struct letter *letter,
    struct request *r)
{
	const struct policy *policy = w->snapshot->policy;

	r->transport = asker->transport;
	r->client = asker->client;
	r->mac = asker->mac;
	r->peer = asker->peer;
	r->forwarded = asker->forwarded;
	r->network_bits = asker->network_bits;
	r->local = asker->local;
	r->arrived_ms = asker->arrived_ms;
	r->fate = MESSAGE_GOOD;
	r->absent = false;
	r->cached = false;
	r->letter = letter;
	r->message = asker->message;
	r->key = key_of(w, &r->message);
	bool about = obtain_is_about(letter, message_qname(&r->message));
	r->unlisted = about && memory_says(w, letter->memory, MEMORY_UNLISTED);
	r->sound = about && memory_says(w, letter->memory, MEMORY_SOUND);
	r->at_home = false;
	identity_recall(w, r);
	name_hash_all(&r->hashes, message_qname(&r->message), policy_hash_key(policy));
}

void query_finish(struct asker *asker, const struct letter *letter)
{
	struct worker *w = asker->home;
	struct request *r = w->late;

	recall(w, asker, letter, r);
	struct answer a = answer_begin(w, r, w->late_answer, sizeof w->late_answer);
	a.edns_options = (struct slice){asker->options, asker->options_len};
	size_t len = answer_question(w, r, &a);
	if (w->diagnosing)
		diagnosing_answered(w, r, (struct slice){w->late_answer, len});
	if (len > 0) {
		asker->transport->send(asker, (struct slice){w->late_answer, len});
		latency_add(&w->latency, w->now.mono_ms - r->arrived_ms);
	}
	asker_release(asker);
}
