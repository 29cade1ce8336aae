/* A table of units: what a person's spreadsheet says, where it is wrong, and what it would change. */
#include "district/units_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TODAY (day_make(2026, 11, 22))

struct scene {
	struct buf text;
	struct arena memory;
	struct diags mistakes;
	struct units_table table;
	struct units_plan plan;
	struct units_known known;
	enum err rc;
};

/* Version `from` of a unit until `until`. */
static struct unit version(
    const char *unit, const char *parent, int32_t from, int32_t until)
{
	return (struct unit){.unit = unit,
	    .parent = parent,
	    .from = from,
	    .until = until,
	    .name = unit,
	    .level = "",
	    .code = "",
	    .kinds = "",
	    .contact = "",
	    .successor = ""};
}

static struct scene read_table(const char *text)
{
	struct scene it = {.text = BUF_INIT(1 << 20),
	    .memory = ARENA_INIT(1 << 20),
	    .mistakes = DIAGS_NONE};

	buf_text(&it.text, text);
	it.rc = units_table_read(&it.table, &it.text, "u.csv", &it.memory, &it.mistakes);
	return it;
}

static struct scene plan_table(const char *text, const struct unit *known, size_t count)
{
	struct scene it = read_table(text);

	if (it.rc != OK)
		diags_print(&it.mistakes, stderr);
	assert_int_equal(it.rc, OK);
	it.known = (struct units_known){known, count};
	it.rc = units_plan_make(&it.plan, &it.table, &it.known, TODAY, &it.mistakes);
	return it;
}

static void end(struct scene *it)
{
	units_plan_deinit(&it->plan);
	units_table_deinit(&it->table);
	diags_deinit(&it->mistakes);
	arena_deinit(&it->memory);
	buf_deinit(&it->text);
}

static void expect_mistakes(const struct scene *it, const char *const *places)
{
	size_t n = 0;

	assert_int_equal(it->rc, ERR_FORMAT);
	for (; places[n] != NULL; n++) {
		char place[64];
		assert_true(n < it->mistakes.count);
		(void)snprintf(place, sizeof place, "%u:%u", it->mistakes.items[n].line,
		    it->mistakes.items[n].column);
		if (strcmp(place, places[n]) != 0)
			fail_msg("%s instead of %s: %s", place, places[n],
			    it->mistakes.items[n].text);
	}
	assert_int_equal(it->mistakes.errors, n);
}

/* "new q1 from 1900-01-01", … in the order of the plan. */
static void expect_plan(const struct scene *it, const char *const *steps)
{
	size_t n = 0;

	if (it->rc != OK)
		diags_print(&it->mistakes, stderr);
	assert_int_equal(it->rc, OK);
	for (size_t i = 0; i < it->plan.count; i++, n++) {
		const struct unit_step *s = &it->plan.items[i];
		char text[300] = "", day[DAY_TEXT_BYTES];
		size_t len = 0;
		for (unsigned c = 0; c < UNIT_CHANGES; c++)
			if ((s->changes & UNIT_CHANGE_BIT(c)) != 0)
				len += (size_t)snprintf(text + len, sizeof text - len,
				    "%s ", unit_change_word((enum unit_change)c));
		day_write(day, s->end == DAY_NONE ? s->after.from : s->end);
		(void)snprintf(text + len, sizeof text - len, "%s %s %s%s", s->after.unit,
		    day, s->end == DAY_NONE ? "below " : "into ",
		    s->end == DAY_NONE ? s->after.parent : s->successor);
		if (steps[n] == NULL || strcmp(text, steps[n]) != 0)
			fail_msg("step %zu: %s instead of %s", n, text,
			    steps[n] == NULL ? "nothing" : steps[n]);
	}
	assert_null(steps[n]);
}

#define MISTAKES(it, ...) expect_mistakes((it), (const char *[]){__VA_ARGS__, NULL})
#define PLAN(it, ...)     expect_plan((it), (const char *[]){__VA_ARGS__, NULL})
#define NO_PLAN(it)       expect_plan((it), (const char *[]){NULL})

/* ---- the table ---- */

