/* sockets -- listening sockets: handed over by the supervisor, or opened by ourselves.
 *
 * A set lists descriptors with their names. The supervisor fills one per child with the
 * functions below and hands it over by the LISTEN_FDS convention; a child run by hand
 * fills the same set with the same functions, so both serve from equal sockets:
 *
 *	name        order
 *	dns-udp     all addresses of worker 0 as listed, then those of worker 1, ...
 *	dns-tcp     the same
 *	page-http   the addresses as listed
 *	page-https  the addresses as listed; none where pages.listen_tls is empty
 *	metrics-http  one, where server.metrics says so
 *	link        one (link.h)
 *
 * All are non-blocking and close-on-exec. A UDP socket bound to the wildcard address
 * reports the address that was asked (IP_PKTINFO, IPV6_RECVPKTINFO); one bound to a single
 * address does not need to, its name (getsockname) says it. Threads: none yet. */
#ifndef KIT_SOCKETS_H
#define KIT_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/err.h"

struct config;           /* conf/config.h */
struct config_endpoints; /* conf/values.h */

enum {
	SOCKETS_MAX = 512,
	SOCKETS_ADDRESSES_MAX = 64, /* of one list */
	SOCKETS_WORKERS_MAX = 64,
	SOCKETS_NAME_BYTES = 16,
	SOCKETS_FIRST_FD = 3, /* of the LISTEN_FDS convention */
	SOCKETS_BUFFER_BYTES = 4 << 20,
	SOCKETS_BACKLOG = 512
};

#define SOCKETS_DNS_UDP      "dns-udp"
#define SOCKETS_DNS_TCP      "dns-tcp"
#define SOCKETS_PAGE_HTTP    "page-http"
#define SOCKETS_PAGE_HTTPS   "page-https"
#define SOCKETS_METRICS_HTTP "metrics-http"
#define SOCKETS_LINK         "link"

struct socket_item {
	int fd; /* -1 once taken */
	char name[SOCKETS_NAME_BYTES];
};

/* Zero-initialise with SOCKETS_NONE; sockets_close() closes what was not taken. */
struct sockets {
	size_t count;
	struct socket_item items[SOCKETS_MAX];
};

#define SOCKETS_NONE ((struct sockets){.count = 0})

/* How many workers server.threads means: 0 is one for each core we may run on. */
unsigned sockets_workers(uint64_t threads);

/* What was handed to this process (LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES); the variables
 * are removed. An empty set when nothing was. ERR_FORMAT for variables that contradict
 * themselves, with *why. */
MUST_CHECK enum err sockets_take_over(struct sockets *out, struct diag *why);

/* How many of this name are left. */
size_t sockets_count(const struct sockets *s, const char *name);
/* The next descriptor of this name, now the caller's; -1 when none is left. */
int sockets_take(struct sockets *s, const char *name);
void sockets_close(struct sockets *s);

/* Adds UDP and TCP sockets for `workers` (1 or more) workers on each address, SO_REUSEPORT
 * among them, after checking that no other program holds the port. Port 0 takes one free
 * port for all sockets of that address.
 *
 * A gateway must start before its network does: an address this machine does not have yet
 * is bound all the same, and [::] on a machine without IPv6 is left out; both are warned
 * of in the log. *why tells who holds a taken port, or which right is missing, and what to
 * do. Errors: ERR_EXISTS (taken), ERR_DENIED, ERR_FULL, ERR_IO; the set keeps what was
 * opened before. */
MUST_CHECK enum err sockets_open_dns(struct sockets *s,
    const struct config_endpoints *listen, unsigned workers, struct diag *why);

/* Adds those of lachan-page: a listener an address of pages.listen and of
 * pages.listen_tls, and one for server.metrics. As above. */
MUST_CHECK enum err sockets_open_page(
    struct sockets *s, const struct config *config, struct diag *why);

/* Adds one TCP listener an address under `name`; otherwise as above. */
MUST_CHECK enum err sockets_open_tcp(struct sockets *s, const char *name,
    const struct config_endpoints *listen, struct diag *why);

#endif
