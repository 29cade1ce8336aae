/* Each primitive by OpenSSL's EVP, so that a distribution's hardened build is what runs. */
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "seal/internal.h"

static const uint8_t NONCE_ZERO[12];

void seal_wipe(void *memory, size_t size)
{
	OPENSSL_cleanse(memory, size);
}

enum err x25519_public(uint8_t out[SEAL_KEY_BYTES], const uint8_t secret[SEAL_KEY_BYTES])
{
	size_t size = SEAL_KEY_BYTES;
	EVP_PKEY *key =
	    EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, secret, SEAL_KEY_BYTES);
	bool done = key != NULL && EVP_PKEY_get_raw_public_key(key, out, &size) == 1;

	EVP_PKEY_free(key);
	return done ? OK : ERR_MEMORY;
}

enum err x25519_shared(uint8_t out[SEAL_KEY_BYTES], const uint8_t secret[SEAL_KEY_BYTES],
    const uint8_t public[SEAL_KEY_BYTES])
{
	enum err rc = ERR_MEMORY;
	size_t size = SEAL_KEY_BYTES;
	EVP_PKEY_CTX *ctx = NULL;
	EVP_PKEY *mine =
	    EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, secret, SEAL_KEY_BYTES);
	EVP_PKEY *theirs =
	    EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, public, SEAL_KEY_BYTES);

	if (mine == NULL || theirs == NULL)
		goto done;
	ctx = EVP_PKEY_CTX_new(mine, NULL);
	if (ctx == NULL || EVP_PKEY_derive_init(ctx) != 1 ||
	    EVP_PKEY_derive_set_peer(ctx, theirs) != 1)
		goto done;
	/* OpenSSL refuses the all-zero result itself. */
	rc = EVP_PKEY_derive(ctx, out, &size) == 1 ? OK : ERR_RANGE;
done:
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(theirs);
	EVP_PKEY_free(mine);
	return rc;
}

/* OpenSSL takes what it only reads as void *. */
static OSSL_PARAM param_octets(const char *name, struct slice s)
{
	static uint8_t none;

	return OSSL_PARAM_construct_octet_string(
	    name, s.len == 0 ? &none : (void *)(uintptr_t)s.ptr, s.len);
}

static enum err kdf_run(
    const char *name, const OSSL_PARAM params[], uint8_t *out, size_t size)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, name, NULL);
	EVP_KDF_CTX *ctx = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
	bool done = ctx != NULL && EVP_KDF_derive(ctx, out, size, params) == 1;

	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return done ? OK : ERR_MEMORY;
}

enum err hkdf_sha256(
    struct slice key, struct slice salt, const char *info, uint8_t *out, size_t size)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
	    param_octets(OSSL_KDF_PARAM_KEY, key),
	    param_octets(OSSL_KDF_PARAM_SALT, salt),
	    param_octets(OSSL_KDF_PARAM_INFO, slice_of(info)),
	    OSSL_PARAM_construct_end(),
	};

	return kdf_run("HKDF", params, out, size);
}

static bool cost_allowed(struct seal_cost cost)
{
	return cost.log_n >= 1 && cost.log_n <= 17 && cost.r >= 1 && cost.r <= 16 &&
	    cost.p >= 1 && cost.p <= 4;
}

enum err seal_stretch(uint8_t out[SEAL_KEY_BYTES], struct slice words, struct slice salt,
    struct seal_cost cost)
{
	if (!cost_allowed(cost))
		return ERR_RANGE;

	uint64_t n = UINT64_C(1) << cost.log_n;
	uint32_t r = cost.r;
	uint32_t p = cost.p;
	uint64_t most = UINT64_C(1) << 30; /* above every allowed cost */
	OSSL_PARAM params[] = {
	    param_octets(OSSL_KDF_PARAM_PASSWORD, words),
	    param_octets(OSSL_KDF_PARAM_SALT, salt),
	    OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
	    OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
	    OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p),
	    OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &most),
	    OSSL_PARAM_construct_end(),
	};

	return kdf_run("SCRYPT", params, out, SEAL_KEY_BYTES);
}

/* The lengths are those of one message: far below INT_MAX. */
static bool aead_associate(EVP_CIPHER_CTX *ctx, const struct aead *with, bool encrypt)
{
	int written = 0;
	const struct slice parts[] = {with->header, with->context};

	if (EVP_CipherInit_ex(
	        ctx, EVP_chacha20_poly1305(), NULL, with->key, NONCE_ZERO, encrypt) != 1)
		return false;
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		if (parts[i].len > 0 &&
		    EVP_CipherUpdate(
		        ctx, NULL, &written, parts[i].ptr, (int)parts[i].len) != 1)
			return false;
	}
	return true;
}

enum err aead_seal(uint8_t *out, const struct aead *with, struct slice text)
{
	int written = 0;
	int rest = 0;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	bool done = ctx != NULL && aead_associate(ctx, with, true) &&
	    EVP_CipherUpdate(ctx, out, &written, text.ptr, (int)text.len) == 1 &&
	    EVP_CipherFinal_ex(ctx, out + text.len, &rest) == 1 &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, out + text.len) == 1;

	EVP_CIPHER_CTX_free(ctx);
	return done ? OK : ERR_MEMORY;
}

enum err aead_open(uint8_t *out, const struct aead *with, struct slice sealed)
{
	enum err rc = ERR_MEMORY;
	int written = 0;
	int rest = 0;
	uint8_t tag[TAG_BYTES];
	size_t len = sealed.len - TAG_BYTES;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	memcpy(tag, sealed.ptr + len, sizeof tag);
	if (ctx == NULL || !aead_associate(ctx, with, false) ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) != 1 ||
	    EVP_CipherUpdate(ctx, out, &written, sealed.ptr, (int)len) != 1)
		goto done;
	rc = EVP_CipherFinal_ex(ctx, out + len, &rest) == 1 ? OK : ERR_DENIED;
done:
	if (rc != OK) /* what was decrypted before the tag was seen to be wrong */
		seal_wipe(out, len);
	EVP_CIPHER_CTX_free(ctx);
	return rc;
}
