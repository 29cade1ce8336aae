/* mint -- makes certificates: the school's own CA, and leaves for blocked names.
 *
 * A leaf lives days, says one name, serves TLS alone, and is dated back a little for the
 * devices whose clock is wrong. All keys are EC P-256. Times are arguments, seconds since
 * 1970 UTC; serial numbers are random. Threads: no shared state. */
#ifndef KIT_MINT_H
#define KIT_MINT_H

#include "base/buf.h"
#include "base/diag.h"
#include "dns/name.h"
#include "kit/certificates.h"

enum {
	MINT_LEAF_DAYS = 7,
	MINT_BACK_DAYS = 2, /* a leaf is valid from so long ago */
	MINT_CA_YEARS_MIN = 1,
	MINT_CA_YEARS_MAX = 10,
	MINT_CHAIN_MAX_BYTES = 64 * 1024,
	MINT_KEY_MAX_BYTES = 1024, /* a public key in PEM */
	MINT_ORGANISATION_MAX = 64 /* letters: RFC 5280, ub-organization-name */
};

/* A new EC P-256 key pair; NULL without memory or random numbers. */
EVP_PKEY *mint_key(void);

/* A self-signed CA that signs leaves and no further CA. `school` is UTF-8, cut at
 * MINT_ORGANISATION_MAX letters; "" is left out. *out is the caller's; ERR_MEMORY. */
MUST_CHECK enum err mint_ca(
    struct certificate *out, const char *school, unsigned years, int64_t now_s);

/* Appends, in PEM, the leaf for `name` over `public_key` (PEM, P-256), and what stands
 * between it and the root. ERR_FORMAT: no such key; ERR_RANGE: `now_s` is outside the CA's
 * own days; ERR_MEMORY. */
MUST_CHECK enum err mint_leaf(struct buf *out, const struct certificate *ca,
    struct dname name, struct slice public_key, int64_t now_s);

/* As files hold them: the certificate; the key, without a passphrase (the caller wipes it);
 * the public key alone. ERR_MEMORY, ERR_FULL. */
MUST_CHECK enum err mint_certificate_text(struct buf *out, X509 *certificate);
MUST_CHECK enum err mint_key_text(struct buf *out, EVP_PKEY *key);
MUST_CHECK enum err mint_public_key_text(struct buf *out, EVP_PKEY *key);

/* "AB:CD:…", SHA-256 over the certificate, as browsers show it. False without memory. */
enum {
	MINT_PRINT_BYTES = 32 * 3
};
bool mint_fingerprint(char out[MINT_PRINT_BYTES], const X509 *certificate);

#endif
