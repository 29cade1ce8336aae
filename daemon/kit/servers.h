/* servers -- where the stub resolver asks when the filter does not run. */
#ifndef KIT_SERVERS_H
#define KIT_SERVERS_H

#include "conf/config.h"
#include "kit/addresses.h"

/* upstream.servers; where none are given, those of `resolv_conf` and then
 * upstream.fallback, as the filter has it. */
void servers_find(
    struct upstreams *out, const struct config_upstream *config, const char *resolv_conf);

/* Adds the addresses of "nameserver" lines (resolv.conf(5)). Pure. */
void servers_read_resolv_conf(struct upstreams *out, struct slice text);
/* The default route's address in the text of /proc/net/route; false without one. Pure. */
bool servers_read_gateway(struct addr *out, struct slice text);

#endif
