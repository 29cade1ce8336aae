/* reload -- a new configuration for everybody, or for nobody.
 *
 *	read, parse, compare ----> send to one child ----> "ok" ----> next child ... all took it
 *	        | a mistake, or            |                                      |
 *	        | needs a restart          | "refused", ended, too slow           v
 *	        v                          v                            it becomes the accepted
 *	    said, nothing changes     those that took it get the old    one; restarts get it
 *	                              one again; said
 */
#ifndef SUPERVISOR_RELOAD_H
#define SUPERVISOR_RELOAD_H

#include <stdbool.h>

#include <event2/event.h>

#include "base/diag.h"
#include "kit/link.h"
#include "supervisor/bundle.h"
#include "supervisor/record.h"

enum {
	RELOAD_LONGEST_S = 20 /* for all children together */
};

struct supervisor;
struct child;

struct reload {
	bool running;
	bool again;                     /* asked for by HUP while one was running */
	char actor[RECORD_ACTOR_BYTES]; /* who asked for the one that runs */
	struct bundle next;
	struct child *awaited; /* who has `next` and has not answered */
	struct event *too_long;
};

MUST_CHECK enum err reload_init(struct supervisor *sv);
void reload_deinit(struct supervisor *sv);
/* Begins one for `actor` ("uid:0", RECORD_SIGNAL), or notes that another is wanted. Log,
 * service manager and whoever waits on lachand.sock hear how it ends; once it is accepted,
 * the audit record does, too. */
void reload_begin(struct supervisor *sv, const char *actor);
/* What children do meanwhile. */
void reload_on_answer(
    struct supervisor *sv, struct child *child, enum link_word word, const char *why);
void reload_on_end(struct supervisor *sv, struct child *child);

#endif
