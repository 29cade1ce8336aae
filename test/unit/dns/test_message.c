#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "dns/message.h"
#include "packets.h"

/* Parses an exact-size copy, so that ASan sees a read one octet past the end. */
static enum message_fate fate_of(struct slice packet, struct message *out)
{
	static uint8_t *copy;
	free(copy);
	copy = malloc(packet.len > 0 ? packet.len : 1);
	assert_non_null(copy);
	if (packet.len > 0)
		memcpy(copy, packet.ptr, packet.len);
	return message_parse(out, (struct slice){copy, packet.len});
}

static struct slice usual_query(struct packet *p)
{
	packet_begin(p, 0x1234, FLAG_RD | FLAG_CD);
	packet_question(p, "wWw.Truong.VN", TYPE_AAAA);
	return packet_slice(p);
}

static void a_usual_query_is_good(void **state)
{
	(void)state;
	struct packet p;
	struct message m;
	struct name_buf expected = name_made("www.truong.vn");
	assert_int_equal(fate_of(usual_query(&p), &m), MESSAGE_GOOD);
	assert_int_equal(m.id, 0x1234);
	assert_int_equal(m.flags, FLAG_RD | FLAG_CD);
	assert_int_equal(m.qtype, TYPE_AAAA);
	assert_int_equal(m.qclass, CLASS_IN);
	assert_true(name_equal(message_qname(&m), name_of(&expected)));
	assert_false(m.edns.present);
	/* The client's own case stays, for the echo. */
	assert_int_equal(m.question.len, 15 + 4);
	assert_memory_equal(m.question.ptr, "\003wWw\006Truong\002VN", 15);
}

static void edns_fields_are_read(void **state)
{
	(void)state;
	struct packet p;
	struct message m;
	(void)usual_query(&p);
	packet_opt(&p, 1232, 0x8000, SLICE_LIT("\0\012\0\010abcdefgh\0\017\0\002\0\0"));
	assert_int_equal(fate_of(packet_slice(&p), &m), MESSAGE_GOOD);
	assert_true(m.edns.present);
	assert_true(m.edns.dnssec_ok);
	assert_int_equal(m.edns.udp_size, 1232);
	assert_int_equal(m.edns.version, 0);
	assert_int_equal(m.edns.option_count, 2);
	assert_true(slice_equal(m.edns.cookie, SLICE_LIT("abcdefgh")));
	assert_true(m.edns.wants_structured_error);
}

static bool wants_structured_error(struct slice options)
{
	struct packet p;
	struct message m;

	(void)usual_query(&p);
	packet_opt(&p, 1232, 0, options);
	assert_int_equal(fate_of(packet_slice(&p), &m), MESSAGE_GOOD);
	return m.edns.wants_structured_error;
}

static void structured_errors_are_for_those_who_signal(void **state)
{
	(void)state;
	assert_true(wants_structured_error(SLICE_LIT("\0\017\0\002\0\0")));
	assert_true(wants_structured_error(SLICE_LIT("\0\032\0\0")));
	/* One sign is enough. */
	assert_true(wants_structured_error(SLICE_LIT("\0\032\0\0\0\017\0\002\0\017")));
	assert_false(wants_structured_error(SLICE_LIT("")));
	assert_false(wants_structured_error(SLICE_LIT("\0\017\0\0")));
	assert_false(wants_structured_error(SLICE_LIT("\0\017\0\002\0\017")));
	assert_false(wants_structured_error(SLICE_LIT("\0\017\0\003\0\0a")));
	assert_false(wants_structured_error(SLICE_LIT("\0\032\0\001a")));
}

static void what_is_no_query_gets_silence(void **state)
{
	(void)state;
	struct packet p;
	struct message m;
	struct slice query = usual_query(&p);
	for (size_t len = 0; len < DNS_HEADER_BYTES; len++)
		assert_int_equal(fate_of((struct slice){query.ptr, len}, &m), MESSAGE_DROP);
	p.w.ptr[2] |= 0x80; /* QR */
	assert_int_equal(fate_of(query, &m), MESSAGE_DROP);
}

/* T29. */
static void every_cut_of_a_query_is_a_formerr(void **state)
{
	(void)state;
	struct packet p;
	struct message m;
	(void)usual_query(&p);
	packet_opt(&p, 1232, 0, SLICE_LIT("\0\012\0\010abcdefgh"));
	struct slice query = packet_slice(&p);
	for (size_t len = DNS_HEADER_BYTES; len < query.len; len++)
		assert_int_equal(
		    fate_of((struct slice){query.ptr, len}, &m), MESSAGE_FORMERR);
	assert_int_equal(fate_of(query, &m), MESSAGE_GOOD);
}

