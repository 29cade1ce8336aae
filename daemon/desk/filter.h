/* filter -- asks the filter over its control.sock, without waiting for it.
 *
 * One connection a question, since answers there may take their time; at most
 * FILTER_ASKED_MAX on their way. audit.log has one writer, the filter: what the desk did for
 * somebody is told to it here. */
#ifndef DESK_FILTER_H
#define DESK_FILTER_H

#include <stdbool.h>

#include <jansson.h>

#include "base/err.h"

struct event_base;
struct filter_line;

enum {
	FILTER_ASKED_MAX = 32,
	FILTER_ANSWER_S = 5
};

/* `answer` is the filter's object, borrowed for the call; NULL when the filter is not there,
 * was silent for FILTER_ANSWER_S, or said what cannot be read. */
typedef void (*filter_answer)(void *context, const json_t *answer);

/* `name` is the socket's in run_dir: "control.sock"; the supervisor's answers alike. */
MUST_CHECK enum err filter_open(struct filter_line **out, struct event_base *base,
    const char *run_dir, const char *name);
/* Whoever waits is answered with NULL first. NULL is allowed. */
void filter_close(struct filter_line *line);

/* Takes `request`. `done` is called once, always, and never before this returns. ERR_FULL,
 * ERR_MEMORY, ERR_CLOSED
 * (we are ending): it never will be. */
MUST_CHECK enum err filter_ask(
    struct filter_line *line, json_t *request, filter_answer done, void *context);

/* Whether `answer` says "ok". */
bool filter_agreed(const json_t *answer);

/* One entry of audit.log; NULL is "". Nobody waits for it: what could not be recorded was
 * done all the same, and the log says that the record lacks it. */
struct filter_entry {
	const char *actor;  /* "teacher:hoa", "uid:0" */
	const char *action; /* "open", "review-answer" */
	const char *name;   /* a domain name; never beside a device */
	const char *scope;
	const char *detail;
};

void filter_record(struct filter_line *line, const struct filter_entry *entry);

#endif
