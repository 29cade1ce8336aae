#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "dns/answer.h"
#include "dns/leads.h"
#include "packets.h"

static uint8_t out[65535];
static uint8_t storage[1 << 17];
static struct packet query_packet;
static struct message query;

/* Asks for "wWw.A.vn"; `query` is the parsed query. */
static struct answer ask(uint16_t qtype)
{
	packet_begin(&query_packet, 0xbeef, FLAG_RD);
	packet_question(&query_packet, "wWw.A.vn", qtype);
	packet_opt(&query_packet, 1232, 0, SLICE_EMPTY);
	assert_int_equal(message_parse(&query, packet_slice(&query_packet)), MESSAGE_GOOD);
	return answer_over_udp(&query, out, sizeof out, 1232);
}

static struct stored stored_of(const struct packet *reply)
{
	static const struct stored_limits limits = {
	    .max_ttl_s = 86400, .negative_ttl_s = 3600, .failure_ttl_s = 5};
	struct stored stored;
	size_t len;
	assert_int_equal(
	    stored_from_reply(storage, sizeof storage, &len, packet_slice(reply), &limits),
	    OK);
	assert_true(stored_view(&stored, (struct slice){storage, len}));
	return stored;
}

/* "1 www.a.vn CNAME safe.b.vn" … one record a line, as the test wants to read it. */
struct seen {
	char owner[NAME_TEXT_MAX];
	uint16_t type;
	uint32_t ttl_s;
	enum rr_section section;
	struct slice rdata;
	char target[NAME_TEXT_MAX];
};

/* The records of the answer but for OPT; the message must be whole. */
static size_t records(size_t len, struct seen *seen, size_t max)
{
	struct slice packet = {out, len};
	struct rr_walk walk = rr_walk_over(packet);
	struct name_buf name;
	struct rr rr;
	size_t count = 0, end;

	assert_memory_equal(out + DNS_HEADER_BYTES, "\003wWw\001A\002vn\0", 10);
	for_each_rr (&walk, &rr) {
		assert_true(rr_rdata_ok(packet, &rr));
		if (rr.type == TYPE_OPT)
			continue;
		assert_true(count < max);
		struct seen *s = &seen[count++];
		assert_true(name_parse_wire(&name, packet, rr.owner_at, &end));
		name_to_text(s->owner, name_of(&name));
		s->type = rr.type;
		s->ttl_s = rr.ttl_s;
		s->section = rr.section;
		s->rdata = rr.rdata;
		s->target[0] = '\0';
		if (rr_target(&name, packet, &rr))
			name_to_text(s->target, name_of(&name));
	}
	assert_true(rr_walk_ok(&walk));
	return count;
}

static unsigned rcode(void)
{
	return load_u16(out + 2) & FLAG_RCODE_MASK;
}

static void an_alias_leads_to_the_target_and_its_addresses(void **state)
{
	(void)state;
	struct name_buf safe = name_made("safe.b.vn");
	struct seen seen[4];
	struct packet reply;
	packet_begin(&reply, 1, FLAG_QR);
	packet_question(&reply, "safe.b.vn", TYPE_A);
	packet_cname(&reply, "safe.b.vn", 600, "pool.b.vn");
	packet_a(&reply, "pool.b.vn", 100, 1);
	packet_a(&reply, "pool.b.vn", 100, 2);
	struct stored stored = stored_of(&reply);

	struct answer a = ask(TYPE_A);
	size_t len = answer_alias(&a, name_of(&safe), 300, &stored, 40);
	assert_int_equal(records(len, seen, 4), 4);
	assert_string_equal(seen[0].owner, "www.a.vn");
	assert_int_equal(seen[0].type, TYPE_CNAME);
	assert_int_equal(seen[0].ttl_s, 300);
	assert_string_equal(seen[0].target, "safe.b.vn");
	assert_string_equal(seen[1].owner, "safe.b.vn");
	assert_string_equal(seen[1].target, "pool.b.vn");
	assert_int_equal(seen[1].ttl_s, 300);
	assert_string_equal(seen[2].owner, "pool.b.vn");
	assert_int_equal(seen[2].ttl_s, 60);
	assert_int_equal(seen[3].type, TYPE_A);
	assert_int_equal(rcode(), RCODE_NOERROR);
}

