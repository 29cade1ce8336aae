#include "desk/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "control/frame.h"
#include "desk/filter.h"
#include "kit/json_memory.h"

static void forget(struct call *c)
{
	struct desk *desk = c->desk;

	for (struct call **at = &desk->calls; *at != NULL; at = &(*at)->next)
		if (*at == c) {
			*at = c->next;
			desk->call_count--;
			break;
		}
	json_decref(c->request);
	free(c->data);
	free(c);
}

/* Takes `reply`. */
static void send_reply(struct control_peer *peer, const json_t *request, json_t *reply)
{
	json_t *id = json_object_get(request, "id");

	if (reply != NULL && id != NULL)
		(void)json_object_set(reply, "id", id);
	char *text = reply == NULL ? NULL : json_dumps(reply, JSON_COMPACT);
	if (text == NULL || strlen(text) > FRAME_MAX_BYTES)
		(void)control_reply_error(peer, N_("the gateway is out of memory"));
	else
		(void)control_reply(peer, slice_of(text));
	json_memory_free(text);
	json_decref(reply);
}

static json_t *refusal(const char *why, const char *sentence)
{
	return json_pack("{s:b,s:s,s:s}", "ok", 0, "error", sentence, "why", why);
}

/* Takes `reply`. */
static void end(struct call *c, json_t *reply)
{
	if (c->peer != NULL)
		send_reply(c->peer, c->request, reply);
	else
		json_decref(reply);
	forget(c);
}

const char *call_text(const struct call *c, const char *key)
{
	return json_string_value(json_object_get(c->request, key));
}

int64_t call_number(const struct call *c, const char *key, int64_t otherwise)
{
	const json_t *value = json_object_get(c->request, key);

	return json_is_integer(value) ? (int64_t)json_integer_value(value) : otherwise;
}

bool call_flag(const struct call *c, const char *key)
{
	return json_is_true(json_object_get(c->request, key));
}

void call_give(struct call *c, json_t *reply)
{
	if (reply != NULL)
		(void)json_object_set_new(reply, "ok", json_true());
	end(c, reply);
}

void call_done(struct call *c)
{
	call_give(c, json_object());
}

void call_refuse(struct call *c, const char *why, const char *sentence)
{
	end(c, refusal(why, sentence));
}

void call_refuse_for(
    struct call *c, const char *why, unsigned minutes, const char *sentence)
{
	json_t *reply = refusal(why, sentence);

	if (reply != NULL)
		(void)json_object_set_new(reply, "minutes", json_integer(minutes));
	end(c, reply);
}

void call_fail(struct call *c, enum err rc)
{
	call_refuse(c, WHY_FAILED, err_text(rc));
}

void call_actor(const struct call *c, char out[CALL_ACTOR_BYTES])
{
	(void)snprintf(out, CALL_ACTOR_BYTES, "uid:%u", (unsigned)c->uid);
}

static void on_filter_answer(void *context, const json_t *answer)
{
	struct call *c = context;

	c->on_filter(c, answer);
}

void call_ask_filter(
    struct call *c, json_t *request, void (*done)(struct call *call, const json_t *answer))
{
	c->on_filter = done;
	enum err rc = filter_ask(c->desk->filter, request, on_filter_answer, c);
	if (rc != OK)
		done(c, NULL);
}

static bool has_place(const struct desk *desk, enum desk_socket from)
{
	unsigned of_forms = 0;

	if (desk->call_count >= CALLS_MAX)
		return false;
	for (const struct call *c = desk->calls; c != NULL; c = c->next)
		of_forms += c->from == DESK_FORMS;
	return from != DESK_FORMS || of_forms < CALLS_OF_FORMS;
}

struct call *call_begin(struct desk *desk, struct control_peer *peer, enum desk_socket from,
    struct slice request)
{
	json_t *parsed = json_loadb(
	    (const char *)request.ptr, request.len, JSON_REJECT_DUPLICATES, NULL);
	struct call *c = NULL;

	if (!json_is_object(parsed)) {
		send_reply(peer, NULL, refusal(WHY_FAILED, N_("that is no request")));
	} else if (!has_place(desk, from)) {
		send_reply(peer, parsed,
		    refusal(WHY_FAILED, N_("too much is being asked at once")));
	} else {
		c = calloc(1, sizeof *c);
		if (c == NULL)
			send_reply(peer, parsed, refusal(WHY_FAILED, err_text(ERR_MEMORY)));
	}
	if (c == NULL) {
		json_decref(parsed);
		return NULL;
	}
	*c = (struct call){.desk = desk,
	    .peer = peer,
	    .from = from,
	    .uid = control_peer_uid(peer),
	    .request = parsed,
	    .next = desk->calls};
	desk->calls = c;
	desk->call_count++;
	return c;
}

void calls_drop(struct desk *desk)
{
	while (desk->calls != NULL)
		forget(desk->calls);
}

void call_forget_peer(struct desk *desk, const struct control_peer *peer)
{
	for (struct call *c = desk->calls; c != NULL; c = c->next)
		if (c->peer == peer)
			c->peer = NULL;
}
