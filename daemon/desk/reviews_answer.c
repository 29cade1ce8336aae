#include "desk/reviews.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/words.h"
#include "conf/config.h"
#include "desk/call.h"
#include "desk/filter.h"
#include "desk/presence.h"
#include "desk/signing.h"
#include "kit/local_time.h"
#include "kit/log.h"

/* Who may answer, and who may open what weighs more. */
#define REVIEWERS (ACCOUNT_BIT(ACCOUNT_TEACHER) | HEADS)
#define HEADS     (ACCOUNT_BIT(ACCOUNT_ADMIN) | ACCOUNT_BIT(ACCOUNT_APPROVER))

enum {
	SCOPE_BYTES = 256,
	ERROR_BYTES = 512,
	FOR_DEFAULT_MS = 45 * 60 * 1000,
	SCOPES_TEXT_BYTES = REVIEW_TIERS * (REVIEW_TIER_BYTES + 1)
};

/* For whom it is opened, and the filter's grant once there is one. */
struct scope {
	char word[SCOPE_BYTES];
	json_int_t grant; /* 0: none yet */
};

/* An answer on its way. One at a time: two people who answer the same review would take
 * each other's grants away. */
struct answering {
	uint32_t id;
	bool always;
	int64_t for_ms;
	char note[REVIEW_TEXT_BYTES];
	char actor[SIGNING_ACTOR_BYTES];
	unsigned roles; /* of who signed in */
	bool for_group; /* scopes[0] is a room, else all are tiers */
	struct scope scopes[REVIEW_TIERS];
	size_t scope_count;
	size_t at;
	int64_t until_s; /* the earliest end; 0: none */
	char error[ERROR_BYTES];
};

static const struct review *review_of(const struct call *c)
{
	const struct answering *a = c->data;

	return reviews_find(c->desk->reviews->store, a->id);
}

/* Ends the call with a refusal. */
static void refuse(struct call *c, const char *why, const char *sentence)
{
	c->desk->reviews->answering = false;
	call_refuse(c, why, sentence);
}

/* ---- what is asked ---- */

static bool read_note(struct call *c, struct answering *a)
{
	const char *note = call_text(c, "note");

	if (note == NULL)
		return true;
	if (strlen(note) >= sizeof a->note ||
	    review_text_length(note) > REVIEW_TEXT_CHARS) {
		refuse(c, "too_long", N_("a note has at most 500 characters"));
		return false;
	}
	if (!review_text_is_sound(note)) {
		refuse(c, WHY_FAILED, N_("the note holds what is no text"));
		return false;
	}
	memcpy(a->note, note, strlen(note) + 1);
	return true;
}

/* One tier or room if one was named, else every tier that asked. */
static bool read_scopes(struct call *c, struct answering *a, const struct review *v)
{
	const char *tier = call_text(c, "tier"), *group = call_text(c, "group");
	const char *one = tier != NULL ? tier : group;
	struct review_tier tiers[REVIEW_TIERS];

	if (tier != NULL && group != NULL) {
		refuse(c, WHY_FAILED, N_("it is opened for one tier or one group"));
		return false;
	}
	if (one != NULL && strlen(one) >= SCOPE_BYTES) {
		refuse(c, WHY_FAILED, N_("that name is too long"));
		return false;
	}
	a->for_group = group != NULL;
	a->scope_count = one != NULL ? 1 : review_tiers(v, tiers);
	for (size_t i = 0; i < a->scope_count; i++)
		(void)snprintf(a->scopes[i].word, SCOPE_BYTES, "%s",
		    one != NULL ? one : tiers[i].tier);
	return true;
}

static void read_time(const struct call *c, struct answering *a)
{
	const char *word = call_text(c, "for");

	a->always = word != NULL && strcmp(word, "always") == 0;
	a->for_ms = call_number(c, "for_ms", FOR_DEFAULT_MS);
}

/* ---- the end ---- */

static void record(const struct call *c, const char *outcome)
{
	const struct answering *a = c->data;
	const struct review *v = review_of(c);
	struct review_tier tiers[REVIEW_TIERS];
	size_t count = review_tiers(v, tiers), used = 0;
	char scope[SCOPES_TEXT_BYTES] = "", detail[64];

	for (size_t i = 0; i < count; i++) {
		int n = snprintf(scope + used, sizeof scope - used, "%s%s",
		    i > 0 ? "," : "", tiers[i].tier);
		used += n > 0 ? (size_t)n : 0;
	}
	(void)snprintf(detail, sizeof detail, "review %u: %s", a->id, outcome);
	const struct filter_entry entry = {.actor = a->actor,
	    .action = "review-answer",
	    .name = v->name,
	    .scope = scope,
	    .detail = detail};
	filter_record(c->desk->filter, &entry);
}

