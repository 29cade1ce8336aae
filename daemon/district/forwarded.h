/* forwarded -- who asks, where a proxy of ours stands between (X-Forwarded-For, -Proto).
 * Threads: pure functions. */
#ifndef DISTRICT_FORWARDED_H
#define DISTRICT_FORWARDED_H

#include "net/addr.h"

struct forwarded {
	struct addr peer; /* who connected to us; out: who asks */
	bool there;       /* out: some header speaks of a proxy */
	bool tls;         /* out: the proxy was asked by https */
};

typedef bool forwarded_is_ours(const void *context, const struct addr *peer);

/* Reads the header lines of a request that out->peer sent. Addresses are believed from the
 * right, as far as proxies of ours wrote them: the first that is none of them asks. */
void forwarded_read(struct forwarded *out, struct slice header_lines,
    forwarded_is_ours *is_ours, const void *context);

#endif
