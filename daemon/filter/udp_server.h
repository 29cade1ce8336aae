/* udp_server -- queries over UDP: a batch in, a batch out. */
#ifndef FILTER_UDP_SERVER_H
#define FILTER_UDP_SERVER_H

#include <event2/util.h>

#include "filter/query.h"

extern const struct transport UDP_TRANSPORT;

/* The libevent callback of a listener; `context` is a struct listener. */
void udp_on_readable(evutil_socket_t fd, short what, void *context);

#endif
