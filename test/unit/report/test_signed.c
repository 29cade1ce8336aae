/* Signed documents: the golden vector, what a changed byte does, documents renamed.
 * `LACHAN_WRITE_GOLDEN=1 test_report_signed` writes the vectors anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/file.h"
#include "report/quick.h"
#include "report/report.h"
#include "report/signed.h"

#define GOLDEN TEST_SOURCE_DIR "/test/unit/report/golden/"

static struct buf load(const char *path)
{
	struct buf all = BUF_INIT(REPORT_MAX_BYTES);

	assert_int_equal(file_read(path, &all), OK);
	return all;
}

static struct sign_key test_key(void)
{
	struct buf pem = load(GOLDEN "test.key");
	struct sign_key key;
	struct diag why;

	assert_int_equal(sign_key_read(&key, buf_slice(&pem), &why), OK);
	buf_deinit(&pem);
	return key;
}

static void compare(const struct buf *made, const char *path)
{
	if (getenv("LACHAN_WRITE_GOLDEN") != NULL)
		assert_int_equal(file_write_atomic(path, buf_slice(made), 0644), OK);
	struct buf golden = load(path);
	assert_true(slice_equal(buf_slice(made), buf_slice(&golden)));
	buf_deinit(&golden);
}

static void sign_file(const char *from, const char *to)
{
	struct buf plain = load(from);
	struct buf made = BUF_INIT(REPORT_MAX_BYTES);
	struct sign_key key = test_key();

	assert_int_equal(report_sign(&made, buf_slice(&plain), &key), OK);
	assert_int_equal(made.len, plain.len + REPORT_SIGNATURE_BYTES);
	compare(&made, to);
	buf_deinit(&plain);
	buf_deinit(&made);
}

static void signed_documents_have_the_golden_bytes(void **state)
{
	(void)state;
	sign_file(GOLDEN "day.json", GOLDEN "day.signed.json");
	sign_file(GOLDEN "week.json", GOLDEN "week.signed.json");
	sign_file(GOLDEN "quick.json", GOLDEN "quick.signed.json");
}

static void what_was_signed_is_cut_and_verified(void **state)
{
	struct buf plain = load(GOLDEN "day.json");
	struct buf whole = load(GOLDEN "day.signed.json");
	struct buf cut = BUF_INIT(REPORT_MAX_BYTES);
	struct sign_key key = test_key();
	struct report_signature signature;
	struct diag why;

	(void)state;
	assert_int_equal(report_split(buf_slice(&whole), &cut, &signature, &why), OK);
	assert_true(slice_equal(buf_slice(&cut), buf_slice(&plain)));
	assert_true(sign_public_equal(&signature.key, &key.public));
	assert_true(sign_verify(&key.public, buf_slice(&cut), &signature.value));
	buf_deinit(&plain);
	buf_deinit(&whole);
	buf_deinit(&cut);
}

/* Whether these bytes pass as signed by `key`. */
static bool passes(struct slice received, const struct sign_public *key)
{
	struct buf cut = BUF_INIT(REPORT_MAX_BYTES);
	struct report_signature signature;
	struct diag why;
	bool holds = report_split(received, &cut, &signature, &why) == OK &&
	    sign_verify(key, buf_slice(&cut), &signature.value);

	buf_deinit(&cut);
	return holds;
}

static void any_changed_byte_ends_the_signature(void **state)
{
	struct buf whole = load(GOLDEN "week.signed.json");
	struct sign_key key = test_key();
	/* The claimed key is not among the signed bytes: the receiver pins it. */
	size_t claimed = whole.len - REPORT_SIGNATURE_BYTES - 1 + 21;

	(void)state;
	assert_true(passes(buf_slice(&whole), &key.public));
	for (size_t i = 0; i < whole.len; i++) {
		bool in_key = i >= claimed && i < claimed + SIGN_PUBLIC_TEXT - 1;
		whole.ptr[i] ^= 1;
		if (!in_key)
			assert_false(passes(buf_slice(&whole), &key.public));
		whole.ptr[i] ^= 1;
	}
	for (size_t len = 0; len < whole.len; len++)
		assert_false(passes((struct slice){whole.ptr, len}, &key.public));
	buf_deinit(&whole);
}

