#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "filter/tcp_places.h"

enum {
	ALL = 100,
	EACH = 5
};

static struct tcp_places *new_places(void)
{
	struct tcp_places *p = NULL;
	assert_int_equal(tcp_places_new(&p), OK);
	return p;
}

static struct addr v4(uint8_t last)
{
	const uint8_t octets[4] = {192, 0, 2, last};
	return addr_from_octets((struct slice){octets, sizeof octets});
}

/* 2001:db8:0:NETWORK::HOST */
static struct addr v6(uint8_t network, uint8_t host)
{
	const uint8_t octets[16] = {
	    0x20, 0x01, 0x0d, 0xb8, [7] = network, [14] = host, [15] = host};
	return addr_from_octets((struct slice){octets, sizeof octets});
}

static enum tcp_place take(struct tcp_places *p, struct addr client)
{
	return tcp_places_take(p, &client, ALL, EACH);
}

static void a_client_has_his_places_and_others_theirs(void **state)
{
	(void)state;
	struct tcp_places *p = new_places();
	for (unsigned i = 0; i < EACH; i++)
		assert_int_equal(take(p, v4(1)), TCP_PLACE_TAKEN);
	assert_int_equal(take(p, v4(1)), TCP_PLACE_CLIENT_FULL);
	assert_int_equal(take(p, v4(2)), TCP_PLACE_TAKEN);
	struct addr first = v4(1);
	tcp_places_leave(p, &first);
	assert_int_equal(take(p, v4(1)), TCP_PLACE_TAKEN);
	assert_int_equal(take(p, v4(1)), TCP_PLACE_CLIENT_FULL);
	tcp_places_free(p);
}

static void all_places_are_counted_together(void **state)
{
	(void)state;
	struct tcp_places *p = new_places();
	for (unsigned i = 0; i < ALL; i++)
		assert_int_equal(take(p, v4((uint8_t)(i / EACH))), TCP_PLACE_TAKEN);
	assert_int_equal(take(p, v4(200)), TCP_PLACE_ALL_FULL);
	tcp_places_free(p);
}

static void the_addresses_of_one_64_have_half_together(void **state)
{
	(void)state;
	struct tcp_places *p = new_places();
	for (unsigned i = 0; i < ALL / 2; i++)
		assert_int_equal(take(p, v6(1, (uint8_t)i)), TCP_PLACE_TAKEN);
	assert_int_equal(take(p, v6(1, 250)), TCP_PLACE_CLIENT_FULL);
	assert_int_equal(take(p, v6(2, 1)), TCP_PLACE_TAKEN);
	assert_int_equal(take(p, v4(1)), TCP_PLACE_TAKEN);
	struct addr gone = v6(1, 7);
	tcp_places_leave(p, &gone);
	assert_int_equal(take(p, v6(1, 250)), TCP_PLACE_TAKEN);
	tcp_places_free(p);
}

static void neighbours_on_a_link_are_no_network(void **state)
{
	(void)state;
	struct tcp_places *p = new_places();
	for (unsigned i = 0; i < ALL; i++) {
		struct addr a = v6(0, (uint8_t)i);
		a.bytes[0] = 0xfe;
		a.bytes[1] = 0x80;
		a.scope_id = 2;
		assert_int_equal(take(p, a), TCP_PLACE_TAKEN);
	}
	tcp_places_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_client_has_his_places_and_others_theirs),
	    cmocka_unit_test(all_places_are_counted_together),
	    cmocka_unit_test(the_addresses_of_one_64_have_half_together),
	    cmocka_unit_test(neighbours_on_a_link_are_no_network),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
