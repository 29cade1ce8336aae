/* helper -- running lachan-feeds, where it is installed beside us. */
#ifndef LACHANCTL_HELPER_H
#define LACHANCTL_HELPER_H

#include "lachanctl/ctl.h"

/* Runs lachan-feeds with these words (NULL at the end, after its name), its output where ours
 * goes, or to standard error with --json. CTL_FAILED when it failed, or with a sentence when
 * it is not there. */
enum ctl_status helper_run(const struct ctl *c, const char *const *words);
/* The same, with its output into `out`; *status is what it ended with. */
enum ctl_status helper_read(
    const struct ctl *c, const char *const *words, struct buf *out, int *status);

#endif
