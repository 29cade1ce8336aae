/* child -- one program that must run: its sockets, its link, its restarts.
 *
 * States and back-off stand in README.md. The sockets belong to the child for the whole
 * life of the supervisor. Threads: the one of the event base. */
#ifndef SUPERVISOR_CHILD_H
#define SUPERVISOR_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include <event2/event.h>

#include "base/file.h"
#include "kit/link.h"
#include "kit/sockets.h"
#include "supervisor/bundle.h"

enum {
	CHILD_BACKOFF_FIRST_MS = 100,
	CHILD_BACKOFF_LAST_MS = 30000,
	CHILD_SETTLED_MS = 60000, /* a life this long starts the back-off anew */
	CHILD_END_TEXT_BYTES = 64
};

enum child_state {
	CHILD_IDLE,     /* not started, or ended for good */
	CHILD_STARTING, /* runs, has not said "ready" */
	CHILD_READY,
	CHILD_WAITING /* for the end of its back-off */
};

struct child;

struct child_events {
	/* It said something about a configuration: LINK_OK or LINK_REFUSED with `why`. */
	void (*on_answer)(
	    void *context, struct child *child, enum link_word word, const char *why);
	/* It said "ready". */
	void (*on_ready)(void *context, struct child *child);
	/* Its process has ended; it will be started again unless `ending`. */
	void (*on_end)(void *context, struct child *child);
	void *context;
};

struct child {
	const char *program; /* "lachan-filter" */
	char path[FILE_PATH_BYTES];
	struct sockets sockets;
	const struct bundle *bundle; /* what every new process gets; the accepted one */
	struct event_base *base;
	struct child_events events;
	enum child_state state;
	bool ending;   /* no more starts */
	bool optional; /* the gateway does its work without it */
	pid_t pid;     /* 0: none */
	int link_fd;   /* our end; -1: none */
	struct event *on_link;
	struct event *backoff_over;
	unsigned backoff_ms; /* before the next start but one */
	unsigned unanswered; /* configurations sent and not answered */
	bool took_next;      /* a reload runs, and it said "ok" to the next configuration */
	unsigned restarts;
	unsigned silent_s;   /* since its last word, or its start (watch.h) */
	unsigned idle_looks; /* in a row, when it was looked at in its silence */
	uint64_t started_at_ms;
	char last_end[CHILD_END_TEXT_BYTES]; /* "" before the first */
};

/* `program` is a literal, `folder` holds it; `bundle` outlives the child. */
MUST_CHECK enum err child_init(struct child *child, struct event_base *base,
    const char *program, const char *folder, const struct bundle *bundle);
/* Frees what it holds; a process still running is left to its fate (child_signal). */
void child_deinit(struct child *child);
/* Whether the program is there at all. */
bool child_is_installed(const struct child *child);

/* Starts it now; a failure to do so counts as a first end, with back-off. */
void child_start(struct child *child, uint64_t now_ms);
/* Its process has ended with this status of waitpid(). */
void child_on_exit(struct child *child, int status, uint64_t now_ms);
/* Asks it to take a configuration; the answer comes to on_answer. ERR_CLOSED when it does
 * not run; ERR_AGAIN while earlier ones are unanswered too long; ERR_IO. */
MUST_CHECK enum err child_send_config(struct child *child, const struct bundle *bundle);
/* TERM, KILL; nothing when it does not run. */
void child_signal(const struct child *child, int number);
/* No more starts; a process that runs is asked to end. */
void child_end(struct child *child);

const char *child_state_text(enum child_state state);

#endif
