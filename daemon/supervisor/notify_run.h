/* notify_run -- runs lachan-notify when the desk has something to tell. One run at a time and
 * a pause between two: who asks too often (the page could, once taken over) gains nothing.
 * Threads: the one of the event base. */
#ifndef SUPERVISOR_NOTIFY_RUN_H
#define SUPERVISOR_NOTIFY_RUN_H

#include <stdbool.h>
#include <sys/types.h>

#include <event2/event.h>

#include "base/file.h"
#include "supervisor/bundle.h"

enum {
	NOTIFY_PAUSE_S = 3,
	NOTIFY_LONGEST_S = 20 * 60 /* 16 targets, each a minute and its name's lookup */
};

struct notify_run {
	char path[FILE_PATH_BYTES];
	const struct bundle *bundle;
	bool installed;
	bool ending;
	bool again; /* it was asked for during the run or the pause */
	pid_t pid;  /* 0: none runs */
	struct event *due;
	struct event *too_long;
};

MUST_CHECK enum err notify_run_init(struct notify_run *run, struct event_base *base,
    const char *folder, const struct bundle *bundle);
void notify_run_deinit(struct notify_run *run);
/* Now, or as soon as the run or the pause is over. ERR_NOT_FOUND: it is not installed. */
MUST_CHECK enum err notify_run_ask(struct notify_run *run);
void notify_run_on_exit(struct notify_run *run, int status);
/* No more runs; one that runs is asked to end. */
void notify_run_end(struct notify_run *run);

#endif
