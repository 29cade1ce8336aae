#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "dns/rr.h"
#include "dns/stored.h"
#include "packets.h"

static uint8_t storage[1 << 17];
static size_t stored_len;

static const struct stored_limits plain = {
    .max_ttl_s = 86400, .negative_ttl_s = 3600, .failure_ttl_s = 5};
static const struct stored_limits signed_too = {
    .max_ttl_s = 86400, .negative_ttl_s = 3600, .failure_ttl_s = 5, .keep_dnssec = true};

static struct stored stored_of(const struct packet *p, const struct stored_limits *limits)
{
	struct stored stored;
	assert_int_equal(stored_from_reply(storage, STORED_UDP_BYTES_MAX, &stored_len,
	                     packet_slice(p), limits),
	    OK);
	assert_true(stored_view(&stored, (struct slice){storage, stored_len}));
	return stored;
}

static void is_refused(const struct packet *p, enum err expected)
{
	size_t len = 99;
	assert_int_equal(
	    stored_from_reply(storage, sizeof storage, &len, packet_slice(p), &plain),
	    expected);
	assert_int_equal(len, 99);
}

/* Counts the records of a type in a stored message, and sees that it is whole. */
static size_t count_of(const struct stored *stored, uint16_t type)
{
	struct rr_walk walk = rr_walk_over(stored->message);
	struct rr rr;
	size_t count = 0;
	size_t all = 0;
	for_each_rr (&walk, &rr) {
		assert_true(rr_rdata_ok(stored->message, &rr));
		assert_int_equal(load_u16(stored->ttl_offsets + 2 * all), rr.ttl_at);
		count += rr.type == type;
		all++;
	}
	assert_true(rr_walk_ok(&walk));
	assert_int_equal(all, stored->ttl_count);
	return count;
}

static void begin_reply(struct packet *p, unsigned rcode, const char *qname, uint16_t qtype)
{
	packet_begin(p, 7, (uint16_t)(FLAG_QR | FLAG_RD | FLAG_RA | rcode));
	packet_question(p, qname, qtype);
}

/* ---- positive ---- */

static void an_rrset_is_kept_with_its_smallest_ttl(void **state)
{
	(void)state;
	struct packet p;
	begin_reply(&p, RCODE_NOERROR, "A.vn", TYPE_A);
	packet_a(&p, "a.vn", 300, 1);
	packet_a(&p, "a.VN", 200, 2);
	struct stored stored = stored_of(&p, &plain);
	assert_int_equal(stored.kind, STORED_POSITIVE);
	assert_int_equal(stored.ttl_s, 200);
	assert_int_equal(count_of(&stored, TYPE_A), 2);
	for (size_t i = 0; i < 2; i++) {
		size_t at = load_u16(stored.ttl_offsets + 2 * i);
		assert_int_equal(load_u32(stored.message.ptr + at), 200);
	}
	/* The question is lower-case, whatever case went out. */
	assert_memory_equal(stored.message.ptr + DNS_HEADER_BYTES, "\1a\2vn", 6);
}

static void a_chain_is_kept_and_compressed(void **state)
{
	(void)state;
	struct packet p;
	struct name_buf name;
	struct rr rr;
	size_t end;
	begin_reply(&p, RCODE_NOERROR, "www.truong.vn", TYPE_A);
	packet_a(&p, "leaf.cdn.net", 20, 9); /* in any order */
	packet_cname(&p, "www.truong.vn", 300, "edge.truong.vn");
	packet_cname(&p, "edge.truong.vn", 60, "leaf.cdn.net");
	struct stored stored = stored_of(&p, &plain);
	assert_int_equal(stored.ttl_s, 20);
	assert_int_equal(count_of(&stored, TYPE_CNAME), 2);
	assert_int_equal(count_of(&stored, TYPE_A), 1);
	struct rr_walk walk = rr_walk_over(stored.message);
	static const char *const owners[] = {
	    "www.truong.vn", "edge.truong.vn", "leaf.cdn.net"};
	for (size_t i = 0; i < COUNT_OF(owners); i++) {
		struct name_buf expected = name_made(owners[i]);
		assert_true(rr_walk_next(&walk, &rr));
		assert_true(name_parse_wire(&name, stored.message, rr.owner_at, &end));
		assert_true(name_equal(name_of(&name), name_of(&expected)));
	}
	assert_true(stored.message.len < packet_slice(&p).len);
}