static void an_alias_without_data_says_so_at_the_target(void **state)
{
	(void)state;
	struct name_buf safe = name_made("safe.b.vn");
	struct seen seen[4];
	struct answer a = ask(TYPE_HTTPS);
	size_t len = answer_alias(&a, name_of(&safe), 300, NULL, 0);
	assert_int_equal(records(len, seen, 4), 2);
	assert_int_equal(seen[0].type, TYPE_CNAME);
	assert_int_equal(seen[1].type, TYPE_SOA);
	assert_int_equal(seen[1].section, RR_AUTHORITY);
	assert_string_equal(seen[1].owner, "safe.b.vn");

	a = ask(TYPE_CNAME);
	len = answer_alias(&a, name_of(&safe), 300, NULL, 0);
	assert_int_equal(records(len, seen, 4), 1);
}

static void an_alias_passes_on_that_its_target_has_nothing(void **state)
{
	(void)state;
	struct name_buf safe = name_made("safe.b.vn");
	struct seen seen[4];
	struct packet reply;
	packet_begin(&reply, 1, FLAG_QR | RCODE_NXDOMAIN);
	packet_question(&reply, "safe.b.vn", TYPE_AAAA);
	packet_soa(&reply, "b.vn", 100, 100);
	struct stored stored = stored_of(&reply);
	struct answer a = ask(TYPE_AAAA);
	size_t len = answer_alias(&a, name_of(&safe), 300, &stored, 0);
	assert_int_equal(records(len, seen, 4), 2);
	assert_int_equal(seen[1].type, TYPE_SOA);
	assert_string_equal(seen[1].owner, "b.vn");
	assert_int_equal(rcode(), RCODE_NXDOMAIN);
}

static void an_alias_takes_no_other_answer(void **state)
{
	(void)state;
	struct name_buf safe = name_made("safe.b.vn");
	struct seen seen[4];
	struct packet reply;
	packet_begin(&reply, 1, FLAG_QR);
	packet_question(&reply, "www.a.vn", TYPE_A);
	packet_a(&reply, "www.a.vn", 100, 1);
	struct stored stored = stored_of(&reply);
	struct answer a = ask(TYPE_A);
	size_t len = answer_alias(&a, name_of(&safe), 300, &stored, 0);
	assert_int_equal(records(len, seen, 4), 0);
	assert_int_equal(rcode(), RCODE_SERVFAIL);
	/* Nor that of another type. */
	a = ask(TYPE_AAAA);
	struct name_buf same = name_made("www.a.vn");
	len = answer_alias(&a, name_of(&same), 300, &stored, 0);
	assert_int_equal(records(len, seen, 4), 0);
	assert_int_equal(rcode(), RCODE_SERVFAIL);
}

#define ALPN "\0\1\0\3\2h2"
#define HINT "\0\4\0\4\300\0\2\1"
#define ECH  "\0\5\0\3abc"

static void ech_is_left_out_and_all_else_stays(void **state)
{
	(void)state;
	struct seen seen[4];
	struct packet reply;
	packet_begin(&reply, 1, FLAG_QR);
	packet_question(&reply, "www.a.vn", TYPE_HTTPS);
	packet_rr(&reply, 0, "www.a.vn", TYPE_HTTPS, 500,
	    SLICE_LIT("\0\1\0\0\0\0\4\0\1\0\5" ALPN HINT ECH));
	packet_rr(&reply, 0, "www.a.vn", TYPE_HTTPS, 500,
	    SLICE_LIT("\0\2\1b\2vn\0\0\0\0\2\0\5" ALPN ECH));
	packet_rr(&reply, 0, "www.a.vn", TYPE_HTTPS, 500, SLICE_LIT("\0\3\0" ALPN));
	struct stored stored = stored_of(&reply);
	assert_true(stored_has_ech(&stored));
	struct answer a = ask(TYPE_HTTPS);
	size_t len =
	    answer_without(&a, &stored, &(struct answer_cut){.ech = true}, 100, 300);
	assert_int_equal(records(len, seen, 4), 3);
	assert_true(slice_equal(seen[0].rdata, SLICE_LIT("\0\1\0\0\0\0\2\0\1" ALPN HINT)));
	assert_true(slice_equal(seen[1].rdata, SLICE_LIT("\0\2\1b\2vn\0" ALPN)));
	assert_true(slice_equal(seen[2].rdata, SLICE_LIT("\0\3\0" ALPN)));
	assert_string_equal(seen[2].owner, "www.a.vn");
	assert_int_equal(seen[0].ttl_s, 300);
}

/* 10.x and fd..: what a test takes for private. */
static bool is_private(struct slice address)
{
	return address.ptr[0] == (address.len == 4 ? 10 : 0xfd);
}

static const struct answer_cut PRIVATE = {.address = is_private};

