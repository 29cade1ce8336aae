/* Wrong passwords: who is not asked any more, where, and for how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kit/lockout.h"

#define MINUTE ((uint64_t)60 * 1000)
#define HOUR   (60 * MINUTE)

static struct lockout *made;
static uint64_t now;

static int set_up(void **state)
{
	(void)state;
	made = calloc(1, sizeof *made);
	if (made == NULL)
		return -1;
	made->key = (struct hash_key){1, 2};
	now = 5000; /* a machine that has just started */
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(made);
	return 0;
}

static struct lockout_who at(const char *user, const char *client)
{
	return (struct lockout_who){.user = user, .client = client, .known = true};
}

static enum lockout_news wrong(const char *user, const char *client)
{
	const struct lockout_who who = at(user, client);
	return lockout_wrong(made, now, &who);
}

static void right(const char *user, const char *client)
{
	const struct lockout_who who = at(user, client);
	lockout_right(made, now, &who);
}

static unsigned minutes(const char *user, const char *client)
{
	const struct lockout_who who = at(user, client);
	return lockout_minutes(made, now, &who);
}

/* `n` wrong ones from as many places as it takes for none to be locked. */
static enum lockout_news wrong_from_everywhere(const char *user, unsigned n)
{
	enum lockout_news news = LOCKOUT_NOTHING;

	for (unsigned i = 0; i < n; i++) {
		char client[32];
		(void)snprintf(client, sizeof client, "192.0.2.%u", i / (LOCKOUT_HERE - 1));
		news = wrong(user, client);
	}
	return news;
}

static void five_wrong_from_one_place_lock_the_account_there(void **state)
{
	(void)state;
	for (int i = 0; i < LOCKOUT_HERE - 1; i++)
		assert_int_equal(wrong("hoa", "10.0.0.1"), LOCKOUT_NOTHING);
	assert_int_equal(minutes("hoa", "10.0.0.1"), 0);
	assert_int_equal(wrong("hoa", "10.0.0.1"), LOCKOUT_BEGAN_HERE);
	assert_int_equal(minutes("hoa", "10.0.0.1"), 15);
	assert_int_equal(minutes("hoa", "10.0.0.2"), 0);
	assert_int_equal(minutes("mai", "10.0.0.1"), 0);
	now += 14 * MINUTE;
	assert_int_equal(minutes("hoa", "10.0.0.1"), 1);
	now += MINUTE;
	assert_int_equal(minutes("hoa", "10.0.0.1"), 0);
}

static void a_right_one_forgets_the_wrong_ones_of_its_place(void **state)
{
	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < LOCKOUT_HERE - 1; i++)
			assert_int_equal(wrong("hoa", "10.0.0.1"), LOCKOUT_NOTHING);
		right("hoa", "10.0.0.1");
	}
	assert_int_equal(minutes("hoa", "10.0.0.1"), 0);
}

static void wrong_ones_of_an_hour_ago_do_not_count(void **state)
{
	(void)state;
	for (int i = 0; i < LOCKOUT_HERE - 1; i++)
		(void)wrong("hoa", "10.0.0.1");
	now += HOUR;
	assert_int_equal(wrong("hoa", "10.0.0.1"), LOCKOUT_NOTHING);
	assert_int_equal(minutes("hoa", "10.0.0.1"), 0);
}

static void thirty_wrong_from_everywhere_lock_the_account_everywhere(void **state)
{
	(void)state;
	assert_int_equal(
	    wrong_from_everywhere("hoa", LOCKOUT_EVERYWHERE - 1), LOCKOUT_NOTHING);
	assert_int_equal(minutes("hoa", "10.0.0.1"), 0);
	assert_int_equal(wrong("hoa", "198.51.100.1"), LOCKOUT_BEGAN_EVERYWHERE);
	assert_int_equal(minutes("hoa", "10.0.0.1"), 15);
	assert_int_equal(minutes("mai", "10.0.0.1"), 0);
	now += 15 * MINUTE;
	assert_int_equal(minutes("hoa", "10.0.0.1"), 0);
}

