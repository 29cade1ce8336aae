#include "supervisor/reload.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/words.h"
#include "kit/json_memory.h"
#include "kit/judge.h"
#include "kit/log.h"
#include "kit/notify.h"
#include "kit/startup.h"
#include "supervisor/supervisor.h"

/* Why a reload ended without the new configuration. */
struct refusal {
	const char *sentence;
	const struct diags *mistakes; /* NULL: none */
	const char *restart_key;      /* the key that needs a restart; NULL: none does */
};

static json_t *describe(const struct refusal *refusal)
{
	const struct diags *mistakes = refusal->mistakes;
	json_t *list = json_array();

	for (size_t i = 0; mistakes != NULL && i < mistakes->count; i++) {
		char text[DIAG_LINE_BYTES];
		diag_format(text, sizeof text, &mistakes->items[i]);
		(void)json_array_append_new(list, json_string(text));
	}
	json_t *answer = json_pack(
	    "{s:b,s:s,s:o}", "ok", 0, "error", refusal->sentence, "mistakes", list);
	if (answer != NULL && refusal->restart_key != NULL)
		(void)json_object_set_new(
		    answer, "needs_restart", json_string(refusal->restart_key));
	return answer;
}

/* Whoever waits on lachand.sock; `refusal` NULL: it went well. */
static void answer_peer(struct supervisor *sv, const struct refusal *refusal)
{
	struct control_peer *peer = sv->reload_peer;

	sv->reload_peer = NULL;
	if (peer == NULL)
		return;
	json_t *answer = refusal == NULL ? json_pack("{s:b}", "ok", 1) : describe(refusal);
	char *text = answer == NULL ? NULL : json_dumps(answer, JSON_COMPACT);
	if (text != NULL)
		(void)control_reply(peer, slice_of(text));
	json_decref(answer);
	json_memory_free(text);
}

static void finish(struct supervisor *sv, const struct refusal *refusal)
{
	bool again = sv->reload.again;

	sv->reload.running = false;
	sv->reload.again = false;
	sv->reload.awaited = NULL;
	(void)event_del(sv->reload.too_long);
	bundle_free(&sv->reload.next);
	notify_send("READY=1\nSTATUS=%s", refusal == NULL ? "serving" : refusal->sentence);
	answer_peer(sv, refusal);
	if (again && !sv->ending)
		reload_begin(sv, RECORD_SIGNAL);
}

/* Those that took the new configuration get the old one again. */
static void take_back(struct supervisor *sv)
{
	for (size_t i = 0; i < sv->child_count; i++) {
		struct child *child = &sv->children[i];
		if (!child->took_next)
			continue;
		child->took_next = false;
		/* Without the message, a restart brings it back to the accepted one. */
		if (child_send_config(child, &sv->now) != OK)
			child_signal(child, SIGTERM);
	}
}

static void fail(struct supervisor *sv, const char *program, const char *why)
{
	char sentence[LINK_MESSAGE_BYTES + 128];

	take_back(sv);
	(void)snprintf(sentence, sizeof sentence,
	    N_("%s: %s; every program keeps the old configuration"), program, why);
	log_error("reload", "%s", sentence);
	finish(sv, &(struct refusal){.sentence = sentence});
}

static void accept_next(struct supervisor *sv)
{
	struct bundle old = sv->now;

	sv->now = sv->reload.next;
	sv->reload.next = BUNDLE_NONE;
	bundle_free(&old);
	for (size_t i = 0; i < sv->child_count; i++)
		sv->children[i].took_next = false;
	startup_use_config("lachand", sv->now.config);
	log_info("reload", "the new configuration is in force");
	record_change(&sv->records, "reload", sv->config_path, sv->reload.actor);
	/* A run under way knows other recipients, or other times. */
	(void)!share_run_ask(&sv->share, SHARE_BY_CLOCK);
	finish(sv, NULL);
}

/* Sends it to the next child that runs and has not taken it; when there is none, all
 * have. A child that is away is started with what is accepted by then. */
static void proceed(struct supervisor *sv)
{
	struct child *child = NULL;

	for (size_t i = 0; child == NULL && i < sv->child_count; i++)
		if (sv->children[i].pid != 0 && !sv->children[i].took_next)
			child = &sv->children[i];
	sv->reload.awaited = child;
	if (child == NULL) {
		accept_next(sv);
		return;
	}
	if (child->unanswered > 0) {
		fail(sv, child->program, N_("is still busy with an earlier configuration"));
		return;
	}
	enum err rc = child_send_config(child, &sv->reload.next);
	if (rc != OK)
		fail(sv, child->program, err_text(rc));
}

