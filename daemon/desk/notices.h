/* notices -- what somebody should be told of, kept for lachan-notify (lib/notices).
 *
 *	a form is taken ──▶ notices_count ──┐
 *	every ten seconds: the filter's     ├─▶ state_dir/notices ──▶ lachand: "notify"
 *	status, the disk, the feeds ────────┘                          (runs lachan-notify)
 *
 * Nothing is kept and nothing is looked at while `notify` names nobody. Only the desk writes
 * that file. Holds no name, no word and no time of anything a pupil wrote. */
#ifndef DESK_NOTICES_H
#define DESK_NOTICES_H

#include "desk/part.h"
#include "notices/notices.h"

extern const struct part notices_part;

/* One message more. */
void notices_count(struct desk *desk, enum notice_kind kind);
/* state_dir did not take something: the disk counts as full for a while. */
void notices_disk_refused(struct desk *desk);

/* ---- for notices.c, notices_look.c and notices_share.c ---- */

struct filter_line;

struct desk_notices {
	struct notices n;
	struct filter_line *supervisor;
	uint64_t next_look_ms;
	uint64_t next_feeds_ms;
	uint64_t next_share_ms;
	uint64_t next_ask_ms;      /* not before then again */
	uint64_t refused_until_ms; /* the disk counts as full */
	bool filter_asked;
	bool asked;   /* the supervisor, and it has not answered */
	bool told;    /* that nobody starts lachan-notify */
	bool changed; /* since it was last kept */
};

/* Whether a recipient of summaries is stopped, or one waits for them for days. */
bool notices_is_not_shared(const struct desk *desk);
/* Looks at what is due to be looked at; what it finds stands in ->n and ->changed. */
void notices_look_around(struct desk *desk);
/* Keeps what has changed, and asks for lachan-notify where something is due. */
void notices_keep(struct desk *desk);

#endif