/* T8: what nobody asked for never gets in. */
static void extra_records_are_left_out(void **state)
{
	(void)state;
	struct packet p;
	begin_reply(&p, RCODE_NOERROR, "a.vn", TYPE_A);
	packet_a(&p, "a.vn", 300, 1);
	packet_a(&p, "bank.vn", 300, 66);
	packet_rr(&p, 0, "a.vn", TYPE_TXT, 300, SLICE_LIT("\1x"));
	packet_rr(&p, 1, "vn", TYPE_NS, 300, name_rdata("ns.evil.vn"));
	packet_rr(&p, 2, "ns.evil.vn", TYPE_A, 300, SLICE_LIT("\6\6\6\6"));
	packet_opt(&p, 1232, 0, SLICE_EMPTY);
	struct stored stored = stored_of(&p, &signed_too);
	assert_int_equal(count_of(&stored, TYPE_A), 1);
	assert_int_equal(stored.ttl_count, 1);
}

static void cname_is_an_answer_to_a_question_for_cname(void **state)
{
	(void)state;
	struct packet p;
	begin_reply(&p, RCODE_NOERROR, "a.vn", TYPE_CNAME);
	packet_cname(&p, "a.vn", 300, "b.vn");
	packet_cname(&p, "b.vn", 300, "c.vn");
	struct stored stored = stored_of(&p, &plain);
	assert_int_equal(stored.kind, STORED_POSITIVE);
	assert_int_equal(count_of(&stored, TYPE_CNAME), 1);
}

static void a_dname_stays_beside_the_cname_it_made(void **state)
{
	(void)state;
	struct packet p;
	begin_reply(&p, RCODE_NOERROR, "x.old.vn", TYPE_A);
	packet_rr(&p, 0, "old.vn", TYPE_DNAME, 90, name_rdata("new.vn"));
	packet_cname(&p, "x.old.vn", 90, "x.new.vn");
	packet_a(&p, "x.new.vn", 90, 1);
	struct stored stored = stored_of(&p, &plain);
	assert_int_equal(count_of(&stored, TYPE_DNAME), 1);
	assert_int_equal(count_of(&stored, TYPE_CNAME), 1);

	/* One that does not explain the CNAME is a stranger's. */
	begin_reply(&p, RCODE_NOERROR, "x.old.vn", TYPE_A);
	packet_rr(&p, 0, "old.vn", TYPE_DNAME, 90, name_rdata("evil.vn"));
	packet_cname(&p, "x.old.vn", 90, "x.new.vn");
	packet_a(&p, "x.new.vn", 90, 1);
	stored = stored_of(&p, &plain);
	assert_int_equal(count_of(&stored, TYPE_DNAME), 0);

	/* To one who asks for the CNAME it is the proof as well. */
	begin_reply(&p, RCODE_NOERROR, "x.old.vn", TYPE_CNAME);
	packet_rr(&p, 0, "old.vn", TYPE_DNAME, 90, name_rdata("new.vn"));
	packet_cname(&p, "x.old.vn", 90, "x.new.vn");
	stored = stored_of(&p, &plain);
	assert_int_equal(stored.kind, STORED_POSITIVE);
	assert_int_equal(count_of(&stored, TYPE_DNAME), 1);
	assert_int_equal(count_of(&stored, TYPE_CNAME), 1);
}

static void a_record_told_twice_is_kept_once(void **state)
{
	(void)state;
	struct packet p;
	begin_reply(&p, RCODE_NOERROR, "a.vn", TYPE_A);
	packet_a(&p, "a.vn", 300, 1);
	packet_a(&p, "a.vn", 60, 2);
	packet_a(&p, "A.vn", 300, 1);
	packet_a(&p, "a.vn", 300, 2);
	struct stored stored = stored_of(&p, &plain);
	assert_int_equal(count_of(&stored, TYPE_A), 2);
	assert_int_equal(stored.ttl_count, 2);
	assert_int_equal(stored.ttl_s, 60);

	/* Names in data are equal whatever their case, and are written alike. */
	begin_reply(&p, RCODE_NOERROR, "a.vn", TYPE_NS);
	packet_rr(&p, 0, "a.vn", TYPE_NS, 300, name_rdata("ns.a.vn"));
	packet_rr(&p, 0, "a.vn", TYPE_NS, 300, SLICE_LIT("\2NS\1A\2vn\0"));
	packet_rr(&p, 0, "a.vn", TYPE_NS, 300, name_rdata("ns.b.vn"));
	stored = stored_of(&p, &plain);
	assert_int_equal(count_of(&stored, TYPE_NS), 2);
}

