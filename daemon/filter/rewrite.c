#include "filter/rewrite.h"

#include "dns/leads.h"
#include "filter/obtain.h"
#include "filter/review.h"
#include "filter/tallying.h"
#include "rule/rule.h"
#include "ruledb/ruledb.h"

/* ---- by another name ------------------------------------------------------------------ */

/* Does the other name's answer lead on to what was asked, or to a name that is itself led
 * elsewhere? Then its addresses are those that must not be given. */
static bool leads_back(const struct worker *w, const struct request *r,
    const struct verdict *v, const struct stored *stored)
{
	struct policy_question q = query_question(w, r);
	struct lead_walk walk = lead_walk_over(stored);
	struct dname qname = q.name;
	struct name_hashes hashes;
	struct policy_alias alias;
	struct lead lead;

	while (lead_walk_next(&walk, &lead)) {
		if (lead.is_address)
			continue;
		q.name = name_of(&lead.name);
		q.hashes = &hashes;
		name_hash_all(&hashes, q.name, policy_hash_key(w->snapshot->policy));
		if (name_equal(q.name, qname) ||
		    policy_rewrite(w->snapshot->policy, &r->who, &q, v, &alias))
			return true;
	}
	return false;
}

/* How the question is answered by the name `to`, of which `got` is known. */
static size_t write_alias(struct worker *w, struct request *r, const struct verdict *passes,
    struct dname to, const struct obtained *got, struct answer *a)
{
	struct reviewed reviewed;
	uint32_t ttl_s = verdict_ttl_max_s(passes, w->now);

	if (leads_back(w, r, passes, &got->stored))
		return failure_write(a, EDE_OTHER);
	if (!got->plain) {
		query_review(&reviewed, w, r, passes, &got->stored);
		const struct subject target = {name_of(&reviewed.target), &reviewed.hashes};
		const struct subject asked = {message_qname(&r->message), &r->hashes};
		const struct subject *about = reviewed.by_target ? &target : &asked;
		if (reviewed.verdict.action == POLICY_BLOCK) {
			counter_add(&w->counters.blocked, 1);
			tallying_attempt(w, r, about, &reviewed.verdict);
			return denial_write(w, r, about, &reviewed.verdict, a);
		}
		ttl_s = verdict_ttl_max_s(&reviewed.verdict, w->now);
	}
	ttl_s = ttl_s < MOVABLE_TTL_MAX_S ? ttl_s : MOVABLE_TTL_MAX_S;
	return answer_alias(a, to, ttl_s, &got->stored, got->age_s);
}

static size_t lead_to(struct worker *w, struct request *r, const struct verdict *passes,
    struct dname to, struct answer *a)
{
	struct obtained got;

	switch (obtain_other(w, r, to, &got)) {
	case OBTAIN_DONE:
		return write_alias(w, r, passes, to, &got, a);
	case OBTAIN_WAITS:
		return 0;
	case OBTAIN_FAILED:
		break;
	}
	return failure_write(a, got.ede);
}

size_t rewrite_to_alias(struct worker *w, struct request *r, const struct verdict *v,
    const struct policy_alias *alias, struct answer *a)
{
	uint32_t ttl_s = verdict_ttl_max_s(v, w->now);

	/* HTTPS, TXT and the rest of a search engine tell nothing that safe search needs, and
	 * their hints could tell what it must not: the safe name has no such data. */
	if (r->message.qtype != TYPE_A && r->message.qtype != TYPE_AAAA) {
		ttl_s = ttl_s < MOVABLE_TTL_MAX_S ? ttl_s : MOVABLE_TTL_MAX_S;
		return answer_alias(a, alias->name, ttl_s, NULL, 0);
	}
	return lead_to(w, r, v, alias->name, a);
}

/* ---- by a rule's data ------------------------------------------------------------------- */

/* What the rules that list a name would answer, all together. */
struct rule_answer {
	unsigned actions; /* bit 1 << enum rule_action */
	struct slice cname;
	struct answer_record records[POLICY_DATA_MAX]; /* of the type asked for */
	size_t record_count;
};

static void add_record(
    struct rule_answer *out, const struct rule_terms *terms, uint16_t qtype)
{
	if (terms->data_type == TYPE_CNAME) {
		out->cname = terms->data;
	} else if (terms->data_type == qtype) {
		out->records[out->record_count++] =
		    (struct answer_record){qtype, terms->data};
	}
}

static void read_rules(struct rule_answer *out, const struct worker *w,
    const struct verdict *v, uint16_t qtype)
{
	*out = (struct rule_answer){.cname = SLICE_EMPTY};
	for (unsigned i = 0; i < v->data_count; i++) {
		struct rule_terms terms;
		if (!ruledb_rule_terms(w->snapshot->rules->db, v->data[i], &terms))
			continue;
		out->actions |= 1u << terms.action;
		if (terms.action == RULE_RECORD)
			add_record(out, &terms, qtype);
	}
}

static bool has(const struct rule_answer *rules, enum rule_action action)
{
	return (rules->actions & 1u << action) != 0;
}

