/* feeds_run -- runs lachan-feeds: `--due` at the start and every five minutes, and what
 * somebody asks for. One run at a time, one more may wait. Threads: the one of the event
 * base. */
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
	FEEDS_MAKE_UP_S = 5,    /* a run that was broken off is made up for */
	FEEDS_NAME_BYTES = 64
};

/* Called once, when the run has ended, with its exit status (-1: a signal ended it, or it
 * could not be started). */
typedef void (*feeds_done)(void *context, int exit_status);

/* What somebody asks for. */
struct feeds_order {
	const char *option;          /* "--off"; NULL: everything; a literal */
	char name[FEEDS_NAME_BYTES]; /* its value */
	bool urgent; /* a run by the clock is broken off for it, and made up for at once */
	feeds_done on_done;
	void *context;
};

struct feeds_run {
	char path[FILE_PATH_BYTES];
	const struct bundle *bundle;
	bool installed;
	bool ending;
	pid_t pid; /* 0: none runs */
	struct event *due;
	struct event *too_long;
	struct feeds_order order; /* of the run under way; on_done NULL: by the clock */
	struct feeds_order next;  /* waits for its end; on_done NULL: nothing does */
	bool broken_off;          /* the run under way was asked to end for `next` */
	int last_status;          /* exit status; -1: none yet, or ended by a signal */
	uint64_t finished_at_ms;  /* 0: never */
};

MUST_CHECK enum err feeds_run_init(struct feeds_run *feeds, struct event_base *base,
    const char *folder, const struct bundle *bundle);
void feeds_run_deinit(struct feeds_run *feeds);
/* The first `--due` run, in so many seconds; later ones follow by themselves. */
void feeds_run_begin(struct feeds_run *feeds, unsigned delay_s);
/* Runs it now, or after the run under way. ERR_AGAIN when another order waits already,
 * ERR_NOT_FOUND when the program is not installed, ERR_IO. */
MUST_CHECK enum err feeds_run_order(
    struct feeds_run *feeds, const struct feeds_order *order);
void feeds_run_on_exit(struct feeds_run *feeds, int status, uint64_t now_ms);
/* No more runs; one that runs is asked to end. */
void feeds_run_end(struct feeds_run *feeds);

#endif
