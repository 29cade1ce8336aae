#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include <netinet/in.h>

#include "net/addr.h"

static struct addr addr_made(const char *text)
{
	struct addr a;
	assert_int_equal(addr_from_text(&a, slice_of(text), NULL), OK);
	return a;
}

static void addresses_read_back_as_they_print(void **state)
{
	(void)state;
	static const struct {
		const char *text, *alone, *with_port;
		sa_family_t family;
		uint16_t port;
	} rows[] = {
	    {"192.0.2.1", "192.0.2.1", "192.0.2.1:0", AF_INET, 0},
	    {"192.0.2.1:53", "192.0.2.1", "192.0.2.1:53", AF_INET, 53},
	    {"2001:DB8::1", "2001:db8::1", "[2001:db8::1]:0", AF_INET6, 0},
	    {"[2001:db8::1]", "2001:db8::1", "[2001:db8::1]:0", AF_INET6, 0},
	    {"[::1]:65535", "::1", "[::1]:65535", AF_INET6, 65535},
	    {"::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1:0", AF_INET, 0},
	    {"[::ffff:192.0.2.1]:53", "192.0.2.1", "192.0.2.1:53", AF_INET, 53},
	    {"fe80::1%99999", "fe80::1%99999", "[fe80::1%99999]:0", AF_INET6, 0},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char text[ADDR_TEXT_MAX];
		struct addr a = addr_made(rows[i].text);
		assert_int_equal(a.family, rows[i].family);
		assert_int_equal(a.port, rows[i].port);
		addr_to_text(text, &a);
		assert_string_equal(text, rows[i].alone);
		addr_to_text_port(text, &a);
		assert_string_equal(text, rows[i].with_port);
	}
}

static void malformed_addresses_are_refused_with_a_sentence(void **state)
{
	(void)state;
	static const char *const rows[] = {"", "1.2.3", "1.2.3.4.5", "01.2.3.4",
	    "256.1.1.1", "1.2.3.4:", "1.2.3.4:0", "1.2.3.4:65536", "1.2.3.4:5x",
	    "[1.2.3.4]:53", "[::1", "[::1]53", "[::1]:", "::1]", "fe80::1%",
	    "fe80::1%no-such-link", " ::1", "localhost", ":::", "1.2.3.4 "};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct addr a = {.port = 7};
		struct diag why = {.text = ""};
		assert_int_equal(addr_from_text(&a, slice_of(rows[i]), &why), ERR_FORMAT);
		assert_int_equal(a.port, 7);
		assert_true(why.text[0] != '\0');
	}
}

static void a_nul_inside_is_no_end(void **state)
{
	(void)state;
	struct addr a;
	assert_int_equal(addr_from_text(&a, SLICE_LIT("1.2.3.4\0x"), NULL), ERR_FORMAT);
}

static void the_kernels_form_goes_there_and_back(void **state)
{
	(void)state;
	static const char *const rows[] = {
	    "192.0.2.1:53", "[2001:db8::1]:853", "[fe80::1%7777]:53"};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sockaddr_storage storage;
		struct addr a = addr_made(rows[i]);
		assert_int_equal(addr_to_sockaddr(&storage, &a),
		    a.family == AF_INET ? sizeof(struct sockaddr_in)
		                        : sizeof(struct sockaddr_in6));
		struct addr back = addr_from_sockaddr(&storage);
		assert_true(addr_equal_port(&a, &back));
	}
	struct addr none = ADDR_NONE;
	struct sockaddr_storage storage;
	assert_int_equal(addr_to_sockaddr(&storage, &none), 0);
	storage.ss_family = AF_UNIX;
	assert_int_equal(addr_from_sockaddr(&storage).family, 0);
}

static void one_host_is_one_address(void **state)
{
	(void)state;
	const struct hash_key key = {1, 2};
	struct addr a = addr_made("192.0.2.1:53");
	struct addr b = addr_made("::ffff:192.0.2.1");
	struct addr c = addr_made("192.0.2.2");
	assert_true(addr_equal(&a, &b));
	assert_false(addr_equal_port(&a, &b));
	assert_true(addr_hash(&a, key) == addr_hash(&b, key));
	assert_false(addr_equal(&a, &c));
	assert_true(addr_hash(&a, key) != addr_hash(&c, key));
	struct addr link1 = addr_made("fe80::1%8888");
	struct addr link2 = addr_made("fe80::1%9999");
	assert_false(addr_equal(&link1, &link2));
}

static void kinds_of_addresses(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool (*is)(const struct addr *);
		bool expected;
	} rows[] = {
	    {"127.8.8.8", addr_is_loopback, true},
	    {"::1", addr_is_loopback, true},
	    {"128.0.0.1", addr_is_loopback, false},
	    {"::2", addr_is_loopback, false},
	    {"10.1.2.3", addr_is_private, true},
	    {"172.16.0.1", addr_is_private, true},
	    {"172.31.255.1", addr_is_private, true},
	    {"172.32.0.1", addr_is_private, false},
	    {"192.168.9.9", addr_is_private, true},
	    {"100.64.0.1", addr_is_private, true},
	    {"100.128.0.1", addr_is_private, false},
	    {"8.8.8.8", addr_is_private, false},
	    {"fd00::1", addr_is_private, true},
	    {"2001:db8::1", addr_is_private, false},
	    {"169.254.1.1", addr_is_link_local, true},
	    {"fe80::1", addr_is_link_local, true},
	    {"febf::1", addr_is_link_local, true},
	    {"fec0::1", addr_is_link_local, false},
	    {"0.0.0.0", addr_is_unspecified, true},
	    {"::", addr_is_unspecified, true},
	    {"0.0.0.1", addr_is_unspecified, false},
	    {"224.0.0.251", addr_is_multicast, true},
	    {"255.255.255.255", addr_is_multicast, true},
	    {"ff02::fb", addr_is_multicast, true},
	    {"223.1.1.1", addr_is_multicast, false},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct addr a = addr_made(rows[i].text);
		assert_int_equal(rows[i].is(&a), rows[i].expected);
	}
	struct addr none = ADDR_NONE;
	assert_false(addr_is_unspecified(&none));
	assert_false(addr_is_private(&none));
}

static void octets_make_an_address_only_in_two_lengths(void **state)
{
	(void)state;
	static const uint8_t octets[17] = {1, 2, 3, 4};
	for (size_t len = 0; len <= sizeof octets; len++) {
		struct addr a = addr_from_octets((struct slice){octets, len});
		assert_int_equal(a.family, len == 4 ? AF_INET : len == 16 ? AF_INET6 : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addresses_read_back_as_they_print),
	    cmocka_unit_test(malformed_addresses_are_refused_with_a_sentence),
	    cmocka_unit_test(a_nul_inside_is_no_end),
	    cmocka_unit_test(the_kernels_form_goes_there_and_back),
	    cmocka_unit_test(one_host_is_one_address),
	    cmocka_unit_test(kinds_of_addresses),
	    cmocka_unit_test(octets_make_an_address_only_in_two_lengths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
