/* Timetables and services of tiers: what they become, and each mistake at its place. */
#include "school.h"

#define SCHOOL "school: {levels: [primary]}\n"
/* Line 3 is the tier's, its windows begin in line 5. */
#define WINDOWS SCHOOL "filter: {tiers: [\n  {name: guest,\n   schedules: [\n"
#define END     "]}]}\n"

static const struct rules_tier *tier_of(const struct config *c, const char *name)
{
	size_t i;
	assert_true(config_find_tier(c, name, &i));
	return &c->tiers.items[i];
}

static uint64_t bit_of(const struct config *c, const char *category)
{
	size_t i;
	assert_true(config_find_category(c, category, &i));
	return UINT64_C(1) << i;
}

static bool has_service(
    const struct config *c, const struct rules_services_set *set, const char *name)
{
	size_t i;
	assert_true(config_find_service(c, name, &i));
	return rules_services_has(set, i);
}

static void windows_become_days_minutes_and_bits(void **state)
{
	struct config *c = school_config(WINDOWS
	    "{name: lunch, days: [mon, fri], from: 11:30, to: 13:30, unblock: [games]},"
	    "{name: night, from: '22:00', to: 6:05, block: [streaming, tiktok]},"
	    "{name: exam, dates: [2026-12-21..2026-12-26, 2028-02-29], allow_only: on},"
	    "{name: eve, days: [sun], dates: [2026-09-05..2027-05-31], from: 18:00, to: 00:00, unblock: [roblox]}" END,
	    NULL);

	(void)state;
	const struct rules_schedules *all = &tier_of(c, "guest")->schedules;
	assert_int_equal(all->count, 4);
	const struct rules_schedule *lunch = &all->items[0];
	assert_string_equal(lunch->name.text, "lunch");
	assert_int_equal(lunch->days, 0x11);
	assert_int_equal(lunch->date_count, 0);
	assert_int_equal(lunch->from_min, 690);
	assert_int_equal(lunch->to_min, 810);
	assert_int_equal(lunch->unblock, bit_of(c, "games"));
	assert_int_equal(lunch->block, 0);
	assert_int_equal(lunch->mark.line, 5);
	const struct rules_schedule *night = &all->items[1];
	assert_int_equal(night->days, RULES_EVERY_DAY);
	assert_int_equal(night->from_min, 1320);
	assert_int_equal(night->to_min, 365);
	assert_int_equal(night->block, bit_of(c, "streaming"));
	assert_true(has_service(c, &night->block_services, "tiktok"));
	assert_false(has_service(c, &night->block_services, "roblox"));
	const struct rules_schedule *exam = &all->items[2];
	assert_int_equal(exam->days, RULES_EVERY_DAY);
	assert_int_equal(exam->date_count, 2);
	assert_int_equal(exam->dates[0].first, 20808);
	assert_int_equal(exam->dates[0].last, 20813);
	assert_int_equal(exam->dates[1].first, 21243);
	assert_int_equal(exam->dates[1].last, 21243);
	assert_int_equal(exam->from_min, 0);
	assert_int_equal(exam->to_min, RULES_DAY_MIN);
	assert_true(exam->allow_only);
	const struct rules_schedule *eve = &all->items[3];
	assert_int_equal(eve->days, 0x40);
	assert_int_equal(eve->date_count, 1);
	assert_int_equal(eve->to_min, RULES_DAY_MIN);
	assert_true(has_service(c, &eve->unblock_services, "roblox"));
	config_free(c);
}

static void the_first_day_of_all_is_day_zero(void **state)
{
	struct config *c = school_config(WINDOWS
	    "{name: a, dates: [1970-01-01, 1972-03-01, 2000-12-31, 9999-12-31], "
	    "block: [games]}" END,
	    NULL);
	static const int32_t WANTED[] = {0, 790, 11322, 2932896};

	(void)state;
	const struct rules_schedule *a = &tier_of(c, "guest")->schedules.items[0];
	for (size_t i = 0; i < COUNT_OF(WANTED); i++)
		assert_int_equal(a->dates[i].first, WANTED[i]);
	config_free(c);
}

