#include "filter/source_port.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	EVENTS_PER_RUN = 512,
	KEPT_MAX = 2048,   /* sockets without a port, for the next burst */
	KEPT_IN_WANT = 16, /* the same since the process ran out of descriptors once */
};

enum state {
	FREE,       /* no port, empty queue; on its family's list */
	CONNECTED,  /* in use */
	QUARANTINE, /* no port any more, the queue is not known to be empty */
};

struct source_port {
	int fd;
	int family;
	enum state state;
	bool readable; /* reported by the epoll round under way */
	void *user;
	struct source_port *next;
};

struct list {
	struct source_port *head;
	unsigned count;
};

struct source_port_pool {
	int epoll_fd;
	unsigned count;
	unsigned max;
	unsigned kept_max;
	struct list free4;
	struct list free6;
	struct list quarantine;
	struct source_port *all; /* storage of `max` */
	struct list unused;      /* storage without a socket */
};

static void push(struct list *list, struct source_port *port)
{
	port->next = list->head;
	list->head = port;
	list->count++;
}

static struct source_port *pop(struct list *list)
{
	struct source_port *port = list->head;
	if (port != NULL) {
		list->head = port->next;
		list->count--;
	}
	return port;
}

static struct list *free_list(struct source_port_pool *pool, int family)
{
	return family == AF_INET ? &pool->free4 : &pool->free6;
}

enum err source_port_pool_new(struct source_port_pool **out, unsigned max_sockets)
{
	struct source_port_pool *pool = calloc(1, sizeof *pool);
	if (pool == NULL)
		return ERR_MEMORY;
	pool->all = calloc(max_sockets, sizeof *pool->all);
	pool->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	pool->max = max_sockets;
	pool->kept_max = KEPT_MAX;
	if (pool->all == NULL || pool->epoll_fd < 0) {
		enum err rc = pool->all == NULL ? ERR_MEMORY : ERR_IO;
		source_port_pool_free(pool);
		return rc;
	}
	for (unsigned i = max_sockets; i > 0; i--) {
		pool->all[i - 1].fd = -1;
		push(&pool->unused, &pool->all[i - 1]);
	}
	*out = pool;
	return OK;
}

void source_port_pool_free(struct source_port_pool *pool)
{
	if (pool == NULL)
		return;
	for (unsigned i = 0; pool->all != NULL && i < pool->max; i++) {
		if (pool->all[i].fd >= 0)
			(void)close(pool->all[i].fd);
	}
	if (pool->epoll_fd >= 0)
		(void)close(pool->epoll_fd);
	free(pool->all);
	free(pool);
}

int source_port_pool_fd(const struct source_port_pool *pool)
{
	return pool->epoll_fd;
}

int source_port_fd(const struct source_port *port)
{
	return port->fd;
}

/* The kernel must not fragment, nor believe forged "fragmentation needed" (T6). */
static void refuse_path_mtu(int fd, int family)
{
	int omit4 = IP_PMTUDISC_OMIT;
	int omit6 = IPV6_PMTUDISC_OMIT;

	if (family == AF_INET) {
		(void)setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &omit4, sizeof omit4);
	} else {
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &omit6, sizeof omit6);
	}
}

static struct source_port *make(struct source_port_pool *pool, int family)
{
	struct source_port *port = pop(&pool->unused);
	if (port == NULL)
		return NULL;
	port->fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = port};
	if (port->fd < 0 ||
	    epoll_ctl(pool->epoll_fd, EPOLL_CTL_ADD, port->fd, &event) != 0) {
		/* Others of this process need descriptors too: clients over TCP, new rules,
		 * the control socket. */
		if (errno == EMFILE || errno == ENFILE)
			pool->kept_max = KEPT_IN_WANT;
		if (port->fd >= 0)
			(void)close(port->fd);
		port->fd = -1;
		push(&pool->unused, port);
		return NULL;
	}
	refuse_path_mtu(port->fd, family);
	port->family = family;
	port->readable = false;
	return port;
}

