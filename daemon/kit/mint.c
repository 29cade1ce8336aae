#include "kit/mint.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

enum {
	SERIAL_BYTES = 16,
	VERSION_3 = 2,
	CA_BACK_DAYS = 30 /* a device's clock may be weeks behind when it first meets us */
};

/* Shown where a browser shows who issued a certificate. */
static const char PROGRAM[] = "L\u00e1 Ch\u1eafn";

EVP_PKEY *mint_key(void)
{
	return EVP_EC_gen("P-256");
}

/* ---- parts of a certificate ------------------------------------------------------------- */

static bool set_serial(X509 *made)
{
	uint8_t octets[SERIAL_BYTES];

	if (RAND_bytes(octets, sizeof octets) != 1)
		return false;
	octets[0] = (octets[0] & 0x7f) | 0x40; /* positive, and always as long */
	BIGNUM *number = BN_bin2bn(octets, sizeof octets, NULL);
	bool set = number != NULL &&
	    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(made)) != NULL;
	BN_free(number);
	return set;
}

/* In days from now: ten years from now are beyond what a time_t of 32 bits can hold. */
static bool set_days(X509 *made, int64_t now_s, int from, int until)
{
	time_t now = (time_t)now_s;

	return ASN1_TIME_adj(X509_getm_notBefore(made), now, from, 0) != NULL &&
	    ASN1_TIME_adj(X509_getm_notAfter(made), now, until, 0) != NULL;
}

static bool add_word(X509_NAME *name, const char *what, struct slice text)
{
	return text.len == 0 ||
	    X509_NAME_add_entry_by_txt(
	        name, what, MBSTRING_UTF8, text.ptr, (int)text.len, -1, 0) == 1;
}

/* One extension of OpenSSL's text form; `issuer` for the key identifiers. */
static bool add_extension(X509 *made, X509 *issuer, int what, const char *value)
{
	X509V3_CTX context;

	X509V3_set_ctx(&context, issuer, made, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, what, value);
	bool added = extension != NULL && X509_add_ext(made, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return added;
}

/* The name goes in as data: nothing in it is read as a syntax. */
static bool add_host(X509 *made, const char *host)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();
	bool added = false;

	if (names != NULL && name != NULL && text != NULL &&
	    ASN1_STRING_set(text, host, -1) == 1 && sk_GENERAL_NAME_push(names, name) > 0) {
		GENERAL_NAME_set0_value(name, GEN_DNS, text);
		name = NULL; /* both belong to `names` now */
		text = NULL;
		added = X509_add1_ext_i2d(made, NID_subject_alt_name, names, 0, 0) == 1;
	}
	ASN1_IA5STRING_free(text);
	GENERAL_NAME_free(name);
	GENERAL_NAMES_free(names);
	return added;
}

static enum err sign(X509 *made, EVP_PKEY *key)
{
	bool done = X509_sign(made, key, EVP_sha256()) > 0;

	ERR_clear_error();
	return done ? OK : ERR_MEMORY;
}

/* ---- the CA ----------------------------------------------------------------------------- */

/* At most MINT_ORGANISATION_MAX letters; never half of one. */
static struct slice cut_letters(const char *text)
{
	size_t len = 0;

	for (size_t letters = 0; text[len] != 0; len++)
		if (((unsigned char)text[len] & 0xc0) != 0x80 &&
		    ++letters > MINT_ORGANISATION_MAX)
			break;
	return (struct slice){(const uint8_t *)text, len};
}

static bool name_ca(X509 *made, const char *school)
{
	X509_NAME *name = X509_get_subject_name(made);

	return add_word(name, "O", cut_letters(school)) &&
	    add_word(name, "CN", slice_of(PROGRAM)) &&
	    X509_set_issuer_name(made, name) == 1;
}

enum err mint_ca(struct certificate *out, const char *school, unsigned years, int64_t now_s)
{
	struct certificate made = {X509_new(), sk_X509_new_null(), mint_key()};
	int until = (int)(years * 365); /* at most MINT_CA_YEARS_MAX */
	enum err rc = ERR_MEMORY;

