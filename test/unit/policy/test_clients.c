#include "policy/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fixture.h"

static struct policy_who who_is(const struct fixture *f, const char *text)
{
	struct addr a;
	assert_int_equal(addr_from_text(&a, slice_of(text), NULL), OK);
	return policy_client(f->policy, &a, MAC_NONE);
}

static void the_longest_prefix_that_claims_an_address_wins(void **state)
{
	(void)state;
	struct fixture f;

	fixture_init(&f);
	fixture_claim(&f, UPPER, "10.20.0.0/16", "", 1);
	fixture_claim(&f, STAFF, "10.20.9.0/24", "", 2);
	fixture_claim(&f, PRIMARY, "10.20.9.7/32", "", 3);
	fixture_claim(&f, STAFF, "2001:db8:1::/48", "", 4);
	fixture_build(&f, NULL, 0);
	assert_int_equal(who_is(&f, "10.20.1.1").tier, UPPER);
	assert_int_equal(who_is(&f, "::ffff:10.20.1.1").tier, UPPER);
	assert_int_equal(who_is(&f, "10.20.9.1").tier, STAFF);
	assert_int_equal(who_is(&f, "10.20.9.7").tier, PRIMARY);
	assert_int_equal(who_is(&f, "2001:db8:1:2::9").tier, STAFF);
	assert_int_equal(who_is(&f, "2001:db8:2::9").tier, PRIMARY);
	assert_int_equal(who_is(&f, "10.21.0.1").tier, PRIMARY); /* nobody's: default */
	assert_int_equal(who_is(&f, "10.20.1.1").group, POLICY_NO_GROUP);
	assert_true(who_is(&f, "10.20.1.1").claimed);
	assert_false(who_is(&f, "10.21.0.1").claimed);
	fixture_deinit(&f);
}

static void a_range_holds_its_ends_and_narrower_claims_win_inside(void **state)
{
	(void)state;
	struct fixture f;

	fixture_init(&f);
	fixture_claim(&f, UPPER, "192.168.1.100-192.168.1.149", "phong-tin-1", 1);
	fixture_claim(&f, STAFF, "192.168.1.101/32", "", 2);
	fixture_claim(&f, STAFF, "192.168.1.120-192.168.1.123", "thu-vien", 3);
	fixture_claim(&f, PRIMARY, "192.168.1.0/24", "", 4);
	fixture_build(&f, NULL, 0);
	assert_int_equal(who_is(&f, "192.168.1.99").tier, PRIMARY);
	assert_int_equal(who_is(&f, "192.168.1.100").tier, UPPER);
	assert_int_equal(who_is(&f, "192.168.1.101").tier, STAFF);
	assert_int_equal(who_is(&f, "192.168.1.102").tier, UPPER);
	assert_int_equal(who_is(&f, "192.168.1.120").tier, STAFF);
	assert_int_equal(who_is(&f, "192.168.1.123").tier, STAFF);
	assert_int_equal(who_is(&f, "192.168.1.124").tier, UPPER);
	assert_int_equal(who_is(&f, "192.168.1.149").tier, UPPER);
	assert_int_equal(who_is(&f, "192.168.1.150").tier, PRIMARY);
	assert_string_equal(
	    policy_group_name(f.policy, who_is(&f, "192.168.1.149").group), "phong-tin-1");
	assert_string_equal(
	    policy_group_name(f.policy, who_is(&f, "192.168.1.121").group), "thu-vien");
	assert_string_equal(
	    policy_group_name(f.policy, who_is(&f, "192.168.1.101").group), "");
	fixture_deinit(&f);
}

