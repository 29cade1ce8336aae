/* spawn -- starts a program with its descriptors where LISTEN_FDS promises them.
 *
 * In the new process descriptor 3 + i is fds[i], and the configuration stands behind the
 * last of them under the number in LACHAN_CONFIG_FD. It leads a process group of its own,
 * so that Ctrl-C reaches the supervisor alone. Threads: none. */
#ifndef SUPERVISOR_SPAWN_H
#define SUPERVISOR_SPAWN_H

#include <sys/types.h>

#include "base/err.h"
#include "kit/sockets.h"

enum {
	SPAWN_ARGUMENTS_MAX = 8
};

struct spawn {
	const char *path;
	const char *arguments[SPAWN_ARGUMENTS_MAX]; /* behind argv[0]; NULL at the end */
	const struct sockets *sockets; /* may be NULL; items with fd -1 are left out */
	int link_fd;                   /* -1: none */
	int config_fd;                 /* -1: none */
};

/* ERR_IO with errno; the descriptors stay the caller's. A program that cannot be executed
 * ends at once with status 127. */
MUST_CHECK enum err spawn_program(const struct spawn *what, pid_t *pid);

/* "status 1", "signal 9 (Killed)" of a status of waitpid(); in `out`. */
void spawn_describe_end(char *out, size_t size, int status);

#endif
