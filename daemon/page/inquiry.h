/* inquiry -- one question to a control socket, without waiting for its answer.
 *
 * Opened, asked and closed for each question: a late answer can never be taken for
 * another's, and whoever was restarted needs no care. The deadline is absolute.
 * Threads: the one of the event base. */
#ifndef PAGE_INQUIRY_H
#define PAGE_INQUIRY_H

#include <event2/event.h>
#include <jansson.h>

#include "base/bytes.h"

struct inquiry;

/* All borrowed for the call of inquiry_begin() alone. */
struct inquiry_question {
	const char *path;    /* of the socket */
	struct slice text;   /* one JSON object with "command" */
	unsigned timeout_ms; /* for all of it */
	size_t max_bytes;    /* of the answer; at most FRAME_MAX_BYTES */
};

/* The answer, an object, borrowed for the call; NULL: nobody answered in time, or not in
 * JSON. Whether it is a yes ("ok") is the caller's to see. The inquiry has ended by then. */
typedef void inquiry_on_answer(void *context, const json_t *answer);

/* NULL when it cannot even begin: then on_answer is not called. */
struct inquiry *inquiry_begin(struct event_base *base,
    const struct inquiry_question *question, inquiry_on_answer *on_answer, void *context);
/* Ends it without an answer. NULL: nothing. */
void inquiry_drop(struct inquiry *q);

#endif
