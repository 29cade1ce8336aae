/* Sessions end by themselves, and a form's token opens nothing elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "district/web_access.h"
#include "district/web_sessions.h"

static struct web_sessions *made;

static int begin(void **state)
{
	made = calloc(1, sizeof *made);
	*state = made;
	return made == NULL ? -1 : 0;
}

static int end(void **state)
{
	(void)state;
	free(made);
	return 0;
}

static struct account account_named(const char *name)
{
	struct account account = {.roles = WEB_OPERATOR, .salt = {7}};

	(void)snprintf(account.name, sizeof account.name, "%s", name);
	return account;
}

static void issue(
    uint64_t now_ms, const char *name, unsigned number, char out[WEB_SESSION_TEXT_BYTES])
{
	const struct account account = account_named(name);
	uint8_t random[WEB_SESSION_BYTES] = {(uint8_t)number, (uint8_t)(number >> 8), 0xab};

	web_sessions_issue(made, now_ms, &account, random, out);
}

static void a_session_is_its_persons(void **state)
{
	char cookie[WEB_SESSION_TEXT_BYTES], other[WEB_SESSION_TEXT_BYTES];

	(void)state;
	issue(1000, "lan", 1, cookie);
	issue(1000, "mai", 2, other);
	assert_true(web_session_is_sound(cookie));
	assert_string_equal(web_sessions_find(made, 2000, cookie)->user, "lan");
	assert_string_equal(web_sessions_find(made, 2000, other)->user, "mai");
	assert_int_equal(web_sessions_find(made, 2000, cookie)->stamp[0], 7);
	cookie[5] = cookie[5] == '0' ? '1' : '0';
	assert_null(web_sessions_find(made, 2000, cookie));
}

static void what_is_no_cookie_is_nobodys(void **state)
{
	char zeros[WEB_SESSION_TEXT_BYTES];

	(void)state;
	memset(zeros, '0', sizeof zeros - 1);
	zeros[sizeof zeros - 1] = 0;
	/* Free places hold zeros: that opens none of them. */
	assert_null(web_sessions_find(made, 0, zeros));
	assert_null(web_sessions_find(made, 0, ""));
	assert_null(web_sessions_find(made, 0, "zz"));
	zeros[0] = 'A';
	assert_false(web_session_is_sound(zeros));
}

static void it_ends_when_it_is_not_used(void **state)
{
	char cookie[WEB_SESSION_TEXT_BYTES];

	(void)state;
	issue(0, "lan", 1, cookie);
	assert_non_null(web_sessions_find(made, WEB_SESSION_IDLE_MS - 1, cookie));
	assert_non_null(web_sessions_find(made, 2 * WEB_SESSION_IDLE_MS - 2, cookie));
	assert_null(web_sessions_find(made, 3 * WEB_SESSION_IDLE_MS - 2, cookie));
	assert_null(web_sessions_find(made, 0, cookie));
}

static void it_ends_after_a_day_of_work_however_often_it_is_used(void **state)
{
	char cookie[WEB_SESSION_TEXT_BYTES];
	uint64_t now = 0;

	(void)state;
	issue(0, "lan", 1, cookie);
	for (; now < WEB_SESSION_LIFE_MS; now += WEB_SESSION_IDLE_MS / 2)
		assert_non_null(web_sessions_find(made, now, cookie));
	assert_null(web_sessions_find(made, WEB_SESSION_LIFE_MS, cookie));
}

static void signing_out_ends_it_at_once(void **state)
{
	char cookie[WEB_SESSION_TEXT_BYTES], other[WEB_SESSION_TEXT_BYTES];

	(void)state;
	issue(0, "lan", 1, cookie);
	issue(0, "lan", 2, other);
	web_sessions_end(made, cookie);
	assert_null(web_sessions_find(made, 1, cookie));
	assert_non_null(web_sessions_find(made, 1, other));
	web_sessions_end(made, "nonsense");
}