static void headings_are_known_in_both_languages(void **state)
{
	static const struct {
		const char *word;
		enum unit_column column;
	} cases[] = {{"unit", UNIT_ID}, {" Unit ", UNIT_ID},
	    {"M\u00e3 \u0111\u01a1n v\u1ecb", UNIT_ID},
	    {"M\u00c3 \u0110\u01a0N V\u1eca", UNIT_ID},
	    {"TR\u1ef0C THU\u1ed8C", UNIT_PARENT}, {"valid_from", UNIT_FROM},
	    {"T\u1eeb  ng\u00e0y", UNIT_FROM}, {"S\u1ed0 H\u1eccC SINH", UNIT_PUPILS},
	    {"s\u00c1p nh\u1eacp V\u00c0O", UNIT_MERGED_INTO},
	    {"G\u1eecI B\u00c1O C\u00c1O", UNIT_SENDS},
	    {"T\u00caN \u0110\u01a0N V\u1eca", UNIT_NAME}};
	enum unit_column column = UNIT_COLUMNS;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		if (!unit_column_of(slice_of(cases[i].word), &column))
			fail_msg("%s", cases[i].word);
		assert_int_equal(column, cases[i].column);
	}
	assert_false(unit_column_of(slice_of("school"), &column));
	assert_string_equal(unit_column_near(slice_of("Nmae")), "name");
	assert_null(unit_column_near(slice_of("something else")));
}

static void a_line_is_read_with_every_column(void **state)
{
	struct scene it = read_table(
	    "unit;parent;level;code;name;kinds;pupils;contact;sends;valid-from;valid-to;merged-into\n"
	    "q1;so;truong;31117;\"THCS \u0110inh Ti\u00ean Ho\u00e0ng; \u0110\u1eafk L\u1eafk\";THPT, THCS;640;"
	    "\"'+84 262 38\";c\u00f3;1/9/2026;2027-05-31;q2\n"
	    "q2;;;;Q2;Ti\u1ec3u h\u1ecdc;;;;31/12/2026\n");

	(void)state;
	assert_int_equal(it.rc, OK);
	assert_int_equal(it.table.count, 2);
	const struct unit_line *l = &it.table.items[0];
	assert_string_equal(l->unit, "q1");
	assert_string_equal(l->parent, "so");
	assert_string_equal(l->level, "truong");
	assert_string_equal(l->code, "31117");
	assert_string_equal(
	    l->name, "THCS \u0110inh Ti\u00ean Ho\u00e0ng; \u0110\u1eafk L\u1eafk");
	assert_string_equal(l->kinds, "lower_secondary,upper_secondary");
	assert_int_equal(l->pupils, 640);
	assert_string_equal(l->contact, "+84 262 38");
	assert_true(l->sends);
	assert_int_equal(l->from, day_make(2026, 9, 1));
	assert_int_equal(l->to, day_make(2027, 5, 31));
	assert_string_equal(l->merged_into, "q2");
	assert_string_equal(it.table.items[1].kinds, "primary");
	assert_int_equal(it.table.items[1].from, day_make(2026, 12, 31));
	assert_int_equal(it.table.items[1].to, DAY_NONE);
	end(&it);
}

static void every_mistake_of_a_table_is_told_at_once(void **state)
{
	struct scene it = read_table("unit,name,kinds,pupils,valid-from,valid-to,sends\n"
	                             "tr\u01b0\u1eddng 1,A,THCS,12,,,\n"
	                             "q2,B,THCX,1.200,31/11/2026,,maybe\n"
	                             "q3,C,,5,2026-09-01,2026-08-31,\n"
	                             "q4,D\n"
	                             "q5,E,,,,,,one too many\n"
	                             "q6,\"F\"x,,\n"
	                             ",G,,,,,\n");

	(void)state;
	MISTAKES(&it, "2:1", "3:6", "3:11", "3:17", "3:29", "4:20", "6:11", "7:7", "8:1");
	assert_int_equal(it.table.count, 1);
	end(&it);
}

static void headings_that_are_wrong_stop_the_reading(void **state)
{
	struct scene a = read_table("unit,nmae,unit,foo\nq1,A,,\n");
	struct scene b = read_table("name,level\nA,x\n");
	struct scene c = read_table("\n\n");

	(void)state;
	MISTAKES(&a, "1:6", "1:11", "1:16");
	assert_non_null(strstr(a.mistakes.items[0].text, "'name'"));
	MISTAKES(&b, "1:1");
	MISTAKES(&c, "1:1");
	end(&a);
	end(&b);
	end(&c);
}

