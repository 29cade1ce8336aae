#include "filter/diagnose.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/words.h"
#include "dns/text.h"
#include "filter/clock.h"
#include "filter/diagnosing.h"
#include "kit/json_memory.h"
#include "kit/local_time.h"
#include "kit/log.h"

enum {
	TICK_RUNS_MS = 50, /* so a ring has room for ten thousand queries a second */
	TICK_WAITS_MS = 1000,
	FOR_DEFAULT_MS = 15 * 60 * 1000,
	SHOW_BYTES =
	    256 * 1024, /* of the record in one reply: a frame holds four times that */
	WATCHERS_MAX = 4,
	DETAIL_BYTES = 320
};

struct diagnose {
	struct program *program;
	struct diagnosis now;
	struct event *tick; /* none while nothing is asked, runs or is kept */
	uint64_t lost;
	/* Where the last look at the record has stopped, and whose it was; 0: at the end. */
	uint64_t looked_up_to;
	uid_t looker;
	struct {
		struct control_peer *peer; /* NULL: free */
	} watchers[WATCHERS_MAX];
};

/* ---- workers are told ---- */

static void tell_workers(struct diagnose *d)
{
	uint64_t until_ms = d->now.state == DIAGNOSIS_RUNS ? d->now.until_ms : 0;

	atomic_store_explicit(
	    &d->program->filter->diagnose_until_ms, until_ms, memory_order_relaxed);
}

/* ---- entries ---- */

static json_t *describe(const struct diagnose_entry *e)
{
	char when[LOCAL_TIME_TEXT_BYTES], client[ADDR_TEXT_MAX], type[TEXT_CODE_BYTES];
	char name[NAME_TEXT_MAX] = "";

	local_time_text(when, e->wall_s);
	addr_to_text(client, &e->client);
	text_from_type(type, e->qtype);
	if (e->name.len > 0)
		name_to_text(name, name_of(&e->name));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:i}", "time", when,
	    "client", client, "type", type, "name", name, "verdict",
	    !e->judged       ? "none"
	        : e->blocked ? "blocked"
	                     : "allowed",
	    "reason", e->judged ? policy_reason_text(e->reason) : "", "category",
	    e->category, "withheld", e->sensitive ? 1 : 0, "rcode", (int)e->rcode);
}

static void show_watchers(struct diagnose *d, struct slice line)
{
	for (size_t i = 0; i < WATCHERS_MAX; i++) {
		if (d->watchers[i].peer != NULL)
			(void)control_reply(d->watchers[i].peer, line);
	}
}

static void take_entry(struct diagnose *d, const struct diagnose_entry *e)
{
	json_t *entry = d->now.state == DIAGNOSIS_RUNS ? describe(e) : NULL;
	char *text = entry == NULL ? NULL : json_dumps(entry, JSON_COMPACT);

	if (text != NULL) {
		diagnosis_write(&d->now, slice_of(text));
		show_watchers(d, slice_of(text));
		explicit_bzero(text, strlen(text));
	}
	json_memory_free(text);
	json_decref(entry);
}

static void drain(struct diagnose *d)
{
	const struct filter *f = d->program->filter;

	for (unsigned i = 0; i < f->worker_count; i++) {
		struct diagnose_ring *ring = f->workers[i]->diagnose;
		const struct diagnose_entry *e;
		for (unsigned n = 0;
		     n < DIAGNOSE_SLOTS && (e = diagnose_ring_peek(ring)) != NULL; n++) {
			take_entry(d, e);
			diagnose_ring_release(ring);
		}
		d->lost += diagnose_ring_lost(ring);
	}
}

/* ---- the end ---- */

static void arm(struct diagnose *d, unsigned ms)
{
	const struct timeval in = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};

	(void)evtimer_add(d->tick, &in);
}

static void close_watchers(struct diagnose *d)
{
	for (size_t i = 0; i < WATCHERS_MAX; i++) {
		if (d->watchers[i].peer != NULL)
			control_peer_finish(d->watchers[i].peer);
		d->watchers[i].peer = NULL;
	}
}

static bool record_step(struct diagnose *d, const char *actor, const char *action)
{
	char detail[DETAIL_BYTES];
	const struct audit_entry entry = {
	    .actor = actor, .action = action, .scope = "all", .detail = detail};

	(void)snprintf(detail, sizeof detail, "%u: %s", (unsigned)d->now.id, d->now.reason);
	return command_append(d->program, &entry);
}