static void signatures_stay_only_for_do(void **state)
{
	(void)state;
	struct packet p;
	begin_reply(&p, RCODE_NOERROR, "a.vn", TYPE_A);
	packet_a(&p, "a.vn", 300, 1);
	packet_rrsig(&p, 0, "a.vn", TYPE_A);
	packet_rrsig(&p, 0, "a.vn", TYPE_MX);
	packet_rr(&p, 1, "z.vn", TYPE_NSEC, 300, SLICE_LIT("\1y\2vn\0\0\1\100"));
	packet_rr(&p, 1, "z.com", TYPE_NSEC, 300, SLICE_LIT("\1y\2vn\0\0\1\100"));
	packet_rrsig(&p, 1, "z.vn", TYPE_NSEC);
	struct stored stored = stored_of(&p, &plain);
	assert_int_equal(stored.ttl_count, 1);
	stored = stored_of(&p, &signed_too);
	assert_int_equal(count_of(&stored, TYPE_RRSIG), 2); /* of A and of the proof */
	assert_int_equal(count_of(&stored, TYPE_NSEC), 1);  /* the signer's zone only */
}

static void names_in_rdata_are_decompressed(void **state)
{
	(void)state;
	struct packet p;
	begin_reply(&p, RCODE_NOERROR, "_s._tcp.a.vn", TYPE_SRV);
	/* The target "mail.a.vn" ends in a pointer to the question. */
	packet_rr(
	    &p, 0, "_s._tcp.a.vn", TYPE_SRV, 60, SLICE_LIT("\0\1\0\2\0\3\4mail\300\024"));
	struct stored stored = stored_of(&p, &plain);
	struct rr_walk walk = rr_walk_over(stored.message);
	struct rr rr;
	assert_true(rr_walk_next(&walk, &rr));
	/* RFC 2782: the target is not compressed. */
	assert_true(slice_equal(rr.rdata, SLICE_LIT("\0\1\0\2\0\3\4mail\1a\2vn\0")));
}

static void ad_is_remembered(void **state)
{
	(void)state;
	struct packet p;
	begin_reply(&p, FLAG_AD, "a.vn", TYPE_A);
	packet_a(&p, "a.vn", 300, 1);
	assert_true(stored_of(&p, &plain).authentic);
	begin_reply(&p, 0, "a.vn", TYPE_A);
	packet_a(&p, "a.vn", 300, 1);
	assert_false(stored_of(&p, &plain).authentic);
}

/* ---- negative ---- */

static void nodata_lives_as_long_as_its_soa_says(void **state)
{
	(void)state;
	static const struct {
		uint32_t ttl, minimum, expected;
	} rows[] = {{900, 300, 300}, {200, 300, 200}, {90000, 90000, 3600}, {0, 300, 0}};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct packet p;
		begin_reply(&p, RCODE_NOERROR, "a.vn", TYPE_AAAA);
		packet_soa(&p, "vn", rows[i].ttl, rows[i].minimum);
		struct stored stored = stored_of(&p, &plain);
		assert_int_equal(stored.kind, STORED_NODATA);
		assert_int_equal(stored.ttl_s, rows[i].expected);
		assert_int_equal(count_of(&stored, TYPE_SOA), 1);
	}
}

static void a_denial_without_soa_is_not_kept(void **state)
{
	(void)state;
	struct packet p;
	begin_reply(&p, RCODE_NXDOMAIN, "a.vn", TYPE_A);
	struct stored stored = stored_of(&p, &plain);
	assert_int_equal(stored.kind, STORED_NXDOMAIN);
	assert_int_equal(stored.ttl_s, 0);
	begin_reply(&p, RCODE_NXDOMAIN, "a.vn", TYPE_A);
	packet_soa(&p, "com", 900, 300); /* another zone's */
	stored = stored_of(&p, &plain);
	assert_int_equal(stored.ttl_s, 0);
	assert_int_equal(count_of(&stored, TYPE_SOA), 0);
}

/* T14. */
static void data_under_nxdomain_is_no_data(void **state)
{
	(void)state;
	struct packet p;
	begin_reply(&p, RCODE_NXDOMAIN, "a.vn", TYPE_A);
	packet_cname(&p, "a.vn", 60, "b.vn");
	packet_a(&p, "b.vn", 300, 1);
	packet_soa(&p, "vn", 900, 300);
	struct stored stored = stored_of(&p, &plain);
	assert_int_equal(stored.kind, STORED_NXDOMAIN);
	assert_int_equal(count_of(&stored, TYPE_A), 0);
	assert_int_equal(count_of(&stored, TYPE_CNAME), 1);
	assert_int_equal(stored.ttl_s, 60);
	assert_int_equal(
	    load_u16(stored.message.ptr + 2) & FLAG_RCODE_MASK, RCODE_NXDOMAIN);
}