/* ---- the plan ---- */

static void a_first_table_makes_the_tree(void **state)
{
	struct scene it = plan_table("unit,parent,name,kinds\n"
	                             "q1,xa1,THCS A,THCS\n"
	                             "xa1,so,X\u00e3 1,\n"
	                             "so,,S\u1edf,\n",
	    NULL, 0);

	(void)state;
	PLAN(&it, "new q1 1900-01-01 below xa1", "new xa1 1900-01-01 below so",
	    "new so 1900-01-01 below ");
	assert_int_equal(it.plan.counts[UNIT_IS_NEW], 3);
	assert_true(it.plan.items[0].after.sends);
	assert_false(it.plan.items[1].after.sends);
	end(&it);
}

static void what_is_known_already_changes_nothing(void **state)
{
	const struct unit known[] = {version("q1", "so", DAY_FIRST, DAY_FOREVER),
	    version("so", "", DAY_FIRST, DAY_FOREVER)};
	struct scene it = plan_table("unit,parent,name\nq1,so,q1\nso,,so\n", known, 2);

	(void)state;
	NO_PLAN(&it);
	end(&it);
}

static void changes_are_told_apart_and_begin_today(void **state)
{
	const struct unit known[] = {version("a", "so", DAY_FIRST, DAY_FOREVER),
	    version("b", "so", DAY_FIRST, DAY_FOREVER),
	    version("c", "so", DAY_FIRST, DAY_FOREVER),
	    version("so", "", DAY_FIRST, DAY_FOREVER)};
	struct scene it = plan_table("unit,parent,name,pupils,valid-from\n"
	                             "a,,a,,\n"
	                             "b,so,B new,,2026-09-01\n"
	                             "c,so,c,44,\n",
	    known, 4);

	(void)state;
	PLAN(&it, "moved a 2026-11-22 below ", "renamed b 2026-09-01 below so",
	    "changed c 2026-11-22 below so");
	assert_string_equal(it.plan.items[1].before->name, "b");
	end(&it);
}

static void columns_that_are_missing_leave_what_is_known(void **state)
{
	struct unit known = version("a", "", DAY_FIRST, DAY_FOREVER);
	known.contact = "024";
	known.sends = true;
	known.kinds = "primary";
	struct scene it = plan_table("unit,pupils\na,99\n", &known, 1);

	(void)state;
	PLAN(&it, "changed a 2026-11-22 below ");
	assert_string_equal(it.plan.items[0].after.contact, "024");
	assert_string_equal(it.plan.items[0].after.kinds, "primary");
	assert_true(it.plan.items[0].after.sends);
	assert_int_equal(it.plan.items[0].after.pupils, 99);
	end(&it);
}

static void a_version_is_corrected_by_its_own_first_day(void **state)
{
	const struct unit known[] = {version("a", "", DAY_FIRST, day_make(2026, 1, 1)),
	    version("a", "so", day_make(2026, 1, 1), DAY_FOREVER),
	    version("so", "", DAY_FIRST, DAY_FOREVER)};
	struct scene it = plan_table("unit,parent,name,valid-from,valid-to\n"
	                             "a,,Old name,1900-01-01,2025-12-31\n"
	                             "a,so,a,2026-01-01,\n",
	    known, 3);

	(void)state;
	PLAN(&it, "renamed a 1900-01-01 below ");
	end(&it);
}

static void a_new_version_between_ends_where_the_known_one_begins(void **state)
{
	const struct unit known[] = {version("a", "", DAY_FIRST, day_make(2027, 1, 1)),
	    version("a", "so", day_make(2027, 1, 1), DAY_FOREVER),
	    version("so", "", DAY_FIRST, DAY_FOREVER)};
	struct scene it =
	    plan_table("unit,name,valid-from\na,A,2026-01-01\na,a,2026-06-01\n", known, 3);

	(void)state;
	PLAN(&it, "renamed a 2026-01-01 below ", "changed a 2026-06-01 below ");
	end(&it);
}

