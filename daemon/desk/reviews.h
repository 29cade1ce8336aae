/* reviews -- pupils' "ask for a review", from the form to the answer.
 *
 *	forms.sock  review-send {"name","reason","tier"} -> {"code"}
 *	desk.sock   reviews {"all"?} -> {"reviews":[...],"waiting"}
 *	            reviews-answer {"id","answer","for_ms"|"for","note","tier"|"group"} -> {"state",...}
 *
 * README.md has every key. The store is lib/reviews; nothing here knows a device.
 *
 *	waiting --keep--> kept --allow--> opened
 *	    \-----------allow-------------/        (allow: the filter's grants first, then the store)
 */
#ifndef DESK_REVIEWS_H
#define DESK_REVIEWS_H

#include "desk/answer.h"
#include "desk/bucket.h"
#include "desk/part.h"
#include "reviews/reviews.h"

enum {
	/* A class of pupils at once, and one more every ten seconds. */
	REVIEWS_SEND_MOST = 60,
	REVIEWS_SEND_EVERY_MS = 10 * 1000,
	REVIEWS_LOOK_MOST = 60,
	REVIEWS_LOOK_EVERY_MS = 500,
	/* Days after which a review is forgotten, with every word in it. */
	REVIEWS_ANSWERED_DAYS = 30,
	REVIEWS_WAITING_DAYS = 60
};

extern const struct part reviews_part;
answer_find reviews_find_answer;

/* What the part keeps: desk->reviews, NULL where it could not be opened. */
struct desk_reviews {
	struct reviews *store;
	struct bucket sending;
	struct bucket looking;
	uint32_t looked_day; /* when old ones were looked for last */
	bool answering;      /* one answer at a time */
};

/* The school's day, `back` days before that of `wall_s`: 20261122; 0 without a calendar. */
uint32_t reviews_day(int64_t wall_s, int back);
/* An object for lists: README.md. NULL without memory. */
json_t *review_to_json(const struct review *v);

/* reviews_answer.c: the command reviews-answer. */
void reviews_on_answer(struct call *c);

#endif
