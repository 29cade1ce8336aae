/* share_status -- how sharing stands, for `status`: read from state_dir, so it is there with the
 * gateway stopped, too. Threads: none. */
#ifndef LACHANCTL_SHARE_STATUS_H
#define LACHANCTL_SHARE_STATUS_H

#include "lachanctl/ctl.h"
#include "lachanctl/table.h"

/* {"enrolled","waiting","recipients":[{"name","url","waiting","delivered","last" (RFC 3339 or
 * null),"failures","next_try" (or null),"stopped","why"}]}; null where the configuration or
 * the files cannot be read. */
json_t *share_status_find(const struct ctl *c);
/* Rows of the table of `status`. */
void share_status_say(struct table *t, const json_t *sharing);

#endif
