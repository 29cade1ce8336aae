/* sent -- how far each target has been told (state_dir/notices.sent, lachan-notify's).
 *
 *	lachan-notices-sent 1
 *	target ID EPOCH FAILURES NEXT_TRY  17 3 0 0 2 0  NOT_BEFORE of each kind
 *	end
 *
 * Nothing here is finer than a quarter of an hour where a pupil's message is behind it.
 * Pure: no clock, no file. Threads: no shared state. */
#ifndef NOTICES_SENT_H
#define NOTICES_SENT_H

#include "notices/notices.h"

enum {
	SENT_PAUSE_S = 15 * 60, /* between two notices of one kind */
	SENT_RETRY_FIRST_S = 60,
	SENT_RETRY_MAX_S = 3600
};

struct sent_target {
	uint64_t id;
	uint64_t epoch_s; /* of the line in notices it answers */
	uint64_t failures;
	uint64_t next_try_s;
	uint64_t told[NOTICE_KINDS];         /* steps */
	uint64_t not_before_s[NOTICE_KINDS]; /* a multiple of SENT_PAUSE_S */
};

struct sent {
	struct sent_target targets[NOTICES_TARGETS_MAX];
	size_t target_count;
};

/* What one notice says. */
enum due_state {
	DUE_NOTHING,
	DUE_BEGAN,
	DUE_ENDED, /* and had been told */
	DUE_WAS    /* began and ended since */
};

struct due {
	bool any;
	uint64_t messages; /* reviews and reports together */
	uint64_t feeds;    /* stale ones; 0: nothing to say */
	bool disk_full;
	bool not_shared;
	bool trial; /* somebody looks whether notices arrive */
	enum due_state unfiltered;
	uint64_t told[NOTICE_KINDS]; /* once it has been said */
};

/* The record of a target, made anew (and everybody else's of targets that are gone removed)
 * where it answers another line; NULL when the target is not among the notices. */
struct sent_target *sent_of(struct sent *s, const struct notices *n, uint64_t id);

/* What is to be told now to this target, which wants the kinds of the mask `wanted`. */
void sent_due(struct due *out, const struct notices *n, const struct sent_target *target,
    unsigned wanted, uint64_t now_s);

/* Before a try: should we die in it, the next one waits as after a failure. */
void sent_try(struct sent_target *target, uint64_t now_s);
/* After one that went well. */
void sent_done(struct sent_target *target, const struct due *due, uint64_t now_s);

void sent_write(struct buf *out, const struct sent *s);
MUST_CHECK enum err sent_read(struct sent *out, struct slice text);

#endif
