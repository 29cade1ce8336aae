#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "net/links.h"

static struct interface_address item(uint32_t index, const char *address, uint8_t length)
{
	struct interface_address made = {.index = index};

	assert_int_equal(addr_from_text(&made.address, slice_of(address), NULL), OK);
	made.on_link = prefix_of(&made.address, length);
	return made;
}

static uint32_t link_of(const struct links *links, const char *address, uint32_t scope_id)
{
	struct addr a;

	assert_int_equal(addr_from_text(&a, slice_of(address), NULL), OK);
	a.scope_id = scope_id;
	return links_find(links, &a);
}

static void an_address_is_on_the_link_whose_network_holds_it(void **state)
{
	struct interface_address items[] = {
	    item(1, "127.0.0.1", 8),
	    item(2, "10.1.0.1", 16),
	    item(3, "10.1.5.1", 24), /* a narrower network inside */
	    item(2, "2001:db8:1::1", 64),
	    item(4, "10.8.0.1", 24), /* a tunnel */
	    item(5, "10.9.0.1", 24), /* the same network on two links */
	    item(6, "10.9.0.2", 24),
	    item(7, "10.7.0.1", 32),
	};
	const struct interfaces all = {items, sizeof items / sizeof *items};
	struct links *links = NULL;

	(void)state;
	items[0].loopback = true;
	items[4].no_arp = true;
	assert_int_equal(links_new(&links, &all), OK);
	assert_int_equal(link_of(links, "10.1.4.9", 0), 2);
	assert_int_equal(link_of(links, "10.1.5.9", 0), 3);
	assert_int_equal(link_of(links, "2001:db8:1::9", 0), 2);
	assert_int_equal(link_of(links, "10.1.0.1", 0), 0); /* ourselves */
	assert_int_equal(link_of(links, "10.1.5.1", 0), 0);
	assert_int_equal(link_of(links, "127.0.0.5", 0), 0);
	assert_int_equal(link_of(links, "10.8.0.9", 0), 0);
	assert_int_equal(link_of(links, "10.9.0.9", 0), 0);
	assert_int_equal(link_of(links, "10.7.0.1", 0), 0);
	assert_int_equal(link_of(links, "192.0.2.9", 0), 0); /* behind a router */
	assert_int_equal(link_of(links, "2001:db8:2::9", 0), 0);
	links_free(links);
}

static void a_link_local_address_says_its_link_itself(void **state)
{
	struct interface_address items[] = {
	    item(2, "fe80::1", 64), item(3, "fe80::2", 64), item(4, "fe80::3", 64)};
	const struct interfaces all = {items, sizeof items / sizeof *items};
	struct links *links = NULL;

	(void)state;
	items[2].no_arp = true;
	assert_int_equal(links_new(&links, &all), OK);
	assert_int_equal(link_of(links, "fe80::9", 2), 2);
	assert_int_equal(link_of(links, "fe80::9", 3), 3);
	assert_int_equal(link_of(links, "fe80::9", 4), 0);
	assert_int_equal(link_of(links, "fe80::9", 77), 0);
	assert_int_equal(link_of(links, "fe80::9", 0), 0);
	assert_int_equal(link_of(links, "fe80::1", 2), 0); /* ourselves */
	links_free(links);
}

static void without_interfaces_everybody_is_far(void **state)
{
	const struct interfaces none = INTERFACES_NONE;
	struct links *links = NULL;

	(void)state;
	assert_int_equal(links_new(&links, &none), OK);
	assert_int_equal(link_of(links, "10.0.0.1", 0), 0);
	assert_int_equal(link_of(links, "fe80::1", 2), 0);
	links_free(links);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_address_is_on_the_link_whose_network_holds_it),
	    cmocka_unit_test(a_link_local_address_says_its_link_itself),
	    cmocka_unit_test(without_interfaces_everybody_is_far),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