static void other_rcodes_are_failures(void **state)
{
	(void)state;
	struct packet p;
	begin_reply(&p, RCODE_REFUSED, "a.vn", TYPE_A);
	packet_a(&p, "a.vn", 300, 1);
	struct stored stored = stored_of(&p, &plain);
	assert_int_equal(stored.kind, STORED_FAILURE);
	assert_int_equal(stored.rcode, RCODE_REFUSED);
	assert_int_equal(stored.ttl_s, 5);
	assert_int_equal(stored.ttl_count, 0);
	assert_int_equal(
	    load_u16(stored.message.ptr + 2) & FLAG_RCODE_MASK, RCODE_SERVFAIL);
	/* BADVERS hides its upper bits in OPT. */
	begin_reply(&p, 0, "a.vn", TYPE_A);
	packet_opt(&p, 1232, 1u << 24, SLICE_EMPTY);
	assert_int_equal(stored_of(&p, &plain).rcode, RCODE_BADVERS);
}

/* ---- hostile ---- */

/* T10. */
static void loops_and_long_chains_are_malformed(void **state)
{
	(void)state;
	struct packet p;
	begin_reply(&p, 0, "a.vn", TYPE_A);
	packet_cname(&p, "a.vn", 60, "b.vn");
	packet_cname(&p, "b.vn", 60, "a.vn");
	is_refused(&p, ERR_FORMAT);
	begin_reply(&p, 0, "a.vn", TYPE_A);
	packet_cname(&p, "a.vn", 60, "a.vn");
	is_refused(&p, ERR_FORMAT);

	for (unsigned links = 12; links <= 13; links++) {
		begin_reply(&p, 0, "n0.vn", TYPE_A);
		for (unsigned i = 0; i < links; i++) {
			char owner[16], target[16];
			(void)snprintf(owner, sizeof owner, "n%u.vn", i);
			(void)snprintf(target, sizeof target, "n%u.vn", i + 1);
			packet_cname(&p, owner, 60, target);
		}
		packet_a(&p, links == 12 ? "n12.vn" : "n13.vn", 60, 1);
		if (links == 12)
			assert_int_equal(stored_of(&p, &plain).ttl_count, 13);
		else
			is_refused(&p, ERR_FORMAT);
	}
}

/* T12. */
static void an_rrset_has_at_most_100_records(void **state)
{
	(void)state;
	struct packet p;
	for (unsigned count = 100; count <= 101; count++) {
		begin_reply(&p, 0, "a.vn", TYPE_A);
		for (unsigned i = 0; i < count; i++)
			packet_a(&p, "a.vn", 60, (uint8_t)i);
		if (count == 100)
			assert_int_equal(stored_of(&p, &plain).ttl_count, 100);
		else
			is_refused(&p, ERR_FULL);
	}
	begin_reply(&p, 0, "a.vn", TYPE_A);
	for (unsigned i = 0; i < 140; i++) /* of which 40 are told twice */
		packet_a(&p, "a.vn", 60, (uint8_t)(i % 100));
	assert_int_equal(stored_of(&p, &plain).ttl_count, 100);
	begin_reply(&p, 0, "a.vn", TYPE_A);
	for (unsigned i = 0; i < 3000; i++)
		packet_a(&p, "a.vn", 60, (uint8_t)i);
	is_refused(&p, ERR_FULL);
}

/* T13. */
static void ttls_are_clamped(void **state)
{
	(void)state;
	struct packet p;
	begin_reply(&p, 0, "a.vn", TYPE_A);
	packet_a(&p, "a.vn", 1000000, 1);
	assert_int_equal(stored_of(&p, &plain).ttl_s, 86400);
	begin_reply(&p, 0, "a.vn", TYPE_A);
	packet_a(&p, "a.vn", 0xffffffff, 1);
	assert_int_equal(stored_of(&p, &plain).ttl_s, 0);
}

