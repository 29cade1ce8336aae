#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "dns/cookie.h"

/* The vectors of RFC 9018 appendix A: address, cookie sent, time, cookie answered. */

static const uint8_t SECRET[COOKIE_SECRET_BYTES] = {0xe5, 0xe9, 0x73, 0xe5, 0xa6, 0xb2,
    0xa4, 0x3f, 0x48, 0xe7, 0xdc, 0x84, 0x9e, 0x37, 0xbf, 0xcf};
static const uint8_t OLD_SECRET[COOKIE_SECRET_BYTES] = {0xdd, 0x3b, 0xdf, 0x93, 0x44, 0xb6,
    0x78, 0xb1, 0x85, 0xa6, 0xf5, 0xcb, 0x60, 0xfc, 0xa7, 0x15};
static const uint8_t NEW_SECRET[COOKIE_SECRET_BYTES] = {0x44, 0x55, 0x36, 0xbc, 0xd2, 0x51,
    0x32, 0x98, 0x07, 0x5a, 0x5d, 0x37, 0x96, 0x63, 0xc9, 0x62};

static const uint8_t CLIENT[4] = {198, 51, 100, 100};
static const uint8_t OTHER_CLIENT[4] = {203, 0, 113, 203};
static const uint8_t CLIENT6[16] = {0x20, 0x01, 0x0d, 0xb8, 0x02, 0x20, 0, 1, 0x59, 0xde,
    0xd0, 0xf4, 0x87, 0x69, 0x82, 0xb8};

static const uint8_t LEARNT[COOKIE_BYTES] = {0x24, 0x64, 0xc4, 0xab, 0xcf, 0x10, 0xc9, 0x57,
    1, 0, 0, 0, 0x5c, 0xf7, 0x9f, 0x11, 0x1f, 0x81, 0x30, 0xc3, 0xee, 0xe2, 0x94, 0x80};
enum {
	LEARNT_S = 0x5cf79f11
};

static struct cookie_secrets one_secret(const uint8_t octets[COOKIE_SECRET_BYTES])
{
	return (struct cookie_secrets){cookie_secret(octets), cookie_secret(octets)};
}

static struct slice bytes(const uint8_t *ptr, size_t len)
{
	return (struct slice){ptr, len};
}

/* Answers `sent`, checks the option's head, and gives the cookie to `out`. */
static bool answered(uint8_t out[COOKIE_BYTES], struct slice sent, struct slice address,
    const struct cookie_secrets *secrets, uint32_t now_s)
{
	uint8_t option[COOKIE_OPTION_BYTES];
	bool good = cookie_answer(option, sent, address, secrets, now_s);

	assert_memory_equal(option, "\0\012\0\030", 4);
	memcpy(out, option + 4, COOKIE_BYTES);
	return good;
}

static void a_new_cookie_is_as_rfc_9018_has_it(void **state)
{
	(void)state;
	struct cookie_secrets secrets = one_secret(SECRET);
	uint8_t out[COOKIE_BYTES];
	assert_false(answered(out, bytes(LEARNT, 8), bytes(CLIENT, 4), &secrets, LEARNT_S));
	assert_memory_equal(out, LEARNT, COOKIE_BYTES);
}

static void an_ageing_cookie_is_good_and_renewed(void **state)
{
	(void)state;
	static const uint8_t renewed[COOKIE_BYTES] = {0x24, 0x64, 0xc4, 0xab, 0xcf, 0x10,
	    0xc9, 0x57, 1, 0, 0, 0, 0x5c, 0xf7, 0xa8, 0x71, 0xd4, 0xa5, 0x64, 0xa1, 0x44,
	    0x2a, 0xca, 0x77};
	struct cookie_secrets secrets = one_secret(SECRET);
	uint8_t out[COOKIE_BYTES];
	assert_true(answered(
	    out, bytes(LEARNT, COOKIE_BYTES), bytes(CLIENT, 4), &secrets, 0x5cf7a871));
	assert_memory_equal(out, renewed, COOKIE_BYTES);
}

