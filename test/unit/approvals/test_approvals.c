/* Who said yes to what, and what a torn file does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "approvals/approvals.h"
#include "base/file.h"

#define ID_1 "41b1dd6f-a271-8d35-a716-9afdce45029a"
#define ID_2 "48175226-caa1-88d2-aefd-257c81480fca"
#define NOW  1795107600

static enum approvals_word judge(
    const struct approvals *a, enum approvals_rule rule, const char *id)
{
	return approvals_judge(a, rule, APPROVALS_SUMMARY, id);
}

static void nothing_leaves_before_the_first_yes(void **state)
{
	struct approvals a = APPROVALS_NONE;

	(void)state;
	assert_int_equal(judge(&a, APPROVALS_FIRST, ID_1), APPROVALS_WAITS);
	assert_int_equal(judge(&a, APPROVALS_EACH, ID_1), APPROVALS_WAITS);
	assert_int_equal(judge(&a, APPROVALS_NEVER, ID_1), APPROVALS_GO);
	assert_int_equal(
	    approvals_judge(&a, APPROVALS_FIRST, APPROVALS_QUICK, ID_1), APPROVALS_WAITS);
	assert_int_equal(approvals_yes(&a, ID_1, "hieu-truong", NOW), OK);
	assert_int_equal(judge(&a, APPROVALS_FIRST, ID_2), APPROVALS_GO);
	assert_int_equal(judge(&a, APPROVALS_EACH, ID_1), APPROVALS_GO);
	assert_int_equal(judge(&a, APPROVALS_EACH, ID_2), APPROVALS_WAITS);
	assert_int_equal(
	    approvals_judge(&a, APPROVALS_EACH, APPROVALS_QUICK, ID_2), APPROVALS_GO);
	approvals_deinit(&a);
}

static void a_hold_is_above_every_yes(void **state)
{
	struct approvals a = APPROVALS_NONE;

	(void)state;
	assert_int_equal(approvals_hold(&a, ID_1, "hieu-truong", NOW), OK);
	assert_int_equal(approvals_yes(&a, ID_1, "hieu-truong", NOW + 1), OK);
	for (int rule = APPROVALS_FIRST; rule <= APPROVALS_NEVER; rule++)
		assert_int_equal(
		    judge(&a, (enum approvals_rule)rule, ID_1), APPROVALS_STAYS);
	assert_int_equal(
	    approvals_judge(&a, APPROVALS_EACH, APPROVALS_QUICK, ID_1), APPROVALS_STAYS);
	assert_int_equal(approvals_release(&a, ID_1), OK);
	assert_int_equal(approvals_release(&a, ID_1), ERR_NOT_FOUND);
	assert_int_equal(judge(&a, APPROVALS_EACH, ID_1), APPROVALS_GO);
	approvals_deinit(&a);
}

static void what_is_no_id_and_no_name_is_refused(void **state)
{
	struct approvals a = APPROVALS_NONE;

	(void)state;
	assert_int_equal(approvals_yes(&a, "x", "a", NOW), ERR_RANGE);
	assert_int_equal(approvals_yes(&a, ID_1 "0", "a", NOW), ERR_RANGE);
	assert_int_equal(approvals_yes(&a, ID_1, "a b", NOW), ERR_RANGE);
	assert_int_equal(approvals_yes(&a, ID_1, "a\n", NOW), ERR_RANGE);
	assert_int_equal(approvals_yes(&a, ID_1, "", NOW), ERR_RANGE);
	assert_int_equal(approvals_yes(&a, ID_1, "a", 0), ERR_RANGE);
	assert_int_equal(approvals_hold(&a, "", "a", NOW), ERR_RANGE);
	assert_int_equal(approvals_yes_to_all(&a, "", NOW), ERR_RANGE);
	assert_int_equal(a.first_s, 0);
	assert_int_equal(a.count, 0);
	approvals_deinit(&a);
}

static void numbered(char id[APPROVALS_ID_BYTES], unsigned n)
{
	(void)snprintf(id, APPROVALS_ID_BYTES, "%08x-0000-8000-8000-000000000000", n);
}

static void a_full_record_forgets_the_oldest_yes_and_no_hold(void **state)
{
	struct approvals a = APPROVALS_NONE;
	struct buf text = BUF_INIT(APPROVALS_FILE_MAX);
	char id[APPROVALS_ID_BYTES];

	(void)state;
	assert_int_equal(approvals_hold(&a, ID_1, "a", NOW), OK);
	for (unsigned i = 0; i < APPROVALS_MAX; i++) {
		numbered(id, i);
		assert_int_equal(
		    approvals_yes(&a, id, "a-name-of-thirty-nine-letters-and-so-on", NOW),
		    OK);
	}
	assert_int_equal(a.count, APPROVALS_MAX);
	assert_non_null(approvals_find(&a, APPROVAL_HELD, ID_1));
	numbered(id, 0);
	assert_null(approvals_find(&a, APPROVAL_YES, id));
	assert_int_equal(approvals_encode(&a, &text), OK);
	for (unsigned i = 1; i < APPROVALS_MAX; i++) {
		numbered(id, i);
		assert_int_equal(approvals_hold(&a, id, "a", NOW), OK);
	}
	assert_int_equal(approvals_hold(&a, ID_2, "a", NOW), ERR_FULL);
	buf_deinit(&text);
	approvals_deinit(&a);
}

static struct approvals sample(void)
{
	struct approvals a = APPROVALS_NONE;

	assert_int_equal(approvals_yes(&a, ID_1, "hieu-truong", NOW), OK);
	assert_int_equal(approvals_hold(&a, ID_2, "pho", NOW + 5), OK);
	return a;
}

static void a_record_reads_back_and_no_part_of_it_does(void **state)
{
	struct approvals a = sample();
	struct approvals back;
	struct buf text = BUF_INIT(APPROVALS_FILE_MAX);
	struct diag why;

	(void)state;
	assert_int_equal(approvals_encode(&a, &text), OK);
	assert_int_equal(approvals_decode(&back, buf_slice(&text), &why), OK);
	assert_int_equal(back.first_s, NOW);
	assert_string_equal(back.first_by, "hieu-truong");
	assert_int_equal(back.count, 2);
	assert_memory_equal(back.items, a.items, 2 * sizeof *a.items);
	approvals_deinit(&back);
	for (size_t len = 0; len < text.len; len++)
		assert_int_equal(
		    approvals_decode(&back, (struct slice){text.ptr, len}, &why),
		    ERR_FORMAT);
	for (size_t i = 0; i < text.len * 8; i++) {
		text.ptr[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(
		    approvals_decode(&back, buf_slice(&text), &why), ERR_FORMAT);
		text.ptr[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	buf_deinit(&text);
	approvals_deinit(&a);
}

static void a_torn_write_leaves_the_record_before(void **state)
{
	char folder[] = "/tmp/lachan-approvals-XXXXXX";
	char path[128];
	char torn[160];
	struct approvals a = sample();
	struct approvals back;
	struct diag why = {.text = ""};

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof path, "%s/" APPROVALS_FILE, folder);
	(void)snprintf(torn, sizeof torn, "%s.tmp.1", path);
	assert_int_equal(approvals_read(&back, path, &why), OK);
	assert_int_equal(back.first_s, 0);
	assert_int_equal(approvals_save(&a, path), OK);
	/* A crash before the rename. */
	assert_int_equal(
	    file_write_atomic(torn, SLICE_LIT("lachan-approvals 1\nfir"), 0600), OK);
	assert_int_equal(approvals_read(&back, path, &why), OK);
	assert_int_equal(back.count, 2);
	approvals_deinit(&back);
	/* A disk that lost the end. */
	assert_int_equal(truncate(path, 60), 0);
	assert_int_equal(approvals_read(&back, path, &why), ERR_FORMAT);
	assert_true(why.text[0] != 0);
	(void)unlink(path);
	(void)unlink(torn);
	*strrchr(path, '/') = 0;
	(void)rmdir(path);
	(void)rmdir(folder);
	approvals_deinit(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_leaves_before_the_first_yes),
	    cmocka_unit_test(a_hold_is_above_every_yes),
	    cmocka_unit_test(what_is_no_id_and_no_name_is_refused),
	    cmocka_unit_test(a_full_record_forgets_the_oldest_yes_and_no_hold),
	    cmocka_unit_test(a_record_reads_back_and_no_part_of_it_does),
	    cmocka_unit_test(a_torn_write_leaves_the_record_before),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
