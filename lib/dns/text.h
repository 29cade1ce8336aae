/* text -- records and messages as people read them, for tools and `explain`.
 *
 * The one place of this module that uses ldns: it allocates and is slow, so it never runs
 * between a query and its answer. Threads: no shared state. */
#ifndef DNS_TEXT_H
#define DNS_TEXT_H

#include "base/buf.h"
#include "dns/rr.h"

enum {
	TEXT_CODE_BYTES = 16 /* any type, class or rcode as text, with its NUL */
};

/* "AAAA", "HTTPS"; "TYPE65280" for what has no name (RFC 3597). */
void text_from_type(char out[TEXT_CODE_BYTES], uint16_t type);
/* Reads either form, in any case. False leaves *out untouched. */
MUST_CHECK bool text_to_type(struct slice text, uint16_t *out);
/* "NOERROR", "NXDOMAIN"; "RCODE23". */
void text_from_rcode(char out[TEXT_CODE_BYTES], uint16_t rcode);

/* Appends the rdata of a record of `type`, given as master files have it (RFC 1035 section 5.1,
 * one line; relative names stand below `origin`), in wire form with names uncompressed and, where the
 * type is an old one, in lower case.
 * ERR_FORMAT, ERR_FULL when `out` is, ERR_MEMORY. */
MUST_CHECK enum err text_record_read(
    struct buf *out, uint16_t type, struct slice rdata, struct dname origin);

/* Appends one record in presentation form, one line. ERR_FORMAT when it is malformed,
 * ERR_FULL when `out` is. */
MUST_CHECK enum err text_append_rr(
    struct buf *out, struct slice packet, const struct rr *rr);
/* Appends a message as dig prints one. Errors as above. */
MUST_CHECK enum err text_append_message(struct buf *out, struct slice packet);

#endif
