#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "net/interfaces.h"

static struct interface_address item(
    const char *interface, const char *prefix, const char *address, bool default_route)
{
	struct interface_address made = {.default_route = default_route};
	memcpy(made.interface, interface, strlen(interface) + 1);
	assert_int_equal(prefix_from_text(&made.on_link, slice_of(prefix), NULL), OK);
	assert_int_equal(addr_from_text(&made.address, slice_of(address), NULL), OK);
	made.loopback = addr_is_loopback(&made.address);
	return made;
}

static bool has(const struct prefix *all, size_t count, const char *text)
{
	struct prefix p;
	assert_int_equal(prefix_from_text(&p, slice_of(text), NULL), OK);
	for (size_t i = 0; i < count; i++) {
		if (prefix_equal(&all[i], &p))
			return true;
	}
	return false;
}

/* A pupil's device that advertises itself as a router must not make the LAN a stranger's. */
static void a_way_out_over_ipv6_does_not_outrank_one_over_ipv4(void **state)
{
	(void)state;
	struct interface_address items[] = {
	    item("wan", "203.0.113.0/24", "203.0.113.9", true),
	    item("lan", "10.10.0.0/16", "10.10.0.1", false),
	    item("lan", "2001:db8::/64", "2001:db8::1", true),
	};
	const struct interfaces all = {items, COUNT_OF(items)};
	const struct interfaces six = {items + 1, COUNT_OF(items) - 1};

	assert_true(interfaces_leads_out(&all, "wan"));
	assert_false(interfaces_leads_out(&all, "lan"));
	assert_false(interfaces_leads_out(&all, "lo"));
	assert_true(interfaces_leads_out(&six, "lan"));
}

static void local_is_every_link_but_the_way_out(void **state)
{
	(void)state;
	struct interface_address items[] = {
	    item("lo", "127.0.0.0/8", "127.0.0.1", false),
	    item("wan", "203.0.113.0/24", "203.0.113.9", true),
	    item("wan", "2001:db8:1::/64", "2001:db8:1::9", false),
	    item("lan", "10.10.0.0/16", "10.10.0.1", false),
	    item("lan", "fe80::/64", "fe80::1", false),
	    item("lab", "10.20.0.0/16", "10.20.0.1", false),
	};
	struct interfaces all = {items, COUNT_OF(items)};
	struct prefix out[16];
	struct addr a;
	size_t count = interfaces_local_prefixes(&all, out, COUNT_OF(out));
	assert_int_equal(count, 5);
	assert_true(has(out, count, "127.0.0.0/8"));
	assert_true(has(out, count, "::1"));
	assert_true(has(out, count, "10.10.0.0/16"));
	assert_true(has(out, count, "10.20.0.0/16"));
	assert_true(has(out, count, "fe80::/64"));
	assert_int_equal(interfaces_local_prefixes(&all, out, 3), 3);

	assert_true(interfaces_lan_address(&all, AF_INET, &a));
	assert_true(addr_equal(&a, &items[3].address));
	/* The only IPv6 address of the LAN is link-local. */
	assert_false(interfaces_lan_address(&all, AF_INET6, &a));
}

static void one_interface_is_both_ways(void **state)
{
	(void)state;
	struct interface_address items[] = {
	    item("lo", "127.0.0.0/8", "127.0.0.1", false),
	    item("eth0", "192.168.1.0/24", "192.168.1.2", true),
	    item("eth0", "2001:db8::/64", "2001:db8::2", true),
	};
	struct interfaces all = {items, COUNT_OF(items)};
	struct prefix out[16];
	struct addr a;
	size_t count = interfaces_local_prefixes(&all, out, COUNT_OF(out));
	assert_true(has(out, count, "192.168.1.0/24"));
	assert_true(has(out, count, "2001:db8::/64"));
	assert_true(interfaces_lan_address(&all, AF_INET6, &a));
}

static void own_addresses_are_known(void **state)
{
	(void)state;
	struct interface_address items[] = {
	    item("lan", "10.10.0.0/16", "10.10.0.1", false),
	    item("lan", "fe80::/64", "fe80::1", false),
	};
	struct interfaces all = {items, COUNT_OF(items)};
	struct addr a;
	items[1].address.scope_id = 3;
	static const struct {
		const char *text;
		bool ours;
	} rows[] = {{"10.10.0.1:53", true}, {"10.10.0.2", false}, {"127.9.9.9", true},
	    {"::1", true}, {"fe80::1", true}, {"fe80::2", false},
	    {"::ffff:10.10.0.1", true}};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(addr_from_text(&a, slice_of(rows[i].text), NULL), OK);
		assert_int_equal(interfaces_is_ours(&all, &a), rows[i].ours);
	}
}

static void default_routes_are_read_from_the_tables(void **state)
{
	(void)state;
	char names[4][INTERFACE_NAME_BYTES];
	static const char v4[] =
	    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\n"
	    "wan\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
	    "vpn\t00000000\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0\n"
	    "down\t00000000\t0101A8C0\t0002\t0\t0\t100\t00000000\t0\t0\t0\n"
	    "lan\t00000A0A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n";
	assert_int_equal(interfaces_default_routes4(slice_of(v4), names, 4), 1);
	assert_string_equal(names[0], "wan");

#define ZERO32 "00000000000000000000000000000000"
	static const char v6[] =
	    ZERO32 " 00 " ZERO32 " 00 fe800000000000000000000000000001"
	           " 00000400 00000001 00000000 00450003     wan\n" ZERO32 " 00 " ZERO32
	           " 00 " ZERO32 " ffffffff 00000001 00000000 00200200       lo\n"
	           "20010db8000000000000000000000000 40 " ZERO32 " 00 " ZERO32
	           " 00000100 00000001 00000000 00000001      lan\n";
	assert_int_equal(interfaces_default_routes6(slice_of(v6), names, 4), 1);
	assert_string_equal(names[0], "wan");
}

static void broken_tables_hold_no_routes(void **state)
{
	(void)state;
	char names[4][INTERFACE_NAME_BYTES];
	static const char *const rows[] = {"", "\n\n", "x", "wan\t00000000\t0",
	    "a-name-that-is-too-long\t00000000\t0\t0003\t0\t0\t0\t00000000\n",
	    "wan\t0000000g\t0\t0003\t0\t0\t0\t00000000\n"};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(
		    interfaces_default_routes4(slice_of(rows[i]), names, 4), 0);
		assert_int_equal(
		    interfaces_default_routes6(slice_of(rows[i]), names, 4), 0);
	}
}

static void this_machine_can_be_read(void **state)
{
	(void)state;
	struct interfaces all = INTERFACES_NONE;
	assert_int_equal(interfaces_read(&all), OK);
	for (size_t i = 0; i < all.count; i++) {
		assert_true(interfaces_is_ours(&all, &all.items[i].address));
		assert_true(prefix_contains(&all.items[i].on_link, &all.items[i].address));
	}
	interfaces_deinit(&all);
	assert_int_equal(all.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(local_is_every_link_but_the_way_out),
	    cmocka_unit_test(one_interface_is_both_ways),
	    cmocka_unit_test(own_addresses_are_known),
	    cmocka_unit_test(a_way_out_over_ipv6_does_not_outrank_one_over_ipv4),
	    cmocka_unit_test(default_routes_are_read_from_the_tables),
	    cmocka_unit_test(broken_tables_hold_no_routes),
	    cmocka_unit_test(this_machine_can_be_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
