/* web_categories -- inside the page of categories: what was read for it, and its part over time.
 *
 * Threads: as call.h. */
#ifndef DISTRICT_WEB_CATEGORIES_H
#define DISTRICT_WEB_CATEGORIES_H

#include "district/web_figures.h"
#include "district/web_link.h"
#include "district/web_period.h"

struct categories_view {
	struct web_place place;
	struct web_period period, before;
	bool wrong_period;
	const char *category;      /* one over time, by tier; "" the largest ones */
	struct counts *now, *past; /* of the place, by day or month */
	struct counts *children, *children_past;
	struct figures *figures, *figures_past; /* of the place, the whole period */
	struct figures *scratch;                /* two of them, for one period at a time */
};

static inline bool categories_are_by_day(const struct categories_view *v)
{
	return v->period.to - v->period.from <= WEB_PERIOD_BY_DAY_MAX;
}

/* A cell; "–" where nothing was said. */
void categories_put_figure(struct page *p, const struct figure *figure);
/* The table and chart over time, the year before beside it. */
void categories_put_over_time(
    struct call *c, struct page *p, const struct categories_view *v);

#endif