/* The state has changed: by somebody, or by time. */
static void follow(struct diagnose *d, enum diagnosis_state before)
{
	tell_workers(d);
	if (before == DIAGNOSIS_RUNS) {
		close_watchers(d);
		log_warn("diagnose",
		    "diagnosis %u has ended: queries are written down no more",
		    (unsigned)d->now.id);
	}
	if (before != DIAGNOSIS_NONE && d->now.state == DIAGNOSIS_NONE)
		log_info(
		    "diagnose", "diagnosis %u: nothing of it is left", (unsigned)d->now.id);
}

static void on_time(evutil_socket_t fd, short what, void *context)
{
	struct diagnose *d = context;
	enum diagnosis_state before = d->now.state;

	(void)fd;
	(void)what;
	drain(d);
	if (diagnosis_tick(&d->now, clock_mono_ms())) {
		const char *action = d->now.state == DIAGNOSIS_KEPT ? "diagnose-end"
		    : before == DIAGNOSIS_ASKED                     ? "diagnose-lapse"
		                                                    : "diagnose-erase";
		(void)record_step(d, "lachan-filter", action);
		follow(d, before);
	}
	/* Once more after the last, for what a worker was writing meanwhile. */
	if (before != DIAGNOSIS_NONE)
		arm(d, d->now.state == DIAGNOSIS_RUNS ? TICK_RUNS_MS : TICK_WAITS_MS);
}

/* ---- life ---- */

enum err diagnose_new(struct diagnose **out, struct program *p, struct diag *why)
{
	const char *run_dir = publisher_now(p->publisher)->config->server.run_dir.text;
	struct diagnose *d = calloc(1, sizeof *d);

	if (d == NULL)
		return ERR_MEMORY;
	d->program = p;
	enum err rc =
	    diagnosis_init(&d->now, run_dir, file_is_in_memory(run_dir), geteuid());
	if (rc == ERR_IO) {
		/* The names are not to suffer from it; nobody diagnoses until it is gone. */
		log_error("diagnose",
		    "the record of a diagnosis, %s, cannot be erased: erase it by hand",
		    d->now.path);
		d->now.in_memory = false;
		rc = OK;
	}
	if (rc != OK)
		diag_set(why, "%s: the path is too long", run_dir);
	if (rc == OK)
		d->tick = evtimer_new(p->base, on_time, d);
	if (rc == OK && d->tick == NULL)
		rc = ERR_MEMORY;
	if (rc != OK) {
		diagnose_free(d);
		return rc;
	}
	*out = d;
	return OK;
}

void diagnose_free(struct diagnose *d)
{
	if (d == NULL)
		return;
	if (d->tick != NULL)
		event_free(d->tick);
	diagnosis_deinit(&d->now);
	tell_workers(d);
	free(d);
}

void diagnose_forget(struct diagnose *d, const struct control_peer *peer)
{
	for (size_t i = 0; d != NULL && i < WATCHERS_MAX; i++) {
		if (d->watchers[i].peer == peer)
			d->watchers[i].peer = NULL;
	}
}

/* ---- what others are told ---- */

static int64_t wall_of(uint64_t mono_ms)
{
	uint64_t now_ms = clock_mono_ms();

	return (int64_t)time(NULL) +
	    (mono_ms > now_ms ? (int64_t)(mono_ms - now_ms) / 1000 : 0);
}

int64_t diagnose_ends_at_s(const struct diagnose *d)
{
	return d->now.state == DIAGNOSIS_RUNS && d->now.until_ms > clock_mono_ms()
	    ? wall_of(d->now.until_ms)
	    : 0;
}

bool diagnose_is_kept(const struct diagnose *d)
{
	return d->now.state == DIAGNOSIS_RUNS || d->now.state == DIAGNOSIS_KEPT;
}

static const char *state_text(enum diagnosis_state state)
{
	switch (state) {
	case DIAGNOSIS_ASKED:
		return "asked";
	case DIAGNOSIS_RUNS:
		return "running";
	case DIAGNOSIS_KEPT:
		return "kept";
	case DIAGNOSIS_NONE:
		break;
	}
	return "none";
}

