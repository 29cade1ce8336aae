#include "kit/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/words.h"
#include "conf/config.h"
#include "kit/holder.h"
#include "kit/log.h"
#include "net/addr.h"

enum {
	FREE_PORT_TRIES = 32,
	PRIVILEGED_PORTS = 1024
};

/* Probing for other programs wants a port alone; the sockets themselves share it. */
enum sharing {
	ALONE,
	SHARED
};

static const int switched_on = 1;

static bool turn_on(int fd, int level, int option)
{
	return setsockopt(fd, level, option, &switched_on, sizeof switched_on) == 0;
}

/* Root may go past the system's limit; others get what the system gives. */
static void widen_buffers(int fd)
{
	static const int bytes = SOCKETS_BUFFER_BYTES;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

/* A forged "packet too big" must not make our answers leave in fragments (RFC 9715). */
static bool ignore_path_mtu(int fd, sa_family_t family)
{
	static const int ipv4_value = IP_PMTUDISC_OMIT;
	static const int ipv6_value = IPV6_PMTUDISC_OMIT;

	if (family == AF_INET)
		return setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &ipv4_value,
		           sizeof ipv4_value) == 0;
	return setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &ipv6_value,
	           sizeof ipv6_value) == 0;
}

static bool prepare_udp(int fd, const struct addr *at)
{
	widen_buffers(fd);
	if (!ignore_path_mtu(fd, at->family))
		return false;
	if (!addr_is_unspecified(at))
		return true;
	return at->family == AF_INET ? turn_on(fd, IPPROTO_IP, IP_PKTINFO)
	                             : turn_on(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO);
}

static bool prepare(int fd, int type, enum sharing sharing, const struct addr *at)
{
	if (at->family == AF_INET6 && !turn_on(fd, IPPROTO_IPV6, IPV6_V6ONLY))
		return false;
	if (type == SOCK_STREAM && !turn_on(fd, SOL_SOCKET, SO_REUSEADDR))
		return false;
	if (sharing == SHARED && !turn_on(fd, SOL_SOCKET, SO_REUSEPORT))
		return false;
	return type == SOCK_STREAM || prepare_udp(fd, at);
}

static bool bind_here(int fd, const struct addr *at)
{
	struct sockaddr_storage name;
	socklen_t len = addr_to_sockaddr(&name, at);

	if (bind(fd, (const struct sockaddr *)&name, len) == 0)
		return true;
	/* The address may come later, with the network; IP_FREEBIND counts for IPv6 too. */
	if (errno != EADDRNOTAVAIL || addr_is_unspecified(at) ||
	    !turn_on(fd, IPPROTO_IP, IP_FREEBIND))
		return false;
	return bind(fd, (const struct sockaddr *)&name, len) == 0;
}

