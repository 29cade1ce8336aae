/* desk -- what all parts of lachan-desk share. One thread, one event base; every function
 * of this folder runs there. */
#ifndef DESK_DESK_H
#define DESK_DESK_H

#include <stdbool.h>
#include <stdint.h>

#include "desk/part.h"
#include "desk/presence.h"

struct config;
struct control_server;
struct desk_reports;
struct desk_reviews;
struct desk_notices;
struct desk_summaries;
struct event_base;
struct filter_line;
struct leaf_desk;

struct desk {
	struct event_base *base;
	struct config *config; /* in force; run_dir and state_dir never change */
	struct filter_line *filter;
	struct control_server *forms; /* run_dir/forms.sock: the page */
	struct control_server *line;  /* run_dir/desk.sock: lachanctl */
	struct leaf_desk *leaf;       /* leaf.c's; NULL: pages.ca is not given */
	struct call *calls;           /* under way, those without an answer yet */
	unsigned call_count;
	struct desk_reports *reports;     /* reports.c's own; likewise */
	struct desk_reviews *reviews;     /* reviews.c's own; NULL: could not be opened */
	struct desk_notices *notices;     /* notices.c's own; NULL: could not be opened */
	struct desk_summaries *summaries; /* summaries.c's own; likewise */
	struct users *users;              /* users.h */
	struct signing *signing;          /* signing.h */
	struct presence presence;
	bool present[DESK_PARTS_MAX]; /* by dispatch.c's table */
	unsigned waited_s;            /* since parts that are absent were tried last */
};

/* The clocks, each once: nothing else of this folder reads them. */
uint64_t desk_mono_ms(void);
int64_t desk_wall_s(void);

#endif
