/* notices -- what there is to tell whom, without a word of what it is about.
 *
 * Two small files, each with one writer. The desk writes what has happened:
 *
 *	lachan-notices 1
 *	review 17 0 0              kind, steps, amount, since
 *	unfiltered 3 1 0
 *	feed oisd-big 1763800000   fails since (as far as we have seen)
 *	target 0123456789abcdef 1763800000 15 3 0 0 2 0
 *	end
 *
 * and lachan-notify what it has told (sent.h). A message is a step. A state that comes and
 * goes takes a step each time: while `steps` is odd it holds. Whoever is told is told how far
 * he has been taken, so nothing is lost over a restart and messages that wait become one.
 * A target's line says from where on he is told, so that a new one hears no old news, and
 * when that was written: an answer to an older line counts for nothing.
 *
 * Files are whole or absent: each ends with the line "end", and what does not read back to
 * the same text is refused. Pure: no clock, no file. Threads: no shared state. */
#ifndef NOTICES_NOTICES_H
#define NOTICES_NOTICES_H

#include "base/buf.h"
#include "base/err.h"

enum notice_kind {
	NOTICE_REVIEW, /* messages, from here ... */
	NOTICE_REPORT, /* ... to here; what follows are states */
	NOTICE_FEED_STALE,
	NOTICE_DISK_FULL,
	NOTICE_UNFILTERED,
	NOTICE_NOT_SHARED,
	NOTICE_KINDS
};

enum {
	NOTICES_TARGETS_MAX = 16,
	NOTICES_FEEDS_MAX = 64,
	NOTICES_FEED_BYTES = 64, /* with the final NUL */
	NOTICES_FILE_MAX = 16 * 1024
};

/* Times are seconds since 1970 UTC; 0 = never. */
struct notice {
	uint64_t steps;
	uint64_t amount;  /* of stale feeds: how many when that was last told */
	uint64_t since_s; /* of states: what was told last has been untrue since then */
};

struct notices_feed {
	char name[NOTICES_FEED_BYTES]; /* [a-z0-9-]+ */
	uint64_t since_s;
};

struct notices_target {
	uint64_t id;
	uint64_t epoch_s;
	uint64_t from[NOTICE_KINDS]; /* steps that it need not hear of */
};

struct notices {
	struct notice kinds[NOTICE_KINDS];
	struct notices_feed feeds[NOTICES_FEEDS_MAX];
	size_t feed_count;
	struct notices_target targets[NOTICES_TARGETS_MAX];
	size_t target_count;
};

/* "feed_stale", as configurations write it. */
const char *notice_word(enum notice_kind kind);
static inline bool notice_is_message(enum notice_kind kind)
{
	return kind <= NOTICE_REPORT;
}

static inline bool notice_holds(const struct notices *n, enum notice_kind kind)
{
	return n->kinds[kind].steps % 2 == 1;
}

/* What stands for a target in the files: of `to` and `address` as configured, which may hold
 * secrets of their own. */
uint64_t notices_target_id(const char *to, const char *address);
const struct notices_target *notices_find(const struct notices *n, uint64_t id);
/* Exactly these targets from now on: those that were here before keep their lines. True when
 * that changed anything. `count` is at most NOTICES_TARGETS_MAX. */
bool notices_set_targets(
    struct notices *n, const uint64_t *ids, size_t count, uint64_t now_s);

/* A state is looked at: it takes a step when what is has been otherwise than told for
 * `hold_s`. True when anything changed. A clock that went back begins the wait anew. */
bool notices_look(
    struct notices *n, enum notice_kind kind, bool holds, uint64_t now_s, uint64_t hold_s);
/* How many feeds are stale: each that comes on top is told, and the end of the last one. */
bool notices_look_feeds(struct notices *n, uint64_t stale);
/* Since when `name` fails: noted when it is new. 0 when there is no room for it. */
uint64_t notices_feed_fails(
    struct notices *n, const char *name, uint64_t now_s, bool *changed);
/* True when it was noted. */
bool notices_feed_is_fine(struct notices *n, const char *name);

void notices_write(struct buf *out, const struct notices *n);
/* ERR_FORMAT: torn, damaged or foreign; *out is untouched. */
MUST_CHECK enum err notices_read(struct notices *out, struct slice text);

#endif
