/* Signed documents as a receiver cuts them: what splits is given back by joining, signing
 * what was cut gives a document that splits again, and quick reports write what they read. */
#include <stdlib.h>
#include <string.h>

#include "report/quick.h"
#include "report/report.h"
#include "report/signed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* The same key for each input: what is fuzzed is the form. */
static struct sign_key key_of_this_run(void)
{
	static struct sign_key key;
	static bool made;
	uint8_t seed[SIGN_KEY_BYTES] = {7};

	if (!made)
		check(sign_key_make(&key, seed) == OK);
	made = true;
	return key;
}

static void check_signed_again(struct slice body)
{
	struct sign_key key = key_of_this_run();
	struct buf whole = BUF_INIT(2 * REPORT_MAX_BYTES);
	struct buf cut = BUF_INIT(2 * REPORT_MAX_BYTES);
	struct report_signature signature;
	struct diag why;

	if (report_sign(&whole, body, &key) == OK) {
		check(whole.len == body.len + REPORT_SIGNATURE_BYTES);
		check(report_split(buf_slice(&whole), &cut, &signature, &why) == OK);
		check(slice_equal(buf_slice(&cut), body));
		check(sign_public_equal(&signature.key, &key.public));
		check(sign_verify(&key.public, body, &signature.value));
	}
	buf_deinit(&whole);
	buf_deinit(&cut);
}

static void check_quick(struct slice body)
{
	struct report_quick first;
	struct report_quick second;
	struct buf a = BUF_INIT(8 * REPORT_QUICK_MAX_BYTES);
	struct buf b = BUF_INIT(8 * REPORT_QUICK_MAX_BYTES);
	struct diag why;

	if (report_quick_decode(&first, body, &why) == OK) {
		check(report_quick_encode(&first, &a) == OK);
		if (report_quick_decode(&second, buf_slice(&a), &why) == OK) {
			check(report_quick_encode(&second, &b) == OK);
			check(slice_equal(buf_slice(&a), buf_slice(&b)));
			report_quick_deinit(&second);
		}
		report_quick_deinit(&first);
	}
	buf_deinit(&a);
	buf_deinit(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice received = {data, size};
	struct buf body = BUF_INIT(REPORT_MAX_BYTES);
	struct buf moved = BUF_INIT(2 * REPORT_MAX_BYTES);
	struct report_signature signature;
	struct report_document document;
	struct diag why;

	if (report_split(received, &body, &signature, &why) == OK) {
		check(body.len == size - REPORT_SIGNATURE_BYTES);
		check(body.ptr[body.len - 1] == '}');
		check(memcmp(body.ptr, data, body.len - 1) == 0);
	} else {
		check(body.len == 0);
		buf_append(&body, received);
	}
	check_signed_again(buf_slice(&body));
	check_quick(buf_slice(&body));
	if (report_rename(&moved, buf_slice(&body), "unit-1", NULL, &why) == OK &&
	    report_decode(&document, buf_slice(&moved), &why) == OK) {
		check(strcmp(document.unit, "unit-1") == 0);
		report_document_deinit(&document);
	}
	buf_deinit(&body);
	buf_deinit(&moved);
	return 0;
}
