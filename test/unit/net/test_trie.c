#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "net/trie.h"

static void insert(struct trie *t, const char *text, uint32_t value)
{
	struct prefix p;
	assert_int_equal(prefix_from_text(&p, slice_of(text), NULL), OK);
	assert_int_equal(trie_insert(t, &p, value), OK);
}

/* 0 when nothing matches. */
static uint32_t look_up(const struct trie *t, const char *text)
{
	struct addr a;
	uint32_t value = 0;
	assert_int_equal(addr_from_text(&a, slice_of(text), NULL), OK);
	(void)trie_lookup(t, &a, &value);
	return value;
}

static void match_prefers_the_longer_prefix(void **state)
{
	(void)state;
	struct trie *t = trie_new(10);
	assert_non_null(t);
	insert(t, "10.20.30.40", 4);
	insert(t, "10.0.0.0/8", 1);
	insert(t, "10.20.0.0/16", 2);
	insert(t, "10.20.30.0/24", 3);
	insert(t, "2001:db8::/32", 6);
	assert_int_equal(look_up(t, "10.20.30.40"), 4);
	assert_int_equal(look_up(t, "10.20.30.41"), 3);
	assert_int_equal(look_up(t, "10.20.31.1"), 2);
	assert_int_equal(look_up(t, "10.21.0.1"), 1);
	assert_int_equal(look_up(t, "11.0.0.1"), 0);
	assert_int_equal(look_up(t, "2001:db8::9"), 6);
	assert_int_equal(look_up(t, "2001:db9::9"), 0);
	assert_int_equal(trie_count(t), 5);
	trie_free(t);
}

static void of_a_network_only_prefixes_that_hold_all_of_it_match(void **state)
{
	static const uint32_t WANTED[] = {[0] = 0,
	    [7] = 0,
	    [8] = 1,
	    [15] = 1,
	    [16] = 2,
	    [23] = 2,
	    [24] = 3,
	    [31] = 3,
	    [32] = 4,
	    [33] = 4,
	    [255] = 4};
	static const uint8_t BITS[] = {0, 7, 8, 15, 16, 23, 24, 31, 32, 33, 255};
	struct addr a;
	struct trie *t = trie_new(10);

	(void)state;
	assert_non_null(t);
	insert(t, "10.0.0.0/8", 1);
	insert(t, "10.20.0.0/16", 2);
	insert(t, "10.20.30.0/24", 3);
	insert(t, "10.20.30.0", 4);
	assert_int_equal(addr_from_text(&a, SLICE_LIT("10.20.30.0"), NULL), OK);
	for (size_t i = 0; i < sizeof BITS; i++) {
		uint32_t value = 0;
		(void)trie_lookup_within(t, &a, BITS[i], &value);
		assert_int_equal(value, WANTED[BITS[i]]);
	}
	trie_free(t);
}

static void families_do_not_meet(void **state)
{
	(void)state;
	struct trie *t = trie_new(10);
	assert_non_null(t);
	insert(t, "0.0.0.0/0", 4);
	assert_int_equal(look_up(t, "1.2.3.4"), 4);
	assert_int_equal(look_up(t, "::1"), 0);
	insert(t, "::/0", 6);
	assert_int_equal(look_up(t, "::1"), 6);
	trie_free(t);
}

static void a_prefix_is_taken_once_and_the_ceiling_holds(void **state)
{
	(void)state;
	struct trie *t = trie_new(2);
	struct prefix p;
	assert_non_null(t);
	insert(t, "10.0.0.0/8", 1);
	assert_int_equal(prefix_from_text(&p, SLICE_LIT("10.0.0.0/8"), NULL), OK);
	assert_int_equal(trie_insert(t, &p, 9), ERR_EXISTS);
	assert_int_equal(look_up(t, "10.1.1.1"), 1);
	insert(t, "11.0.0.0/8", 2);
	assert_int_equal(prefix_from_text(&p, SLICE_LIT("12.0.0.0/8"), NULL), OK);
	assert_int_equal(trie_insert(t, &p, 3), ERR_FULL);
	assert_int_equal(trie_count(t), 2);
	trie_free(t);
	trie_free(NULL);
}

/* A fork between two prefixes that nobody inserted matches nothing itself. */
static void forks_have_no_value_until_inserted(void **state)
{
	(void)state;
	struct trie *t = trie_new(10);
	assert_non_null(t);
	insert(t, "10.0.0.0/24", 1);
	insert(t, "10.0.1.0/24", 2);
	assert_int_equal(look_up(t, "10.0.2.1"), 0);
	insert(t, "10.0.0.0/23", 3);
	insert(t, "10.0.0.0/22", 4);
	assert_int_equal(look_up(t, "10.0.0.1"), 1);
	assert_int_equal(look_up(t, "10.0.1.1"), 2);
	assert_int_equal(look_up(t, "10.0.2.1"), 4);
	trie_free(t);
}

/* The trie and a plain search over all prefixes say the same. */
static void agrees_with_a_plain_search(void **state)
{
	(void)state;
	enum {
		PREFIXES = 400,
		LOOKUPS = 4000
	};
	static struct prefix all[PREFIXES];
	struct trie *t = trie_new(PREFIXES);
	uint64_t seed = 1;
	size_t count = 0;
	assert_non_null(t);
	while (count < PREFIXES) {
		uint64_t x = hash_mix64(seed++);
		uint8_t octets[4] = {
		    10, (uint8_t)(x & 7), (uint8_t)(x >> 8), (uint8_t)(x >> 16)};
		struct addr a = addr_from_octets((struct slice){octets, 4});
		all[count] = prefix_of(&a, (uint8_t)(x >> 24) % 33);
		if (trie_insert(t, &all[count], (uint32_t)count) == OK)
			count++;
	}
	for (size_t i = 0; i < LOOKUPS; i++) {
		uint64_t x = hash_mix64(seed++);
		uint8_t octets[4] = {
		    10, (uint8_t)(x & 7), (uint8_t)(x >> 8), (uint8_t)(x >> 16)};
		struct addr a = addr_from_octets((struct slice){octets, 4});
		int expected = -1;
		for (size_t k = 0; k < count; k++) {
			if (prefix_contains(&all[k], &a) &&
			    (expected < 0 || all[k].length > all[expected].length))
				expected = (int)k;
		}
		uint32_t value;
		uint8_t length;
		bool found = trie_lookup_length(t, &a, &value, &length);
		assert_int_equal(found, expected >= 0);
		if (found) {
			assert_int_equal(value, expected);
			assert_int_equal(length, all[expected].length);
		}
	}
	trie_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(match_prefers_the_longer_prefix),
	    cmocka_unit_test(of_a_network_only_prefixes_that_hold_all_of_it_match),
	    cmocka_unit_test(families_do_not_meet),
	    cmocka_unit_test(a_prefix_is_taken_once_and_the_ceiling_holds),
	    cmocka_unit_test(forks_have_no_value_until_inserted),
	    cmocka_unit_test(agrees_with_a_plain_search),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