static void a_list_of_windows_replaces_the_one_before(void **state)
{
	static const char text[] =
	    SCHOOL "filter: {tiers: [{name: upper_secondary, schedules: ["
	           "{name: a, block: [games]}, {name: b, block: [games]}]},"
	           "{name: bridge, like: upper_secondary}]}\n";
	struct config *c = school_config(text, NULL);
	struct config *over = school_config(text,
	    "filter: {tiers: [{name: upper_secondary, schedules: [{name: b, "
	    "unblock: [streaming]}]}, {name: bridge, schedules: []}]}\n");

	(void)state;
	const struct rules_schedules *upper = &tier_of(c, "upper_secondary")->schedules;
	assert_int_equal(upper->count, 2);
	assert_int_equal(tier_of(c, "bridge")->schedules.count, 2);
	upper = &tier_of(over, "upper_secondary")->schedules;
	assert_int_equal(upper->count, 1);
	assert_int_equal(upper->items[0].block, 0);
	assert_int_equal(upper->items[0].unblock, bit_of(over, "streaming"));
	assert_non_null(strstr(upper->items[0].mark.file, "overrides.yaml"));
	assert_int_equal(tier_of(over, "bridge")->schedules.count, 0);
	config_free(c);
	config_free(over);
}

static void a_tier_has_services_and_modes_of_its_own(void **state)
{
	struct config *c = school_config(SCHOOL
	    "filter: {enforce: off, strip_ech: no, tiers: [{name: staff, "
	    "block_services: [tiktok, chatgpt], allow_only: on, safe_search: on, "
	    "youtube: strict}, {name: primary, youtube: no, safe_search: off}]}\n",
	    NULL);

	(void)state;
	const struct rules_tier *staff = tier_of(c, "staff");
	assert_true(has_service(c, &staff->services, "tiktok"));
	assert_true(has_service(c, &staff->services, "chatgpt"));
	assert_false(has_service(c, &staff->services, "facebook"));
	assert_true(staff->allow_only);
	assert_true(staff->safe_search);
	assert_int_equal(staff->youtube, YOUTUBE_STRICT);
	assert_int_equal(tier_of(c, "primary")->youtube, YOUTUBE_OFF);
	assert_false(tier_of(c, "primary")->safe_search);
	assert_true(tier_of(c, "lower_secondary")->safe_search);
	assert_int_equal(tier_of(c, "lower_secondary")->youtube, YOUTUBE_MODERATE);
	assert_false(c->filter.enforce);
	assert_false(c->filter.strip_ech);
	config_free(c);
}

static const struct {
	const char *window;
	const char *told; /* after "5:" */
} MISTAKES[] = {
    {"{days: [mon], block: [games]}",
        "1: 'filter.tiers.schedules.name' is missing (add it; docs/configuration.md says what "
        "it means)"},
    {"{name: a, days: [mon, tues], block: [games]}",
        "23: unknown word 'tues'; did you mean 'tue'?"},
    {"{name: a, days: [], block: [games]}",
        "17: 'filter.tiers.schedules.days' is empty (name at least one)"},
    {"{name: a, dates: [], block: [games]}",
        "18: 'filter.tiers.schedules.dates' is empty (name at least one)"},
    {"{name: a, dates: [21/12/2026], block: [games]}",
        "19: '21/12/2026' is no date (write 2026-12-21, or 2026-12-21..2026-12-26)"},
    {"{name: a, dates: [2026-2-1], block: [games]}",
        "19: '2026-2-1' is no date (write 2026-12-21, or 2026-12-21..2026-12-26)"},
    {"{name: a, dates: [2026-12-21...2026-12-26], block: [games]}",
        "19: '2026-12-21...2026-12-26' is no date (write 2026-12-21, or "
        "2026-12-21..2026-12-26)"},
    {"{name: a, dates: [2027-02-29], block: [games]}",
        "19: '2027-02-29' names a day that does not exist (look at the calendar)"},
    {"{name: a, dates: [2026-13-01], block: [games]}",
        "19: '2026-13-01' names a day that does not exist (look at the calendar)"},
    {"{name: a, dates: [2100-02-28..2100-02-29], block: [games]}",
        "19: '2100-02-28..2100-02-29' names a day that does not exist (look at the calendar)"},
    {"{name: a, dates: [2026-12-26..2026-12-21], block: [games]}",
        "19: '2026-12-26..2026-12-21' ends before it begins (the earlier date first)"},
    {"{name: a, from: 7h30, to: 8:00, block: [games]}",
        "17: '7h30' is no time of day (write it as 07:30; a day ends at 24:00)"},
    {"{name: a, to: 24:01, block: [games]}",
        "15: '24:01' is no time of day (write it as 07:30; a day ends at 24:00)"},
    {"{name: a, to: 12:60, block: [games]}",
        "15: '12:60' is no time of day (write it as 07:30; a day ends at 24:00)"},
    {"{name: a, from: 24:00, to: 6:00, block: [games]}",
        "17: window 'a' begins when its day is over (write 00:00)"},
    {"{name: a, from: 7:00, to: 07:00, block: [games]}",
        "27: window 'a' ends when it begins (a whole day is 00:00 to 24:00)"},
    {"{name: a, block: [gmaes]}",
        "19: unknown category or service 'gmaes'; did you mean 'games'?"},
    {"{name: a, unblock: [robolx]}",
        "21: unknown category or service 'robolx'; did you mean 'roblox'?"},
    {"{name: a, unblock: [illegal_vn]}",
        "21: 'illegal_vn' is never unblocked (it protects everybody; remove it)"},
    {"{name: a, unblock: [games, malware]}",
        "28: 'malware' is never unblocked (it protects everybody; remove it)"},
    {"{name: a, block: [games, roblox], unblock: [roblox]}",
        "45: 'roblox' stands in both block (line 5) and unblock of window a (keep one)"},
    {"{name: a, days: [mon]}",
        "8: window 'a' does nothing (give it unblock, block or allow_only: on)"},
    {"{name: a, allow_only: off}",
        "8: window 'a' does nothing (give it unblock, block or allow_only: on)"},
    {"{name: a, block: [games]}, {name: a, allow_only: on}",
        "35: window 'a' stands here twice (first in line 5; give it another name)"},
    {"{name: a, allow_only: perhaps}",
        "23: 'filter.tiers.schedules.allow_only' is a switch (write on or off)"},
    {"{name: a, day: [mon], block: [games]}",
        "11: unknown key 'day'; did you mean 'days'?"},
    {"{name: A, block: [games]}",
        "8: 'A' is not a name for 'filter.tiers.schedules.name' (use a-z, 0-9, - and _, at most "
        "63)"},
};

