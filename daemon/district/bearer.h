/* bearer -- tokens: what a school or a partner shows, and what the store keeps of it.
 *
 * A token is 43 characters of base64url (RFC 4648 section 5, no padding) over 32 random octets.
 * The store keeps the SHA-256 of these very characters: who reads the database cannot send.
 * Threads: no shared state; random octets are arguments. */
#ifndef DISTRICT_BEARER_H
#define DISTRICT_BEARER_H

#include "base/bytes.h"
#include "district/store.h"

enum {
	BEARER_RANDOM_BYTES = 32,
	BEARER_TEXT_BYTES = 44, /* with the final NUL */
	BEARER_MARK_BYTES =
	    13 /* 12 hexadecimal digits, by which people call a token, and the NUL */
};

void bearer_make(char out[BEARER_TEXT_BYTES], const uint8_t random[BEARER_RANDOM_BYTES]);
/* False when `text` is no token; *out is untouched then. */
bool bearer_sha256(struct slice text, uint8_t out[STORE_SHA256_BYTES]);
/* How lists call it. */
void bearer_mark(char out[BEARER_MARK_BYTES], const uint8_t sha256[STORE_SHA256_BYTES]);

#endif
