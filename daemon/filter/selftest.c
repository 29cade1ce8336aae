#include "filter/selftest.h"

#include <stdlib.h>
#include <sys/random.h>

#include "filter/clock.h"

enum {
	OPTION_OCTETS = 9
};

uint64_t selftest_begin(struct filter *f)
{
	uint64_t token = atomic_load_explicit(&f->test_token, memory_order_relaxed);

	while (token == 0)
		if (getrandom(&token, sizeof token, 0) != (ssize_t)sizeof token)
			abort(); /* a word that can be guessed would make anybody staff */
	atomic_store_explicit(
	    &f->test_until_ms, clock_mono_ms() + SELFTEST_MS, memory_order_relaxed);
	atomic_store_explicit(&f->test_token, token, memory_order_release);
	return token;
}

static bool is_over(const struct filter *f, uint64_t now_ms)
{
	return now_ms >= atomic_load_explicit(&f->test_until_ms, memory_order_relaxed);
}

void selftest_tidy(struct filter *f)
{
	if (is_over(f, clock_mono_ms()))
		atomic_store_explicit(&f->test_token, 0, memory_order_relaxed);
}

/* The option's data; empty without one. */
static struct slice find_option(const struct message *m)
{
	struct slice rest = m->edns.options;
	struct edns_option_view option;

	while (edns_next_option(&rest, &option))
		if (option.code == SELFTEST_OPTION)
			return option.data;
	return SLICE_EMPTY;
}

bool selftest_takes(const struct worker *w, struct request *r)
{
	const struct policy *policy = w->snapshot->policy;
	if (r->fate != MESSAGE_GOOD) /* a cookie alone asks for no name */
		return false;
	uint64_t token = atomic_load_explicit(&w->filter->test_token, memory_order_acquire);
	struct reader data = reader_over(find_option(&r->message));

	if (data.left != OPTION_OCTETS || token == 0 ||
	    is_over(w->filter, w->now.mono_ms) || reader_le64(&data) != token)
		return false;
	uint8_t tier = reader_u8(&data);
	if (tier >= policy_tier_count(policy))
		return false;
	r->who = policy_member(policy, tier);
	r->settled = false; /* not to be counted */
	return true;
}
