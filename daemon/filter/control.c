#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/words.h"
#include "control/frame.h"
#include "filter/clock.h"
#include "filter/command.h"
#include "filter/diagnose.h"
#include "filter/granting.h"
#include "filter/rules_file.h"
#include "kit/json_memory.h"
#include "kit/log.h"

enum {
	PAUSE_DEFAULT_MS = 30 * 60 * 1000,
	PAUSE_MAX_MS = 8 * 60 * 60 * 1000,
	WATCHERS_MAX = CONTROL_CLIENTS_MAX,
	REPLY_MAX_BYTES = FRAME_MAX_BYTES,
};

static void on_status(struct command *x)
{
	x->reply = status_report(x->program);
}

static void on_metrics(struct command *x)
{
	x->reply = metrics_report(x->program);
}

static void on_flush(struct command *x)
{
	static const uint8_t ROOT[] = {0};
	struct slice which = {ROOT, sizeof ROOT};
	const char *text = command_text(x, "name");
	struct name_buf name;

	if (text != NULL) {
		if (name_from_text(&name, slice_of(text), NULL) != OK) {
			command_fail(x, N_("that is not a domain name"));
			return;
		}
		which = (struct slice){name.wire, name.len};
	}
	uint64_t n = cache_flush(x->program->filter->cache, which);
	x->reply = json_pack("{s:b, s:I}", "ok", 1, "flushed", (json_int_t)n);
}

static void on_rollback(struct command *x)
{
	struct publisher *p = x->program->publisher;
	enum err rc = rules_file_rollback(publisher_now(p)->config);

	if (rc == ERR_NOT_FOUND) {
		command_fail(x, N_("there are no earlier rules to go back to"));
		return;
	}
	if (rc == OK)
		rc = publisher_reload_rules(p);
	if (rc != OK) {
		command_fail(x, err_text(rc));
		return;
	}
	log_info("control", "the rules before these are in force again");
	command_record_plain(x, "rollback", "");
	command_done(x);
}

enum {
	FEED_FAILURES_MAX = 512 /* at once: there are no more feeds */
};

/* `count` of a request, as failures of the day's summary. */
static void count_failures(const struct command *x, const char *key, const char *type)
{
	json_int_t count = json_integer_value(json_object_get(x->request, key));

	for (json_int_t i = 0; i < count && i < FEED_FAILURES_MAX; i++)
		counting_fail(x->program->counting, type);
}

/* {"refused"?,"held"?}: how many feeds were, in the run of lachan-feeds that asks. */
static void on_feeds_changed(struct command *x)
{
	count_failures(x, "refused", "feed-refused");
	count_failures(x, "held", "feed-held");
	command_done(x); /* every request begins with a look around */
}

/* audit.log has one writer, us: what supervisor and desk did is told here. Others of the socket's
 * group may steer the filter, but not write what somebody else is said to have done. */
static void on_record(struct command *x)
{
	const struct config *config = publisher_now(x->program->publisher)->config;
	const char *name = command_text(x, "name"), *scope = command_text(x, "scope");
	const struct audit_entry entry = {.actor = command_text(x, "actor"),
	    .action = command_text(x, "action"),
	    .name = name,
	    .scope = scope == NULL           ? "all"
	        : name == NULL || *name == 0 ? scope
	                                     : granting_scope(config, scope),
	    .detail = command_text(x, "detail")};

	if (!command_is_ours(x)) {
		command_fail(x, N_("only the gateway itself may add to the record"));
	} else if (entry.actor == NULL || *entry.actor == 0 || entry.action == NULL ||
	    *entry.action == 0) {
		command_fail(x, N_("a record needs an action and an actor"));
	} else if (!command_append(x->program, &entry)) {
		command_fail(x, N_("the record cannot be written"));
	} else {
		command_done(x);
	}
}

/* The tiers a pause is for: one by name, or all. */
static bool read_tiers(struct command *x, uint64_t *out)
{
	const struct policy *policy = publisher_now(x->program->publisher)->policy;
	const char *tier = command_text(x, "tier");
	uint8_t index;

	*out = UINT64_MAX;
	if (tier == NULL)
		return true;
	if (!policy_find_tier(policy, tier, &index)) {
		command_fail(x, N_("there is no such tier"));
		return false;
	}
	*out = (uint64_t)1 << index;
	return true;
}

