/* credentials -- what lachan-feeds shows a department that it asks for a bundle: the token, the
 * certificate and the anchors of the recipient that lives at the same place (bundle.h).
 *
 * They are read before rights are given up, since secrets/ is closed to server.user, and kept in
 * memory until the end. Threads: one. */
#ifndef FEEDS_CREDENTIALS_H
#define FEEDS_CREDENTIALS_H

#include "base/buf.h"
#include "conf/config.h"
#include "kit/certificates.h"
#include "kit/secret.h"

struct feed_credentials {
	const struct config_feed *feed;
	char token[SECRET_BYTES]; /* "": none */
	struct buf anchor;        /* PEM: these anchors alone; empty: the system's */
	struct certificate own;   /* own.own NULL: none */
	struct diag why;          /* what could not be read; "" */
};

struct credentials {
	struct feed_credentials *items;
	size_t count;
};

/* Of all bundles of the configuration. What cannot be read is asked for without; `why` of it
 * says so. ERR_MEMORY. credentials_wipe() ends it, also after a failure. */
MUST_CHECK enum err credentials_read(struct credentials *out, const struct config *config);
void credentials_wipe(struct credentials *all);
/* Those of a feed of the configuration, by its name; NULL: it has none. */
const struct feed_credentials *credentials_of(
    const struct credentials *all, const struct config_feed *feed);

#endif
