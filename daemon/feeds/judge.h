/* judge -- whether a new body has enough entries to take the place of the last good one.
 * Pure. */
#ifndef FEEDS_JUDGE_H
#define FEEDS_JUDGE_H

#include "conf/config.h"

/* ERR_RANGE with *why when `rules` are fewer than the feed's min_entries, or when more than
 * max_shrink percent of the `before` (0: there was none) are lost. */
MUST_CHECK enum err judge_count(
    const struct config_feed *config, uint64_t rules, uint64_t before, struct diag *why);

#endif
