#include "feeds/judge.h"

#include <inttypes.h>

enum err judge_count(
    const struct config_feed *config, uint64_t rules, uint64_t before, struct diag *why)
{
	if (rules < config->min_entries) {
		diag_set(why, "%" PRIu64 " entries, fewer than min_entries (%" PRIu64 ")",
		    rules, config->min_entries);
		return ERR_RANGE;
	}
	if (rules >= before)
		return OK;
	/* In this order the product stays far from 2^64: counts are below 2^40. */
	uint64_t lost_percent = (before - rules) * 100 / before;
	if (lost_percent > config->max_shrink_percent) {
		diag_set(why,
		    "%" PRIu64 " entries after %" PRIu64 ": lost %" PRIu64
		    " percent, max_shrink is %" PRIu64,
		    rules, before, lost_percent, config->max_shrink_percent);
		return ERR_RANGE;
	}
	return OK;
}
