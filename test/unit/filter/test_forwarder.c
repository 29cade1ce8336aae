/* For whom a forwarder asks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "filter/forwarder.h"

enum {
	MAC = 65001,
	MAC_TEXT = 65073
};

#define RAW "\x3c\x22\xfb\x01\x02\x03"

/* A query of one label with an OPT, as message_parse() reads it. */
struct asked {
	uint8_t bytes[512];
	size_t len;
	size_t options_at;
	struct message message;
};

static void begin(struct asked *a)
{
	static const uint8_t HEAD[] = {0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 'v', 'n', 0,
	    0, 1, 0, 1, 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0};

	memcpy(a->bytes, HEAD, sizeof HEAD);
	a->len = sizeof HEAD;
	a->options_at = a->len - 2;
}

static void add(struct asked *a, uint16_t code, const void *data, size_t len)
{
	store_u16(a->bytes + a->len, code);
	store_u16(a->bytes + a->len + 2, (uint16_t)len);
	memcpy(a->bytes + a->len + 4, data, len);
	a->len += 4 + len;
	store_u16(a->bytes + a->options_at, (uint16_t)(a->len - a->options_at - 2));
}

static bool read_it(struct asked *a, struct forwarded *out)
{
	assert_int_equal(
	    message_parse(&a->message, (struct slice){a->bytes, a->len}), MESSAGE_GOOD);
	return forwarder_read(out, &a->message.edns);
}

static void the_mac_is_read_in_the_three_forms_of_dnsmasq(void **state)
{
	struct forwarded f;
	struct asked a;

	(void)state;
	begin(&a);
	add(&a, MAC, RAW, 6);
	assert_true(read_it(&a, &f));
	assert_true(f.mac.bits == 0x3c22fb010203u);
	assert_int_equal(f.network.base.family, 0);
	begin(&a);
	add(&a, MAC_TEXT, "PCL7AQID", 8);
	assert_true(read_it(&a, &f));
	assert_true(f.mac.bits == 0x3c22fb010203u);
	begin(&a);
	add(&a, MAC_TEXT, "3c:22:fb:01:02:03", 17);
	assert_true(read_it(&a, &f));
	assert_true(f.mac.bits == 0x3c22fb010203u);
	assert_false(f.malformed);
}

static void the_address_is_read_as_far_as_it_goes(void **state)
{
	static const struct {
		const char *data;
		size_t len;
		const char *network; /* NULL: nobody */
	} ROWS[] = {
	    {"\0\1\x20\0\x0a\1\2\3", 8, "10.1.2.3/32"},
	    {"\0\1\x18\0\x0a\1\2", 7, "10.1.2.0/24"},
	    {"\0\1\x14\0\x0a\1\x20", 7, "10.1.32.0/20"},
	    {"\0\2\x80\0\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x05", 20, "2001:db8::5/128"},
	    {"\0\2\x38\0\x20\1\x0d\xb8\0\0\7", 11, "2001:db8:0:700::/56"},
	    {"\0\2\x80\0\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\1\2\3", 20, "10.1.2.3/32"},
	    {"\0\1\0\0", 4, NULL},                                  /* "do not tell" */
	    {"\0\2\0\0", 4, NULL}, {"\0\1\x20\0\0\0\0\0", 8, NULL}, /* 0.0.0.0 */
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
		char text[PREFIX_TEXT_MAX];
		struct forwarded f;
		struct asked a;
		begin(&a);
		add(&a, EDNS_CLIENT_SUBNET, ROWS[i].data, ROWS[i].len);
		assert_int_equal(read_it(&a, &f), ROWS[i].network != NULL);
		if (ROWS[i].network == NULL)
			continue;
		prefix_to_text(text, &f.network);
		assert_string_equal(text, ROWS[i].network);
	}
}

static void what_is_no_mac_of_a_device_is_not_believed(void **state)
{
	static const struct {
		uint16_t code;
		const char *data;
		size_t len;
	} ROWS[] = {
	    {MAC, RAW, 5},
	    {MAC, RAW "\4", 7},
	    {MAC, "", 0},
	    {MAC, "\0\0\0\0\0\0", 6},
	    {MAC, "\xff\xff\xff\xff\xff\xff", 6},
	    {MAC, "\1\0\x5e\0\0\1", 6},
	    {MAC, "3c:22:fb:01:02:03", 17},
	    {MAC_TEXT, RAW, 6},
	    {MAC_TEXT, "PCL7AQI=", 8},
	    {MAC_TEXT, "PCL7AQ", 6},
	    {MAC_TEXT, "3c:22:fb:01:02:0g", 17},
	    {MAC_TEXT, "3c22fb010203", 12},
	    {MAC_TEXT, "", 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
		struct forwarded f;
		struct asked a;
		begin(&a);
		add(&a, ROWS[i].code, ROWS[i].data, ROWS[i].len);
		assert_false(read_it(&a, &f));
		assert_true(f.malformed);
		/* What stands beside it still counts. */
		add(&a, EDNS_CLIENT_SUBNET, "\0\1\x20\0\x0a\1\2\3", 8);
		assert_true(read_it(&a, &f));
		assert_true(f.malformed);
		assert_false(mac_is_known(f.mac));
	}
}

/* A client behind a forwarder that passes options on could add one of its own. */
static void two_macs_that_differ_are_none(void **state)
{
	struct forwarded f;
	struct asked a;

	(void)state;
	begin(&a);
	add(&a, MAC, RAW, 6);
	add(&a, MAC_TEXT, "3c:22:fb:01:02:03", 17);
	assert_true(read_it(&a, &f)); /* the same, said twice */
	assert_false(f.malformed);
	add(&a, MAC, "\x3c\x22\xfb\1\2\4", 6);
	assert_false(read_it(&a, &f));
	assert_true(f.malformed);
	add(&a, MAC, RAW, 6);
	assert_false(read_it(&a, &f));
}

static void who_says_nothing_asks_for_himself(void **state)
{
	struct forwarded f;
	struct asked a;

	(void)state;
	begin(&a);
	assert_false(read_it(&a, &f));
	add(&a, EDNS_NSID, "", 0);
	assert_false(read_it(&a, &f));
	assert_false(f.malformed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_mac_is_read_in_the_three_forms_of_dnsmasq),
	    cmocka_unit_test(the_address_is_read_as_far_as_it_goes),
	    cmocka_unit_test(what_is_no_mac_of_a_device_is_not_believed),
	    cmocka_unit_test(two_macs_that_differ_are_none),
	    cmocka_unit_test(who_says_nothing_asks_for_himself),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
