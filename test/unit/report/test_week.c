/* The weekly document of sensitive categories. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "report/report.h"

static const char *const words[] = {"adult", "self_harm", "gambling", "games"};

static const struct report_school school = {
    .privacy = {.min_devices = 10, .min_population = 20, .cap = 20}};

struct week_fixture {
	struct tally_totals *days[REPORT_DAYS];
	struct report_week week;
	struct report_document document;
};

static void set_up(struct week_fixture *f, size_t days)
{
	*f = (struct week_fixture){
	    .week = {
	        .period = {20261116, 1794762000, 1795366800, 420, 420}, .day_count = days}};
	for (size_t i = 0; i < days; i++) {
		struct tally_totals *t = calloc(1, sizeof *t);
		assert_non_null(t);
		f->days[i] = t;
		t->tier_count = 2;
		t->tiers[0].flags = TALLY_PUPILS;
		(void)snprintf(t->tiers[0].text, TALLY_LABEL_BYTES, "primary");
		(void)snprintf(t->tiers[1].text, TALLY_LABEL_BYTES, "staff");
		t->tier_devices[0] = 100;
		t->tier_devices[1] = 30;
		t->category_count = COUNT_OF(words);
		for (size_t c = 0; c < COUNT_OF(words); c++) {
			(void)snprintf(
			    t->categories[c].text, TALLY_LABEL_BYTES, "%s", words[c]);
			t->categories[c].flags = c < 3 ? TALLY_SENSITIVE : 0;
		}
	}
	f->week.days = (const struct tally_totals *const *)f->days;
}

static void put(struct week_fixture *f, size_t day, size_t category, uint32_t devices)
{
	struct tally_totals *t = f->days[day];

	t->cells[0][category] = (struct tally_cell){devices * 2, devices};
	t->category_devices[category] = devices;
	if (devices > 0 && devices < 10) {
		t->low_categories |= (uint64_t)1 << category;
		t->low_devices += devices; /* here nobody met two of them */
	}
}

static void make(struct week_fixture *f, const struct report_document *previous)
{
	assert_int_equal(report_make_week(&f->document, &school, &f->week, previous), OK);
}

static const struct report_record *find(struct week_fixture *f, const char *category)
{
	for (size_t i = 0; i < f->document.record_count; i++)
		if (strcmp(f->document.records[i].category, category) == 0)
			return &f->document.records[i];
	return NULL;
}

static void tear_down(struct week_fixture *f)
{
	report_document_deinit(&f->document);
	for (size_t i = 0; i < f->week.day_count; i++)
		free(f->days[i]);
}

static void a_category_passes_by_its_best_single_day(void **state)
{
	struct week_fixture f;
	(void)state;

	set_up(&f, 3);
	put(&f, 0, 0, 9);
	put(&f, 1, 0, 12);
	put(&f, 2, 0, 9);
	put(&f, 0, 1, 9);
	put(&f, 1, 1, 9);
	put(&f, 2, 1, 9); /* 27 device-days, and never 10 devices */
	make(&f, NULL);
	assert_int_equal(find(&f, "adult")->attempts, 60);
	assert_int_equal(find(&f, "adult")->band, REPORT_BAND_10);
	assert_true(find(&f, "self_harm")->below);
	assert_null(find(&f, "adult")->tier);
	assert_int_equal(f.document.published_total, 60);
	tear_down(&f);
}

static void none_and_few_look_alike(void **state)
{
	struct buf none = BUF_INIT(REPORT_MAX_BYTES);
	struct buf few = BUF_INIT(REPORT_MAX_BYTES);
	struct week_fixture f;
	(void)state;

	set_up(&f, 2);
	make(&f, NULL);
	assert_int_equal(report_encode(&f.document, &none), OK);
	tear_down(&f);
	set_up(&f, 2);
	put(&f, 0, 1, 9);
	put(&f, 1, 1, 3);
	make(&f, NULL);
	assert_int_equal(report_encode(&f.document, &few), OK);
	tear_down(&f);
	assert_string_equal(buf_cstr(&none), buf_cstr(&few));
	assert_null(strstr(buf_cstr(&none), "games"));
	assert_null(strstr(buf_cstr(&none), "tier\":\"primary"));
	buf_deinit(&none);
	buf_deinit(&few);
}

