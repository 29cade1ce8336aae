/* reports -- reports of harm, from the form to the counselling team and back.
 *
 *	forms.sock  report-send {"kind","where","what","contact","tier"} -> {"code"}
 *	desk.sock   reports-count, reports, report-get, report-state, report-reply,
 *	            report-share, report-erase
 *
 * README.md has every key. The words are sealed to the counsellors' keys before anything is
 * written (lib/cases); the desk cannot open them again. Nothing here knows a device. Who asks
 * on desk.sock signs in as a counsellor first; numbers of cases are all that others get.
 *
 *	new --take--> taken --> referred --> closed --(730 days)--> erased
 */
#ifndef DESK_REPORTS_H
#define DESK_REPORTS_H

#include "cases/cases.h"
#include "desk/answer.h"
#include "desk/bucket.h"
#include "desk/part.h"

struct account;
struct call;

enum {
	/* Thirty at once, and one more every two minutes: a flood fills no disk, and a class that
	 * tells of the same thing gets through. */
	REPORTS_SEND_MOST = 30,
	REPORTS_SEND_EVERY_MS = 120 * 1000,
	/* Each costs scrypt: a second on a slow router. */
	REPORTS_LOOK_MOST = 10,
	REPORTS_LOOK_EVERY_MS = 2000,
	REPORTS_CLOSED_DAYS = 730,
	REPORTS_RETRY_S = 60,
	REPORTS_JUMP_S = 24 * 60 * 60
};

extern const struct part reports_part;
answer_find reports_find_answer;

/* What the part keeps: desk->reports, NULL where it could not be opened. */
struct desk_reports {
	struct cases *store;
	struct bucket sending;
	struct bucket looking;
	uint32_t looked_day; /* when old ones were looked for last */
	int64_t
	    wall_before_mono_s; /* how far the clocks were apart at the start; 0: not known */
	uint64_t keys_sum;      /* of the counsellors whose keys the cases are held for */
	unsigned seconds_left; /* until a failure is tried again */
};

/* The counsellors' public keys, at most SEAL_RECIPIENTS_MAX. */
size_t reports_keys(const struct desk *desk, struct seal_public out[SEAL_RECIPIENTS_MAX]);

/* "case 7", "reply 7": what a message is sealed for. */
enum {
	REPORTS_CONTEXT_BYTES = 24
};
void reports_context(char out[REPORTS_CONTEXT_BYTES], const char *what, uint32_t id);

/* reports_send.c */
void reports_on_send(struct call *c);

/* reports_team.c: the commands of desk.sock. */
extern const struct part_row REPORTS_TEAM_ROWS[];

#endif
