/* Devices that are staff's for a while, as an index. */
#include "policy/leases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "school.h"

static const struct moment NOW = {
    .mono_ms = 5000000, .wall_s = 1795316293, .wall_trusted = true};
static const struct mac LAPTOP = {0x3c22fb010203};
static const struct mac OTHER = {0x3c22fb010204};

static struct moment later(int64_t wall_s, uint64_t mono_s)
{
	return (struct moment){.mono_ms = NOW.mono_ms + mono_s * 1000,
	    .wall_s = NOW.wall_s + wall_s,
	    .wall_trusted = true};
}

static struct addr addr_of(const char *text)
{
	struct addr a = ADDR_NONE;

	assert_int_equal(addr_from_text(&a, slice_of(text), NULL), OK);
	return a;
}

static struct lease lease_of(const char *address, struct mac mac)
{
	return (struct lease){.mac = mac,
	    .address = addr_of(address),
	    .made_wall_s = NOW.wall_s,
	    .until_wall_s = NOW.wall_s + 3600,
	    .until_mono_ms = NOW.mono_ms + 3600 * 1000};
}

static void open_school(struct school *s)
{
	school_open(s,
	    "school: {levels: [lower_secondary]}\n"
	    "filter:\n"
	    "  groups: [{name: room, clients: [10.1.0.0/24]}]\n"
	    "  tiers:\n"
	    "    - {name: lower_secondary, clients: [room], block: [games], schedules: []}\n"
	    "    - {name: staff, block: [gambling]}\n",
	    "g games game.vn\nb gambling bet.vn\nc child_abuse worst.vn\n", 0);
	school_set_clock(s, NOW.wall_s, 0, true);
	s->now = NOW;
}

static bool is_staff(const struct school *s, const struct leases *leases,
    const char *address, struct mac mac, struct moment now)
{
	struct addr client = addr_of(address);
	struct policy_who who = policy_client(s->policy, &client, mac);
	const struct policy_who before = who;

	leases_apply(leases, &client, mac, now, &who);
	bool staff = strcmp(policy_tier_at(s->policy, who.tier)->name, "staff") == 0;
	assert_int_equal(who.group, before.group);
	assert_int_equal(who.may_ask, before.may_ask);
	assert_true(staff == (who.staff_until_ms > now.mono_ms));
	assert_true(staff ? who.claimed : who.claimed == before.claimed);
	return staff;
}

static void a_lease_knows_its_device_and_no_other(void **state)
{
	(void)state;
	const struct lease items[] = {lease_of("10.1.0.7", LAPTOP),
	    lease_of("2001:db8::7", OTHER), lease_of("10.9.0.9", MAC_NONE)};
	static struct school s;
	struct leases *leases = NULL;

	open_school(&s);
	assert_int_equal(leases_build(&leases, s.policy, items, COUNT_OF(items)), OK);
	assert_true(is_staff(&s, leases, "10.1.0.7", LAPTOP, NOW));
	/* Its own addresses of the other family. */
	assert_true(is_staff(&s, leases, "2001:db8::1", LAPTOP, NOW));
	assert_true(is_staff(&s, leases, "fe80::1%lo", LAPTOP, NOW));
	/* Another device behind the same MAC; another MAC that has its address now; nobody's. */
	assert_false(is_staff(&s, leases, "10.1.0.8", LAPTOP, NOW));
	assert_false(is_staff(&s, leases, "10.1.0.7", (struct mac){9}, NOW));
	assert_false(is_staff(&s, leases, "10.1.0.7", MAC_NONE, NOW));
	/* Signed in over IPv6: any of its addresses. */
	assert_true(is_staff(&s, leases, "2001:db8::8", OTHER, NOW));
	assert_true(is_staff(&s, leases, "10.1.0.9", OTHER, NOW));
	/* Without a MAC the address alone, whatever is known of it later. */
	assert_true(is_staff(&s, leases, "10.9.0.9", MAC_NONE, NOW));
	assert_true(is_staff(&s, leases, "10.9.0.9", (struct mac){7}, NOW));
	assert_false(is_staff(&s, leases, "10.9.0.8", MAC_NONE, NOW));
	assert_false(is_staff(&s, NULL, "10.1.0.7", LAPTOP, NOW));
	leases_free(leases);
	school_close(&s);
}

