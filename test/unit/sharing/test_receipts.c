/* Receipts: how far a document has come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "sharing/receipts.h"

#define ID   "d2460bb8-10e3-80ec-a15d-1016986a5ee9"
#define STEM "thcs-01!20261120!20261121!" ID
#define NAME STEM ".json.gz"

static char folder[] = "/tmp/lachan-test-XXXXXX";

static void write_receipt(enum sharing_word word, const struct sharing_receipt *receipt)
{
	struct buf text = BUF_INIT(SHARING_RECEIPT_MAX_BYTES);
	char path[FILE_PATH_BYTES];

	sharing_receipt_write(&text, receipt);
	assert_int_equal(
	    sharing_receipt_path(path, sizeof path, folder, "so-gddt", NAME, word), OK);
	assert_int_equal(file_write_atomic(path, buf_slice(&text), 0600), OK);
	buf_deinit(&text);
}

static void remove_receipt(enum sharing_word word)
{
	char path[FILE_PATH_BYTES];

	assert_int_equal(
	    sharing_receipt_path(path, sizeof path, folder, "so-gddt", NAME, word), OK);
	assert_int_equal(unlink(path), 0);
}

static int make_folders(void **state)
{
	char path[FILE_PATH_BYTES];

	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(path, sizeof path, "%s/sent", folder);
	if (mkdir(path, 0700) != 0)
		return -1;
	(void)snprintf(path, sizeof path, "%s/sent/so-gddt", folder);
	return mkdir(path, 0700);
}

static int remove_folders(void **state)
{
	char path[FILE_PATH_BYTES];

	(void)state;
	(void)snprintf(path, sizeof path, "%s/sent/so-gddt", folder);
	(void)rmdir(path);
	(void)snprintf(path, sizeof path, "%s/sent", folder);
	(void)rmdir(path);
	return rmdir(folder);
}

static void a_receipt_says_who_took_what(void **state)
{
	const struct sharing_receipt taken = {.recipient = "so-gddt",
	    .report_id = ID,
	    .sha256 = "ab12",
	    .bytes = 1234,
	    .status = 201,
	    .at_s = 1763800000,
	    .error = ""};
	struct sharing_standing found;
	struct buf text = BUF_INIT(SHARING_RECEIPT_MAX_BYTES);

	(void)state;
	sharing_receipt_write(&text, &taken);
	assert_string_equal(buf_cstr(&text),
	    "{\"format\":\"lachan-receipt\",\"version\":\"1.0\",\"recipient\":\"so-gddt\","
	    "\"report-id\":\"" ID "\",\"sha256\":\"ab12\",\"bytes\":1234,\"status\":201,"
	    "\"answered\":\"2025-11-22T08:26:40Z\"}\n");
	buf_deinit(&text);
	assert_int_equal(sharing_look(&found, folder, "so-gddt", NAME), OK);
	assert_int_equal(found.word, SHARING_WAITS);
	write_receipt(SHARING_WAS_TAKEN, &taken);
	assert_int_equal(sharing_look(&found, folder, "so-gddt", NAME), OK);
	assert_int_equal(found.word, SHARING_WAS_TAKEN);
	assert_int_equal(found.status, 201);
	assert_int_equal(found.at_s, 1763800000);
	assert_string_equal(found.sha256, "ab12");
	assert_int_equal(sharing_look(&found, folder, "other", NAME), OK);
	assert_int_equal(found.word, SHARING_WAITS);
	remove_receipt(SHARING_WAS_TAKEN);
}

static void a_refusal_keeps_what_was_said(void **state)
{
	const struct sharing_receipt refused = {.recipient = "so-gddt",
	    .report_id = ID,
	    .sha256 = "ab12",
	    .bytes = 1234,
	    .status = 422,
	    .at_s = 1763800000,
	    .error = "below \"10\" \\ devices\n"};
	struct sharing_standing found;

	(void)state;
	write_receipt(SHARING_WAS_REFUSED, &refused);
	assert_int_equal(sharing_look(&found, folder, "so-gddt", NAME), OK);
	assert_int_equal(found.word, SHARING_WAS_REFUSED);
	assert_int_equal(found.status, 422);
	assert_string_equal(found.error, "below \"10\" \\ devices ");
	remove_receipt(SHARING_WAS_REFUSED);
}

static void a_receipt_that_cannot_be_read_still_counts(void **state)
{
	struct sharing_standing found;
	char path[FILE_PATH_BYTES];

	(void)state;
	assert_int_equal(sharing_receipt_path(
	                     path, sizeof path, folder, "so-gddt", NAME, SHARING_WAS_TAKEN),
	    OK);
	assert_int_equal(file_write_atomic(path, SLICE_LIT("{\"format\":"), 0600), OK);
	assert_int_equal(sharing_look(&found, folder, "so-gddt", NAME), OK);
	assert_int_equal(found.word, SHARING_WAS_TAKEN);
	assert_int_equal(found.status, 0);
	remove_receipt(SHARING_WAS_TAKEN);
}

static void no_name_leads_out_of_the_folder(void **state)
{
	char path[FILE_PATH_BYTES];

	(void)state;
	assert_int_equal(sharing_receipt_path(
	                     path, sizeof path, folder, "../x", NAME, SHARING_WAS_TAKEN),
	    ERR_RANGE);
	assert_int_equal(sharing_receipt_path(path, sizeof path, folder, "so-gddt",
	                     "../../etc/passwd", SHARING_WAS_TAKEN),
	    ERR_RANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_receipt_says_who_took_what),
	    cmocka_unit_test(a_refusal_keeps_what_was_said),
	    cmocka_unit_test(a_receipt_that_cannot_be_read_still_counts),
	    cmocka_unit_test(no_name_leads_out_of_the_folder),
	};
	return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