static void reserved_octets_of_another_maker_are_hashed_as_they_are(void **state)
{
	(void)state;
	static const uint8_t sent[COOKIE_BYTES] = {0xfc, 0x93, 0xfc, 0x62, 0x80, 0x7d, 0xdb,
	    0x86, 1, 0xab, 0xcd, 0xef, 0x5c, 0xf7, 0x8f, 0x71, 0xa3, 0x14, 0x22, 0x7b, 0x66,
	    0x79, 0xeb, 0xf5};
	static const uint8_t renewed[COOKIE_BYTES] = {0xfc, 0x93, 0xfc, 0x62, 0x80, 0x7d,
	    0xdb, 0x86, 1, 0, 0, 0, 0x5c, 0xf7, 0xa9, 0xac, 0xf7, 0x3a, 0x78, 0x10, 0xac,
	    0xa2, 0x38, 0x1e};
	struct cookie_secrets secrets = one_secret(SECRET);
	uint8_t out[COOKIE_BYTES];
	/* The RFC's clock stands 6,715 s later: its server takes what is older than an hour
	 * as a sign to renew, ours as none at all; the new cookie is the same. */
	assert_false(answered(
	    out, bytes(sent, sizeof sent), bytes(OTHER_CLIENT, 4), &secrets, 0x5cf7a9ac));
	assert_memory_equal(out, renewed, COOKIE_BYTES);
	assert_true(answered(out, bytes(sent, sizeof sent), bytes(OTHER_CLIENT, 4),
	    &secrets, 0x5cf78f71 + 60));
	assert_memory_equal(out, sent, COOKIE_BYTES);
}

static void the_secret_before_still_proves(void **state)
{
	(void)state;
	static const uint8_t sent[COOKIE_BYTES] = {0x22, 0x68, 0x1a, 0xb9, 0x7d, 0x52, 0xc2,
	    0x98, 1, 0, 0, 0, 0x5c, 0xf7, 0xc5, 0x79, 0x26, 0x55, 0x6b, 0xd0, 0x93, 0x4c,
	    0x72, 0xf8};
	static const uint8_t renewed[COOKIE_BYTES] = {0x22, 0x68, 0x1a, 0xb9, 0x7d, 0x52,
	    0xc2, 0x98, 1, 0, 0, 0, 0x5c, 0xf7, 0xc6, 0x09, 0xa6, 0xbb, 0x79, 0xd1, 0x66,
	    0x25, 0x50, 0x7a};
	const struct cookie_secrets secrets = {
	    cookie_secret(NEW_SECRET), cookie_secret(OLD_SECRET)};
	struct cookie_secrets later = one_secret(NEW_SECRET);
	uint8_t out[COOKIE_BYTES];
	assert_true(answered(
	    out, bytes(sent, sizeof sent), bytes(CLIENT6, 16), &secrets, 0x5cf7c609));
	/* Made with the old secret, so renewed though it is young. */
	assert_memory_equal(out, renewed, COOKIE_BYTES);
	assert_false(answered(
	    out, bytes(sent, sizeof sent), bytes(CLIENT6, 16), &later, 0x5cf7c609));
}

static void a_secret_is_good_until_the_second_one_after_it(void **state)
{
	(void)state;
	struct cookie_secrets secrets = one_secret(SECRET);
	struct slice sent = bytes(LEARNT, COOKIE_BYTES);
	uint8_t out[COOKIE_BYTES];
	uint8_t newer[COOKIE_BYTES];
	cookie_secrets_renew(&secrets, OLD_SECRET);
	assert_true(answered(newer, sent, bytes(CLIENT, 4), &secrets, LEARNT_S + 1));
	assert_memory_not_equal(newer, LEARNT, COOKIE_BYTES);
	assert_true(answered(
	    out, bytes(newer, sizeof newer), bytes(CLIENT, 4), &secrets, LEARNT_S + 2));
	assert_memory_equal(out, newer, COOKIE_BYTES);
	cookie_secrets_renew(&secrets, NEW_SECRET);
	assert_false(answered(out, sent, bytes(CLIENT, 4), &secrets, LEARNT_S + 3));
	assert_true(answered(
	    out, bytes(newer, sizeof newer), bytes(CLIENT, 4), &secrets, LEARNT_S + 3));
}