static void octets_behind_the_last_record_are_a_formerr(void **state)
{
	(void)state;
	struct packet p;
	struct message m;
	(void)usual_query(&p);
	writer_u8(&p.w, 0);
	assert_int_equal(fate_of(packet_slice(&p), &m), MESSAGE_FORMERR);
	assert_true(m.has_question);
}

/* RFC 9619. */
static void one_question_it_must_be(void **state)
{
	(void)state;
	struct packet p;
	struct message m;
	packet_begin(&p, 1, FLAG_RD);
	assert_int_equal(fate_of(packet_slice(&p), &m), MESSAGE_FORMERR);
	assert_false(m.has_question);
	(void)usual_query(&p);
	packet_question(&p, "b.vn", TYPE_A);
	assert_int_equal(fate_of(packet_slice(&p), &m), MESSAGE_FORMERR);
	assert_false(m.has_question);
}

/* RFC 7873 section 5.4: who only wants a cookie asks nothing. */
static void without_a_question_a_cookie_may_be_asked_for(void **state)
{
	(void)state;
	struct packet p;
	struct message m;
	packet_begin(&p, 7, FLAG_RD);
	packet_opt(&p, 1232, 0, SLICE_LIT("\0\012\0\010abcdefgh"));
	assert_int_equal(fate_of(packet_slice(&p), &m), MESSAGE_COOKIE);
	assert_false(m.has_question);
	assert_int_equal(m.edns.cookie.len, 8);
	packet_begin(&p, 7, FLAG_RD);
	packet_opt(&p, 1232, 0, SLICE_LIT("\0\003\0\0"));
	assert_int_equal(fate_of(packet_slice(&p), &m), MESSAGE_FORMERR);
	packet_begin(&p, 7, FLAG_RD);
	packet_opt(&p, 1232, 0, SLICE_LIT("\0\012\0\011abcdefghi"));
	assert_int_equal(fate_of(packet_slice(&p), &m), MESSAGE_FORMERR);
	packet_begin(&p, 7, FLAG_RD);
	packet_opt(&p, 1232, 0x10000, SLICE_LIT("\0\012\0\010abcdefgh"));
	assert_int_equal(fate_of(packet_slice(&p), &m), MESSAGE_BADVERS);
}

static void a_pointer_in_the_question_is_a_formerr(void **state)
{
	(void)state;
	static const uint8_t query[] = {
	    0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0xc0, 12, 0, 1, 0, 1};
	struct message m;
	assert_int_equal(fate_of((struct slice){query, sizeof query}, &m), MESSAGE_FORMERR);
}

static void other_opcodes_are_not_implemented(void **state)
{
	(void)state;
	for (unsigned opcode = 1; opcode < 16; opcode++) {
		struct packet p;
		struct message m;
		struct slice query = usual_query(&p);
		p.w.ptr[2] = (uint8_t)(opcode << 3);
		assert_int_equal(fate_of(query, &m), MESSAGE_NOTIMP);
		assert_int_equal(m.id, 0x1234);
		assert_int_equal(m.question.len, 0);
	}
}

/* ---- EDNS, T26 and T27 ---- */

static enum message_fate fate_with_options(struct slice options, struct message *m)
{
	struct packet p;
	(void)usual_query(&p);
	packet_opt(&p, 4096, 0, options);
	return fate_of(packet_slice(&p), m);
}

static void two_opt_records_are_a_formerr(void **state)
{
	(void)state;
	struct packet p;
	struct message m;
	(void)usual_query(&p);
	packet_opt(&p, 1232, 0, SLICE_EMPTY);
	packet_opt(&p, 1232, 0, SLICE_EMPTY);
	assert_int_equal(fate_of(packet_slice(&p), &m), MESSAGE_FORMERR);
	assert_true(m.edns.present);
}

static void opt_belongs_to_the_root_and_the_additional_section(void **state)
{
	(void)state;
	struct packet p;
	struct message m;
	(void)usual_query(&p);
	packet_rr(&p, 2, "a.vn", TYPE_OPT, 0, SLICE_EMPTY);
	assert_int_equal(fate_of(packet_slice(&p), &m), MESSAGE_FORMERR);
	(void)usual_query(&p);
	packet_rr(&p, 0, "", TYPE_OPT, 0, SLICE_EMPTY);
	assert_int_equal(fate_of(packet_slice(&p), &m), MESSAGE_FORMERR);
}

static void versions_above_0_are_told_so(void **state)
{
	(void)state;
	struct packet p;
	struct message m;
	(void)usual_query(&p);
	/* Options of another version may look like anything. */
	packet_opt(&p, 1232, 0x00018000, SLICE_LIT("\xff"));
	assert_int_equal(fate_of(packet_slice(&p), &m), MESSAGE_BADVERS);
	assert_true(m.edns.dnssec_ok);
}

