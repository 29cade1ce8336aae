#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/words.h"
#include "control/frame.h"
#include "dns/text.h"
#include "filter/clock.h"
#include "filter/program.h"
#include "filter/rules_file.h"
#include "kit/explain_json.h"
#include "kit/log.h"
#include "policy/explain.h"

enum {
	PAUSE_DEFAULT_MS = 30 * 60 * 1000,
	PAUSE_MAX_MS = 8 * 60 * 60 * 1000,
	WATCHERS_MAX = CONTROL_CLIENTS_MAX,
	REPLY_MAX_BYTES = FRAME_MAX_BYTES,
};

/* One command: fills a reply, or says in `error` what the person did wrong. */
struct exchange_of_words {
	struct program *program;
	struct control_peer *peer;
	const json_t *request;
	json_t *reply; /* NULL and no error: answered already */
	char error[256];
};

static void fail(struct exchange_of_words *x, const char *sentence)
{
	(void)snprintf(x->error, sizeof x->error, "%s", sentence);
}

static const char *text_of(const struct exchange_of_words *x, const char *key)
{
	return json_string_value(json_object_get(x->request, key));
}

static void done(struct exchange_of_words *x)
{
	x->reply = json_pack("{s:b}", "ok", 1);
}

static void on_status(struct exchange_of_words *x)
{
	x->reply = status_report(x->program);
}

/* The question and the asker that `explain` is about. */
static bool read_subject(struct exchange_of_words *x, struct name_buf *name,
    uint16_t *qtype, struct policy_who *who)
{
	const struct snapshot *s = publisher_now(x->program->publisher);
	const char *text = text_of(x, "name");
	const char *type = text_of(x, "type");
	const char *tier = text_of(x, "tier");
	const char *client = text_of(x, "client");
	struct addr address = ADDR_NONE;
	uint8_t index;

	if (text == NULL || name_from_text(name, slice_of(text), NULL) != OK) {
		fail(x, N_("that is not a domain name"));
		return false;
	}
	*qtype = TYPE_A;
	if (type != NULL && !text_to_type(slice_of(type), qtype)) {
		fail(x, N_("that is not a record type"));
		return false;
	}
	if (tier != NULL && !policy_find_tier(s->policy, tier, &index)) {
		fail(x, N_("there is no such tier"));
		return false;
	}
	if (client != NULL && addr_from_text(&address, slice_of(client), NULL) != OK) {
		fail(x, N_("that is not an address"));
		return false;
	}
	*who = tier != NULL ? policy_member(s->policy, index)
	                    : policy_client(s->policy, &address);
	return true;
}

static void on_explain(struct exchange_of_words *x)
{
	const struct snapshot *s = publisher_now(x->program->publisher);
	struct name_buf name;
	struct name_hashes hashes;
	struct policy_who who;
	uint16_t qtype;

	if (!read_subject(x, &name, &qtype, &who))
		return;
	struct explanation *e = calloc(1, sizeof *e);
	if (e == NULL)
		return;
	name_hash_all(&hashes, name_of(&name), policy_hash_key(s->policy));
	const struct policy_question question = {
	    .name = name_of(&name), .hashes = &hashes, .qtype = qtype};
	const struct moment now = {.mono_ms = clock_mono_ms(), .wall_s = time(NULL)};
	policy_explain(s->policy, &who, &question, &s->state, now, e);
	const struct explain_subject subject = {.policy = s->policy,
	    .name = name_of(&name),
	    .qtype = qtype,
	    .at_s = now.wall_s,
	    .trial = !s->state.enforce};
	x->reply = explain_to_json(&subject, e);
	if (x->reply != NULL)
		(void)json_object_set_new(x->reply, "ok", json_true());
	if (x->reply != NULL && s->rules->db != NULL &&
	    explain_find_lines(x->reply, s->rules->db, s->config->server.state_dir.text) !=
	        OK) {
		log_warn(
		    "control", "explain: no memory to look for the lines of the rules");
	}
	free(e);
}

/* Who changed what, for the record. A change that cannot be recorded is still made, and the
 * log says so; false then. */
static bool append(struct program *p, const struct audit_entry *entry)
{
	if (p->audit != NULL && audit_append(p->audit, (int64_t)time(NULL), entry) == OK)
		return true;
	log_error("audit", "%s by %s could not be recorded", entry->action, entry->actor);
	return false;
}

