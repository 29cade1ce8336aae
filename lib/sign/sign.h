/* sign -- Ed25519 (RFC 8032): what a school or a department signs, and who checks it.
 *
 * Keys and signatures travel as standard base64 with padding (RFC 4648 section 4): 44
 * characters a public key, 88 a signature, 64 octets decoded. One text form each: other
 * spellings of the same octets are refused, so that texts compare as keys do.
 *
 * Threads: no shared state. Random octets are arguments. */
#ifndef SIGN_SIGN_H
#define SIGN_SIGN_H

#include "base/bytes.h"
#include "base/diag.h"
#include "base/err.h"

enum {
	SIGN_KEY_BYTES = 32,
	SIGN_VALUE_BYTES = 64,
	SIGN_PUBLIC_TEXT = 45,   /* with the final NUL */
	SIGN_VALUE_TEXT = 89,    /* with the final NUL */
	SIGN_FILE_BYTES = 160,   /* holds a key file that sign_key_write() makes */
	SIGN_FILE_MAX = 8 * 1024 /* of a key file that is read */
};

struct sign_public {
	uint8_t bytes[SIGN_KEY_BYTES];
};

/* A private key, with its public half. End it with sign_key_wipe(). */
struct sign_key {
	uint8_t seed[SIGN_KEY_BYTES];
	struct sign_public public;
};

struct sign_value {
	uint8_t bytes[SIGN_VALUE_BYTES];
};

/* The key whose seed is `random`, 32 octets that nobody else knows. ERR_MEMORY. */
MUST_CHECK enum err sign_key_make(
    struct sign_key *out, const uint8_t random[SIGN_KEY_BYTES]);
void sign_key_wipe(struct sign_key *key);

/* The public half. */
struct sign_public sign_public_of(const struct sign_key *key);

/* A key file: PEM of PKCS#8 (RFC 8410), as `openssl genpkey -algorithm ed25519` writes
 * it. The caller keeps it in a file of mode 0600. */
void sign_key_write(char out[SIGN_FILE_BYTES], const struct sign_key *key);
/* Reads such a file, without a password. ERR_FORMAT with the reason; *out is untouched. */
MUST_CHECK enum err sign_key_read(struct sign_key *out, struct slice pem, struct diag *why);

/* Signs the very octets. ERR_MEMORY. */
MUST_CHECK enum err sign_bytes(
    struct sign_value *out, const struct sign_key *key, struct slice message);
/* True when the owner of `key` signed these very octets. Never true for a key of small
 * order, for which anybody can make signatures. */
bool sign_verify(const struct sign_public *key, struct slice message,
    const struct sign_value *signature);

bool sign_public_equal(const struct sign_public *a, const struct sign_public *b);

/* ---- texts; reading is strict: the whole of `text`, padding and all ---- */

void sign_public_text(char out[SIGN_PUBLIC_TEXT], const struct sign_public *key);
/* ERR_FORMAT; also for keys of small order (the eight points, RFC 8032 section 8). */
MUST_CHECK enum err sign_public_read(struct sign_public *out, struct slice text);
void sign_value_text(char out[SIGN_VALUE_TEXT], const struct sign_value *value);
MUST_CHECK enum err sign_value_read(struct sign_value *out, struct slice text);

#endif