static void on_pause(struct command *x)
{
	json_int_t for_ms = PAUSE_DEFAULT_MS;
	const json_t *given = json_object_get(x->request, "for_ms");
	uint64_t tiers;

	if (given != NULL)
		for_ms = json_integer_value(given);
	if (for_ms <= 0 || for_ms > PAUSE_MAX_MS) {
		command_fail(x, N_("a pause lasts from 1 second to 8 hours"));
		return;
	}
	if (!read_tiers(x, &tiers))
		return;
	enum err rc = publisher_pause(
	    x->program->publisher, tiers, clock_mono_ms() + (uint64_t)for_ms);
	if (rc != OK) {
		command_fail(x, err_text(rc));
		return;
	}
	char detail[48];
	(void)snprintf(detail, sizeof detail, "%lld s", (long long)for_ms / 1000);
	log_warn("control",
	    "filtering is paused for %s by user %u; locked and security categories "
	    "stay",
	    detail, (unsigned)control_peer_uid(x->peer));
	command_record_plain(x, "pause", detail);
	command_done(x);
	command_put_time(x->reply, "until", (int64_t)time(NULL) + for_ms / 1000);
}

static void on_resume(struct command *x)
{
	uint64_t tiers;

	if (!read_tiers(x, &tiers))
		return;
	enum err rc = publisher_pause(x->program->publisher, tiers, 0);
	if (rc != OK) {
		command_fail(x, err_text(rc));
		return;
	}
	log_info("control", "filtering goes on");
	command_record_plain(x, "resume", "");
	command_done(x);
}

static void on_stats(struct command *x)
{
	x->reply = counting_stats(x->program->counting);
}

static void on_top(struct command *x)
{
	if (command_text(x, "tier") != NULL) {
		command_fail(x,
		    N_("names are counted over all pupils together, never by tier: one "
		       "tier's own would point at fewer devices (leave out --tier)"));
		return;
	}
	x->reply = counting_top(x->program->counting);
}

static void on_summary_preview(struct command *x)
{
	x->reply = counting_summary_preview(x->program->counting);
}

static void on_summary_list(struct command *x)
{
	x->reply = counting_summary_list(x->program->counting);
}

/* ---- watch: frames until the client goes ---- */

struct watcher {
	struct control_peer *peer; /* NULL: free */
	char tier[64];             /* "": all */
};

static struct watcher watchers[WATCHERS_MAX];

static void on_watch(struct command *x)
{
	const char *tier = command_text(x, "tier");

	for (size_t i = 0; i < WATCHERS_MAX; i++) {
		struct watcher *w = &watchers[i];
		if (w->peer != NULL)
			continue;
		w->peer = x->peer;
		(void)snprintf(w->tier, sizeof w->tier, "%s", tier == NULL ? "" : tier);
		control_peer_keep(x->peer);
		command_done(x);
		return;
	}
	command_fail(x, N_("too many are watching already"));
}

static void forget_watcher(const struct control_peer *peer)
{
	for (size_t i = 0; i < WATCHERS_MAX; i++) {
		if (watchers[i].peer == peer)
			watchers[i].peer = NULL;
	}
}

static bool is_watched(void *context)
{
	(void)context;
	for (size_t i = 0; i < WATCHERS_MAX; i++) {
		if (watchers[i].peer != NULL)
			return true;
	}
	return false;
}

static void show_attempt(void *context, const struct counted_attempt *attempt)
{
	char name[NAME_TEXT_MAX];
	char *text = NULL;

	(void)context;
	for (size_t i = 0; i < WATCHERS_MAX; i++) {
		const struct watcher *w = &watchers[i];
		if (w->peer == NULL ||
		    (w->tier[0] != 0 && strcmp(w->tier, attempt->tier) != 0))
			continue;
		if (text == NULL) {
			name_to_text(name, attempt->name);
			json_t *frame = json_pack("{s:s, s:s, s:s}", "tier", attempt->tier,
			    "category", attempt->category, "name", name);
			command_put_time(frame, "time", attempt->wall_s);
			text = json_dumps(frame, JSON_COMPACT);
			json_decref(frame);
		}
		if (text != NULL)
			(void)control_reply(w->peer, slice_of(text));
	}
	json_memory_free(text);
}

