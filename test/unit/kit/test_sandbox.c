#include "kit/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

static bool status_says(const char *line)
{
	struct buf status = BUF_INIT(64 << 10);

	bool found = file_read("/proc/self/status", &status) == OK &&
	    strstr(buf_cstr(&status), line) != NULL;
	buf_deinit(&status);
	return found;
}

/* What is done cannot be undone, so it is done in a process of its own. */
static int status_of(void (*body)(void))
{
	int status = -1;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		body();
		_exit(99);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void enter_and_look(void)
{
	struct diag why = {0};
	int at_death = 0;

	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (sandbox_enter(geteuid() == 0 ? "nobody" : "", &why) != OK)
		_exit(1);
	if (!status_says("CapEff:\t0000000000000000") ||
	    !status_says("CapPrm:\t0000000000000000"))
		_exit(2);
	if (!status_says("NoNewPrivs:\t1"))
		_exit(3);
	if (geteuid() == 0 || setuid(0) == 0)
		_exit(4);
	if (prctl(PR_GET_PDEATHSIG, &at_death) != 0 || at_death != SIGTERM)
		_exit(5);
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		_exit(6);
	_exit(0);
}

static void a_child_becomes_powerless_and_still_dies_with_its_parent(void **state)
{
	(void)state;
	assert_int_equal(status_of(enter_and_look), 0);
}

static void stay_root_and_look(void)
{
	struct diag why = {0};
	uid_t before = geteuid();

	if (sandbox_enter("", &why) != OK || geteuid() != before)
		_exit(1);
	_exit(status_says("CapEff:\t0000000000000000") ? 0 : 2);
}

static void without_a_user_the_rights_go_all_the_same(void **state)
{
	(void)state;
	assert_int_equal(status_of(stay_root_and_look), 0);
}

static void keep_and_enter(void)
{
	struct diag why = {0};

	if (sandbox_keep_for_children(&why) != OK)
		_exit(1);
	if (geteuid() == 0 && !status_says("CapBnd:\t00000000000001e2"))
		_exit(2);
	enter_and_look();
}

static void a_supervisor_keeps_what_its_children_need_to_become_powerless(void **state)
{
	(void)state;
	assert_int_equal(status_of(keep_and_enter), 0);
}

static void an_unknown_user_is_told_how_to_be_made(void **state)
{
	(void)state;
	struct sandbox_user user;
	struct diag why = {0};

	assert_int_equal(
	    sandbox_find_user("no-such-user-here", &user, &why), ERR_NOT_FOUND);
	assert_non_null(strstr(why.text, "useradd --system no-such-user-here"));
	assert_int_equal(sandbox_find_user("", &user, &why), OK);
	assert_int_equal(user.uid, geteuid());
}

static void folders_are_made_once_and_judged_ever_after(void **state)
{
	(void)state;
	char base[] = "/tmp/lachan-sandbox-XXXXXX";
	char path[64];
	struct sandbox_user me = {geteuid(), getegid()};
	struct diag why = {0};
	struct stat st;

	assert_non_null(mkdtemp(base));
	(void)snprintf(path, sizeof path, "%s/run", base);
	assert_int_equal(sandbox_make_folder(path, 0750, me, &why), OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0750);
	assert_int_equal(sandbox_make_folder(path, 0750, me, &why), OK);
	assert_int_equal(chmod(path, 0777), 0);
	assert_int_equal(sandbox_make_folder(path, 0750, me, &why), ERR_DENIED);
	assert_non_null(strstr(why.text, "chmod o-w"));
	assert_int_equal(rmdir(path), 0);
	(void)snprintf(path, sizeof path, "%s/a/b", base);
	assert_int_equal(sandbox_make_folder(path, 0750, me, &why), ERR_IO);
	assert_int_equal(rmdir(base), 0);
}

static void a_folder_of_another_is_left_as_it_is(void **state)
{
	(void)state;
	char base[] = "/tmp/lachan-sandbox-XXXXXX";
	struct sandbox_user other = {geteuid() + 1, getegid()};
	struct diag why = {0};
	struct stat st;

	if (geteuid() != 0)
		skip();
	assert_non_null(mkdtemp(base));
	assert_int_equal(sandbox_make_folder(base, 0750, other, &why), ERR_DENIED);
	assert_non_null(strstr(why.text, "chown -R"));
	assert_int_equal(stat(base, &st), 0);
	assert_int_equal(st.st_uid, geteuid());
	assert_int_equal(rmdir(base), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_child_becomes_powerless_and_still_dies_with_its_parent),
	    cmocka_unit_test(without_a_user_the_rights_go_all_the_same),
	    cmocka_unit_test(a_supervisor_keeps_what_its_children_need_to_become_powerless),
	    cmocka_unit_test(an_unknown_user_is_told_how_to_be_made),
	    cmocka_unit_test(folders_are_made_once_and_judged_ever_after),
	    cmocka_unit_test(a_folder_of_another_is_left_as_it_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
