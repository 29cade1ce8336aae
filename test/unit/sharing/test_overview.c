/* How sharing stands: counted by recipient, held documents passed over. */
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

#include "base/attr.h"
#include "base/file.h"
#include "sharing/overview.h"

#define ID_A "d2460bb8-10e3-80ec-a15d-1016986a5ee9"
#define ID_B "e3460bb8-10e3-40ec-a15d-1016986a5ee9"
#define OLD  "u!20261118!20261119!" ID_A
#define NEW  "u!20261120!20261121!" ID_B

static const char *const FOLDERS[] = {"outbox", "sent", "sent/one", "sent/two", "sharing"};
static const char *const FILES[] = {"outbox/" OLD ".json.gz", "outbox/" NEW ".json.gz",
    "sent/one/" OLD ".json", "sent/two/" NEW ".refused.json", "sharing/one.state"};

static char root[] = "/tmp/lachan-test-XXXXXX";

static void path_of(char out[FILE_PATH_BYTES], const char *name)
{
	assert_int_equal(path_join(out, FILE_PATH_BYTES, root, name), OK);
}

static int make(void **state)
{
	struct sharing_state one = {.settings = "x", .delivered = 7, .stopped_s = 5};
	struct buf text = BUF_INIT(SHARING_STATE_MAX_BYTES);
	char path[FILE_PATH_BYTES];

	(void)state;
	assert_non_null(mkdtemp(root));
	for (size_t i = 0; i < COUNT_OF(FOLDERS); i++) {
		path_of(path, FOLDERS[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	sharing_state_write(&text, &one);
	for (size_t i = 0; i < COUNT_OF(FILES); i++) {
		path_of(path, FILES[i]);
		assert_int_equal(file_write_atomic(path, buf_slice(&text), 0600), OK);
	}
	buf_deinit(&text);
	return 0;
}

static int clean(void **state)
{
	char path[FILE_PATH_BYTES];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(FILES); i++) {
		path_of(path, FILES[i]);
		(void)unlink(path);
	}
	for (size_t i = COUNT_OF(FOLDERS); i-- > 0;) {
		path_of(path, FOLDERS[i]);
		(void)rmdir(path);
	}
	return rmdir(root);
}

static bool skip_a(void *context, const char *report_id)
{
	(void)context;
	return strcmp(report_id, ID_A) == 0;
}

static void each_recipient_has_its_own_count(void **state)
{
	static const char *const names[] = {"one", "two", "three"};
	const struct sharing_question q = {.state_dir = root, .names = names, .count = 3};
	struct sharing_overview found;

	(void)state;
	assert_int_equal(sharing_overview(&found, &q), OK);
	assert_int_equal(found.count, 3);
	assert_int_equal(found.waiting, 2);
	assert_int_equal(found.recipients[0].waiting, 1);
	assert_int_equal(found.recipients[0].oldest_day, 20261121);
	assert_true(found.recipients[0].tried);
	assert_int_equal(found.recipients[0].state.delivered, 7);
	assert_int_equal(found.recipients[0].state.stopped_s, 5);
	assert_int_equal(found.recipients[1].waiting, 1);
	assert_int_equal(found.recipients[1].oldest_day, 20261119);
	assert_false(found.recipients[1].tried);
	assert_int_equal(found.recipients[2].waiting, 2);
	assert_int_equal(found.recipients[2].oldest_day, 20261119);
}

static void what_somebody_holds_is_passed_over(void **state)
{
	static const char *const names[] = {"two", "three"};
	const struct sharing_question q = {
	    .state_dir = root, .names = names, .count = 2, .skip = skip_a};
	struct sharing_overview found;

	(void)state;
	assert_int_equal(sharing_overview(&found, &q), OK);
	assert_int_equal(found.recipients[0].waiting, 0);
	assert_int_equal(found.recipients[0].oldest_day, 0);
	assert_int_equal(found.recipients[1].waiting, 1);
	assert_int_equal(found.recipients[1].oldest_day, 20261121);
}

static void a_school_that_never_counted_has_nothing_waiting(void **state)
{
	const struct sharing_question q = {.state_dir = "/no/such/folder"};
	struct sharing_overview found;

	(void)state;
	assert_int_equal(sharing_overview(&found, &q), OK);
	assert_int_equal(found.waiting, 0);
	assert_int_equal(found.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_recipient_has_its_own_count),
	    cmocka_unit_test(what_somebody_holds_is_passed_over),
	    cmocka_unit_test(a_school_that_never_counted_has_nothing_waiting),
	};
	return cmocka_run_group_tests(tests, make, clean);
}