static void on_too_long(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	struct supervisor *sv = context;
	struct child *slow = sv->reload.awaited;

	if (!sv->reload.running || slow == NULL)
		return;
	/* It may take the new one at any later moment: end it, its successor gets the old. */
	child_signal(slow, SIGKILL);
	fail(sv, slow->program, N_("did not answer in time"));
}

void reload_on_answer(
    struct supervisor *sv, struct child *child, enum link_word word, const char *why)
{
	if (!sv->reload.running || child != sv->reload.awaited) {
		/* An answer to take_back(). */
		if (word == LINK_REFUSED) {
			log_error("reload",
			    "%s does not take its old configuration back: %s; "
			    "starting it again",
			    child->program, why);
			child_signal(child, SIGTERM);
		}
		return;
	}
	if (word == LINK_REFUSED) {
		fail(sv, child->program, why);
		return;
	}
	child->took_next = true;
	proceed(sv);
}

void reload_on_end(struct supervisor *sv, struct child *child)
{
	if (!sv->reload.running || child != sv->reload.awaited)
		return;
	if (!child->optional) {
		fail(sv, child->program, N_("ended while it took the new configuration"));
		return;
	}
	/* Its successor starts with what is accepted. */
	log_warn("reload", "%s ended while it took the new configuration; the others go on",
	    child->program);
	proceed(sv);
}

/* *restart_key: the key that has changed and may not, or NULL. */
static enum err read_next(
    struct supervisor *sv, struct diags *mistakes, const char **restart_key)
{
	*restart_key = NULL;
	enum err rc = bundle_load(&sv->reload.next, sv->config_path, mistakes);
	if (rc == OK) {
		judge_files(sv->reload.next.config, mistakes);
		rc = mistakes->errors > 0 ? ERR_CONFIG : OK;
	}
	if (rc != OK) {
		if (mistakes->errors == 0)
			diags_error(mistakes, sv->config_path, 0, 0, "%s", err_text(rc));
		return rc;
	}
	const char *key = config_needs_restart(sv->now.config, sv->reload.next.config);
	if (key == NULL)
		return OK;
	*restart_key = key;
	diags_error(mistakes, sv->config_path, 0, 0,
	    _("%s has changed, and that needs a restart (systemctl restart lachan)"), key);
	return ERR_CONFIG;
}

static void refuse_next(
    struct supervisor *sv, const struct diags *mistakes, const char *restart_key)
{
	const struct refusal refusal = {.mistakes = mistakes,
	    .restart_key = restart_key,
	    .sentence = restart_key == NULL
	        ? N_("the configuration has mistakes, the old one stays")
	        : N_("what has changed needs a restart, the old configuration stays")};

	log_error(
	    "reload", "%s is not taken, the old configuration stays", sv->config_path);
	finish(sv, &refusal);
}

void reload_begin(struct supervisor *sv, const char *actor)
{
	struct diags mistakes = DIAGS_NONE;
	const struct timeval longest = {.tv_sec = RELOAD_LONGEST_S};
	const char *restart_key;

	if (sv->reload.running) {
		sv->reload.again = true;
		return;
	}
	sv->reload.running = true;
	(void)snprintf(sv->reload.actor, sizeof sv->reload.actor, "%s", actor);
	notify_reloading(supervisor_now_ms() * 1000);
	enum err rc = read_next(sv, &mistakes, &restart_key);
	log_diags("config", &mistakes);
	if (rc == OK) {
		(void)event_add(sv->reload.too_long, &longest);
		proceed(sv);
	} else {
		refuse_next(sv, &mistakes, restart_key);
	}
	diags_deinit(&mistakes);
}

enum err reload_init(struct supervisor *sv)
{
	sv->reload = (struct reload){.next = BUNDLE_NONE};
	sv->reload.too_long = evtimer_new(sv->base, on_too_long, sv);
	return sv->reload.too_long == NULL ? ERR_MEMORY : OK;
}

void reload_deinit(struct supervisor *sv)
{
	if (sv->reload.too_long != NULL)
		event_free(sv->reload.too_long);
	sv->reload.too_long = NULL;
	bundle_free(&sv->reload.next);
}
