#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "kit/local_time.h"

static void in_zone(const char *zone)
{
	assert_int_equal(setenv("TZ", zone, 1), 0);
	tzset();
}

static void a_time_is_written_with_its_zone(void **state)
{
	char text[LOCAL_TIME_TEXT_BYTES];

	(void)state;
	in_zone("Asia/Ho_Chi_Minh");
	local_time_text(text, 1795233600);
	assert_string_equal(text, "2026-11-21T11:00:00+07:00");
	in_zone("America/St_Johns");
	local_time_text(text, 1795233600);
	assert_string_equal(text, "2026-11-21T00:30:00-03:30");
	in_zone("UTC");
	local_time_text(text, 0);
	assert_string_equal(text, "1970-01-01T00:00:00+00:00");
}

static void what_is_written_is_read(void **state)
{
	static const char *const zones[] = {
	    "UTC", "Asia/Ho_Chi_Minh", "Europe/Berlin", "America/St_Johns"};

	(void)state;
	for (size_t z = 0; z < sizeof zones / sizeof zones[0]; z++) {
		in_zone(zones[z]);
		for (int64_t at = 1743292800; at < 1743292800 + 86400 * 400;
		     at += 86400 + 1801) {
			char text[LOCAL_TIME_TEXT_BYTES];
			int64_t back = 0;
			local_time_text(text, at);
			assert_true(local_time_read(text, &back));
			assert_true(back == at);
		}
	}
}

static void a_time_without_a_zone_is_the_schools(void **state)
{
	static const char *const forms[] = {"2026-11-21T11:00:00", "2026-11-21 11:00:00",
	    "2026-11-21T11:00", "2026-11-21 11:00", "2026-11-21T04:00:00Z",
	    "2026-11-21T05:30+01:30"};

	(void)state;
	in_zone("Asia/Ho_Chi_Minh");
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		int64_t at = 0;
		assert_true(local_time_read(forms[i], &at));
		assert_true(at == 1795233600);
	}
}

static void what_is_no_time_is_refused(void **state)
{
	static const char *const bad[] = {"", "soon", "2026-11-21", "11:30",
	    "2026-13-01T00:00", "2026-02-31T00:00", "2026-11-21T11:00:00+7",
	    "2026-11-21T11:00:00+07", "2026-11-21T11:00:00+24:00",
	    "2026-11-21T11:00:00+0x:00", "2026-11-21T11:00:00Zulu",
	    "2026-11-21T11:00:00 please"};

	(void)state;
	in_zone("Asia/Ho_Chi_Minh");
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		int64_t at = 0;
		assert_false(local_time_read(bad[i], &at));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_time_is_written_with_its_zone),
	    cmocka_unit_test(what_is_written_is_read),
	    cmocka_unit_test(a_time_without_a_zone_is_the_schools),
	    cmocka_unit_test(what_is_no_time_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