/* The name that a rule's CNAME leads to. RPZ's "*.garden.example" puts the question's name
 * in front of the rest; false when that is too long. */
static bool cname_of(struct name_buf *out, struct slice data, struct dname qname)
{
	struct dname target = {data.ptr, data.len};
	bool wildcard = data.len > 2 && data.ptr[0] == 1 && data.ptr[1] == '*';

	if (!wildcard) {
		name_copy(out, target);
		return true;
	}
	size_t rest = data.len - 2;
	if (qname.len - 1 + rest > NAME_OCTETS_MAX)
		return false;
	memcpy(out->wire, qname.wire, qname.len - 1);
	memcpy(out->wire + qname.len - 1, data.ptr + 2, rest);
	out->len = (uint8_t)(qname.len - 1 + rest); /* <= NAME_OCTETS_MAX */
	return true;
}

struct verdict rewrite_passing(const struct verdict *v)
{
	struct verdict passes = *v;

	passes.action = POLICY_PASS;
	passes.reason = REASON_NONE;
	passes.covers_answers = false;
	passes.data_count = 0;
	passes.data_alone = false;
	return passes;
}

/* Whether the asker may reach the name that a rule leads to; what it is blocked by, if not. */
static bool may_reach(const struct worker *w, const struct request *r,
    const struct verdict *passes, const struct subject *to, struct verdict *out)
{
	const struct policy_review review = {
	    .policy = w->snapshot->policy,
	    .who = &r->who,
	    .state = &w->snapshot->state,
	    .of_qname = passes,
	    .now = w->now,
	};
	struct policy_question q = query_question(w, r);

	q.name = to->name;
	q.hashes = to->hashes;
	q.unlisted = false;
	*out = policy_review(&review, &q);
	return out->action == POLICY_PASS;
}

/* A rule's CNAME takes the place of the block: its target, and what that leads to, are judged
 * as an answer. */
static size_t lead_by_rule(struct worker *w, struct request *r, const struct verdict *v,
    struct dname to, struct answer *a)
{
	struct verdict passes = rewrite_passing(v), of_target;
	struct name_hashes hashes;
	const struct subject target = {to, &hashes};

	if (r->message.qtype == TYPE_ANY)
		return answer_any(a, verdict_ttl_s(w, v));
	name_hash_all(&hashes, to, policy_hash_key(w->snapshot->policy));
	if (!may_reach(w, r, &passes, &target, &of_target))
		return denial_write(w, r, &target, &of_target, a);
	a->ede = verdict_ede(v);
	return lead_to(w, r, &passes, to, a);
}

/* One answer of all rules: silence and rcodes before records, as no record goes with them. */
static size_t write_rules(const struct worker *w, const struct rule_answer *rules,
    const struct subject *subject, const struct verdict *v, struct answer *a)
{
	uint32_t ttl_s = verdict_ttl_s(w, v);

	a->ede = verdict_ede(v);
	if (has(rules, RULE_REFUSED))
		return answer_rcode(a, RCODE_REFUSED);
	if (has(rules, RULE_NXDOMAIN))
		return answer_nxdomain(a, subject->name, ttl_s);
	if (rules->record_count > 0)
		return answer_records(a, rules->records, rules->record_count, ttl_s);
	return answer_nodata(a, subject->name, ttl_s);
}

static bool is_tcp_only(const struct rule_answer *rules)
{
	return has(rules, RULE_TCP_ONLY) && !has(rules, RULE_DROP);
}

/* What blocks the name besides rules whose data would let it pass. */
static bool deny(struct worker *w, struct request *r, const struct subject *subject,
    const struct verdict *v, struct answer *a, size_t *len)
{
	counter_add(&w->counters.blocked, 1);
	tallying_attempt(w, r, subject, v);
	*len = denial_write(w, r, subject, v, a);
	return true;
}

bool rewrite_by_rules(struct worker *w, struct request *r, const struct subject *subject,
    const struct verdict *v, struct answer *a, size_t *len)
{
	bool over_udp = a->max_udp_bytes != 0;
	struct dname qname = message_qname(&r->message);
	struct rule_answer rules;
	struct name_buf to;

	read_rules(&rules, w, v, r->message.qtype);
	*len = 0;
	bool leads = rules.cname.len > 0 && cname_of(&to, rules.cname, qname);
	bool to_itself = leads && name_equal(name_of(&to), qname);
	if ((to_itself || is_tcp_only(&rules)) && !v->data_alone)
		return deny(w, r, subject, v, a, len);
	if (is_tcp_only(&rules)) {
		if (over_udp)
			*len = answer_truncated(a);
		return over_udp;
	}
	if (to_itself)
		return false;
	tallying_attempt(w, r, subject, v);
	if (has(&rules, RULE_DROP)) {
		counter_add(&w->counters.blocked, 1);
		return true;
	}
	if (leads) {
		*len = lead_by_rule(w, r, v, name_of(&to), a);
		return true;
	}
	counter_add(&w->counters.blocked, 1);
	*len = write_rules(w, &rules, subject, v, a);
	return true;
}
