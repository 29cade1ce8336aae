/* Certificates that we make: what they say, how long, and over which keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "kit/mint.h"

static const int64_t NOW_S = 1795000000; /* November 2026 */
static const int64_t DAY_S = 86400;

struct fixture {
	struct certificate ca;
	struct buf public_key;
	struct name_buf name;
};

static int set_up(void **state)
{
	static struct fixture f;
	EVP_PKEY *key = mint_key();

	f.public_key = BUF_INIT(MINT_KEY_MAX_BYTES);
	assert_int_equal(mint_ca(&f.ca, "Trường A", 10, NOW_S), OK);
	assert_non_null(key);
	assert_int_equal(mint_public_key_text(&f.public_key, key), OK);
	EVP_PKEY_free(key);
	assert_int_equal(name_from_text(&f.name, SLICE_LIT("bad.example.vn"), NULL), OK);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	certificate_deinit(&f->ca);
	buf_deinit(&f->public_key);
	return 0;
}

static X509 *mint(const struct fixture *f, int64_t now_s)
{
	struct buf text = BUF_INIT(MINT_CHAIN_MAX_BYTES);

	assert_int_equal(
	    mint_leaf(&text, &f->ca, name_of(&f->name), buf_slice(&f->public_key), now_s),
	    OK);
	BIO *bio = BIO_new_mem_buf(text.ptr, (int)text.len);
	X509 *leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	assert_non_null(leaf);
	/* the root needs no sending */
	assert_null(PEM_read_bio_X509(bio, NULL, NULL, NULL));
	ERR_clear_error();
	BIO_free(bio);
	buf_deinit(&text);
	return leaf;
}

static void a_leaf_says_one_name_and_lives_for_days(void **state)
{
	const struct fixture *f = *state;
	X509 *leaf = mint(f, NOW_S);
	GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);

	assert_int_equal(sk_GENERAL_NAME_num(names), 1);
	GENERAL_NAMES_free(names);
	assert_int_equal(X509_check_host(leaf, "bad.example.vn", 0, 0, NULL), 1);
	assert_int_equal(X509_check_host(leaf, "example.vn", 0, 0, NULL), 0);
	assert_int_equal(X509_check_host(leaf, "a.bad.example.vn", 0, 0, NULL), 0);
	assert_int_equal(X509_check_ca(leaf), 0);
	assert_int_equal(X509_get_key_usage(leaf), KU_DIGITAL_SIGNATURE);
	assert_int_equal(X509_get_extended_key_usage(leaf), XKU_SSL_SERVER);
	assert_int_equal(X509_verify(leaf, X509_get0_pubkey(f->ca.own)), 1);
	assert_true(
	    ASN1_TIME_cmp_time_t(X509_get0_notBefore(leaf), NOW_S - 2 * DAY_S) == 0);
	assert_true(ASN1_TIME_cmp_time_t(X509_get0_notAfter(leaf), NOW_S + 5 * DAY_S) == 0);
	X509_free(leaf);
}

static void a_leaf_ends_with_its_ca(void **state)
{
	const struct fixture *f = *state;
	const int64_t end_s = NOW_S + 3650 * DAY_S;
	X509 *leaf = mint(f, end_s - DAY_S);

	assert_true(ASN1_TIME_cmp_time_t(X509_get0_notAfter(leaf), end_s) == 0);
	X509_free(leaf);
}

static void outside_the_days_of_the_ca_nothing_is_signed(void **state)
{
	const struct fixture *f = *state;
	const int64_t times[] = {0, NOW_S - 31 * DAY_S, NOW_S + 3651 * DAY_S};
	struct buf text = BUF_INIT(MINT_CHAIN_MAX_BYTES);

	for (size_t i = 0; i < COUNT_OF(times); i++)
		assert_int_equal(mint_leaf(&text, &f->ca, name_of(&f->name),
		                     buf_slice(&f->public_key), times[i]),
		    ERR_RANGE);
	assert_int_equal(text.len, 0);
	buf_deinit(&text);
}

static void only_keys_of_our_own_form_are_signed(void **state)
{
	const struct fixture *f = *state;
	struct buf text = BUF_INIT(MINT_CHAIN_MAX_BYTES);
	struct buf other = BUF_INIT(MINT_KEY_MAX_BYTES);
	EVP_PKEY *key = EVP_EC_gen("P-384");

	assert_int_equal(mint_public_key_text(&other, key), OK);
	assert_int_equal(
	    mint_leaf(&text, &f->ca, name_of(&f->name), buf_slice(&other), NOW_S),
	    ERR_FORMAT);
	for (size_t len = 0; len < f->public_key.len - 1; len += 7)
		assert_int_equal(mint_leaf(&text, &f->ca, name_of(&f->name),
		                     (struct slice){f->public_key.ptr, len}, NOW_S),
		    ERR_FORMAT);
	assert_int_equal(text.len, 0);
	EVP_PKEY_free(key);
	buf_deinit(&other);
	buf_deinit(&text);
}

static void every_leaf_has_a_serial_number_of_its_own(void **state)
{
	const struct fixture *f = *state;
	X509 *one = mint(f, NOW_S);
	X509 *two = mint(f, NOW_S);

	assert_int_not_equal(
	    ASN1_INTEGER_cmp(X509_get0_serialNumber(one), X509_get0_serialNumber(two)), 0);
	assert_int_equal(ASN1_STRING_length(X509_get0_serialNumber(one)), 16);
	X509_free(one);
	X509_free(two);
}

static void a_ca_signs_leaves_and_no_further_ca(void **state)
{
	const struct fixture *f = *state;

	assert_int_equal(X509_check_ca(f->ca.own), 1);
	assert_int_equal(X509_get_pathlen(f->ca.own), 0);
	assert_int_equal(X509_verify(f->ca.own, X509_get0_pubkey(f->ca.own)), 1);
	assert_int_equal(X509_check_private_key(f->ca.own, f->ca.key), 1);
}

static void a_school_without_a_name_has_a_ca_too(void **state)
{
	struct certificate ca = CERTIFICATE_NONE;

	(void)state;
	assert_int_equal(mint_ca(&ca, "", 1, NOW_S), OK);
	assert_int_equal(X509_NAME_entry_count(X509_get_subject_name(ca.own)), 1);
	certificate_deinit(&ca);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_leaf_says_one_name_and_lives_for_days),
	    cmocka_unit_test(a_leaf_ends_with_its_ca),
	    cmocka_unit_test(outside_the_days_of_the_ca_nothing_is_signed),
	    cmocka_unit_test(only_keys_of_our_own_form_are_signed),
	    cmocka_unit_test(every_leaf_has_a_serial_number_of_its_own),
	    cmocka_unit_test(a_ca_signs_leaves_and_no_further_ca),
	    cmocka_unit_test(a_school_without_a_name_has_a_ca_too),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
