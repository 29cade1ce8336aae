/* The outbox: whole files, never replaced, the same bytes from the same document. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "spool/gzip.h"
#include "spool/spool.h"

#define ID "41b1dd6f-a271-8d35-a716-9afdce45029a"

static char folder[64];

static int set_up(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof folder, "/tmp/lachan-spool-XXXXXX");
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
	char command[96];
	(void)state;
	(void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
	return system(command); /* NOLINT(cert-env33-c): a path of ours */
}

static void name_of(char name[SPOOL_NAME_BYTES], const char *unit, uint32_t day)
{
	assert_int_equal(spool_name(name, unit, day, day + 1, ID), OK);
}

static void names_follow_the_contract(void **state)
{
	char name[SPOOL_NAME_BYTES];
	struct spool_entry e;
	(void)state;

	name_of(name, "", 20261120);
	assert_string_equal(name, "unenrolled!20261120!20261121!" ID ".json.gz");
	assert_true(spool_name_parse(&e, name));
	assert_string_equal(e.unit, "unenrolled");
	assert_int_equal(e.begin_day, 20261120);
	assert_int_equal(e.end_day, 20261121);
	assert_string_equal(e.report_id, ID);
	assert_int_equal(spool_name(name, "a/b", 20261120, 20261121, ID), ERR_RANGE);
	assert_int_equal(spool_name(name, "..", 20261120, 20261121, ID), ERR_RANGE);
	assert_int_equal(spool_name(name, "u", 0, 20261121, ID), ERR_RANGE);
	assert_int_equal(spool_name(name, "u", 20261120, 20261121, "x"), ERR_RANGE);
	static const char *const foreign[] = {"", "!", "u!20261120!20261121!" ID ".json",
	    "../u!20261120!20261121!" ID ".json.gz", "u!2026112!20261121!" ID ".json.gz",
	    "u!20261120!20261121!" ID ".json.gz.tmp.1", "u!20261120!20261121.json.gz"};
	for (size_t i = 0; i < COUNT_OF(foreign); i++)
		assert_false(spool_name_parse(&e, foreign[i]));
}

static void a_document_comes_back_and_is_never_replaced(void **state)
{
	char name[SPOOL_NAME_BYTES];
	struct buf back = BUF_INIT(1 << 20);
	(void)state;

	name_of(name, "u1", 20261120);
	assert_int_equal(spool_add(folder, name, SLICE_LIT("{\"a\":1}")), OK);
	assert_int_equal(spool_add(folder, name, SLICE_LIT("{\"a\":2}")), ERR_EXISTS);
	assert_int_equal(spool_read(folder, name, &back), OK);
	assert_string_equal(buf_cstr(&back), "{\"a\":1}");
	assert_int_equal(spool_read(folder, "../etc/passwd", &back), ERR_RANGE);
	assert_int_equal(spool_remove(folder, name), OK);
	assert_int_equal(spool_remove(folder, name), ERR_NOT_FOUND);
	assert_int_equal(spool_read(folder, name, &back), ERR_NOT_FOUND);
	buf_deinit(&back);
}

static void the_same_document_packs_to_the_same_bytes(void **state)
{
	struct buf a = BUF_INIT(1 << 20);
	struct buf b = BUF_INIT(1 << 20);
	(void)state;

	assert_int_equal(gzip_pack(SLICE_LIT("{\"a\":1}"), &a), OK);
	assert_int_equal(gzip_pack(SLICE_LIT("{\"a\":1}"), &b), OK);
	assert_true(slice_equal(buf_slice(&a), buf_slice(&b)));
	/* RFC 1952: no flags, time 0, system unknown. */
	static const uint8_t head[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255};
	assert_memory_equal(a.ptr, head, sizeof head);
	buf_deinit(&a);
	buf_deinit(&b);
}

