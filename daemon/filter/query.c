#include "filter/query.h"

#include <string.h>

#include "filter/forward.h"
#include "filter/tallying.h"

enum {
	MOVABLE_TTL_MAX_S = 300,  /* where a window or pause could change the verdict */
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
	r->cached = false;
	r->unlisted = false;
	if (r->fate != MESSAGE_GOOD)
		return;
	r->key = key_of(w, &r->message);
	cache_prefetch(w->filter->cache, &r->key);
	r->who = policy_client(s->policy, &r->client);
	name_hash_all(&r->hashes, message_qname(&r->message), policy_hash_key(s->policy));
}

void query_read_on(struct worker *w, const struct request *r)
{
	if (r->fate == MESSAGE_GOOD)
		cache_prefetch_record(w->filter->cache, &r->key);
}

/* What is kept beside an answer: under which rules no feed named its name; else 0. */
static uint64_t unlisted_bits(const struct worker *w)
{
	return w->snapshot->rules->serial;
}

void query_look(struct worker *w, struct request *r)
{
	struct writer into =
	    writer_over(w->found + w->found_len, sizeof w->found - w->found_len);

	if (r->fate != MESSAGE_GOOD)
		return;
	r->cached = cache_find(w->filter->cache, &r->key, w->now.mono_ms, &into, &r->hit);
	if (r->cached) {
		r->found = writer_slice(&into);
		w->found_len += r->found.len;
		r->unlisted = r->hit.user_bits == unlisted_bits(w);
	}
	if (!r->unlisted && w->snapshot->rules->db != NULL)
		ruledb_prefetch(w->snapshot->rules->db, &r->hashes);
}

