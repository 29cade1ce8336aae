#include <stdlib.h>

#include "base/words.h"
#include "dns/codes.h"
#include "dns/text.h"
#include "filter/clock.h"
#include "filter/command.h"
#include "filter/hearing.h"
#include "kit/explain_json.h"
#include "kit/explain_local.h"
#include "kit/local_time.h"
#include "kit/log.h"
#include "policy/explain.h"

enum {
	AT_DAYS_MAX = 400 /* as far as a calendar reaches */
};

/* What `explain` is about. */
struct subject {
	struct name_buf name;
	struct addr client; /* family 0: not given */
	struct mac mac;     /* or MAC_NONE */
	uint16_t qtype;
	struct policy_who who;
	bool at_given;
	bool lines; /* of the feeds; looking for them reads their copies */
	int64_t at_s;
};

/* A device by its MAC, its address or both; the MAC behind an address is looked for, as it is for
 * a query. */
static bool read_client(struct command *c, const char *text, struct subject *out)
{
	struct program *p = c->program;
	const struct snapshot *s = publisher_now(p->publisher);

	if (policy_read_client(&out->client, &out->mac, slice_of(text), NULL) != OK) {
		command_fail(c, N_("that is not an address"));
		return false;
	}
	if (!mac_is_known(out->mac)) {
		(void)identity_find_mac(
		    p->filter, s, &p->ask, &out->client, clock_mono_ms(), &out->mac);
	}
	out->who = policy_client(s->policy, &out->client, out->mac);
	return true;
}

/* The asker: a tier, else a client, else a device that nobody claims. */
static bool read_asker(struct command *c, const struct policy *policy, struct subject *out)
{
	const char *tier = command_text(c, "tier");
	const char *client = command_text(c, "client");
	uint8_t index;

	out->client = ADDR_NONE;
	out->mac = MAC_NONE;
	if (tier != NULL && !policy_find_tier(policy, tier, &index)) {
		command_fail(c, N_("there is no such tier"));
		return false;
	}
	if (tier == NULL && client != NULL)
		return read_client(c, client, out);
	out->who = tier != NULL ? policy_member(policy, index)
	                        : policy_client(policy, &out->client, MAC_NONE);
	return true;
}

static bool read_time(struct command *c, struct moment now, struct subject *out)
{
	const json_t *at = json_object_get(c->request, "at");
	int64_t span_s = (int64_t)AT_DAYS_MAX * CALENDAR_DAY_S;

	out->at_given = at != NULL;
	if (!out->at_given) {
		out->at_s = now.wall_s;
		return true;
	}
	if (json_is_integer(at)) {
		out->at_s = json_integer_value(at);
	} else if (!json_is_string(at) ||
	    !local_time_read(json_string_value(at), &out->at_s)) {
		command_fail(c, N_("that is not a time (write it like 2026-11-20T11:30)"));
		return false;
	}
	if (out->at_s < now.wall_s - span_s || out->at_s > now.wall_s + span_s) {
		command_fail(c, N_("that time is more than 400 days away"));
		return false;
	}
	return true;
}

static bool read_subject(
    struct command *c, const struct policy *policy, struct moment now, struct subject *out)
{
	const char *type = command_text(c, "type");

	if (!command_read_name(c, &out->name))
		return false;
	out->qtype = TYPE_A;
	if (type != NULL && !text_to_type(slice_of(type), &out->qtype)) {
		command_fail(c, N_("that is not a record type"));
		return false;
	}
	out->lines = !json_is_false(json_object_get(c->request, "lines"));
	return read_asker(c, policy, out) && read_time(c, now, out);
}

/* The moment and the state to judge by. Another time is looked at as if the clock were right
 * then; what lies in the past is judged by the grants and pauses of today. */
static void look_at_time(const struct snapshot *s, const struct subject *subject,
    struct moment *now, struct policy_state *state)
{
	struct calendar calendar;

	*state = s->state;
	if (!subject->at_given)
		return;
	int64_t ahead_ms = (subject->at_s - now->wall_s) * 1000;
	if (ahead_ms >= 0) {
		now->mono_ms += (uint64_t)ahead_ms;
	} else {
		uint64_t back_ms = (uint64_t)-ahead_ms;
		now->mono_ms = now->mono_ms > back_ms ? now->mono_ms - back_ms : 0;
	}
	now->wall_s = subject->at_s;
	now->wall_trusted = true;
	calendar_make(&calendar, local_offset_s, NULL, now->wall_s);
	policy_state_make(state, s->policy, &calendar, *now, &s->state);
	state->enforce = s->state.enforce;
}

/* Where the name itself is open but an answer in the cache leads to what is blocked: that is
 * what its askers get, so that is what is said, with the rules of both. False: no memory. */
