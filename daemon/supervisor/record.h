/* record -- what lachand did for somebody, for the audit record.
 *
 * audit.log has one writer, the filter: each change is told to it over control.sock
 * (command `record`) without waiting. What cannot be recorded was done all the same, and
 * the log says that the record lacks it. */
#ifndef SUPERVISOR_RECORD_H
#define SUPERVISOR_RECORD_H

#include <sys/un.h>

#include "base/err.h"

#define RECORD_SIGNAL "signal" /* nobody knows who sent it */

enum {
	RECORD_ACTOR_BYTES = 32,
	RECORD_ANSWER_S = 10,
	RECORDS_MAX = 8 /* on their way; more are not recorded, and the log says so */
};

struct bufferevent;
struct event_base;

/* One on its way. */
struct record {
	struct bufferevent *line; /* NULL: free */
	char action[RECORD_ACTOR_BYTES];
	char actor[RECORD_ACTOR_BYTES];
};

struct records {
	struct event_base *base;
	struct sockaddr_un at; /* control.sock; run_dir cannot change */
	struct record items[RECORDS_MAX];
};

/* ERR_RANGE when the path is too long. */
MUST_CHECK enum err records_init(
    struct records *records, struct event_base *base, const char *run_dir);
/* Those on their way are given up. */
void records_deinit(struct records *records);

/* `actor`: "uid:1000" or RECORD_SIGNAL. */
void record_change(
    struct records *records, const char *action, const char *detail, const char *actor);

#endif
