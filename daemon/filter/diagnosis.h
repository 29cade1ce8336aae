/* diagnosis -- one diagnosis at a time: who asked, who agreed, until when, and its record.
 *
 *	NONE --ask--> ASKED --approve--> RUNS --end, its time--> KEPT --erase, its time--> NONE
 *	                |  15 minutes                                 ^
 *	                +------------> NONE            a record is there in RUNS and KEPT alone
 *
 * While it runs, queries are written down with their clients: the only time that this
 * program does so. So it takes two persons (two user ids; the gateway's own is none), lasts
 * 60 minutes at most, is written to memory alone (run_dir; refused where that is a disk),
 * and is erased 24 hours after it began at the latest, when its program ends, and when the next
 * one starts. The two alone may look.
 *
 * Invariants: 1. a record's file exists only in RUNS and KEPT. 2. `until_ms` is at most 60
 * minutes after `begun_ms`, `erase_ms` at most 24 hours. 3. asker and approver differ.
 * Threads: one. Times are mono_ms, arguments. */
#ifndef FILTER_DIAGNOSIS_H
#define FILTER_DIAGNOSIS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"

enum {
	DIAGNOSIS_REASON_BYTES = 201,
	DIAGNOSIS_FOR_MIN_MS = 1000,
	DIAGNOSIS_FOR_MAX_MS = 60 * 60 * 1000,
	DIAGNOSIS_ANSWER_MS = 15 * 60 * 1000, /* for the second person */
	DIAGNOSIS_KEEP_MS = 24 * 60 * 60 * 1000,
	DIAGNOSIS_RECORD_BYTES = 4 << 20 /* then nothing more is written down */
};

enum diagnosis_state {
	DIAGNOSIS_NONE,
	DIAGNOSIS_ASKED,
	DIAGNOSIS_RUNS,
	DIAGNOSIS_KEPT
};

struct diagnosis {
	enum diagnosis_state state;
	uint32_t id; /* of this process, never 0 */
	uid_t asker;
	uid_t approver;
	char reason[DIAGNOSIS_REASON_BYTES];
	uint64_t for_ms;
	uint64_t asked_ms;
	uint64_t begun_ms;
	uint64_t until_ms;
	uint64_t erase_ms;
	uint64_t bytes;    /* of the record */
	uint64_t lines;    /* in it */
	uint64_t left_out; /* that found it full, or could not be written */
	/* Constant. */
	bool in_memory; /* run_dir is */
	uid_t own;      /* the gateway's user */
	char path[FILE_PATH_BYTES];
	/* Private. */
	int fd;
	uint32_t last_id;
};

/* Erases what an earlier process left. `own`: the gateway's user. ERR_RANGE for a path that
 * is too long, ERR_IO when a record is there that cannot be erased; then it must not be
 * used. */
MUST_CHECK enum err diagnosis_init(
    struct diagnosis *d, const char *run_dir, bool in_memory, uid_t own);
/* Erases the record, if there is one. */
void diagnosis_deinit(struct diagnosis *d);

/* ERR_DENIED: the gateway's own user; ERR_UNSUPPORTED: run_dir is no memory; ERR_EXISTS: one
 * is under way, or its record still there; ERR_RANGE: the time, or a reason that is empty,
 * too long, or holds control characters. */
MUST_CHECK enum err diagnosis_ask(
    struct diagnosis *d, uid_t who, const char *reason, uint64_t for_ms, uint64_t now_ms);
/* Begins. ERR_NOT_FOUND: no such question waits; ERR_DENIED: the same person, or the
 * gateway's own user; ERR_IO: no record can be made. */
MUST_CHECK enum err diagnosis_approve(
    struct diagnosis *d, uid_t who, uint32_t id, uint64_t now_ms);
/* One of the two. */
bool diagnosis_may_look(const struct diagnosis *d, uid_t who);
/* Writes one line (without its end); left out when the record is full. */
void diagnosis_write(struct diagnosis *d, struct slice line);
/* Appends whole lines from `offset` (0, or what *next was), at most `max` bytes of them;
 * *next is 0 at the end. ERR_NOT_FOUND without a record, ERR_IO. */
MUST_CHECK enum err diagnosis_read(const struct diagnosis *d, uint64_t offset, size_t max,
    struct buf *out, uint64_t *next);

/* RUNS becomes KEPT; ASKED becomes NONE. */
void diagnosis_end(struct diagnosis *d);
/* Any state becomes NONE; false when the file could not be erased: try again (tick does). */
bool diagnosis_erase(struct diagnosis *d);
/* What time does. True when the state has changed. */
bool diagnosis_tick(struct diagnosis *d, uint64_t now_ms);

#endif
