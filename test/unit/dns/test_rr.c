#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "dns/rr.h"
#include "packets.h"

static struct slice https_rdata = SLICE_LIT("\0\1\0\0\1\0\3\2h2\0\4\0\4\300\0\2\1");

static void the_walk_tells_sections_and_places(void **state)
{
	(void)state;
	struct packet p;
	struct rr rr;
	packet_begin(&p, 1, FLAG_QR);
	packet_question(&p, "a.vn", TYPE_A);
	size_t first_at = packet_at(&p);
	packet_a(&p, "a.vn", 300, 7);
	packet_soa(&p, "vn", 60, 60);
	packet_opt(&p, 1232, 0, SLICE_EMPTY);
	struct rr_walk walk = rr_walk_over(packet_slice(&p));
	assert_true(rr_walk_next(&walk, &rr));
	assert_int_equal(rr.section, RR_ANSWER);
	assert_int_equal(rr.owner_at, first_at);
	assert_int_equal(rr.ttl_s, 300);
	assert_int_equal(load_u32(p.w.ptr + rr.ttl_at), 300);
	assert_int_equal(rr.rdata.len, 4);
	assert_ptr_equal(rr.rdata.ptr, p.w.ptr + rr.rdata_at);
	assert_true(rr_walk_next(&walk, &rr));
	assert_int_equal(rr.section, RR_AUTHORITY);
	assert_true(rr_walk_next(&walk, &rr));
	assert_int_equal(rr.section, RR_ADDITIONAL);
	assert_false(rr_walk_ok(&walk) && rr_walk_next(&walk, &rr));
	assert_true(rr_walk_ok(&walk));
}

static void a_cut_message_makes_the_walk_bad(void **state)
{
	(void)state;
	struct packet p;
	packet_begin(&p, 1, FLAG_QR);
	packet_question(&p, "a.vn", TYPE_A);
	packet_a(&p, "a.vn", 300, 7);
	struct slice whole = packet_slice(&p);
	for (size_t len = 0; len < whole.len; len++) {
		struct rr_walk walk = rr_walk_over((struct slice){whole.ptr, len});
		struct rr rr;
		for_each_rr (&walk, &rr)
			fail();
		assert_false(rr_walk_ok(&walk));
	}
}

static void octets_behind_the_records_are_noticed(void **state)
{
	(void)state;
	struct packet p;
	struct rr rr;
	packet_begin(&p, 1, FLAG_QR);
	packet_question(&p, "a.vn", TYPE_A);
	writer_u8(&p.w, 0);
	struct rr_walk walk = rr_walk_over(packet_slice(&p));
	assert_false(rr_walk_next(&walk, &rr));
	assert_false(rr_walk_ok(&walk));
}

/* RFC 2181 section 8, T13. */
static void a_ttl_above_31_bits_is_0(void **state)
{
	(void)state;
	struct packet p;
	struct rr rr;
	packet_begin(&p, 1, FLAG_QR);
	packet_a(&p, "a.vn", 0x7fffffff, 1);
	packet_a(&p, "a.vn", 0x80000000, 1);
	struct rr_walk walk = rr_walk_over(packet_slice(&p));
	assert_true(rr_walk_next(&walk, &rr));
	assert_int_equal(rr.ttl_s, 0x7fffffff);
	assert_true(rr_walk_next(&walk, &rr));
	assert_int_equal(rr.ttl_s, 0);
}

/* ---- RDATA, T11 ---- */

static bool rdata_is_ok(uint16_t type, struct slice rdata)
{
	struct packet p;
	struct rr rr;
	packet_begin(&p, 1, FLAG_QR);
	packet_rr(&p, 0, "a.vn", type, 1, rdata);
	/* What follows must not be taken for a part of the RDATA. */
	packet_a(&p, "b.vn", 1, 1);
	struct rr_walk walk = rr_walk_over(packet_slice(&p));
	assert_true(rr_walk_next(&walk, &rr));
	return rr_rdata_ok(packet_slice(&p), &rr);
}

static void addresses_have_their_size(void **state)
{
	(void)state;
	assert_true(rdata_is_ok(TYPE_A, SLICE_LIT("1234")));
	assert_false(rdata_is_ok(TYPE_A, SLICE_LIT("123")));
	assert_false(rdata_is_ok(TYPE_A, SLICE_LIT("12345")));
	assert_true(rdata_is_ok(TYPE_AAAA, SLICE_LIT("1234567890123456")));
	assert_false(rdata_is_ok(TYPE_AAAA, SLICE_LIT("1234")));
}

