#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "unit/feed/reading.h"

static void the_three_files_are_told_apart(void **state)
{
	(void)state;
	expect_rules("squidguard",
	    "# note\na.vn\n.b.vn\nc.vn/\nhttp://d.vn/\n(casino|poker)\n(^|\\.)e\\.vn$\n",
	    "subtree a.vn@2, subtree b.vn@3, subtree c.vn@4, subtree d.vn@5, /(casino|poker)/@6, subtree e.vn@7");
}

static void pages_are_refused_and_counted_apart(void **state)
{
	(void)state;
	expect_refused("squidguard", "a.vn/page", FEED_PAGE);
	expect_refused("squidguard", "a.vn/?x=1", FEED_PAGE);
	expect_refused("squidguard", "1.2.3.4/", FEED_ADDRESS);
	expect_refused("squidguard", "1.2.3.4", FEED_ADDRESS);
	expect_refused("squidguard", "(/banner/|/ads/)", FEED_PAGE);
	expect_refused("squidguard", "(^|[-\\?+=/_])sex", FEED_PAGE);
	expect_refused("squidguard", "vn", FEED_TLD);
	expect_refused("squidguard", "a.vn:8080", FEED_PAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_three_files_are_told_apart),
	    cmocka_unit_test(pages_are_refused_and_counted_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
