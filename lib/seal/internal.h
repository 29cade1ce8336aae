/* The primitives and the places of a sealed message; for this module and its tests. */
#ifndef SEAL_INTERNAL_H
#define SEAL_INTERNAL_H

#include "seal/seal.h"

enum {
	TAG_BYTES = 16, /* Poly1305 */

	HEADER_BYTES = 48,
	PURPOSE_AT = 8,
	LENGTH_AT = 12,
	COMMIT_AT = 16,
	LENGTH_PREFIX_BYTES = 4, /* of the text inside the padding */
	PADDED_MIN = 4096,
	PADDED_MAX = 16384,

	ENVELOPE_BYTES = SEAL_KEY_BYTES + TAG_BYTES,
	WRAP_BYTES = SEAL_KEY_ID_BYTES + SEAL_KEY_BYTES + ENVELOPE_BYTES,
	EPHEMERAL_AT = SEAL_KEY_ID_BYTES,
	ENVELOPE_AT = SEAL_KEY_ID_BYTES + SEAL_KEY_BYTES
};

/* ---- primitives.c: ERR_MEMORY unless told otherwise ---- */

MUST_CHECK enum err x25519_public(
    uint8_t out[SEAL_KEY_BYTES], const uint8_t secret[SEAL_KEY_BYTES]);
/* ERR_RANGE for a public key that gives the all-zero secret (RFC 7748 section 6.1). */
MUST_CHECK enum err x25519_shared(uint8_t out[SEAL_KEY_BYTES],
    const uint8_t secret[SEAL_KEY_BYTES], const uint8_t public[SEAL_KEY_BYTES]);
MUST_CHECK enum err hkdf_sha256(
    struct slice key, struct slice salt, const char *info, uint8_t *out, size_t size);

/* The nonce is all zero: every key here encrypts one thing, once. */
struct aead {
	const uint8_t *key; /* SEAL_KEY_BYTES */
	struct slice header;
	struct slice context; /* follows the header as associated data */
};

/* `out` holds text.len + TAG_BYTES. */
MUST_CHECK enum err aead_seal(uint8_t *out, const struct aead *with, struct slice text);
/* `out` holds sealed.len - TAG_BYTES; ERR_DENIED when the tag does not fit. */
MUST_CHECK enum err aead_open(uint8_t *out, const struct aead *with, struct slice sealed);

/* ---- message.c ---- */

/* The keys that follow from the random message key. */
struct message_keys {
	uint8_t body[SEAL_KEY_BYTES];
	uint8_t commitment[SEAL_KEY_BYTES];
};

MUST_CHECK enum err message_keys_make(
    struct message_keys *out, const uint8_t message_key[SEAL_KEY_BYTES]);

/* ---- recipients.c ---- */

/* The message key for `to`, bound to the message's header. */
MUST_CHECK enum err wrap_write(uint8_t out[WRAP_BYTES], const uint8_t header[HEADER_BYTES],
    const uint8_t message_key[SEAL_KEY_BYTES], const struct seal_public *to,
    const uint8_t random[SEAL_KEY_BYTES]);
/* The message key that `sealed` holds for this secret. ERR_NOT_FOUND, ERR_DENIED. */
MUST_CHECK enum err wrap_find(uint8_t message_key[SEAL_KEY_BYTES],
    const struct seal_view *view, const struct seal_secret *secret);

#endif