static json_t *grants_to_json(const struct answering *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->scope_count; i++) {
		if (a->scopes[i].grant == 0)
			continue;
		(void)json_array_append_new(list,
		    json_pack("{s:I,s:s}", "id", a->scopes[i].grant,
		        a->for_group ? "group" : "tier", a->scopes[i].word));
	}
	return list;
}

static void give(struct call *c)
{
	const struct answering *a = c->data;
	json_t *reply = review_to_json(review_of(c));

	if (reply != NULL)
		(void)json_object_set_new(reply, "grants", grants_to_json(a));
	presence_note(c->desk, a->roles != 0 ? a->roles : 1U << PRESENCE_OPERATOR);
	c->desk->reviews->answering = false;
	call_give(c, reply);
}

static enum err keep_answer(struct call *c, enum review_state state)
{
	const struct answering *a = c->data;
	const struct review_answer answer = {.state = state,
	    .day = reviews_day(desk_wall_s(), 0),
	    .until_s = state == REVIEW_OPENED ? a->until_s : 0,
	    .note = a->note};

	return reviews_answer(c->desk->reviews->store, a->id, &answer);
}

/* ---- grants, one scope after the other; all of them or none ---- */

static void undo(struct call *c);

static void on_revoked(struct call *c, const json_t *answer)
{
	struct answering *a = c->data;

	if (!filter_agreed(answer))
		log_warn("reviews", "grant %lld of a failed answer could not be ended",
		    (long long)a->scopes[a->at].grant);
	a->scopes[a->at].grant = 0;
	undo(c);
}

/* Ends what was granted already, then says why. */
static void undo(struct call *c)
{
	struct answering *a = c->data;

	for (a->at = 0; a->at < a->scope_count; a->at++) {
		if (a->scopes[a->at].grant == 0)
			continue;
		call_ask_filter(c,
		    json_pack(
		        "{s:s,s:I}", "command", "revoke", "id", a->scopes[a->at].grant),
		    on_revoked);
		return;
	}
	refuse(c, WHY_FAILED, a->error);
}

static void fail(struct call *c, const char *sentence)
{
	struct answering *a = c->data;

	(void)snprintf(a->error, sizeof a->error, "%s", sentence);
	undo(c);
}

static void finish_opening(struct call *c)
{
	enum err rc = keep_answer(c, REVIEW_OPENED);

	if (rc == OK) {
		record(c, "allow");
		give(c);
		return;
	}
	log_error("reviews", "an answer could not be kept: %s",
	    rc == ERR_IO ? strerror(errno) : err_text(rc));
	fail(c, N_("the answer could not be written to disk, so nothing has changed"));
}

static void grant_next(struct call *c);

static void on_granted(struct call *c, const json_t *answer)
{
	struct answering *a = c->data;
	const char *error = json_string_value(json_object_get(answer, "error"));
	const char *until = json_string_value(json_object_get(answer, "until"));
	int64_t until_s = 0;

	if (!filter_agreed(answer)) {
		fail(c, error != NULL ? error : N_("the filter does not answer"));
		return;
	}
	a->scopes[a->at].grant = json_integer_value(json_object_get(answer, "id"));
	if (!a->always && (until == NULL || !local_time_read(until, &until_s))) {
		fail(c, N_("the filter's answer cannot be read"));
		return;
	}
	if (a->until_s == 0 || until_s < a->until_s)
		a->until_s = until_s;
	a->at++;
	grant_next(c);
}

static void grant_next(struct call *c)
{
	const struct answering *a = c->data;
	const struct review *v = review_of(c);
	char reason[SIGNING_ACTOR_BYTES + 48];

	if (v == NULL) {
		fail(c, N_("there is no such review any more"));
		return;
	}
	if (a->at == a->scope_count) {
		finish_opening(c);
		return;
	}
	(void)snprintf(reason, sizeof reason, "review %u, by %s", a->id, a->actor);
	json_t *request =
	    json_pack("{s:s,s:s,s:s,s:s}", "command", "allow", "name", v->name,
	        a->for_group ? "group" : "tier", a->scopes[a->at].word, "reason", reason);
	if (request != NULL && a->always)
		(void)json_object_set_new(request, "for", json_string("always"));
	else if (request != NULL)
		(void)json_object_set_new(request, "for_ms", json_integer(a->for_ms));
	call_ask_filter(c, request, on_granted);
}

