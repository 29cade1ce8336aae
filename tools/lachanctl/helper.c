#include "lachanctl/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/words.h"

enum {
	WORDS_MAX = 16
};

/* The folder of this program. */
static bool find_here(char *out, size_t size)
{
	ssize_t len = readlink("/proc/self/exe", out, size - 1);

	if (len <= 0)
		return false;
	out[len] = 0;
	char *slash = strrchr(out, '/');
	if (slash == NULL)
		return false;
	*slash = 0;
	return true;
}

/* lachan-feeds stands beside us where it was built, in sbin beside our bin where it was
 * installed. */
static bool find_helper(char *out, size_t size)
{
	static const char *const places[] = {"lachan-feeds", "../sbin/lachan-feeds"};
	char here[FILE_PATH_BYTES];

	if (!find_here(here, sizeof here))
		return false;
	for (size_t i = 0; i < COUNT_OF(places); i++) {
		if (path_join(out, size, here, places[i]) == OK && access(out, X_OK) == 0)
			return true;
	}
	return false;
}

/* Does not return. `output`: a descriptor that becomes its standard output. */
static void exec_helper(const char *path, const char *const *words, int output)
{
	const char *argv[WORDS_MAX + 2] = {"lachan-feeds"};

	for (size_t i = 0; i < WORDS_MAX && words[i] != NULL; i++)
		argv[i + 1] = words[i];
	if (dup2(output, STDOUT_FILENO) >= 0)
		execv(path, (char *const *)(uintptr_t)argv);
	_exit(127);
}

static enum ctl_status wait_for(const struct ctl *c, pid_t pid, int *status)
{
	int how = 0;

	while (waitpid(pid, &how, 0) < 0) {
		if (errno != EINTR)
			return ctl_fail(c, CTL_FAILED, "lachan-feeds: %s", strerror(errno));
	}
	*status = WIFEXITED(how) ? WEXITSTATUS(how) : 128;
	return CTL_DONE;
}

static enum ctl_status begin(
    const struct ctl *c, const char *const *words, int output, pid_t *pid)
{
	char path[FILE_PATH_BYTES];

	if (!find_helper(path, sizeof path)) {
		return ctl_fail(c, CTL_FAILED,
		    _("lachan-feeds is not installed beside lachanctl nor in ../sbin"));
	}
	(void)fflush(stdout);
	*pid = fork();
	if (*pid == 0)
		exec_helper(path, words, output);
	return *pid < 0 ? ctl_fail(c, CTL_FAILED, "fork: %s", strerror(errno)) : CTL_DONE;
}

enum ctl_status helper_run(const struct ctl *c, const char *const *words, int *how)
{
	pid_t pid = -1;
	/* With --json its words must not mix with our object. */
	enum ctl_status status =
	    begin(c, words, c->json ? STDERR_FILENO : STDOUT_FILENO, &pid);

	return status == CTL_DONE ? wait_for(c, pid, how) : status;
}

enum ctl_status helper_read(
    const struct ctl *c, const char *const *words, struct buf *out, int *how)
{
	int ends[2];
	pid_t pid = -1;
	uint8_t chunk[4096];
	ssize_t n;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return ctl_fail(c, CTL_FAILED, "pipe: %s", strerror(errno));
	enum ctl_status status = begin(c, words, ends[1], &pid);
	(void)close(ends[1]);
	while (status == CTL_DONE &&
	    ((n = read(ends[0], chunk, sizeof chunk)) > 0 || (n < 0 && errno == EINTR))) {
		if (n > 0)
			buf_append(out, (struct slice){chunk, (size_t)n});
	}
	(void)close(ends[0]);
	return status == CTL_DONE ? wait_for(c, pid, how) : status;
}
