#include "supervisor/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/words.h"
#include "supervisor/supervisor.h"

static void reply_json(struct control_peer *peer, json_t *answer)
{
	char *text = answer == NULL ? NULL : json_dumps(answer, JSON_COMPACT);

	if (text != NULL)
		(void)control_reply(peer, slice_of(text));
	else
		(void)control_reply_error(peer, N_("out of memory"));
	free(text);
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

static json_t *describe_child(const struct child *child, uint64_t now_ms)
{
	uint64_t uptime_s = child->pid == 0 ? 0 : (now_ms - child->started_at_ms) / 1000;

	return json_pack("{s:s,s:s,s:I,s:I,s:I,s:s}", "name", child->program, "state",
	    child_state_text(child->state), "pid", (json_int_t)child->pid, "restarts",
	    (json_int_t)child->restarts, "uptime_s", (json_int_t)uptime_s, "last_exit",
	    child->last_end);
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

static void do_children(
    struct supervisor *sv, struct control_peer *peer, const json_t *request)
{
	uint64_t now_ms = supervisor_now_ms();
	json_t *list = json_array();

	(void)request;
	for (size_t i = 0; i < sv->child_count; i++)
		(void)json_array_append_new(list, describe_child(&sv->children[i], now_ms));
	reply_json(peer,
	    json_pack("{s:b,s:o,s:o}", "ok", 1, "children", list, "feeds",
	        describe_feeds(&sv->feeds, now_ms)));
}

static void on_feeds_done(void *context, int exit_status)
{
	struct supervisor *sv = context;
	struct control_peer *peer = sv->feeds_peer;

	sv->feeds_peer = NULL;
	if (peer != NULL)
		reply_json(
		    peer, json_pack("{s:b,s:i}", "ok", 1, "exit_status", exit_status));
}

static void do_feeds_update(
    struct supervisor *sv, struct control_peer *peer, const json_t *request)
{
	const char *name = json_string_value(json_object_get(request, "name"));
	char actor[RECORD_ACTOR_BYTES], detail[FEEDS_NAME_BYTES];

	switch (feeds_run_now(&sv->feeds, name, on_feeds_done, sv)) {
	case OK:
		sv->feeds_peer = peer;
		control_peer_keep(peer); /* fetching may take minutes */
		name_actor(actor, peer);
		(void)snprintf(detail, sizeof detail, "%s", name == NULL ? "all" : name);
		record_change(&sv->records, "feeds-update", detail, actor);
		break;
	case ERR_AGAIN:
		(void)control_reply_error(peer, N_("lists are being fetched already"));
		break;
	case ERR_NOT_FOUND:
		(void)control_reply_error(peer, N_("lachan-feeds is not installed"));
		break;
	default:
		(void)control_reply_error(peer, N_("lachan-feeds cannot be started"));
	}
}

static void on_request(void *context, struct control_peer *peer, struct slice request)
{
	static const struct {
		const char *name;
		void (*run)(struct supervisor *sv, struct control_peer *peer,
		    const json_t *request);
	} commands[] = {
	    {"reload", do_reload},
	    {"children", do_children},
	    {"feeds-update", do_feeds_update},
	};
	json_t *root = json_loadb((const char *)request.ptr, request.len, 0, NULL);
	const char *name = json_string_value(json_object_get(root, "command"));

	for (size_t i = 0; name != NULL && i < COUNT_OF(commands); i++)
		if (strcmp(name, commands[i].name) == 0) {
			commands[i].run(context, peer, root);
			json_decref(root);
			return;
		}
	json_decref(root);
	(void)control_reply_error(
	    peer, N_("unknown command (known: reload, children, feeds-update)"));
}

static void on_closed(void *context, struct control_peer *peer)
{
	struct supervisor *sv = context;

	if (sv->reload_peer == peer)
		sv->reload_peer = NULL;
	if (sv->feeds_peer == peer)
		sv->feeds_peer = NULL;
}

enum err commands_open(struct supervisor *sv, struct diag *why)
{
	const struct control_handlers handlers = {
	    .on_request = on_request, .on_closed = on_closed, .context = sv};
	char path[FILE_PATH_BYTES];

	enum err rc = path_join(
	    path, sizeof path, sv->now.config->server.run_dir.text, "lachand.sock");
	if (rc != OK)
		return rc;
	return control_server_open(&sv->control, sv->base, path, &handlers, why);
}
