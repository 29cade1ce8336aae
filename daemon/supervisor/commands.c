#include "supervisor/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/words.h"
#include "kit/json_memory.h"
#include "kit/process.h"
#include "kit/sandbox.h"
#include "supervisor/supervisor.h"

static void reply_json(struct control_peer *peer, json_t *answer)
{
	char *text = answer == NULL ? NULL : json_dumps(answer, JSON_COMPACT);

	if (text != NULL)
		(void)control_reply(peer, slice_of(text));
	else
		(void)control_reply_error(peer, N_("out of memory"));
	json_memory_free(text);
	json_decref(answer);
}

static void name_actor(char out[RECORD_ACTOR_BYTES], const struct control_peer *peer)
{
	(void)snprintf(out, RECORD_ACTOR_BYTES, "uid:%u", (unsigned)control_peer_uid(peer));
}

static void do_reload(
    struct supervisor *sv, struct control_peer *peer, const json_t *request)
{
	char actor[RECORD_ACTOR_BYTES];

	(void)request;
	if (sv->reload.running || sv->reload_peer != NULL) {
		(void)control_reply_error(
		    peer, N_("a reload is under way, ask again in a moment"));
		return;
	}
	sv->reload_peer = peer;
	name_actor(actor, peer);
	reload_begin(sv, actor);
}

/* Whether its own list of system calls lies on top of ours, which it has inherited: the
 * kernel's word, not the child's. */
static bool is_limited(pid_t pid)
{
	return pid != 0 && process_number(pid, "NoNewPrivs") == 1 &&
	    process_number(pid, "Seccomp_filters") >
	    process_number(getpid(), "Seccomp_filters");
}

static json_t *describe_child(const struct child *child, uint64_t now_ms)
{
	uint64_t uptime_s = child->pid == 0 ? 0 : (now_ms - child->started_at_ms) / 1000;

	bool limited = is_limited(child->pid);

	return json_pack("{s:s,s:s,s:I,s:I,s:I,s:s,s:b}", "name", child->program, "state",
	    child_state_text(child->state), "pid", (json_int_t)child->pid, "restarts",
	    (json_int_t)child->restarts, "uptime_s", (json_int_t)uptime_s, "last_exit",
	    child->last_end, "limited", limited);
}

static json_t *describe_feeds(const struct feeds_run *feeds, uint64_t now_ms)
{
	const char *state = !feeds->installed ? "not installed"
	    : feeds->pid != 0                 ? "running"
	                                      : "waiting";
	json_t *out = json_pack("{s:s}", "state", state);

	if (out != NULL && feeds->finished_at_ms != 0) {
		uint64_t ago_s = (now_ms - feeds->finished_at_ms) / 1000;
		(void)json_object_set_new(
		    out, "last_exit", json_integer(feeds->last_status));
		(void)json_object_set_new(
		    out, "finished_s_ago", json_integer((json_int_t)ago_s));
	}
	return out;
}

static json_t *describe_share(const struct share_run *share, uint64_t now_ms)
{
	const char *state = !share->installed ? "not installed"
	    : share->pid != 0                 ? "running"
	                                      : "waiting";
	json_t *out = json_pack("{s:s}", "state", state);

	if (out != NULL && share->finished_at_ms != 0) {
		uint64_t ago_s = (now_ms - share->finished_at_ms) / 1000;
		(void)json_object_set_new(
		    out, "last_exit", json_integer(share->last_status));
		(void)json_object_set_new(
		    out, "finished_s_ago", json_integer((json_int_t)ago_s));
	}
	return out;
}

static void do_children(
    struct supervisor *sv, struct control_peer *peer, const json_t *request)
{
	uint64_t now_ms = supervisor_now_ms();
	json_t *list = json_array();

	(void)request;
	for (size_t i = 0; i < sv->child_count; i++)
		(void)json_array_append_new(list, describe_child(&sv->children[i], now_ms));
	reply_json(peer,
	    json_pack("{s:b,s:o,s:o,s:o}", "ok", 1, "children", list, "feeds",
	        describe_feeds(&sv->feeds, now_ms), "share",
	        describe_share(&sv->share, now_ms)));
}

/* ---- feeds ---- */

