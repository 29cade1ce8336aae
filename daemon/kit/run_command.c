#include "kit/run_command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	STATUS_NOT_EXECUTED = 127,
	LOOK_EVERY_MS = 20
};

static uint64_t mono_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* In the new process; never returns. Descriptors above 2 are close-on-exec, all of them. */
static void become(const char *path, int input, pid_t parent)
{
	char *argv[] = {(char *)(uintptr_t)path, NULL};
	char *environment[] = {
	    (char[]){"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
	    NULL};
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	sigset_t none;

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)setpgid(0, 0);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent && nowhere >= 0 &&
	    dup2(input, STDIN_FILENO) >= 0 && dup2(nowhere, STDOUT_FILENO) >= 0 &&
	    dup2(nowhere, STDERR_FILENO) >= 0 && chdir("/") == 0)
		(void)execve(path, argv, environment);
	_exit(STATUS_NOT_EXECUTED);
}

/* As much as fits; a pipe holds more than any notice. */
static void hand_over(int fd, struct slice text)
{
	while (text.len > 0) {
		ssize_t n = write(fd, text.ptr, text.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* it does not want to read: its own business */
		text = (struct slice){text.ptr + n, text.len - (size_t)n};
	}
}

/* False: the time is up. */
static bool wait_for_end(pid_t pid, uint64_t until_ms, int *status)
{
	const struct timespec pause = {.tv_nsec = LOOK_EVERY_MS * 1000000L};

	for (;;) {
		siginfo_t info = {.si_pid = 0};
		/* Looked at, not taken: its number stays its own until its group is gone. */
		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		    info.si_pid == pid)
			break;
		if (mono_ms() >= until_ms)
			break;
		(void)nanosleep(&pause, NULL);
	}
	bool ended = mono_ms() < until_ms;
	(void)kill(-pid, SIGKILL);
	(void)kill(pid, SIGKILL); /* it may not have its group yet */
	while (waitpid(pid, status, 0) < 0 && errno == EINTR)
		;
	return ended || !WIFSIGNALED(*status);
}

static enum err judge(bool ended, int status, struct diag *why)
{
	if (!ended) {
		diag_set(why, "it took too long and was killed");
		return ERR_TIMEOUT;
	}
	if (WIFSIGNALED(status)) {
		diag_set(why, "signal %d ended it", WTERMSIG(status));
		return ERR_IO;
	}
	if (WEXITSTATUS(status) == 0)
		return OK;
	diag_set(why, "it ended with status %d%s", WEXITSTATUS(status),
	    WEXITSTATUS(status) == STATUS_NOT_EXECUTED ? " (could not be executed)" : "");
	return ERR_IO;
}

enum err command_run(
    const char *path, struct slice text, uint64_t timeout_ms, struct diag *why)
{
	uint64_t until_ms = mono_ms() + timeout_ms;
	pid_t parent = getpid();
	int ends[2];
	int status = 0;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
		diag_set(why, "pipe: %s", strerror(errno));
		return ERR_IO;
	}
	(void)fcntl(ends[0], F_SETFL, 0); /* it reads as it would from a file */
	pid_t pid = fork();
	if (pid == 0)
		become(path, ends[0], parent);
	if (pid > 0) {
		(void)setpgid(pid, pid); /* whoever of the two comes first */
		hand_over(ends[1], text);
	}
	(void)close(ends[0]);
	(void)close(ends[1]);
	if (pid < 0) {
		diag_set(why, "fork: %s", strerror(errno));
		return ERR_IO;
	}
	bool ended = wait_for_end(pid, until_ms, &status);
	return judge(ended, status, why);
}