/* Pupils who type wrong passwords on purpose do not keep her from her lesson. */
static void where_she_signed_in_this_morning_she_is_not_locked_out(void **state)
{
	(void)state;
	right("hoa", "10.0.0.9");
	now += 4 * HOUR;
	assert_int_equal(
	    wrong_from_everywhere("hoa", LOCKOUT_EVERYWHERE), LOCKOUT_BEGAN_EVERYWHERE);
	assert_int_equal(minutes("hoa", "10.0.0.8"), 15);
	assert_int_equal(minutes("hoa", "10.0.0.9"), 0);
	/* There the first rule holds all the same. */
	for (int i = 0; i < LOCKOUT_HERE; i++)
		(void)wrong("hoa", "10.0.0.9");
	assert_int_equal(minutes("hoa", "10.0.0.9"), 15);
	/* And not for ever. */
	now += 9 * HOUR;
	(void)wrong_from_everywhere("hoa", LOCKOUT_EVERYWHERE);
	assert_int_equal(minutes("hoa", "10.0.0.9"), 15);
}

static void names_that_nobody_has_are_counted_alike(void **state)
{
	(void)state;
	const struct lockout_who who = {.user = "nobody", .client = "10.0.0.1"};

	for (int i = 0; i < LOCKOUT_HERE - 1; i++)
		assert_int_equal(lockout_wrong(made, now, &who), LOCKOUT_NOTHING);
	assert_int_equal(lockout_wrong(made, now, &who), LOCKOUT_BEGAN_HERE);
	assert_int_equal(lockout_minutes(made, now, &who), 15);
}

/* Ten thousand names that nobody has, from as many places, push no count of a teacher out. */
static void strangers_do_not_push_accounts_out(void **state)
{
	(void)state;
	(void)wrong_from_everywhere("hoa", LOCKOUT_EVERYWHERE - 1);
	for (unsigned i = 0; i < 10000; i++) {
		char user[32], client[32];
		(void)snprintf(user, sizeof user, "x%u", i);
		(void)snprintf(client, sizeof client, "10.%u.%u.1", i / 256, i % 256);
		const struct lockout_who who = {.user = user, .client = client};
		(void)lockout_wrong(made, now, &who);
	}
	assert_int_equal(wrong("hoa", "198.51.100.1"), LOCKOUT_BEGAN_EVERYWHERE);
}

/* A full table of places forgets those whose counts end first: never one that is locked, and
 * never where a teacher is at home. */
static void a_crowd_of_places_does_not_undo_a_lock(void **state)
{
	(void)state;
	right("mai", "10.0.0.9");
	now += HOUR;
	/* Locked from now on; the crowd's counts end in an hour, so in the time of the lock
	 * it is the first to go. Its account is still counted everywhere. */
	(void)wrong_from_everywhere("mai", LOCKOUT_EVERYWHERE);
	for (unsigned i = 0; i < 2000; i++) {
		char client[32];
		(void)snprintf(client, sizeof client, "10.1.%u.%u", i / 256, i % 256);
		(void)wrong("an", client);
	}
	assert_int_equal(minutes("mai", "10.0.0.7"), 15);
	assert_int_equal(minutes("mai", "10.0.0.9"), 0);
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(five_wrong_from_one_place_lock_the_account_there),
	    T(a_right_one_forgets_the_wrong_ones_of_its_place),
	    T(wrong_ones_of_an_hour_ago_do_not_count),
	    T(thirty_wrong_from_everywhere_lock_the_account_everywhere),
	    T(where_she_signed_in_this_morning_she_is_not_locked_out),
	    T(names_that_nobody_has_are_counted_alike),
	    T(strangers_do_not_push_accounts_out),
	    T(a_crowd_of_places_does_not_undo_a_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