/* A grant for a room must find it, whether or not a tier was made of the room. */
static void a_room_that_no_tier_names_is_known_by_its_addresses(void **state)
{
	struct config_client *clients = NULL;
	struct fixture f;

	(void)state;
	fixture_init(&f);
	fixture_claim(&f, UPPER, "192.168.0.0/16", "", 1);
	fixture_claim(&f, STAFF, "192.168.1.20-192.168.1.29", "thu-vien", 2);
	/* The rooms' own addresses: phong-tin-1 is nobody's. */
	f.groups[0].clients.items = clients = &f.clients[PRIMARY][0];
	f.groups[0].clients.count = 1;
	f.tiers[PRIMARY].clients.count = 0;
	clients[0] = (struct config_client){.kind = CLIENT_RANGE, .text = "", .group = ""};
	assert_int_equal(
	    addr_from_text(&clients[0].first, slice_of("192.168.1.10"), NULL), OK);
	assert_int_equal(
	    addr_from_text(&clients[0].last, slice_of("192.168.1.25"), NULL), OK);
	fixture_build(&f, NULL, 0);
	struct policy_who who = who_is(&f, "192.168.1.12");
	assert_string_equal(policy_group_name(f.policy, who.group), "phong-tin-1");
	assert_int_equal(who.tier, UPPER); /* as if it were in no room */
	/* The room that claimed the address comes first. */
	who = who_is(&f, "192.168.1.22");
	assert_string_equal(policy_group_name(f.policy, who.group), "thu-vien");
	assert_int_equal(who.tier, STAFF);
	assert_int_equal(who_is(&f, "192.168.1.30").group, POLICY_NO_GROUP);
	fixture_deinit(&f);
}

#define TEACHER "3c:22:fb:01:02:03"
#define PUPIL   "3c:22:fb:01:02:04"
#define NOBODY  "3c:22:fb:01:02:05"

static struct mac mac_made(const char *text)
{
	struct mac mac = MAC_NONE;
	if (text[0] != 0)
		assert_true(mac_from_text(&mac, slice_of(text)));
	return mac;
}

static struct policy_who device_is(
    const struct fixture *f, const char *text, const char *mac)
{
	struct addr a;
	assert_int_equal(addr_from_text(&a, slice_of(text), NULL), OK);
	return policy_client(f->policy, &a, mac_made(mac));
}

static void address_and_mac_beat_the_mac_which_beats_the_address(void **state)
{
	static const struct {
		const char *address, *mac;
		unsigned tier;
		bool claimed, room;
	} ROWS[] = {
	    {"10.1.0.5", TEACHER, UPPER, true, false}, /* both together */
	    {"10.1.0.6", TEACHER, STAFF, true, false}, /* the MAC, wherever it is */
	    {"10.2.0.6", TEACHER, STAFF, true, false},
	    {"fd00::6", TEACHER, STAFF, true, false},
	    {"10.1.0.5", PUPIL, UPPER, true,
	        true}, /* the address claims alone, more narrowly */
	    {"10.1.0.7", PUPIL, UPPER, true,
	        false}, /* together again, for another device */
	    {"10.1.0.9", PUPIL, PRIMARY, true, false},
	    {"10.1.0.5", NOBODY, UPPER, true, true},
	    {"10.1.0.7", NOBODY, PRIMARY, true, false},
	    {"10.9.0.7", NOBODY, PRIMARY, false, false},
	    {"10.1.0.5", "", UPPER, true, true}, /* no MAC is known */
	    {"10.1.0.6", "", PRIMARY, true, false}, {"10.9.0.6", "", PRIMARY, false, false},
	    {"fd00::9", PUPIL, UPPER, true, false}, /* together, IPv6 */
	};
	struct fixture f;

	(void)state;
	fixture_init(&f);
	fixture_claim(&f, PRIMARY, "10.1.0.0/16", "", 1);
	fixture_claim(&f, UPPER, "10.1.0.5/32", "phong-tin-1", 2);
	fixture_claim(&f, STAFF, TEACHER, "", 3);
	fixture_claim(&f, UPPER, "10.1.0.5+" TEACHER, "", 4);
	fixture_claim(&f, UPPER, "10.1.0.7+" PUPIL, "", 5);
	fixture_claim(&f, UPPER, "fd00::9+" PUPIL, "", 6);
	fixture_build(&f, NULL, 0);
	assert_true(policy_asks_for_macs(f.policy));
	for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
		struct policy_who who = device_is(&f, ROWS[i].address, ROWS[i].mac);
		if (who.tier != ROWS[i].tier || who.claimed != ROWS[i].claimed ||
		    (who.group != POLICY_NO_GROUP) != ROWS[i].room)
			fail_msg("%s %s: tier %u", ROWS[i].address, ROWS[i].mac, who.tier);
	}
	fixture_deinit(&f);
}