static void closing_and_merging_come_last_and_take_the_children_along(void **state)
{
	const struct unit known[] = {version("q1", "xa1", DAY_FIRST, DAY_FOREVER),
	    version("q2", "xa2", DAY_FIRST, DAY_FOREVER),
	    version("q3", "xa2", DAY_FIRST, day_make(2020, 1, 1)),
	    version("xa1", "", DAY_FIRST, DAY_FOREVER),
	    version("xa2", "", DAY_FIRST, DAY_FOREVER)};
	struct scene it = plan_table("unit,valid-to,merged-into\n"
	                             "xa2,2026-12-31,xa1\n"
	                             "q1,2026-06-30,\n",
	    known, 5);

	(void)state;
	PLAN(&it, "moved q2 2027-01-01 below xa1", "merged xa2 2027-01-01 into xa1",
	    "closed q1 2026-07-01 into ");
	end(&it);
}

static void a_merge_that_is_known_changes_nothing(void **state)
{
	struct unit known[] = {version("a", "", DAY_FIRST, day_make(2026, 7, 1)),
	    version("b", "", DAY_FIRST, DAY_FOREVER)};
	known[0].successor = "b";
	struct scene it = plan_table("unit,name,valid-from,valid-to,merged-into\n"
	                             "a,a,1900-01-01,2026-06-30,b\n",
	    known, 2);
	struct scene other =
	    plan_table("unit,valid-to,merged-into\na,2026-06-30,\n", known, 2);

	(void)state;
	NO_PLAN(&it);
	PLAN(&other, "closed a 2026-07-01 into ");
	end(&it);
	end(&other);
}

static void a_child_that_goes_on_takes_its_parents_place(void **state)
{
	const struct unit known[] = {version("a", "so", DAY_FIRST, DAY_FOREVER),
	    version("b", "a", DAY_FIRST, DAY_FOREVER),
	    version("c", "a", DAY_FIRST, DAY_FOREVER),
	    version("so", "", DAY_FIRST, DAY_FOREVER)};
	struct scene it =
	    plan_table("unit,valid-to,merged-into\na,2026-12-31,b\n", known, 4);

	(void)state;
	PLAN(&it, "moved b 2027-01-01 below so", "moved c 2027-01-01 below b",
	    "merged a 2027-01-01 into b");
	end(&it);
}

static void whoever_stands_below_a_closed_unit_is_warned_about(void **state)
{
	const struct unit known[] = {version("a", "", DAY_FIRST, DAY_FOREVER),
	    version("b", "a", DAY_FIRST, DAY_FOREVER)};
	struct scene it = plan_table("unit,valid-to\na,2026-12-31\n", known, 2);

	(void)state;
	PLAN(&it, "closed a 2027-01-01 into ");
	assert_int_equal(it.mistakes.count, 1);
	assert_int_equal(it.mistakes.items[0].level, DIAG_WARNING);
	end(&it);
}