static void a_young_cookie_comes_back_as_it_is(void **state)
{
	(void)state;
	struct cookie_secrets secrets = one_secret(SECRET);
	uint8_t out[COOKIE_BYTES];
	for (uint32_t age_s = 0; age_s <= COOKIE_RENEW_S; age_s += 60) {
		assert_true(answered(out, bytes(LEARNT, COOKIE_BYTES), bytes(CLIENT, 4),
		    &secrets, LEARNT_S + age_s));
		assert_memory_equal(out, LEARNT, COOKIE_BYTES);
	}
	/* Clocks of a pair may differ: a little ahead is no forgery. */
	assert_true(answered(out, bytes(LEARNT, COOKIE_BYTES), bytes(CLIENT, 4), &secrets,
	    LEARNT_S - COOKIE_AHEAD_MAX_S));
}

static void cookies_have_their_time(void **state)
{
	(void)state;
	struct cookie_secrets secrets = one_secret(SECRET);
	struct slice sent = bytes(LEARNT, COOKIE_BYTES);
	uint8_t out[COOKIE_BYTES];
	assert_true(
	    answered(out, sent, bytes(CLIENT, 4), &secrets, LEARNT_S + COOKIE_AGE_MAX_S));
	assert_false(answered(
	    out, sent, bytes(CLIENT, 4), &secrets, LEARNT_S + COOKIE_AGE_MAX_S + 1));
	assert_false(answered(
	    out, sent, bytes(CLIENT, 4), &secrets, LEARNT_S - COOKIE_AHEAD_MAX_S - 1));
	assert_false(
	    answered(out, sent, bytes(CLIENT, 4), &secrets, LEARNT_S + (1u << 31)));
}

static void nothing_of_a_cookie_may_differ(void **state)
{
	(void)state;
	struct cookie_secrets secrets = one_secret(SECRET);
	uint8_t out[COOKIE_BYTES];
	for (size_t i = 0; i < COOKIE_BYTES * 8; i++) {
		uint8_t changed[COOKIE_BYTES];
		memcpy(changed, LEARNT, sizeof changed);
		changed[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_false(answered(out, bytes(changed, sizeof changed), bytes(CLIENT, 4),
		    &secrets, LEARNT_S));
		assert_memory_equal(out, changed, COOKIE_CLIENT_BYTES);
	}
	assert_false(answered(
	    out, bytes(LEARNT, COOKIE_BYTES), bytes(OTHER_CLIENT, 4), &secrets, LEARNT_S));
	assert_false(answered(
	    out, bytes(LEARNT, COOKIE_BYTES), bytes(CLIENT6, 16), &secrets, LEARNT_S));
}

static void cookies_of_other_shapes_get_a_new_one(void **state)
{
	(void)state;
	struct cookie_secrets secrets = one_secret(SECRET);
	uint8_t sent[40];
	uint8_t out[COOKIE_BYTES];
	memset(sent, 0x77, sizeof sent);
	memcpy(sent, LEARNT, COOKIE_BYTES);
	for (size_t len = 8; len <= sizeof sent; len++) {
		if (len == COOKIE_BYTES)
			continue;
		assert_false(
		    answered(out, bytes(sent, len), bytes(CLIENT, 4), &secrets, LEARNT_S));
		assert_memory_equal(out, LEARNT, COOKIE_BYTES);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_new_cookie_is_as_rfc_9018_has_it),
	    cmocka_unit_test(an_ageing_cookie_is_good_and_renewed),
	    cmocka_unit_test(reserved_octets_of_another_maker_are_hashed_as_they_are),
	    cmocka_unit_test(the_secret_before_still_proves),
	    cmocka_unit_test(a_secret_is_good_until_the_second_one_after_it),
	    cmocka_unit_test(a_young_cookie_comes_back_as_it_is),
	    cmocka_unit_test(cookies_have_their_time),
	    cmocka_unit_test(nothing_of_a_cookie_may_differ),
	    cmocka_unit_test(cookies_of_other_shapes_get_a_new_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
