/* transport -- libcurl's multi interface on a libevent base: one event a socket, one timer.
 * Threads: everything on the thread of the base. */
#ifndef KIT_TRANSPORT_H
#define KIT_TRANSPORT_H

#include <curl/curl.h>

#include "base/err.h"

struct event_base;
struct transport;

/* A transfer has ended with `code`; it was removed from the multi handle before the call,
 * so the handle may be reused or cleaned up. `context` is what transport_start() got. */
typedef void (*transport_done)(void *context, CURL *easy, CURLcode code);

/* ERR_MEMORY. `base` must outlive it. */
MUST_CHECK enum err transport_new(struct transport **out, struct event_base *base);
/* After every transfer was stopped or has ended. NULL is allowed. */
void transport_free(struct transport *t);

/* Begins a configured transfer; `done` is called once, never from within this call.
 * CURLOPT_PRIVATE is ours. ERR_MEMORY. */
MUST_CHECK enum err transport_start(
    struct transport *t, CURL *easy, transport_done done, void *context);
/* Breaks a transfer off; `done` is not called. Not from within libcurl's callbacks. */
void transport_stop(struct transport *t, CURL *easy);

#endif
