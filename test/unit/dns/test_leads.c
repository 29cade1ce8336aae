#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "dns/leads.h"
#include "packets.h"

static uint8_t storage[1 << 17];
static struct packet reply;

static const struct stored_limits LIMITS = {
    .max_ttl_s = 86400, .negative_ttl_s = 3600, .failure_ttl_s = 5};

static void begin(const char *name, uint16_t qtype)
{
	packet_begin(&reply, 1, FLAG_QR);
	packet_question(&reply, name, qtype);
}

static struct stored stored_now(void)
{
	struct stored stored;
	size_t len;
	assert_int_equal(
	    stored_from_reply(storage, sizeof storage, &len, packet_slice(&reply), &LIMITS),
	    OK);
	assert_true(stored_view(&stored, (struct slice){storage, len}));
	return stored;
}

static void expect_name(struct lead_walk *walk, const char *text)
{
	struct name_buf wanted = name_made(text);
	struct lead lead;
	assert_true(lead_walk_next(walk, &lead));
	assert_false(lead.is_address);
	assert_true(name_equal(name_of(&lead.name), name_of(&wanted)));
}

static void expect_address(struct lead_walk *walk, struct slice address)
{
	struct lead lead;
	assert_true(lead_walk_next(walk, &lead));
	assert_true(lead.is_address);
	assert_true(slice_equal(lead.address, address));
}

static void expect_end(struct lead_walk *walk)
{
	struct lead lead;
	assert_false(lead_walk_next(walk, &lead));
}

static void a_chain_gives_each_target_and_each_address(void **state)
{
	(void)state;
	begin("www.a.vn", TYPE_A);
	packet_cname(&reply, "www.a.vn", 300, "One.CDN.example");
	packet_cname(&reply, "one.cdn.example", 300, "two.cdn.example");
	packet_rr(&reply, 0, "two.cdn.example", TYPE_A, 300, SLICE_LIT("\300\0\2\7"));
	packet_rr(&reply, 0, "two.cdn.example", TYPE_A, 300, SLICE_LIT("\300\0\2\10"));
	struct stored stored = stored_now();
	struct lead_walk walk = lead_walk_over(&stored);
	expect_name(&walk, "one.cdn.example");
	expect_name(&walk, "two.cdn.example");
	expect_address(&walk, SLICE_LIT("\300\0\2\7"));
	expect_address(&walk, SLICE_LIT("\300\0\2\10"));
	expect_end(&walk);
	assert_false(stored_has_ech(&stored));
}

static void a_mapped_address_is_the_one_it_holds(void **state)
{
	(void)state;
	begin("a.vn", TYPE_AAAA);
	packet_rr(&reply, 0, "a.vn", TYPE_AAAA, 300,
	    SLICE_LIT("\0\0\0\0\0\0\0\0\0\0\377\377\300\0\2\7"));
	packet_rr(&reply, 0, "a.vn", TYPE_AAAA, 300, SLICE_LIT("\40\1\15\270567890123456"));
	struct stored stored = stored_now();
	struct lead_walk walk = lead_walk_over(&stored);
	expect_address(&walk, SLICE_LIT("\300\0\2\7"));
	expect_address(&walk, SLICE_LIT("\40\1\15\270567890123456"));
	expect_end(&walk);
}

#define V6 "1234567890123456"

static void https_gives_its_target_and_its_hints(void **state)
{
	(void)state;
	begin("a.vn", TYPE_HTTPS);
	/* 1 svc.b.vn alpn=h2 ipv4hint=192.0.2.1,192.0.2.2 ech=abc ipv6hint=(one) */
	packet_rr(&reply, 0, "a.vn", TYPE_HTTPS, 300,
	    SLICE_LIT("\0\1\3svc\1b\2vn\0"
	              "\0\1\0\3\2h2"
	              "\0\4\0\10\300\0\2\1\300\0\2\2"
	              "\0\5\0\3abc"
	              "\0\6\0\20" V6));
	/* 2 . : the owner itself, and a parameter without hints */
	packet_rr(&reply, 0, "a.vn", TYPE_HTTPS, 300, SLICE_LIT("\0\2\0\0\1\0\3\2h2"));
	struct stored stored = stored_now();
	struct lead_walk walk = lead_walk_over(&stored);
	expect_name(&walk, "svc.b.vn");
	expect_address(&walk, SLICE_LIT("\300\0\2\1"));
	expect_address(&walk, SLICE_LIT("\300\0\2\2"));
	expect_address(&walk, SLICE_LIT(V6));
	expect_name(&walk, "a.vn");
	expect_end(&walk);
	assert_true(stored_has_ech(&stored));
}

static void a_broken_list_of_hints_gives_the_whole_ones(void **state)
{
	(void)state;
	begin("a.vn", TYPE_SVCB);
	packet_rr(&reply, 0, "a.vn", TYPE_SVCB, 300,
	    SLICE_LIT("\0\1\0\0\4\0\6\300\0\2\1\300\0\0\6\0\3abc"));
	struct stored stored = stored_now();
	struct lead_walk walk = lead_walk_over(&stored);
	expect_name(&walk, "a.vn");
	expect_address(&walk, SLICE_LIT("\300\0\2\1"));
	expect_end(&walk);
}

static void other_types_and_denials_lead_nowhere(void **state)
{
	(void)state;
	begin("a.vn", TYPE_MX);
	packet_rr(&reply, 0, "a.vn", TYPE_MX, 300, SLICE_LIT("\0\1\4mail\1b\2vn\0"));
	struct stored stored = stored_now();
	struct lead_walk walk = lead_walk_over(&stored);
	expect_end(&walk);

	begin("a.vn", TYPE_A);
	packet_soa(&reply, "vn", 300, 300);
	stored = stored_now();
	walk = lead_walk_over(&stored);
	expect_end(&walk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_chain_gives_each_target_and_each_address),
	    cmocka_unit_test(a_mapped_address_is_the_one_it_holds),
	    cmocka_unit_test(https_gives_its_target_and_its_hints),
	    cmocka_unit_test(a_broken_list_of_hints_gives_the_whole_ones),
	    cmocka_unit_test(other_types_and_denials_lead_nowhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
