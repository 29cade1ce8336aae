/* digest -- SHA-256 (FIPS 180-4) as a running sum, in hex at the end. */
#ifndef KIT_DIGEST_H
#define KIT_DIGEST_H

#include <openssl/evp.h>

#include "base/bytes.h"
#include "base/err.h"

enum {
	DIGEST_TEXT_BYTES = 65
};

/* ERR_MEMORY. End it with digest_end(). */
MUST_CHECK enum err digest_begin(EVP_MD_CTX **out);
void digest_add(EVP_MD_CTX *sum, struct slice bytes);
/* The text with its final NUL, so that "ab" "c" and "a" "bc" differ. */
void digest_add_text(EVP_MD_CTX *sum, const char *text);
/* Writes the hex digits (may be NULL) and frees *sum, which becomes NULL; NULL is fine. */
void digest_end(EVP_MD_CTX **sum, char out[DIGEST_TEXT_BYTES]);

#endif
