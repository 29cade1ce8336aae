/* desk -- what the page asks lachan-desk over forms.sock, without ever waiting for it.
 *
 *	desk_ask --> connect --> frame out --> frame in --> on_answer(answer)
 *	                \____________ deadline, anything odd ____________/
 *	                                      on_answer(NULL): "failed"
 *
 * One connection a question, one question a connection: a late answer can never be taken
 * for another's, a slow sign-in never stands before a report of harm, and a desk that was
 * restarted needs no care. The deadline is absolute, from desk_ask() on. Of each kind only
 * so many questions are under way at once; one more is answered NULL.
 *
 * What forms may be shown ("standing") is asked every DESK_POLL_S seconds and believed for
 * DESK_BELIEF_S; without an answer nothing holds. Nothing of a question is logged.
 * Threads: everything on the thread of the event base. */
#ifndef PAGE_DESK_H
#define PAGE_DESK_H

#include <event2/event.h>
#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "kit/instrumented.h"
#include "page/standing.h"

enum {
	DESK_POLL_S = 5,
	DESK_BELIEF_S = 15,
	DESK_SEND_MS = INSTRUMENTED ? 6000 : 2000,
	/* A password takes the desk time on purpose. */
	DESK_SIGN_IN_MS = INSTRUMENTED ? 15000 : 5000,
	DESK_ANSWER_MAX_BYTES = 64 << 10 /* more is no answer */
};

/* Which questions compete for the same places. */
enum desk_kind {
	DESK_STANDING, /* our own polling */
	DESK_FORM,     /* review, report, answer, and what a signed-in person sends */
	DESK_SIGN_IN,
	DESK_LEAF,
	DESK_KINDS
};

struct desk;

/* `answer` is an object; NULL when there is none, for whatever reason. Borrowed until the
 * callback returns. */
typedef void (*desk_on_answer)(void *context, const json_t *answer);

/* Begins to ask for the standing at once. `path` is copied. ERR_MEMORY, ERR_RANGE (longer
 * than a socket address holds). json_memory_begin() has been called. */
MUST_CHECK enum err desk_open(struct desk **out, struct event_base *base, const char *path);
/* Questions under way are answered NULL first. NULL: nothing. */
void desk_close(struct desk *d);

/* What holds now; all false while the desk does not say so, and for NULL. */
struct standing desk_standing(const struct desk *d);
/* Has it told its standing lately? Then it reads codes, whoever is here. */
bool desk_is_there(const struct desk *d);

/* Asks; `question` is an object with "command" and is taken (NULL, as json_pack() gives
 * without memory, is answered NULL). Exactly one call of on_answer follows, perhaps before
 * this returns. `d` may be NULL. The time allowed is DESK_SIGN_IN_MS for a sign-in, else
 * DESK_SEND_MS. */
void desk_ask_take(struct desk *d, enum desk_kind kind, json_t *question,
    desk_on_answer on_answer, void *context);

/* Did the desk do what it was asked? */
bool desk_is_ok(const json_t *answer);
/* The word of a refusal ("why"); "failed" where there is no answer or no word. */
const char *desk_why(const json_t *answer);

#endif
