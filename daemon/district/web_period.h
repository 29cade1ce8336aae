/* web_period -- the stretch of days a page speaks of: a preset or any two days, and the same a year before.
 *
 * Periods that have not ended are cut at yesterday, so that a comparison sets as many days beside as many. Threads: as
 * call.h. */
#ifndef DISTRICT_WEB_PERIOD_H
#define DISTRICT_WEB_PERIOD_H

#include "district/call.h"
#include "district/day.h"
#include "district/page.h"

enum web_preset {
	PRESET_7_DAYS,
	PRESET_30_DAYS,
	PRESET_MONTH,
	PRESET_HALF_YEAR,
	PRESET_SCHOOL_YEAR,
	PRESET_YEAR,
	PRESET_LAST_YEAR,
	WEB_PRESETS,
	PRESET_ANY = WEB_PRESETS
};

enum {
	WEB_PERIOD_DAYS_MAX = 1100,
	WEB_PERIOD_BY_DAY_MAX = 62 /* longer ones are shown by month */
};

struct web_period {
	enum web_preset preset;
	int32_t from;
	int32_t to; /* the day behind the last */
};

struct district_config; /* district/config.h */

/* The days of a preset when today is `today`; `school_year` is reports.school_year. */
struct web_period web_period_of(
    enum web_preset preset, int32_t today, const struct district_config *config);
/* From ?period= or ?from=&to= (both counted); without them `otherwise`. False: what stands there is no period; then *out is
 * `otherwise`, and the page says so. */
bool web_period_read(
    struct call *c, enum web_preset otherwise, int32_t today, struct web_period *out);
/* The same days a year before. */
struct web_period web_period_before(const struct web_period *period);
/* "?period=month" or "?from=…&to=…" for links that keep the period; in the call's memory. */
const char *web_period_query(struct call *c, const struct web_period *period);

/* The row of presets and the form for any other period. `path` is the page's own; `unit` and `category` may be "". */
struct web_period_picker {
	const char *path;
	const char *unit;
	const char *category;
	bool wrong; /* say that what was asked for is no period */
};
void web_period_put(struct call *c, struct page *p, const struct web_period *period,
    const struct web_period_picker *picker);
/* "20/11/2026 đến 26/11/2026" in the call's memory. */
const char *web_period_text(
    struct call *c, const struct page *p, const struct web_period *period);

#endif
