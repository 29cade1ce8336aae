#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the headers above. */
#include <arpa/inet.h>
#include <cmocka.h>

#include "net/inside.h"

static enum inside_kind kind(const char *text)
{
	uint8_t octets[16];

	if (inet_pton(AF_INET, text, octets) == 1)
		return inside_kind_of((struct slice){octets, 4});
	assert_int_equal(inet_pton(AF_INET6, text, octets), 1);
	return inside_kind_of((struct slice){octets, 16});
}

static void assert_all(const char *const *texts, size_t count, enum inside_kind expected)
{
	for (size_t i = 0; i < count; i++) {
		if (kind(texts[i]) != expected)
			fail_msg("%s is of kind %d", texts[i], (int)kind(texts[i]));
	}
}

static void addresses_that_no_public_name_has_a_use_for(void **state)
{
	static const char *const inside[] = {"10.0.0.1", "10.255.255.255", "172.16.0.1",
	    "172.31.255.255", "192.168.0.1", "127.0.0.1", "127.255.255.254", "169.254.1.1",
	    "0.0.0.1", "0.255.255.255", "100.64.0.1", "100.127.255.255", "224.0.0.251",
	    "239.255.255.255", "240.0.0.1", "255.255.255.255", "::1", "fc00::1", "fd12::1",
	    "fe80::1", "febf::1", "fec0::1", "feff::1", "ff02::1", "::ffff:10.0.0.1",
	    "::ffff:127.0.0.1", "::10.0.0.1", "64:ff9b::192.168.1.1", "64:ff9b:1::8.8.8.8",
	    "2002:a00:1::1", "2002:7f00:1::", "2002:c0a8:101::1"};

	(void)state;
	assert_all(inside, sizeof inside / sizeof *inside, INSIDE_PRIVATE);
}

static void what_servers_that_block_answer_is_told_apart(void **state)
{
	static const char *const nowhere[] = {
	    "0.0.0.0", "::", "::ffff:0.0.0.0", "64:ff9b::0.0.0.0", "2002::"};

	(void)state;
	assert_all(nowhere, sizeof nowhere / sizeof *nowhere, INSIDE_NOWHERE);
}

static void public_addresses_and_those_of_documents_pass(void **state)
{
	static const char *const outside[] = {"1.1.1.1", "9.255.255.255", "11.0.0.0",
	    "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1",
	    "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0",
	    "192.167.255.255", "192.169.0.0", "192.0.2.1", "198.51.100.7", "203.0.113.9",
	    "223.255.255.255", "2001:db8::1", "2404:6800::1", "fbff::1", "fe7f::1",
	    "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "64:ff9b:2::10.0.0.1", "2002:808:808::1",
	    "2003:a00:1::1", "1::a00:1"};

	(void)state;
	assert_all(outside, sizeof outside / sizeof *outside, INSIDE_NOT);
	assert_int_equal(inside_kind_of((struct slice){(const uint8_t *)"\12\0\0", 3}), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addresses_that_no_public_name_has_a_use_for),
	    cmocka_unit_test(what_servers_that_block_answer_is_told_apart),
	    cmocka_unit_test(public_addresses_and_those_of_documents_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