/* ---- may it be opened? ---- */

/* Sensitive and security categories: an answer weighs more there. */
static bool is_weighty(const struct config *config, const char *category)
{
	for (size_t i = 0; i < config->categories.count; i++) {
		const struct rules_category *one = &config->categories.items[i];
		if (strcmp(one->name.text, category) == 0)
			return one->sensitive || one->security;
	}
	return false;
}

/* Root and the gateway's own user could change the configuration itself. */
static bool is_head(const struct call *c)
{
	const struct answering *a = c->data;

	return c->uid == 0 || c->uid == geteuid() || (a->roles & HEADS) != 0;
}

static void on_explained(struct call *c, const json_t *answer)
{
	const char *reason = json_string_value(json_object_get(answer, "reason"));
	const char *category = json_string_value(json_object_get(answer, "category"));

	if (!filter_agreed(answer) || reason == NULL || category == NULL) {
		refuse(c, WHY_FAILED, N_("the filter does not answer"));
	} else if (strcmp(reason, "locked") == 0) {
		refuse(c, "refused",
		    N_("a locked category lists that name: nobody at the school opens it"));
	} else if (strcmp(reason, "required") == 0) {
		refuse(c, "refused",
		    N_("the education department requires that name's category to be closed: "
		       "nobody at the school opens it (the department can put the name among "
		       "its never-block names)"));
	} else if (is_weighty(c->desk->config, category) && !is_head(c)) {
		refuse(c, "refused",
		    N_("that name is in a sensitive or security category: root opens it, or "
		       "an admin or approver who signs in"));
	} else {
		grant_next(c);
	}
}

static void open_name(struct call *c, const struct review *v)
{
	call_ask_filter(c,
	    json_pack("{s:s,s:s,s:s,s:b}", "command", "explain", "name", v->name, "tier",
	        v->asks[0].tier, "lines", 0),
	    on_explained);
}

static void keep_closed(struct call *c)
{
	enum err rc = keep_answer(c, REVIEW_KEPT);

	if (rc == OK) {
		record(c, "keep");
		give(c);
		return;
	}
	log_error("reviews", "an answer could not be kept: %s",
	    rc == ERR_IO ? strerror(errno) : err_text(rc));
	refuse(c, WHY_FAILED,
	    rc == ERR_IO
	        ? N_("the answer could not be written to disk, so nothing has changed")
	        : err_text(rc));
}

/* A no may become a yes; nothing else is answered twice. */
static bool may_answer(const struct review *v, bool allow)
{
	return v->state == REVIEW_WAITING || (v->state == REVIEW_KEPT && allow);
}

/* By name where somebody signed in, else as the user of this machine. False: the call has
 * ended. */
static bool read_actor(struct call *c, struct answering *a)
{
	char user[CALL_ACTOR_BYTES];

	if (call_text(c, "token") == NULL) {
		call_actor(c, user);
		memcpy(a->actor, user, strlen(user) + 1);
		return true;
	}
	const struct account *account = signing_require(c, REVIEWERS);
	if (account == NULL)
		return false;
	a->roles = account->roles;
	signing_actor(a->actor, account, REVIEWERS);
	return true;
}

void reviews_on_answer(struct call *c)
{
	struct desk_reviews *r = c->desk->reviews;
	int64_t id = call_number(c, "id", 0);
	const struct review *v =
	    id > 0 && id <= UINT32_MAX ? reviews_find(r->store, (uint32_t)id) : NULL;
	const char *word = call_text(c, "answer");
	bool allow = word != NULL && strcmp(word, "allow") == 0;
	struct answering *a = calloc(1, sizeof *a);

	c->data = a;
	if (a == NULL) {
		call_fail(c, ERR_MEMORY);
		return;
	}
	if (!read_actor(c, a))
		return;
	if (r->answering) {
		call_refuse(c, WHY_FAILED, N_("another answer is being given; try again"));
		return;
	}
	r->answering = true;
	if (v == NULL) {
		refuse(c, "unknown", N_("there is no such review"));
	} else if (!allow && (word == NULL || strcmp(word, "keep") != 0)) {
		refuse(c, WHY_FAILED, N_("the answer is allow or keep"));
	} else if (!may_answer(v, allow)) {
		refuse(c, "answered",
		    N_("that review is answered already (lachanctl allow and revoke still "
		       "work)"));
	} else if (read_note(c, a) && read_scopes(c, a, v)) {
		a->id = v->id;
		read_time(c, a);
		if (allow)
			open_name(c, v);
		else
			keep_closed(c);
	}
}