void query_look_on(struct worker *w, const struct request *r)
{
	const struct ruledb *db = w->snapshot->rules->db;

	if (r->fate == MESSAGE_GOOD && !r->unlisted && db != NULL)
		ruledb_prefetch_entries(db, &r->hashes);
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

static size_t answer_malformed(
    struct worker *w, const struct request *r, const struct answer *a)
{
	counter_add(&w->counters.malformed, 1);
	if (!policy_client(w->snapshot->policy, &r->client).may_ask &&
	    !stranger_hears(w, a))
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

/* DDR (RFC 9462): we serve no encrypted DNS, and say so rather than let an upstream offer
 * its own. */
static bool is_designated_resolver_question(const struct request *r)
{
	static const uint8_t NAME[] = "\4_dns\10resolver\4arpa";
	struct dname asked = message_qname(&r->message);
	return asked.len == sizeof NAME && memcmp(asked.wire, NAME, sizeof NAME) == 0;
}

static struct verdict decide(
    const struct worker *w, const struct request *r, const struct name_hashes *hashes)
{
	const struct snapshot *s = w->snapshot;
	const struct policy_question question = {
	    .name = message_qname(&r->message),
	    .hashes = hashes,
	    .qtype = r->message.qtype,
	    .unlisted = r->unlisted,
	    .client = &r->client,
	};

	if (s->refuse_all)
		return policy_refuse();
	return policy_decide(s->policy, &r->who, &question, &s->state, w->now);
}

static uint32_t seconds_left(const struct verdict *v, struct moment now)
{
	if (v->valid_until_ms == UINT64_MAX)
		return UINT32_MAX;
	if (v->valid_until_ms <= now.mono_ms)
		return 0;
	uint64_t left_s = (v->valid_until_ms - now.mono_ms) / 1000;
	return left_s < MOVABLE_TTL_MAX_S ? (uint32_t)left_s : MOVABLE_TTL_MAX_S;
}

/* The warning page's address in the family of `qtype`; false where there is none. */
static bool page_address(
    const struct worker *w, const struct request *r, uint16_t qtype, struct addr *out)
{
	const struct snapshot *s = w->snapshot;
	bool v4 = qtype == TYPE_A;
	const struct config_answer *set =
	    v4 ? &s->config->filter.answer.ipv4 : &s->config->filter.answer.ipv6;

	if (qtype != TYPE_A && qtype != TYPE_AAAA)
		return false;
	if (set->kind == ANSWER_ADDRESS) {
		*out = set->addr;
	} else if (set->kind == ANSWER_NONE) {
		return false;
	} else if (r->local.family == (v4 ? AF_INET : AF_INET6)) {
		*out = r->local;
	} else {
		*out = v4 ? s->lan4 : s->lan6;
	}
	return out->family != 0;
}

static size_t answer_negative(const struct answer *a, const struct request *r,
    const struct verdict *v, uint32_t ttl_s)
{
	struct dname qname = message_qname(&r->message);
	size_t labels = name_label_count(qname);
	struct dname owner = qname;

	for (; labels > v->matched_labels && v->matched_labels > 0; labels--)
		owner = name_parent(owner);
	if (v->answer == RULES_ANSWER_NXDOMAIN)
		return answer_nxdomain(a, owner, ttl_s);
	/* NODATA, not NXDOMAIN: NXDOMAIN denies every name below qname too (RFC 8020), and a
	 * cache that honours it would drop an allowed child. */
	return answer_nodata(a, owner, ttl_s);
}

static size_t answer_blocked(const struct worker *w, const struct request *r,
    const struct verdict *v, struct answer *a)
{
	static const uint8_t NULL_ADDRESS[16] = {0};
	uint16_t qtype = r->message.qtype;
	uint32_t ttl_s = (uint32_t)(w->snapshot->config->filter.answer.ttl_ms / 1000);
	uint32_t left_s = seconds_left(v, w->now);
	struct addr page;

	if (left_s < ttl_s)
		ttl_s = left_s;
	if (v->reason != REASON_PORTAL)
		a->ede = v->locked ? EDE_CENSORED : EDE_BLOCKED;
	if (v->answer == RULES_ANSWER_REFUSED)
		return answer_rcode(a, RCODE_REFUSED);
	if (v->answer == RULES_ANSWER_WARNING && page_address(w, r, qtype, &page))
		return answer_address(a, addr_slice(&page), ttl_s);
	if (v->answer == RULES_ANSWER_NULL && (qtype == TYPE_A || qtype == TYPE_AAAA)) {
		return answer_address(
		    a, (struct slice){NULL_ADDRESS, qtype == TYPE_A ? 4 : 16}, ttl_s);
	}
	return answer_negative(a, r, v, ttl_s);
}

static size_t answer_failure(struct answer *a, enum ede_code ede)
{
	a->ede = ede;
	return answer_rcode(a, RCODE_SERVFAIL);
}

static size_t answer_stored(const struct worker *w, struct answer *a, struct slice bytes,
    uint64_t stored_ms, uint32_t ttl_max_s)
{
	struct stored stored;
	uint64_t age_s =
	    w->now.mono_ms > stored_ms ? (w->now.mono_ms - stored_ms) / 1000 : 0;

	if (!stored_view(&stored, bytes) || stored.kind == STORED_FAILURE)
		return answer_failure(a, EDE_NO_REACHABLE_AUTHORITY);
	return answer_from_stored(a, &stored, (uint32_t)age_s, ttl_max_s);
}

/* An allowed name: from the cache, or the asker waits for upstream. */
static size_t answer_allowed(
    struct worker *w, struct request *r, const struct verdict *v, struct answer *a)
{
	if (r->cached) {
		counter_add(&w->counters.cached, 1);
		return answer_stored(
		    w, a, r->found, r->hit.stored_ms, seconds_left(v, w->now));
	}
	r->unlisted = v->unlisted;
	if (forward_start(w, r) == FORWARD_WAITS)
		return 0;
	counter_add(&w->counters.failed, 1);
	return answer_failure(a, EDE_OTHER);
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

	if (r->fate != MESSAGE_GOOD)
		return answer_malformed(w, r, &a);
	if (!r->who.may_ask)
		return refuse_stranger(w, &a);
	if (is_refused_kind(&r->message)) {
		counter_add(&w->counters.refused, 1);
		return answer_rcode(&a, RCODE_REFUSED);
	}
	tallying_seen(w, r);
	struct verdict v = decide(w, r, &r->hashes);
	if (v.action == POLICY_BLOCK) {
		counter_add(&w->counters.blocked, 1);
		tallying_attempt(w, r, &v);
		return answer_blocked(w, r, &v, &a);
	}
	if (r->message.qtype == TYPE_ANY)
		return answer_any(&a, ANY_TTL_S);
	if (is_designated_resolver_question(r))
		return answer_nodata(&a, message_qname(&r->message), MOVABLE_TTL_MAX_S);
	return answer_allowed(w, r, &v, &a);
}

/* The request that an asker made, rebuilt for the rules in force now. */
static void recall(const struct worker *w, const struct asker *asker, struct request *r)
{
	const struct policy *policy = w->snapshot->policy;

	r->transport = asker->transport;
	r->client = asker->client;
	r->local = asker->local;
	r->fate = MESSAGE_GOOD;
	r->cached = false;
	r->unlisted = false;
	r->message = asker->message;
	r->who = policy_client(policy, &asker->client);
	name_hash_all(&r->hashes, message_qname(&r->message), policy_hash_key(policy));
}

void query_finish(struct asker *asker, const struct letter *letter)
{
	struct worker *w = asker->home;
	struct request *r = w->late;
	size_t len;

	recall(w, asker, r);
	struct answer a = answer_begin(w, r, w->late_answer, sizeof w->late_answer);
	struct verdict v = decide(w, r, &r->hashes);
	if (v.action == POLICY_BLOCK) { /* by rules that came while it waited */
		counter_add(&w->counters.blocked, 1);
		tallying_attempt(w, r, &v);
		len = answer_blocked(w, r, &v, &a);
	} else if (letter->failed) {
		len = answer_failure(&a, (enum ede_code)letter->ede);
	} else {
		len = answer_stored(w, &a, (struct slice){letter->bytes, letter->len},
		    letter->stored_ms, seconds_left(&v, w->now));
	}
	if (len > 0)
		asker->transport->send(asker, (struct slice){w->late_answer, len});
	asker_release(asker);
}
