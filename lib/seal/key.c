/* Pairs, and private keys under a password:
 *
 *	 0  "LCK" 1         4   the last byte is the version
 *	 4  log_n r p 0     4   what scrypt was asked to spend
 *	 8  salt           16
 *	24  key, sealed    48   ChaCha20-Poly1305, the 24 bytes before as associated data
 */
#include <string.h>

#include <openssl/evp.h>

#include "seal/internal.h"

enum {
	COST_AT = 4,
	SALT_AT = 8,
	SEALED_AT = SALT_AT + SEAL_SALT_BYTES
};

static const uint8_t KEY_MAGIC[4] = {'L', 'C', 'K', 1};

enum err seal_pair_make(struct seal_secret *secret, struct seal_public *public,
    const uint8_t random[SEAL_KEY_BYTES])
{
	enum err rc = x25519_public(public->bytes, random);
	if (rc == OK)
		memcpy(secret->bytes, random, SEAL_KEY_BYTES);
	return rc;
}

enum err seal_key_id(uint8_t out[SEAL_KEY_ID_BYTES], const struct seal_public *public)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	uint8_t input[14 + SEAL_KEY_BYTES] = "lachan seal id";

	memcpy(input + 14, public->bytes, SEAL_KEY_BYTES);
	if (EVP_Digest(input, sizeof input, digest, &len, EVP_sha256(), NULL) != 1)
		return ERR_MEMORY;
	memcpy(out, digest, SEAL_KEY_ID_BYTES);
	return OK;
}

enum err seal_wrap(uint8_t out[SEAL_WRAPPED_BYTES], const struct seal_secret *secret,
    struct slice password, const uint8_t salt[SEAL_SALT_BYTES], struct seal_cost cost)
{
	uint8_t key[SEAL_KEY_BYTES];
	uint8_t made[SEAL_WRAPPED_BYTES] = {0};

	if (password.len == 0)
		return ERR_RANGE;
	memcpy(made, KEY_MAGIC, sizeof KEY_MAGIC);
	made[COST_AT] = cost.log_n;
	made[COST_AT + 1] = cost.r;
	made[COST_AT + 2] = cost.p;
	memcpy(made + SALT_AT, salt, SEAL_SALT_BYTES);

	enum err rc =
	    seal_stretch(key, password, (struct slice){salt, SEAL_SALT_BYTES}, cost);
	if (rc == OK) {
		struct aead with = {.key = key, .header = {made, SEALED_AT}};
		rc = aead_seal(
		    made + SEALED_AT, &with, (struct slice){secret->bytes, SEAL_KEY_BYTES});
	}
	if (rc == OK)
		memcpy(out, made, sizeof made);
	seal_wipe(key, sizeof key);
	return rc;
}

enum err seal_unwrap(struct seal_secret *secret, struct seal_public *public,
    const uint8_t wrapped[SEAL_WRAPPED_BYTES], struct slice password)
{
	uint8_t key[SEAL_KEY_BYTES];
	uint8_t opened[SEAL_KEY_BYTES];
	struct seal_cost cost = {
	    wrapped[COST_AT], wrapped[COST_AT + 1], wrapped[COST_AT + 2]};

	if (memcmp(wrapped, KEY_MAGIC, sizeof KEY_MAGIC) != 0 || wrapped[COST_AT + 3] != 0)
		return ERR_FORMAT;

	enum err rc = seal_stretch(
	    key, password, (struct slice){wrapped + SALT_AT, SEAL_SALT_BYTES}, cost);
	if (rc == ERR_RANGE)
		return ERR_FORMAT;
	if (rc == OK) {
		struct aead with = {.key = key, .header = {wrapped, SEALED_AT}};
		rc = aead_open(
		    opened, &with, (struct slice){wrapped + SEALED_AT, ENVELOPE_BYTES});
	}
	if (rc == OK)
		rc = seal_pair_make(secret, public, opened);
	seal_wipe(key, sizeof key);
	seal_wipe(opened, sizeof opened);
	return rc;
}

void seal_to_hex(char *out, struct slice bytes)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < bytes.len; i++) {
		out[2 * i] = digits[bytes.ptr[i] >> 4];
		out[2 * i + 1] = digits[bytes.ptr[i] & 15];
	}
	out[2 * bytes.len] = '\0';
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool seal_from_hex(uint8_t *out, size_t size, const char *hex)
{
	if (strlen(hex) != 2 * size)
		return false;
	for (size_t i = 0; i < 2 * size; i++) {
		if (hex_value(hex[i]) < 0)
			return false;
	}
	for (size_t i = 0; i < size; i++)
		out[i] = (uint8_t)(hex_value(hex[2 * i]) << 4 | hex_value(hex[2 * i + 1]));
	return true;
}
