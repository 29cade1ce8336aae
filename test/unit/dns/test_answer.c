#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "dns/answer.h"
#include "dns/rr.h"
#include "packets.h"

static uint8_t out[65535];
static uint8_t storage[1 << 17];
static struct packet query_packet;
static struct message query;

enum edns_wish {
	WITHOUT_EDNS,
	WITH_EDNS,
	WITH_DO
};

/* Asks for "wWw.a.vn"; `query` is the parsed query. */
static void ask(uint16_t qtype, uint16_t flags, enum edns_wish edns, uint16_t udp_size)
{
	packet_begin(&query_packet, 0xbeef, flags);
	packet_question(&query_packet, "wWw.a.vn", qtype);
	if (edns != WITHOUT_EDNS)
		packet_opt(
		    &query_packet, udp_size, edns == WITH_DO ? 0x8000 : 0, SLICE_EMPTY);
	assert_int_equal(message_parse(&query, packet_slice(&query_packet)), MESSAGE_GOOD);
}

/* The record of a type in an answer, which must be whole and echo the question. */
static bool find(size_t len, uint16_t type, struct rr *found)
{
	struct rr_walk walk = rr_walk_over((struct slice){out, len});
	struct rr rr;
	bool any = false;
	for_each_rr (&walk, &rr) {
		assert_true(rr_rdata_ok((struct slice){out, len}, &rr));
		if (rr.type == type) {
			*found = rr;
			any = true;
		}
	}
	assert_true(rr_walk_ok(&walk));
	assert_int_equal(load_u16(out), 0xbeef);
	assert_memory_equal(out + DNS_HEADER_BYTES, "\003wWw\001a\002vn\0", 10);
	return any;
}

static struct answer over_udp(void)
{
	return answer_over_udp(&query, out, sizeof out, 1232);
}

static struct stored stored_reply(unsigned addresses, uint32_t ttl_s, uint16_t flags)
{
	static const struct stored_limits limits = {
	    .max_ttl_s = 86400, .negative_ttl_s = 3600, .failure_ttl_s = 5};
	struct packet p;
	struct stored stored;
	size_t len;
	packet_begin(&p, 1, (uint16_t)(FLAG_QR | flags));
	packet_question(&p, "www.a.vn", TYPE_A);
	for (unsigned i = 0; i < addresses; i++)
		packet_a(&p, "www.a.vn", ttl_s, (uint8_t)i);
	assert_int_equal(
	    stored_from_reply(storage, sizeof storage, &len, packet_slice(&p), &limits),
	    OK);
	assert_true(stored_view(&stored, (struct slice){storage, len}));
	return stored;
}

/* ---- our own answers ---- */

static void an_address_answers_with_the_clients_case(void **state)
{
	(void)state;
	struct rr rr;
	ask(TYPE_A, FLAG_RD | FLAG_CD, WITHOUT_EDNS, 0);
	struct answer a = over_udp();
	size_t len = answer_address(&a, SLICE_LIT("\300\0\2\1"), 300);
	assert_true(find(len, TYPE_A, &rr));
	assert_int_equal(rr.ttl_s, 300);
	assert_int_equal(load_u16(out + 2), FLAG_QR | FLAG_RA | FLAG_RD | FLAG_CD);
	assert_false(find(len, TYPE_OPT, &rr));
	ask(TYPE_AAAA, 0, WITHOUT_EDNS, 0);
	len = answer_address(&a, SLICE_LIT("1234567890123456"), 10);
	assert_true(find(len, TYPE_AAAA, &rr));
	assert_int_equal(load_u16(out + 2), FLAG_QR | FLAG_RA);
}

static void negative_answers_carry_our_soa(void **state)
{
	(void)state;
	struct rr rr;
	struct name_buf owner = name_made("a.vn");
	struct name_buf read;
	size_t end;
	ask(TYPE_AAAA, FLAG_RD, WITHOUT_EDNS, 0);
	struct answer a = over_udp();
	size_t len = answer_nodata(&a, name_of(&owner), 300);
	assert_true(find(len, TYPE_SOA, &rr));
	assert_int_equal(rr.section, RR_AUTHORITY);
	assert_int_equal(rr.ttl_s, 300);
	assert_int_equal(load_u32(rr.rdata.ptr + rr.rdata.len - 4), 300);
	assert_true(name_parse_wire(&read, (struct slice){out, len}, rr.owner_at, &end));
	assert_true(name_equal(name_of(&read), name_of(&owner)));
	assert_int_equal(load_u16(out + 2) & FLAG_RCODE_MASK, RCODE_NOERROR);

	len = answer_nxdomain(&a, message_qname(&query), 60);
	assert_true(find(len, TYPE_SOA, &rr));
	assert_int_equal(load_u16(out + 2) & FLAG_RCODE_MASK, RCODE_NXDOMAIN);
	struct name_buf root = name_made(".");
	assert_true(find(answer_nodata(&a, name_of(&root), 60), TYPE_SOA, &rr));
}

