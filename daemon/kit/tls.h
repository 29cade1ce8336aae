/* tls -- how we speak TLS: 1.2 with modern ciphers, 1.3 where the client can.
 *
 * No renegotiation, no compression, no session kept or given away (RFC 8446 section 8: what is
 * not there cannot be replayed), HTTP/1.1 and nothing else. Threads: one. */
#ifndef KIT_TLS_H
#define KIT_TLS_H

#include <event2/bufferevent.h>
#include <openssl/ssl.h>

#include "kit/certificates.h"

/* NULL without memory. The caller ends it with SSL_CTX_free(). */
SSL_CTX *tls_context(void);

/* A stream over `fd` whose handshake begins now, with this certificate; it closes `fd` at its
 * end. NULL: `fd` is still the caller's. */
struct bufferevent *tls_accept(SSL_CTX *context, struct event_base *base, int fd,
    const struct certificate *certificate);

/* The end of what we say: close_notify, then FIN. */
void tls_finish(struct bufferevent *stream);

/* The alert unrecognized_name (RFC 6066 section 3) to a client that has sent its hello and
 * heard nothing yet: browsers give up at once. Reads what has come, says FIN, closes `fd`. */
void tls_refuse_close(int fd);

#endif
