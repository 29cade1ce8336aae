#include "policy/policy.h"

#include <setjmp.h>
#include <stdarg.h>

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
	    cmocka_unit_test(the_same_claim_twice_is_a_mistake_at_its_place),
	    cmocka_unit_test(ranges_that_overlap_in_part_are_a_mistake),
	    cmocka_unit_test(only_the_access_list_may_ask),
	    cmocka_unit_test(a_member_of_a_tier_that_is_none_gets_the_default),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
