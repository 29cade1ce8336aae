#include "filter/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const uint64_t TOKEN = 0x0123456789abcdefu;

/* A round under way until 3000, about list 5 on route 2. */
static struct loop_watch watch_of_route_2(void)
{
	struct loop_watch watch;

	memset(&watch, 0, sizeof watch);
	watch.token = TOKEN;
	watch.until_ms = 3000;
	watch.routes[2].set_id = 5;
	return watch;
}

static void a_name_that_comes_back_names_its_server(void **state)
{
	(void)state;
	struct loop_watch watch = watch_of_route_2();
	const struct upstream_set set = {.count = 16, .id = 5};
	const struct upstream_set later = {.count = 16, .id = 6};
	struct name_buf name;

	loop_write_name(&name, TOKEN, 2, 11);
	assert_true(loop_is_name(name_of(&name)));
	assert_true(loop_came_back(&watch, name_of(&name), 2999));
	assert_int_equal(loop_found(&watch, 2, &set), 1u << 11);
	assert_int_equal(watch.routes[2].seen, 1u << 11);
	assert_int_equal(loop_found(&watch, 0, &set), 0);
	assert_int_equal(loop_found(&watch, 2, &later), 0);
}

static void nobody_can_guess_a_name_nor_use_an_old_one(void **state)
{
	(void)state;
	struct loop_watch watch = watch_of_route_2();
	struct name_buf name;

	loop_write_name(&name, TOKEN ^ 1, 2, 0);
	assert_true(loop_is_name(name_of(&name)));
	assert_false(loop_came_back(&watch, name_of(&name), 2000));
	loop_write_name(&name, TOKEN, 2, 0);
	assert_true(loop_came_back(&watch, name_of(&name), 3000)); /* ours, but too late */
	watch.token = 0;
	loop_write_name(&name, 0, 2, 0);
	assert_false(loop_came_back(&watch, name_of(&name), 2000));
	assert_int_equal(watch.routes[2].found, 0);
}

static void numbers_that_do_not_exist_touch_nothing(void **state)
{
	(void)state;
	struct loop_watch watch = watch_of_route_2();
	struct name_buf name;

	loop_write_name(&name, TOKEN, ROUTES_MAX, 0);
	assert_false(loop_came_back(&watch, name_of(&name), 2000));
	loop_write_name(&name, TOKEN, 0, UPSTREAM_SERVERS_MAX);
	assert_false(loop_came_back(&watch, name_of(&name), 2000));
	loop_write_name(&name, TOKEN, 0, 0);
	name.wire[20] = 'g';
	assert_false(loop_came_back(&watch, name_of(&name), 2000));
}

static void other_names_are_none(void **state)
{
	(void)state;
	struct name_buf name;

	loop_write_name(&name, TOKEN, 1, 1);
	struct dname cut = {name.wire, (uint8_t)(name.len - 1)};
	assert_false(loop_is_name(cut));
	name.wire[1 + LOOP_LABEL_OCTETS + 1] ^= 1;
	assert_false(loop_is_name(name_of(&name)));
	static const uint8_t root[1];
	assert_false(loop_is_name((struct dname){root, 1}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_name_that_comes_back_names_its_server),
	    cmocka_unit_test(nobody_can_guess_a_name_nor_use_an_old_one),
	    cmocka_unit_test(numbers_that_do_not_exist_touch_nothing),
	    cmocka_unit_test(other_names_are_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
