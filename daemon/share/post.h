/* post -- one POST to one recipient: names, TLS, limits.
 *
 * libcurl moves the bytes; everything else is decided here. Names are resolved by us
 * (kit/resolve.h), no redirect is followed, no proxy is taken from the environment, every socket
 * is looked at before it connects, an answer ends at POST_ANSWER_MAX_BYTES.
 *
 * Where a recipient may be: at a public address; at a private one where the configuration has
 * that very address, or names the recipient's own trust anchor (ca_file), as a collector inside
 * a province's network has; at this machine itself only where it is written so. A name that
 * suddenly leads elsewhere leads nowhere.
 *
 * Threads: everything on the thread of the event base. */
#ifndef SHARE_POST_H
#define SHARE_POST_H

#include "base/buf.h"
#include "share/credentials.h"

struct event_base;
struct resolver;
struct transport;
struct post;

enum {
	POST_CONNECT_S = 15,
	POST_LONGEST_S = 120,
	POST_ANSWER_MAX_BYTES = 64 * 1024
};

struct post_line {
	struct resolver *resolver;
	struct transport *transport;
};

/* Borrowed until the end. */
struct post_request {
	const struct credentials *who;
	const char *url; /* on the same host as who->url */
	const char *type;
	const char *encoding; /* "gzip"; NULL: none */
	struct slice body;
};

struct post_answer {
	unsigned status;        /* 0: none that could be used; `why` says more */
	uint32_t retry_after_s; /* 0: it asked for nothing */
	const char *why; /* one printable line: what failed, or what a refusal said */
	struct slice body;
};

/* Called once, never from within post_start(); the post is freed after it returns. */
typedef void (*post_done)(void *context, const struct post_answer *answer);

/* ERR_MEMORY: `done` is not called. */
MUST_CHECK enum err post_start(struct post **out, const struct post_line *line,
    const struct post_request *request, post_done done, void *context);
/* Breaks it off; `done` is not called. NULL is allowed. */
void post_cancel(struct post *post);

#endif
