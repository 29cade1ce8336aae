#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "base/attr.h"
#include "filter/sources.h"

static struct addr address(uint32_t last)
{
	uint8_t octets[4];

	store_u32(octets, 0x0a000000 | last);
	return addr_from_octets((struct slice){octets, sizeof octets});
}

static void ask(struct sources *s, uint32_t from, const char *name, unsigned times)
{
	struct addr a = address(from);
	struct name_buf wire;

	assert_int_equal(name_from_text(&wire, slice_of(name), NULL), OK);
	for (unsigned i = 0; i < times; i++)
		sources_note(s, &a, name_of(&wire), false);
}

static void three_systems_are_more_than_one_device(void **state)
{
	struct sources *s = sources_new();
	struct shared_source found[4];

	(void)state;
	assert_non_null(s);
	ask(s, 1, "www.msftconnecttest.com", 5);
	ask(s, 1, "dns.msftncsi.com", 5);
	ask(s, 1, "captive.apple.com", 5);
	ask(s, 1, "www.example.vn", 100);
	ask(s, 2, "connectivitycheck.gstatic.com", 85);
	assert_int_equal(sources_shared(s, found, COUNT_OF(found)), 0);
	ask(s, 1, "connectivitycheck.gstatic.com", 5);
	assert_int_equal(sources_shared(s, found, COUNT_OF(found)), 1);
	assert_int_equal(found[0].signs, SOURCE_SYSTEMS);
	struct addr one = address(1);
	assert_true(addr_equal(&found[0].address, &one));
	assert_int_equal(found[0].share_percent, 58);
	assert_int_equal(sources_count(s), 2);
	sources_forget(s);
	assert_int_equal(sources_shared(s, found, COUNT_OF(found)), 0);
	assert_int_equal(sources_count(s), 0);
	sources_free(s);
}

static void one_curious_query_is_no_forwarder(void **state)
{
	struct sources *s = sources_new();
	struct shared_source found[4];
	struct addr a = address(9);
	struct name_buf name;

	(void)state;
	assert_non_null(s);
	assert_int_equal(name_from_text(&name, SLICE_LIT("example.vn"), NULL), OK);
	sources_note(s, &a, name_of(&name), true);
	sources_note(s, &a, name_of(&name), true);
	assert_int_equal(sources_shared(s, found, COUNT_OF(found)), 0);
	sources_note(s, &a, name_of(&name), true);
	assert_int_equal(sources_shared(s, found, COUNT_OF(found)), 1);
	assert_int_equal(found[0].signs, SOURCE_FORWARDER);
	sources_free(s);
}

static void volume_is_a_sign_only_of_who_asks_the_most(void **state)
{
	struct sources *s = sources_new();
	struct shared_source found[4];

	(void)state;
	assert_non_null(s);
	ask(s, 1, "a.example", 19999);
	assert_int_equal(sources_shared(s, found, COUNT_OF(found)), 0);
	ask(s, 1, "a.example", 1);
	assert_int_equal(sources_shared(s, found, COUNT_OF(found)), 1);
	assert_int_equal(found[0].signs, SOURCE_VOLUME);
	ask(s, 2, "a.example", 20000);
	assert_int_equal(sources_shared(s, found, COUNT_OF(found)), 0);
	sources_free(s);
}

static void most_must_come_by_forwarders(void **state)
{
	struct sources *s = sources_new();

	(void)state;
	assert_non_null(s);
	assert_false(sources_are_forwarded(s));
	ask(s, 1, "a.example", 2);
	sources_note_forwarded(s);
	assert_false(sources_are_forwarded(s));
	ask(s, 1, "a.example", 1);
	sources_note_forwarded(s);
	assert_true(sources_are_forwarded(s));
	sources_forget(s);
	assert_false(sources_are_forwarded(s));
	sources_free(s);
}

/* Whoever makes up addresses drives out others that made up theirs, not those who ask. */
static void a_flood_of_addresses_leaves_the_great_ones(void **state)
{
	struct sources *s = sources_new();
	struct shared_source found[4];

	(void)state;
	assert_non_null(s);
	ask(s, 1, "captive.apple.com", 3);
	ask(s, 1, "dns.msftncsi.com", 3);
	for (uint32_t i = 100; i < 100 + 4 * SOURCES_MAX; i++)
		ask(s, i, "a.example", 1);
	assert_int_equal(sources_count(s), SOURCES_MAX);
	ask(s, 1, "time.android.com", 3);
	assert_int_equal(sources_shared(s, found, COUNT_OF(found)), 1);
	sources_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(three_systems_are_more_than_one_device),
	    cmocka_unit_test(one_curious_query_is_no_forwarder),
	    cmocka_unit_test(volume_is_a_sign_only_of_who_asks_the_most),
	    cmocka_unit_test(most_must_come_by_forwarders),
	    cmocka_unit_test(a_flood_of_addresses_leaves_the_great_ones),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
