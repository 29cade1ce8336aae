#include "filter/rebind.h"

#include "dns/leads.h"
#include "filter/denial.h"
#include "kit/log.h"
#include "net/inside.h"

enum {
	SAY_AGAIN_MS = 60 * 60 * 1000
};

bool rebind_has_inside(const struct stored *stored)
{
	struct lead_walk walk = lead_walk_over(stored);
	struct lead lead;

	while (lead_walk_next(&walk, &lead)) {
		if (lead.is_address && inside_has(lead.address))
			return true;
	}
	return false;
}

bool rebind_is_sound(
    const struct worker *w, const struct request *r, const struct stored *stored)
{
	return !w->snapshot->config->upstream.rebind_protection || r->at_home ||
	    !rebind_has_inside(stored);
}

/* 0.0.0.0 is how a server says that it blocks a name itself: nobody's mistake. */
static bool is_an_attempt(const struct stored *stored)
{
	struct lead_walk walk = lead_walk_over(stored);
	struct lead lead;

	while (lead_walk_next(&walk, &lead)) {
		if (lead.is_address && inside_kind_of(lead.address) == INSIDE_PRIVATE)
			return true;
	}
	return false;
}

/* The name is what a person asked for: only the debug log has it, `explain` tells the rest.
 * Some devices ask for such names all day: once an hour is enough to know it. */
static void say(struct worker *w, const struct request *r)
{
	char name[NAME_TEXT_MAX];

	if (w->rebind_said_ms == 0 || w->now.mono_ms >= w->rebind_said_ms + SAY_AGAIN_MS) {
		w->rebind_said_ms = w->now.mono_ms;
		log_info("rebinding",
		    "private addresses in an answer for a public name were withheld; if the "
		    "name is the school's own, `lachanctl explain NAME` shows the line for "
		    "upstream.zones");
	}
	if (!log_wants(LOG_LEVEL_DEBUG))
		return;
	name_to_text(name, message_qname(&r->message));
	log_debug("rebinding",
	    "withheld: %s (to let it pass: upstream.zones: [{zone: %s}])", name, name);
}

void rebind_note(struct worker *w, const struct request *r, const struct stored *stored)
{
	if (!is_an_attempt(stored))
		return;
	counter_add(&w->counters.rebound, 1);
	say(w, r);
}

size_t rebind_write(struct worker *w, const struct request *r, const struct verdict *v,
    const struct obtained *got, struct answer *a)
{
	const struct snapshot *s = w->snapshot;
	const struct answer_cut cut = {
	    .ech = policy_hides_ech(s->policy, &r->who, &s->state),
	    .address = inside_has,
	};
	uint32_t ttl_max_s = verdict_ttl_max_s(v, w->now);

	rebind_note(w, r, &got->stored);
	a->ede = EDE_OTHER;
	if (r->message.edns.dnssec_ok)
		return answer_nodata(a, message_qname(&r->message), verdict_ttl_s(w, v));
	ttl_max_s = ttl_max_s < MOVABLE_TTL_MAX_S ? ttl_max_s : MOVABLE_TTL_MAX_S;
	return answer_without(a, &got->stored, &cut, got->age_s, ttl_max_s);
}