static void any_gets_hinfo(void **state)
{
	(void)state;
	struct rr rr;
	ask(TYPE_ANY, FLAG_RD, WITHOUT_EDNS, 0);
	struct answer a = over_udp();
	assert_true(find(answer_any(&a, 3600), TYPE_HINFO, &rr));
	assert_true(slice_equal(rr.rdata, SLICE_LIT("\007RFC8482\0")));
}

/* ---- EDNS ---- */

static void opt_answers_opt_and_copies_do(void **state)
{
	(void)state;
	struct rr rr;
	ask(TYPE_A, FLAG_RD, WITH_DO, 4096);
	struct answer a = over_udp();
	assert_true(find(answer_rcode(&a, RCODE_REFUSED), TYPE_OPT, &rr));
	assert_int_equal(rr.class, 1232);
	assert_int_equal(rr.ttl_s, 0x8000);
	assert_int_equal(rr.rdata.len, 0);
	assert_int_equal(load_u16(out + 2) & FLAG_RCODE_MASK, RCODE_REFUSED);
	ask(TYPE_A, FLAG_RD, WITH_EDNS, 4096);
	assert_true(find(answer_rcode(&a, RCODE_SERVFAIL), TYPE_OPT, &rr));
	assert_int_equal(rr.ttl_s, 0);
}

static void extended_errors_come_only_with_edns(void **state)
{
	(void)state;
	struct rr rr;
	ask(TYPE_A, FLAG_RD, WITH_EDNS, 1232);
	struct answer a = over_udp();
	a.ede = EDE_BLOCKED;
	a.ede_text = SLICE_LIT("why");
	assert_true(find(answer_rcode(&a, RCODE_REFUSED), TYPE_OPT, &rr));
	assert_true(slice_equal(rr.rdata, SLICE_LIT("\0\017\0\005\0\017why")));
	ask(TYPE_A, FLAG_RD, WITHOUT_EDNS, 0);
	assert_false(find(answer_rcode(&a, RCODE_REFUSED), TYPE_OPT, &rr));
}

static void error_text_goes_first_when_room_is_short(void **state)
{
	(void)state;
	struct rr rr;
	static const uint8_t text[600] = {'x'};
	ask(TYPE_A, FLAG_RD, WITH_EDNS, 512);
	struct answer a = over_udp();
	a.ede = EDE_BLOCKED;
	a.ede_text = (struct slice){text, sizeof text};
	size_t len = answer_address(&a, SLICE_LIT("1234"), 1);
	assert_true(find(len, TYPE_A, &rr));
	assert_true(find(len, TYPE_OPT, &rr));
	assert_int_equal(rr.rdata.len, 6);
}

static void ready_options_are_sent_along(void **state)
{
	(void)state;
	struct rr rr;
	ask(TYPE_A, FLAG_RD, WITH_EDNS, 1232);
	struct answer a = over_udp();
	a.edns_options = SLICE_LIT("\0\013\0\002\0\144");
	assert_true(find(answer_rcode(&a, RCODE_NOERROR), TYPE_OPT, &rr));
	assert_true(slice_equal(rr.rdata, a.edns_options));
}

static void ad_is_for_those_who_ask(void **state)
{
	(void)state;
	struct answer a = over_udp();
	a.authentic = true;
	ask(TYPE_A, FLAG_RD, WITH_EDNS, 1232);
	(void)answer_rcode(&a, RCODE_NOERROR);
	assert_int_equal(load_u16(out + 2) & FLAG_AD, 0);
	ask(TYPE_A, FLAG_RD, WITH_DO, 1232);
	(void)answer_rcode(&a, RCODE_NOERROR);
	assert_int_equal(load_u16(out + 2) & FLAG_AD, FLAG_AD);
	ask(TYPE_A, FLAG_RD | FLAG_AD, WITHOUT_EDNS, 0);
	(void)answer_rcode(&a, RCODE_NOERROR);
	assert_int_equal(load_u16(out + 2) & FLAG_AD, FLAG_AD);
	a.authentic = false;
	(void)answer_rcode(&a, RCODE_NOERROR);
	assert_int_equal(load_u16(out + 2) & FLAG_AD, 0);
}

