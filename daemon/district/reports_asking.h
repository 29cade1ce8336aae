/* reports_asking -- which period and which unit an address of /reports asks for. Threads: as
 * call.h. */
#ifndef DISTRICT_REPORTS_ASKING_H
#define DISTRICT_REPORTS_ASKING_H

#include "district/reports.h"
#include "district/reports_manual.h"
#include "district/web.h"

struct reports_asking {
	struct period period;
	uint32_t today;
	const char *unit; /* as written; "" the whole department */
};

/* From `kind` ("annual", … or "period") and the queries year, half, from, to, unit, or with
 * reports_asking_form() from the fields of a form. False: what stands there is no period. */
MUST_CHECK bool reports_asking_query(
    struct call *c, const char *kind, struct reports_asking *out);
MUST_CHECK bool reports_asking_form(struct call *c, struct reports_asking *out);

/* "/reports/annual.csv?year=2026&unit=…" in the call's memory; `ending` may be "". */
const char *reports_link(
    struct call *c, const char *ending, const struct reports_asking *asking);
/* "/reports/entries?kind=…". */
const char *reports_entry_link(struct call *c, const struct reports_asking *asking);
/* "Báo cáo năm 2026", in the call's memory. */
const char *reports_asking_title(
    struct call *c, const struct page *p, const struct reports_asking *asking);

enum yearbook_language reports_language(const struct page *p);

#endif