static void rooms_hold_devices_by_mac_whether_a_tier_names_them_or_not(void **state)
{
	struct config_client *clients = NULL;
	struct fixture f;

	(void)state;
	fixture_init(&f);
	fixture_claim(&f, UPPER, PUPIL, "phong-tin-1", 1);
	clients = calloc(3, sizeof *clients);
	assert_non_null(clients);
	clients[0] = (struct config_client){
	    .kind = CLIENT_MAC, .mac = mac_made(TEACHER), .text = "", .group = ""};
	clients[1] = clients[0]; /* twice, which is no mistake in a room */
	clients[2] = (struct config_client){
	    .kind = CLIENT_PAIR, .mac = mac_made(NOBODY), .text = "", .group = ""};
	assert_int_equal(
	    addr_from_text(&clients[2].first, SLICE_LIT("10.1.0.9"), NULL), OK);
	f.groups[1].clients = (struct config_clients){.items = clients, .count = 3};
	fixture_build(&f, NULL, 0);
	assert_string_equal(
	    policy_group_name(f.policy, device_is(&f, "10.1.0.1", PUPIL).group),
	    "phong-tin-1");
	struct policy_who teacher = device_is(&f, "10.1.0.1", TEACHER);
	assert_string_equal(policy_group_name(f.policy, teacher.group), "thu-vien");
	assert_false(teacher.claimed);
	assert_string_equal(
	    policy_group_name(f.policy, device_is(&f, "10.1.0.9", NOBODY).group),
	    "thu-vien");
	assert_int_equal(device_is(&f, "10.1.0.8", NOBODY).group, POLICY_NO_GROUP);
	fixture_deinit(&f);
	free(clients);
}

static void where_no_mac_is_configured_none_is_asked_for(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	fixture_claim(&f, STAFF, "10.1.0.0/16", "", 1);
	fixture_build(&f, NULL, 0);
	assert_false(policy_asks_for_macs(f.policy));
	assert_int_equal(device_is(&f, "10.1.0.1", TEACHER).tier, STAFF);
	fixture_deinit(&f);
}

/* Two hundred devices, so that slots are shared; each is found, its neighbours are not. */
static void many_devices_are_told_apart(void **state)
{
	enum {
		DEVICES = 200
	};
	struct config_client *clients = calloc(DEVICES, sizeof *clients);
	struct fixture f;

	(void)state;
	assert_non_null(clients);
	fixture_init(&f);
	for (uint64_t i = 0; i < DEVICES; i++) {
		clients[i] = (struct config_client){.kind = CLIENT_MAC,
		    .mac = {0x3c22fb000000u + i * 2},
		    .text = "",
		    .group = ""};
	}
	f.tiers[STAFF].clients =
	    (struct config_clients){.items = clients, .count = DEVICES};
	fixture_build(&f, NULL, 0);
	for (uint64_t i = 0; i < DEVICES * 2; i++) {
		struct addr a = {.family = AF_INET, .bytes = {10, 0, 0, 1}};
		struct policy_who who =
		    policy_client(f.policy, &a, (struct mac){0x3c22fb000000u + i});
		assert_int_equal(who.claimed, i % 2 == 0);
	}
	fixture_deinit(&f);
	free(clients);
}

static struct policy_who network_is(
    const struct fixture *f, const char *text, const char *mac)
{
	struct prefix p;
	assert_int_equal(prefix_from_text(&p, slice_of(text), NULL), OK);
	return policy_network(f->policy, &p, mac_made(mac));
}

