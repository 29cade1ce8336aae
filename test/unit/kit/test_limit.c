/* So often in a stretch of time, in all and for one client. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kit/limit.h"

static struct addr address(const char *text)
{
	struct addr made;

	assert_int_equal(addr_from_text(&made, slice_of(text), NULL), OK);
	return made;
}

static void a_client_has_his_share_in_each_stretch(void **state)
{
	static struct limit limit;
	struct addr one = address("192.0.2.1");
	struct addr two = address("192.0.2.2");

	(void)state;
	limit_init(&limit, 100, 2);
	assert_true(limit_take(&limit, &one));
	assert_true(limit_take(&limit, &one));
	assert_false(limit_take(&limit, &one));
	assert_true(limit_take(&limit, &two));
	limit_begin(&limit);
	assert_true(limit_take(&limit, &one));
}

static void all_together_have_theirs(void **state)
{
	static struct limit limit;
	struct addr client = address("10.0.0.0");

	(void)state;
	limit_init(&limit, 5, 2);
	for (uint8_t i = 0; i < 10; i++) {
		client.bytes[3] = i;
		assert_int_equal(limit_take(&limit, &client), i < 5);
	}
}

static void what_is_refused_is_not_counted(void **state)
{
	static struct limit limit;
	struct addr one = address("192.0.2.1");
	struct addr two = address("192.0.2.2");

	(void)state;
	limit_init(&limit, 2, 1);
	assert_true(limit_take(&limit, &one));
	for (int i = 0; i < 10; i++)
		assert_false(limit_take(&limit, &one));
	assert_true(limit_take(&limit, &two));
}

static void addresses_of_one_network_are_one_client(void **state)
{
	static struct limit limit;
	struct addr one = address("2001:db8::1");
	struct addr two = address("2001:db8::ffff:2");
	struct addr other = address("2001:db8:0:1::1");

	(void)state;
	limit_init(&limit, 100, 1);
	assert_true(limit_take(&limit, &one));
	assert_false(limit_take(&limit, &two));
	assert_true(limit_take(&limit, &other));
}

static void those_without_a_place_share_one_count(void **state)
{
	static struct limit limit;
	struct addr client = address("10.0.0.0");

	(void)state;
	limit_init(&limit, 10000, 1);
	for (unsigned i = 0; i < LIMIT_CLIENTS_MAX; i++) {
		client.bytes[2] = (uint8_t)(i >> 8);
		client.bytes[3] = (uint8_t)i;
		assert_true(limit_take(&limit, &client));
	}
	client = address("10.1.0.1");
	assert_true(limit_take(&limit, &client));
	client = address("10.1.0.2");
	assert_false(limit_take(&limit, &client));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_client_has_his_share_in_each_stretch),
	    cmocka_unit_test(all_together_have_theirs),
	    cmocka_unit_test(what_is_refused_is_not_counted),
	    cmocka_unit_test(addresses_of_one_network_are_one_client),
	    cmocka_unit_test(those_without_a_place_share_one_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
