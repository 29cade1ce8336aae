#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "district/forwarded.h"

/* 10.0.0.0/8 are ours. */
static bool is_ours(const void *context, const struct addr *peer)
{
	(void)context;
	return peer->family == AF_INET && peer->bytes[0] == 10;
}

static struct forwarded read_from(const char *peer, const char *lines)
{
	struct forwarded f = {.there = false};

	assert_int_equal(addr_from_text(&f.peer, slice_of(peer), NULL), OK);
	forwarded_read(&f, slice_of(lines), is_ours, NULL);
	return f;
}

static void expect_peer(const struct forwarded *f, const char *expected)
{
	char text[ADDR_TEXT_MAX];

	addr_to_text(text, &f->peer);
	assert_string_equal(text, expected);
}

static void a_stranger_speaks_for_nobody(void **state)
{
	struct forwarded f = read_from("192.0.2.1",
	    "X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Proto: https\r\n\r\n");

	(void)state;
	expect_peer(&f, "192.0.2.1");
	assert_true(f.there);
	assert_false(f.tls);
}

static void a_proxy_of_ours_is_believed(void **state)
{
	struct forwarded f = read_from(
	    "10.0.0.1", "x-forwarded-for: 2001:db8::1\r\nX-Forwarded-Proto: https\r\n\r\n");

	(void)state;
	expect_peer(&f, "2001:db8::1");
	assert_true(f.tls);
}

static void what_stands_left_of_a_strangers_address_is_his_own_word(void **state)
{
	struct forwarded f = read_from("10.0.0.1",
	    "X-Forwarded-For: 127.0.0.1, 10.0.0.9, 192.0.2.7, 10.0.0.2\r\n\r\n");

	(void)state;
	expect_peer(&f, "192.0.2.7");
	f = read_from(
	    "10.0.0.1", "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-For: 192.0.2.8\r\n\r\n");
	expect_peer(&f, "192.0.2.8");
}

static void nonsense_leaves_the_proxy_itself(void **state)
{
	static const char *const lines[] = {"X-Forwarded-For: unknown\r\n\r\n",
	    "X-Forwarded-For: ,,,\r\n\r\n", "X-Forwarded-For: \r\n\r\n", "\r\n", ""};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct forwarded f = read_from("10.0.0.1", lines[i]);
		expect_peer(&f, "10.0.0.1");
		assert_false(f.tls);
	}
}

static void a_long_chain_is_read_from_its_right_end(void **state)
{
	char lines[2048] = "X-Forwarded-For: 192.0.2.200";
	size_t len = strlen(lines);

	(void)state;
	for (unsigned i = 0; i < 40; i++)
		len += (size_t)snprintf(lines + len, sizeof lines - len, ", 10.0.1.%u", i);
	struct forwarded f = read_from("10.0.0.1", lines);
	expect_peer(&f, "10.0.1.24"); /* sixteen hops are followed */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_stranger_speaks_for_nobody),
	    cmocka_unit_test(a_proxy_of_ours_is_believed),
	    cmocka_unit_test(what_stands_left_of_a_strangers_address_is_his_own_word),
	    cmocka_unit_test(nonsense_leaves_the_proxy_itself),
	    cmocka_unit_test(a_long_chain_is_read_from_its_right_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
