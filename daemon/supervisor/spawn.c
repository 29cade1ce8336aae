#include "supervisor/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"

enum {
	STATUS_NOT_EXECUTED = 127,
	NAMES_BYTES = SOCKETS_MAX * SOCKETS_NAME_BYTES
};

/* What the new process gets, in the order of its descriptors. */
struct plan {
	size_t count;  /* of `fds` */
	size_t listed; /* of these, those LISTEN_FDS counts */
	int fds[SOCKETS_MAX + 2];
	char names[NAMES_BYTES]; /* "link:dns-udp:..." */
	char number[3][16];      /* LISTEN_PID, LISTEN_FDS, LACHAN_CONFIG_FD */
};

static void plan_add(struct plan *plan, int fd, const char *name)
{
	size_t at = strlen(plan->names);

	plan->fds[plan->count++] = fd;
	plan->listed++;
	(void)snprintf(
	    plan->names + at, sizeof plan->names - at, "%s%s", at > 0 ? ":" : "", name);
}

static void make_plan(struct plan *plan, const struct spawn *what)
{
	plan->count = 0;
	plan->listed = 0;
	plan->names[0] = 0;
	if (what->link_fd >= 0)
		plan_add(plan, what->link_fd, SOCKETS_LINK);
	for (size_t i = 0; what->sockets != NULL && i < what->sockets->count; i++)
		if (what->sockets->items[i].fd >= 0)
			plan_add(
			    plan, what->sockets->items[i].fd, what->sockets->items[i].name);
	if (what->config_fd >= 0)
		plan->fds[plan->count++] = what->config_fd;
}

/* Puts fds[i] at 3 + i, without CLOEXEC. First all go above the places, since a source
 * may stand where another belongs. */
static bool place_descriptors(struct plan *plan)
{
	int above = SOCKETS_FIRST_FD + (int)plan->count;

	for (size_t i = 0; i < plan->count; i++) {
		plan->fds[i] = fcntl(plan->fds[i], F_DUPFD_CLOEXEC, above);
		if (plan->fds[i] < 0)
			return false;
	}
	for (size_t i = 0; i < plan->count; i++)
		if (dup2(plan->fds[i], SOCKETS_FIRST_FD + (int)i) < 0)
			return false;
	return true;
}

static bool set_variables(struct plan *plan, bool with_config)
{
	(void)snprintf(plan->number[0], sizeof plan->number[0], "%ld", (long)getpid());
	(void)snprintf(plan->number[1], sizeof plan->number[1], "%zu", plan->listed);
	(void)snprintf(plan->number[2], sizeof plan->number[2], "%zu",
	    SOCKETS_FIRST_FD + plan->listed);
	return setenv("LISTEN_PID", plan->number[0], 1) == 0 &&
	    setenv("LISTEN_FDS", plan->number[1], 1) == 0 &&
	    setenv("LISTEN_FDNAMES", plan->names, 1) == 0 &&
	    (!with_config || setenv("LACHAN_CONFIG_FD", plan->number[2], 1) == 0);
}

static void default_signals(void)
{
	static const int ours[] = {SIGHUP, SIGINT, SIGTERM, SIGCHLD, SIGPIPE};
	sigset_t none;

	for (size_t i = 0; i < COUNT_OF(ours); i++)
		(void)signal(ours[i], SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the new process; never returns. */
static void become(struct plan *plan, const struct spawn *what)
{
	char *argv[SPAWN_ARGUMENTS_MAX + 2] = {NULL};

	argv[0] = strdup(what->path);
	for (size_t i = 0; i < SPAWN_ARGUMENTS_MAX && what->arguments[i] != NULL; i++)
		argv[i + 1] = strdup(what->arguments[i]);
	default_signals();
	(void)setpgid(0, 0);
	if (argv[0] != NULL && place_descriptors(plan) &&
	    set_variables(plan, what->config_fd >= 0))
		(void)execv(what->path, argv);
	(void)dprintf(STDERR_FILENO, "%s: %s\n", what->path, strerror(errno));
	_exit(STATUS_NOT_EXECUTED);
}

enum err spawn_program(const struct spawn *what, pid_t *pid)
{
	static struct plan plan; /* large, and one at a time */

	make_plan(&plan, what);
	pid_t supervisor = getpid();
	pid_t child = fork();
	if (child < 0)
		return ERR_IO;
	if (child == 0) {
		/* Killed now, it would leave us behind with its sockets until we have looked
		 * around (kit/sandbox.h) ourselves. */
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != supervisor)
			_exit(STATUS_NOT_EXECUTED);
		become(&plan, what);
	}
	*pid = child;
	return OK;
}

void spawn_describe_end(char *out, size_t size, int status)
{
	if (WIFSIGNALED(status))
		(void)snprintf(out, size, "signal %d (%s)", WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	else if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_NOT_EXECUTED)
		(void)snprintf(out, size, "status 127 (could not be executed)");
	else
		(void)snprintf(out, size, "status %d",
		    WIFEXITED(status) ? WEXITSTATUS(status) : status);
}
