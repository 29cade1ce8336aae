#include "sharing/timing.h"

enum sharing_outcome sharing_judge(unsigned status)
{
	switch (status) {
	case 200:
	case 201:
	case 202:
		return SHARING_TAKEN;
	case 400:
	case 409:
	case 413:
	case 422:
		return SHARING_REFUSED;
	case 401:
	case 403:
		return SHARING_STOPPED;
	default:
		return SHARING_AGAIN;
	}
}

uint32_t sharing_backoff_s(uint32_t failures, uint32_t retry_after_s, uint64_t random)
{
	uint32_t most_s = SHARING_BACKOFF_FIRST_S;

	for (uint32_t i = 1; i < failures && most_s < SHARING_BACKOFF_LAST_S; i++)
		most_s *= 2;
	if (most_s > SHARING_BACKOFF_LAST_S)
		most_s = SHARING_BACKOFF_LAST_S;
	if (retry_after_s > SHARING_RETRY_AFTER_MAX_S)
		retry_after_s = SHARING_RETRY_AFTER_MAX_S;
	return retry_after_s + 1 + (uint32_t)(random % most_s);
}

bool sharing_is_due(int64_t next_s, int64_t now_s)
{
	const int64_t furthest_s = SHARING_RETRY_AFTER_MAX_S + SHARING_BACKOFF_LAST_S + 1;

	return next_s <= now_s || next_s - now_s > furthest_s;
}

int64_t sharing_leave_at(const struct sharing_leave *how, uint64_t random)
{
	int64_t from_s = how->day_end_s + (int64_t)how->hold_s;
	uint64_t delay_s = how->delay_s;

	if (how->now_s > how->day_end_s + SHARING_SOON_S) {
		if (delay_s > SHARING_LATE_DELAY_S)
			delay_s = SHARING_LATE_DELAY_S;
		if (from_s < how->now_s)
			from_s = how->now_s;
	}
	return from_s + (int64_t)(random % (delay_s + 1));
}