static void unsigned_twice_signed_and_odd_ones_are_told_apart(void **state)
{
	struct buf plain = load(GOLDEN "day.json");
	struct buf whole = load(GOLDEN "day.signed.json");
	struct buf out = BUF_INIT(REPORT_MAX_BYTES);
	struct sign_key key = test_key();
	struct report_signature signature;
	struct report_document d;
	struct diag why;

	(void)state;
	assert_int_equal(
	    report_split(buf_slice(&plain), &out, &signature, &why), ERR_NOT_FOUND);
	assert_int_equal(report_sign(&out, buf_slice(&whole), &key), ERR_FORMAT);
	assert_int_equal(report_sign(&out, SLICE_LIT("{}"), &key), ERR_FORMAT);
	assert_int_equal(report_sign(&out, SLICE_LIT("[1,2]"), &key), ERR_FORMAT);
	assert_int_equal(report_decode(&d, buf_slice(&whole), &why), ERR_FORMAT);
	buf_append(&out, (struct slice){whole.ptr, whole.len - 1});
	buf_text(&out, ",\"more\":1}");
	struct buf cut = BUF_INIT(REPORT_MAX_BYTES);
	assert_int_equal(report_split(buf_slice(&out), &cut, &signature, &why), ERR_FORMAT);
	assert_int_equal(cut.len, 0);
	buf_deinit(&plain);
	buf_deinit(&whole);
	buf_deinit(&out);
	buf_deinit(&cut);
}

static void a_document_moves_to_the_unit_of_its_enrolment(void **state)
{
	struct buf plain = load(GOLDEN "small-school.json");
	struct buf moved = BUF_INIT(REPORT_MAX_BYTES);
	struct report_document d;
	struct diag why = {.text = ""};

	(void)state;
	assert_int_equal(report_rename(&moved, buf_slice(&plain), "thcs-kim-dong",
	                     "Tr\u01b0\u1eddng", &why),
	    OK);
	assert_int_equal(report_decode(&d, buf_slice(&moved), &why), OK);
	assert_string_equal(d.unit, "thcs-kim-dong");
	assert_string_equal(d.name, "Tr\u01b0\u1eddng");
	assert_int_equal(report_validate(&d, NULL, &why), REPORT_FINE);
	assert_non_null(strstr(buf_cstr(&plain), "\"unit\":\"\""));
	report_document_deinit(&d);
	/* And back: nothing but unit, name and id was touched. */
	struct buf back = BUF_INIT(REPORT_MAX_BYTES);
	assert_int_equal(report_rename(&back, buf_slice(&moved), "x", "", &why), OK);
	assert_int_equal(back.len, plain.len + 1);
	assert_int_equal(report_rename(&back, buf_slice(&moved), "", "", &why), ERR_RANGE);
	assert_int_equal(
	    report_rename(&back, buf_slice(&moved), "a!b", NULL, &why), ERR_RANGE);
	buf_deinit(&plain);
	buf_deinit(&moved);
	buf_deinit(&back);
}

static void a_document_with_a_member_we_do_not_know_is_not_touched(void **state)
{
	struct buf plain = load(GOLDEN "small-school.json");
	struct buf more = BUF_INIT(REPORT_MAX_BYTES);
	struct buf moved = BUF_INIT(REPORT_MAX_BYTES);
	struct diag why;

	(void)state;
	buf_append(&more, (struct slice){plain.ptr, plain.len - 1});
	buf_text(&more, ",\"x\":1}");
	assert_int_equal(
	    report_rename(&moved, buf_slice(&more), "u", NULL, &why), ERR_FORMAT);
	assert_int_equal(moved.len, 0);
	buf_deinit(&plain);
	buf_deinit(&more);
	buf_deinit(&moved);
}

