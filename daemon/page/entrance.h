/* entrance -- the door (http.h) of https: from a connection to a stream, or to a refusal.
 *
 *	connection --> hello --> portal's name -------------------> its certificate, or a leaf
 *	                 |------ a name that is blocked for him --> a leaf of the school's CA
 *	                 `------ any other name, or none ---------> unrecognized_name
 *
 * A leaf is never asked for before the filter has said "blocked" of this name for this client,
 * and a kept one is not used without that word either. While a hello is awaited a connection
 * costs a descriptor and an event, no TLS; http.h counts it and ends it as all others.
 * Threads: everything on the thread of the event base. */
#ifndef PAGE_ENTRANCE_H
#define PAGE_ENTRANCE_H

#include "base/diag.h"
#include "kit/ask.h"
#include "kit/http.h"
#include "page/desk.h"
#include "page/limits.h"

struct config;
struct entrance;

struct entrance_needs {
	struct event_base *base;
	const struct config *config; /* in force until entrance_use_config() */
	struct ask *ask;
	struct desk *desk;     /* may be NULL: no leaves then */
	struct limits *limits; /* a question to the filter counts like a request */
	uint64_t mono_s;
};

/* Reads the portal's certificate while we still may: before the sandbox. Without one that can
 * be used, its name gets a leaf like a blocked one. ERR_MEMORY. */
MUST_CHECK enum err entrance_open(
    struct entrance **out, const struct entrance_needs *needs, struct diag *why);
/* For http_listen_take(). */
const struct http_door *entrance_door(const struct entrance *e);
/* The portal's certificate is read again where we may; else the old one stays. */
void entrance_use_config(struct entrance *e, const struct config *config);
/* From time to time. */
void entrance_care(struct entrance *e, uint64_t mono_s);
/* Before the desk is closed. NULL: nothing. */
void entrance_stop(struct entrance *e);
/* After http_close() and ask_close(). NULL: nothing. */
void entrance_close(struct entrance *e);

#endif
