/* What a follow-up code unlocks: one case and its reply, and no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "desk/code_key.h"

static const uint8_t SALT[CASE_SALT_BYTES] = {
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7};

static struct code_key key_of(const char *code, const uint8_t *salt)
{
	struct code_key key;
	char letters[CODE_BYTES];

	memcpy(letters, code, sizeof letters);
	assert_int_equal(
	    code_key_make(&key, letters, (struct slice){salt, CASE_SALT_BYTES}), OK);
	return key;
}

static void a_code_unlocks_its_own_case_alone(void **state)
{
	(void)state;
	uint8_t other_salt[CASE_SALT_BYTES] = {8};
	struct code_key one = key_of("ABCDEFGHJ2", SALT);
	struct code_key again = key_of("ABCDEFGHJ2", SALT);
	struct code_key other = key_of("ABCDEFGHJ3", SALT);
	struct code_key elsewhere = key_of("ABCDEFGHJ2", other_salt);

	assert_memory_equal(&one, &again, sizeof one);
	assert_memory_not_equal(one.lookup, other.lookup, sizeof one.lookup);
	assert_memory_not_equal(one.secret.bytes, other.secret.bytes, SEAL_KEY_BYTES);
	assert_memory_not_equal(one.lookup, elsewhere.lookup, sizeof one.lookup);
	/* Who sees the lookup on the disk has no part of the key. */
	assert_memory_not_equal(one.lookup, one.secret.bytes, sizeof one.lookup);
}

/* docs/formats/cases.md, reckoned by another implementation. */
static void a_code_gives_what_the_page_says(void **state)
{
	(void)state;
	struct code_key key = key_of("ABCDEFGHJ2", SALT);
	uint8_t lookup[CASE_CODE_BYTES], public[SEAL_KEY_BYTES];

	assert_true(
	    seal_from_hex(lookup, sizeof lookup, "d6966ad16b7f00291d89223fc644b98d"));
	assert_true(seal_from_hex(public, sizeof public,
	    "b296601550b2153c44a584d2ca4920e3afbc8724f05ecc4b2acbc988edf55a47"));
	assert_memory_equal(key.lookup, lookup, sizeof lookup);
	assert_memory_equal(key.public.bytes, public, sizeof public);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_code_unlocks_its_own_case_alone),
	    cmocka_unit_test(a_code_gives_what_the_page_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
