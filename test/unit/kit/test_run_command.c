#include "kit/run_command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

enum {
	PLENTY_MS = 60 * 1000,
	SHORT_MS = 300
};

struct place {
	char folder[64];
	char script[96];
	char out[96];
};

static int make_place(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	if (p == NULL)
		return -1;
	(void)snprintf(p->folder, sizeof p->folder, "/tmp/lachan-command-XXXXXX");
	if (mkdtemp(p->folder) == NULL)
		return -1;
	(void)snprintf(p->script, sizeof p->script, "%s/script", p->folder);
	(void)snprintf(p->out, sizeof p->out, "%s/out", p->folder);
	*state = p;
	return 0;
}

static int remove_place(void **state)
{
	struct place *p = *state;

	(void)unlink(p->script);
	(void)unlink(p->out);
	(void)rmdir(p->folder);
	free(p);
	return 0;
}

static enum err run(const struct place *p, const char *lines, uint64_t timeout_ms)
{
	struct buf script = BUF_INIT(4096);
	struct diag why = {.text = ""};

	buf_printf(&script, "#!/bin/sh\nout=%s\n%s\n", p->out, lines);
	assert_int_equal(file_write_atomic(p->script, buf_slice(&script), 0700), OK);
	buf_deinit(&script);
	return command_run(p->script, SLICE_LIT("1 new message\n"), timeout_ms, &why);
}

static void assert_out(const struct place *p, const char *wanted)
{
	struct buf out = BUF_INIT(4096);

	assert_int_equal(file_read(p->out, &out), OK);
	assert_string_equal(buf_cstr(&out), wanted);
	buf_deinit(&out);
}

static void a_command_reads_the_words(void **state)
{
	assert_int_equal(run(*state, "cat > $out", PLENTY_MS), OK);
	assert_out(*state, "1 new message\n");
}

static void it_gets_no_argument_and_no_environment_but_path(void **state)
{
	assert_int_equal(setenv("LACHAN_SECRET", "x", 1), 0);
	assert_int_equal(
	    run(*state,
	        "echo $# > $out; tr '\\0' '\\n' < /proc/$$/environ >> $out; pwd >> $out",
	        PLENTY_MS),
	    OK);
	assert_out(*state,
	    "0\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n/\n");
}

static void a_command_that_fails_is_told_so(void **state)
{
	struct diag why = {.text = ""};

	assert_int_equal(run(*state, "exit 3", PLENTY_MS), ERR_IO);
	assert_int_equal(run(*state, "kill -9 $$", PLENTY_MS), ERR_IO);
	assert_int_equal(
	    command_run("/nowhere/at/all", SLICE_LIT("x"), PLENTY_MS, &why), ERR_IO);
	assert_string_equal(why.text, "it ended with status 127 (could not be executed)");
}

static void a_command_that_does_not_read_is_its_own_business(void **state)
{
	assert_int_equal(run(*state, "exec <&-; exit 0", PLENTY_MS), OK);
}

/* Until nobody has this number any more; what init has not buried yet is gone, too. */
static bool is_gone(pid_t pid)
{
	const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
	char path[64];

	(void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
	for (int i = 0; i < 1000; i++) {
		struct buf text = BUF_INIT(4096);
		bool there = file_read(path, &text) == OK;
		const char *end = strrchr(buf_cstr(&text), ')');
		bool dead = !there || end == NULL || end[2] == 'Z' || end[2] == 'X';
		buf_deinit(&text);
		if (dead)
			return true;
		(void)nanosleep(&pause, NULL);
	}
	return false;
}

static pid_t noted_pid(const struct place *p)
{
	struct buf out = BUF_INIT(64);
	uint64_t pid = 0;

	assert_int_equal(file_read(p->out, &out), OK);
	assert_true(slice_to_u64(slice_trim(buf_slice(&out)), INT32_MAX, &pid));
	buf_deinit(&out);
	return (pid_t)pid;
}

static void a_command_that_hangs_is_killed_with_its_group(void **state)
{
	/* Long enough that the number is there, however slow the machine. */
	assert_int_equal(
	    run(*state, "sleep 600 & echo $! > $out; sync; wait", 3000), ERR_TIMEOUT);
	assert_true(is_gone(noted_pid(*state)));
}

static void what_a_command_leaves_behind_goes_with_it(void **state)
{
	assert_int_equal(run(*state, "sleep 600 & echo $! > $out", PLENTY_MS), OK);
	assert_true(is_gone(noted_pid(*state)));
}

static void a_deaf_command_ends_all_the_same(void **state)
{
	assert_int_equal(
	    run(*state, "trap '' TERM INT HUP; sleep 600", SHORT_MS), ERR_TIMEOUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
	        a_command_reads_the_words, make_place, remove_place),
	    cmocka_unit_test_setup_teardown(
	        it_gets_no_argument_and_no_environment_but_path, make_place, remove_place),
	    cmocka_unit_test_setup_teardown(
	        a_command_that_fails_is_told_so, make_place, remove_place),
	    cmocka_unit_test_setup_teardown(
	        a_command_that_does_not_read_is_its_own_business, make_place, remove_place),
	    cmocka_unit_test_setup_teardown(
	        a_command_that_hangs_is_killed_with_its_group, make_place, remove_place),
	    cmocka_unit_test_setup_teardown(
	        what_a_command_leaves_behind_goes_with_it, make_place, remove_place),
	    cmocka_unit_test_setup_teardown(
	        a_deaf_command_ends_all_the_same, make_place, remove_place),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
