#include "feeds/judge.h"

#include "base/words.h"

enum err judge_count(
    const struct config_feed *config, uint64_t rules, uint64_t before, struct diag *why)
{
	if (rules < config->min_entries) {
		diag_set(why, N_("%llu entries, fewer than min_entries (%llu)"),
		    (unsigned long long)rules, (unsigned long long)config->min_entries);
		return ERR_RANGE;
	}
	if (rules >= before)
		return OK;
	/* In this order the product stays far from 2^64: counts are below 2^40. */
	uint64_t lost_percent = (before - rules) * 100 / before;
	if (lost_percent > config->max_shrink_percent) {
		diag_set(why,
		    N_("%llu entries after %llu: lost %llu percent, max_shrink is %llu"),
		    (unsigned long long)rules, (unsigned long long)before,
		    (unsigned long long)lost_percent,
		    (unsigned long long)config->max_shrink_percent);
		return ERR_RANGE;
	}
	return OK;
}