/* A decision of a person, as opposed to a fetch, stands in the record when it took effect. */
static void record_end(const struct feeds_wait *wait, int exit_status)
{
	char detail[FEEDS_NAME_BYTES + 16];

	(void)snprintf(
	    detail, sizeof detail, "%s%s", wait->name, exit_status == 0 ? "" : " (failed)");
	record_change(&wait->sv->records, wait->action, detail, wait->actor);
}

static void on_feeds_done(void *context, int exit_status)
{
	struct feeds_wait *wait = context;

	if (wait->action != NULL)
		record_end(wait, exit_status);
	if (wait->peer != NULL)
		reply_json(wait->peer,
		    json_pack("{s:b,s:i}", "ok", 1, "exit_status", exit_status));
	wait->sv = NULL;
}

static struct feeds_wait *free_wait(struct supervisor *sv)
{
	for (size_t i = 0; i < SUPERVISOR_FEEDS_WAITS; i++)
		if (sv->feeds_waits[i].sv == NULL)
			return &sv->feeds_waits[i];
	return NULL;
}

static void say_not_started(struct control_peer *peer, enum err rc)
{
	const char *why = rc == ERR_AGAIN ? N_("lists are being fetched already")
	    : rc == ERR_NOT_FOUND         ? N_("lachan-feeds is not installed")
	                                  : N_("lachan-feeds cannot be started");

	(void)control_reply_error(peer, why);
}

/* `action` is recorded at the end; NULL: not. False: the peer was told why not. */
static bool run_feeds(struct supervisor *sv, struct control_peer *peer,
    struct feeds_order *order, const char *action)
{
	struct feeds_wait *wait = free_wait(sv);

	if (wait == NULL) {
		say_not_started(peer, ERR_AGAIN);
		return false;
	}
	*wait = (struct feeds_wait){.sv = sv, .peer = peer, .action = action};
	(void)snprintf(wait->name, sizeof wait->name, "%s", order->name);
	name_actor(wait->actor, peer);
	order->on_done = on_feeds_done;
	order->context = wait;
	enum err rc = feeds_run_order(&sv->feeds, order);
	if (rc != OK) {
		wait->sv = NULL;
		say_not_started(peer, rc);
		return false;
	}
	control_peer_keep(peer); /* fetching may take minutes */
	return true;
}

static bool is_feed(const struct supervisor *sv, const char *name)
{
	const struct config_feeds *feeds = &sv->now.config->filter.feeds;

	for (size_t i = 0; i < feeds->count; i++)
		if (feeds->items[i].enabled && strcmp(feeds->items[i].name.text, name) == 0)
			return true;
	return false;
}

/* The feed a request names; NULL: the peer was told what is wrong with it. */
static const char *named_feed(
    const struct supervisor *sv, struct control_peer *peer, const json_t *request)
{
	const char *name = json_string_value(json_object_get(request, "name"));

	if (name != NULL && is_feed(sv, name))
		return name;
	(void)control_reply_error(peer,
	    name == NULL ? N_("the name of a feed is missing")
	                 : N_("there is no such feed in the configuration"));
	return NULL;
}

static void do_feeds_update(
    struct supervisor *sv, struct control_peer *peer, const json_t *request)
{
	struct feeds_order order = {.option = NULL};
	char actor[RECORD_ACTOR_BYTES];

	if (json_object_get(request, "name") != NULL) {
		const char *name = named_feed(sv, peer, request);
		if (name == NULL)
			return;
		order.option = "--only";
		(void)snprintf(order.name, sizeof order.name, "%s", name);
	}
	if (!run_feeds(sv, peer, &order, NULL))
		return;
	name_actor(actor, peer);
	record_change(
	    &sv->records, "feeds-update", order.option == NULL ? "all" : order.name, actor);
}

static void decide_feed(struct supervisor *sv, struct control_peer *peer,
    const json_t *request, const char *option, const char *action)
{
	const char *name = named_feed(sv, peer, request);
	struct feeds_order order = {.option = option, .urgent = true};

	if (name == NULL)
		return;
	(void)snprintf(order.name, sizeof order.name, "%s", name);
	(void)run_feeds(sv, peer, &order, action);
}