/* A bound (TCP: listening) socket, or -1 with errno. */
static int open_bound(int type, enum sharing sharing, const struct addr *at)
{
	int fd = socket(at->family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (prepare(fd, type, sharing, at) && bind_here(fd, at) &&
	    (type == SOCK_DGRAM || listen(fd, SOCKETS_BACKLOG) == 0))
		return fd;
	int kept = errno;
	(void)close(fd);
	errno = kept;
	return -1;
}

static enum err explain_taken(int type, const struct addr *at, struct diag *why)
{
	struct holder who = {.pid = 0};
	char where[ADDR_TEXT_MAX];
	const char *transport = type == SOCK_DGRAM ? "UDP" : "TCP";

	addr_to_text_port(where, at);
	if (!holder_find(type == SOCK_DGRAM ? HOLDER_UDP : HOLDER_TCP, at, &who))
		diag_set(why,
		    _("%s %s is taken (another program held it just now; try again)"),
		    transport, where);
	else if (who.pid == 0)
		diag_set(why, _("%s %s is taken by a program of another user (%s)"),
		    transport, where, holder_advice(&who));
	else
		diag_set(why, _("%s %s is taken by %s, process %ld (%s)"), transport, where,
		    who.program, (long)who.pid, holder_advice(&who));
	return ERR_EXISTS;
}

static enum err explain(int type, const struct addr *at, struct diag *why)
{
	char where[ADDR_TEXT_MAX];
	int error = errno;

	addr_to_text_port(where, at);
	if (error == EADDRINUSE)
		return explain_taken(type, at, why);
	if ((error == EACCES || error == EPERM) && at->port < PRIVILEGED_PORTS) {
		diag_set(why,
		    _("%s: ports below 1024 need root (start as root; server.user is taken on "
		      "afterwards. Or choose a port from 1024 up)"),
		    where);
		return ERR_DENIED;
	}
	diag_set(why, _("cannot listen on %s: %s"), where, strerror(error));
	return error == EACCES || error == EPERM ? ERR_DENIED : ERR_IO;
}

static bool ipv6_is_missing(const struct addr *at)
{
	return at->family == AF_INET6 && addr_is_unspecified(at) &&
	    (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL);
}

/* Whether this machine has the address now; said, not judged. */
static void warn_if_absent(int fd, const struct addr *at)
{
	int bound_free = 0;
	socklen_t len = sizeof bound_free;
	char where[ADDR_TEXT_MAX];

	if (getsockopt(fd, IPPROTO_IP, IP_FREEBIND, &bound_free, &len) != 0 ||
	    bound_free == 0)
		return;
	addr_to_text_port(where, at);
	log_warn(
	    "sockets", "%s: this machine has no such address now, listening for it", where);
}

static bool learn_port(int fd, struct addr *at)
{
	struct sockaddr_storage name;
	socklen_t len = sizeof name;

	if (getsockname(fd, (struct sockaddr *)&name, &len) != 0)
		return false;
	at->port = addr_from_sockaddr(&name).port;
	return true;
}

/* What one address needs: UDP and TCP for DNS, TCP alone for pages. */
struct probe {
	bool udp;
	bool retry; /* port 0, and TCP was taken where UDP was free */
	bool skip;  /* [::] without IPv6 */
};

/* Holds the port for a moment as its only owner. SO_REUSEPORT would let us in beside
 * another process of our own user, and the kernel would deal the queries out to both. */
static enum err probe_address(struct addr *at, struct probe *probe, struct diag *why)
{
	int udp = -1;
	int tcp = -1;
	bool any_port = at->port == 0;
	enum err rc = OK;

	if (probe->udp) {
		udp = open_bound(SOCK_DGRAM, ALONE, at);
		if (udp < 0) {
			probe->skip = ipv6_is_missing(at);
			return probe->skip ? OK : explain(SOCK_DGRAM, at, why);
		}
		warn_if_absent(udp, at);
		if (any_port && !learn_port(udp, at))
			rc = explain(SOCK_DGRAM, at, why);
	}
	if (rc == OK) {
		tcp = open_bound(SOCK_STREAM, ALONE, at);
		probe->skip = tcp < 0 && ipv6_is_missing(at);
		probe->retry = tcp < 0 && any_port && errno == EADDRINUSE;
		if (tcp < 0 && !probe->skip)
			rc = explain(SOCK_STREAM, at, why);
		else if (tcp >= 0 && !probe->udp)
			warn_if_absent(tcp, at);
	}
	if (rc == OK && tcp >= 0 && any_port && !learn_port(tcp, at))
		rc = explain(SOCK_STREAM, at, why);
	if (tcp >= 0)
		(void)close(tcp);
	if (udp >= 0)
		(void)close(udp);
	return rc;
}

/* Addresses that can be bound, with their ports known, into `out`. */
static enum err probe_all(const struct config_endpoints *listen, bool udp, struct addr *out,
    size_t *count, struct diag *why)
{
	*count = 0;
	if (listen->count > SOCKETS_ADDRESSES_MAX) {
		diag_set(
		    why, _("more than %d addresses to listen on"), SOCKETS_ADDRESSES_MAX);
		return ERR_FULL;
	}
	for (size_t i = 0; i < listen->count; i++) {
		struct probe probe = {.udp = udp};
		struct addr at = listen->items[i].addr;
		enum err rc = OK;
		for (int tries = 0; tries < FREE_PORT_TRIES; tries++) {
			probe.retry = false;
			at = listen->items[i].addr;
			rc = probe_address(&at, &probe, why);
			if (!probe.retry)
				break;
		}
		if (rc != OK)
			return rc;
		if (probe.skip)
			log_warn("sockets", "%s: this machine has no IPv6, left out",
			    listen->items[i].text);
		else
			out[(*count)++] = at;
	}
	return OK;
}

static enum err add(
    struct sockets *s, const char *name, int type, const struct addr *at, struct diag *why)
{
	if (s->count == SOCKETS_MAX) {
		diag_set(why, _("more than %d sockets (fewer threads or addresses)"),
		    SOCKETS_MAX);
		return ERR_FULL;
	}
	int fd = open_bound(type, SHARED, at);
	if (fd < 0)
		return explain(type, at, why);
	struct socket_item *item = &s->items[s->count++];
	item->fd = fd;
	(void)snprintf(item->name, sizeof item->name, "%s", name);
	return OK;
}

enum err sockets_open_dns(struct sockets *s, const struct config_endpoints *listen,
    unsigned workers, struct diag *why)
{
	struct addr at[SOCKETS_ADDRESSES_MAX];
	size_t count;

	enum err rc = probe_all(listen, true, at, &count, why);
	for (unsigned worker = 0; worker < workers; worker++)
		for (size_t i = 0; rc == OK && i < count; i++) {
			rc = add(s, SOCKETS_DNS_UDP, SOCK_DGRAM, &at[i], why);
			if (rc == OK)
				rc = add(s, SOCKETS_DNS_TCP, SOCK_STREAM, &at[i], why);
		}
	return rc;
}

enum err sockets_open_tcp(struct sockets *s, const char *name,
    const struct config_endpoints *listen, struct diag *why)
{
	struct addr at[SOCKETS_ADDRESSES_MAX];
	size_t count;

	enum err rc = probe_all(listen, false, at, &count, why);
	for (size_t i = 0; rc == OK && i < count; i++)
		rc = add(s, name, SOCK_STREAM, &at[i], why);
	return rc;
}

enum err sockets_open_page(struct sockets *s, const struct config *config, struct diag *why)
{
	struct config_endpoint metrics = config->server.metrics;
	const struct config_endpoints one = {.items = &metrics, .count = 1};

	enum err rc = sockets_open_tcp(s, SOCKETS_PAGE_HTTP, &config->pages.listen, why);
	if (rc == OK)
		rc =
		    sockets_open_tcp(s, SOCKETS_PAGE_HTTPS, &config->pages.listen_tls, why);
	if (rc == OK && metrics.addr.family != 0)
		rc = sockets_open_tcp(s, SOCKETS_METRICS_HTTP, &one, why);
	return rc;
}

unsigned sockets_workers(uint64_t threads)
{
	cpu_set_t cores;

	if (threads == 0)
		threads = sched_getaffinity(0, sizeof cores, &cores) == 0
		    ? (uint64_t)CPU_COUNT(&cores)
		    : 1;
	return threads > SOCKETS_WORKERS_MAX ? SOCKETS_WORKERS_MAX : (unsigned)threads;
}

static void forget_variables(void)
{
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_FDNAMES");
}

static enum err fill(
    struct sockets *out, struct slice names, uint64_t count, struct diag *why)
{
	for (uint64_t i = 0; i < count; i++) {
		struct slice name = slice_cut(&names, ':');
		int fd = SOCKETS_FIRST_FD + (int)i;
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || name.len >= SOCKETS_NAME_BYTES) {
			diag_set(why,
			    "LISTEN_FDS: descriptor %d is not open or badly named", fd);
			return ERR_FORMAT;
		}
		struct socket_item *item = &out->items[out->count++];
		item->fd = fd;
		(void)snprintf(item->name, sizeof item->name, "%.*s", (int)name.len,
		    name.ptr == NULL ? "" : (const char *)name.ptr);
	}
	return OK;
}

