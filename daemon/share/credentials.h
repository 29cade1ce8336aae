/* credentials -- what we show to a recipient, and whom we take it for: read with the rights of
 * who started us, before these are given up. Threads: no shared state. */
#ifndef SHARE_CREDENTIALS_H
#define SHARE_CREDENTIALS_H

#include "base/buf.h"
#include "base/diag.h"
#include "conf/config.h"
#include "kit/certificates.h"
#include "kit/secret.h"
#include "sharing/state.h"
#include "sign/sign.h"

struct credentials {
	const char *url; /* of summaries */
	const char *host;
	uint16_t port;
	bool tls;
	char token[SECRET_BYTES]; /* "": none */
	struct buf anchor;        /* PEM; empty: the system's trust anchors */
	struct certificate own;   /* CERTIFICATE_NONE: none */
	/* Of all this, the unit and our public key: another one is a changed configuration. */
	char settings[SHARING_SETTINGS_BYTES];
	bool broken; /* a file could not be read; `why` has it */
	struct diag why;
};

/* Fills *out for the recipient; end it with credentials_wipe() whatever came of it. */
void credentials_read(struct credentials *out, const struct config_recipient *recipient,
    const char *unit, const struct sign_public *key);
void credentials_wipe(struct credentials *c);

#endif
