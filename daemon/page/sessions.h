/* sessions -- the TLS sessions under way, so many and no more.
 *
 * A session takes memory a hundred times that of a connection that has only said hello. Where
 * there is no place for one more, the one that has been in its handshake longest makes room (an
 * honest handshake is over in milliseconds), else the one that began first.
 * Threads: everything on the thread of the event base. */
#ifndef PAGE_SESSIONS_H
#define PAGE_SESSIONS_H

#include <event2/bufferevent.h>
#include <openssl/ssl.h>

#include "base/err.h"

enum {
	SESSIONS_MAX = 96,
	SESSIONS_CROWD = 32
};

struct sessions;

/* ERR_MEMORY. */
MUST_CHECK enum err sessions_open(struct sessions **out);
/* Sessions that are still there live on uncounted. NULL: nothing. */
void sessions_close(struct sessions *s);

/* From time to time: when a crowd has gone, its memory goes back to the system. */
void sessions_care(struct sessions *s);

/* Counts the session of `stream`, to which `ssl` belongs, until that is freed; first ends
 * another's by its event callback where there is no place. ERR_MEMORY: it is not counted. */
MUST_CHECK enum err sessions_add(struct sessions *s, struct bufferevent *stream, SSL *ssl);

#endif
