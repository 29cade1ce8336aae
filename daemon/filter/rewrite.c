#include "filter/rewrite.h"

#include "filter/diagnosing.h"
#include "filter/lead.h"
#include "filter/tallying.h"
#include "rule/rule.h"
#include "ruledb/ruledb.h"

/* ---- by another name ------------------------------------------------------------------ */

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
	return lead_to(w, r, v, alias->name, MOVABLE_TTL_MAX_S, a);
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
	if (!lead_may_reach(w, r, &passes, &target, &of_target)) {
		if (w->diagnosing)
			diagnosing_verdict(w, &of_target);
		return denial_write(w, r, &target, &of_target, a);
	}
	verdict_tell(w, v, a);
	return lead_to(w, r, &passes, to, MOVABLE_TTL_MAX_S, a);
}

/* One answer of all rules: silence and rcodes before records, as no record goes with them. */
static size_t write_rules(const struct worker *w, const struct rule_answer *rules,
    const struct subject *subject, const struct verdict *v, struct answer *a)
{
	uint32_t ttl_s = verdict_ttl_s(w, v);

	verdict_tell(w, v, a);
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
