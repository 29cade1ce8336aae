#include "desk/filter.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/file.h"
#include "control/frame.h"
#include "kit/json_memory.h"
#include "kit/log.h"

/* One on its way. */
struct asked {
	struct bufferevent *stream; /* NULL: free */
	struct event *too_late;     /* for connecting, sending and waiting together */
	struct frame_decoder decoder;
	filter_answer done;
	void *context;
};

struct filter_line {
	struct event_base *base;
	struct sockaddr_un at;
	bool closing;
	struct asked items[FILTER_ASKED_MAX];
};

static void release(struct asked *a)
{
	if (a->stream != NULL)
		bufferevent_free(a->stream);
	if (a->too_late != NULL)
		event_free(a->too_late);
	frame_decoder_deinit(&a->decoder);
	*a = (struct asked){.stream = NULL};
}

/* Freed before the callback, which may ask the next thing. */
static void finish(struct asked *a, const json_t *answer)
{
	filter_answer done = a->done;
	void *context = a->context;

	release(a);
	done(context, answer);
}

static void on_event(struct bufferevent *stream UNUSED, short what, void *context)
{
	if ((what & BEV_EVENT_CONNECTED) == 0)
		finish(context, NULL);
}

static void on_too_late(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	finish(context, NULL);
}

static void on_read(struct bufferevent *stream, void *context)
{
	struct asked *a = context;
	uint8_t bytes[4096];
	struct slice payload;

	for (size_t n; (n = bufferevent_read(stream, bytes, sizeof bytes)) > 0;) {
		struct slice input = {bytes, n};
		enum err rc = frame_decode(&a->decoder, &input, &payload);
		if (rc == ERR_AGAIN)
			continue;
		json_t *answer = rc != OK
		    ? NULL
		    : json_loadb((const char *)payload.ptr, payload.len, 0, NULL);
		finish(a, json_is_object(answer) ? answer : NULL);
		json_decref(answer);
		return;
	}
}

static bool queue(struct bufferevent *stream, const json_t *request)
{
	uint8_t header[FRAME_HEADER_BYTES];
	char *text = json_dumps(request, JSON_COMPACT);
	bool fine = text != NULL && frame_encode_header(header, strlen(text)) == OK &&
	    bufferevent_write(stream, header, sizeof header) == 0 &&
	    bufferevent_write(stream, text, strlen(text)) == 0;

	json_memory_free(text);
	return fine;
}

static bool begin(struct filter_line *line, struct asked *a, const json_t *request)
{
	static const struct timeval longest = {.tv_sec = FILTER_ANSWER_S};

	frame_decoder_init(&a->decoder, FRAME_MAX_BYTES);
	a->stream = bufferevent_socket_new(
	    line->base, -1, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	a->too_late = evtimer_new(line->base, on_too_late, a);
	if (a->stream == NULL || a->too_late == NULL || !queue(a->stream, request) ||
	    event_add(a->too_late, &longest) != 0)
		return false;
	bufferevent_setcb(a->stream, on_read, NULL, on_event, a);
	if (bufferevent_enable(a->stream, EV_READ | EV_WRITE) != 0)
		return false;
	/* A filter that is not there is told by the loop as any other silence, so that `done`
	 * never runs below the one who asked. */
	if (bufferevent_socket_connect(
	        a->stream, (const struct sockaddr *)&line->at, (int)sizeof line->at) != 0)
		event_active(a->too_late, EV_TIMEOUT, 0);
	return true;
}

enum err filter_ask(
    struct filter_line *line, json_t *request, filter_answer done, void *context)
{
	enum err rc = request == NULL ? ERR_MEMORY : ERR_FULL;

	if (line == NULL || line->closing)
		rc = ERR_CLOSED;

	for (size_t i = 0; rc == ERR_FULL && i < FILTER_ASKED_MAX; i++) {
		struct asked *a = &line->items[i];
		if (a->done != NULL)
			continue;
		a->done = done;
		a->context = context;
		rc = begin(line, a, request) ? OK : ERR_MEMORY;
		if (rc != OK)
			release(a);
	}
	json_decref(request);
	return rc;
}

bool filter_agreed(const json_t *answer)
{
	return json_is_true(json_object_get(answer, "ok"));
}

static void say_missing(const char *action, const char *why)
{
	log_error("audit", "%s could not be recorded: %s", action, why);
}

static void on_recorded(void *context, const json_t *answer)
{
	char *action = context;

	if (!filter_agreed(answer)) {
		const char *error = json_string_value(json_object_get(answer, "error"));
		say_missing(action, error != NULL ? error : "the filter does not answer");
	}
	free(action);
}

static const char *text_of(const char *text)
{
	return text == NULL ? "" : text;
}

void filter_record(struct filter_line *line, const struct filter_entry *entry)
{
	char *action = strdup(text_of(entry->action));
	enum err rc = ERR_MEMORY;

	if (action != NULL)
		rc = filter_ask(line,
		    json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "command", "audit", "actor",
		        text_of(entry->actor), "action", action, "name",
		        text_of(entry->name), "scope", text_of(entry->scope), "detail",
		        text_of(entry->detail)),
		    on_recorded, action);
	if (rc == OK)
		return;
	say_missing(text_of(entry->action), err_text(rc));
	free(action);
}

enum err filter_open(struct filter_line **out, struct event_base *base, const char *run_dir,
    const char *name)
{
	struct filter_line *line = calloc(1, sizeof *line);

	if (line == NULL)
		return ERR_MEMORY;
	line->base = base;
	line->at.sun_family = AF_UNIX;
	enum err rc = path_join(line->at.sun_path, sizeof line->at.sun_path, run_dir, name);
	if (rc != OK) {
		free(line);
		return rc;
	}
	*out = line;
	return OK;
}

void filter_close(struct filter_line *line)
{
	if (line == NULL)
		return;
	line->closing = true;
	for (size_t i = 0; i < FILTER_ASKED_MAX; i++)
		if (line->items[i].done != NULL)
			finish(&line->items[i], NULL);
	free(line);
}
