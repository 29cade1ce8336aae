/* Ed25519: the vectors of RFC 8032, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sign/sign.h"

/* RFC 8032 section 7.1, tests 1 to 3. */
static const struct {
	const char *seed;
	const char *public;
	const char *message;
	const char *signature;
} vectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac"
        "c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e"
        "458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290"
        "ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
};

static size_t from_hex(uint8_t *out, const char *hex)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++) {
		char two[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
		out[i] = (uint8_t)strtoul(two, NULL, 16);
	}
	return n;
}

static struct sign_key key_of(uint8_t fill)
{
	struct sign_key key;
	uint8_t random[SIGN_KEY_BYTES];

	memset(random, fill, sizeof random);
	assert_int_equal(sign_key_make(&key, random), OK);
	return key;
}

static void vectors_of_rfc_8032_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		uint8_t bytes[SIGN_VALUE_BYTES];
		uint8_t message[8];
		struct sign_key key;
		struct sign_value value;

		(void)from_hex(bytes, vectors[i].seed);
		assert_int_equal(sign_key_make(&key, bytes), OK);
		(void)from_hex(bytes, vectors[i].public);
		assert_memory_equal(key.public.bytes, bytes, SIGN_KEY_BYTES);
		struct slice text = {message, from_hex(message, vectors[i].message)};
		assert_int_equal(sign_bytes(&value, &key, text), OK);
		(void)from_hex(bytes, vectors[i].signature);
		assert_memory_equal(value.bytes, bytes, SIGN_VALUE_BYTES);
		assert_true(sign_verify(&key.public, text, &value));
	}
}

static void one_changed_bit_ends_a_signature(void **state)
{
	struct sign_key key = key_of(7);
	struct sign_key other = key_of(8);
	struct sign_value value;
	uint8_t message[] = "ba tr\xc4\x83m linh b\xe1\xba\xa3y";
	struct slice text = {message, sizeof message - 1};

	(void)state;
	assert_int_equal(sign_bytes(&value, &key, text), OK);
	assert_false(sign_verify(&other.public, text, &value));
	for (size_t i = 0; i < text.len * 8; i++) {
		message[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_false(sign_verify(&key.public, text, &value));
		message[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (size_t i = 0; i < SIGN_VALUE_BYTES * 8; i++) {
		value.bytes[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_false(sign_verify(&key.public, text, &value));
		value.bytes[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	text.len--;
	assert_false(sign_verify(&key.public, text, &value));
}

static void keys_of_small_order_sign_nothing(void **state)
{
	/* With the neutral point as key, R = B and S = 1 fit every message. */
	struct sign_public neutral = {{1}};
	struct sign_value forged = {{0}};
	uint8_t base[SIGN_KEY_BYTES];
	char text[SIGN_PUBLIC_TEXT];
	struct sign_public read;

	(void)state;
	memset(base, 0x66, sizeof base);
	base[0] = 0x58;
	memcpy(forged.bytes, base, sizeof base);
	forged.bytes[32] = 1;
	assert_false(sign_verify(&neutral, SLICE_LIT("any message"), &forged));
	sign_public_text(text, &neutral);
	assert_int_equal(sign_public_read(&read, slice_of(text)), ERR_FORMAT);
	neutral.bytes[31] = 0x80;
	sign_public_text(text, &neutral);
	assert_int_equal(sign_public_read(&read, slice_of(text)), ERR_FORMAT);
	memset(neutral.bytes, 0, sizeof neutral.bytes);
	sign_public_text(text, &neutral);
	assert_int_equal(sign_public_read(&read, slice_of(text)), ERR_FORMAT);
}

static void key_files_read_back(void **state)
{
	struct sign_key key = key_of(9);
	struct sign_key back;
	struct diag why;
	char file[SIGN_FILE_BYTES];

	(void)state;
	sign_key_write(file, &key);
	assert_int_equal(sign_key_read(&back, slice_of(file), &why), OK);
	assert_memory_equal(&back, &key, sizeof key);
	sign_key_wipe(&back);
	for (size_t i = 0; i < sizeof back; i++)
		assert_int_equal(((uint8_t *)&back)[i], 0);
}

static void other_files_are_no_keys(void **state)
{
	/* An X25519 key (openssl genpkey -algorithm x25519), a public key, nothing. */
	static const char *const files[] = {
	    "-----BEGIN PRIVATE KEY-----\n"
	    "MC4CAQAwBQYDK2VuBCIEIAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAhI\n"
	    "-----END PRIVATE KEY-----\n",
	    "-----BEGIN PUBLIC KEY-----\n"
	    "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
	    "-----END PUBLIC KEY-----\n",
	    "", "key", "-----BEGIN PRIVATE KEY-----\n"};
	struct sign_key key;
	struct diag why;

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		assert_int_equal(sign_key_read(&key, slice_of(files[i]), &why), ERR_FORMAT);
}

static void texts_have_one_spelling(void **state)
{
	struct sign_key key = key_of(3);
	struct sign_value value;
	struct sign_value value_back;
	struct sign_public back;
	char public[SIGN_PUBLIC_TEXT];
	char text[SIGN_VALUE_TEXT];

	(void)state;
	sign_public_text(public, &key.public);
	assert_int_equal(strlen(public), 44);
	assert_int_equal(sign_public_read(&back, slice_of(public)), OK);
	assert_true(sign_public_equal(&back, &key.public));
	/* The last letter before "=" carries two bits that are not the key's. */
	public[42]++;
	assert_int_equal(sign_public_read(&back, slice_of(public)), ERR_FORMAT);
	public[42]--;
	public[43] = 'A';
	assert_int_equal(sign_public_read(&back, slice_of(public)), ERR_FORMAT);
	public[43] = '=';
	public[0] = ' ';
	assert_int_equal(sign_public_read(&back, slice_of(public)), ERR_FORMAT);
	public[0] = '-';
	assert_int_equal(sign_public_read(&back, slice_of(public)), ERR_FORMAT);
	assert_int_equal(sign_public_read(&back, SLICE_EMPTY), ERR_FORMAT);

	assert_int_equal(sign_bytes(&value, &key, SLICE_LIT("x")), OK);
	sign_value_text(text, &value);
	assert_int_equal(strlen(text), 88);
	assert_int_equal(sign_value_read(&value_back, slice_of(text)), OK);
	assert_memory_equal(&value_back, &value, sizeof value);
	text[87] = '\0';
	assert_int_equal(sign_value_read(&value_back, slice_of(text)), ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(vectors_of_rfc_8032_hold),
	    cmocka_unit_test(one_changed_bit_ends_a_signature),
	    cmocka_unit_test(keys_of_small_order_sign_nothing),
	    cmocka_unit_test(key_files_read_back),
	    cmocka_unit_test(other_files_are_no_keys),
	    cmocka_unit_test(texts_have_one_spelling),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