/* ---- refusals ---- */

static size_t refuse(struct slice packet, enum message_fate expected)
{
	struct answer a = over_udp();
	enum message_fate fate = message_parse(&query, packet);
	assert_int_equal(fate, expected);
	return answer_fate(&a, fate);
}

static void an_unreadable_question_gets_a_bare_header(void **state)
{
	(void)state;
	struct packet p;
	packet_begin(&p, 0xbeef, FLAG_RD);
	assert_int_equal(refuse(packet_slice(&p), MESSAGE_FORMERR), DNS_HEADER_BYTES);
	assert_int_equal(load_u16(out + 2), FLAG_QR | FLAG_RD | FLAG_RA | RCODE_FORMERR);
	assert_int_equal(load_u16(out + 4), 0);
}

static void other_opcodes_are_echoed_with_notimp(void **state)
{
	(void)state;
	struct packet p;
	packet_begin(&p, 0xbeef, 5 << 11); /* UPDATE */
	packet_question(&p, "wWw.a.vn", TYPE_SOA);
	assert_int_equal(refuse(packet_slice(&p), MESSAGE_NOTIMP), DNS_HEADER_BYTES);
	assert_int_equal(load_u16(out + 2), FLAG_QR | FLAG_RA | 5 << 11 | RCODE_NOTIMP);
}

static void badvers_is_split_between_header_and_opt(void **state)
{
	(void)state;
	struct packet p;
	struct rr rr;
	packet_begin(&p, 0xbeef, FLAG_RD);
	packet_question(&p, "wWw.a.vn", TYPE_A);
	packet_opt(&p, 1232, 1u << 16, SLICE_EMPTY);
	assert_true(find(refuse(packet_slice(&p), MESSAGE_BADVERS), TYPE_OPT, &rr));
	assert_int_equal(load_u16(out + 2) & FLAG_RCODE_MASK, 0);
	assert_int_equal(rr.ttl_s, 1u << 24); /* and version 0 */
}

static void silence_has_no_length(void **state)
{
	(void)state;
	assert_int_equal(refuse(SLICE_LIT("short"), MESSAGE_DROP), 0);
}

/* ---- stored answers ---- */

static void ttls_sink_with_age_and_are_capped(void **state)
{
	(void)state;
	static const struct {
		uint32_t age, cap, expected;
	} rows[] = {{0, UINT32_MAX, 300}, {100, UINT32_MAX, 200}, {100, 60, 60},
	    {300, UINT32_MAX, 0}, {4000000, UINT32_MAX, 0}, {250, 60, 50}};
	struct stored stored = stored_reply(2, 300, 0);
	ask(TYPE_A, FLAG_RD, WITH_EDNS, 1232);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct answer a = over_udp();
		struct rr rr;
		size_t len = answer_from_stored(&a, &stored, rows[i].age, rows[i].cap);
		assert_true(find(len, TYPE_A, &rr));
		assert_int_equal(rr.ttl_s, rows[i].expected);
		assert_int_equal(load_u16(out + 6), 2);
		assert_true(find(len, TYPE_OPT, &rr));
	}
}

static void what_is_too_long_for_udp_is_truncated(void **state)
{
	(void)state;
	static const struct {
		enum edns_wish edns;
		uint16_t size;
		unsigned addresses;
		bool truncated;
	} rows[] = {{WITHOUT_EDNS, 0, 30, false}, {WITHOUT_EDNS, 0, 31, true},
	    {WITH_EDNS, 0, 29, false}, {WITH_EDNS, 100, 30, true},
	    {WITH_EDNS, 1232, 74, false}, {WITH_EDNS, 4096, 76, true}};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct rr rr;
		struct stored stored = stored_reply(rows[i].addresses, 300, 0);
		ask(TYPE_A, FLAG_RD, rows[i].edns, rows[i].size);
		struct answer a = over_udp();
		size_t len = answer_from_stored(&a, &stored, 0, UINT32_MAX);
		assert_int_equal(find(len, TYPE_A, &rr), !rows[i].truncated);
		assert_int_equal((load_u16(out + 2) & FLAG_TC) != 0, rows[i].truncated);
		assert_int_equal(find(len, TYPE_OPT, &rr), rows[i].edns != WITHOUT_EDNS);
		assert_true(len <= (rows[i].size > 512 ? 1232 : 512));
		a = answer_over_tcp(&query, out, sizeof out);
		assert_true(find(answer_from_stored(&a, &stored, 0, 1), TYPE_A, &rr));
	}
}

