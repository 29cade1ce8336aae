/* Token buckets: what one client and all together may ask. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "page/limits.h"

static struct limits *limits;
static const struct hash_key hash_key = {7, 9};

static int begin(void **state)
{
	(void)state;
	return limits_open(&limits, hash_key) == OK ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	limits_close(limits);
	return 0;
}

static struct addr client(unsigned number)
{
	uint8_t octets[4] = {
	    10, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number};

	return addr_from_octets((struct slice){octets, sizeof octets});
}

static void a_burst_passes_and_what_follows_waits(void **state)
{
	struct addr one = client(1), other = client(2);

	(void)state;
	for (unsigned i = 0; i < LIMITS_POSTS_BURST; i++)
		assert_int_equal(limits_take_post(limits, &one, 5000), 0);
	assert_int_equal(
	    limits_take_post(limits, &one, 5000), 60 / LIMITS_POSTS_PER_MINUTE);
	assert_int_equal(limits_take_post(limits, &other, 5000), 0);
	assert_int_equal(limits_take_request(limits, &one, 5000), 0);
	/* Who comes when it was told finds one place. */
	uint64_t later = 5000 + 60000 / LIMITS_POSTS_PER_MINUTE;
	assert_int_not_equal(limits_take_post(limits, &one, later - 1), 0);
	assert_int_equal(limits_take_post(limits, &one, later), 0);
	assert_int_not_equal(limits_take_post(limits, &one, later), 0);
}

static void all_together_have_a_bucket_too(void **state)
{
	unsigned passed = 0;

	(void)state;
	for (unsigned i = 0; i < LIMITS_POSTS_ALL_BURST + 50; i++) {
		struct addr one = client(i);
		passed += limits_take_post(limits, &one, 1000) == 0 ? 1 : 0;
	}
	assert_int_equal(passed, LIMITS_POSTS_ALL_BURST);
	struct addr fresh = client(100000);
	assert_int_equal(limits_take_post(limits, &fresh, 1000), 1);
	assert_int_equal(limits_take_post(limits, &fresh, 61000), 0);
}

static void a_steady_client_at_its_rate_never_waits(void **state)
{
	struct addr one = client(3);

	(void)state;
	for (unsigned i = 0; i < 100 * LIMITS_REQUESTS_PER_S; i++) {
		uint64_t now = (uint64_t)i * 1000 / LIMITS_REQUESTS_PER_S;
		assert_int_equal(limits_take_request(limits, &one, now), 0);
	}
}

static void many_addresses_do_not_wash_out_the_one_that_floods(void **state)
{
	struct addr flood = client(1);

	(void)state;
	for (unsigned i = 0; i < LIMITS_REQUESTS_BURST; i++)
		assert_int_equal(limits_take_request(limits, &flood, 1000), 0);
	for (unsigned i = 0; i < 3000; i++) {
		struct addr other = client(1000 + i);
		assert_int_equal(limits_take_request(limits, &other, 1000), 0);
	}
	assert_int_not_equal(limits_take_request(limits, &flood, 1000), 0);
}

static void a_long_silence_fills_the_bucket_and_overflows_nothing(void **state)
{
	struct addr one = client(4);

	(void)state;
	for (unsigned i = 0; i < LIMITS_POSTS_BURST; i++)
		assert_int_equal(limits_take_post(limits, &one, 1), 0);
	for (unsigned i = 0; i < LIMITS_POSTS_BURST; i++)
		assert_int_equal(limits_take_post(limits, &one, UINT64_MAX - 1), 0);
	assert_int_not_equal(limits_take_post(limits, &one, UINT64_MAX), 0);
	/* A clock that goes back gives nothing. */
	assert_int_not_equal(limits_take_post(limits, &one, 5), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
	        a_burst_passes_and_what_follows_waits, begin, end),
	    cmocka_unit_test_setup_teardown(all_together_have_a_bucket_too, begin, end),
	    cmocka_unit_test_setup_teardown(
	        a_steady_client_at_its_rate_never_waits, begin, end),
	    cmocka_unit_test_setup_teardown(
	        many_addresses_do_not_wash_out_the_one_that_floods, begin, end),
	    cmocka_unit_test_setup_teardown(
	        a_long_silence_fills_the_bucket_and_overflows_nothing, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
