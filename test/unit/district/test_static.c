/* The files that browsers load are in the program as they are in the tree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "district/static.h"

static void every_file_is_there_byte_by_byte(void **state)
{
	size_t count = 0;
	const struct static_file *all = static_all(&count);

	(void)state;
	assert_int_equal(count, 5);
	for (size_t i = 0; i < count; i++) {
		struct buf file = BUF_INIT(1 << 20);
		char path[512];
		(void)snprintf(path, sizeof path,
		    TEST_SOURCE_DIR "/daemon/district/static/%s", all[i].name);
		assert_int_equal(file_read(path, &file), OK);
		assert_true(slice_equal(all[i].content, buf_slice(&file)));
		assert_int_equal(strlen(all[i].hash), 16);
		buf_deinit(&file);
	}
}

static void types_are_what_browsers_want(void **state)
{
	(void)state;
	assert_string_equal(static_find("district.css")->type, "text/css; charset=utf-8");
	assert_string_equal(
	    static_find("district.js")->type, "text/javascript; charset=utf-8");
	assert_string_equal(static_find("leaf.svg")->type, "image/svg+xml");
	assert_null(static_find("README.md"));
	assert_null(static_find("../words.def"));
	assert_null(static_find(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_file_is_there_byte_by_byte),
	    cmocka_unit_test(types_are_what_browsers_want),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
