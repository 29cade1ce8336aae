/* program -- lachan-filter's main thread: everything but queries.
 *
 *	main.c            start, signals, timers, end
 *	publisher.c       snapshots
 *	counting.c        tally and summaries
 *	control.c         control.sock: the commands of lachanctl
 *	command*.c        those of them that are larger
 *	status.c          what `status` says
 *	metrics.c         what `metrics` says
 *	diagnose.c        a diagnosis: the only time that queries are written down
 *	verdict_server.c  verdict.sock: what the warning page asks
 *
 * One thread owns all of it. */
#ifndef FILTER_PROGRAM_H
#define FILTER_PROGRAM_H

#include <event2/event.h>
#include <jansson.h>

#include "audit/audit.h"
#include "filter/counting.h"
#include "filter/filter.h"
#include "filter/identity.h"
#include "filter/publisher.h"
#include "kit/control_server.h"
#include "kit/link.h"
#include "kit/startup.h"

struct neighbour_watch;
struct diagnose;
struct verdict_server;
struct watchdog;

struct program {
	struct startup startup;
	struct event_base *base;
	struct filter *filter;
	struct publisher *publisher;
	struct counting *counting;
	struct control_server *control;
	struct verdict_server *verdicts;
	struct diagnose *diagnose;
	struct audit *audit; /* state_dir/audit.log; NULL when it cannot be written */
	struct link *link;
	struct neighbour_watch *neighbours;
	struct neighbour_ask ask; /* of this thread */
	struct watchdog *watchdog;
	struct event *signals[3];
	struct event *poll;
	struct event *border; /* of a window or grant, before the next poll */
	struct ruledb_scratch
	    *scratch; /* of this thread, for those who explain and judge */
	uint64_t started_ms;
	uint64_t lines_tried_ms; /* when opening what was missing was last tried */
	uint64_t configured_ms;  /* when the configuration in force was taken */
};

/* Another configuration is in force or everything is as it was: policy, rules data,
 * counting. `config` becomes the program's on success. */
MUST_CHECK enum err program_reload(
    struct program *p, struct config *config, struct diags *all);

/* Looks at the clock, the rules' file and the network, and puts in force what has changed: for
 * the poll, and before somebody is told what is so now. */
void program_look_around(struct program *p);

/* control.c */
MUST_CHECK enum err control_open(struct program *p, struct diag *why);

/* status.c: the reply's object, or NULL without memory. */
json_t *status_report(struct program *p);

/* metrics.c: what lachan-page makes the metrics of; the same. */
json_t *metrics_report(struct program *p);

/* verdict_server.c */
MUST_CHECK enum err verdict_server_open(
    struct verdict_server **out, struct program *p, struct diag *why);
void verdict_server_close(struct verdict_server *v);

#endif