static void unknown_options_and_flags_are_ignored(void **state)
{
	(void)state;
	struct packet p;
	struct message m;
	assert_int_equal(
	    fate_with_options(SLICE_LIT("\xfd\xe9\0\1x\xfd\xe9\0\1x"), &m), MESSAGE_GOOD);
	(void)usual_query(&p);
	packet_opt(&p, 1232, 0x00007fff, SLICE_EMPTY);
	assert_int_equal(fate_of(packet_slice(&p), &m), MESSAGE_GOOD);
	assert_false(m.edns.dnssec_ok);
}

static void more_than_32_options_are_a_formerr(void **state)
{
	(void)state;
	uint8_t options[33 * 4];
	struct message m;
	for (size_t i = 0; i < 33; i++)
		memcpy(options + 4 * i, "\xfd\xe9\0\0", 4);
	assert_int_equal(
	    fate_with_options((struct slice){options, 32 * 4}, &m), MESSAGE_GOOD);
	assert_int_equal(
	    fate_with_options((struct slice){options, 33 * 4}, &m), MESSAGE_FORMERR);
	assert_true(m.edns.present);
	assert_int_equal(m.edns.options.len, 0);
}

static void a_known_option_comes_once(void **state)
{
	(void)state;
	struct message m;
	assert_int_equal(fate_with_options(SLICE_LIT("\0\3\0\0"), &m), MESSAGE_GOOD);
	assert_int_equal(
	    fate_with_options(SLICE_LIT("\0\3\0\0\0\3\0\0"), &m), MESSAGE_FORMERR);
	assert_int_equal(
	    fate_with_options(SLICE_LIT("\0\014\0\0\0\014\0\0"), &m), MESSAGE_FORMERR);
}

static void an_option_ends_inside_the_opt(void **state)
{
	(void)state;
	struct message m;
	assert_int_equal(
	    fate_with_options(SLICE_LIT("\xfd\xe9\0\2x"), &m), MESSAGE_FORMERR);
	assert_int_equal(fate_with_options(SLICE_LIT("\xfd\xe9\0"), &m), MESSAGE_FORMERR);
}

static void cookies_of_a_wrong_length_are_a_formerr(void **state)
{
	(void)state;
	for (size_t len = 0; len <= 41; len++) {
		uint8_t option[4 + 41] = {0, EDNS_COOKIE, 0, (uint8_t)len};
		struct message m;
		bool shaped = len == 8 || (len >= 16 && len <= 40);
		assert_int_equal(fate_with_options((struct slice){option, 4 + len}, &m),
		    shaped ? MESSAGE_GOOD : MESSAGE_FORMERR);
	}
}

static void client_subnets_have_as_many_octets_as_they_say(void **state)
{
	(void)state;
	struct message m;
	assert_int_equal(
	    fate_with_options(SLICE_LIT("\0\010\0\007\0\1\030\0\1\2\3"), &m), MESSAGE_GOOD);
	assert_int_equal(m.edns.client_subnet.len, 7);
	assert_int_equal(fate_with_options(SLICE_LIT("\0\010\0\006\0\1\030\0\1\2"), &m),
	    MESSAGE_FORMERR);
	assert_int_equal(
	    fate_with_options(SLICE_LIT("\0\010\0\011\0\1\041\0\1\2\3\4\5"), &m),
	    MESSAGE_FORMERR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_usual_query_is_good),
	    cmocka_unit_test(edns_fields_are_read),
	    cmocka_unit_test(structured_errors_are_for_those_who_signal),
	    cmocka_unit_test(what_is_no_query_gets_silence),
	    cmocka_unit_test(every_cut_of_a_query_is_a_formerr),
	    cmocka_unit_test(octets_behind_the_last_record_are_a_formerr),
	    cmocka_unit_test(one_question_it_must_be),
	    cmocka_unit_test(without_a_question_a_cookie_may_be_asked_for),
	    cmocka_unit_test(a_pointer_in_the_question_is_a_formerr),
	    cmocka_unit_test(other_opcodes_are_not_implemented),
	    cmocka_unit_test(two_opt_records_are_a_formerr),
	    cmocka_unit_test(opt_belongs_to_the_root_and_the_additional_section),
	    cmocka_unit_test(versions_above_0_are_told_so),
	    cmocka_unit_test(unknown_options_and_flags_are_ignored),
	    cmocka_unit_test(more_than_32_options_are_a_formerr),
	    cmocka_unit_test(a_known_option_comes_once),
	    cmocka_unit_test(an_option_ends_inside_the_opt),
	    cmocka_unit_test(cookies_of_a_wrong_length_are_a_formerr),
	    cmocka_unit_test(client_subnets_have_as_many_octets_as_they_say),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
