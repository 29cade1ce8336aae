/* call -- one request and its answer, in the hands of one thread of the pool.
 *
 *	main thread         head and body, within limits --> call --> lane
 *	thread of the lane  handler(call): plain, synchronous C; may wait for its store
 *	main thread         answer on its way
 *
 * A handler owns its call until it returns; nothing in it is shared but what `district` says
 * of itself. It must not keep a pointer to anything of the call. Every answer gets the
 * security headers of routes.c whether the handler thinks of them or not.
 *
 * Texts are valid until the handler returns. Percent signs are decoded once; a text that
 * holds a NUL or is no UTF-8 behind them was refused (400) before the handler. */
#ifndef DISTRICT_CALL_H
#define DISTRICT_CALL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/moment.h"
#include "net/addr.h"

struct district;        /* district/district.h */
struct district_config; /* district/config.h */
struct store;           /* district/store.h */

enum call_method {
	CALL_GET, /* HEAD, too: the body is left out on the way */
	CALL_POST
};

enum {
	CALL_OUT_MAX_BYTES = 64 * 1024 * 1024, /* of an answer */
	CALL_HEADERS_MAX_BYTES = 8192,         /* that handlers set */
	CALL_ARENA_MAX_BYTES = 16 * 1024 * 1024
};

/* Decoded, in the order they came. */
struct call_pair {
	const char *name, *value;
};
struct call_pairs {
	struct call_pair *items;
	size_t count;
};

struct call {
	const struct district *district;
	const struct district_config *config; /* in force when the request came */
	struct store *store;                  /* this thread's own */
	struct moment now;
	struct arena *memory; /* ends with the call; for whatever the handler makes */

	/* The request. */
	enum call_method method;
	const char *path;      /* decoded, without the query; begins with '/' */
	const char *path_rest; /* of a route "/units/...": what stands behind it; else "" */
	struct slice body;     /* of a POST, as it came */
	struct addr peer;      /* behind a proxy of trusted_proxies: the client's */
	bool forwarded;        /* X-Forwarded-For or Forwarded was there, believed or not */
	bool tls; /* up to us, or up to the trusted proxy by X-Forwarded-Proto */
	const char
	    *client_subject; /* CN of a client certificate that client_ca vouches for */

	/* The answer: write into out, then call_reply(). Without it: 500. */
	struct buf out;

	/* Private to call.c and its caller. */
	unsigned status;
	const char *type;
	struct buf headers;
	struct slice head;      /* the header lines as they came */
	struct slice raw_query; /* not decoded */
	struct call_pairs query, form;
	unsigned headers_set; /* enum call_own_header */
};

typedef void call_handler(struct call *c);

/* The first value of `name`, decoded; NULL: not there. call_query_nth counts from 0, for
 * names that come several times. */
const char *call_query(struct call *c, const char *name);
const char *call_query_nth(struct call *c, const char *name, size_t nth);
/* The same of a body that is application/x-www-form-urlencoded; NULL for any other. */
const char *call_form(struct call *c, const char *name);
const char *call_form_nth(struct call *c, const char *name, size_t nth);
/* A header's value, "" when it is not there (the first, when it came twice). */
const char *call_header(struct call *c, const char *name);
/* The value of a cookie, "" when it is not there. */
const char *call_cookie(struct call *c, const char *name);

/* Status and media type ("text/html; charset=utf-8") of what is in c->out. The last call
 * counts. */
void call_reply(struct call *c, unsigned status, const char *type);
/* One more header; a value with control characters is left out (nobody splits our answer).
 * Content-Length, Date and the security headers are set for you; Cache-Control is
 * "no-store" unless you set it; Content-Security-Policy may be set and replaces ours. */
void call_set_header(struct call *c, const char *name, const char *value);
/* 303 to a place of our own ("/units/x?day=…"). */
void call_redirect(struct call *c, const char *location);
/* {"error":"sentence","why":"word"} in place of whatever was written; `why` is a word of
 * docs/protocol.md, the sentence is English. */
void call_refuse(struct call *c, unsigned status, const char *why, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* Percent-encodes for a query value or a path segment. */
void call_encode(struct buf *out, const char *text);

#endif
