#include "page/desk.h"

#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "kit/json_memory.h"
#include "page/inquiry.h"

enum {
	PLACES_MAX = 8
};

/* How many questions of a kind may be under way. Sign-ins have few places, since each one
 * costs the desk a computation; together they stay below CONTROL_CLIENTS_MAX. */
static const unsigned places_of[DESK_KINDS] = {
    [DESK_STANDING] = 1, [DESK_FORM] = 8, [DESK_SIGN_IN] = 3, [DESK_LEAF] = 8};

struct place {
	struct inquiry *inquiry; /* NULL: free */
	desk_on_answer on_answer;
	void *context;
};

struct desk {
	struct event_base *base;
	char path[sizeof((struct sockaddr_un *)0)->sun_path];
	struct place places[DESK_KINDS][PLACES_MAX];
	struct standing standing;
	bool there;
	struct event *poll;
	struct event *doubt; /* the end of what we believe */
};

/* Frees the place first: the callback may ask again. */
static void on_inquiry(void *context, const json_t *answer)
{
	struct place *place = context;
	desk_on_answer on_answer = place->on_answer;
	void *asker = place->context;

	*place = (struct place){.inquiry = NULL};
	on_answer(asker, answer);
}

static struct place *find_place(struct desk *d, enum desk_kind kind)
{
	for (unsigned i = 0; i < places_of[kind]; i++) {
		if (d->places[kind][i].inquiry == NULL)
			return &d->places[kind][i];
	}
	return NULL;
}

static bool begin(struct desk *d, struct place *place, enum desk_kind kind, char *text)
{
	const struct inquiry_question question = {
	    .path = d->path,
	    .text = slice_of(text),
	    .timeout_ms = kind == DESK_SIGN_IN ? DESK_SIGN_IN_MS : DESK_SEND_MS,
	    .max_bytes = DESK_ANSWER_MAX_BYTES,
	};

	place->inquiry = inquiry_begin(d->base, &question, on_inquiry, place);
	return place->inquiry != NULL;
}

void desk_ask_take(struct desk *d, enum desk_kind kind, json_t *question,
    desk_on_answer on_answer, void *context)
{
	struct place *place = d == NULL ? NULL : find_place(d, kind);
	char *text = place == NULL ? NULL : json_dumps(question, JSON_COMPACT);
	bool begun = false;

	json_decref(question);
	if (text != NULL) {
		place->on_answer = on_answer;
		place->context = context;
		begun = begin(d, place, kind, text);
		explicit_bzero(text, strlen(text)); /* it may hold a password */
	}
	json_memory_free(text);
	if (!begun)
		on_answer(context, NULL);
}

bool desk_is_ok(const json_t *answer)
{
	return json_is_true(json_object_get(answer, "ok"));
}

const char *desk_why(const json_t *answer)
{
	const char *why = json_string_value(json_object_get(answer, "why"));

	return why != NULL ? why : "failed";
}

/* ---- what holds now ---- */

static bool holds(const json_t *answer, const char *what)
{
	return json_is_true(json_object_get(answer, what));
}

static void believe_nothing(struct desk *d)
{
	d->there = false;
	d->standing = (struct standing){.review = false};
}

static void on_standing(void *context, const json_t *answer)
{
	const struct timeval belief = {DESK_BELIEF_S, 0};
	struct desk *d = context;

	if (!desk_is_ok(answer))
		return; /* what was heard before is believed until its time is up */
	d->standing = (struct standing){.review = holds(answer, "review"),
	    .report = holds(answer, "report"),
	    .teacher = holds(answer, "teacher")};
	d->there = event_add(d->doubt, &belief) == 0;
	if (!d->there)
		believe_nothing(d);
}

static void on_poll(evutil_socket_t fd, short what, void *context)
{
	struct desk *d = context;

	(void)fd;
	(void)what;
	desk_ask_take(
	    d, DESK_STANDING, json_pack("{s:s}", "command", "standing"), on_standing, d);
}

static void on_doubt(evutil_socket_t fd, short what, void *context)
{
	struct desk *d = context;

	(void)fd;
	(void)what;
	believe_nothing(d);
}

struct standing desk_standing(const struct desk *d)
{
	return d == NULL ? (struct standing){.review = false} : d->standing;
}

bool desk_is_there(const struct desk *d)
{
	return d != NULL && d->there;
}

enum err desk_open(struct desk **out, struct event_base *base, const char *path)
{
	const struct timeval often = {DESK_POLL_S, 0};
	struct desk *d = calloc(1, sizeof *d);

	if (d == NULL)
		return ERR_MEMORY;
	if (strlen(path) >= sizeof d->path) {
		free(d);
		return ERR_RANGE;
	}
	memcpy(d->path, path, strlen(path) + 1);
	d->base = base;
	d->poll = event_new(base, -1, EV_PERSIST, on_poll, d);
	d->doubt = evtimer_new(base, on_doubt, d);
	if (d->poll == NULL || d->doubt == NULL || event_add(d->poll, &often) != 0) {
		desk_close(d);
		return ERR_MEMORY;
	}
	event_active(d->poll, EV_TIMEOUT, 0);
	*out = d;
	return OK;
}

void desk_close(struct desk *d)
{
	if (d == NULL)
		return;
	for (size_t kind = 0; kind < DESK_KINDS; kind++)
		for (size_t i = 0; i < PLACES_MAX; i++) {
			struct place *place = &d->places[kind][i];
			if (place->inquiry == NULL)
				continue;
			inquiry_drop(place->inquiry);
			on_inquiry(place, NULL);
		}
	if (d->poll != NULL)
		event_free(d->poll);
	if (d->doubt != NULL)
		event_free(d->doubt);
	free(d);
}
