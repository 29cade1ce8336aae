/* Who was here last, by role; and until when a device stays staff's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/file.h"
#include "conf/config.h"
#include "desk/desk.h"
#include "desk/evening.h"
#include "desk/presence.h"

#define TEACHER    ACCOUNT_BIT(ACCOUNT_TEACHER)
#define COUNSELLOR ACCOUNT_BIT(ACCOUNT_COUNSELLOR)
#define OPERATOR   (1U << PRESENCE_OPERATOR)
#define DAY_MS     ((uint64_t)24 * 3600 * 1000)
#define NOON       1795348800 /* 2026-11-22T12:00:00Z */

/* The desk's clock, which the test moves. */
static int64_t now_s = NOON;

uint64_t desk_mono_ms(void)
{
	return 0;
}

int64_t desk_wall_s(void)
{
	return now_s;
}

static void it_is_written_by_the_hour_and_reads_back(void **state)
{
	(void)state;
	struct presence p = PRESENCE_NONE, back = PRESENCE_NONE;
	struct buf text = BUF_INIT(1024);

	p.hour_s[ACCOUNT_TEACHER] = NOON;
	p.hour_s[PRESENCE_OPERATOR] = NOON - 7200;
	presence_write(&text, &p);
	assert_string_equal(buf_cstr(&text),
	    "lachan-presence 1\nteacher 2026-11-22T12Z\noperator 2026-11-22T10Z\n");
	assert_int_equal(presence_read(&back, buf_slice(&text)), OK);
	assert_memory_equal(&back, &p, sizeof p);
	buf_deinit(&text);
}

/* Every torn write and every changed octet is nobody, or what would be written so. */
static void a_damaged_file_is_nobody(void **state)
{
	(void)state;
	struct presence p = PRESENCE_NONE, back;
	struct buf text = BUF_INIT(1024);

	p.hour_s[ACCOUNT_TEACHER] = NOON;
	p.hour_s[ACCOUNT_COUNSELLOR] = NOON;
	presence_write(&text, &p);
	for (size_t len = 0; len < text.len; len++) {
		bool whole = len > 17 && text.ptr[len - 1] == '\n';
		assert_int_equal(presence_read(&back, (struct slice){text.ptr, len}),
		    whole ? OK : ERR_FORMAT);
	}
	for (size_t at = 0; at < text.len; at++) {
		struct buf again = BUF_INIT(1024);
		text.ptr[at] ^= 1;
		if (presence_read(&back, buf_slice(&text)) == OK) {
			presence_write(&again, &back);
			assert_true(slice_equal(buf_slice(&again), buf_slice(&text)));
		}
		text.ptr[at] ^= 1;
		buf_deinit(&again);
	}
	buf_deinit(&text);
	static const char *const wrong[] = {"lachan-presence 1\nteacher\n",
	    "lachan-presence 1\nteacher 2026-11-22T24Z\n",
	    "lachan-presence 1\nteacher 2026-11-22T12:30Z\n",
	    "lachan-presence 1\nparent 2026-11-22T12Z\n",
	    "lachan-presence 1\nteacher 2026-11-22T12Z\nteacher 2026-11-22T12Z\n"};
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		assert_int_equal(presence_read(&back, slice_of(wrong[i])), ERR_FORMAT);
}

static void somebody_was_here_within_three_days_or_was_not(void **state)
{
	(void)state;
	struct presence p = PRESENCE_NONE;

	p.hour_s[ACCOUNT_TEACHER] = NOON;
	assert_true(presence_was(&p, TEACHER, NOON + 10, 3 * DAY_MS));
	assert_true(presence_was(&p, TEACHER | COUNSELLOR, NOON + 3 * 86400, 3 * DAY_MS));
	assert_false(presence_was(&p, COUNSELLOR, NOON + 10, 3 * DAY_MS));
	assert_false(presence_was(&p, TEACHER, NOON + 3 * 86400 + 3600, 3 * DAY_MS));
	/* A clock that was wrong then, or is now: nobody's word. */
	assert_false(presence_was(&p, TEACHER, NOON - 86400, 3 * DAY_MS));
	assert_false(presence_was(&p, TEACHER, 0, 3 * DAY_MS));
}

static void noting_writes_the_file_once_an_hour(void **state)
{
	(void)state;
	char folder[] = "/tmp/lachan-presence-XXXXXX", path[64], command[64];
	static struct config config;
	struct desk desk = {.config = &config};
	struct buf text = BUF_INIT(1024);

	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof path, "%s/presence", folder);
	config.server.state_dir.text = folder;
	presence_note(&desk, TEACHER);
	assert_true(presence_within(&desk, TEACHER, DAY_MS));
	assert_int_equal(file_read(path, &text), OK);
	assert_string_equal(buf_cstr(&text), "lachan-presence 1\nteacher 2026-11-22T12Z\n");
	assert_int_equal(remove(path), 0);
	now_s += 1800;
	presence_note(&desk, TEACHER);
	assert_int_equal(file_read(path, &text), ERR_NOT_FOUND);
	now_s += 1800;
	presence_note(&desk, TEACHER | OPERATOR);
	buf_reset(&text);
	assert_int_equal(file_read(path, &text), OK);
	assert_string_equal(buf_cstr(&text),
	    "lachan-presence 1\nteacher 2026-11-22T13Z\noperator 2026-11-22T13Z\n");
	buf_deinit(&text);
	(void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
	assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): a path of ours */
	now_s = NOON;
}

/* "HH:MM" of 22 November in Vietnam, and what follows. */
static void a_teachers_device_is_staffs_until_evening(void **state)
{
	(void)state;
	static const struct {
		int hour, minute;
		int until; /* hours after midnight of that day */
	} cases[] = {{0, 0, 18}, {7, 30, 18}, {16, 59, 18}, {17, 0, 22}, {18, 0, 22},
	    {21, 29, 22}, {21, 30, 24}, {23, 59, 24}};
	const int64_t midnight = NOON - 12 * 3600 - 7 * 3600;

	assert_int_equal(setenv("TZ", "Asia/Ho_Chi_Minh", 1), 0);
	tzset();
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		int64_t at = midnight + cases[i].hour * 3600 + cases[i].minute * 60;
		assert_int_equal(evening_after(at), midnight + cases[i].until * 3600);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_is_written_by_the_hour_and_reads_back),
	    cmocka_unit_test(a_damaged_file_is_nobody),
	    cmocka_unit_test(somebody_was_here_within_three_days_or_was_not),
	    cmocka_unit_test(noting_writes_the_file_once_an_hour),
	    cmocka_unit_test(a_teachers_device_is_staffs_until_evening),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
