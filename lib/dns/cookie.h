/* cookie -- DNS server cookies (RFC 7873) in the form that RFC 9018 gives them.
 *
 *	 client cookie      server cookie
 *	┌───────────────┬──────────────────────────────────────────────┐
 *	│   8 octets    │ version 1 │ reserved 3 │ timestamp 4 │ hash 8 │
 *	└───────────────┴──────────────────────────────────────────────┘
 *	 hash = SipHash-2-4(client cookie, version, reserved, timestamp, client's address)
 *
 * Who sends back what we gave him can read what we send to his address: it is not forged.
 * Nothing is stored for it. Threads: no shared state. */
#ifndef DNS_COOKIE_H
#define DNS_COOKIE_H

#include "base/bytes.h"
#include "base/hash.h"

enum {
	COOKIE_CLIENT_BYTES = 8,
	COOKIE_BYTES = 24,        /* both, in our form */
	COOKIE_OPTION_BYTES = 28, /* with the option's code and length */
	COOKIE_SECRET_BYTES = 16,
	COOKIE_AGE_MAX_S = 3600, /* RFC 9018 section 4.3 */
	COOKIE_AHEAD_MAX_S = 300,
	COOKIE_RENEW_S = 1800 /* older ones are taken, and answered by a new one */
};

/* The secret that cookies are made with, and the one before it, which still proves those
 * made with it: the two change places at least COOKIE_AGE_MAX_S apart. At first both are
 * the same. */
struct cookie_secrets {
	struct hash_key now;
	struct hash_key before;
};

/* A secret from its 16 octets, in the order of RFC 9018. */
struct hash_key cookie_secret(const uint8_t octets[COOKIE_SECRET_BYTES]);
/* From now on cookies are made with this one; the one before it still proves its own. */
void cookie_secrets_renew(
    struct cookie_secrets *secrets, const uint8_t octets[COOKIE_SECRET_BYTES]);

/* Judges the cookie that a query brought (`sent`: 8, or 16 to 40 octets) from a client at
 * `address` (4 or 16 octets), and writes the option that the answer carries: the same cookie
 * while it is good and young, else a new one. True: a good server cookie was sent. One hash
 * for a good young one. `now_s`: seconds of a clock that only this program need share. */
bool cookie_answer(uint8_t out[COOKIE_OPTION_BYTES], struct slice sent,
    struct slice address, const struct cookie_secrets *secrets, uint32_t now_s);

#endif