static void torn_files_and_bombs_are_refused(void **state)
{
	struct buf packed = BUF_INIT(1 << 20);
	struct buf out = BUF_INIT(1 << 20);
	uint8_t *zeros = calloc(1, 600000);
	(void)state;

	assert_non_null(zeros);
	assert_int_equal(gzip_pack((struct slice){zeros, 600000}, &packed), OK);
	for (size_t len = 0; len < packed.len; len++) {
		buf_reset(&out);
		assert_int_equal(
		    gzip_unpack((struct slice){packed.ptr, len}, 1 << 20, &out),
		    ERR_FORMAT);
	}
	buf_reset(&out);
	assert_int_equal(gzip_unpack(buf_slice(&packed), 1000, &out), ERR_FULL);
	buf_reset(&out);
	buf_byte(&packed, 'x');
	assert_int_equal(gzip_unpack(buf_slice(&packed), 1 << 20, &out), ERR_FORMAT);
	buf_deinit(&packed);
	buf_deinit(&out);
	free(zeros);
}

static void the_list_is_oldest_first_and_holds_only_ours(void **state)
{
	static const uint32_t days[] = {20261122, 20261120, 20261121};
	char name[SPOOL_NAME_BYTES];
	char path[FILE_PATH_BYTES];
	struct spool_entry *entries = NULL;
	size_t count = 1;
	(void)state;

	assert_int_equal(spool_list("/nonexistent/outbox", &entries, &count), OK);
	assert_int_equal(count, 0);
	for (size_t i = 0; i < COUNT_OF(days); i++) {
		name_of(name, "u1", days[i]);
		assert_int_equal(spool_add(folder, name, SLICE_LIT("{}")), OK);
	}
	assert_int_equal(path_join(path, sizeof path, folder, "notes.txt"), OK);
	assert_int_equal(file_write_atomic(path, SLICE_LIT("mine"), 0640), OK);
	assert_int_equal(spool_list(folder, &entries, &count), OK);
	assert_int_equal(count, 3);
	assert_int_equal(entries[0].begin_day, 20261120);
	assert_int_equal(entries[2].begin_day, 20261122);
	assert_true(entries[0].file_bytes > 0);
	free(entries);
}

static void pruning_removes_old_days_and_leftovers_alone(void **state)
{
	char name[SPOOL_NAME_BYTES];
	char path[FILE_PATH_BYTES];
	size_t removed = 0;
	struct spool_entry *entries = NULL;
	size_t count = 0;
	(void)state;

	name_of(name, "u1", 20250101);
	assert_int_equal(spool_add(folder, name, SLICE_LIT("{}")), OK);
	name_of(name, "u1", 20261120);
	assert_int_equal(spool_add(folder, name, SLICE_LIT("{}")), OK);
	(void)snprintf(path, sizeof path, "%s/%s.tmp.77", folder, name);
	assert_int_equal(file_write_atomic(path, SLICE_LIT("half"), 0640), OK);
	assert_int_equal(spool_prune(folder, 20260101, &removed), OK);
	assert_int_equal(removed, 1);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(spool_list(folder, &entries, &count), OK);
	assert_int_equal(count, 1);
	free(entries);
}

static void a_folder_that_cannot_be_written_is_said(void **state)
{
	char name[SPOOL_NAME_BYTES];
	(void)state;

	name_of(name, "u1", 20261120);
	assert_int_equal(spool_add("/nonexistent/outbox", name, SLICE_LIT("{}")), ERR_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_follow_the_contract),
	    cmocka_unit_test_setup_teardown(
	        a_document_comes_back_and_is_never_replaced, set_up, tear_down),
	    cmocka_unit_test(the_same_document_packs_to_the_same_bytes),
	    cmocka_unit_test(torn_files_and_bombs_are_refused),
	    cmocka_unit_test_setup_teardown(
	        the_list_is_oldest_first_and_holds_only_ours, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
	        pruning_removes_old_days_and_leftovers_alone, set_up, tear_down),
	    cmocka_unit_test(a_folder_that_cannot_be_written_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