static void failures_are_told_as_servfail(void **state)
{
	(void)state;
	struct stored stored = stored_reply(1, 300, RCODE_REFUSED);
	struct answer a = over_udp();
	struct rr rr;
	ask(TYPE_A, FLAG_RD, WITHOUT_EDNS, 0);
	assert_false(find(answer_from_stored(&a, &stored, 0, 1), TYPE_A, &rr));
	assert_int_equal(load_u16(out + 2) & FLAG_RCODE_MASK, RCODE_SERVFAIL);
}

static void another_questions_answer_is_never_given(void **state)
{
	(void)state;
	struct stored stored = stored_reply(1, 300, 0);
	struct answer a = over_udp();
	struct rr rr;
	ask(TYPE_MX, FLAG_RD, WITHOUT_EDNS, 0);
	assert_false(find(answer_from_stored(&a, &stored, 0, 1), TYPE_A, &rr));
	assert_int_equal(load_u16(out + 2) & FLAG_RCODE_MASK, RCODE_SERVFAIL);
}

static void no_buffer_is_written_past_its_end(void **state)
{
	(void)state;
	struct stored stored = stored_reply(3, 300, 0);
	ask(TYPE_A, FLAG_RD, WITH_EDNS, 1232);
	for (size_t cap = 0; cap < 120; cap++) {
		memset(out, 0xaa, 200);
		struct answer a = answer_over_udp(&query, out, cap, 1232);
		a.ede = EDE_STALE_ANSWER;
		assert_true(answer_from_stored(&a, &stored, 0, 1) <= cap);
		for (size_t i = cap; i < 200; i++)
			assert_int_equal(out[i], 0xaa);
	}
}

/* ---- upstream ---- */

static size_t write_query(uint16_t edns_size, uint8_t case_octet)
{
	struct name_buf name = name_made("www.a.vn");
	struct query q = {.id = 0xbeef,
	    .qname = name_of(&name),
	    .qtype = TYPE_A,
	    .dnssec_ok = true,
	    .checking_disabled = true,
	    .edns_udp_size = edns_size};
	memset(q.case_bits, case_octet, sizeof q.case_bits);
	return query_write(out, sizeof out, &q);
}

static void queries_carry_what_was_asked_for(void **state)
{
	(void)state;
	struct message m;
	size_t len = write_query(1232, 0x04); /* the second letter of "www" */
	assert_int_equal(message_parse(&m, (struct slice){out, len}), MESSAGE_GOOD);
	assert_int_equal(m.flags, FLAG_RD | FLAG_CD);
	assert_true(m.edns.dnssec_ok);
	assert_int_equal(m.edns.udp_size, 1232);
	assert_memory_equal(m.question.ptr, "\003wWw\001a\002vn\0", 10);
	len = write_query(0, 0);
	assert_int_equal(message_parse(&m, (struct slice){out, len}), MESSAGE_GOOD);
	assert_false(m.edns.present);
	assert_int_equal(
	    query_write(out, len - 1, &(struct query){.qname = message_qname(&m)}), 0);
}

/* T3 and T7. */
static void a_reply_matches_in_every_bit_of_the_question(void **state)
{
	(void)state;
	uint8_t reply[64];
	size_t len = write_query(0, 0x04);
	struct slice sent = {out, len};
	memcpy(reply, out, len);
	assert_false(reply_matches((struct slice){reply, len}, sent)); /* QR is missing */
	reply[2] |= 0x80;
	assert_true(reply_matches((struct slice){reply, len}, sent));
	for (size_t cut = 0; cut < len; cut++)
		assert_false(reply_matches((struct slice){reply, cut}, sent));
	for (size_t i = 0; i < len * 8; i++) {
		size_t octet = i / 8;
		/* Flags but QR and opcode, rcode, and the counts of records may differ. */
		bool free_bit =
		    octet == 3 || (octet >= 6 && octet < 12) || (octet == 2 && i % 8 < 3);
		reply[octet] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(reply_matches((struct slice){reply, len}, sent), free_bit);
		reply[octet] ^= (uint8_t)(1u << i % 8);
	}
}

