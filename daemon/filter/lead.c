#include "filter/lead.h"

#include "dns/leads.h"
#include "filter/diagnosing.h"
#include "filter/rebind.h"
#include "filter/review.h"
#include "filter/stale.h"
#include "filter/tallying.h"

/* One question being led. */
struct leading {
	struct worker *w;
	struct request *r;
	const struct verdict *passes;
	struct answer *a;
	struct lead_path path;
	/* The last target, and what it is here. */
	struct dname to;
	struct name_hashes hashes;
	struct local_found found;
};

static struct answer_path path_of(const struct leading *l, uint32_t ttl_max_s)
{
	return (struct answer_path){l->path.links, l->path.count, ttl_max_s};
}

/* One name on. False: the way is too long. */
static bool step(struct leading *l, struct dname to, uint32_t ttl_s)
{
	const struct snapshot *s = l->w->snapshot;

	if (l->path.count == COUNT_OF(l->path.links))
		return false;
	l->path.links[l->path.count++] = (struct answer_link){to, ttl_s};
	l->to = to;
	name_hash_all(&l->hashes, to, policy_hash_key(s->policy));
	local_find(&l->found, s->local, to, &l->hashes, l->r->message.qtype);
	return true;
}

static size_t deny(struct leading *l, const struct subject *about, const struct verdict *v)
{
	if (l->w->diagnosing)
		diagnosing_verdict(l->w, v);
	counter_add(&l->w->counters.blocked, 1);
	tallying_attempt(l->w, l->r, about, v);
	return denial_write(l->w, l->r, about, v, l->a);
}

/* ---- what ends here --------------------------------------------------------------------- */

static size_t write_here(const struct leading *l)
{
	const struct local_found *found = &l->found;
	const struct answer_path path = path_of(l, verdict_ttl_max_s(l->passes, l->w->now));
	uint32_t ttl_s = (uint32_t)(l->w->snapshot->config->filter.answer.ttl_ms / 1000);

	counter_add(&l->w->counters.local, 1);
	if (found->kind == LOCAL_RECORDS)
		return answer_path_to_records(
		    l->a, &path, found->records, found->record_count, found->ttl_s);
	return answer_path_to_nothing(l->a, &path,
	    found->kind == LOCAL_NXDOMAIN ? RCODE_NXDOMAIN : RCODE_NOERROR,
	    found->zone->apex, ttl_s);
}

/* ---- what is asked elsewhere ------------------------------------------------------------ */

/* Does the other name's answer lead on to what was asked, or to a name that is itself led
 * elsewhere? Then its addresses are those that must not be given. */
static bool leads_back(const struct leading *l, const struct stored *stored)
{
	struct policy_question q = query_question(l->w, l->r);
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
		name_hash_all(&hashes, q.name, policy_hash_key(l->w->snapshot->policy));
		if (name_equal(q.name, qname) ||
		    policy_rewrite(
		        l->w->snapshot->policy, &l->r->who, &q, l->passes, &alias))
			return true;
	}
	return false;
}

/* How the question is answered by the last name, of which `got` is known. */
static size_t write_obtained(struct leading *l, const struct obtained *got)
{
	struct worker *w = l->w;
	struct reviewed reviewed;
	uint32_t ttl_s = verdict_ttl_max_s(l->passes, w->now);

	if (leads_back(l, &got->stored))
		return failure_write(l->a, EDE_OTHER);
	if (!rebind_is_sound(w, l->r, &got->stored)) {
		rebind_note(w, l->r, &got->stored);
		l->a->ede = EDE_OTHER;
		l->a->ede_text = SLICE_EMPTY;
		return answer_nodata(
		    l->a, message_qname(&l->r->message), verdict_ttl_s(w, l->passes));
	}
	if (!got->plain) {
		query_review(&reviewed, w, l->r, l->passes, &got->stored);
		const struct subject target = {name_of(&reviewed.target), &reviewed.hashes};
		const struct subject asked = {message_qname(&l->r->message), &l->r->hashes};
		if (reviewed.verdict.action == POLICY_BLOCK)
			return deny(
			    l, reviewed.by_target ? &target : &asked, &reviewed.verdict);
		ttl_s = verdict_ttl_max_s(&reviewed.verdict, w->now);
	}
	ttl_s = ttl_s < MOVABLE_TTL_MAX_S ? ttl_s : MOVABLE_TTL_MAX_S;
	if (got->stale && l->a->ede == EDE_NONE)
		l->a->ede = stale_ede(&got->stored);
	const struct answer_path path = path_of(l, ttl_s);
	return answer_path_to_stored(l->a, &path, &got->stored, got->age_s);
}

static size_t write_elsewhere(struct leading *l)
{
	struct obtained got;

	switch (obtain_other(l->w, l->r, l->to, &l->found, &got)) {
	case OBTAIN_DONE:
		return write_obtained(l, &got);
	case OBTAIN_WAITS:
		return 0;
	case OBTAIN_FAILED:
		break;
	}
	return failure_write(l->a, got.ede);
}

/* ---- along the way ---------------------------------------------------------------------- */

bool lead_may_reach(const struct worker *w, const struct request *r,
    const struct verdict *passes, const struct subject *to, struct verdict *out)
{
	const struct policy_review review = query_policy_review(w, r, passes);
	struct policy_question q = query_question(w, r);

	q.name = to->name;
	q.hashes = to->hashes;
	q.unlisted = false;
	*out = policy_review(&review, &q);
	return out->action == POLICY_PASS;
}

/* Where the last name is a search engine's, its safe name takes its place. False: too far. */
static bool step_to_safe_name(struct leading *l)
{
	struct policy_question q = query_question(l->w, l->r);
	struct policy_alias alias;

	q.name = l->to;
	q.hashes = &l->hashes;
	q.unlisted = false;
	return !policy_rewrite(l->w->snapshot->policy, &l->r->who, &q, l->passes, &alias) ||
	    step(l, alias.name, MOVABLE_TTL_MAX_S);
}

/* From the last name to the end of its way. */
static size_t lead_on(struct leading *l)
{
	while (l->found.kind == LOCAL_ALIAS) {
		const struct answer_record *cname = &l->found.records[0];
		struct verdict of_target;
		if (!step(l, (struct dname){cname->rdata.ptr, cname->rdata.len},
		        l->found.ttl_s))
			return failure_write(l->a, EDE_OTHER);
		const struct subject target = {l->to, &l->hashes};
		if (!lead_may_reach(l->w, l->r, l->passes, &target, &of_target))
			return deny(l, &target, &of_target);
		if (l->found.kind == LOCAL_ELSEWHERE && !step_to_safe_name(l))
			return failure_write(l->a, EDE_OTHER);
	}
	return l->found.kind == LOCAL_ELSEWHERE ? write_elsewhere(l) : write_here(l);
}

size_t lead_to(struct worker *w, struct request *r, const struct verdict *passes,
    struct dname to, uint32_t ttl_s, struct answer *a)
{
	struct leading l = {.w = w, .r = r, .passes = passes, .a = a};

	return step(&l, to, ttl_s) ? lead_on(&l) : failure_write(a, EDE_OTHER);
}

size_t lead_local(struct worker *w, struct request *r, const struct verdict *passes,
    const struct local_found *found, struct answer *a)
{
	struct verdict judged = *passes;
	struct leading l = {.w = w, .r = r, .passes = &judged, .a = a, .found = *found};

	/* That no list blocks the school's own names says nothing of those they lead to. */
	if (judged.reason == REASON_NEVER_BLOCK)
		judged.covers_answers = false;

	return lead_on(&l);
}
