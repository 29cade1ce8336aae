/* Names of documents, and what a folder holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/file.h"
#include "sharing/documents.h"

#define ID_A "d2460bb8-10e3-80ec-a15d-1016986a5ee9"
#define ID_B "e3460bb8-10e3-40ec-a15d-1016986a5ee9"

static void names_of_both_kinds_are_read(void **state)
{
	struct sharing_document d;

	(void)state;
	assert_true(
	    sharing_document_parse(&d, "thcs-01!20261120!20261121!" ID_A ".json.gz"));
	assert_string_equal(d.unit, "thcs-01");
	assert_int_equal(d.begin_day, 20261120);
	assert_int_equal(d.end_day, 20261121);
	assert_string_equal(d.report_id, ID_A);
	assert_false(d.quick);
	assert_true(
	    sharing_document_parse(&d, "unenrolled!quick!20261122!" ID_B ".json.gz"));
	assert_string_equal(d.unit, SHARING_UNENROLLED);
	assert_int_equal(d.begin_day, 20261122);
	assert_int_equal(d.end_day, 20261122);
	assert_string_equal(d.report_id, ID_B);
	assert_true(d.quick);
}

static void other_names_are_not_ours(void **state)
{
	static const char *const NAMES[] = {"", "x", ".json.gz", "a!b!c!d.json.gz",
	    "u!20261120!20261121!" ID_A ".json",
	    "u!20261120!20261121!" ID_A ".json.gz.tmp.7",
	    "u!quick!quick!20261120!" ID_A ".json.gz",
	    "../u!quick!20261120!" ID_A ".json.gz",
	    "u!quick!20261120!20261121!" ID_A ".json.gz",
	    "!quick!20261120!" ID_A ".json.gz", "u!quick!2026112!" ID_A ".json.gz",
	    "u!quick!20261120!" ID_A "x.json.gz"};
	struct sharing_document d;
	char longest[400];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(NAMES); i++)
		assert_false(sharing_document_parse(&d, NAMES[i]));
	memset(longest, 'u', sizeof longest);
	longest[sizeof longest - 1] = 0;
	assert_false(sharing_document_parse(&d, longest));
}

static void enrolment_changes_unit_and_id_of_a_name(void **state)
{
	char name[SPOOL_NAME_BYTES];
	struct sharing_document d;

	(void)state;
	assert_true(
	    sharing_document_parse(&d, "unenrolled!20261120!20261121!" ID_A ".json.gz"));
	assert_int_equal(sharing_document_name(name, &d, "thcs-01", ID_B), OK);
	assert_string_equal(name, "thcs-01!20261120!20261121!" ID_B ".json.gz");
	assert_true(
	    sharing_document_parse(&d, "unenrolled!quick!20261120!" ID_A ".json.gz"));
	assert_int_equal(sharing_document_name(name, &d, "thcs-01", ID_A), OK);
	assert_string_equal(name, "thcs-01!quick!20261120!" ID_A ".json.gz");
	assert_int_equal(sharing_document_name(name, &d, "../x", ID_A), ERR_RANGE);
}

static void quick_reports_come_first_then_the_oldest(void **state)
{
	static const char *const FILES[] = {"u!20261121!20261122!" ID_A ".json.gz",
	    "u!20251121!20251122!" ID_B ".json.gz", "u!quick!20261122!" ID_A ".json.gz",
	    "u!20261116!20261123!" ID_A ".json.gz", "README"};
	char folder[] = "/tmp/lachan-test-XXXXXX", path[FILE_PATH_BYTES];
	struct sharing_document *all = NULL;
	size_t count = 0;

	(void)state;
	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < COUNT_OF(FILES); i++) {
		assert_int_equal(path_join(path, sizeof path, folder, FILES[i]), OK);
		assert_int_equal(file_write_atomic(path, SLICE_LIT("12345"), 0600), OK);
	}
	assert_int_equal(sharing_documents(folder, &all, &count), OK);
	assert_int_equal(count, 4);
	assert_true(all[0].quick);
	assert_int_equal(all[1].begin_day, 20251121);
	assert_int_equal(all[2].begin_day, 20261116);
	assert_int_equal(all[3].begin_day, 20261121);
	assert_int_equal(all[3].file_bytes, 5);
	free(all);
	for (size_t i = 0; i < COUNT_OF(FILES); i++) {
		assert_int_equal(path_join(path, sizeof path, folder, FILES[i]), OK);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(sharing_documents(folder, &all, &count), OK);
	assert_int_equal(count, 0);
	assert_null(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_of_both_kinds_are_read),
	    cmocka_unit_test(other_names_are_not_ours),
	    cmocka_unit_test(enrolment_changes_unit_and_id_of_a_name),
	    cmocka_unit_test(quick_reports_come_first_then_the_oldest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
