/* What a school's last word says about it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "district/config.h"
#include "district/web_board.h"

#define BIT(list) (1U << (unsigned)(list))

static const struct district_config config = {.store_kind = DISTRICT_SQLITE};
static const int32_t TODAY = 20779; /* 2026-11-22, a Sunday */

static struct coverage_state fine(void)
{
	return (struct coverage_state){.enforce = true, .placement = "gateway"};
}

static unsigned flags_of(const struct coverage_state *state, int32_t last_day)
{
	const struct coverage_row row = {.last_day = last_day, .state = state};

	return board_flags(&config, TODAY, &row);
}

static void who_never_sent_is_not_silent(void **state)
{
	(void)state;
	assert_int_equal(
	    board_flags(&config, TODAY, NULL), BIT(BOARD_SCHOOLS) | BIT(BOARD_NEVER));
}

static void a_school_in_order_is_connected_and_nothing_else(void **state)
{
	const struct coverage_state good = fine();

	(void)state;
	assert_int_equal(
	    flags_of(&good, TODAY - 1), BIT(BOARD_SCHOOLS) | BIT(BOARD_CONNECTED));
}

static void silence_begins_after_a_week(void **state)
{
	const struct coverage_state good = fine();

	(void)state;
	assert_false(flags_of(&good, TODAY - 7) & BIT(BOARD_SILENT));
	assert_true(flags_of(&good, TODAY - 30) & BIT(BOARD_SILENT));
	/* What it said then is gone by retention: it is silent all the same. */
	assert_int_equal(flags_of(NULL, TODAY - 30),
	    BIT(BOARD_SCHOOLS) | BIT(BOARD_CONNECTED) | BIT(BOARD_SILENT));
}

static void each_trouble_has_its_flag(void **state)
{
	const struct {
		struct coverage_state state;
		enum board_list list;
	} troubles[] = {
	    {{.enforce = false, .placement = "gateway"}, BOARD_TRIAL},
	    {{.enforce = true, .placement = "forwarded"}, BOARD_SHARED},
	    {{.enforce = true, .placement = "gateway", .shared_source = true},
	        BOARD_SHARED},
	    {{.enforce = true, .placement = "gateway", .partial = true}, BOARD_PARTIAL},
	    {{.enforce = true, .placement = "gateway", .unfiltered_s = 1},
	        BOARD_UNFILTERED},
	    {{.enforce = true, .placement = "gateway", .empty_count = 1}, BOARD_EMPTY},
	    {{.enforce = true, .placement = "gateway", .failure_count = 1}, BOARD_ERRORS},
	    {{.enforce = true,
	         .placement = "gateway",
	         .oldest_feed_hours = COUNTS_STALE_HOURS + 1},
	        BOARD_STALE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof troubles / sizeof troubles[0]; i++)
		assert_int_equal(flags_of(&troubles[i].state, TODAY - 1),
		    BIT(BOARD_SCHOOLS) | BIT(BOARD_CONNECTED) | BIT(troubles[i].list));
}

static void lists_have_words_for_addresses(void **state)
{
	enum board_list list = BOARD_SCHOOLS;

	(void)state;
	for (unsigned i = 0; i < BOARD_LISTS; i++) {
		assert_true(board_list_of(board_word((enum board_list)i), &list));
		assert_int_equal(list, i);
	}
	assert_false(board_list_of("", &list));
	assert_false(board_list_of("nonsense", &list));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who_never_sent_is_not_silent),
	    cmocka_unit_test(a_school_in_order_is_connected_and_nothing_else),
	    cmocka_unit_test(silence_begins_after_a_week),
	    cmocka_unit_test(each_trouble_has_its_flag),
	    cmocka_unit_test(lists_have_words_for_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