json_t *diagnose_report(const struct diagnose *d)
{
	const struct diagnosis *n = &d->now;
	json_t *report;

	if (n->state == DIAGNOSIS_NONE)
		return json_null();
	report = json_pack("{s:s, s:I, s:s, s:I, s:I}", "state", state_text(n->state), "id",
	    (json_int_t)n->id, "reason", n->reason, "for_s", (json_int_t)(n->for_ms / 1000),
	    "asked_by", (json_int_t)n->asker);
	if (report == NULL || n->state == DIAGNOSIS_ASKED)
		return report;
	(void)json_object_set_new(
	    report, "approved_by", json_integer((json_int_t)n->approver));
	(void)json_object_set_new(report, "entries", json_integer((json_int_t)n->lines));
	(void)json_object_set_new(
	    report, "left_out", json_integer((json_int_t)(n->left_out + d->lost)));
	command_put_time(
	    report, n->state == DIAGNOSIS_RUNS ? "until" : "ended", wall_of(n->until_ms));
	if (n->state == DIAGNOSIS_KEPT)
		(void)json_object_del(report, "ended");
	command_put_time(report, "erased_by", wall_of(n->erase_ms));
	return report;
}

/* ---- the commands ---- */

static struct diagnose *of(const struct command *c)
{
	return c->program->diagnose;
}

static bool step(struct command *c, const char *action)
{
	char actor[32];

	command_actor(c, actor, sizeof actor);
	if (record_step(of(c), actor, action))
		return true;
	command_fail(
	    c, N_("audit.log cannot be written: without it there is no diagnosis"));
	return false;
}

static const char *why_not_asked(enum err rc)
{
	switch (rc) {
	case ERR_DENIED:
		return N_(
		    "the gateway's own user is no person: ask as yourself, as a member of "
		    "its group");
	case ERR_UNSUPPORTED:
		return N_(
		    "server.run_dir is no memory (tmpfs): names and clients would reach a "
		    "disk");
	case ERR_EXISTS:
		return N_(
		    "there is a diagnosis already, or its record (lachanctl diagnose; "
		    "lachanctl diagnose erase)");
	case ERR_RANGE:
		return N_("a diagnosis needs a reason of 1 to 200 bytes, and lasts 60 "
		          "minutes at most");
	default:
		return err_text(rc);
	}
}

void command_diagnose(struct command *c)
{
	struct diagnose *d = of(c);
	const char *reason = command_text(c, "reason");
	const json_t *given = json_object_get(c->request, "for_ms");
	json_int_t for_ms = given == NULL ? FOR_DEFAULT_MS : json_integer_value(given);

	enum err rc =
	    diagnosis_ask(&d->now, control_peer_uid(c->peer), reason == NULL ? "" : reason,
	        for_ms > 0 ? (uint64_t)for_ms : 0, clock_mono_ms());
	if (rc != OK) {
		command_fail(c, why_not_asked(rc));
		return;
	}
	if (!step(c, "diagnose-ask")) {
		diagnosis_end(&d->now);
		return;
	}
	arm(d, TICK_WAITS_MS);
	log_warn("diagnose", "user %u asks for diagnosis %u; it waits for a second person",
	    (unsigned)control_peer_uid(c->peer), (unsigned)d->now.id);
	command_done(c);
	(void)json_object_set_new(c->reply, "id", json_integer((json_int_t)d->now.id));
	(void)json_object_set_new(
	    c->reply, "answer_within_s", json_integer(DIAGNOSIS_ANSWER_MS / 1000));
}

void command_diagnose_approve(struct command *c)
{
	struct diagnose *d = of(c);
	json_int_t id = json_integer_value(json_object_get(c->request, "id"));
	uid_t who = control_peer_uid(c->peer);

	drain(d);
	enum err rc = diagnosis_approve(
	    &d->now, who, id > 0 && id <= UINT32_MAX ? (uint32_t)id : 0, clock_mono_ms());
	if (rc == ERR_NOT_FOUND) {
		command_fail(c, N_("no such diagnosis waits for a second person"));
	} else if (rc == ERR_DENIED) {
		command_fail(c,
		    N_("it takes two persons: another user must agree than the one who asked, and "
		       "not the gateway's own"));
	} else if (rc != OK) {
		command_fail(c, N_("no record can be made in server.run_dir"));
	} else if (!step(c, "diagnose-approve")) {
		(void)diagnosis_erase(&d->now);
	} else {
		d->lost = 0;
		d->looked_up_to = 0;
		tell_workers(d);
		arm(d, TICK_RUNS_MS);
		log_warn("diagnose",
		    "diagnosis %u has begun, for %u minutes: queries are written down with "
		    "their clients, for users %u and %u",
		    (unsigned)d->now.id, (unsigned)(d->now.for_ms / 60000),
		    (unsigned)d->now.asker, (unsigned)d->now.approver);
		command_done(c);
		command_put_time(c->reply, "until", wall_of(d->now.until_ms));
	}
}

