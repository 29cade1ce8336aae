#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "base/attr.h"
#include "base/file.h"
#include "lachanctl/doctor/packet.h"
#include "lachanctl/doctor/ruleset.h"

#define SEEDS TEST_SOURCE_DIR "/test/fuzz/seeds/doctor/"

static const struct packet_sender SENDER = {
    .mac = {2, 0xaa, 0, 0, 0, 0x11},
    .link_local = {.family = AF_INET6, .bytes = {0xfe, 0x80, [15] = 1}},
};

/* The seeds of the fuzz target begin with the octet that chooses the reader. */
static bool read_seed(struct packet *out, const char *path, size_t cut)
{
	struct buf text = BUF_INIT(4096);

	assert_int_equal(file_read(path, &text), OK);
	assert_true(text.len > 1 + cut);
	bool read = packet_read(out, (struct slice){text.ptr + 1, text.len - 1 - cut});
	buf_deinit(&text);
	return read;
}

static void assert_server(const struct packet *p, size_t i, const char *address)
{
	char text[ADDR_TEXT_MAX];

	assert_true(i < p->server_count);
	addr_to_text(text, &p->servers[i]);
	assert_string_equal(text, address);
}

static void an_advertisement_names_its_servers_and_its_domain(void **state)
{
	struct packet p;
	char text[NAME_TEXT_MAX];

	(void)state;
	assert_true(read_seed(&p, SEEDS "advertisement", 0));
	assert_int_equal(p.kind, PACKET_ROUTER);
	assert_int_equal(p.server_count, 2);
	assert_server(&p, 0, "2001:db8::53");
	assert_server(&p, 1, "fd00::1");
	assert_true(p.gives_ipv6);
	name_to_text(text, name_of(&p.search));
	assert_string_equal(text, "rogue.lan");
	assert_memory_equal(p.mac, SENDER.mac, PACKET_MAC_OCTETS);
}

static void what_a_router_takes_back_is_not_named(void **state)
{
	struct packet p;

	(void)state;
	assert_true(read_seed(&p, SEEDS "advertisement-taken-back", 0));
	assert_int_equal(p.server_count, 0);
}

static void an_option_without_length_ends_the_reading(void **state)
{
	struct packet p;

	(void)state;
	assert_false(read_seed(&p, SEEDS "advertisement-option-of-no-length", 0));
}

static void offers_name_their_server_and_what_it_gives(void **state)
{
	struct packet p;
	char text[ADDR_TEXT_MAX];

	(void)state;
	assert_true(read_seed(&p, SEEDS "offer", 0));
	assert_int_equal(p.kind, PACKET_DHCP4);
	assert_int_equal(p.transaction, 0x12345678);
	addr_to_text(text, &p.from);
	assert_string_equal(text, "10.0.0.1");
	assert_int_equal(p.server_count, 2);
	assert_server(&p, 0, "8.8.8.8");
	assert_server(&p, 1, "10.0.0.1");
	assert_false(read_seed(&p, SEEDS "offer-cut-off", 0));
	assert_true(read_seed(&p, SEEDS "offer-twice-an-option", 0));
	assert_int_equal(p.server_count, 2);
	assert_true(read_seed(&p, SEEDS "dhcp6-reply", 0));
	assert_int_equal(p.kind, PACKET_DHCP6);
	assert_int_equal(p.transaction, 0x345678);
	assert_server(&p, 1, "2001:db8::54");
}

static void arp_says_who_has_an_address(void **state)
{
	struct packet p;
	char text[ADDR_TEXT_MAX];

	(void)state;
	assert_true(read_seed(&p, SEEDS "arp-reply", 0));
	assert_int_equal(p.kind, PACKET_ARP);
	addr_to_text(text, &p.from);
	assert_string_equal(text, "10.0.0.1");
}

static void nothing_cut_off_is_read(void **state)
{
	static const char *const WHOLE[] = {
	    SEEDS "advertisement", SEEDS "offer", SEEDS "dhcp6-reply"};
	struct packet p;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(WHOLE); i++)
		for (size_t cut = 1; cut < 60; cut++)
			assert_false(read_seed(&p, WHOLE[i], cut));
}

