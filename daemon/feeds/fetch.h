/* fetch -- brings one body over: its addresses in turn, redirects, limits.
 *
 * libcurl moves the bytes; everything else is decided here, since each was a hole in
 * somebody's fetcher: names are resolved by us, redirects are followed by us, every socket
 * is looked at before it connects, and what counts is the size after decompression.
 * At most FETCH_PARALLEL_MAX transfers run at a time, the rest wait their turn.
 * Threads: everything on the thread of the event base. */
#ifndef FEEDS_FETCH_H
#define FEEDS_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/err.h"
#include "feeds/url.h"

struct certificate; /* kit/certificates.h */
struct event_base;
struct resolver;
struct fetcher;

enum {
	FETCH_PARALLEL_MAX = 4,
	FETCH_URLS_MAX = 16,
	FETCH_VALIDATOR_BYTES = 512,
	FETCH_CONNECT_S = 15,
	FETCH_SLOW_S = 30, /* slower than FETCH_SLOW_BYTES_S for so long: broken off */
	FETCH_SLOW_BYTES_S = 1000,
	FETCH_TOTAL_S = 600,
	FETCH_RATIO_MAX = 100, /* decoded over received, above FETCH_RATIO_FREE_BYTES */
	FETCH_RATIO_FREE_BYTES = 1 << 20
};

/* What the server said of a body that was received whole, or of the one we have (304). */
struct fetch_answer {
	const char *url;    /* the configured address it came from */
	const char *member; /* what stands behind # in it, or "" */
	bool not_modified;  /* 304: no body */
	char etag[FETCH_VALIDATOR_BYTES];
	char last_modified[FETCH_VALIDATOR_BYTES];
};

/* Where a body goes. One address after the other may be begun; `context` is the
 * request's. */
struct fetch_sink {
	/* A new body: forget what came of an earlier one. */
	enum err (*begin)(void *context, struct diag *why);
	/* Decoded bytes. An error breaks the transfer off with *why. */
	enum err (*write)(void *context, struct slice bytes, struct diag *why);
	/* In place of `write`, when a file: address names a folder. `member` as in struct
	 * fetch_answer. */
	enum err (*folder)(
	    void *context, const char *path, const char *member, struct diag *why);
	/* The transfer was whole (or 304). An error refuses it with *why, and the next
	 * address is tried. */
	enum err (*end)(void *context, const struct fetch_answer *answer, struct diag *why);
	/* Once, last. OK: `end` accepted. Else *why holds the reason of the last address
	 * that was tried, and `retry_after_s` what the server asked for (0: nothing). */
	void (*done)(
	    void *context, enum err rc, const struct diag *why, uint32_t retry_after_s);
};

/* Everything is borrowed until `done`. */
struct fetch_request {
	const char *const *urls;
	size_t url_count; /* 1..FETCH_URLS_MAX */
	/* Of the copy we have, sent to that address alone; "" = ask for the body. */
	const char *known_url;
	const char *etag;
	const char *last_modified;
	uint64_t max_bytes; /* decoded */
	/* Of the server at each address; never for where a redirect leads. NULL, "" or empty:
	 * none. */
	const char *bearer;
	const struct certificate *own;
	struct slice only_anchor; /* PEM, trusted in place of the system's */
	const struct fetch_sink *sink;
	void *context;
};

struct fetch_options {
	const char *data_folder; /* of relative file: addresses */
	const char *proxy;       /* "" = none; never taken from the environment */
	const char *ca_file;     /* trusted besides the system's; "" = none */
	struct resolver *resolver;
};

/* The texts of `options` are borrowed. ERR_MEMORY, ERR_IO (ca_file cannot be read or the
 * proxy is no address; *why). */
MUST_CHECK enum err fetcher_new(struct fetcher **out, struct event_base *base,
    const struct fetch_options *options, struct diag *why);
/* Breaks off what still runs without calling `done`. NULL is allowed. */
void fetcher_free(struct fetcher *f);

/* Queues a request; everything else happens in the loop. ERR_MEMORY. */
MUST_CHECK enum err fetcher_add(struct fetcher *f, const struct fetch_request *request);
/* Requests that have not ended. */
size_t fetcher_pending(const struct fetcher *f);

#endif
