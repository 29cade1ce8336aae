/* What answers mean, and that schools do not come back as a herd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/hash.h"
#include "sharing/timing.h"

enum {
	SCHOOLS = 10000,
	HOUR_S = 3600,
	DAY_S = 24 * HOUR_S,
	BIN_S = 600,
	OUTAGE_S = 30 * DAY_S
};

/* A sequence that anybody can repeat. */
static uint64_t draw(uint64_t *seed)
{
	*seed += UINT64_C(0x9e3779b97f4a7c15);
	return hash_mix64(*seed);
}

static void every_answer_has_its_meaning(void **state)
{
	static const struct {
		unsigned status;
		enum sharing_outcome outcome;
	} TABLE[] = {{200, SHARING_TAKEN}, {201, SHARING_TAKEN}, {202, SHARING_TAKEN},
	    {400, SHARING_REFUSED}, {409, SHARING_REFUSED}, {413, SHARING_REFUSED},
	    {422, SHARING_REFUSED}, {401, SHARING_STOPPED}, {403, SHARING_STOPPED},
	    {429, SHARING_AGAIN}, {500, SHARING_AGAIN}, {502, SHARING_AGAIN},
	    {503, SHARING_AGAIN}, {504, SHARING_AGAIN}, {0, SHARING_AGAIN},
	    {301, SHARING_AGAIN}, {302, SHARING_AGAIN}, {404, SHARING_AGAIN},
	    {204, SHARING_AGAIN}, {999, SHARING_AGAIN}};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(TABLE); i++)
		assert_int_equal(sharing_judge(TABLE[i].status), TABLE[i].outcome);
}

static void back_off_doubles_from_a_minute_to_six_hours(void **state)
{
	uint32_t most_s = 60;

	(void)state;
	for (uint32_t failures = 1; failures < 40; failures++) {
		assert_int_equal(sharing_backoff_s(failures, 0, 0), 1);
		assert_int_equal(sharing_backoff_s(failures, 0, most_s - 1), most_s);
		assert_int_equal(sharing_backoff_s(failures, 0, most_s), 1);
		most_s = most_s * 2 > 6 * HOUR_S ? 6 * HOUR_S : most_s * 2;
	}
}

static void a_server_may_ask_for_a_pause_of_a_day(void **state)
{
	(void)state;
	assert_int_equal(sharing_backoff_s(1, 120, 0), 121);
	assert_int_equal(sharing_backoff_s(1, 120, 59), 180);
	assert_int_equal(sharing_backoff_s(1, UINT32_MAX, 0), DAY_S + 1);
}

static void a_moment_of_a_wrong_clock_has_come(void **state)
{
	(void)state;
	assert_true(sharing_is_due(0, 1000));
	assert_true(sharing_is_due(1000, 1000));
	assert_false(sharing_is_due(1001, 1000));
	assert_false(sharing_is_due(1000 + DAY_S, 1000));
	assert_true(sharing_is_due(1000 + 40 * (int64_t)DAY_S, 1000));
}

static void a_document_leaves_within_the_delay_behind_the_hold(void **state)
{
	const struct sharing_leave on_time = {
	    .day_end_s = 1000000, .hold_s = 600, .delay_s = 14400, .now_s = 1000300};
	const struct sharing_leave at_once = {.day_end_s = 1000000, .now_s = 1000000};

	(void)state;
	assert_int_equal(sharing_leave_at(&on_time, 0), 1000600);
	assert_int_equal(sharing_leave_at(&on_time, 14400), 1015000);
	assert_int_equal(sharing_leave_at(&on_time, 14401), 1000600);
	assert_int_equal(sharing_leave_at(&at_once, 12345), 1000000);
}

static void a_start_after_midnight_draws_an_hour_at_most(void **state)
{
	const int64_t end_s = 1000000, morning_s = end_s + 7 * HOUR_S;
	const struct sharing_leave late = {
	    .day_end_s = end_s, .delay_s = 4 * HOUR_S, .now_s = morning_s};
	const struct sharing_leave held = {.day_end_s = end_s,
	    .hold_s = 24 * HOUR_S,
	    .delay_s = 4 * HOUR_S,
	    .now_s = morning_s};
	const struct sharing_leave little = {
	    .day_end_s = end_s, .delay_s = 60, .now_s = morning_s};
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		uint64_t random = draw(&seed);
		int64_t at_s = sharing_leave_at(&late, random);
		assert_in_range(at_s, morning_s, morning_s + HOUR_S);
		at_s = sharing_leave_at(&held, random);
		assert_in_range(at_s, end_s + DAY_S, end_s + DAY_S + HOUR_S);
		at_s = sharing_leave_at(&little, random);
		assert_in_range(at_s, morning_s, morning_s + 60);
	}
}