static void addresses_that_are_cut_are_left_out(void **state)
{
	(void)state;
	struct seen seen[4];
	struct packet reply;
	packet_begin(&reply, 1, FLAG_QR);
	packet_question(&reply, "www.a.vn", TYPE_A);
	packet_cname(&reply, "www.a.vn", 100, "pool.b.vn");
	packet_rr(&reply, 0, "pool.b.vn", TYPE_A, 100, SLICE_LIT("\12\0\0\1"));
	packet_a(&reply, "pool.b.vn", 100, 2);
	struct stored stored = stored_of(&reply);
	struct answer a = ask(TYPE_A);
	size_t len = answer_without(&a, &stored, &PRIVATE, 10, 300);
	assert_int_equal(records(len, seen, 4), 2);
	assert_int_equal(seen[0].type, TYPE_CNAME);
	assert_string_equal(seen[1].owner, "pool.b.vn");
	assert_int_equal(seen[1].ttl_s, 90);
	assert_int_not_equal(seen[1].rdata.ptr[0], 10);
}

static void an_answer_of_which_no_address_is_left_is_nodata(void **state)
{
	(void)state;
	struct seen seen[4];
	struct packet reply;
	packet_begin(&reply, 1, FLAG_QR);
	packet_question(&reply, "www.a.vn", TYPE_A);
	packet_cname(&reply, "www.a.vn", 100, "pool.b.vn");
	packet_rr(&reply, 0, "pool.b.vn", TYPE_A, 100, SLICE_LIT("\12\0\0\1"));
	struct stored stored = stored_of(&reply);
	struct answer a = ask(TYPE_A);
	size_t len = answer_without(&a, &stored, &PRIVATE, 10, 30);
	assert_int_equal(records(len, seen, 4), 1);
	assert_int_equal(rcode(), RCODE_NOERROR);
	assert_int_equal(seen[0].type, TYPE_SOA);
	assert_int_equal(seen[0].ttl_s, 30);
	assert_string_equal(seen[0].owner, "www.a.vn");
}

#define HINT10  "\0\4\0\4\12\0\0\1"
#define HINTS   "\0\4\0\10\300\0\2\1\12\0\0\1"
#define HINT_FD "\0\6\0\20\375\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"

static void hints_that_are_cut_go_with_their_parameter(void **state)
{
	(void)state;
	struct seen seen[4];
	struct packet reply;
	packet_begin(&reply, 1, FLAG_QR);
	packet_question(&reply, "www.a.vn", TYPE_HTTPS);
	packet_rr(&reply, 0, "www.a.vn", TYPE_HTTPS, 500,
	    SLICE_LIT("\0\1\0\0\0\0\6\0\1\0\4\0\6" ALPN HINT10 ECH HINT_FD));
	packet_rr(&reply, 0, "www.a.vn", TYPE_HTTPS, 500, SLICE_LIT("\0\2\0" ALPN HINTS));
	packet_rr(&reply, 0, "www.a.vn", TYPE_HTTPS, 500, SLICE_LIT("\0\3\0" ALPN HINT));
	struct stored stored = stored_of(&reply);
	struct answer a = ask(TYPE_HTTPS);
	size_t len = answer_without(&a, &stored, &PRIVATE, 0, 300);
	assert_int_equal(records(len, seen, 4), 3);
	assert_true(slice_equal(seen[0].rdata, SLICE_LIT("\0\1\0\0\0\0\2\0\1" ALPN ECH)));
	assert_true(slice_equal(seen[1].rdata, SLICE_LIT("\0\2\0" ALPN)));
	assert_true(slice_equal(seen[2].rdata, SLICE_LIT("\0\3\0" ALPN HINT)));
}