static void all_ttls_can_be_set_to_one(void **state)
{
	(void)state;
	struct packet p;
	struct stored stored;
	begin_reply(&p, 0, "a.vn", TYPE_A);
	packet_a(&p, "a.vn", 7, 1);
	packet_a(&p, "a.vn", 86400, 2);
	(void)stored_of(&p, &plain);
	stored_set_ttls(storage, stored_len, 30);
	assert_true(stored_view(&stored, (struct slice){storage, stored_len}));
	assert_int_equal(stored.ttl_count, 2);
	for (unsigned i = 0; i < 2; i++) {
		size_t at = load_u16(stored.ttl_offsets + 2 * i);
		assert_int_equal(load_u32(stored.message.ptr + at), 30);
	}
	storage[0] = 99; /* no stored answer any more: left alone */
	stored_set_ttls(storage, stored_len, 31);
	storage[0] = STORED_POSITIVE;
	assert_int_equal(load_u32(stored.message.ptr + load_u16(stored.ttl_offsets)), 30);
}

/* T11. */
static void lies_about_lengths_are_malformed(void **state)
{
	(void)state;
	struct packet p;
	begin_reply(&p, 0, "a.vn", TYPE_A);
	packet_rr(&p, 0, "a.vn", TYPE_A, 60, SLICE_LIT("12345"));
	is_refused(&p, ERR_FORMAT);
	begin_reply(&p, 0, "a.vn", TYPE_A);
	packet_rr(&p, 0, "a.vn", TYPE_CNAME, 60, SLICE_LIT("\300\377"));
	is_refused(&p, ERR_FORMAT);
	begin_reply(&p, 0, "a.vn", TYPE_A);
	packet_a(&p, "a.vn", 60, 1);
	writer_u8(&p.w, 1);
	is_refused(&p, ERR_FORMAT);
	begin_reply(&p, 0, "a.vn", TYPE_AAAA);
	packet_rr(&p, 1, "vn", TYPE_SOA, 60, SLICE_LIT("\0\0shorter"));
	is_refused(&p, ERR_FORMAT);
}

static void a_truncated_reply_asks_for_tcp(void **state)
{
	(void)state;
	struct packet p;
	begin_reply(&p, FLAG_TC, "a.vn", TYPE_A);
	is_refused(&p, ERR_AGAIN);
}

static void too_small_a_buffer_is_full_at_every_size(void **state)
{
	(void)state;
	struct packet p;
	size_t len = 0;
	begin_reply(&p, 0, "a.vn", TYPE_A);
	packet_cname(&p, "a.vn", 60, "b.vn");
	packet_a(&p, "b.vn", 60, 1);
	(void)stored_of(&p, &plain);
	size_t needed = stored_len;
	for (size_t cap = 0; cap < needed; cap++)
		assert_int_equal(
		    stored_from_reply(storage, cap, &len, packet_slice(&p), &plain),
		    ERR_FULL);
	assert_int_equal(
	    stored_from_reply(storage, needed, &len, packet_slice(&p), &plain), OK);
}

static void a_view_checks_what_it_opens(void **state)
{
	(void)state;
	struct packet p;
	struct stored stored;
	begin_reply(&p, 0, "a.vn", TYPE_A);
	packet_a(&p, "a.vn", 60, 1);
	(void)stored_of(&p, &plain);
	for (size_t len = 0; len < stored_len; len++)
		assert_false(stored_view(&stored, (struct slice){storage, len}));
	storage[0] = 9;
	assert_false(stored_view(&stored, (struct slice){storage, stored_len}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_rrset_is_kept_with_its_smallest_ttl),
	    cmocka_unit_test(a_chain_is_kept_and_compressed),
	    cmocka_unit_test(extra_records_are_left_out),
	    cmocka_unit_test(cname_is_an_answer_to_a_question_for_cname),
	    cmocka_unit_test(a_dname_stays_beside_the_cname_it_made),
	    cmocka_unit_test(a_record_told_twice_is_kept_once),
	    cmocka_unit_test(signatures_stay_only_for_do),
	    cmocka_unit_test(names_in_rdata_are_decompressed),
	    cmocka_unit_test(ad_is_remembered),
	    cmocka_unit_test(nodata_lives_as_long_as_its_soa_says),
	    cmocka_unit_test(a_denial_without_soa_is_not_kept),
	    cmocka_unit_test(data_under_nxdomain_is_no_data),
	    cmocka_unit_test(other_rcodes_are_failures),
	    cmocka_unit_test(loops_and_long_chains_are_malformed),
	    cmocka_unit_test(an_rrset_has_at_most_100_records),
	    cmocka_unit_test(ttls_are_clamped),
	    cmocka_unit_test(all_ttls_can_be_set_to_one),
	    cmocka_unit_test(lies_about_lengths_are_malformed),
	    cmocka_unit_test(a_truncated_reply_asks_for_tcp),
	    cmocka_unit_test(too_small_a_buffer_is_full_at_every_size),
	    cmocka_unit_test(a_view_checks_what_it_opens),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
