/* share_run -- runs lachan-share: at the start, every five minutes, and when somebody asks. Never
 * two at once: a run under way is ended for the next one, which finds a whole state whatever the
 * other was doing. Threads: the one of the event base. */
#ifndef SUPERVISOR_SHARE_RUN_H
#define SUPERVISOR_SHARE_RUN_H

#include <stdbool.h>
#include <sys/types.h>

#include <event2/event.h>

#include "base/file.h"
#include "supervisor/bundle.h"

enum {
	SHARE_EVERY_S = 300,
	SHARE_PAUSE_S = 3,     /* between two runs, however often somebody asks */
	SHARE_LONGEST_S = 7200 /* a run that hangs is ended; one that drains begins anew */
};

enum share_why {
	SHARE_BY_CLOCK, /* what is due */
	SHARE_BY_PERSON /* root asked: back-off and delay are passed over once */
};

struct share_run {
	char path[FILE_PATH_BYTES];
	const struct bundle *bundle;
	bool installed;
	bool ending;
	bool again;         /* it was asked for during the run or the pause */
	enum share_why why; /* of the next run */
	pid_t pid;          /* 0: none runs */
	struct event *due;
	struct event *too_long;
	int last_status; /* exit status; -1: none yet, or ended by a signal */
	uint64_t finished_at_ms;
};

MUST_CHECK enum err share_run_init(struct share_run *run, struct event_base *base,
    const char *folder, const struct bundle *bundle);
void share_run_deinit(struct share_run *run);
/* The first run after `delay_s`, then every SHARE_EVERY_S. */
void share_run_begin(struct share_run *run, unsigned delay_s);
/* Soon, by the configuration that is in force then. ERR_NOT_FOUND: it is not installed. */
MUST_CHECK enum err share_run_ask(struct share_run *run, enum share_why why);
void share_run_on_exit(struct share_run *run, int status, uint64_t now_ms);
/* No more runs; one that runs is asked to end. */
void share_run_end(struct share_run *run);

#endif
