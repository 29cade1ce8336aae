#include "filter/denial.h"

#include "filter/structured_error.h"

uint32_t verdict_ttl_max_s(const struct verdict *v, struct moment now)
{
	if (v->valid_until_ms == UINT64_MAX)
		return UINT32_MAX;
	if (v->valid_until_ms <= now.mono_ms)
		return 0;
	uint64_t left_s = (v->valid_until_ms - now.mono_ms) / 1000;
	return left_s < MOVABLE_TTL_MAX_S ? (uint32_t)left_s : MOVABLE_TTL_MAX_S;
}

uint32_t verdict_ttl_s(const struct worker *w, const struct verdict *v)
{
	uint32_t ttl_s = (uint32_t)(w->snapshot->config->filter.answer.ttl_ms / 1000);
	uint32_t max_s = verdict_ttl_max_s(v, w->now);

	return ttl_s < max_s ? ttl_s : max_s;
}

void verdict_tell(const struct worker *w, const struct verdict *v, struct answer *a)
{
	a->ede = EDE_NONE;
	/* The portal is no block; and what a canary is told is its vendor's own protocol. */
	if (v->reason == REASON_PORTAL || v->reason == REASON_BYPASS)
		return;
	/* RFC 8914: Censored is what somebody else than the operator asks for. */
	a->ede = v->locked || v->required ? EDE_CENSORED : EDE_BLOCKED;
	if (a->query->edns.wants_structured_error)
		a->ede_text = structured_error_text(w->snapshot->errors, v);
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
	} else if (r->local.family == (v4 ? AF_INET : AF_INET6) &&
	    !(r->forwarded && addr_is_loopback(&r->local))) {
		*out = r->local;
	} else {
		*out = v4 ? s->lan4 : s->lan6;
	}
	return out->family != 0;
}

/* The rule's name that decided, as a suffix of what the verdict is about. */
static struct dname matched_name(const struct subject *subject, const struct verdict *v)
{
	size_t labels = subject->hashes->count;

	if (v->matched_labels == 0 || v->matched_labels > labels)
		return subject->name;
	return name_suffix(subject->hashes, subject->name, v->matched_labels - 1u);
}

size_t denial_write(const struct worker *w, const struct request *r,
    const struct subject *subject, const struct verdict *v, struct answer *a)
{
	static const uint8_t NULL_ADDRESS[16] = {0};
	uint16_t qtype = r->message.qtype;
	uint32_t ttl_s = verdict_ttl_s(w, v);
	struct addr page;

	verdict_tell(w, v, a);
	if (v->answer == RULES_ANSWER_REFUSED)
		return answer_rcode(a, RCODE_REFUSED);
	if (v->answer == RULES_ANSWER_WARNING && page_address(w, r, qtype, &page))
		return answer_address(a, addr_slice(&page), ttl_s);
	if (v->answer == RULES_ANSWER_NULL && (qtype == TYPE_A || qtype == TYPE_AAAA)) {
		return answer_address(
		    a, (struct slice){NULL_ADDRESS, qtype == TYPE_A ? 4 : 16}, ttl_s);
	}
	if (v->answer == RULES_ANSWER_NXDOMAIN)
		return answer_nxdomain(a, matched_name(subject, v), ttl_s);
	/* NODATA, not NXDOMAIN: NXDOMAIN denies every name below qname too (RFC 8020), and a
	 * cache that honours it would drop an allowed child. */
	return answer_nodata(a, matched_name(subject, v), ttl_s);
}
