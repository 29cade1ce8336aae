#include "desk/code_key.h"

#include <openssl/evp.h>
#include <string.h>

enum {
	DIGEST_BYTES = 32,
	WORD_MAX = 32
};

static const struct seal_cost COST = {.log_n = 14, .r = 8, .p = 1};

/* SHA-256 of `word` and the stretched code. */
static enum err derive(
    uint8_t out[DIGEST_BYTES], const char *word, const uint8_t stretched[SEAL_KEY_BYTES])
{
	uint8_t text[WORD_MAX + SEAL_KEY_BYTES];
	uint8_t digest[EVP_MAX_MD_SIZE];
	size_t len = strlen(word);

	memcpy(text, word, len);
	memcpy(text + len, stretched, SEAL_KEY_BYTES);
	int done = EVP_Digest(text, len + SEAL_KEY_BYTES, digest, NULL, EVP_sha256(), NULL);
	memcpy(out, digest, DIGEST_BYTES);
	seal_wipe(text, sizeof text);
	seal_wipe(digest, sizeof digest);
	return done == 1 ? OK : ERR_MEMORY;
}

enum err code_key_make(struct code_key *out, const char code[CODE_BYTES], struct slice salt)
{
	uint8_t stretched[SEAL_KEY_BYTES];
	uint8_t lookup[DIGEST_BYTES];
	uint8_t secret[DIGEST_BYTES];

	enum err rc = seal_stretch(
	    stretched, (struct slice){(const uint8_t *)code, CODE_LETTERS}, salt, COST);
	if (rc == OK)
		rc = derive(lookup, "lachan code lookup", stretched);
	if (rc == OK)
		rc = derive(secret, "lachan code reply", stretched);
	if (rc == OK)
		rc = seal_pair_make(&out->secret, &out->public, secret);
	if (rc == OK)
		memcpy(out->lookup, lookup, sizeof out->lookup);
	seal_wipe(stretched, sizeof stretched);
	seal_wipe(secret, sizeof secret);
	return rc;
}
