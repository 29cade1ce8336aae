/* answer -- DNS messages of the stub resolver, through ldns. Pure. */
#ifndef FEEDS_ANSWER_H
#define FEEDS_ANSWER_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "feeds/addresses.h"
#include "feeds/stub.h"

enum {
	ANSWER_QUERY_BYTES = 512,
	ANSWER_UDP_BYTES = 1232 /* announced by EDNS (RFC 9715) */
};

/* Writes the query for `host` into `out`. ERR_FORMAT when it is no host name. */
MUST_CHECK enum err answer_make_query(
    struct writer *out, const char *host, enum stub_type type, uint16_t id);

/* Reads what came from the server. ERR_FORMAT: not the answer to this question, pass it
 * over. ERR_AGAIN: truncated, ask over TCP. ERR_IO: the server says it cannot answer, ask
 * the next. OK: *found holds the addresses at the end of the alias chain, maybe none. */
MUST_CHECK enum err answer_read(
    struct addresses *found, struct slice message, struct slice query);

#endif
