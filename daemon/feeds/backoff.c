#include "feeds/backoff.h"

uint32_t backoff_after_failure(uint32_t failures, uint32_t retry_after_s, uint64_t random)
{
	uint32_t wait_s = BACKOFF_FIRST_S;

	for (uint32_t i = 1; i < failures && wait_s < BACKOFF_MAX_S; i++)
		wait_s *= 2;
	if (wait_s > BACKOFF_MAX_S)
		wait_s = BACKOFF_MAX_S;
	wait_s = wait_s / 2 + (uint32_t)(random % (wait_s / 2 + 1));
	if (retry_after_s > BACKOFF_MAX_S)
		retry_after_s = BACKOFF_MAX_S;
	return retry_after_s > wait_s ? retry_after_s : wait_s;
}

uint32_t backoff_after_success(uint64_t refresh_s, uint64_t random)
{
	if (refresh_s > UINT32_MAX)
		refresh_s = UINT32_MAX;
	uint64_t wait_s = refresh_s - random % (refresh_s / 10 + 1);
	return wait_s < BACKOFF_FIRST_S ? BACKOFF_FIRST_S : (uint32_t)wait_s;
}

bool backoff_is_due(int64_t next_try_s, int64_t now_s, uint64_t refresh_s)
{
	uint64_t furthest_s = refresh_s > BACKOFF_MAX_S ? refresh_s : BACKOFF_MAX_S;

	if (next_try_s <= now_s)
		return true;
	return (uint64_t)(next_try_s - now_s) > furthest_s;
}