static void of_a_network_only_claims_count_that_hold_all_of_it(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.asks[0] = (struct config_client){.kind = CLIENT_PREFIX, .length = 8};
	f.asks[0].first = (struct addr){.family = AF_INET, .bytes = {10}};
	f.config.server.allow.count = 1;
	fixture_claim(&f, UPPER, "10.1.0.0/16", "", 1);
	fixture_claim(&f, PRIMARY, "10.1.4.0/24", "", 2);
	fixture_claim(&f, STAFF, "10.1.4.0/32", "", 3);
	fixture_claim(&f, STAFF, TEACHER, "", 4);
	fixture_claim(&f, PRIMARY, "10.1.4.0+" PUPIL, "", 5);
	fixture_build(&f, NULL, 0);
	assert_int_equal(network_is(&f, "10.1.4.0/32", "").tier, STAFF);
	assert_int_equal(network_is(&f, "10.1.4.0/24", "").tier, PRIMARY);
	assert_int_equal(network_is(&f, "10.1.4.0/23", "").tier, UPPER);
	assert_int_equal(network_is(&f, "10.1.4.0/24", TEACHER).tier, STAFF);
	assert_int_equal(network_is(&f, "10.1.4.0/23", PUPIL).tier, UPPER);
	assert_int_equal(network_is(&f, "10.1.4.0/32", PUPIL).tier, PRIMARY);
	assert_true(network_is(&f, "10.1.0.0/16", "").may_ask);
	assert_false(network_is(&f, "10.0.0.0/7", "").may_ask);
	assert_false(network_is(&f, "0.0.0.0/0", "").claimed);
	fixture_deinit(&f);
}

static void only_who_is_named_speaks_for_others(void **state)
{
	struct config_client trusted[2] = {
	    {.kind = CLIENT_PREFIX, .length = 32, .text = "", .group = ""},
	    {.kind = CLIENT_RANGE, .text = "", .group = ""}};
	struct addr a, b, c;
	struct fixture f;

	(void)state;
	assert_int_equal(addr_from_text(&a, SLICE_LIT("10.1.0.1"), NULL), OK);
	assert_int_equal(addr_from_text(&b, SLICE_LIT("fd00::5"), NULL), OK);
	assert_int_equal(addr_from_text(&c, SLICE_LIT("10.1.0.2"), NULL), OK);
	fixture_init(&f);
	fixture_build(&f, NULL, 0);
	assert_false(policy_trusts_forwarder(f.policy, &a));
	fixture_deinit(&f);

	fixture_init(&f);
	trusted[0].first = a;
	trusted[1].first = b;
	trusted[1].last = b;
	f.config.server.trusted_forwarders =
	    (struct config_clients){.items = trusted, .count = 2};
	fixture_build(&f, NULL, 0);
	assert_true(policy_trusts_forwarder(f.policy, &a));
	assert_true(policy_trusts_forwarder(f.policy, &b));
	assert_false(policy_trusts_forwarder(f.policy, &c));
	fixture_deinit(&f);
}

static void people_name_a_client_by_address_mac_or_both(void **state)
{
	static const char *const WRONG[] = {"", "nobody", "10.1.0.1+", "+" TEACHER,
	    "10.1.0.1+10.1.0.2", TEACHER "+10.1.0.1", "10.1.0.0/16", "3c:22:fb:01:02"};
	struct addr a;
	struct mac mac;
	struct diag why;

	(void)state;
	assert_int_equal(policy_read_client(&a, &mac, SLICE_LIT("10.1.0.1"), &why), OK);
	assert_true(a.family == AF_INET && !mac_is_known(mac));
	assert_int_equal(policy_read_client(&a, &mac, SLICE_LIT(TEACHER), &why), OK);
	assert_true(a.family == 0 && mac_equal(mac, mac_made(TEACHER)));
	assert_int_equal(
	    policy_read_client(&a, &mac, SLICE_LIT("fd00::9+" TEACHER), &why), OK);
	assert_true(a.family == AF_INET6 && mac_equal(mac, mac_made(TEACHER)));
	for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
		assert_int_equal(
		    policy_read_client(&a, &mac, slice_of(WRONG[i]), &why), ERR_FORMAT);
		assert_true(a.family == AF_INET6 && why.text[0] != 0);
	}
}

static void check_mistake(
    const char *first, const char *second, unsigned tier, const char *sentence)
{
	struct fixture f;

	fixture_init(&f);
	fixture_claim(&f, UPPER, first, "", 7);
	fixture_claim(&f, tier, second, "", 9);
	assert_int_equal(fixture_try(&f), ERR_CONFIG);
	assert_null(f.policy);
	assert_int_equal(f.mistakes.count, 1);
	assert_int_equal(f.mistakes.items[0].column, 5);
	assert_true(f.mistakes.items[0].line == 7 || f.mistakes.items[0].line == 9);
	assert_non_null(strstr(f.mistakes.items[0].text, sentence));
	fixture_deinit(&f);
}

