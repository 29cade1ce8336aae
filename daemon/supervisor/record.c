#include "supervisor/record.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/file.h"
#include "control/frame.h"
#include "kit/json_memory.h"
#include "kit/log.h"

#define NOBODY "the filter is not there"

enum {
	ANSWER_MAX_BYTES = 4096
};

static void end(struct record *r)
{
	bufferevent_free(r->line);
	r->line = NULL;
}

static void say_missing(const char *action, const char *actor, const char *why)
{
	log_error("audit", "%s by %s could not be recorded: %s", action, actor, why);
}

static void fail(struct record *r, const char *why)
{
	say_missing(r->action, r->actor, why);
	end(r);
}

static void on_event(struct bufferevent *line UNUSED, short what, void *context)
{
	struct record *r = context;

	if ((what & BEV_EVENT_CONNECTED) != 0)
		return;
	fail(r, (what & BEV_EVENT_TIMEOUT) != 0 ? "the filter does not answer" : NOBODY);
}

static void judge(struct record *r, struct slice answer)
{
	json_t *root = json_loadb((const char *)answer.ptr, answer.len, 0, NULL);
	const char *error = json_string_value(json_object_get(root, "error"));

	if (json_is_true(json_object_get(root, "ok")))
		end(r);
	else
		fail(r, error != NULL ? error : "the filter's answer cannot be read");
	json_decref(root);
}

static void on_read(struct bufferevent *line, void *context)
{
	struct evbuffer *input = bufferevent_get_input(line);
	struct record *r = context;
	struct frame_decoder decoder;
	struct slice rest = {evbuffer_pullup(input, -1), evbuffer_get_length(input)};
	struct slice answer;

	/* From the front each time: an answer is a few octets and comes in one piece. */
	frame_decoder_init(&decoder, ANSWER_MAX_BYTES);
	enum err rc = frame_decode(&decoder, &rest, &answer);
	if (rc == OK)
		judge(r, answer);
	else if (rc != ERR_AGAIN)
		fail(r, "the filter's answer cannot be read");
	frame_decoder_deinit(&decoder);
}

static bool send_request(struct record *r, const char *detail)
{
	uint8_t header[FRAME_HEADER_BYTES];
	json_t *request = json_pack("{s:s,s:s,s:s,s:s}", "command", "record", "action",
	    r->action, "detail", detail, "actor", r->actor);
	char *text = request == NULL ? NULL : json_dumps(request, JSON_COMPACT);
	bool fine = text != NULL && frame_encode_header(header, strlen(text)) == OK &&
	    bufferevent_write(r->line, header, sizeof header) == 0 &&
	    bufferevent_write(r->line, text, strlen(text)) == 0;

	json_memory_free(text);
	json_decref(request);
	return fine;
}

static void begin(struct records *records, struct record *r, const char *detail)
{
	static const struct timeval longest = {.tv_sec = RECORD_ANSWER_S};

	r->line = bufferevent_socket_new(
	    records->base, -1, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (r->line == NULL) {
		say_missing(r->action, r->actor, "out of memory");
		return;
	}
	bufferevent_setcb(r->line, on_read, NULL, on_event, r);
	(void)bufferevent_set_timeouts(r->line, &longest, &longest);
	if (!send_request(r, detail) ||
	    bufferevent_enable(r->line, EV_READ | EV_WRITE) != 0)
		fail(r, "out of memory");
	else if (bufferevent_socket_connect(r->line, (const struct sockaddr *)&records->at,
	             (int)sizeof records->at) != 0)
		fail(r, NOBODY);
}

void record_change(
    struct records *records, const char *action, const char *detail, const char *actor)
{
	for (size_t i = 0; i < RECORDS_MAX; i++) {
		struct record *r = &records->items[i];
		if (r->line != NULL)
			continue;
		(void)snprintf(r->action, sizeof r->action, "%s", action);
		(void)snprintf(r->actor, sizeof r->actor, "%s", actor);
		begin(records, r, detail);
		return;
	}
	say_missing(action, actor, "too many changes at once");
}

enum err records_init(struct records *records, struct event_base *base, const char *run_dir)
{
	*records = (struct records){.base = base, .at = {.sun_family = AF_UNIX}};
	return path_join(
	    records->at.sun_path, sizeof records->at.sun_path, run_dir, "control.sock");
}

void records_deinit(struct records *records)
{
	for (size_t i = 0; i < RECORDS_MAX; i++)
		if (records->items[i].line != NULL)
			end(&records->items[i]);
}
