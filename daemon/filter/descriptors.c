#include "filter/descriptors.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "filter/forward.h"
#include "kit/log.h"

enum {
	WANTED = 65536,
	OF_MAIN = 24,  /* sockets, files and rules that main opens after this */
	OF_WORKER = 6, /* its loop, mailbox, spare descriptor and the like */
	PORTS_MAX = FORWARD_EXCHANGES_MAX * 2,
	PORTS_MIN = 4,
	TCP_MIN = 4,
	TCP_PART = 4 /* TCP gets this part of what is left */
};

void descriptors_raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	rlim_t wanted = limit.rlim_max < WANTED ? limit.rlim_max : WANTED;
	if (limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = wanted;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* Descriptors that are still to be had; the kernel gives the lowest number that is free. */
static unsigned left_of(rlim_t limit, unsigned workers)
{
	int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
	rlim_t used = (rlim_t)(lowest < 0 ? 0 : lowest) + OF_MAIN + OF_WORKER * workers;

	if (lowest >= 0)
		(void)close(lowest);
	if (limit > WANTED)
		limit = WANTED;
	return limit > used ? (unsigned)(limit - used) : 0;
}

static unsigned bounded(unsigned n, unsigned min, unsigned max)
{
	return n < min ? min : n > max ? max : n;
}

void descriptors_divide(struct filter *f, const struct config *config, unsigned workers)
{
	struct rlimit limit = {0, 0};
	unsigned each = workers == 0 ? 1 : workers;

	(void)getrlimit(RLIMIT_NOFILE, &limit);
	unsigned left = left_of(limit.rlim_cur, each);
	f->tcp_connections_max = bounded(left / TCP_PART, TCP_MIN, WANTED);
	unsigned tcp = f->tcp_connections_max < config->server.tcp.connections
	    ? f->tcp_connections_max
	    : (unsigned)config->server.tcp.connections;
	f->ports_max = bounded((left > tcp ? left - tcp : 0) / each, PORTS_MIN, PORTS_MAX);
	if (tcp == config->server.tcp.connections && f->ports_max >= FORWARD_EXCHANGES_MAX)
		return;
	log_warn("descriptors",
	    "only %llu files may be open (RLIMIT_NOFILE): %u connections over TCP instead of "
	    "%llu, %u questions upstream a worker",
	    (unsigned long long)limit.rlim_cur, tcp,
	    (unsigned long long)config->server.tcp.connections, f->ports_max);
}
