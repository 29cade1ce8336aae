/* supervisor -- what all parts of lachand share. One thread, one event base; every
 * function of this folder runs there. */
#ifndef SUPERVISOR_SUPERVISOR_H
#define SUPERVISOR_SUPERVISOR_H

#include "kit/control_server.h"
#include "supervisor/bundle.h"
#include "supervisor/child.h"
#include "supervisor/feeds_run.h"
#include "supervisor/record.h"
#include "supervisor/reload.h"

enum {
	SUPERVISOR_CHILDREN_MAX = 4
};

struct supervisor {
	struct event_base *base;
	const char *config_path;
	char folder[FILE_PATH_BYTES]; /* where our programs stand: beside us */
	struct bundle now;            /* the configuration every child was given */
	struct child children[SUPERVISOR_CHILDREN_MAX];
	size_t child_count;
	struct feeds_run feeds;
	struct reload reload;
	struct records records;
	struct control_server *control;
	struct control_peer *reload_peer; /* who waits for the reload; NULL: nobody */
	struct control_peer *feeds_peer;  /* who waits for a run of the feeds */
	bool ending;
	bool said_ready;
	int exit_status;
};

/* Milliseconds of CLOCK_MONOTONIC. */
uint64_t supervisor_now_ms(void);

#endif
