/* Who has signed in, from where, and for how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "desk/tokens.h"

static struct tokens all;
static uint8_t drawn;

static int set_up(void **state)
{
	(void)state;
	memset(&all, 0, sizeof all);
	drawn = 0;
	return 0;
}

static void issue(
    char out[TOKEN_TEXT_BYTES], uint64_t now_ms, const char *user, const char *client)
{
	const struct token_ask ask = {now_ms, user, client};
	uint8_t random[TOKEN_BYTES];

	memset(random, ++drawn, sizeof random);
	tokens_issue(&all, &ask, random, out);
}

static const char *user_of(uint64_t now_ms, const char *client, const char *text)
{
	const struct token_ask ask = {.now_ms = now_ms, .client = client};

	return tokens_user(&all, &ask, text);
}

static void a_token_is_of_its_user_and_client_for_ten_minutes(void **state)
{
	(void)state;
	char token[TOKEN_TEXT_BYTES], other[TOKEN_TEXT_BYTES];

	issue(token, 1000, "hoa", "10.0.0.1");
	issue(other, 1000, "mai", "10.0.0.2");
	assert_string_equal(user_of(1000, "10.0.0.1", token), "hoa");
	assert_string_equal(user_of(1000, "10.0.0.2", other), "mai");
	assert_null(user_of(1000, "10.0.0.2", token));
	assert_string_equal(user_of(1000 + TOKEN_LIFE_MS - 1, "10.0.0.1", token), "hoa");
	assert_null(user_of(1000 + TOKEN_LIFE_MS, "10.0.0.1", token));
}

static void what_is_no_token_is_nobodys(void **state)
{
	(void)state;
	char token[TOKEN_TEXT_BYTES], longer[TOKEN_TEXT_BYTES + 2];

	issue(token, 0, "hoa", "10.0.0.1");
	(void)snprintf(longer, sizeof longer, "%s0", token);
	assert_null(user_of(0, "10.0.0.1", NULL));
	assert_null(user_of(0, "10.0.0.1", ""));
	assert_null(user_of(0, "10.0.0.1", longer));
	token[3] = 'z';
	assert_null(user_of(0, "10.0.0.1", token));
	/* A free place is all zeros, and that is no token either. */
	assert_null(user_of(0, "", "00000000000000000000000000000000"));
}

static void a_fifth_of_one_user_takes_the_place_of_the_first(void **state)
{
	(void)state;
	char tokens[TOKENS_OF_ONE + 1][TOKEN_TEXT_BYTES], other[TOKEN_TEXT_BYTES];

	issue(other, 0, "mai", "10.0.0.1");
	for (unsigned i = 0; i <= TOKENS_OF_ONE; i++)
		issue(tokens[i], i + 1, "hoa", "10.0.0.1");
	assert_null(user_of(10, "10.0.0.1", tokens[0]));
	for (unsigned i = 1; i <= TOKENS_OF_ONE; i++)
		assert_string_equal(user_of(10, "10.0.0.1", tokens[i]), "hoa");
	assert_string_equal(user_of(10, "10.0.0.1", other), "mai");
}

static void a_full_table_forgets_the_oldest(void **state)
{
	(void)state;
	char tokens[TOKENS_MAX + 1][TOKEN_TEXT_BYTES], user[16];

	for (unsigned i = 0; i <= TOKENS_MAX; i++) {
		(void)snprintf(user, sizeof user, "u%u", i);
		issue(tokens[i], i, user, "10.0.0.1");
	}
	assert_null(user_of(100, "10.0.0.1", tokens[0]));
	assert_string_equal(user_of(100, "10.0.0.1", tokens[1]), "u1");
	assert_string_equal(user_of(100, "10.0.0.1", tokens[TOKENS_MAX]), "u64");
}

static void all_can_be_forgotten(void **state)
{
	(void)state;
	char token[TOKEN_TEXT_BYTES];

	issue(token, 0, "hoa", "10.0.0.1");
	tokens_forget(&all);
	assert_null(user_of(0, "10.0.0.1", token));
}

#define T(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_token_is_of_its_user_and_client_for_ten_minutes),
	    T(what_is_no_token_is_nobodys),
	    T(a_fifth_of_one_user_takes_the_place_of_the_first),
	    T(a_full_table_forgets_the_oldest),
	    T(all_can_be_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