static void withheld_categories_are_pooled_when_one_day_vouches(void **state)
{
	struct week_fixture f;
	(void)state;

	set_up(&f, 2);
	put(&f, 0, 0, 6);
	put(&f, 0, 1, 6);
	put(&f, 1, 1, 2);
	make(&f, NULL);
	assert_true(find(&f, "adult")->below);
	assert_int_equal(find(&f, "sensitive_other")->attempts, 30); /* 12 + 12 + 4 */
	assert_int_equal(find(&f, "sensitive_other")->band, REPORT_BAND_10);
	tear_down(&f);
}

static void one_withheld_category_is_not_pooled_alone(void **state)
{
	struct week_fixture f;
	(void)state;

	set_up(&f, 1);
	put(&f, 0, 0, 6);
	f.days[0]->low_devices = 12; /* whatever a file may claim */
	make(&f, NULL);
	assert_true(find(&f, "sensitive_other")->below);
	tear_down(&f);
}

static void a_day_whose_union_holds_a_shown_category_does_not_vouch(void **state)
{
	struct week_fixture f;
	(void)state;

	set_up(&f, 2);
	put(&f, 0, 0, 8); /* adult is in Monday's union, and shown for Tuesday's 12 */
	put(&f, 0, 1, 1);
	put(&f, 0, 2, 1);
	put(&f, 1, 0, 12);
	make(&f, NULL);
	assert_false(find(&f, "adult")->below);
	assert_true(find(&f, "sensitive_other")->below);
	tear_down(&f);
}

static void a_day_with_few_devices_counts_for_nothing(void **state)
{
	struct week_fixture f;
	(void)state;

	set_up(&f, 1);
	put(&f, 0, 0, 15);
	f.days[0]->tier_devices[0] = 19;
	make(&f, NULL);
	assert_true(find(&f, "adult")->below);
	tear_down(&f);
}

static void a_silent_category_is_in_no_total_and_no_pool(void **state)
{
	struct week_fixture f;
	(void)state;

	set_up(&f, 1);
	f.days[0]->categories[0].flags |= TALLY_SILENT;
	put(&f, 0, 0, 15); /* adult: shown, and not in the total */
	put(&f, 0, 1, 12);
	make(&f, NULL);
	assert_int_equal(find(&f, "adult")->attempts, 30);
	assert_int_equal(f.document.published_total, 25); /* 24 */
	assert_int_equal(f.document.silent_count, 1);
	tear_down(&f);

	set_up(&f, 1);
	f.days[0]->categories[0].flags |= TALLY_SILENT;
	put(&f, 0, 0, 6);
	put(&f, 0, 1, 6);
	make(&f, NULL);
	assert_true(find(&f, "sensitive_other")->below);
	tear_down(&f);
}

static void staff_do_not_count(void **state)
{
	struct week_fixture f;
	(void)state;

	set_up(&f, 1);
	put(&f, 0, 0, 15);
	f.days[0]->cells[1][0] = (struct tally_cell){400, 20};
	make(&f, NULL);
	assert_int_equal(find(&f, "adult")->attempts, 30);
	tear_down(&f);
}

static void a_correction_stays_silent_where_it_was(void **state)
{
	struct week_fixture f;
	struct report_document first;
	(void)state;

	set_up(&f, 1);
	put(&f, 0, 0, 9);
	make(&f, NULL);
	first = f.document;
	put(&f, 0, 0, 15);
	make(&f, &first);
	assert_int_equal(f.document.revision, 2);
	assert_true(find(&f, "adult")->below);
	report_document_deinit(&first);
	tear_down(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_category_passes_by_its_best_single_day),
	    cmocka_unit_test(none_and_few_look_alike),
	    cmocka_unit_test(withheld_categories_are_pooled_when_one_day_vouches),
	    cmocka_unit_test(one_withheld_category_is_not_pooled_alone),
	    cmocka_unit_test(a_day_whose_union_holds_a_shown_category_does_not_vouch),
	    cmocka_unit_test(a_day_with_few_devices_counts_for_nothing),
	    cmocka_unit_test(a_silent_category_is_in_no_total_and_no_pool),
	    cmocka_unit_test(staff_do_not_count),
	    cmocka_unit_test(a_correction_stays_silent_where_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
