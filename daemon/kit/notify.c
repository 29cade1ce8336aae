#include "kit/notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bytes.h"

enum {
	MESSAGE_BYTES = 1024
};

/* Of the one process that speaks to the service manager; its main thread alone. */
static struct {
	struct sockaddr_un to;
	socklen_t to_len; /* 0: nobody listens */
	uint64_t watchdog_ms;
} state;

static void read_address(const char *path)
{
	size_t len = strlen(path);

	if (len < 2 || len >= sizeof state.to.sun_path ||
	    (path[0] != '/' && path[0] != '@'))
		return;
	state.to.sun_family = AF_UNIX;
	memcpy(state.to.sun_path, path, len);
	if (path[0] == '@') /* a name in the abstract space */
		state.to.sun_path[0] = 0;
	state.to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

/* WATCHDOG_PID, where given, must be us. */
static void read_watchdog(const char *usec, const char *pid)
{
	uint64_t value = 0;
	uint64_t whose = 0;

	if (!slice_to_u64(slice_of(usec), UINT64_MAX / 2, &value))
		return;
	if (pid != NULL &&
	    (!slice_to_u64(slice_of(pid), INT32_MAX, &whose) ||
	        whose != (uint64_t)getpid()))
		return;
	state.watchdog_ms = value / 2000;
}

void notify_open(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	const char *usec = getenv("WATCHDOG_USEC");

	memset(&state, 0, sizeof state);
	if (path != NULL)
		read_address(path);
	if (usec != NULL)
		read_watchdog(usec, getenv("WATCHDOG_PID"));
	(void)unsetenv("NOTIFY_SOCKET");
	(void)unsetenv("WATCHDOG_USEC");
	(void)unsetenv("WATCHDOG_PID");
}

void notify_send(const char *format, ...)
{
	char text[MESSAGE_BYTES];
	va_list args;
	int kept = errno;

	if (state.to_len == 0)
		return;
	va_start(args, format);
	int n = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (n < 0)
		return;
	size_t len = (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0) {
		(void)sendto(fd, text, len, MSG_NOSIGNAL,
		    (const struct sockaddr *)&state.to, state.to_len);
		(void)close(fd);
	}
	errno = kept;
}

void notify_reloading(uint64_t mono_us)
{
	notify_send("RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)mono_us);
}

uint64_t notify_watchdog_ms(void)
{
	return state.watchdog_ms;
}
