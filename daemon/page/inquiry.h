/* inquiry -- one question to a control socket, without waiting for its answer.
 *
 * Opened, asked and closed for each question: metrics are asked for a few times a minute.
 * Threads: the one of the event base. */
#ifndef PAGE_INQUIRY_H
#define PAGE_INQUIRY_H

#include <event2/event.h>
#include <jansson.h>

enum {
	INQUIRY_TIMEOUT_MS = 2000
};

struct inquiry;

/* The answer, borrowed for the call; NULL: nobody answered in time, or said no. The inquiry
 * has ended by then. */
typedef void inquiry_on_answer(void *context, const json_t *answer);

/* Asks {"command":`command`} at the socket `path`. NULL when that cannot even begin: then
 * on_answer is not called. */
struct inquiry *inquiry_begin(struct event_base *base, const char *path,
    const char *command, inquiry_on_answer *on_answer, void *context);
/* Ends it without an answer. NULL: nothing. */
void inquiry_drop(struct inquiry *q);

#endif