/* ---- dispatch ---- */

struct row {
	const char *name;
	void (*run)(struct command *x);
};

static const struct row COMMANDS[] = {
    {"status", on_status},
    {"metrics", on_metrics},
    {"doctor", command_doctor},
    {"selftest", command_selftest},
    {"explain", command_explain},
    {"allow", command_allow},
    {"deny", command_deny},
    {"open", command_open},
    {"staff", command_staff},
    {"grants", command_grants},
    {"revoke", command_revoke},
    {"flush", on_flush},
    {"rollback", on_rollback},
    {"feeds-changed", on_feeds_changed},
    {"record", on_record},
    {"audit", on_record},
    {"pause", on_pause},
    {"resume", on_resume},
    {"stats", on_stats},
    {"top", on_top},
    {"watch", on_watch},
    {"summary-preview", on_summary_preview},
    {"summary-list", on_summary_list},
    {"diagnose", command_diagnose},
    {"diagnose-approve", command_diagnose_approve},
    {"diagnose-state", command_diagnose_state},
    {"diagnose-show", command_diagnose_show},
    {"diagnose-watch", command_diagnose_watch},
    {"diagnose-end", command_diagnose_end},
    {"diagnose-erase", command_diagnose_erase},
};

static void run_command(struct command *x)
{
	bool guest = control_peer_is_guest(x->peer);
	const char *name = command_text(x, "command");

	for (size_t i = 0; name != NULL && i < COUNT_OF(COMMANDS); i++) {
		if (strcmp(COMMANDS[i].name, name) == 0) {
			/* The page shows numbers; whoever takes it over steers nothing. */
			if (guest && COMMANDS[i].run != on_metrics)
				command_fail(x, N_("only root may ask for that"));
			else
				COMMANDS[i].run(x);
			return;
		}
	}
	command_fail(x, N_("this command is not known, or not built yet"));
}

static void reply_refusal(const struct command *x)
{
	json_t *refusal =
	    json_pack("{s:b, s:s, s:s}", "ok", 0, "error", x->error, "why", x->why);
	char *text = refusal == NULL ? NULL : json_dumps(refusal, JSON_COMPACT);

	(void)(text == NULL ? control_reply_error(x->peer, x->error)
	                    : control_reply(x->peer, slice_of(text)));
	json_memory_free(text);
	json_decref(refusal);
}

static void on_request(void *context, struct control_peer *peer, struct slice request)
{
	json_t *parsed = json_loadb(
	    (const char *)request.ptr, request.len, JSON_REJECT_DUPLICATES, NULL);
	struct command x = {.program = context, .peer = peer, .request = parsed};

	program_look_around(x.program);
	run_command(&x);
	char *text = x.reply == NULL ? NULL : json_dumps(x.reply, JSON_COMPACT);
	if (x.error[0] != 0 && x.why != NULL) {
		reply_refusal(&x);
	} else if (x.error[0] != 0) {
		(void)control_reply_error(peer, x.error);
	} else if (text == NULL || strlen(text) > REPLY_MAX_BYTES) {
		(void)control_reply_error(peer, N_("the gateway is out of memory"));
	} else {
		(void)control_reply(peer, slice_of(text));
	}
	json_memory_free(text);
	json_decref(x.reply);
	json_decref(parsed);
}

static void on_closed(void *context, struct control_peer *peer)
{
	const struct program *p = context;

	forget_watcher(peer);
	diagnose_forget(p->diagnose, peer);
}

enum err control_open(struct program *p, struct diag *why)
{
	const struct control_handlers handlers = {.on_request = on_request,
	    .on_closed = on_closed,
	    .context = p,
	    .page = CONTROL_PAGE_AS_GUEST};
	char path[FILE_PATH_BYTES];

	enum err rc = path_join(path, sizeof path,
	    publisher_now(p->publisher)->config->server.run_dir.text, "control.sock");
	if (rc == OK)
		rc = control_server_open(&p->control, p->base, path, &handlers, why);
	if (rc == OK)
		counting_set_watch(p->counting, show_attempt, is_watched, p);
	return rc;
}
