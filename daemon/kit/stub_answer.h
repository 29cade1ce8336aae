/* stub_answer -- DNS messages of the stub resolver, through ldns. Pure. */
#ifndef KIT_STUB_ANSWER_H
#define KIT_STUB_ANSWER_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "kit/addresses.h"
#include "kit/stub.h"

enum {
	STUB_QUERY_BYTES = 512,
	STUB_UDP_BYTES = 1232 /* announced by EDNS (RFC 9715) */
};

/* Writes the query for `host` into `out`. ERR_FORMAT when it is no host name. */
MUST_CHECK enum err stub_answer_make_query(
    struct writer *out, const char *host, enum stub_type type, uint16_t id);

/* Reads what came from the server. ERR_FORMAT: not the answer to this question, pass it
 * over. ERR_AGAIN: truncated, ask over TCP. ERR_IO: the server says it cannot answer, ask
 * the next. OK: *found holds the addresses at the end of the alias chain, maybe none. */
MUST_CHECK enum err stub_answer_read(
    struct addresses *found, struct slice message, struct slice query);

#endif