static void record(
    const struct exchange_of_words *x, const char *action, const char *detail)
{
	char actor[32];
	const char *tier = text_of(x, "tier");
	const struct audit_entry entry = {.actor = actor,
	    .action = action,
	    .scope = tier == NULL ? "all" : tier,
	    .detail = detail};

	(void)snprintf(actor, sizeof actor, "uid:%u", (unsigned)control_peer_uid(x->peer));
	(void)append(x->program, &entry);
}

static void on_flush(struct exchange_of_words *x)
{
	static const uint8_t ROOT[] = {0};
	struct slice which = {ROOT, sizeof ROOT};
	const char *text = text_of(x, "name");
	struct name_buf name;

	if (text != NULL) {
		if (name_from_text(&name, slice_of(text), NULL) != OK) {
			fail(x, N_("that is not a domain name"));
			return;
		}
		which = (struct slice){name.wire, name.len};
	}
	uint64_t n = cache_flush(x->program->filter->cache, which);
	x->reply = json_pack("{s:b, s:I}", "ok", 1, "flushed", (json_int_t)n);
}

static void on_rollback(struct exchange_of_words *x)
{
	struct publisher *p = x->program->publisher;
	enum err rc = rules_file_rollback(publisher_now(p)->config);

	if (rc == ERR_NOT_FOUND) {
		fail(x, N_("there are no earlier rules to go back to"));
		return;
	}
	if (rc == OK)
		rc = publisher_reload_rules(p);
	if (rc != OK) {
		fail(x, err_text(rc));
		return;
	}
	log_info("control", "the rules before these are in force again");
	record(x, "rollback", "");
	done(x);
}

static void on_feeds_changed(struct exchange_of_words *x)
{
	(void)publisher_poll(x->program->publisher);
	done(x);
}

/* audit.log has one writer, us: what the supervisor did is told here. Others of the socket's
 * group may steer the filter, but not write what somebody else is said to have done. */
static void on_record(struct exchange_of_words *x)
{
	uid_t uid = control_peer_uid(x->peer);
	const struct audit_entry entry = {.actor = text_of(x, "actor"),
	    .action = text_of(x, "action"),
	    .scope = "all",
	    .detail = text_of(x, "detail")};

	if (uid != 0 && uid != geteuid()) {
		fail(x, N_("only the gateway itself may add to the record"));
	} else if (entry.actor == NULL || *entry.actor == 0 || entry.action == NULL ||
	    *entry.action == 0) {
		fail(x, N_("a record needs an action and an actor"));
	} else if (!append(x->program, &entry)) {
		fail(x, N_("the record cannot be written"));
	} else {
		done(x);
	}
}

/* The tiers a pause is for: one by name, or all. */
static bool read_tiers(struct exchange_of_words *x, uint64_t *out)
{
	const struct policy *policy = publisher_now(x->program->publisher)->policy;
	const char *tier = text_of(x, "tier");
	uint8_t index;

	*out = UINT64_MAX;
	if (tier == NULL)
		return true;
	if (!policy_find_tier(policy, tier, &index)) {
		fail(x, N_("there is no such tier"));
		return false;
	}
	*out = (uint64_t)1 << index;
	return true;
}

