/* entrance -- the doors of the listeners: who may come in, and how TLS is spoken.
 * Threads: the main thread's. */
#ifndef DISTRICT_ENTRANCE_H
#define DISTRICT_ENTRANCE_H

#include "base/arena.h"
#include "district/config.h"
#include "kit/http.h"

struct entrance;

/* ERR_MEMORY; errors of certificate_read() with *why. `config` need not outlive the call. */
MUST_CHECK enum err entrance_open(struct entrance **out, struct event_base *base,
    const struct district_config *config, struct diag *why);
/* As `config` says from now on; on failure certificate and client_ca are as they were. */
MUST_CHECK enum err entrance_use_config(
    struct entrance *e, const struct district_config *config, struct diag *why);
void entrance_close(struct entrance *e); /* NULL: nothing */

/* For loopback and trusted proxies alone; others are closed at once. */
const struct http_door *entrance_plain(struct entrance *e);
/* For everybody. */
const struct http_door *entrance_tls(struct entrance *e);
/* Whether X-Forwarded-… of this peer is believed. */
bool entrance_is_proxy(const struct entrance *e, const struct addr *peer);

/* The CN of the client certificate that came through, verified; "" when there is none. In
 * `memory`, or "" without room. */
const char *entrance_client(struct arena *memory, const struct http_exchange *x);

/* Everything wrong with the files that `config` names, at their lines. */
void entrance_judge(const struct district_config *config, struct diags *all);

#endif
