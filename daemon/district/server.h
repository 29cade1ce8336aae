/* server -- the department's listeners, and the way of a request to its handler and back.
 *
 *	listener --> door (plain, TLS) --> head --> limits of its route --> body
 *	     --> struct call --> lane of the pool --> handler --> answer
 *
 * Who a peer is: over a plain listener only this machine and the proxies of trusted_proxies
 * get in; of those proxies X-Forwarded-For is believed, from the right, as far as proxies of
 * ours wrote it. Threads: all is the main thread's, but the calls that the pool runs. */
#ifndef DISTRICT_SERVER_H
#define DISTRICT_SERVER_H

#include <event2/event.h>

#include "base/diag.h"
#include "base/err.h"
#include "district/config.h"
#include "district/pool.h"
#include "kit/sockets.h"

struct district;
struct server;

#define SERVER_SOCKETS_PLAIN   "district-http"
#define SERVER_SOCKETS_TLS     "district-https"
#define SERVER_SOCKETS_METRICS SOCKETS_METRICS_HTTP

struct server_needs {
	struct event_base *base;
	const struct district *district;
	const struct district_config *config; /* held by the server */
};

/* ERR_MEMORY; ERR_FORMAT, ERR_NOT_FOUND, ERR_DENIED about the certificate, with *why. */
MUST_CHECK enum err server_open(
    struct server **out, const struct server_needs *needs, struct diag *why);
/* Serves from the sockets of the set, which it takes; from here on `pool` runs the calls. */
MUST_CHECK enum err server_begin(
    struct server *server, struct sockets *sockets, struct pool *pool);
/* A new configuration for what comes from now on; certificates are read again. Where they
 * cannot be, the old ones stay and *why says so (OK all the same). */
MUST_CHECK enum err server_use_config(
    struct server *server, const struct district_config *config, struct diag *why);
/* No new connection from here on; what is under way goes on. */
void server_stop_listening(struct server *server);
/* Every answer has left. A connection that has asked nothing whole does not count. */
bool server_is_quiet(const struct server *server);
/* After the pool has ended. NULL: nothing. */
void server_close(struct server *server);

#endif
