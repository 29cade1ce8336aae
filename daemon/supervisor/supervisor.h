/* supervisor -- what all parts of lachand share. One thread, one event base; every
 * function of this folder runs there. */
#ifndef SUPERVISOR_SUPERVISOR_H
#define SUPERVISOR_SUPERVISOR_H

#include "kit/control_server.h"
#include "supervisor/bundle.h"
#include "supervisor/child.h"
#include "supervisor/feeds_run.h"
#include "supervisor/notify_run.h"
#include "supervisor/record.h"
#include "supervisor/reload.h"
#include "supervisor/share_run.h"

enum {
	SUPERVISOR_CHILDREN_MAX = 4,
	SUPERVISOR_FEEDS_WAITS = 2 /* one run, and one that waits for its end */
};

struct supervisor;

/* Who waits for a run of the feeds, and what is recorded when it has ended. */
struct feeds_wait {
	struct supervisor *sv;     /* NULL: free */
	struct control_peer *peer; /* NULL: gone meanwhile */
	const char *action;
	char name[FEEDS_NAME_BYTES];
	char actor[RECORD_ACTOR_BYTES];
};

struct supervisor {
	struct event_base *base;
	const char *config_path;
	char folder[FILE_PATH_BYTES]; /* where our programs stand: beside us */
	struct bundle now;            /* the configuration every child was given */
	struct child children[SUPERVISOR_CHILDREN_MAX];
	size_t child_count;
	struct feeds_run feeds;
	struct notify_run notices; /* lachan-notify */
	struct share_run share;
	struct reload reload;
	struct records records;
	struct control_server *control;
	struct control_peer *reload_peer; /* who waits for the reload; NULL: nobody */
	struct feeds_wait feeds_waits[SUPERVISOR_FEEDS_WAITS];
	bool ending;
	bool said_ready;
	int exit_status;
};

/* Milliseconds of CLOCK_MONOTONIC. */
uint64_t supervisor_now_ms(void);

#endif
