#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "dns/text.h"
#include "packets.h"

static void types_have_names_or_numbers(void **state)
{
	(void)state;
	static const struct {
		uint16_t type;
		const char *text;
	} rows[] = {{TYPE_A, "A"}, {TYPE_AAAA, "AAAA"}, {TYPE_HTTPS, "HTTPS"},
	    {TYPE_ANY, "ANY"}, {65280, "TYPE65280"}, {0, "TYPE0"}};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char text[TEXT_CODE_BYTES];
		uint16_t type = 1;
		text_from_type(text, rows[i].type);
		assert_string_equal(text, rows[i].text);
		assert_true(text_to_type(slice_of(text), &type));
		assert_int_equal(type, rows[i].type);
	}
}

static void words_that_are_no_type_are_refused(void **state)
{
	(void)state;
	uint16_t type = 77;
	assert_false(text_to_type(SLICE_LIT("BANANA"), &type));
	assert_false(text_to_type(SLICE_LIT("TYPE65536"), &type));
	assert_false(text_to_type(SLICE_LIT("TYPE"), &type));
	assert_false(text_to_type(SLICE_LIT(""), &type));
	assert_int_equal(type, 77);
	assert_true(text_to_type(SLICE_LIT("aaaa"), &type));
	assert_int_equal(type, TYPE_AAAA);
}

static void rcodes_have_names_or_numbers(void **state)
{
	(void)state;
	char text[TEXT_CODE_BYTES];
	text_from_rcode(text, RCODE_NXDOMAIN);
	assert_string_equal(text, "NXDOMAIN");
	text_from_rcode(text, 4000);
	assert_string_equal(text, "RCODE4000");
}

static void a_record_is_one_line(void **state)
{
	(void)state;
	struct packet p;
	struct rr rr;
	struct buf out = BUF_INIT(1000);
	packet_begin(&p, 1, FLAG_QR);
	packet_a(&p, "a.vn", 300, 1);
	struct rr_walk walk = rr_walk_over(packet_slice(&p));
	assert_true(rr_walk_next(&walk, &rr));
	assert_int_equal(text_append_rr(&out, packet_slice(&p), &rr), OK);
	assert_string_equal(buf_cstr(&out), "a.vn.\t300\tIN\tA\t192.0.2.1\n");
	buf_deinit(&out);
}

static void a_message_shows_its_sections(void **state)
{
	(void)state;
	struct packet p;
	struct buf out = BUF_INIT(4000);
	packet_begin(&p, 1, FLAG_QR);
	packet_question(&p, "a.vn", TYPE_A);
	packet_a(&p, "a.vn", 300, 1);
	assert_int_equal(text_append_message(&out, packet_slice(&p)), OK);
	assert_non_null(strstr(buf_cstr(&out), "QUESTION SECTION"));
	assert_non_null(strstr(buf_cstr(&out), "192.0.2.1"));
	struct slice cut = {packet_slice(&p).ptr, 5};
	assert_int_equal(text_append_message(&out, cut), ERR_FORMAT);
	buf_deinit(&out);
}

static void rdata_are_read_as_master_files_have_them(void **state)
{
	(void)state;
	static const uint8_t origin[] = "\002vn"; /* with its NUL: the name "vn" */
	struct dname below = {origin, sizeof origin};
	struct buf out = BUF_INIT(100);

	assert_int_equal(text_record_read(&out, TYPE_MX, SLICE_LIT("10 Mail"), below), OK);
	assert_true(slice_equal(buf_slice(&out), SLICE_LIT("\0\012\004mail\002vn\0")));
	buf_reset(&out);
	assert_int_equal(
	    text_record_read(&out, TYPE_TXT, SLICE_LIT("\"a b\" c"), below), OK);
	assert_true(slice_equal(buf_slice(&out), SLICE_LIT("\003a b\001c")));
	buf_reset(&out);
	assert_int_equal(
	    text_record_read(&out, TYPE_HTTPS, SLICE_LIT("1 . alpn=h2"), below), OK);
	assert_true(slice_equal(buf_slice(&out), SLICE_LIT("\0\001\0\0\001\0\003\002h2")));
	buf_deinit(&out);
}

static void rdata_that_are_none_are_refused(void **state)
{
	(void)state;
	static const uint8_t root[] = {0};
	struct dname origin = {root, 1};
	struct buf out = BUF_INIT(100), small = BUF_INIT(3);

	assert_int_equal(
	    text_record_read(&out, TYPE_MX, SLICE_LIT("x y"), origin), ERR_FORMAT);
	assert_int_equal(text_record_read(&out, TYPE_MX, SLICE_EMPTY, origin), ERR_FORMAT);
	assert_int_equal(
	    text_record_read(&out, TYPE_A, SLICE_LIT("1.2.3.4\n"), origin), ERR_FORMAT);
	assert_int_equal(
	    text_record_read(&out, TYPE_TXT, SLICE_LIT("\xff"), origin), ERR_FORMAT);
	assert_int_equal(out.len, 0);
	assert_int_equal(
	    text_record_read(&small, TYPE_A, SLICE_LIT("1.2.3.4"), origin), ERR_FULL);
	buf_deinit(&out);
	buf_deinit(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(types_have_names_or_numbers),
	    cmocka_unit_test(words_that_are_no_type_are_refused),
	    cmocka_unit_test(rcodes_have_names_or_numbers),
	    cmocka_unit_test(a_record_is_one_line),
	    cmocka_unit_test(a_message_shows_its_sections),
	    cmocka_unit_test(rdata_are_read_as_master_files_have_them),
	    cmocka_unit_test(rdata_that_are_none_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