/* The checksum of the body under the pseudo header of RFC 8200 section 8.1 comes out as 0. */
static uint16_t ipv6_rest(const uint8_t *frame, size_t len)
{
	uint32_t sum = frame[14 + 6] + (uint32_t)(len - 54);

	for (size_t i = 14 + 8; i < len; i += 2)
		sum += (uint32_t)(frame[i] << 8) + (i + 1 < len ? frame[i + 1] : 0u);
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void what_is_sent_is_whole_and_sound(void **state)
{
	struct addr address;
	struct packet p;
	uint8_t frame[PACKET_FRAME_MAX];
	struct packet_sender nobody = SENDER;

	(void)state;
	size_t len = packet_solicit_routers(frame, &SENDER);
	assert_int_equal(len, 14 + 40 + 16);
	assert_int_equal(ipv6_rest(frame, len), 0);
	nobody.link_local.family = 0;
	len = packet_solicit_routers(frame, &nobody);
	assert_int_equal(len, 14 + 40 + 8);
	assert_int_equal(ipv6_rest(frame, len), 0);
	len = packet_ask_dhcp6(frame, &SENDER, 0x123456);
	assert_int_equal(len, 14 + 40 + load_u16(frame + 14 + 4));
	assert_int_equal(ipv6_rest(frame, len), 0);
	assert_int_equal(packet_ask_dhcp6(frame, &nobody, 1), 0);
	len = packet_discover_dhcp4(frame, &SENDER, 7);
	assert_int_equal(len, 14 + load_u16(frame + 14 + 2));
	assert_int_equal(load_u32(frame + 14 + 28 + 4), 7);
	assert_false(packet_read(&p, (struct slice){frame, len})); /* it is no answer */

	assert_int_equal(addr_from_text(&address, SLICE_LIT("10.0.0.1"), NULL), OK);
	len = packet_inform_dhcp4(frame, &SENDER, &address, 7);
	assert_int_equal(len, 14 + load_u16(frame + 14 + 2));
	assert_int_equal(load_u32(frame + 14 + 12), 0x0a000001);      /* from it */
	assert_int_equal(load_u32(frame + 14 + 28 + 12), 0x0a000001); /* and it has it */

	len = packet_probe_address(frame, &SENDER, &address);
	assert_int_equal(len, 42);
	/* A probe claims nothing. */
	assert_false(packet_read(&p, (struct slice){frame, len}));
}

static void rules_that_hold_port_53_are_known(void **state)
{
#define MATCH(right)                                                                      \
	"{\"nftables\":[{\"rule\":{\"expr\":[{\"match\":{\"op\":\"==\",\"left\":{"        \
	"\"payload\":{\"protocol\":\"udp\",\"field\":\"dport\"}},\"right\":" right "}},{" \
	"\"redirect\":{\"port\":53}}]}}]}"
	static const struct {
		const char *text;
		bool holds;
	} cases[] = {
	    {MATCH("53"), true},
	    {MATCH("{\"set\":[53,853]}"), true},
	    {MATCH("{\"set\":[{\"range\":[40,60]}]}"), true},
	    {MATCH("853"), false},
	    {MATCH("{\"range\":[54,60]}"), false},
	    {"{\"nftables\":[{\"rule\":{\"expr\":[{\"redirect\":{\"port\":53}}]}}]}",
	        false},
	    {"{\"nftables\":7}", false},
	    {"[", false},
	    {"", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(
		    ruleset_holds_dns(slice_of(cases[i].text)), cases[i].holds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_advertisement_names_its_servers_and_its_domain),
	    cmocka_unit_test(what_a_router_takes_back_is_not_named),
	    cmocka_unit_test(an_option_without_length_ends_the_reading),
	    cmocka_unit_test(offers_name_their_server_and_what_it_gives),
	    cmocka_unit_test(arp_says_who_has_an_address),
	    cmocka_unit_test(nothing_cut_off_is_read),
	    cmocka_unit_test(what_is_sent_is_whole_and_sound),
	    cmocka_unit_test(rules_that_hold_port_53_are_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