static unsigned peak_of(const unsigned *bins, size_t count)
{
	unsigned peak = 0;

	for (size_t i = 0; i < count; i++)
		peak = bins[i] > peak ? bins[i] : peak;
	return peak;
}

/* T67. The collector is away for 30 days. What it bears then is the schools' tries, which come
 * at a steady rate; the first try of each that finds it there again brings the backlog, and is
 * the last one. So no rate after the outage may lie above the mean of before. */
static void ten_thousand_schools_after_an_outage_are_no_herd(void **state)
{
	enum {
		BEFORE = DAY_S / BIN_S, /* the outage's last day */
		AFTER = (6 * HOUR_S) / BIN_S + 1
	};
	unsigned tries[BEFORE] = {0}, arrivals[AFTER] = {0};
	uint64_t seed = 67, sum = 0;

	(void)state;
	for (int school = 0; school < SCHOOLS; school++) {
		/* All saw it go at the same moment: the worst that can be. */
		int64_t at_s = 0;
		for (uint32_t failures = 1; at_s < OUTAGE_S; failures++) {
			if (at_s >= OUTAGE_S - DAY_S)
				tries[(at_s - (OUTAGE_S - DAY_S)) / BIN_S]++;
			at_s += sharing_backoff_s(failures, 0, draw(&seed));
		}
		arrivals[(at_s - OUTAGE_S) / BIN_S]++;
	}
	for (size_t i = 0; i < BEFORE; i++)
		sum += tries[i];
	double mean = (double)sum / BEFORE;
	assert_true(peak_of(arrivals, AFTER) < 1.2 * mean);
	assert_true(peak_of(tries, BEFORE) < 1.2 * mean);
	/* 10,000 in one bin would be the herd: nobody comes near. */
	assert_true(peak_of(arrivals, AFTER) < SCHOOLS / 15);
}

/* The first failure is the worst moment of an outage: everybody's first waits are short. After
 * one hour the tries are spread. */
static void the_first_hours_of_an_outage_thin_out(void **state)
{
	unsigned bins[DAY_S / BIN_S] = {0};
	uint64_t seed = 3;

	(void)state;
	for (int school = 0; school < SCHOOLS; school++) {
		int64_t at_s = 0;
		for (uint32_t failures = 1; at_s < DAY_S; failures++) {
			bins[at_s / BIN_S]++;
			at_s += sharing_backoff_s(failures, 0, draw(&seed));
		}
	}
	const size_t hour = HOUR_S / BIN_S;
	assert_true(bins[hour] < bins[0] / 3);
	assert_true(bins[6 * hour] < bins[hour]);
}

/* An ordinary night: summaries leave evenly over the delay. */
static void summaries_of_a_night_leave_evenly(void **state)
{
	enum {
		BINS = 4 * HOUR_S / BIN_S
	};
	unsigned bins[BINS + 1] = {0};
	uint64_t seed = 5;
	const struct sharing_leave how = {
	    .day_end_s = 0, .delay_s = 4 * HOUR_S, .now_s = 5};

	(void)state;
	for (int school = 0; school < SCHOOLS; school++)
		bins[sharing_leave_at(&how, draw(&seed)) / BIN_S]++;
	assert_true(peak_of(bins, BINS) < 1.2 * SCHOOLS / BINS);
}

/* Told by a busy server to come back after the same ten minutes, they do not come together. */
static void the_same_pause_for_all_is_spread(void **state)
{
	enum {
		PAUSE_S = 600,
		BINS = 8
	};
	unsigned bins[BINS] = {0};
	uint64_t seed = 7;

	(void)state;
	for (int school = 0; school < SCHOOLS; school++)
		bins[(sharing_backoff_s(4, PAUSE_S, draw(&seed)) - PAUSE_S - 1) / 60]++;
	assert_true(peak_of(bins, BINS) < 1.2 * SCHOOLS / BINS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_answer_has_its_meaning),
	    cmocka_unit_test(back_off_doubles_from_a_minute_to_six_hours),
	    cmocka_unit_test(a_server_may_ask_for_a_pause_of_a_day),
	    cmocka_unit_test(a_moment_of_a_wrong_clock_has_come),
	    cmocka_unit_test(a_document_leaves_within_the_delay_behind_the_hold),
	    cmocka_unit_test(a_start_after_midnight_draws_an_hour_at_most),
	    cmocka_unit_test(ten_thousand_schools_after_an_outage_are_no_herd),
	    cmocka_unit_test(the_first_hours_of_an_outage_thin_out),
	    cmocka_unit_test(summaries_of_a_night_leave_evenly),
	    cmocka_unit_test(the_same_pause_for_all_is_spread),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
