/* hello -- the name a TLS client asks for, from the first octets it sends.
 *
 * Which certificate to show, or whether to refuse, must be known before the handshake
 * begins, so the ClientHello is looked at first and read again by OpenSSL, which alone
 * decides about all else. What two readers could understand differently is refused: here an
 * unsound hello costs nobody but its sender. (RFC 8446 sections 4.1.2 and 5.1, RFC 6066
 * section 3.) Threads: pure functions. */
#ifndef PAGE_HELLO_H
#define PAGE_HELLO_H

#include "dns/name.h"

enum {
	HELLO_MAX_BYTES =
	    8192, /* of records; today's longest, with post-quantum keys, are 2 KiB */
	HELLO_RECORD_BYTES = 5 /* the head of a record */
};

/* `bytes` is what has come so far. OK: *name is the server's name, len 0 when the client
 * names none. ERR_AGAIN: not whole; *want is how many octets there must be before it is
 * worth looking again, more than bytes.len and at most HELLO_MAX_BYTES. ERR_FORMAT: no
 * sound hello. ERR_RANGE: longer than HELLO_MAX_BYTES. */
MUST_CHECK enum err hello_find_name(
    struct slice bytes, struct name_buf *name, size_t *want);

#endif
