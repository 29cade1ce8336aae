#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "net/mac.h"

static struct mac mac_made(const char *text)
{
	struct mac mac = MAC_NONE;
	assert_true(mac_from_text(&mac, slice_of(text)));
	return mac;
}

static void a_mac_reads_the_same_with_colons_dashes_and_either_case(void **state)
{
	static const uint8_t OCTETS[MAC_OCTETS] = {0x3c, 0x22, 0xfb, 0x01, 0x02, 0xf3};
	struct mac mac = mac_from_octets((struct slice){OCTETS, sizeof OCTETS});
	uint8_t back[MAC_OCTETS];

	(void)state;
	assert_true(mac.bits == 0x3c22fb0102f3u);
	assert_true(mac_equal(mac_made("3c:22:fb:01:02:f3"), mac));
	assert_true(mac_equal(mac_made("3C-22-FB-01-02-F3"), mac));
	mac_to_octets(back, mac);
	assert_memory_equal(back, OCTETS, sizeof back);
	assert_true(mac_made("12:34:56:12:34:56").bits == 0x123456123456u);
}

static void what_is_no_mac_is_refused_and_changes_nothing(void **state)
{
	static const char *const WRONG[] = {"", "3c:22:fb:01:02", "3c:22:fb:01:02:03:04",
	    "3c:22:fb:01:02:0g", "3c:22-fb:01:02:03", "3c.22.fb.01.02.03", "3c22fb010203",
	    "3c:22:fb:01:02:3", " 3c:22:fb:01:02:03", "3c:22:fb:01:02:03 ",
	    "3c:22:fb:01:0::3"};
	struct mac mac = {7};

	(void)state;
	for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
		assert_false(mac_from_text(&mac, slice_of(WRONG[i])));
	assert_true(mac.bits == 7);
	assert_false(
	    mac_is_known(mac_from_octets((struct slice){(const uint8_t *)"12345", 5})));
}

static void a_device_is_neither_nobody_nor_many(void **state)
{
	(void)state;
	assert_true(mac_is_device(mac_made("3c:22:fb:01:02:03")));
	assert_false(mac_is_device(mac_made("00:00:00:00:00:00")));
	assert_false(mac_is_device(mac_made("ff:ff:ff:ff:ff:ff")));
	assert_false(mac_is_device(mac_made("01:00:5e:00:00:01")));
	assert_true(mac_is_multicast(mac_made("33:33:00:00:00:01")));
	assert_false(mac_is_local(mac_made("3c:22:fb:01:02:03")));
	assert_true(mac_is_local(mac_made("3e:22:fb:01:02:03")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_mac_reads_the_same_with_colons_dashes_and_either_case),
	    cmocka_unit_test(what_is_no_mac_is_refused_and_changes_nothing),
	    cmocka_unit_test(a_device_is_neither_nobody_nor_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