static void a_bare_header_can_refuse_to_read_our_query(void **state)
{
	(void)state;
	uint8_t reply[DNS_HEADER_BYTES] = {[2] = 0x81, [3] = 0x80 | RCODE_FORMERR};
	const struct slice got = {reply, sizeof reply};
	const struct slice sent = {out, write_query(0, 0x04)};

	memcpy(reply, out, 2);
	assert_true(reply_refuses_to_read(got, sent));
	assert_false(reply_refuses_to_read((struct slice){reply, sizeof reply - 1}, sent));
	reply[3] = 0x80 | RCODE_NOTIMP;
	assert_true(reply_refuses_to_read(got, sent));
	reply[3] = 0x80 | RCODE_SERVFAIL;
	assert_false(reply_refuses_to_read(got, sent));
	reply[3] = 0x80 | RCODE_FORMERR;
	reply[5] = 1; /* what has a question is judged by it */
	assert_false(reply_refuses_to_read(got, sent));
	reply[5] = 0;
	reply[2] = 0x01;
	assert_false(reply_refuses_to_read(got, sent)); /* QR is missing */
	reply[2] = 0x81;
	reply[0] ^= 1;
	assert_false(reply_refuses_to_read(got, sent));
}

static void a_bare_header_can_say_that_it_failed(void **state)
{
	(void)state;
	uint8_t reply[DNS_HEADER_BYTES + 1] = {[2] = 0x81, [3] = 0x80 | RCODE_SERVFAIL};
	const struct slice got = {reply, DNS_HEADER_BYTES};
	const struct slice sent = {out, write_query(0, 0x04)};

	memcpy(reply, out, 2);
	assert_true(reply_is_bare_failure(got, sent));
	assert_false(reply_is_bare_failure((struct slice){reply, sizeof reply}, sent));
	assert_false(reply_is_bare_failure((struct slice){reply, 11}, sent));
	reply[3] = 0x80 | RCODE_REFUSED;
	assert_true(reply_is_bare_failure(got, sent));
	for (unsigned rcode = 0; rcode < 16; rcode++) {
		reply[3] = (uint8_t)(0x80 | rcode);
		assert_int_equal(reply_is_bare_failure(got, sent),
		    rcode == RCODE_SERVFAIL || rcode == RCODE_REFUSED);
	}
	reply[3] = 0x80 | RCODE_SERVFAIL;
	reply[5] = 1; /* what has a question is judged by it */
	assert_false(reply_is_bare_failure(got, sent));
	reply[5] = 0;
	reply[2] = 0x01; /* QR is missing */
	assert_false(reply_is_bare_failure(got, sent));
	reply[2] = 0x81;
	reply[1] ^= 1;
	assert_false(reply_is_bare_failure(got, sent));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_address_answers_with_the_clients_case),
	    cmocka_unit_test(negative_answers_carry_our_soa),
	    cmocka_unit_test(any_gets_hinfo),
	    cmocka_unit_test(opt_answers_opt_and_copies_do),
	    cmocka_unit_test(extended_errors_come_only_with_edns),
	    cmocka_unit_test(error_text_goes_first_when_room_is_short),
	    cmocka_unit_test(ready_options_are_sent_along),
	    cmocka_unit_test(ad_is_for_those_who_ask),
	    cmocka_unit_test(an_unreadable_question_gets_a_bare_header),
	    cmocka_unit_test(other_opcodes_are_echoed_with_notimp),
	    cmocka_unit_test(badvers_is_split_between_header_and_opt),
	    cmocka_unit_test(silence_has_no_length),
	    cmocka_unit_test(ttls_sink_with_age_and_are_capped),
	    cmocka_unit_test(what_is_too_long_for_udp_is_truncated),
	    cmocka_unit_test(failures_are_told_as_servfail),
	    cmocka_unit_test(another_questions_answer_is_never_given),
	    cmocka_unit_test(no_buffer_is_written_past_its_end),
	    cmocka_unit_test(queries_carry_what_was_asked_for),
	    cmocka_unit_test(a_reply_matches_in_every_bit_of_the_question),
	    cmocka_unit_test(a_bare_header_can_refuse_to_read_our_query),
	    cmocka_unit_test(a_bare_header_can_say_that_it_failed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
