/* feeds_run -- runs lachan-feeds: `--due` at the start and every five minutes, everything
 * when somebody asks. One run at a time. Threads: the one of the event base. */
#ifndef SUPERVISOR_FEEDS_RUN_H
#define SUPERVISOR_FEEDS_RUN_H

#include <stdbool.h>
#include <sys/types.h>

#include <event2/event.h>

#include "base/file.h"
#include "supervisor/bundle.h"

enum {
	FEEDS_EVERY_S = 300,
	FEEDS_LONGEST_S = 1800, /* a run that hangs is ended */
	FEEDS_NAME_BYTES = 64
};

struct feeds_run {
	char path[FILE_PATH_BYTES];
	const struct bundle *bundle;
	bool installed;
	bool ending;
	pid_t pid; /* 0: none runs */
	struct event *due;
	struct event *too_long;
	/* A run somebody waits for; NULL: nobody. Called once, with the exit status. */
	void (*on_done)(void *context, int exit_status);
	void *context;
	int last_status;         /* exit status; -1: none yet, or ended by a signal */
	uint64_t finished_at_ms; /* 0: never */
};

MUST_CHECK enum err feeds_run_init(struct feeds_run *feeds, struct event_base *base,
    const char *folder, const struct bundle *bundle);
void feeds_run_deinit(struct feeds_run *feeds);
/* The first `--due` run, in so many seconds; later ones follow by themselves. */
void feeds_run_begin(struct feeds_run *feeds, unsigned delay_s);
/* Every feed, or the one called `only` (NULL: all), now. ERR_AGAIN while a run is under
 * way, ERR_NOT_FOUND when the program is not installed, ERR_IO. */
MUST_CHECK enum err feeds_run_now(struct feeds_run *feeds, const char *only,
    void (*on_done)(void *context, int exit_status), void *context);
void feeds_run_on_exit(struct feeds_run *feeds, int status, uint64_t now_ms);
/* No more runs; one that runs is asked to end. */
void feeds_run_end(struct feeds_run *feeds);

#endif
