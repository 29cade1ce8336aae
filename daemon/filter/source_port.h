/* source_port -- connected UDP sockets towards upstream, a fresh random port for each query.
 *
 * Making a socket for every query costs more than the query. Linux gives a way between:
 * connect(AF_UNSPEC) takes a socket's port away, and the next connect() lets the kernel
 * pick another one at random, so a socket is used again but its port never is.
 *
 *	free --source_port_open--> connected --source_port_close--> quarantine --> free
 *
 * A closed one has no port, so nothing can reach it any more; but datagrams may lie in its
 * queue from before, and to the next query each would be one more guess at its ID. It is
 * free again only after an epoll_wait() that began later has not reported it readable
 * (those that are get drained), or where no other is left: then it is drained as it is taken.
 * THREATS T1, T3, T5: one query a socket, connected.
 *
 * Threads: a pool belongs to one worker. */
#ifndef FILTER_SOURCE_PORT_H
#define FILTER_SOURCE_PORT_H

#include "base/err.h"
#include "net/addr.h"

struct source_port;
struct source_port_pool;

/* Called for each socket with a datagram waiting, with what was given to open. */
typedef void source_port_ready_fn(void *context, struct source_port *port, void *user);

/* At most `max_sockets` at once; ERR_MEMORY, ERR_IO. */
MUST_CHECK enum err source_port_pool_new(
    struct source_port_pool **out, unsigned max_sockets);
void source_port_pool_free(struct source_port_pool *pool);

/* Readable when any socket of the pool is: for the worker's event loop, which then calls
 * source_port_pool_run(). */
int source_port_pool_fd(const struct source_port_pool *pool);
void source_port_pool_run(
    struct source_port_pool *pool, source_port_ready_fn *ready, void *context);

/* A socket connected to `to` from a port the kernel drew at random. ERR_FULL when all are
 * in use or the system has no more; ERR_IO (no route). */
MUST_CHECK enum err source_port_open(struct source_port **out,
    struct source_port_pool *pool, const struct addr *to, void *user);
/* Gives port and socket back; `port` may be reported no more. NULL is allowed. */
void source_port_close(struct source_port_pool *pool, struct source_port *port);

int source_port_fd(const struct source_port *port);

#endif
