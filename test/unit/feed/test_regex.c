#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "unit/feed/reading.h"

static void expressions_are_kept_as_they_stand(void **state)
{
	(void)state;
	expect_rules("regex",
	    "# note\n(^|\\.)ads[0-9]*\\.a\\.vn$\n^stat(s|istics)?[0-9]*[_.-] # note\n",
	    "/(^|\\.)ads[0-9]*\\.a\\.vn$/@2, /^stat(s|istics)?[0-9]*[_.-]/@3");
}

static void those_that_spell_a_name_become_names(void **state)
{
	(void)state;
	expect_rules("regex",
	    "(^|\\.)a\\.vn$\n(\\.|^)B\\.vn$\n^c\\.vn$\n^(.+\\.)?d-e\\.vn$\n(?:^|\\.)f\\.vn$\n",
	    "subtree a.vn@1, subtree b.vn@2, exact c.vn@3, subtree d-e.vn@4, subtree f.vn@5");
	expect_rules("regex", "(^|\\.)a.vn$\na\\.vn$\n^a\\.vn\n",
	    "/(^|\\.)a.vn$/@1, /a\\.vn$/@2, /^a\\.vn/@3");
}

static void options_are_kept(void **state)
{
	(void)state;
	expect_rules("regex",
	    "^ads\\.;querytype=A,AAAA\n^ads\\.;querytype=!HTTPS\n^a\\.vn$;reply=NXDOMAIN\n^b\\.vn$;reply=10.0.0.1;querytype=A\n^c\\.vn$;reply=IP\n^d\\.vn$;reply=none\n",
	    "/^ads\\./ A AAAA@1, /^ads\\./ ~HTTPS@2, exact a.vn =nxdomain@3, exact b.vn A =A 10.0.0.1@4, exact c.vn@5, exact d.vn =drop@6");
}

static void what_cannot_be_honoured_is_refused(void **state)
{
	(void)state;
	expect_refused("regex", "a\\.vn$;invert", FEED_BROAD);
	expect_refused("regex", "a\\.vn$;nonsense", FEED_MODIFIER);
	expect_refused("regex", "a\\.vn$;querytype=NONSENSE", FEED_VALUE);
	expect_refused("regex", "a\\.vn$;reply=nonsense", FEED_VALUE);
	expect_refused("regex", "(a", FEED_BAD_PATTERN);
	expect_refused("regex", "a b", FEED_BAD_LINE);
	expect_refused("regex", ".*", FEED_BROAD);
	expect_refused("regex", "^[a-z]", FEED_BROAD);
	expect_refused("regex", "\\.tk$", FEED_TLD);
	expect_refused("regex", "(^|\\.)tk$", FEED_TLD);
	expect_refused("regex", "^1\\.2\\.3\\.4$", FEED_ADDRESS);
	char text[2100];

	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = 0;
	expect_refused("regex", text, FEED_BAD_PATTERN);
}

static void a_catastrophic_expression_is_cut_and_kept(void **state)
{
	(void)state;
	expect_rules("regex", "^x(([a-z])+.)+[A-Z]([0-9])+z$\n",
	    "/^x(([a-z])+.)+[A-Z]([0-9])+z$/@1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(expressions_are_kept_as_they_stand),
	    cmocka_unit_test(those_that_spell_a_name_become_names),
	    cmocka_unit_test(options_are_kept),
	    cmocka_unit_test(what_cannot_be_honoured_is_refused),
	    cmocka_unit_test(a_catastrophic_expression_is_cut_and_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
