#include "feed/suffix.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static bool may_be(const char *text)
{
	struct name_buf name;

	assert_int_equal(name_from_text(&name, slice_of(text), NULL), OK);
	return feed_may_be_public_suffix(name_of(&name));
}

static void common_names_need_no_question(void **state)
{
	(void)state;
	assert_false(may_be("example.com"));
	assert_false(may_be("www.example.net"));
	assert_false(may_be("example.website"));
	assert_false(may_be("a.b.c.d.e.vn"));
}

static void suffixes_and_what_may_become_one_are_asked(void **state)
{
	(void)state;
	assert_true(may_be("edu.vn"));
	assert_true(may_be("com.vn"));
	assert_true(may_be("co.uk"));
	assert_true(may_be("pvt.k12.ma.us"));
	assert_true(may_be("com.tv"));
}

/* No line of the registries' part of the list that this machine has may be answered "no". */
static void every_suffix_of_the_installed_list_is_asked(void **state)
{
	(void)state;
	FILE *list = fopen("/usr/share/publicsuffix/public_suffix_list.dat", "r");
	char line[512];
	unsigned seen = 0;

	if (list == NULL)
		skip();
	while (fgets(line, sizeof line, list) != NULL) {
		if (strstr(line, "BEGIN PRIVATE") != NULL)
			break;
		struct slice text = slice_trim(slice_of(line));
		struct name_buf name;
		if (text.len == 0 || text.ptr[0] == '/' || text.ptr[0] == '!')
			continue;
		if (line[0] == '*')
			line[0] = 'x'; /* every name there is a suffix */
		if (memchr(text.ptr, '.', text.len) == NULL ||
		    name_from_text(&name, text, NULL) != OK)
			continue; /* a top-level domain, or one in U-labels */
		assert_true(feed_may_be_public_suffix(name_of(&name)));
		seen++;
	}
	(void)fclose(list);
	assert_true(seen > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(common_names_need_no_question),
	    cmocka_unit_test(suffixes_and_what_may_become_one_are_asked),
	    cmocka_unit_test(every_suffix_of_the_installed_list_is_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
