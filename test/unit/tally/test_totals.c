/* Totals as bytes and files: everything comes back, nothing torn is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "tally/totals.h"

static struct tally_totals *sample(void)
{
	struct tally_totals *t = calloc(1, sizeof *t);
	assert_non_null(t);
	t->period = (struct tally_period){20261120, 1795107600, 1795194000, 420, 420};
	t->tier_count = 2;
	t->category_count = 3;
	(void)snprintf(t->tiers[0].text, TALLY_LABEL_BYTES, "primary");
	t->tiers[0].flags = TALLY_PUPILS;
	(void)snprintf(t->tiers[1].text, TALLY_LABEL_BYTES, "staff");
	(void)snprintf(t->categories[0].text, TALLY_LABEL_BYTES, "games");
	(void)snprintf(t->categories[1].text, TALLY_LABEL_BYTES, "adult");
	t->categories[1].flags = TALLY_SENSITIVE;
	(void)snprintf(t->categories[2].text, TALLY_LABEL_BYTES, "gambling");
	t->queries = 120000;
	t->uptime_s = 31200;
	t->segments = 1;
	t->tier_devices[0] = 40;
	t->cells[0][0] = (struct tally_cell){85, 21};
	t->cells[0][1] = (struct tally_cell){9, 4};
	t->cells[1][2] = (struct tally_cell){1, 1};
	t->category_devices[0] = 21;
	t->low_categories = 2;
	t->low_devices = 4;
	t->hours[8][0][0] = 80;
	t->hours[9][0][0] = 5;
	tally_totals_fail(t, "feed-refused", 1795110000);
	t->name_count = 1;
	t->names[0].devices = 12;
	(void)snprintf(t->names[0].text, TALLY_NAME_BYTES, "game.example");
	return t;
}

static void everything_comes_back(void **state)
{
	struct tally_totals *t = sample();
	struct tally_totals *back = malloc(sizeof *back);
	struct buf bytes = BUF_INIT(TALLY_MAX_BYTES);
	(void)state;

	assert_int_equal(tally_encode(t, TALLY_PART_ALL, &bytes), OK);
	assert_int_equal(tally_decode(back, buf_slice(&bytes), NULL), OK);
	assert_memory_equal(back, t, sizeof *t);
	buf_deinit(&bytes);
	free(t);
	free(back);
}

static void no_torn_or_altered_bytes_are_believed(void **state)
{
	struct tally_totals *t = sample();
	struct tally_totals *back = malloc(sizeof *back);
	struct tally_totals *zero = calloc(1, sizeof *zero);
	struct buf bytes = BUF_INIT(TALLY_MAX_BYTES);
	struct diag why;
	(void)state;

	assert_int_equal(tally_encode(t, TALLY_PART_ALL, &bytes), OK);
	for (size_t len = 0; len < bytes.len; len++) {
		struct slice torn = {bytes.ptr, len};
		assert_int_equal(tally_decode(back, torn, &why), ERR_FORMAT);
	}
	for (size_t at = 0; at < bytes.len; at++)
		for (int bit = 0; bit < 8; bit++) {
			bytes.ptr[at] ^= (uint8_t)(1 << bit);
			assert_int_equal(
			    tally_decode(back, buf_slice(&bytes), &why), ERR_FORMAT);
			bytes.ptr[at] ^= (uint8_t)(1 << bit);
		}
	assert_memory_equal(back, zero, sizeof *zero);
	buf_deinit(&bytes);
	free(t);
	free(back);
	free(zero);
}

static void merging_adds_attempts_and_takes_the_larger_devices(void **state)
{
	struct tally_totals *a = sample();
	struct tally_totals *b = sample();
	(void)state;

	/* The other segment knew the categories in another order. */
	(void)snprintf(b->categories[0].text, TALLY_LABEL_BYTES, "gambling");
	(void)snprintf(b->categories[2].text, TALLY_LABEL_BYTES, "games");
	b->cells[0][0] = (struct tally_cell){10, 3};
	b->cells[0][2] = (struct tally_cell){15, 30};
	tally_totals_merge(a, b);
	assert_int_equal(a->cells[0][0].attempts, 100);
	assert_int_equal(a->cells[0][0].devices, 30);
	assert_int_equal(a->cells[0][2].attempts, 10);
	assert_int_equal(a->cells[0][1].attempts, 18);
	assert_int_equal(a->cells[0][1].devices, 4);
	assert_int_equal(a->queries, 240000);
	assert_int_equal(a->tier_devices[0], 40);
	assert_int_equal(a->failures[0].count, 2);
	assert_int_equal(a->segments, 2);
	assert_true(a->partial);
	free(a);
	free(b);
}

static void names_keep_the_most_met(void **state)
{
	struct tally_totals *a = sample();
	struct tally_totals *b = calloc(1, sizeof *b);
	(void)state;

	b->category_count = 1;
	(void)snprintf(b->categories[0].text, TALLY_LABEL_BYTES, "games");
	for (unsigned i = 0; i < TALLY_NAMES; i++) {
		(void)snprintf(b->names[i].text, TALLY_NAME_BYTES, "n%u.example", i);
		b->names[i].devices = 10 + i;
	}
	b->name_count = TALLY_NAMES;
	tally_totals_merge(a, b);
	assert_int_equal(a->name_count, TALLY_NAMES);
	bool has_least = false;
	for (unsigned i = 0; i < TALLY_NAMES; i++)
		has_least = has_least || strcmp(a->names[i].text, "n0.example") == 0;
	assert_false(has_least);
	free(a);
	free(b);
}

static void day_files_are_written_read_and_pruned(void **state)
{
	char folder[] = "/tmp/lachan-totals-XXXXXX";
	char path[FILE_PATH_BYTES];
	struct tally_totals *t = sample();
	struct tally_totals *back = malloc(sizeof *back);
	(void)state;

	assert_non_null(mkdtemp(folder));
	assert_int_equal(tally_day_write(folder, t), OK);
	assert_int_equal(tally_day_read(folder, 20261120, back, NULL), OK);
	assert_int_equal(back->cells[0][0].attempts, 85);
	assert_int_equal(back->hours[8][0][0], 0);
	assert_int_equal(tally_day_read(folder, 20261121, back, NULL), ERR_NOT_FOUND);

	assert_int_equal(tally_day_prune(folder, 20261121, 20261120), OK);
	assert_int_equal(path_join(path, sizeof path, folder, "20261120.hours"), OK);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(tally_day_read(folder, 20261120, back, NULL), OK);
	assert_int_equal(tally_day_prune(folder, 20261121, 20261121), OK);
	assert_int_equal(tally_day_read(folder, 20261120, back, NULL), ERR_NOT_FOUND);
	assert_int_equal(rmdir(folder), 0);
	free(t);
	free(back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(everything_comes_back),
	    cmocka_unit_test(no_torn_or_altered_bytes_are_believed),
	    cmocka_unit_test(merging_adds_attempts_and_takes_the_larger_devices),
	    cmocka_unit_test(names_keep_the_most_met),
	    cmocka_unit_test(day_files_are_written_read_and_pruned),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
