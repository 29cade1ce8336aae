/* reports_pages -- /reports: the list, each report, and the forms for entries by hand. Everybody
 * who may open reports sees them; entries are an operator's. Threads: as call.h. */
#ifndef DISTRICT_REPORTS_PAGES_H
#define DISTRICT_REPORTS_PAGES_H

#include "district/call.h"

/* GET /reports */
void reports_page_index(struct call *c);
/* GET /reports/{annual,school-year,half-year,period}[.csv|.json], /reports/report.css; queries
 * year, half, from, to, unit. */
void reports_page(struct call *c);
/* GET and POST /reports/entries; queries kind, year, half, from, to, unit. */
void reports_page_entry(struct call *c);
void reports_page_save(struct call *c);

#endif