static void names_in_rdata_fill_it(void **state)
{
	(void)state;
	assert_true(rdata_is_ok(TYPE_CNAME, SLICE_LIT("\1b\2vn\0")));
	assert_false(rdata_is_ok(TYPE_CNAME, SLICE_LIT("\1b\2vn\0x")));
	assert_false(rdata_is_ok(TYPE_CNAME, SLICE_LIT("\1b\2vn")));
	assert_false(rdata_is_ok(TYPE_CNAME, SLICE_EMPTY));
	assert_true(rdata_is_ok(TYPE_MX, SLICE_LIT("\0\1\1b\0")));
	assert_false(rdata_is_ok(TYPE_MX, SLICE_LIT("\0")));
	assert_true(rdata_is_ok(TYPE_SRV, SLICE_LIT("\0\1\0\1\0\1\1b\0")));
	assert_true(rdata_is_ok(TYPE_CNAME, SLICE_LIT("\300\014"))); /* the owner */
	assert_false(rdata_is_ok(TYPE_CNAME, SLICE_LIT("\300\377")));
}

static void strings_fill_a_txt(void **state)
{
	(void)state;
	assert_true(rdata_is_ok(TYPE_TXT, SLICE_LIT("\2ab\0\1c")));
	assert_true(rdata_is_ok(TYPE_TXT, SLICE_LIT("\0")));
	assert_false(rdata_is_ok(TYPE_TXT, SLICE_EMPTY));
	assert_false(rdata_is_ok(TYPE_TXT, SLICE_LIT("\2a")));
	assert_false(rdata_is_ok(TYPE_TXT, SLICE_LIT("\1a\2b")));
}

static void service_parameters_ascend(void **state)
{
	(void)state;
	assert_true(rdata_is_ok(TYPE_HTTPS, https_rdata));
	assert_true(rdata_is_ok(TYPE_SVCB, SLICE_LIT("\0\0\1b\0")));
	assert_false(rdata_is_ok(TYPE_HTTPS, SLICE_LIT("\0\1\0\0\4\0\0\0\1\0\0")));
	assert_false(rdata_is_ok(TYPE_HTTPS, SLICE_LIT("\0\1\0\0\1\0\0\0\1\0\0")));
	assert_false(rdata_is_ok(TYPE_HTTPS, SLICE_LIT("\0\1\0\0\1\0\5x")));
	assert_false(rdata_is_ok(TYPE_HTTPS, SLICE_LIT("\0\1\300\014")));
}

static void unknown_types_may_hold_anything(void **state)
{
	(void)state;
	assert_true(rdata_is_ok(65280, SLICE_LIT("whatever")));
	assert_true(rdata_is_ok(65280, SLICE_EMPTY));
}

/* ---- targets ---- */

static void leads_to(uint16_t type, struct slice rdata, const char *expected)
{
	struct packet p;
	struct rr rr;
	struct name_buf target;
	packet_begin(&p, 1, FLAG_QR);
	packet_rr(&p, 0, "a.vn", type, 1, rdata);
	struct rr_walk walk = rr_walk_over(packet_slice(&p));
	assert_true(rr_walk_next(&walk, &rr));
	assert_int_equal(rr_target(&target, packet_slice(&p), &rr), expected != NULL);
	if (expected != NULL) {
		struct name_buf name = name_made(expected);
		assert_true(name_equal(name_of(&target), name_of(&name)));
	}
}

static void targets_are_read_by_type(void **state)
{
	(void)state;
	leads_to(TYPE_CNAME, SLICE_LIT("\1B\2vn\0"), "b.vn");
	leads_to(TYPE_MX, SLICE_LIT("\0\1\1m\0"), "m");
	leads_to(TYPE_SRV, SLICE_LIT("\0\1\0\1\0\1\1s\0"), "s");
	leads_to(TYPE_HTTPS, SLICE_LIT("\0\0\1h\2vn\0"), "h.vn");
	leads_to(TYPE_HTTPS, https_rdata, "a.vn");
	leads_to(TYPE_A, SLICE_LIT("1234"), NULL);
	leads_to(TYPE_CNAME, SLICE_LIT("\1B\2v"), NULL);
}

static void hints_are_found_among_the_parameters(void **state)
{
	(void)state;
	struct rr rr = {.type = TYPE_HTTPS, .rdata = https_rdata};
	struct slice rest;
	struct svcb_param param;
	assert_true(rr_svcb_params(&rest, &rr));
	assert_true(rr_svcb_next(&rest, &param));
	assert_int_equal(param.key, SVCB_ALPN);
	assert_true(rr_svcb_next(&rest, &param));
	assert_int_equal(param.key, SVCB_IPV4HINT);
	assert_true(slice_equal(param.value, SLICE_LIT("\300\0\2\1")));
	assert_false(rr_svcb_next(&rest, &param));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_walk_tells_sections_and_places),
	    cmocka_unit_test(a_cut_message_makes_the_walk_bad),
	    cmocka_unit_test(octets_behind_the_records_are_noticed),
	    cmocka_unit_test(a_ttl_above_31_bits_is_0),
	    cmocka_unit_test(addresses_have_their_size),
	    cmocka_unit_test(names_in_rdata_fill_it),
	    cmocka_unit_test(strings_fill_a_txt),
	    cmocka_unit_test(service_parameters_ascend),
	    cmocka_unit_test(unknown_types_may_hold_anything),
	    cmocka_unit_test(targets_are_read_by_type),
	    cmocka_unit_test(hints_are_found_among_the_parameters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