static void put_time(json_t *reply, const char *key, time_t at)
{
	char text[40] = "";
	struct tm local;

	if (localtime_r(&at, &local) != NULL)
		(void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S%z", &local);
	(void)json_object_set_new(reply, key, json_string(text));
}

static void on_pause(struct exchange_of_words *x)
{
	json_int_t for_ms = PAUSE_DEFAULT_MS;
	const json_t *given = json_object_get(x->request, "for_ms");
	uint64_t tiers;

	if (given != NULL)
		for_ms = json_integer_value(given);
	if (for_ms <= 0 || for_ms > PAUSE_MAX_MS) {
		fail(x, N_("a pause lasts from 1 second to 8 hours"));
		return;
	}
	if (!read_tiers(x, &tiers))
		return;
	enum err rc = publisher_pause(
	    x->program->publisher, tiers, clock_mono_ms() + (uint64_t)for_ms);
	if (rc != OK) {
		fail(x, err_text(rc));
		return;
	}
	char detail[48];
	(void)snprintf(detail, sizeof detail, "%lld s", (long long)for_ms / 1000);
	log_warn("control",
	    "filtering is paused for %s by user %u; locked and security categories "
	    "stay",
	    detail, (unsigned)control_peer_uid(x->peer));
	record(x, "pause", detail);
	done(x);
	put_time(x->reply, "until", time(NULL) + (time_t)(for_ms / 1000));
}

static void on_resume(struct exchange_of_words *x)
{
	uint64_t tiers;

	if (!read_tiers(x, &tiers))
		return;
	enum err rc = publisher_pause(x->program->publisher, tiers, 0);
	if (rc != OK) {
		fail(x, err_text(rc));
		return;
	}
	log_info("control", "filtering goes on");
	record(x, "resume", "");
	done(x);
}

static void on_stats(struct exchange_of_words *x)
{
	x->reply = counting_stats(x->program->counting);
}

static void on_top(struct exchange_of_words *x)
{
	if (text_of(x, "tier") != NULL) {
		fail(x,
		    N_("names are counted over all pupils together, never by tier: one "
		       "tier's own would point at fewer devices (leave out --tier)"));
		return;
	}
	x->reply = counting_top(x->program->counting);
}

static void on_summary_preview(struct exchange_of_words *x)
{
	x->reply = counting_summary_preview(x->program->counting);
}

static void on_summary_list(struct exchange_of_words *x)
{
	x->reply = counting_summary_list(x->program->counting);
}

/* ---- watch: frames until the client goes ---- */

struct watcher {
	struct control_peer *peer; /* NULL: free */
	char tier[64];             /* "": all */
};

static struct watcher watchers[WATCHERS_MAX];

static void on_watch(struct exchange_of_words *x)
{
	const char *tier = text_of(x, "tier");

	for (size_t i = 0; i < WATCHERS_MAX; i++) {
		struct watcher *w = &watchers[i];
		if (w->peer != NULL)
			continue;
		w->peer = x->peer;
		(void)snprintf(w->tier, sizeof w->tier, "%s", tier == NULL ? "" : tier);
		control_peer_keep(x->peer);
		done(x);
		return;
	}
	fail(x, N_("too many are watching already"));
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
			put_time(frame, "time", (time_t)attempt->wall_s);
			text = json_dumps(frame, JSON_COMPACT);
			json_decref(frame);
		}
		if (text != NULL)
			(void)control_reply(w->peer, slice_of(text));
	}
	free(text);
}

/* ---- dispatch ---- */

struct command {
	const char *name;
	void (*run)(struct exchange_of_words *x);
};

static const struct command COMMANDS[] = {
    {"status", on_status},
    {"explain", on_explain},
    {"flush", on_flush},
    {"rollback", on_rollback},
    {"feeds-changed", on_feeds_changed},
    {"record", on_record},
    {"pause", on_pause},
    {"resume", on_resume},
    {"stats", on_stats},
    {"top", on_top},
    {"watch", on_watch},
    {"summary-preview", on_summary_preview},
    {"summary-list", on_summary_list},
};

static void run_command(struct exchange_of_words *x)
{
	const char *name = text_of(x, "command");

	for (size_t i = 0; name != NULL && i < COUNT_OF(COMMANDS); i++) {
		if (strcmp(COMMANDS[i].name, name) == 0) {
			COMMANDS[i].run(x);
			return;
		}
	}
	fail(x, N_("this command is not known, or not built yet"));
}

static void on_request(void *context, struct control_peer *peer, struct slice request)
{
	json_t *parsed = json_loadb(
	    (const char *)request.ptr, request.len, JSON_REJECT_DUPLICATES, NULL);
	struct exchange_of_words x = {.program = context, .peer = peer, .request = parsed};

	run_command(&x);
	char *text = x.reply == NULL ? NULL : json_dumps(x.reply, JSON_COMPACT);
	if (x.error[0] != 0) {
		(void)control_reply_error(peer, x.error);
	} else if (text == NULL || strlen(text) > REPLY_MAX_BYTES) {
		(void)control_reply_error(peer, N_("the gateway is out of memory"));
	} else {
		(void)control_reply(peer, slice_of(text));
	}
	free(text);
	json_decref(x.reply);
	json_decref(parsed);
}

static void on_closed(void *context, struct control_peer *peer)
{
	(void)context;
	forget_watcher(peer);
}

enum err control_open(struct program *p, struct diag *why)
{
	const struct control_handlers handlers = {on_request, on_closed, p};
	char path[FILE_PATH_BYTES];

	enum err rc = path_join(path, sizeof path,
	    publisher_now(p->publisher)->config->server.run_dir.text, "control.sock");
	if (rc == OK)
		rc = control_server_open(&p->control, p->base, path, &handlers, why);
	if (rc == OK)
		counting_set_watch(p->counting, show_attempt, is_watched, p);
	return rc;
}
