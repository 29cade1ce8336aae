/* A form's token: for one path, one client, one to two hours; and where a POST comes from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "page/token.h"

enum {
	HOUR = 3600 * 1000
};

static const struct token_key key = {{1, 2, 3}};
static const struct token_key other_key = {{1, 2, 4}};

static struct addr address(const char *text)
{
	struct addr addr = ADDR_NONE;

	assert_int_equal(addr_from_text(&addr, slice_of(text), NULL), OK);
	return addr;
}

static void a_token_holds_for_its_path_and_client_alone(void **state)
{
	char token[TOKEN_TEXT_BYTES];
	struct addr pupil = address("192.0.2.7"), other = address("192.0.2.8"),
	            six = address("2001:db8::7");
	struct slice path = SLICE_LIT("/lachan/review");

	(void)state;
	assert_int_equal(token_make(token, &key, path, &pupil, HOUR), OK);
	assert_int_equal(strlen(token), TOKEN_TEXT_BYTES - 1);
	assert_true(token_holds(&key, slice_of(token), path, &pupil, HOUR));
	assert_false(token_holds(&key, slice_of(token), path, &other, HOUR));
	assert_false(token_holds(&key, slice_of(token), path, &six, HOUR));
	assert_false(
	    token_holds(&key, slice_of(token), SLICE_LIT("/lachan/open"), &pupil, HOUR));
	assert_false(token_holds(&other_key, slice_of(token), path, &pupil, HOUR));
}

static void the_port_of_the_client_does_not_matter(void **state)
{
	char token[TOKEN_TEXT_BYTES];
	struct addr first = address("192.0.2.7:1000"), later = address("192.0.2.7:2000");

	(void)state;
	assert_int_equal(token_make(token, &key, SLICE_LIT("/"), &first, 0), OK);
	assert_true(token_holds(&key, slice_of(token), SLICE_LIT("/"), &later, 0));
}

static void it_holds_for_one_to_two_hours(void **state)
{
	char token[TOKEN_TEXT_BYTES];
	struct addr pupil = address("192.0.2.7");
	const uint64_t shown = 10 * (uint64_t)HOUR + 1234;
	struct slice path = SLICE_LIT("/a");

	(void)state;
	assert_int_equal(token_make(token, &key, path, &pupil, shown), OK);
	assert_true(token_holds(&key, slice_of(token), path, &pupil, shown + HOUR));
	assert_true(
	    token_holds(&key, slice_of(token), path, &pupil, 12 * (uint64_t)HOUR - 1));
	assert_false(token_holds(&key, slice_of(token), path, &pupil, 12 * (uint64_t)HOUR));
	assert_false(token_holds(&key, slice_of(token), path, &pupil, 9 * (uint64_t)HOUR));
}

static void every_changed_octet_is_seen(void **state)
{
	char token[TOKEN_TEXT_BYTES];
	struct addr pupil = address("192.0.2.7");
	struct slice path = SLICE_LIT("/a");

	(void)state;
	assert_int_equal(token_make(token, &key, path, &pupil, 0), OK);
	for (size_t i = 0; i < TOKEN_TEXT_BYTES - 1; i++) {
		token[i] = (char)(token[i] ^ 1);
		assert_false(token_holds(&key, slice_of(token), path, &pupil, 0));
		token[i] = (char)(token[i] ^ 1);
	}
	assert_false(token_holds(&key, SLICE_EMPTY, path, &pupil, 0));
	assert_false(token_holds(&key,
	    (struct slice){(const uint8_t *)token, TOKEN_TEXT_BYTES - 2}, path, &pupil, 0));
}

static struct head head_of(const char *host, const char *origin, const char *site)
{
	struct head head = {.authority = slice_of(host)};

	if (origin != NULL)
		head.origin = slice_of(origin);
	if (site != NULL)
		head.sec_fetch_site = slice_of(site);
	return head;
}

static void a_post_from_another_site_is_refused(void **state)
{
	static const struct {
		const char *host, *origin, *site, *scheme;
		bool same;
	} cases[] = {
	    {"lachan.internal", NULL, NULL, "http", true},
	    {"lachan.internal", "http://lachan.internal", NULL, "http", true},
	    {"LACHAN.internal:8080", "http://lachan.internal:8080", NULL, "http", true},
	    {"[::1]:8080", "http://[::1]:8080", NULL, "http", true},
	    {"lachan.internal", "https://lachan.internal", "same-origin", "https", true},
	    {"lachan.internal", NULL, "none", "https", true},
	    {"lachan.internal", "null", NULL, "http", false},
	    {"lachan.internal", "", NULL, "http", false},
	    {"lachan.internal", "http://evil.example", NULL, "http", false},
	    {"lachan.internal", "http://lachan.internal.evil.example", NULL, "http", false},
	    {"lachan.internal", "http://lachan.internal:8080", NULL, "http", false},
	    {"lachan.internal", "http:lachan.internal", NULL, "http", false},
	    {"lachan.internal", "https://lachan.internal", NULL, "http", false},
	    {"lachan.internal", "http://lachan.internal", NULL, "https", false},
	    {"lachan.internal", "http://lachan.internal", "cross-site", "http", false},
	    {"lachan.internal", NULL, "same-site", "https", false},
	    {"", "http://", NULL, "http", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct head head = head_of(cases[i].host, cases[i].origin, cases[i].site);
		if (token_same_site(&head, cases[i].scheme) != cases[i].same)
			fail_msg("case %zu", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_token_holds_for_its_path_and_client_alone),
	    cmocka_unit_test(the_port_of_the_client_does_not_matter),
	    cmocka_unit_test(it_holds_for_one_to_two_hours),
	    cmocka_unit_test(every_changed_octet_is_seen),
	    cmocka_unit_test(a_post_from_another_site_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