enum err sockets_take_over(struct sockets *out, struct diag *why)
{
	const char *pid = getenv("LISTEN_PID");
	const char *fds = getenv("LISTEN_FDS");
	const char *names = getenv("LISTEN_FDNAMES");
	uint64_t whose = 0;
	uint64_t count = 0;
	enum err rc = OK;

	out->count = 0;
	/* Meant for another process: variables are inherited, descriptors may not be. */
	if (pid != NULL && fds != NULL && slice_to_u64(slice_of(pid), INT32_MAX, &whose) &&
	    whose == (uint64_t)getpid()) {
		if (slice_to_u64(slice_of(fds), SOCKETS_MAX, &count))
			rc = fill(
			    out, names == NULL ? SLICE_EMPTY : slice_of(names), count, why);
		else {
			diag_set(why, "LISTEN_FDS: not a number up to %d", SOCKETS_MAX);
			rc = ERR_FORMAT;
		}
	}
	forget_variables();
	return rc;
}

size_t sockets_count(const struct sockets *s, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < s->count; i++)
		count += s->items[i].fd >= 0 && strcmp(s->items[i].name, name) == 0;
	return count;
}

int sockets_take(struct sockets *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->items[i].fd >= 0 && strcmp(s->items[i].name, name) == 0) {
			int fd = s->items[i].fd;
			s->items[i].fd = -1;
			return fd;
		}
	return -1;
}

void sockets_close(struct sockets *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->items[i].fd >= 0)
			(void)close(s->items[i].fd);
	s->count = 0;
}