void command_diagnose_state(struct command *c)
{
	json_t *report = diagnose_report(of(c));

	if (json_is_null(report)) {
		json_decref(report);
		report = json_pack("{s:s}", "state", "none");
	}
	command_done(c);
	(void)json_object_update(c->reply, report);
	json_decref(report);
}

static bool may_look(struct command *c)
{
	if (diagnosis_may_look(&of(c)->now, control_peer_uid(c->peer)))
		return true;
	command_fail(c,
	    diagnose_is_kept(of(c))
	        ? N_("only the two who asked and agreed may look")
	        : N_("there is no diagnosis (lachanctl diagnose --reason TEXT begins one)"));
	return false;
}

static json_t *entries_of(struct slice lines)
{
	json_t *entries = json_array();

	while (lines.len > 0) {
		struct slice line = slice_cut(&lines, '\n');
		json_t *entry = json_loadb((const char *)line.ptr, line.len, 0, NULL);
		if (entry != NULL)
			(void)json_array_append_new(entries, entry);
	}
	return entries;
}

/* What comes in several replies is one look; any other offset is a look of its own. */
static bool is_same_look(const struct command *c, uint64_t offset)
{
	const struct diagnose *d = of(c);

	return offset > 0 && offset == d->looked_up_to &&
	    control_peer_uid(c->peer) == d->looker;
}

void command_diagnose_show(struct command *c)
{
	struct diagnose *d = of(c);
	json_int_t given = json_integer_value(json_object_get(c->request, "offset"));
	uint64_t offset = given > 0 ? (uint64_t)given : 0;
	struct buf text = BUF_INIT(SHOW_BYTES + 1);
	uint64_t next = 0;

	if (!may_look(c) || (!is_same_look(c, offset) && !step(c, "diagnose-look")))
		return;
	drain(d);
	enum err rc = diagnosis_read(&d->now, offset, SHOW_BYTES, &text, &next);
	d->looked_up_to = next;
	d->looker = control_peer_uid(c->peer);
	if (rc != OK) {
		command_fail(c, N_("the record cannot be read"));
	} else {
		c->reply = json_pack("{s:b, s:o, s:I, s:I}", "ok", 1, "entries",
		    entries_of(buf_slice(&text)), "next", (json_int_t)next, "left_out",
		    (json_int_t)(d->now.left_out + d->lost));
	}
	if (text.ptr != NULL)
		explicit_bzero(text.ptr, text.cap);
	buf_deinit(&text);
}

void command_diagnose_watch(struct command *c)
{
	struct diagnose *d = of(c);

	if (!may_look(c))
		return;
	if (d->now.state != DIAGNOSIS_RUNS) {
		command_fail(c, N_("it has ended: lachanctl diagnose show"));
		return;
	}
	for (size_t i = 0; i < WATCHERS_MAX; i++) {
		if (d->watchers[i].peer != NULL)
			continue;
		if (!step(c, "diagnose-watch"))
			return;
		drain(d); /* what was before */
		d->watchers[i].peer = c->peer;
		control_peer_keep(c->peer);
		command_done(c);
		return;
	}
	command_fail(c, N_("too many are watching already"));
}

/* Ending is never wrong: root may as well, and whoever asked before there was a second. */
static bool may_end(struct command *c)
{
	const struct diagnosis *n = &of(c)->now;
	uid_t who = control_peer_uid(c->peer);

	if (n->state == DIAGNOSIS_NONE) {
		command_fail(c,
		    N_("there is no diagnosis (lachanctl diagnose --reason TEXT begins one)"));
		return false;
	}
	if (who == 0 || who == n->asker || diagnosis_may_look(n, who))
		return true;
	command_fail(c, N_("only root and the two who asked and agreed may end it"));
	return false;
}

void command_diagnose_end(struct command *c)
{
	struct diagnose *d = of(c);
	enum diagnosis_state before = d->now.state;

	if (!may_end(c))
		return;
	drain(d);
	(void)step(c, "diagnose-end"); /* ends all the same */
	c->error[0] = 0;
	diagnosis_end(&d->now);
	follow(d, before);
	command_done(c);
}

void command_diagnose_erase(struct command *c)
{
	struct diagnose *d = of(c);
	enum diagnosis_state before = d->now.state;

	if (!may_end(c))
		return;
	(void)step(c, "diagnose-erase");
	c->error[0] = 0;
	bool gone = diagnosis_erase(&d->now);
	follow(d, before);
	if (gone)
		command_done(c);
	else
		command_fail(c, N_("the record could not be erased; it is tried again"));
}
