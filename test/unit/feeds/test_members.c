#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "feeds/members.h"

static struct members wanting(const char *wanted)
{
	return (struct members){.wanted = wanted, .comment = '#', .max_bytes = 10000};
}

static bool wants(const char *wanted, const char *path)
{
	struct members m = wanting(wanted);
	return members_wants(&m, slice_of(path));
}

static void without_a_name_files_called_as_lists_are_taken(void **state)
{
	(void)state;
	assert_true(wants("", "domains"));
	assert_true(wants("", "gambling/domains"));
	assert_true(wants("", "./blacklists/gambling/domains.12"));
	assert_false(wants("", "gambling/domains.invalid"));
	assert_false(wants("", "gambling/domains."));
	assert_false(wants("", "gambling/domains.99999"));
	assert_false(wants("", "gambling/mydomains"));
	assert_false(wants("", "gambling/domains/readme"));
	assert_false(wants("", "gambling/urls"));
	assert_false(wants("", "gambling/usage"));
	assert_false(wants("", "gambling/"));
	assert_false(wants("", ""));
}

static void a_folder_is_meant_by_whole_components(void **state)
{
	(void)state;
	assert_true(wants("gambling", "gambling/domains"));
	assert_true(wants("gambling", "blacklists/gambling/domains"));
	assert_true(wants("gambling/", "blacklists/gambling/domains"));
	assert_true(wants("blacklists/gambling", "./blacklists/gambling/domains"));
	assert_false(wants("gambling", "blacklists/online-gambling/domains"));
	assert_false(wants("gambling", "blacklists/gambling/usage"));
	assert_false(wants("gambling", "blacklists/gambling/more/domains"));
	assert_false(wants("gambling", "domains"));
}

static void a_file_is_meant_whatever_it_is_called(void **state)
{
	(void)state;
	assert_true(wants("lists/bets.txt", "x/lists/bets.txt"));
	assert_true(wants("bets.txt", "bets.txt"));
	assert_false(wants("bets.txt", "my-bets.txt"));
	assert_false(wants("bets.txt", "bets.txt.bak"));
}

static void squidguard_reads_urls_and_expressions(void **state)
{
	struct members m = wanting("adult");

	(void)state;
	m.squidguard = true;
	assert_true(members_wants(&m, slice_of("adult/urls")));
	assert_true(members_wants(&m, slice_of("adult/expressions")));
	assert_false(members_wants(&m, slice_of("adult/very_restrictive_expression")));
}

/* ---- the text ---- */

static enum err take(void *context, struct slice bytes, struct diag *why)
{
	(void)why;
	buf_append(context, bytes);
	return OK;
}

static void members_follow_each_other_behind_comment_lines(void **state)
{
	struct buf out = BUF_INIT(4096);
	struct members m = wanting("x");
	struct members_text t = {.members = &m, .piece = take, .context = &out};
	struct diag why;

	(void)state;
	assert_int_equal(members_begin(&t, slice_of("./x/domains"), &why), OK);
	assert_int_equal(members_write(&t, slice_of("a.example\nb.exa"), &why), OK);
	assert_int_equal(members_write(&t, slice_of("mple"), &why), OK);
	assert_int_equal(members_begin(&t, slice_of("x/domains.1\n\033[2J"), &why), OK);
	assert_int_equal(members_write(&t, slice_of("c.example\n"), &why), OK);
	assert_int_equal(members_end(&t, &why), OK);
	assert_string_equal(buf_cstr(&out),
	    "# member: x/domains\na.example\nb.example\n"
	    "# member: x/domains.1??[2J\nc.example\n");
	buf_deinit(&out);
}

static void two_folders_are_refused_when_none_was_named(void **state)
{
	struct buf out = BUF_INIT(4096);
	struct members m = wanting("");
	struct members_text t = {.members = &m, .piece = take, .context = &out};
	struct diag why;

	(void)state;
	assert_int_equal(members_begin(&t, slice_of("a/domains"), &why), OK);
	assert_int_equal(members_begin(&t, slice_of("a/domains.1"), &why), OK);
	assert_int_equal(members_begin(&t, slice_of("b/domains"), &why), ERR_FORMAT);
	assert_non_null(strstr(why.text, "several lists"));
	buf_deinit(&out);
}

static void more_than_the_ceiling_is_refused(void **state)
{
	struct buf out = BUF_INIT(100000);
	struct members m = wanting("x");
	struct members_text t = {.members = &m, .piece = take, .context = &out};
	struct diag why;
	char block[4000];

	(void)state;
	memset(block, 'a', sizeof block);
	assert_int_equal(members_begin(&t, slice_of("x/domains"), &why), OK);
	struct slice bytes = {(const uint8_t *)block, sizeof block};
	assert_int_equal(members_write(&t, bytes, &why), OK);
	assert_int_equal(members_write(&t, bytes, &why), OK);
	assert_int_equal(members_write(&t, bytes, &why), ERR_FULL);
	buf_deinit(&out);
}

static void each_member_must_begin_as_a_list_can(void **state)
{
	struct buf out = BUF_INIT(4096);
	struct members m = wanting("x");
	struct members_text t = {.members = &m, .piece = take, .context = &out};
	struct diag why;

	(void)state;
	assert_int_equal(members_begin(&t, slice_of("x/domains"), &why), OK);
	assert_int_equal(members_write(&t, slice_of("a.example\n"), &why), OK);
	assert_int_equal(members_begin(&t, slice_of("x/domains.1"), &why), OK);
	assert_int_equal(
	    members_write(&t, slice_of("<html><body>log in</body></html>"), &why),
	    ERR_FORMAT);
	buf_deinit(&out);
}

static void an_archive_without_a_list_says_so(void **state)
{
	struct members m = wanting("");
	struct members_text t = {.members = &m, .piece = take};
	struct diag why;

	(void)state;
	assert_int_equal(members_end(&t, &why), ERR_FORMAT);
	assert_non_null(strstr(why.text, "\"domains\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_a_name_files_called_as_lists_are_taken),
	    cmocka_unit_test(a_folder_is_meant_by_whole_components),
	    cmocka_unit_test(a_file_is_meant_whatever_it_is_called),
	    cmocka_unit_test(squidguard_reads_urls_and_expressions),
	    cmocka_unit_test(members_follow_each_other_behind_comment_lines),
	    cmocka_unit_test(two_folders_are_refused_when_none_was_named),
	    cmocka_unit_test(more_than_the_ceiling_is_refused),
	    cmocka_unit_test(each_member_must_begin_as_a_list_can),
	    cmocka_unit_test(an_archive_without_a_list_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