static const struct report_quick incident = {
    .report_id = "7c4ee8d0-3a71-4f0b-9c1e-5a50a0c0ffee",
    .unit = "0d9e",
    .name = "Tr\u01b0\u1eddng THCS \"Kim \u0110\u1ed3ng\"",
    .generator = "lachan 0.1.0",
    .created = "2026-11-22",
    .kind = "harmful_content",
    .tier = "lower_secondary",
    .date = "2026-11-20",
    .measures =
        "Gi\u00e1o vi\u00ean ch\u1ee7 nhi\u1ec7m \u0111\u00e3\tn\u00f3i chuy\u1ec7n.",
    .referred_to = "",
    .decided_by = "Hi\u1ec7u tr\u01b0\u1edfng"};

static void a_quick_report_has_the_golden_bytes_and_reads_back(void **state)
{
	struct buf made = BUF_INIT(REPORT_QUICK_MAX_BYTES);
	struct buf again = BUF_INIT(REPORT_QUICK_MAX_BYTES);
	struct report_quick q;
	struct diag why = {.text = ""};

	(void)state;
	assert_int_equal(report_quick_encode(&incident, &made), OK);
	compare(&made, GOLDEN "quick.json");
	assert_int_equal(report_quick_decode(&q, buf_slice(&made), &why), OK);
	assert_string_equal(q.measures, incident.measures);
	assert_int_equal(report_quick_encode(&q, &again), OK);
	assert_true(slice_equal(buf_slice(&made), buf_slice(&again)));
	report_quick_deinit(&q);
	buf_reset(&again);
	assert_int_equal(
	    report_rename(&again, buf_slice(&made), "other-unit", NULL, &why), OK);
	assert_int_equal(report_quick_decode(&q, buf_slice(&again), &why), OK);
	assert_string_equal(q.unit, "other-unit");
	assert_string_equal(q.report_id, incident.report_id);
	assert_string_equal(q.name, incident.name);
	report_quick_deinit(&q);
	buf_deinit(&made);
	buf_deinit(&again);
}

static void quick_reports_that_are_none_are_refused(void **state)
{
	static const char long_text[REPORT_QUICK_LONG_BYTES + 2];
	struct report_quick bad[] = {
	    incident, incident, incident, incident, incident, incident, incident, incident};
	char too_long[sizeof long_text];

	(void)state;
	memset(too_long, 'x', sizeof too_long);
	too_long[sizeof too_long - 1] = '\0';
	bad[0].report_id = "7c4ee8d0";
	bad[1].created = "2026-02-31";
	bad[2].date = "2026-11-2";
	bad[3].kind = "Harmful content";
	bad[4].measures = "";
	bad[5].measures = too_long;
	bad[6].unit = "a/b";
	bad[7].decided_by = "";
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct buf made = BUF_INIT(REPORT_QUICK_MAX_BYTES);
		struct report_quick q;
		struct diag why = {.text = ""};
		assert_int_equal(report_quick_encode(&bad[i], &made), OK);
		assert_int_equal(
		    report_quick_decode(&q, buf_slice(&made), &why), ERR_FORMAT);
		assert_true(why.text[0] != 0);
		buf_deinit(&made);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_quick_report_has_the_golden_bytes_and_reads_back),
	    cmocka_unit_test(signed_documents_have_the_golden_bytes),
	    cmocka_unit_test(what_was_signed_is_cut_and_verified),
	    cmocka_unit_test(any_changed_byte_ends_the_signature),
	    cmocka_unit_test(unsigned_twice_signed_and_odd_ones_are_told_apart),
	    cmocka_unit_test(a_document_moves_to_the_unit_of_its_enrolment),
	    cmocka_unit_test(a_document_with_a_member_we_do_not_know_is_not_touched),
	    cmocka_unit_test(quick_reports_that_are_none_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
