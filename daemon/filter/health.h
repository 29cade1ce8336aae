/* health -- what a worker has seen of the servers of one route, and which to ask next.
 *
 *	up ── three tries in a row without a reply ──▶ down ── any reply ──▶ up
 *	 └─── three refusals in a row (SERVFAIL and the like) ──▶ unwell ── a good reply ──▶ up
 *
 * Who is down is asked by questions only when nobody else is left; probes (filter/probe.h)
 * find out that it is back.
 * Written by the worker, read by main for status: relaxed atomics. */
#ifndef FILTER_HEALTH_H
#define FILTER_HEALTH_H

#include <stdatomic.h>
#include <stdbool.h>

#include "filter/upstream_set.h"

enum {
	HEALTH_FAILURES_TO_DOWN = 3,
	HEALTH_REFUSALS_TO_UNWELL = 3,
	HEALTH_TRIES_MAX = 3,  /* of one server for one question (T17, RFC 9520) */
	HEALTH_SERVERS_MAX = 3 /* asked for one question */
};

struct server_health {
	atomic_uint srtt_us;  /* smoothed round trip (RFC 6298's 7/8); 0: not measured */
	atomic_uint failures; /* in a row */
	atomic_uint refusals; /* in a row */
	atomic_uint_fast64_t queries;
	atomic_uint_fast64_t timeouts;
	/* The worker's alone: */
	uint64_t newest_ms; /* when the newest query that it has answered was sent */
	uint64_t down_since_ms;
	uint64_t probe_at_ms; /* not before */
	bool told_down;       /* by filter/probe.h */
	bool lowers_case;     /* it does not keep the case of questions (T7) */
};

struct health {
	uint64_t set_id; /* the list that these are of */
	/* Another one whenever a server that was down for a while, or the route as a whole,
	 * answers again: what failed before says nothing about now. The worker's alone, as
	 * the next two. */
	uint32_t recoveries;
	uint32_t failed_in_row; /* questions that got no answer */
	uint64_t asked_ms;      /* when a question last wanted the route */
	struct server_health servers[UPSTREAM_SERVERS_MAX];
};

/* What one question has tried so far. */
struct health_tried {
	uint64_t set_id; /* of the list that the numbers are of */
	uint16_t over;   /* bit i: server i has said that it will not help */
	uint8_t tries[UPSTREAM_SERVERS_MAX];
};

/* Forgets everything when `set` is another list than before. */
void health_follow(struct health *h, const struct upstream_set *set);

/* The server to ask next; not one of `avoided` (by bit), and within the limits of one question.
 * False: nobody is left. */
bool health_choose(const struct health *h, const struct upstream_set *set, unsigned avoided,
    const struct health_tried *tried, unsigned *out);

/* A reply came, whatever it says. */
void health_answered(struct health *h, unsigned server, uint64_t sent_ms, uint64_t now_ms);
/* What it says: data or a denial; or that the server could or would not. */
void health_was_helpful(struct health *h, unsigned server);
void health_refused(struct health *h, unsigned server);
void health_failed(struct health *h, unsigned server, uint64_t now_ms);

/* A question of this route had its answer, or none from anybody. */
void health_question_answered(struct health *h);
void health_question_failed(struct health *h);

bool health_is_down(const struct server_health *s);
bool health_is_unwell(const struct server_health *s);
/* Every server is known to be down; `avoided` ones count as such. False for an empty list. */
bool health_all_down(
    const struct health *h, const struct upstream_set *set, unsigned avoided);

/* How long to wait for this server before another is asked beside it. */
uint32_t health_patience_ms(const struct health *h, unsigned server, uint32_t timeout_ms);

#endif
