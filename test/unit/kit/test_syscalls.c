#include "kit/syscalls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit/sandbox.h"
#include "kit/syscall_lists.h"

enum {
	UNSUPPORTED = 77
};

/* What is limited stays so: each trial is a process of its own. Its exit status is the
 * trial's; a signal is minus its number. */
static int status_of(int (*trial)(void), enum syscalls_program program)
{
	int status = -1;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct diag why = {.text = ""};
		if (sandbox_enter(geteuid() == 0 ? "nobody" : "", &why) != OK)
			_exit(98);
		enum err rc = syscalls_limit(program, &why);
		if (rc == ERR_UNSUPPORTED)
			_exit(UNSUPPORTED);
		_exit(rc == OK ? trial() : 99);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void expect(int (*trial)(void), enum syscalls_program program, int wanted)
{
	int got = status_of(trial, program);

	if (got == UNSUPPORTED)
		skip();
	assert_int_equal(got, wanted);
}

static bool refused(long result)
{
	return result == -1 && (errno == EPERM || errno == ENOSYS);
}

static int start_programs(void)
{
	char *argv[] = {(char[]){"true"}, NULL};

	if (!refused(execv("/bin/true", argv)))
		return 1;
	if (!refused(syscall(SYS_execveat, AT_FDCWD, "/bin/true", argv, NULL, 0)))
		return 2;
	return refused(fork()) ? 0 : 3;
}

static int trace_others(void)
{
	if (syscall_lists_exact && !refused(ptrace(PTRACE_TRACEME, 0, NULL, NULL)))
		return 1;
	if (!refused(syscall(SYS_process_vm_writev, getppid(), NULL, 0, NULL, 0, 0)))
		return 2;
	if (!refused(kill(getppid(), 0)))
		return 3;
	return refused(syscall(SYS_tgkill, getppid(), getppid(), 0)) ? 0 : 4;
}

static int open_odd_sockets(void)
{
	if (!refused(socket(AF_PACKET, SOCK_RAW, 0)))
		return 1;
	if (!refused(socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER)))
		return 2;
	if (!refused(socket(AF_ALG, SOCK_SEQPACKET, 0)))
		return 3;
	return refused(socket(AF_VSOCK, SOCK_STREAM, 0)) ? 0 : 4;
}

static int make_code(void)
{
	void *page =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return 1;
	if (!refused(mprotect(page, 4096, PROT_READ | PROT_EXEC)))
		return 2;
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return page == MAP_FAILED && (errno == EPERM || errno == ENOSYS) ? 0 : 3;
}

static int change_the_machine(void)
{
	static const long calls[] = {SYS_mount, SYS_unshare, SYS_bpf, SYS_keyctl, SYS_setns,
	    SYS_init_module, SYS_perf_event_open, SYS_io_uring_setup, SYS_userfaultfd,
	    SYS_settimeofday};

	for (size_t i = 0; i < COUNT_OF(calls); i++)
		if (!refused(syscall(calls[i], 0, 0, 0, 0, 0, 0)))
			return 1 + (int)i;
	return 0;
}

static int write_a_file(void)
{
	return refused(mkdir("/tmp/lachan-syscalls-never", 0700)) &&
	        refused(unlink("/tmp/lachan-syscalls-never"))
	    ? 0
	    : 1;
}

/* As root, so that nobody but the list says no. */
static int open_to_write(void)
{
	static const int flags[] = {O_WRONLY, O_RDWR, O_RDONLY | O_CREAT,
	    O_WRONLY | O_CREAT | O_TRUNC, O_RDONLY | O_TRUNC};

	for (size_t i = 0; i < COUNT_OF(flags); i++)
		if (!refused(open("/tmp/lachan-syscalls-never", flags[i], 0600)))
			return 1 + (int)i;
	int fd = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);
	return fd < 0 || close(fd) != 0 ? 99 : 0;
}

static int open_null_to_write(void)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	return fd < 0 || close(fd) != 0;
}

static void *nothing(void *context)
{
	return context;
}

static int work(void)
{
	pthread_t thread;
	int pair[2];
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || close(fd) != 0)
		return 1;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || close(fd) != 0)
		return 2;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0 || close(fd) != 0)
		return 3;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
		return 4;
	if (pthread_create(&thread, NULL, nothing, NULL) != 0 ||
	    pthread_join(thread, NULL) != 0)
		return 5;
	return 0;
}

static int call_mount(void)
{
	return (int)syscall(SYS_mount, 0, 0, 0, 0, 0);
}

static int strictly_call_mount(void)
{
	(void)close(STDERR_FILENO); /* it says what it was, to nobody here */
	return call_mount();
}

static int run_a_child(void)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(1);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 2;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 3;
}

static int abort_at_once(void)
{
	abort();
}

static void every_child_is_kept_from_the_ways_out(void **state)
{
	(void)state;
	static const enum syscalls_program children[] = {SYSCALLS_FILTER, SYSCALLS_PAGE,
	    SYSCALLS_FEEDS, SYSCALLS_DESK, SYSCALLS_NOTIFY, SYSCALLS_SHARE,
	    SYSCALLS_DISTRICT};

	for (size_t i = 0; i < COUNT_OF(children); i++) {
		expect(start_programs, children[i], 0);
		expect(trace_others, children[i], 0);
		expect(open_odd_sockets, children[i], 0);
		expect(make_code, children[i], 0);
		expect(change_the_machine, children[i], 0);
	}
}

static void the_page_writes_no_file(void **state)
{
	(void)state;
	expect(open_null_to_write, SYSCALLS_DESK, 0);
#ifndef LACHAN_COVERAGE
	expect(open_to_write, SYSCALLS_PAGE, 0);
#endif
	if (!syscall_lists_exact)
		skip(); /* gcov makes folders */
	expect(write_a_file, SYSCALLS_PAGE, 0);
}

static void ordinary_work_goes_on(void **state)
{
	(void)state;
	expect(work, SYSCALLS_FILTER, 0);
	expect(work, SYSCALLS_FEEDS, 0);
}

static void a_broken_invariant_still_ends_the_program(void **state)
{
	(void)state;
	expect(abort_at_once, SYSCALLS_FILTER, -SIGABRT);
}

static void the_supervisor_starts_programs_and_changes_no_machine(void **state)
{
	(void)state;
	expect(run_a_child, SYSCALLS_SUPERVISOR, 0);
	expect(change_the_machine, SYSCALLS_SUPERVISOR, 0);
}

static void strict_mode_ends_the_program(void **state)
{
	(void)state;
	assert_int_equal(setenv(SYSCALLS_STRICT_VARIABLE, "1", 1), 0);
	expect(strictly_call_mount, SYSCALLS_FILTER, 128 + SIGSYS);
	expect(work, SYSCALLS_FILTER, 0);
	assert_int_equal(setenv(SYSCALLS_STRICT_VARIABLE, "", 1), 0);
	expect(call_mount, SYSCALLS_FILTER, 255);
	assert_int_equal(unsetenv(SYSCALLS_STRICT_VARIABLE), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_child_is_kept_from_the_ways_out),
	    cmocka_unit_test(the_page_writes_no_file),
	    cmocka_unit_test(ordinary_work_goes_on),
	    cmocka_unit_test(a_broken_invariant_still_ends_the_program),
	    cmocka_unit_test(the_supervisor_starts_programs_and_changes_no_machine),
	    cmocka_unit_test(strict_mode_ends_the_program),
	};
	(void)unsetenv(SYSCALLS_STRICT_VARIABLE);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
