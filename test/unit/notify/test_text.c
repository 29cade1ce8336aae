#include "notify/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void expect(const struct due *due, const char *wanted)
{
	struct buf text = BUF_INIT(TEXT_MAX_BYTES);

	text_write(&text, due);
	assert_string_equal(buf_cstr(&text), wanted);
	buf_deinit(&text);
}

static void messages_are_counted_and_nothing_more(void **state)
{
	(void)state;
	expect(&(struct due){.messages = 1}, "1 new message\n");
	expect(&(struct due){.messages = 12}, "12 new messages\n");
}

static void a_trial_says_so(void **state)
{
	(void)state;
	expect(
	    &(struct due){.trial = true}, "a trial: notices of the gateway arrive here\n");
}

static void each_state_has_its_sentence(void **state)
{
	(void)state;
	expect(&(struct due){.unfiltered = DUE_BEGAN},
	    "the gateway does not filter, or not for everybody (lachanctl status)\n");
	expect(&(struct due){.unfiltered = DUE_ENDED},
	    "the gateway filters again, for everybody\n");
	expect(&(struct due){.unfiltered = DUE_WAS},
	    "for a while the gateway did not filter; now it does again\n");
	expect(&(struct due){.feeds = 1}, "1 list is out of date (lachanctl feeds)\n");
	expect(&(struct due){.feeds = 3}, "3 lists are out of date (lachanctl feeds)\n");
}

static void what_is_due_together_is_told_together(void **state)
{
	struct due due = {.messages = 2,
	    .feeds = 1,
	    .disk_full = true,
	    .not_shared = true,
	    .unfiltered = DUE_BEGAN};

	(void)state;
	expect(&due,
	    "2 new messages\n"
	    "the gateway does not filter, or not for everybody (lachanctl status)\n"
	    "the gateway's disk is nearly full, or takes nothing more\n"
	    "1 list is out of date (lachanctl feeds)\n"
	    "summaries wait that should have been shared a week ago\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(messages_are_counted_and_nothing_more),
	    cmocka_unit_test(a_trial_says_so),
	    cmocka_unit_test(each_state_has_its_sentence),
	    cmocka_unit_test(what_is_due_together_is_told_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
