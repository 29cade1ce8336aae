#include "lachanctl/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/words.h"

#define FEEDS "lachan-feeds"

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

/* They stand beside us where they were built, in sbin beside our bin where they were
 * installed. */
static bool find_helper(char *out, size_t size, const char *program)
{
	static const char *const places[] = {"", "../sbin/"};
	char here[FILE_PATH_BYTES];

	if (!find_here(here, sizeof here))
		return false;
	for (size_t i = 0; i < COUNT_OF(places); i++) {
		int n = snprintf(out, size, "%s/%s%s", here, places[i], program);
		if (n > 0 && (size_t)n < size && access(out, X_OK) == 0)
			return true;
	}
	return false;
}

struct helper {
	const char *program;
	const char *const *words;
	int input;  /* a descriptor that becomes its standard input; -1: ours */
	int output; /* ... its standard output */
};

/* Does not return. */
static void exec_helper(const char *path, const struct helper *h)
{
	const char *argv[WORDS_MAX + 2] = {h->program};

	for (size_t i = 0; i < WORDS_MAX && h->words[i] != NULL; i++)
		argv[i + 1] = h->words[i];
	if (dup2(h->output, STDOUT_FILENO) >= 0 &&
	    (h->input < 0 || dup2(h->input, STDIN_FILENO) >= 0))
		execv(path, (char *const *)(uintptr_t)argv);
	_exit(127);
}

static enum ctl_status wait_for(
    const struct ctl *c, const struct helper *h, pid_t pid, int *status)
{
	int how = 0;

	while (waitpid(pid, &how, 0) < 0) {
		if (errno != EINTR)
			return ctl_fail(
			    c, CTL_FAILED, "%s: %s", h->program, strerror(errno));
	}
	*status = WIFEXITED(how) ? WEXITSTATUS(how) : 128;
	return CTL_DONE;
}

static enum ctl_status begin(const struct ctl *c, const struct helper *h, pid_t *pid)
{
	char path[FILE_PATH_BYTES];

	if (!find_helper(path, sizeof path, h->program)) {
		return ctl_fail(c, CTL_FAILED,
		    _("%s is not installed beside lachanctl nor in ../sbin"), h->program);
	}
	(void)fflush(stdout);
	*pid = fork();
	if (*pid == 0)
		exec_helper(path, h);
	return *pid < 0 ? ctl_fail(c, CTL_FAILED, "fork: %s", strerror(errno)) : CTL_DONE;
}

enum ctl_status helper_run(const struct ctl *c, const char *const *words, int *how)
{
	pid_t pid = -1;
	/* With --json its words must not mix with our object. */
	const struct helper h = {FEEDS, words, -1, c->json ? STDERR_FILENO : STDOUT_FILENO};

	enum ctl_status status = begin(c, &h, &pid);
	return status == CTL_DONE ? wait_for(c, &h, pid, how) : status;
}

static enum ctl_status read_all(
    const struct ctl *c, struct helper *h, struct buf *out, int *how)
{
	int ends[2];
	pid_t pid = -1;
	uint8_t chunk[4096];
	ssize_t n;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return ctl_fail(c, CTL_FAILED, "pipe: %s", strerror(errno));
	h->output = ends[1];
	enum ctl_status status = begin(c, h, &pid);
	(void)close(ends[1]);
	while (status == CTL_DONE &&
	    ((n = read(ends[0], chunk, sizeof chunk)) > 0 || (n < 0 && errno == EINTR))) {
		if (n > 0)
			buf_append(out, (struct slice){chunk, (size_t)n});
	}
	(void)close(ends[0]);
	return status == CTL_DONE ? wait_for(c, h, pid, how) : status;
}

enum ctl_status helper_read(
    const struct ctl *c, const char *const *words, struct buf *out, int *how)
{
	struct helper h = {FEEDS, words, -1, -1};

	return read_all(c, &h, out, how);
}

enum ctl_status helper_ask(
    const struct ctl *c, const struct helper_question *question, struct buf *out, int *how)
{
	struct helper h = {question->program, question->words,
	    memfd_sealed("question", question->input), -1};

	if (h.input < 0)
		return ctl_fail(c, CTL_FAILED, "memfd: %s", strerror(errno));
	enum ctl_status status = read_all(c, &h, out, how);
	(void)close(h.input);
	return status;
}
