/* web_pages -- the pages themselves; each in the file of its name, listed in routes_web.c. */
#ifndef DISTRICT_WEB_PAGES_H
#define DISTRICT_WEB_PAGES_H

#include "district/call.h"

void web_login_get(struct call *c); /* web_sign.c */
void web_login_post(struct call *c);
void web_logout_post(struct call *c);
void web_static(struct call *c);        /* web_static.c: /static/NAME */
void web_first(struct call *c);         /* web_coverage.c: / */
void web_coverage_list(struct call *c); /* /coverage?list= */
void web_unit(struct call *c);          /* web_unit.c: /units/ID */
void web_search(struct call *c);        /* web_search.c */
void web_categories(struct call *c);    /* web_categories.c */
void web_names(struct call *c);         /* web_names.c */
void web_failures(struct call *c);      /* web_failures.c */
void web_quick_reports(struct call *c); /* web_quick_reports.c */
void web_quick_report(struct call *c);  /* /quick-reports/ID */
void web_quick_report_handle(struct call *c);
void web_nominations(struct call *c); /* web_nominations.c */
void web_nomination(struct call *c);  /* /nominations/ID */
void web_nomination_decide(struct call *c);

#endif