static void the_same_claim_twice_is_a_mistake_at_its_place(void **state)
{
	(void)state;
	check_mistake("10.1.0.0/16", "10.1.0.0/16", STAFF, "claimed twice");
	check_mistake("10.1.0.0/16", "10.1.0.0-10.1.255.255", STAFF, "claimed twice");
	check_mistake("10.1.0.1/32", "10.1.0.1/32", UPPER, "claimed twice");
	check_mistake("fd00::/8", "fd00::/8", STAFF, "claimed twice");
	check_mistake(TEACHER, TEACHER, STAFF, "claimed twice");
	check_mistake(TEACHER, TEACHER, UPPER, "claimed twice");
	check_mistake("10.1.0.1+" TEACHER, "10.1.0.1+" TEACHER, STAFF, "claimed twice");
}

static void ranges_that_overlap_in_part_are_a_mistake(void **state)
{
	(void)state;
	check_mistake("10.1.0.5-10.1.0.20", "10.1.0.10-10.1.0.30", STAFF, "overlaps");
	check_mistake("10.1.0.0/24", "10.1.0.200-10.1.1.20", STAFF, "overlaps");
}

static void only_the_access_list_may_ask(void **state)
{
	(void)state;
	struct fixture f;

	fixture_init(&f);
	f.asks[0] = (struct config_client){.kind = CLIENT_LOCAL, .text = "local"};
	f.asks[1] = (struct config_client){.kind = CLIENT_PREFIX, .length = 8};
	assert_int_equal(addr_from_text(&f.asks[1].first, SLICE_LIT("10.0.0.0"), NULL), OK);
	f.asks[2] = f.asks[1]; /* twice is no mistake here */
	f.config.server.allow.count = 3;
	fixture_build(&f, NULL, 0);
	assert_true(who_is(&f, "10.200.3.4").may_ask);
	assert_true(who_is(&f, "203.0.113.200").may_ask); /* the fixture's local prefix */
	assert_false(who_is(&f, "203.0.114.1").may_ask);
	assert_false(who_is(&f, "2001:db8::1").may_ask);
	assert_false(who_is(&f, "127.0.0.1").may_ask);
	fixture_deinit(&f);
}

static void a_member_of_a_tier_that_is_none_gets_the_default(void **state)
{
	(void)state;
	struct fixture f;
	uint8_t tier = 0;

	fixture_init(&f);
	fixture_build(&f, NULL, 0);
	assert_int_equal(policy_member(f.policy, STAFF).tier, STAFF);
	assert_int_equal(policy_member(f.policy, 200).tier, PRIMARY);
	assert_true(policy_find_tier(f.policy, "upper_secondary", &tier));
	assert_int_equal(tier, UPPER);
	assert_false(policy_find_tier(f.policy, "upper", &tier));
	assert_int_equal(policy_tier_count(f.policy), FIXTURE_TIERS);
	assert_true(policy_tier_at(f.policy, PRIMARY)->pupils);
	assert_null(policy_tier_at(f.policy, FIXTURE_TIERS));
	fixture_deinit(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_longest_prefix_that_claims_an_address_wins),
	    cmocka_unit_test(a_range_holds_its_ends_and_narrower_claims_win_inside),
	    cmocka_unit_test(a_room_that_no_tier_names_is_known_by_its_addresses),
	    cmocka_unit_test(address_and_mac_beat_the_mac_which_beats_the_address),
	    cmocka_unit_test(rooms_hold_devices_by_mac_whether_a_tier_names_them_or_not),
	    cmocka_unit_test(where_no_mac_is_configured_none_is_asked_for),
	    cmocka_unit_test(many_devices_are_told_apart),
	    cmocka_unit_test(of_a_network_only_claims_count_that_hold_all_of_it),
	    cmocka_unit_test(only_who_is_named_speaks_for_others),
	    cmocka_unit_test(people_name_a_client_by_address_mac_or_both),
	    cmocka_unit_test(the_same_claim_twice_is_a_mistake_at_its_place),
	    cmocka_unit_test(ranges_that_overlap_in_part_are_a_mistake),
	    cmocka_unit_test(only_the_access_list_may_ask),
	    cmocka_unit_test(a_member_of_a_tier_that_is_none_gets_the_default),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