	if (made.own != NULL && made.chain != NULL && made.key != NULL &&
	    X509_set_version(made.own, VERSION_3) == 1 && set_serial(made.own) &&
	    set_days(made.own, now_s, -CA_BACK_DAYS, until) && name_ca(made.own, school) &&
	    X509_set_pubkey(made.own, made.key) == 1 &&
	    add_extension(
	        made.own, made.own, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
	    add_extension(
	        made.own, made.own, NID_key_usage, "critical,keyCertSign,cRLSign") &&
	    add_extension(made.own, made.own, NID_ext_key_usage, "serverAuth") &&
	    add_extension(made.own, made.own, NID_subject_key_identifier, "hash"))
		rc = sign(made.own, made.key);
	ERR_clear_error();
	if (rc == OK)
		*out = made;
	else
		certificate_deinit(&made);
	return rc;
}

/* ---- leaves ----------------------------------------------------------------------------- */

/* A key of the form that we make; NULL for any other. */
static EVP_PKEY *read_public_key(struct slice text)
{
	char group[32] = "";

	if (text.len == 0 || text.len > MINT_KEY_MAX_BYTES)
		return NULL;
	BIO *bio = BIO_new_mem_buf(text.ptr, (int)text.len);
	EVP_PKEY *key = bio == NULL
	    ? NULL
	    : PEM_read_bio_PUBKEY(bio, NULL, certificate_no_passphrase, NULL);
	BIO_free(bio);
	if (key != NULL &&
	    (EVP_PKEY_get_group_name(key, group, sizeof group, NULL) != 1 ||
	        strcmp(group, "prime256v1") != 0)) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

static bool is_valid_at(const X509 *ca, int64_t now_s)
{
	return ASN1_TIME_cmp_time_t(X509_get0_notBefore(ca), (time_t)now_s) <= 0 &&
	    ASN1_TIME_cmp_time_t(X509_get0_notAfter(ca), (time_t)now_s) >= 0;
}

static bool end_with_ca(X509 *leaf, const X509 *ca)
{
	const ASN1_TIME *end = X509_get0_notAfter(ca);

	return ASN1_TIME_compare(X509_get0_notAfter(leaf), end) <= 0 ||
	    X509_set1_notAfter(leaf, end) == 1;
}

static enum err make_leaf(X509 *leaf, const struct certificate *ca, struct dname name,
    EVP_PKEY *public_key, int64_t now_s)
{
	char host[NAME_TEXT_MAX];

	name_to_text(host, name);
	if (X509_set_version(leaf, VERSION_3) != 1 || !set_serial(leaf) ||
	    !set_days(leaf, now_s, -MINT_BACK_DAYS, MINT_LEAF_DAYS - MINT_BACK_DAYS) ||
	    !end_with_ca(leaf, ca->own) ||
	    X509_set_issuer_name(leaf, X509_get_subject_name(ca->own)) != 1 ||
	    !add_word(X509_get_subject_name(leaf), "CN", slice_of(PROGRAM)) ||
	    X509_set_pubkey(leaf, public_key) != 1 ||
	    !add_extension(leaf, ca->own, NID_basic_constraints, "critical,CA:FALSE") ||
	    !add_extension(leaf, ca->own, NID_key_usage, "critical,digitalSignature") ||
	    !add_extension(leaf, ca->own, NID_ext_key_usage, "serverAuth") ||
	    !add_extension(leaf, ca->own, NID_authority_key_identifier, "keyid") ||
	    !add_host(leaf, host))
		return ERR_MEMORY;
	return sign(leaf, ca->key);
}

/* What a device that trusts the root alone needs to get there. */
static enum err append_chain(struct buf *out, X509 *leaf, const struct certificate *ca)
{
	enum err rc = mint_certificate_text(out, leaf);

	if (rc == OK && X509_check_issued(ca->own, ca->own) != X509_V_OK)
		rc = mint_certificate_text(out, ca->own);
	for (int i = 0; rc == OK && i < sk_X509_num(ca->chain); i++)
		rc = mint_certificate_text(out, sk_X509_value(ca->chain, i));
	return rc;
}

enum err mint_leaf(struct buf *out, const struct certificate *ca, struct dname name,
    struct slice public_key, int64_t now_s)
{
	X509 *leaf = NULL;
	EVP_PKEY *key = NULL;
	enum err rc = ERR_RANGE;

	if (!is_valid_at(ca->own, now_s))
		goto done;
	key = read_public_key(public_key);
	rc = ERR_FORMAT;
	if (key == NULL)
		goto done;
	leaf = X509_new();
	rc = leaf == NULL ? ERR_MEMORY : make_leaf(leaf, ca, name, key, now_s);
	if (rc == OK)
		rc = append_chain(out, leaf, ca);
done:
	ERR_clear_error();
	X509_free(leaf);
	EVP_PKEY_free(key);
	return rc;
}

/* ---- as text ---------------------------------------------------------------------------- */

/* Takes what `bio` holds and ends it, wiping. */
static enum err take_text(struct buf *out, BIO *bio, bool written)
{
	char *text;
	long len = bio == NULL ? 0 : BIO_get_mem_data(bio, &text);
	enum err rc = ERR_MEMORY;

	if (written && len > 0) {
		buf_append(out, (struct slice){(const uint8_t *)text, (size_t)len});
		rc = buf_status(out);
	}
	BIO_free(bio);
	ERR_clear_error();
	return rc;
}

enum err mint_certificate_text(struct buf *out, X509 *certificate)
{
	BIO *bio = BIO_new(BIO_s_mem());

	return take_text(
	    out, bio, bio != NULL && PEM_write_bio_X509(bio, certificate) == 1);
}

enum err mint_key_text(struct buf *out, EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_secmem());

	return take_text(out, bio,
	    bio != NULL &&
	        PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1);
}

enum err mint_public_key_text(struct buf *out, EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());

	return take_text(out, bio, bio != NULL && PEM_write_bio_PUBKEY(bio, key) == 1);
}

bool mint_fingerprint(char out[MINT_PRINT_BYTES], const X509 *certificate)
{
	static const char digits[] = "0123456789ABCDEF";
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (X509_digest(certificate, EVP_sha256(), digest, &len) != 1 ||
	    len * 3 != MINT_PRINT_BYTES)
		return false;
	for (unsigned i = 0; i < len; i++) {
		out[i * 3] = digits[digest[i] >> 4];
		out[i * 3 + 1] = digits[digest[i] & 15];
		out[i * 3 + 2] = i + 1 < len ? ':' : 0;
	}
	return true;
}
