/* sharing/state -- what lachan-share remembers from one start to the next: two kinds of small
 * text files in state_dir/sharing, whole or absent. Each ends with the line "end"; what does
 * not read back to the same text is refused, and then counts as absent: the worst that follows
 * is a try that comes too early.
 *
 *	RECIPIENT.state                          leaving
 *	    lachan-sharing 1                         lachan-leaving 1
 *	    settings 64 HEX DIGITS                   REPORT-ID 1763800000
 *	    failures 3                               end
 *	    next 1763800000
 *	    tried 1763790000
 *	    delivered 12 1763780000
 *	    stopped 1763790000 401
 *	    why TEXT
 *	    end
 *
 * Times are seconds since 1970 UTC, 0 = never. Threads: no shared state. */
#ifndef SHARING_STATE_H
#define SHARING_STATE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "spool/spool.h"

enum {
	SHARING_SETTINGS_BYTES = 65, /* a SHA-256 in hex, with the NUL */
	SHARING_WHY_BYTES = 256,
	SHARING_STATE_MAX_BYTES = 2048,
	SHARING_LEAVING_MAX = SPOOL_ENTRIES_MAX,
	SHARING_LEAVING_MAX_BYTES = 512 * 1024
};

struct sharing_state {
	char settings[SHARING_SETTINGS_BYTES]; /* of what was configured; "" at first */
	uint32_t failures;                     /* in a row */
	int64_t next_s;                        /* not before; 0: at once */
	int64_t tried_s;
	uint64_t delivered;
	int64_t delivered_s;
	int64_t stopped_s; /* 0: it goes on */
	uint32_t stopped_status;
	char why[SHARING_WHY_BYTES]; /* English, one line, of the last failure; "" */
};

#define SHARING_STATE_NONE ((struct sharing_state){.settings = ""})

void sharing_state_write(struct buf *out, const struct sharing_state *state);
/* ERR_FORMAT: torn, damaged or foreign; *out is untouched. */
MUST_CHECK enum err sharing_state_read(struct sharing_state *out, struct slice text);

/* When each waiting document leaves. */
struct sharing_moment {
	char report_id[SPOOL_ID_BYTES];
	int64_t leave_s;
};

struct sharing_leaving {
	struct sharing_moment *items; /* malloc()ed */
	size_t count;
};

#define SHARING_LEAVING_NONE ((struct sharing_leaving){NULL, 0})

void sharing_leaving_deinit(struct sharing_leaving *all);
/* NULL: not drawn yet. */
const struct sharing_moment *sharing_leaving_find(
    const struct sharing_leaving *all, const char *report_id);
/* ERR_FULL above SHARING_LEAVING_MAX, ERR_MEMORY, ERR_RANGE (no report-id). */
MUST_CHECK enum err sharing_leaving_add(
    struct sharing_leaving *all, const char *report_id, int64_t leave_s);
/* Another moment for one that is there. */
void sharing_leaving_set(
    struct sharing_leaving *all, const char *report_id, int64_t leave_s);
/* Drops what `keep` says no to. */
void sharing_leaving_sweep(struct sharing_leaving *all,
    bool (*keep)(void *context, const char *report_id), void *context);
void sharing_leaving_write(struct buf *out, const struct sharing_leaving *all);
/* Into an empty list; on failure it stays empty. ERR_FORMAT, ERR_MEMORY, ERR_FULL. */
MUST_CHECK enum err sharing_leaving_read(struct sharing_leaving *out, struct slice text);

#endif
