/* Keys and signatures by OpenSSL's EVP. */
#include <string.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "sign/sign.h"

/* PKCS#8 of an Ed25519 key without attributes (RFC 8410 section 7): what stands before
 * the 32 octets of the seed. */
static const uint8_t PKCS8_HEAD[] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03,
    0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};

/* The points whose order divides eight, without the bit of x's sign, with the spellings
 * that are not reduced. For such a "key" a signature needs no secret. */
static const uint8_t SMALL_ORDER[][SIGN_KEY_BYTES] = {
    {0x00},
    {0x01},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef,
        0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88,
        0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10,
        0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77,
        0x92, 0xac, 0x03, 0x7a},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0x7f},
    {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0x7f},
    {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0x7f},
};

static EVP_PKEY *private_of(const uint8_t seed[SIGN_KEY_BYTES])
{
	return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, SIGN_KEY_BYTES);
}

enum err sign_key_make(struct sign_key *out, const uint8_t random[SIGN_KEY_BYTES])
{
	size_t size = SIGN_KEY_BYTES;
	struct sign_public public;
	EVP_PKEY *key = private_of(random);
	bool done =
	    key != NULL && EVP_PKEY_get_raw_public_key(key, public.bytes, &size) == 1;

	EVP_PKEY_free(key);
	if (!done)
		return ERR_MEMORY;
	memmove(out->seed, random, SIGN_KEY_BYTES);
	out->public = public;
	return OK;
}

void sign_key_wipe(struct sign_key *key)
{
	OPENSSL_cleanse(key, sizeof *key);
}

struct sign_public sign_public_of(const struct sign_key *key)
{
	return key->public;
}

void sign_key_write(char out[SIGN_FILE_BYTES], const struct sign_key *key)
{
	uint8_t der[sizeof PKCS8_HEAD + SIGN_KEY_BYTES];
	char body[4 * sizeof der / 3 + 1]; /* 48 octets are 64 characters */

	memcpy(der, PKCS8_HEAD, sizeof PKCS8_HEAD);
	memcpy(der + sizeof PKCS8_HEAD, key->seed, SIGN_KEY_BYTES);
	(void)EVP_EncodeBlock((uint8_t *)body, der, sizeof der);
	(void)snprintf(out, SIGN_FILE_BYTES,
	    "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n", body);
	OPENSSL_cleanse(der, sizeof der);
	OPENSSL_cleanse(body, sizeof body);
}

/* Without it OpenSSL would ask a terminal for the password. */
static int no_password(char *out, int size, int writing, void *context)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)context;
	return -1;
}

enum err sign_key_read(struct sign_key *out, struct slice pem, struct diag *why)
{
	uint8_t seed[SIGN_KEY_BYTES];
	size_t size = sizeof seed;
	enum err rc = ERR_FORMAT;
	EVP_PKEY *key = NULL;

	if (pem.len == 0 || pem.len > SIGN_FILE_MAX) {
		diag_set(why, "no key file: empty, or too long");
		return ERR_FORMAT;
	}
	BIO *file = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	if (file == NULL)
		return ERR_MEMORY;
	key = PEM_read_bio_PrivateKey(file, NULL, no_password, NULL);
	if (key == NULL || EVP_PKEY_get_id(key) != EVP_PKEY_ED25519 ||
	    EVP_PKEY_get_raw_private_key(key, seed, &size) != 1)
		diag_set(why, "no Ed25519 private key in PEM (PKCS#8, without a password)");
	else
		rc = sign_key_make(out, seed);
	EVP_PKEY_free(key);
	BIO_free(file);
	OPENSSL_cleanse(seed, sizeof seed);
	return rc;
}

enum err sign_bytes(
    struct sign_value *out, const struct sign_key *key, struct slice message)
{
	struct sign_value made;
	size_t size = sizeof made.bytes;
	EVP_PKEY *secret = private_of(key->seed);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool done = secret != NULL && ctx != NULL &&
	    EVP_DigestSignInit(ctx, NULL, NULL, NULL, secret) == 1 &&
	    EVP_DigestSign(ctx, made.bytes, &size, message.ptr, message.len) == 1;

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(secret);
	if (!done)
		return ERR_MEMORY;
	*out = made;
	return OK;
}

static bool is_small(const struct sign_public *key)
{
	struct sign_public y = *key;
	bool small = false;

	y.bytes[SIGN_KEY_BYTES - 1] &= 0x7f;
	for (size_t i = 0; i < sizeof SMALL_ORDER / sizeof *SMALL_ORDER; i++)
		small = small || memcmp(y.bytes, SMALL_ORDER[i], SIGN_KEY_BYTES) == 0;
	return small;
}

bool sign_verify(
    const struct sign_public *key, struct slice message, const struct sign_value *signature)
{
	if (is_small(key))
		return false;

	EVP_PKEY *public =
	    EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->bytes, SIGN_KEY_BYTES);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool holds = public != NULL && ctx != NULL &&
	    EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, public) == 1 &&
	    EVP_DigestVerify(
	        ctx, signature->bytes, SIGN_VALUE_BYTES, message.ptr, message.len) == 1;

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(public);
	return holds;
}

bool sign_public_equal(const struct sign_public *a, const struct sign_public *b)
{
	return memcmp(a->bytes, b->bytes, SIGN_KEY_BYTES) == 0;
}

/* ---- texts ---- */

/* `size` octets of a text whose only spelling this is. */
static enum err text_read(uint8_t *out, size_t size, struct slice text)
{
	uint8_t decoded[SIGN_VALUE_BYTES + 3];
	char again[SIGN_VALUE_TEXT];
	size_t length = (size + 2) / 3 * 4;

	if (text.len != length ||
	    EVP_DecodeBlock(decoded, text.ptr, (int)text.len) != (int)(length / 4 * 3))
		return ERR_FORMAT;
	/* Blanks, a wrong padding and stray bits in the last letter do not come back. */
	(void)EVP_EncodeBlock((uint8_t *)again, decoded, (int)size);
	if (memcmp(again, text.ptr, length) != 0)
		return ERR_FORMAT;
	memcpy(out, decoded, size);
	return OK;
}

void sign_public_text(char out[SIGN_PUBLIC_TEXT], const struct sign_public *key)
{
	(void)EVP_EncodeBlock((uint8_t *)out, key->bytes, SIGN_KEY_BYTES);
}

enum err sign_public_read(struct sign_public *out, struct slice text)
{
	struct sign_public made;
	enum err rc = text_read(made.bytes, sizeof made.bytes, text);

	if (rc == OK && is_small(&made))
		rc = ERR_FORMAT;
	if (rc == OK)
		*out = made;
	return rc;
}

void sign_value_text(char out[SIGN_VALUE_TEXT], const struct sign_value *value)
{
	(void)EVP_EncodeBlock((uint8_t *)out, value->bytes, SIGN_VALUE_BYTES);
}

enum err sign_value_read(struct sign_value *out, struct slice text)
{
	return text_read(out->bytes, sizeof out->bytes, text);
}
