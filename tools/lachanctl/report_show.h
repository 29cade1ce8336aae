/* report_show -- cases on a counsellor's screen, or as one object with --json. */
#ifndef LACHANCTL_REPORT_SHOW_H
#define LACHANCTL_REPORT_SHOW_H

#include "lachanctl/team.h"

/* All cases of the desk, opened for the list; closed ones with --all. */
enum ctl_status report_show_list(struct team *team);
/* One, opened from `object`. CTL_FAILED after saying so when it does not open with our key. */
enum ctl_status report_show_case(
    struct team *team, const json_t *object, const struct team_case *one);
/* It does not open with our key, and what to do about it; CTL_FAILED. */
enum ctl_status report_show_locked(const struct ctl *c, uint32_t id);
/* A line where fewer than two can read. */
void report_show_few(long long counsellors);

#endif