static void do_feeds_accept(
    struct supervisor *sv, struct control_peer *peer, const json_t *request)
{
	decide_feed(sv, peer, request, "--accept", "feeds-accept");
}

static void do_feeds_off(
    struct supervisor *sv, struct control_peer *peer, const json_t *request)
{
	decide_feed(sv, peer, request, "--off", "feeds-off");
}

static void do_feeds_on(
    struct supervisor *sv, struct control_peer *peer, const json_t *request)
{
	decide_feed(sv, peer, request, "--on", "feeds-on");
}

/* The desk's: it may say that there is something to tell, and nothing of what. */
static void do_notify(
    struct supervisor *sv, struct control_peer *peer, const json_t *request)
{
	(void)request;
	if (notify_run_ask(&sv->notices) == OK)
		reply_json(peer, json_pack("{s:b}", "ok", 1));
	else
		(void)control_reply_error(peer, N_("lachan-notify is not installed"));
}

/* The desk may say that there is something new to send; only root that it must go now: back-off
 * protects the department from us. */
static void do_share_now(
    struct supervisor *sv, struct control_peer *peer, const json_t *request)
{
	(void)request;
	if (share_run_ask(&sv->share,
	        control_peer_is_guest(peer) ? SHARE_BY_CLOCK : SHARE_BY_PERSON) == OK)
		reply_json(peer, json_pack("{s:b}", "ok", 1));
	else
		(void)control_reply_error(peer, N_("lachan-share is not installed"));
}

static void on_request(void *context, struct control_peer *peer, struct slice request)
{
	static const struct {
		const char *name;
		void (*run)(struct supervisor *sv, struct control_peer *peer,
		    const json_t *request);
		bool for_guests;
	} commands[] = {
	    {"reload", do_reload, false},
	    {"children", do_children, true},
	    {"feeds-update", do_feeds_update, false},
	    {"feeds-accept", do_feeds_accept, false},
	    {"feeds-off", do_feeds_off, false},
	    {"feeds-on", do_feeds_on, false},
	    {"notify", do_notify, true},
	    {"share-now", do_share_now, true},
	};
	json_t *root = json_loadb((const char *)request.ptr, request.len, 0, NULL);
	const char *name = json_string_value(json_object_get(root, "command"));

	for (size_t i = 0; name != NULL && i < COUNT_OF(commands); i++)
		if (strcmp(name, commands[i].name) == 0) {
			if (control_peer_is_guest(peer) && !commands[i].for_guests)
				(void)control_reply_error(
				    peer, N_("only root may ask for that"));
			else
				commands[i].run(context, peer, root);
			json_decref(root);
			return;
		}
	json_decref(root);
	(void)control_reply_error(peer,
	    N_("unknown command (known: reload, children, feeds-update, feeds-accept, "
	       "feeds-off, feeds-on, notify, share-now)"));
}

static void on_closed(void *context, struct control_peer *peer)
{
	struct supervisor *sv = context;

	if (sv->reload_peer == peer)
		sv->reload_peer = NULL;
	for (size_t i = 0; i < SUPERVISOR_FEEDS_WAITS; i++)
		if (sv->feeds_waits[i].peer == peer)
			sv->feeds_waits[i].peer = NULL;
}

/* The children's group: the page tells in its metrics how the others are. */
static gid_t guests_of(const struct config *config)
{
	struct sandbox_user user;
	struct diag why = {.text = ""};

	if (geteuid() != 0 ||
	    sandbox_find_user(config->server.user.text, &user, &why) != OK)
		return 0;
	return user.gid;
}

enum err commands_open(struct supervisor *sv, struct diag *why)
{
	const struct control_handlers handlers = {.on_request = on_request,
	    .on_closed = on_closed,
	    .context = sv,
	    .guests = guests_of(sv->now.config),
	    .page = CONTROL_PAGE_AS_GUEST};
	char path[FILE_PATH_BYTES];

	enum err rc = path_join(
	    path, sizeof path, sv->now.config->server.run_dir.text, "lachand.sock");
	if (rc != OK)
		return rc;
	return control_server_open(&sv->control, sv->base, path, &handlers, why);
}
