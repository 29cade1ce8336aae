/* Tokens and enrolment files: what is handed out, and what is kept of it. */
#include "district/bearer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/attr.h"
#include "district/enrolment_file.h"

static void a_token_is_base64url_of_its_octets(void **state)
{
	uint8_t random[BEARER_RANDOM_BYTES];
	char text[BEARER_TEXT_BYTES];

	(void)state;
	memset(random, 0, sizeof random);
	bearer_make(text, random);
	assert_string_equal(text, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	memset(random, 0xff, sizeof random);
	bearer_make(text, random);
	assert_string_equal(text, "__________________________________________8");
	for (size_t i = 0; i < sizeof random; i++)
		random[i] = (uint8_t)i;
	bearer_make(text, random);
	assert_string_equal(text, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
}

static void its_digest_is_of_its_characters(void **state)
{
	static const char *const wrong[] = {"",
	    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh",
	    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
	    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdH+8"};
	uint8_t sha256[STORE_SHA256_BYTES] = {0};
	char mark[BEARER_MARK_BYTES];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		assert_false(bearer_sha256(slice_of(wrong[i]), sha256));
	assert_true(bearer_sha256(
	    SLICE_LIT("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"), sha256));
	/* printf AAEC… | sha256sum */
	bearer_mark(mark, sha256);
	assert_string_equal(mark, "ea866a757e4c");
}

static void an_enrolment_file_says_all_that_a_school_needs(void **state)
{
	const struct enrolment_file file = {.unit = "q1",
	    .name = "THCS \"\u0110inh\"",
	    .url = "https://x.vn:8443",
	    .ca = "-----BEGIN\n",
	    .token = "t",
	    .expires = "2026-12-22",
	    .bundle_key = ""};
	static const char *const members[] = {"format", "version", "unit", "name", "url",
	    "ca", "token", "expires", "bundle-key"};
	struct buf out = BUF_INIT(ENROLMENT_FILE_MAX);

	(void)state;
	assert_int_equal(enrolment_file_write(&out, &file), OK);
	json_t *root = json_loads(buf_cstr(&out), 0, NULL);
	assert_non_null(root);
	assert_int_equal(json_object_size(root), COUNT_OF(members));
	for (size_t i = 0; i < COUNT_OF(members); i++)
		assert_true(json_is_string(json_object_get(root, members[i])));
	assert_string_equal(
	    json_string_value(json_object_get(root, "format")), "lachan-enrolment");
	assert_string_equal(json_string_value(json_object_get(root, "name")), file.name);
	assert_string_equal(json_string_value(json_object_get(root, "ca")), file.ca);
	json_decref(root);
	buf_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_token_is_base64url_of_its_octets),
	    cmocka_unit_test(its_digest_is_of_its_characters),
	    cmocka_unit_test(an_enrolment_file_says_all_that_a_school_needs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