static void what_lines_say_against_each_other_is_a_mistake(void **state)
{
	struct unit known[] = {version("closed", "", DAY_FIRST, day_make(2026, 1, 1)),
	    version("q1", "", day_make(2026, 3, 1), DAY_FOREVER),
	    version("so", "", DAY_FIRST, DAY_FOREVER)};
	static const struct {
		const char *text, *place;
	} cases[] = {
	    {"unit,name\na,A\na,B\n", "3:1"},
	    {"unit,name,valid-from\na,A,2026-01-01\nso,so,\na,B,1/1/2026\n", "4:1"},
	    {"unit,parent\na,so\n", "2:1"}, /* new, without a name */
	    {"unit,parent,name\na,nobody,A\n", "2:3"},
	    {"unit,parent,name\na,a,A\n", "2:3"},
	    {"unit,name\nclosed,Again\n", "2:1"},
	    {"unit,parent,name,valid-from\na,closed,A,2026-02-01\n", "2:3"},
	    {"unit,name,valid-from,valid-to\na,A,2026-01-01,2026-06-30\na,B,2026-06-01,\n",
	        "2:16"},
	    {"unit,name,valid-from,valid-to\na,A,2026-01-01,2026-06-30\na,B,2026-07-02,\n",
	        "2:16"},
	    {"unit,valid-to,merged-into\nso,2026-12-31,nobody\n", "2:15"},
	    {"unit,valid-to,merged-into\nso,2026-12-31,closed\n", "2:15"},
	    {"unit,valid-to,merged-into\nso,2025-12-31,q1\n", "2:15"},
	    {"unit,valid-to\nq1,2026-02-01\n", "2:4"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct scene it = plan_table(cases[i].text, known, 3);
		if (it.mistakes.errors != 1)
			fail_msg("case %zu: %zu mistakes", i, it.mistakes.errors);
		MISTAKES(&it, cases[i].place);
		end(&it);
	}
}

static void circles_and_more_than_six_levels_are_refused(void **state)
{
	struct scene deep = plan_table(
	    "unit,parent,name\n1,,a\n2,1,a\n3,2,a\n4,3,a\n5,4,a\n6,5,a\n", NULL, 0);
	struct scene deeper = plan_table(
	    "unit,parent,name\n1,,a\n2,1,a\n3,2,a\n4,3,a\n5,4,a\n6,5,a\n7,6,a\n", NULL, 0);
	struct scene circle =
	    plan_table("unit,parent,name\na,c,a\nb,a,b\nc,b,c\n", NULL, 0);
	/* Each move alone would do; together they meet from the later day on. */
	const struct unit known[] = {version("x", "", DAY_FIRST, day_make(2027, 1, 1)),
	    version("x", "y", day_make(2027, 1, 1), DAY_FOREVER),
	    version("y", "", DAY_FIRST, DAY_FOREVER)};
	struct scene later = plan_table("unit,parent\ny,x\n", known, 3);

	(void)state;
	assert_int_equal(deep.rc, OK);
	MISTAKES(&deeper, "8:3");
	MISTAKES(&circle, "2:3", "3:3", "4:3");
	MISTAKES(&later, "2:3");
	end(&deep);
	end(&deeper);
	end(&circle);
	end(&later);
}

static void thirty_thousand_schools_are_planned_at_once(void **state)
{
	struct scene it = {.text = BUF_INIT(8 << 20),
	    .memory = ARENA_INIT(32 << 20),
	    .mistakes = DIAGS_NONE};

	(void)state;
	buf_text(&it.text, "unit,parent,name,kinds,pupils\nso,,so,,\n");
	for (int i = 0; i < 300; i++)
		buf_printf(&it.text, "xa%d,so,xa,,\n", i);
	for (int i = 0; i < 30000; i++)
		buf_printf(&it.text, "q%d,xa%d,Tr\u01b0\u1eddng %d,TH,%d\n", i, i % 300, i,
		    i % 900);
	assert_int_equal(
	    units_table_read(&it.table, &it.text, "u.csv", &it.memory, &it.mistakes), OK);
	it.rc = units_plan_make(&it.plan, &it.table, &it.known, TODAY, &it.mistakes);
	assert_int_equal(it.rc, OK);
	assert_int_equal(it.plan.counts[UNIT_IS_NEW], 30301);
	end(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(headings_are_known_in_both_languages),
	    cmocka_unit_test(a_line_is_read_with_every_column),
	    cmocka_unit_test(every_mistake_of_a_table_is_told_at_once),
	    cmocka_unit_test(headings_that_are_wrong_stop_the_reading),
	    cmocka_unit_test(a_first_table_makes_the_tree),
	    cmocka_unit_test(what_is_known_already_changes_nothing),
	    cmocka_unit_test(changes_are_told_apart_and_begin_today),
	    cmocka_unit_test(columns_that_are_missing_leave_what_is_known),
	    cmocka_unit_test(a_version_is_corrected_by_its_own_first_day),
	    cmocka_unit_test(a_new_version_between_ends_where_the_known_one_begins),
	    cmocka_unit_test(closing_and_merging_come_last_and_take_the_children_along),
	    cmocka_unit_test(a_merge_that_is_known_changes_nothing),
	    cmocka_unit_test(a_child_that_goes_on_takes_its_parents_place),
	    cmocka_unit_test(whoever_stands_below_a_closed_unit_is_warned_about),
	    cmocka_unit_test(what_lines_say_against_each_other_is_a_mistake),
	    cmocka_unit_test(circles_and_more_than_six_levels_are_refused),
	    cmocka_unit_test(thirty_thousand_schools_are_planned_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