static void each_mistake_of_a_window_is_told_once_at_its_place(void **state)
{
	char text[1024];
	char told[512];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(MISTAKES); i++) {
		(void)snprintf(text, sizeof text, WINDOWS "%s" END, MISTAKES[i].window);
		(void)snprintf(told, sizeof told, "5:%s\n", MISTAKES[i].told);
		assert_mistakes(text, NULL, told);
	}
}

static void an_inherited_mistake_is_told_once(void **state)
{
	(void)state;
	assert_mistakes(SCHOOL "filter:\n  tiers:\n"
	                       "    - name: upper_secondary\n"
	                       "      block: [gmaes]\n"
	                       "      block_services: [tictok]\n"
	                       "      schedules: [{name: a, unblock: [malware]}]\n"
	                       "    - {name: b, like: upper_secondary}\n",
	    "filter: {tiers: [{name: upper_secondary, clients: [10.0.0.0/8]}]}\n",
	    "5:15: unknown category 'gmaes'; did you mean 'games'?\n"
	    "6:24: unknown service 'tictok'; did you mean 'tiktok'?\n"
	    "7:39: 'malware' is never unblocked (it protects everybody; remove it)\n");
}

static void modes_of_a_tier_are_checked(void **state)
{
	(void)state;
	assert_mistakes(SCHOOL "filter: {tiers: [{name: staff, youtube: modrate, "
	                       "safe_search: strict, allow_only: 2}]}\n",
	    NULL,
	    "2:41: unknown word 'modrate'; did you mean 'moderate'?\n"
	    "2:63: 'filter.tiers.safe_search' is a switch (write on or off)\n"
	    "2:83: 'filter.tiers.allow_only' is a switch (write on or off)\n");
}

static void a_timetable_has_a_ceiling(void **state)
{
	struct buf text = BUF_INIT(1 << 16);

	(void)state;
	buf_text(&text, WINDOWS);
	for (int i = 0; i <= RULES_SCHEDULES_MAX; i++)
		buf_printf(&text, "{name: w%d, block: [games]},", i);
	buf_text(&text, END);
	assert_mistakes(buf_cstr(&text), NULL,
	    "4:15: 'filter.tiers.schedules' has more than 64 items (shorten it)\n");
	buf_deinit(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(windows_become_days_minutes_and_bits),
	    cmocka_unit_test(the_first_day_of_all_is_day_zero),
	    cmocka_unit_test(a_list_of_windows_replaces_the_one_before),
	    cmocka_unit_test(a_tier_has_services_and_modes_of_its_own),
	    cmocka_unit_test(each_mistake_of_a_window_is_told_once_at_its_place),
	    cmocka_unit_test(an_inherited_mistake_is_told_once),
	    cmocka_unit_test(modes_of_a_tier_are_checked),
	    cmocka_unit_test(a_timetable_has_a_ceiling),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
