/* Sparse vectors: exact both ways, one packed form whatever the order. And days. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "district/day.h"
#include "district/store/sums.h"
#include "made.h"

static void draw_vector(struct made_random *r, struct sums *out)
{
	*out = SUMS_NONE;
	for (unsigned i = made_below(r, 30); i > 0; i--) {
		struct sums_item item = {
		    .key = sums_key(SUMS_CELL, made_below(r, 20), made_below(r, 5)),
		    .n = {made_below(r, 1000), made_below(r, 3), made_below(r, 2),
		        made_below(r, 2)}};
		if (made_below(r, 3) == 0)
			item.key =
			    sums_key(SUMS_NAME, made_below(r, 9), made_below(r, 1u << 31));
		assert_int_equal(sums_add_item(out, &item), OK);
	}
}

static void packed_is(const struct sums *s, struct slice expected)
{
	struct buf out = BUF_INIT(SUMS_MAX_BYTES);
	assert_int_equal(sums_pack(s, &out), OK);
	assert_true(slice_equal(buf_slice(&out), expected));
	buf_deinit(&out);
}

static void adding_in_any_order_packs_alike_and_taking_restores(void **state)
{
	struct made_random r = {42};
	(void)state;

	for (unsigned round = 0; round < 300; round++) {
		struct sums a, b, ab = SUMS_NONE, ba = SUMS_NONE;
		struct buf first = BUF_INIT(SUMS_MAX_BYTES),
		           both = BUF_INIT(SUMS_MAX_BYTES);
		draw_vector(&r, &a);
		draw_vector(&r, &b);
		assert_int_equal(sums_add(&ab, &a), OK);
		assert_int_equal(sums_pack(&ab, &first), OK);
		assert_int_equal(sums_add(&ab, &b), OK);
		assert_int_equal(sums_add(&ba, &b), OK);
		assert_int_equal(sums_add(&ba, &a), OK);
		assert_int_equal(sums_pack(&ba, &both), OK);
		packed_is(&ab, buf_slice(&both));
		assert_int_equal(sums_take(&ab, &b), OK);
		packed_is(&ab, buf_slice(&first));
		assert_int_equal(sums_take(&ab, &a), OK);
		assert_int_equal(ab.count, 0);
		struct sums again = SUMS_NONE;
		assert_int_equal(sums_unpack(&again, buf_slice(&both)), OK);
		assert_true(sums_equal(&again, &ba));
		sums_deinit(&a);
		sums_deinit(&b);
		sums_deinit(&ab);
		sums_deinit(&ba);
		sums_deinit(&again);
		buf_deinit(&first);
		buf_deinit(&both);
	}
}

static void taking_more_than_there_is_fails_and_changes_nothing(void **state)
{
	struct sums a = SUMS_NONE, b = SUMS_NONE;
	struct sums_item one = {.key = sums_key(SUMS_TIER, 0, 3), .n = {5, 1}};
	(void)state;

	assert_int_equal(sums_add_item(&a, &one), OK);
	one.n[0] = 6;
	assert_int_equal(sums_add_item(&b, &one), OK);
	assert_int_equal(sums_take(&a, &b), ERR_FORMAT);
	assert_int_equal(a.items[0].n[0], 5);
	sums_deinit(&a);
	sums_deinit(&b);
}

static void damaged_bytes_are_refused(void **state)
{
	struct made_random r = {7};
	struct buf packed = BUF_INIT(SUMS_MAX_BYTES);
	struct sums a;
	(void)state;

	draw_vector(&r, &a);
	assert_int_equal(sums_pack(&a, &packed), OK);
	for (size_t len = 1; len < packed.len; len++) {
		struct sums s = SUMS_NONE;
		enum err rc = sums_unpack(&s, (struct slice){packed.ptr, len});
		assert_true(
		    rc == OK || rc == ERR_FORMAT); /* at an item's end it is whole */
		assert_true(rc != OK || s.count < a.count);
		sums_deinit(&s);
	}
	packed.ptr[0] = 2;
	struct sums s = SUMS_NONE;
	assert_int_equal(sums_unpack(&s, buf_slice(&packed)), ERR_FORMAT);
	sums_deinit(&s);
	sums_deinit(&a);
	buf_deinit(&packed);
}

static void keys_give_back_what_they_hold(void **state)
{
	(void)state;
	uint64_t name = sums_key(SUMS_NAME, 4095, UINT32_MAX);
	assert_int_equal(sums_kind_of(name), SUMS_NAME);
	assert_int_equal(sums_a(name), 4095);
	assert_int_equal(sums_b(name), UINT32_MAX);
	uint64_t cell = sums_key(SUMS_CELL, 4095, 17);
	assert_int_equal(sums_kind_of(cell), SUMS_CELL);
	assert_int_equal(sums_a(cell), 4095);
	assert_int_equal(sums_b(cell), 17);
}

static void every_day_of_two_centuries_is_written_and_read(void **state)
{
	char text[DAY_TEXT_BYTES];
	int32_t last = 0;
	(void)state;

	for (int32_t day = DAY_FIRST; day < DAY_FIRST + 200 * 366; day++) {
		int32_t read = 0;
		day_write(text, day);
		assert_true(day_read(slice_of(text), &read));
		assert_int_equal(read, day);
		int32_t half = day_half(day);
		assert_true(day == DAY_FIRST || half == last || half == last + 1);
		assert_true(day_half_first(half) <= day && day < day_half_first(half + 1));
		last = half;
	}
	day_write(text, 20777);
	assert_string_equal(text, "2026-11-20");
	assert_int_equal(day_weekday(20777), 4); /* a Friday */
	assert_int_equal(day_make(2026, 14, 1), day_make(2027, 2, 1));
	assert_int_equal(day_make(2026, -1, 1), day_make(2025, 11, 1));
	assert_int_equal(day_month_first(20777), day_make(2026, 11, 1));
	assert_int_equal(day_month_next(20777), day_make(2026, 12, 1));
	assert_int_equal(day_at(1795107600, 25200), 20777); /* midnight in Hanoi */
	assert_int_equal(day_at(1795107599, 25200), 20776);
	assert_int_equal(day_half(day_make(1970, 1, 15)), 0);
}

static void what_is_no_day_is_refused(void **state)
{
	static const char *const bad[] = {"2026-02-29", "2026-13-01", "2026-00-10",
	    "2026-1-010", "20261120", "", "2026-11-2", "1899-01-01", "abcd-11-20",
	    "2026-11-31"};
	int32_t day = 5;
	(void)state;

	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_false(day_read(slice_of(bad[i]), &day));
	assert_int_equal(day, 5);
	assert_true(day_read(SLICE_LIT("2028-02-29T00:00:00+07:00"), &day));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(adding_in_any_order_packs_alike_and_taking_restores),
	    cmocka_unit_test(taking_more_than_there_is_fails_and_changes_nothing),
	    cmocka_unit_test(damaged_bytes_are_refused),
	    cmocka_unit_test(keys_give_back_what_they_hold),
	    cmocka_unit_test(every_day_of_two_centuries_is_written_and_read),
	    cmocka_unit_test(what_is_no_day_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
