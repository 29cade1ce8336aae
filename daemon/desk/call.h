/* call -- one command of a socket until it is answered.
 *
 *	{"command":WORD, ...}  ->  {"ok":true, ...}
 *	                       ->  {"ok":false,"error":"sentence","why":WORD,"minutes"?:N}
 *
 * `id` of a request, whatever it is, comes back in the answer: answers of one line come in
 * the order in which they are ready. Sentences are English msgids, translated by whoever
 * shows them.
 *
 * A handler ends each call once, with call_give(), call_done(), call_refuse() or
 * call_fail(), at once or from a later callback; the call is freed by that. When the other
 * side has gone meanwhile, ending it does nothing else. At most CALLS_MAX are under way, of
 * them CALLS_OF_FORMS by forms.sock, so that whoever floods the page does not keep lachanctl
 * out; a further one is refused ("failed"). */
#ifndef DESK_CALL_H
#define DESK_CALL_H

#include <stdint.h>
#include <sys/types.h>

#include <jansson.h>

#include "base/bytes.h"
#include "desk/desk.h"
#include "kit/control_server.h"

enum {
	CALLS_MAX = 64,
	CALLS_OF_FORMS = 24, /* the page asks 20 at a time; fewer than FILTER_ASKED_MAX */
	CALL_ACTOR_BYTES = 32
};

/* Words of "why" that programs read. */
#define WHY_FAILED "failed" /* ours: no memory, no disk, no filter */

struct call {
	struct desk *desk;
	struct control_peer *peer; /* NULL: gone */
	enum desk_socket from;
	uid_t uid;
	json_t *request; /* an object */
	void *data; /* the handler's own while it waits, freed by free() with the call */
	/* Private to call.c. */
	void (*on_filter)(struct call *call, const json_t *answer);
	struct call *next;
};

/* A string of the request, NULL without it; an integer or a switch, `otherwise` without it. */
const char *call_text(const struct call *call, const char *key);
int64_t call_number(const struct call *call, const char *key, int64_t otherwise);
bool call_flag(const struct call *call, const char *key);

/* Takes `reply`, an object without "ok", which is added; NULL is want of memory. */
void call_give(struct call *call, json_t *reply);
/* {"ok":true} */
void call_done(struct call *call);
/* `why` is a word of the table in README.md, `sentence` a msgid. */
void call_refuse(struct call *call, const char *why, const char *sentence);
void call_refuse_for(
    struct call *call, const char *why, unsigned minutes, const char *sentence);
/* We could not: WHY_FAILED, with the sentence of `rc`. */
void call_fail(struct call *call, enum err rc);

/* "uid:1000": who asks on desk.sock, for the record. */
void call_actor(const struct call *call, char out[CALL_ACTOR_BYTES]);

/* Asks the filter and goes on in `done` when it has answered; `answer` is borrowed, and NULL
 * when there is none (filter.h); `done` may run before this returns. Takes `request`. The
 * call must not be ended before that. */
void call_ask_filter(struct call *call, json_t *request,
    void (*done)(struct call *call, const json_t *answer));

/* ---- for dispatch.c ---- */

/* NULL: refused already. */
struct call *call_begin(struct desk *desk, struct control_peer *peer, enum desk_socket from,
    struct slice request);
void call_forget_peer(struct desk *desk, const struct control_peer *peer);
/* At the end: those that nobody will answer any more. */
void calls_drop(struct desk *desk);

#endif