static void destroy(struct source_port_pool *pool, struct source_port *port)
{
	(void)close(port->fd); /* leaves the epoll set by itself */
	port->fd = -1;
	push(&pool->unused, port);
}

/* Reads away what a disconnected socket still holds. */
static void drain(struct source_port *port)
{
	uint8_t byte;

	for (int i = 0; i < 1024 && recv(port->fd, &byte, sizeof byte, MSG_DONTWAIT) >= 0;
	     i++)
		;
	port->readable = false;
}

/* One from quarantine before its round, for want of any other: where upstreams are silent there
 * is no round, and all would stay in there. What comes late all the same is no reply to what
 * the socket asks next. */
static struct source_port *take_back(struct source_port_pool *pool, int family)
{
	struct source_port *port = pop(&pool->quarantine);

	if (port == NULL)
		return NULL;
	if (port->family != family) {
		destroy(pool, port);
		return make(pool, family);
	}
	drain(port);
	return port;
}

enum err source_port_open(struct source_port **out, struct source_port_pool *pool,
    const struct addr *to, void *user)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(&sa, to);
	struct source_port *port = pop(free_list(pool, to->family));

	if (port == NULL)
		port = make(pool, to->family);
	if (port == NULL)
		port = take_back(pool, to->family);
	if (port == NULL)
		return ERR_FULL;
	if (connect(port->fd, (const struct sockaddr *)&sa, len) != 0) {
		destroy(pool, port);
		return ERR_IO;
	}
	port->state = CONNECTED;
	port->user = user;
	*out = port;
	return OK;
}

void source_port_close(struct source_port_pool *pool, struct source_port *port)
{
	static const struct sockaddr nobody = {.sa_family = AF_UNSPEC};

	if (port == NULL)
		return;
	port->user = NULL;
	if (pool->free4.count + pool->free6.count + pool->quarantine.count >=
	        pool->kept_max ||
	    connect(port->fd, &nobody, sizeof nobody) != 0) {
		/* A run under way may still hold its event: the storage stays, without a
		 * user, until the run has looked at it (see run). */
		port->state = FREE;
		destroy(pool, port);
		return;
	}
	port->state = QUARANTINE;
	push(&pool->quarantine, port);
}

/* Those that were in quarantine when the round began and were not reported are clean. */
static void release_clean(struct source_port_pool *pool, struct source_port *list)
{
	while (list != NULL) {
		struct source_port *port = list;
		list = port->next;
		if (port->readable) {
			drain(port);
			push(&pool->quarantine, port);
			continue;
		}
		port->state = FREE;
		if (pool->free4.count + pool->free6.count >= pool->kept_max) {
			destroy(pool, port);
			continue;
		}
		push(free_list(pool, port->family), port);
	}
}

void source_port_pool_run(
    struct source_port_pool *pool, source_port_ready_fn *ready, void *context)
{
	struct epoll_event events[EVENTS_PER_RUN];
	struct source_port *waiting = pool->quarantine.head;
	unsigned waiting_count = pool->quarantine.count;

	pool->quarantine = (struct list){NULL, 0};
	int n = epoll_wait(pool->epoll_fd, events, EVENTS_PER_RUN, 0);
	for (int i = 0; i < n; i++) {
		struct source_port *port = events[i].data.ptr;
		port->readable = true;
	}
	if (n >= 0 && n < EVENTS_PER_RUN) {
		release_clean(pool, waiting);
	} else {
		pool->quarantine = (struct list){waiting, waiting_count};
	}
	for (int i = 0; i < n; i++) {
		struct source_port *port = events[i].data.ptr;
		/* An earlier one of this round may have closed it, or closed it and opened it
		 * anew: then there is nothing to read, and the reader finds that out. */
		port->readable = false;
		if (port->fd >= 0 && port->state == CONNECTED) {
			ready(context, port, port->user);
		} else if (port->fd >= 0 && port->state == QUARANTINE) {
			/* Also when so many are readable that none could be called clean:
			 * else they would stay readable for ever. */
			drain(port);
		}
	}
}