static void one_person_cannot_push_the_others_out(void **state)
{
	char first[WEB_SESSION_TEXT_BYTES], mine[WEB_SESSION_TEXT_BYTES];

	(void)state;
	issue(0, "mai", 9999, first);
	for (unsigned i = 0; i < 2 * WEB_SESSIONS_MAX; i++)
		issue(i + 1, "lan", i, mine);
	assert_non_null(web_sessions_find(made, 5000, first));
	unsigned mine_left = 0;
	for (size_t i = 0; i < WEB_SESSIONS_MAX; i++)
		mine_left += strcmp(made->items[i].user, "lan") == 0;
	assert_int_equal(mine_left, WEB_SESSIONS_OF_ONE);
	assert_non_null(web_sessions_find(made, 5000, mine));
}

static void the_token_is_of_the_cookie_and_of_this_process(void **state)
{
	const uint8_t key[WEB_FORM_KEY_BYTES] = {1}, other_key[WEB_FORM_KEY_BYTES] = {2};
	char token[WEB_FORM_TEXT_BYTES], again[WEB_FORM_TEXT_BYTES],
	    other[WEB_FORM_TEXT_BYTES];

	(void)state;
	assert_int_equal(web_form_token(token, key, "cookie"), OK);
	assert_int_equal(web_form_token(again, key, "cookie"), OK);
	assert_true(web_form_token_fits(token, again));
	assert_int_equal(web_form_token(other, key, "cookie2"), OK);
	assert_false(web_form_token_fits(token, other));
	assert_int_equal(web_form_token(other, other_key, "cookie"), OK);
	assert_false(web_form_token_fits(token, other));
	assert_false(web_form_token_fits(token, ""));
	assert_false(web_form_token_fits("", ""));
}

static void roles_open_what_the_table_says(void **state)
{
	const unsigned union_sees = web_access_sections(ACCOUNT_BIT(ACCOUNT_YOUTH_UNION));
	const unsigned child_sees = web_access_sections(ACCOUNT_BIT(ACCOUNT_CHILD_AFFAIRS));

	(void)state;
	assert_int_equal(web_access_sections(WEB_OPERATOR), (1U << PAGE_SECTIONS) - 1);
	assert_int_equal(web_access_sections(0), 0);
	assert_int_equal(union_sees,
	    1U << SECTION_COVERAGE | 1U << SECTION_CATEGORIES | 1U << SECTION_UNITS |
	        1U << SECTION_REPORTS);
	assert_int_equal(child_sees, union_sees | 1U << SECTION_QUICK_REPORTS);
	assert_int_equal(web_access_roles(SECTION_QUICK_REPORTS),
	    WEB_OPERATOR | ACCOUNT_BIT(ACCOUNT_EDUCATION) | ACCOUNT_BIT(ACCOUNT_POLICE) |
	        ACCOUNT_BIT(ACCOUNT_CHILD_AFFAIRS));
	/* A school's roles open nothing here. */
	assert_int_equal(
	    web_access_sections(ACCOUNT_BIT(ACCOUNT_ADMIN) | ACCOUNT_BIT(ACCOUNT_APPROVER) |
	        ACCOUNT_BIT(ACCOUNT_COUNSELLOR) | ACCOUNT_BIT(ACCOUNT_TEACHER)),
	    0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_session_is_its_persons, begin, end),
	    cmocka_unit_test_setup_teardown(what_is_no_cookie_is_nobodys, begin, end),
	    cmocka_unit_test_setup_teardown(it_ends_when_it_is_not_used, begin, end),
	    cmocka_unit_test_setup_teardown(
	        it_ends_after_a_day_of_work_however_often_it_is_used, begin, end),
	    cmocka_unit_test_setup_teardown(signing_out_ends_it_at_once, begin, end),
	    cmocka_unit_test_setup_teardown(
	        one_person_cannot_push_the_others_out, begin, end),
	    cmocka_unit_test(the_token_is_of_the_cookie_and_of_this_process),
	    cmocka_unit_test(roles_open_what_the_table_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