static void it_ends_by_either_clock_and_waits_for_a_trusted_one(void **state)
{
	(void)state;
	const struct lease item = lease_of("10.1.0.7", LAPTOP);
	static struct school s;
	struct leases *leases = NULL;
	struct moment unset = later(60, 60);

	open_school(&s);
	assert_int_equal(leases_build(&leases, s.policy, &item, 1), OK);
	assert_true(is_staff(&s, leases, "10.1.0.7", LAPTOP, later(3599, 3599)));
	assert_false(is_staff(&s, leases, "10.1.0.7", LAPTOP, later(3600, 3599)));
	assert_false(is_staff(&s, leases, "10.1.0.7", LAPTOP, later(-7200, 3600)));
	assert_true(is_staff(&s, leases, "10.1.0.7", LAPTOP, later(-7200, 3599)));
	unset.wall_trusted = false;
	assert_false(is_staff(&s, leases, "10.1.0.7", LAPTOP, unset));
	assert_true(
	    lease_end_ms(&item, later(600, 60)) == later(0, 60).mono_ms + 3000 * 1000);
	assert_true(lease_end_ms(&item, later(-600, 60)) == item.until_mono_ms);
	assert_true(lease_end_ms(&item, later(4000, 60)) == later(0, 60).mono_ms);
	leases_free(leases);
	school_close(&s);
}

static struct verdict decide(const struct school *s, const char *name,
    const struct leases *leases, const struct addr *client)
{
	struct policy_who who = policy_client(s->policy, client, LAPTOP);
	struct name_hashes hashes;
	struct name_buf buf;

	leases_apply(leases, client, LAPTOP, NOW, &who);
	assert_int_equal(name_from_text(&buf, slice_of(name), NULL), OK);
	name_hash_all(&hashes, name_of(&buf), policy_hash_key(s->policy));
	const struct policy_question question = {.name = name_of(&buf),
	    .hashes = &hashes,
	    .qtype = 1,
	    .client = client,
	    .scratch = s->scratch};
	return policy_decide(s->policy, &who, &question, &s->state, NOW);
}

static void what_staff_may_not_have_stays_blocked_and_no_verdict_outlives_it(void **state)
{
	(void)state;
	const struct lease item = lease_of("10.1.0.7", LAPTOP);
	const struct addr client = addr_of("10.1.0.7");
	static struct school s;
	struct leases *leases = NULL;

	open_school(&s);
	assert_int_equal(leases_build(&leases, s.policy, &item, 1), OK);
	assert_int_equal(decide(&s, "game.vn", NULL, &client).action, POLICY_BLOCK);
	struct verdict v = decide(&s, "game.vn", leases, &client);
	assert_int_equal(v.action, POLICY_PASS);
	assert_true(v.valid_until_ms == item.until_mono_ms);
	assert_int_equal(decide(&s, "bet.vn", leases, &client).action, POLICY_BLOCK);
	assert_int_equal(decide(&s, "worst.vn", leases, &client).reason, REASON_LOCKED);
	leases_free(leases);
	school_close(&s);
}

static void as_many_as_there_may_be_are_found(void **state)
{
	(void)state;
	static struct lease items[LEASES_MAX + 1];
	static struct school s;
	struct leases *leases = NULL;

	open_school(&s);
	for (size_t i = 0; i < COUNT_OF(items); i++) {
		items[i] = lease_of("10.9.0.0", i % 2 == 0 ? MAC_NONE : LAPTOP);
		items[i].address.bytes[2] = (uint8_t)(i / 200);
		items[i].address.bytes[3] = (uint8_t)(i % 200);
		if (i % 2 != 0)
			items[i].mac.bits += i;
	}
	assert_int_equal(leases_build(&leases, s.policy, items, COUNT_OF(items)), OK);
	for (size_t i = 0; i < COUNT_OF(items); i++) {
		bool found =
		    leases_find(leases, &items[i].address, items[i].mac, NOW) != NULL;
		assert_true(found == (i < LEASES_MAX));
	}
	leases_free(leases);
	school_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_lease_knows_its_device_and_no_other),
	    cmocka_unit_test(it_ends_by_either_clock_and_waits_for_a_trusted_one),
	    cmocka_unit_test(
	        what_staff_may_not_have_stays_blocked_and_no_verdict_outlives_it),
	    cmocka_unit_test(as_many_as_there_may_be_are_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
