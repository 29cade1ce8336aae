/* report_sheet -- the sheet that lies beside the phone when a counsellor calls 111: what to
 * say, what is known, blanks to fill. HTML to print, Vietnamese first, nothing from outside. */
#ifndef LACHANCTL_REPORT_SHEET_H
#define LACHANCTL_REPORT_SHEET_H

#include "base/buf.h"
#include "lachanctl/team.h"

/* Appends the page. Every word of the case is escaped. */
void report_sheet_write(
    struct buf *out, const struct team *team, const struct team_case *one);

#endif