static bool add_answers(const struct subject *subject, const struct hearing *hearing,
    const struct explanation *e, json_t *made)
{
	const struct policy *policy = hearing->policy;
	struct policy_question question = *hearing->question;
	struct reviewed reviewed;
	struct explanation *target;

	if (e->verdict.action != POLICY_PASS ||
	    !hearing_of_answers(&reviewed, hearing, &e->verdict))
		return true;
	if (!reviewed.by_target) /* an address in it; its rule has no name */
		return explain_through(made, policy, &reviewed.verdict, NULL, NULL) == OK;
	target = calloc(1, sizeof *target);
	if (target == NULL)
		return false;
	question.name = name_of(&reviewed.target);
	question.hashes = &reviewed.hashes;
	policy_explain(
	    policy, &subject->who, &question, hearing->state, hearing->now, target);
	const struct explain_subject what = {
	    .policy = policy, .name = question.name, .qtype = subject->qtype};
	enum err rc = explain_through(made, policy, &reviewed.verdict, &what, target);
	free(target);
	return rc == OK;
}

/* What the name is here, and whether addresses are withheld from an answer to it. */
static bool add_local(
    const struct snapshot *s, const struct hearing *hearing, uint16_t qtype, json_t *made)
{
	const struct explain_local what = {
	    .zones = &s->config->upstream.zones,
	    .local = s->local,
	    .name = hearing->question->name,
	    .hashes = hearing->question->hashes,
	    .qtype = qtype,
	};
	struct local_found found;

	local_find(&found, s->local, what.name, what.hashes, qtype);
	bool at_home = found.zone != NULL && found.zone->is_private;
	bool rebound = s->config->upstream.rebind_protection && !at_home &&
	    hearing_has_inside(hearing);
	return explain_local_add(made, &what) == OK &&
	    json_object_set_new(made, "rebound", json_boolean(rebound)) == 0;
}

/* A device that is staff's at that time, by a sign-in. */
static void add_lease(const struct subject *subject, struct moment now, json_t *made)
{
	uint64_t until_ms = subject->who.staff_until_ms;

	if (until_ms <= now.mono_ms)
		(void)json_object_set_new(made, "staff_until", json_string(""));
	else
		command_put_time(made, "staff_until",
		    now.wall_s + (int64_t)((until_ms - now.mono_ms + 999) / 1000));
}

static json_t *explain(struct program *p, struct subject *subject, struct moment now)
{
	const struct snapshot *s = publisher_now(p->publisher);
	struct explanation *e = calloc(1, sizeof *e);
	struct policy_state *state = calloc(1, sizeof *state);
	struct name_hashes hashes;
	json_t *made = NULL;

	if (e == NULL || state == NULL)
		goto done;
	name_hash_all(&hashes, name_of(&subject->name), policy_hash_key(s->policy));
	look_at_time(s, subject, &now, state);
	leases_apply(s->leases, &subject->client, subject->mac, now, &subject->who);
	const struct policy_question question = {
	    .name = name_of(&subject->name),
	    .hashes = &hashes,
	    .qtype = subject->qtype,
	    .client = subject->client.family != 0 ? &subject->client : NULL,
	    .scratch = p->scratch,
	};
	policy_explain(s->policy, &subject->who, &question, state, now, e);
	const struct explain_subject what = {
	    .policy = s->policy,
	    .name = name_of(&subject->name),
	    .qtype = subject->qtype,
	    .at_s = now.wall_s,
	    .trial = !state->enforce,
	};
	const struct hearing hearing = {
	    .policy = s->policy,
	    .state = state,
	    .cache = p->filter->cache,
	    .cache_now_ms = clock_mono_ms(),
	    .now = now,
	    .who = &subject->who,
	    .question = &question,
	    .types = &subject->qtype,
	    .type_count = 1,
	};
	made = explain_to_json(&what, e);
	if (made != NULL && !add_local(s, &hearing, subject->qtype, made)) {
		json_decref(made);
		made = NULL;
	}
	if (made != NULL && !s->refuse_all && !add_answers(subject, &hearing, e, made)) {
		json_decref(made);
		made = NULL;
	}
	if (made != NULL && subject->lines && s->rules->db != NULL &&
	    explain_find_lines(made, s->rules->db, s->config->server.state_dir.text) !=
	        OK) {
		log_warn(
		    "control", "explain: no memory to look for the lines of the rules");
	}
	if (made != NULL)
		add_lease(subject, now, made);
done:
	free(state);
	free(e);
	return made;
}

void command_explain(struct command *c)
{
	struct program *p = c->program;
	const struct moment now = clock_moment(
	    atomic_load_explicit(&p->filter->wall_trusted, memory_order_relaxed));
	struct subject subject;

	if (!read_subject(c, publisher_now(p->publisher)->policy, now, &subject))
		return;
	c->reply = explain(p, &subject, now);
	if (c->reply != NULL)
		(void)json_object_set_new(c->reply, "ok", json_true());
}
