#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "lachanctl/selftest/selftest.h"

enum {
	WAIT_S = 3,
	STATUS_AT = 9 /* "HTTP/1.1 403" */
};

static int open_to(const struct addr *page)
{
	struct sockaddr_storage to;
	socklen_t len = addr_to_sockaddr(&to, page);
	const struct timeval patience = {.tv_sec = WAIT_S};
	int fd = socket(page->family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (connect(fd, (const struct sockaddr *)&to, len) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

unsigned page_get(const struct addr *page, const char *host)
{
	char text[512];
	uint64_t status = 0;
	size_t have = 0;
	int fd = open_to(page);

	if (fd < 0)
		return 0;
	int len = snprintf(text, sizeof text,
	    "GET / HTTP/1.1\r\nHost: %s\r\nAccept: text/html\r\nConnection: close\r\n\r\n",
	    host);
	if (len > 0 && (size_t)len < sizeof text &&
	    send(fd, text, (size_t)len, MSG_NOSIGNAL) == len) {
		while (have < STATUS_AT + 3) {
			ssize_t n = recv(fd, text + have, sizeof text - have, 0);
			if (n <= 0)
				break;
			have += (size_t)n;
		}
	}
	(void)close(fd);
	if (have < STATUS_AT + 3 ||
	    !slice_to_u64(
	        (struct slice){(const uint8_t *)text + STATUS_AT, 3}, 999, &status))
		return 0;
	return (unsigned)status;
}