static void a_way_of_ours_leads_over_its_names_to_the_records(void **state)
{
	(void)state;
	struct name_buf b = name_made("b.vn");
	struct name_buf c = name_made("c.b.vn");
	const struct answer_link links[] = {{name_of(&b), 60}, {name_of(&c), 600}};
	const struct answer_path path = {links, 2, 300};
	const struct answer_record given[] = {{TYPE_A, SLICE_LIT("\12\0\0\1")}};
	struct seen seen[4];
	struct answer a = ask(TYPE_A);
	size_t len = answer_path_to_records(&a, &path, given, 1, 400);
	assert_int_equal(records(len, seen, 4), 3);
	assert_string_equal(seen[0].owner, "www.a.vn");
	assert_string_equal(seen[0].target, "b.vn");
	assert_int_equal(seen[0].ttl_s, 60);
	assert_string_equal(seen[1].owner, "b.vn");
	assert_string_equal(seen[1].target, "c.b.vn");
	assert_int_equal(seen[1].ttl_s, 300);
	assert_string_equal(seen[2].owner, "c.b.vn");
	assert_int_equal(seen[2].ttl_s, 300);

	len = answer_path_to_nothing(&a, &path, RCODE_NXDOMAIN, name_of(&b), 400);
	assert_int_equal(records(len, seen, 4), 3);
	assert_int_equal(rcode(), RCODE_NXDOMAIN);
	assert_int_equal(seen[2].type, TYPE_SOA);
	assert_string_equal(seen[2].owner, "b.vn");
	assert_int_equal(seen[2].ttl_s, 300);

	a = ask(TYPE_CNAME);
	len = answer_path_to_nothing(&a, &path, RCODE_NXDOMAIN, name_of(&b), 400);
	assert_int_equal(records(len, seen, 4), 1);
	assert_int_equal(rcode(), RCODE_NOERROR);
	assert_string_equal(seen[0].target, "b.vn");
}

static void a_way_without_cnames_is_its_end_alone(void **state)
{
	(void)state;
	struct name_buf zone = name_made("a.vn");
	const struct answer_path path = {NULL, 0, 300};
	const struct answer_record given[] = {{TYPE_CNAME, SLICE_LIT("\1b\2vn\0")}};
	struct seen seen[4];
	struct answer a = ask(TYPE_CNAME);
	size_t len = answer_path_to_records(&a, &path, given, 1, 40);
	assert_int_equal(records(len, seen, 4), 1);
	assert_string_equal(seen[0].target, "b.vn");
	len = answer_path_to_nothing(&a, &path, RCODE_NXDOMAIN, name_of(&zone), 40);
	assert_int_equal(records(len, seen, 4), 1);
	assert_int_equal(rcode(), RCODE_NXDOMAIN);
}

static void a_rules_own_records_stand_at_the_qname(void **state)
{
	(void)state;
	const struct answer_record given[] = {
	    {TYPE_A, SLICE_LIT("\300\0\2\1")},
	    {TYPE_A, SLICE_LIT("\300\0\2\2")},
	};
	struct seen seen[4];
	struct answer a = ask(TYPE_A);
	size_t len = answer_records(&a, given, 2, 30);
	assert_int_equal(records(len, seen, 4), 2);
	assert_string_equal(seen[1].owner, "www.a.vn");
	assert_int_equal(seen[1].ttl_s, 30);
	assert_true(slice_equal(seen[1].rdata, given[1].rdata));
}

static void truncated_has_tc_and_no_record(void **state)
{
	(void)state;
	struct seen seen[4];
	struct answer a = ask(TYPE_A);
	size_t len = answer_truncated(&a);
	assert_int_equal(records(len, seen, 4), 0);
	assert_int_equal(load_u16(out + 2) & FLAG_TC, FLAG_TC);
	assert_int_equal(rcode(), RCODE_NOERROR);
}

static void a_denial_may_be_owned_by_another_name(void **state)
{
	(void)state;
	struct name_buf owner = name_made("casino.example");
	struct seen seen[4];
	struct answer a = ask(TYPE_HTTPS);
	size_t len = answer_nodata(&a, name_of(&owner), 30);
	assert_int_equal(records(len, seen, 4), 1);
	assert_int_equal(seen[0].type, TYPE_SOA);
	assert_string_equal(seen[0].owner, "casino.example");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_alias_leads_to_the_target_and_its_addresses),
	    cmocka_unit_test(an_alias_without_data_says_so_at_the_target),
	    cmocka_unit_test(an_alias_passes_on_that_its_target_has_nothing),
	    cmocka_unit_test(an_alias_takes_no_other_answer),
	    cmocka_unit_test(ech_is_left_out_and_all_else_stays),
	    cmocka_unit_test(addresses_that_are_cut_are_left_out),
	    cmocka_unit_test(an_answer_of_which_no_address_is_left_is_nodata),
	    cmocka_unit_test(hints_that_are_cut_go_with_their_parameter),
	    cmocka_unit_test(a_way_of_ours_leads_over_its_names_to_the_records),
	    cmocka_unit_test(a_way_without_cnames_is_its_end_alone),
	    cmocka_unit_test(a_rules_own_records_stand_at_the_qname),
	    cmocka_unit_test(truncated_has_tc_and_no_record),
	    cmocka_unit_test(a_denial_may_be_owned_by_another_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
