/* report_file -- a case that leaves the gateway as a file, on a person's decision. 0600, never
 * over another file. */
#ifndef LACHANCTL_REPORT_FILE_H
#define LACHANCTL_REPORT_FILE_H

#include "lachanctl/team.h"

/* CTL_FAILED after saying so where something stands at `path` already: before a case is asked
 * for, which the record would tell. */
enum ctl_status report_file_may_be(const struct ctl *c, const char *path);

enum ctl_status report_file_sheet(
    const struct team *team, const struct team_case *one, const char *path);
/* JSON, "lachan-case"; the print of the file is said, for the hand-over. */
enum ctl_status report_file_export(
    const struct team *team, const struct team_case *one, const char *path);

#endif
