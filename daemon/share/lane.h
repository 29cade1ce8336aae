/* lane -- one recipient: what it has been told, what it answered, when it is tried again.
 *
 *	lane_go() ── picks the first document that may leave ──▶ post ──▶ answer
 *	   ▲                                                                │ 200 201 202: receipt
 *	   │                                                                │ 400 409 413 422: refusal kept
 *	   │                                                                │ 401 403: stopped
 *	   └──────────── the next document ◀────────────────────────────────┘ else: back-off
 *
 * Threads: one, of the event base. */
#ifndef SHARE_LANE_H
#define SHARE_LANE_H

#include "share/outbox.h"
#include "share/post.h"
#include "share/tell.h"

struct lane;

/* What all lanes share. */
struct lane_house {
	const struct config *config;
	struct outbox *outbox;
	struct tell *tell;
	struct post_line line;
	/* The lane is idle again, or was just now told to go by nobody. */
	void (*on_idle)(void *context);
	void *context;
};

struct lane {
	const struct lane_house *house;
	size_t index; /* of the recipient in the configuration */
	const char *name;
	const struct credentials *who;
	char quick_url[512]; /* where quick reports go: beside the summaries */
	struct sharing_state state;
	struct post *posting;            /* NULL: idle */
	char document[SPOOL_NAME_BYTES]; /* under way */
	struct buf body;
	char sha256[SHARING_SETTINGS_BYTES];
	bool noted;   /* in this run: that it is tried */
	bool unsaved; /* the state knows more than its file, nothing that matters */
	bool ended;   /* in this run: it can do no more */
	size_t sent;  /* in this run */
	size_t refused;
	char failure[SHARING_WHY_BYTES]; /* of this run, "" */
};

/* Reads its state; one of other settings begins anew, and so does any when a person asks. */
void lane_open(struct lane *lane, const struct lane_house *house, size_t index,
    const struct credentials *who);
void lane_close(struct lane *lane);

enum lane_force {
	LANE_AS_DUE,
	LANE_BY_PERSON /* back-off and a stop are forgotten */
};
void lane_begin(struct lane *lane, enum lane_force force);

/* Sends the next document that may leave now; nothing when one is under way or none may. */
void lane_go(struct lane *lane, int64_t now_s);
/* When it should be looked at again; 0: nothing will change by itself. */
int64_t lane_next(const struct lane *lane, int64_t now_s);

#endif
