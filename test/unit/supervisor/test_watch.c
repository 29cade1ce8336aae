#include "supervisor/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit/process.h"

/* A process that does nothing, or computes, until it is killed. */
static pid_t start(bool computes)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		volatile unsigned sum = 0;
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (computes)
			sum++;
		for (;;)
			(void)pause();
	}
	return pid;
}

static struct child child_of(pid_t pid, enum child_state state)
{
	return (struct child){.program = "lachan-test", .state = state, .pid = pid};
}

static void wait_until(pid_t pid, enum process_state state)
{
	while (process_state(pid) != state)
		(void)usleep(1000);
}

static bool was_killed(pid_t pid, int options)
{
	int status = 0;

	return waitpid(pid, &status, options) == pid && WIFSIGNALED(status) &&
	    WTERMSIG(status) == SIGKILL;
}

static void watch_for(struct child *child, unsigned seconds)
{
	for (unsigned i = 0; i < seconds; i++)
		watch_child(child);
}

static void end(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	assert_true(was_killed(pid, 0));
}

static void a_child_that_falls_silent_is_killed_after_ten_seconds(void **state)
{
	(void)state;
	pid_t pid = start(false);
	struct child child = child_of(pid, CHILD_READY);

	wait_until(pid, PROCESS_WAITING);
	watch_for(&child, WATCH_SILENT_S - 1);
	assert_false(was_killed(pid, WNOHANG));
	watch_for(&child, 1);
	assert_true(was_killed(pid, 0));
}

static void a_stopped_one_is_killed_too(void **state)
{
	(void)state;
	pid_t pid = start(false);
	struct child child = child_of(pid, CHILD_READY);

	assert_int_equal(kill(pid, SIGSTOP), 0);
	wait_until(pid, PROCESS_STOPPED);
	watch_for(&child, WATCH_SILENT_S);
	assert_true(was_killed(pid, 0));
}

static void one_that_computes_gets_a_minute(void **state)
{
	(void)state;
	pid_t pid = start(true);
	struct child child = child_of(pid, CHILD_READY);

	wait_until(pid, PROCESS_BUSY);
	watch_for(&child, WATCH_BUSY_S - 1);
	assert_false(was_killed(pid, WNOHANG));
	watch_for(&child, 1);
	assert_true(was_killed(pid, 0));
}

static void a_slow_start_gets_two_minutes(void **state)
{
	(void)state;
	pid_t pid = start(false);
	struct child child = child_of(pid, CHILD_STARTING);

	wait_until(pid, PROCESS_WAITING);
	watch_for(&child, WATCH_STARTING_S - 1);
	assert_false(was_killed(pid, WNOHANG));
	watch_for(&child, 1);
	assert_true(was_killed(pid, 0));
}

static void one_word_is_enough(void **state)
{
	(void)state;
	pid_t pid = start(false);
	struct child child = child_of(pid, CHILD_READY);

	wait_until(pid, PROCESS_WAITING);
	for (int i = 0; i < 20; i++) {
		watch_for(&child, WATCH_SILENT_S - 1);
		child.silent_s = 0; /* as child.c does for every message */
		child.idle_looks = 0;
	}
	assert_false(was_killed(pid, WNOHANG));
	end(pid);
}

static void in_a_debugger_it_may_be_silent(void **state)
{
	(void)state;
	pid_t pid = start(false);
	struct child child = child_of(pid, CHILD_READY);

	wait_until(pid, PROCESS_WAITING);
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) != 0) {
		end(pid);
		skip();
	}
	assert_int_equal(ptrace(PTRACE_INTERRUPT, pid, NULL, NULL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(process_is_traced(pid));
	watch_for(&child, 3 * WATCH_BUSY_S);
	assert_false(was_killed(pid, WNOHANG));
	end(pid);
}

static void one_that_ends_or_has_ended_is_left_alone(void **state)
{
	(void)state;
	pid_t pid = start(false);
	struct child child = child_of(pid, CHILD_READY);

	wait_until(pid, PROCESS_WAITING);
	child.ending = true;
	watch_for(&child, 2 * WATCH_BUSY_S);
	assert_false(was_killed(pid, WNOHANG));
	child.ending = false;
	child.pid = 0;
	watch_for(&child, 2 * WATCH_BUSY_S);
	assert_false(was_killed(pid, WNOHANG));
	end(pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_child_that_falls_silent_is_killed_after_ten_seconds),
	    cmocka_unit_test(a_stopped_one_is_killed_too),
	    cmocka_unit_test(one_that_computes_gets_a_minute),
	    cmocka_unit_test(a_slow_start_gets_two_minutes),
	    cmocka_unit_test(one_word_is_enough),
	    cmocka_unit_test(in_a_debugger_it_may_be_silent),
	    cmocka_unit_test(one_that_ends_or_has_ended_is_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
