/* upstream.zones: records as they are read, and each mistake at its place. */
#include "school.h"

#include "dns/codes.h"

#define SCHOOL "school: {levels: [primary]}\n"

static struct config *config_of(const char *zones)
{
	char text[4096];

	(void)snprintf(text, sizeof text, SCHOOL "upstream:\n  zones: %s\n", zones);
	return school_config(text, NULL);
}

/* The record `text` of the zone truong.lan, alone in it. */
static struct config *record_of(const char *text)
{
	char zones[1024];

	(void)snprintf(zones, sizeof zones, "[{zone: truong.lan, records: ['%s']}]", text);
	return config_of(zones);
}

static void assert_record(
    const char *text, const char *owner, uint16_t type, uint32_t ttl_s, struct slice rdata)
{
	struct config *config = record_of(text);
	const struct config_records *records = &config->upstream.zones.items[0].records;
	char name[NAME_TEXT_MAX];

	assert_int_equal(records->count, 1);
	const struct config_record *record = &records->items[0];
	name_to_text(name, record->owner);
	assert_string_equal(name, owner);
	assert_int_equal(record->type, type);
	assert_int_equal(record->ttl_s, ttl_s);
	assert_int_equal(record->rdata.len, rdata.len);
	assert_memory_equal(record->rdata.ptr, rdata.ptr, rdata.len);
	assert_string_equal(record->text, text);
	config_free(config);
}

static void records_are_read_as_in_a_zone_file(void **state)
{
	(void)state;
	assert_record("may-chu 300 A 10.0.0.5", "may-chu.truong.lan", TYPE_A, 300,
	    SLICE_LIT("\12\0\0\5"));
	assert_record(
	    "MAY A 10.0.0.5", "may.truong.lan", TYPE_A, 300, SLICE_LIT("\12\0\0\5"));
	assert_record("@ 0 in a 10.0.0.5", "truong.lan", TYPE_A, 0, SLICE_LIT("\12\0\0\5"));
	assert_record("a.b\t60\tAAAA\tfd00::1", "a.b.truong.lan", TYPE_AAAA, 60,
	    SLICE_LIT("\375\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"));
	assert_record("w CNAME May", "w.truong.lan", TYPE_CNAME, 300,
	    SLICE_LIT("\3may\6truong\3lan\0"));
	assert_record("w.truong.lan. CNAME x.vn.", "w.truong.lan", TYPE_CNAME, 300,
	    SLICE_LIT("\1x\2vn\0"));
	assert_record(
	    "t TXT \"a b\" c", "t.truong.lan", TYPE_TXT, 300, SLICE_LIT("\3a b\1c"));
	assert_record(
	    "@ MX 10 @", "truong.lan", TYPE_MX, 300, SLICE_LIT("\0\12\6truong\3lan\0"));
	assert_record("_a._b SRV 1 2 3 m", "_a._b.truong.lan", TYPE_SRV, 300,
	    SLICE_LIT("\0\1\0\2\0\3\1m\6truong\3lan\0"));
	assert_record(
	    "p PTR q", "p.truong.lan", TYPE_PTR, 300, SLICE_LIT("\1q\6truong\3lan\0"));
	assert_record("h HTTPS 1 . alpn=h2", "h.truong.lan", TYPE_HTTPS, 300,
	    SLICE_LIT("\0\1\0\0\1\0\3\2h2"));
	assert_record(
	    "x CAA 0 issue \"a\"", "x.truong.lan", 257, 300, SLICE_LIT("\0\5issuea"));
}

static void wildcards_begin_with_a_star(void **state)
{
	struct config *config = config_of(
	    "[{zone: a.vn, records: ['* A 10.0.0.1', '*.b.c A 10.0.0.1', '*.d.a.vn. A 1.1.1.1']}]");
	const struct config_records *records = &config->upstream.zones.items[0].records;

	(void)state;
	assert_int_equal(records->count, 3);
	assert_memory_equal(records->items[0].owner.wire, "\1*\1a\2vn", 8);
	assert_memory_equal(records->items[1].owner.wire, "\1*\1b\1c\1a\2vn", 12);
	assert_memory_equal(records->items[2].owner.wire, "\1*\1d\1a\2vn", 10);
	config_free(config);
}

static void a_zone_has_defaults(void **state)
{
	struct config *config = config_of("[{zone: A.vn}, {zone: b.vn, private: off,"
	                                  " servers: [10.0.0.1, 'tcp://[fd00::1]:5353']}]");
	const struct config_zones *zones = &config->upstream.zones;

	(void)state;
	assert_int_equal(zones->count, 2);
	assert_true(zones->items[0].is_private);
	assert_int_equal(zones->items[0].servers.count, 0);
	assert_false(zones->items[1].is_private);
	assert_int_equal(zones->items[1].servers.items[0].addr.port, 53);
	assert_int_equal(zones->items[1].servers.items[1].transport, UPSTREAM_TCP);
	config_free(config);
}

static size_t never_block_of(const char *zones)
{
	struct config *none = config_of("[]");
	struct config *config = config_of(zones);
	size_t more = config->never_block.count - none->never_block.count;

	config_free(none);
	config_free(config);
	return more;
}

static void no_feed_takes_the_schools_own_servers_away(void **state)
{
	(void)state;
	assert_int_equal(never_block_of("[{zone: a.vn, records: ['@ A 10.0.0.1']}]"), 1);
	assert_int_equal(never_block_of("[{zone: a.vn, servers: [10.0.0.1]}]"), 1);
	/* Marked alone, not the school's, or as wide as a country. */
	assert_int_equal(never_block_of("[{zone: a.vn}]"), 0);
	assert_int_equal(
	    never_block_of("[{zone: a.vn, private: off, servers: [10.0.0.1]}]"), 0);
	assert_int_equal(never_block_of("[{zone: vn, servers: [10.0.0.1]}]"), 0);
}

static void mistakes_of_a_record_stand_at_its_place(void **state)
{
	(void)state;
	assert_mistakes(SCHOOL "upstream:\n"
	                       "  zones:\n"
	                       "    - zone: truong.lan\n"
	                       "      records:\n"
	                       "        - may\n"
	                       "        - may 300\n"
	                       "        - may 300 X 10.0.0.5\n"
	                       "        - may 604801 A 10.0.0.5\n"
	                       "        - may A 10.0.0.500\n"
	                       "        - may A\n"
	                       "        - may A 10.0.0.5 10.0.0.6\n"
	                       "        - may.khac.vn. A 10.0.0.5\n"
	                       "        - may.truong.lan A 10.0.0.5\n"
	                       "        - may NS x\n"
	                       "        - '@ CNAME x'\n"
	                       "        - ''\n",
	    NULL,
	    "6:11: 'may': it is no record (write NAME [TTL] TYPE DATA, such as \"may-chu 300 "
	    "A 10.0.0.5\")\n"
	    "7:11: 'may 300': it is no record (write NAME [TTL] TYPE DATA, such as \"may-chu "
	    "300 A 10.0.0.5\")\n"
	    "8:11: 'may 300 X 10.0.0.5': there is no record type (write NAME [TTL] TYPE DATA, "
	    "such as \"may-chu 300 A 10.0.0.5\")\n"
	    "9:11: 'may 604801 A 10.0.0.5': the TTL is out of range (from 0 to 604800 "
	    "seconds)\n"
	    "10:11: 'may A 10.0.0.500': what follows the type is not its data (as in a zone "
	    "file)\n"
	    "11:11: 'may A': what follows the type is not its data (as in a zone file)\n"
	    "12:11: 'may A 10.0.0.5 10.0.0.6': what follows the type is not its data (as in a "
	    "zone file)\n"
	    "13:11: 'may.khac.vn. A 10.0.0.5': the name is outside of this zone (write it into "
	    "its own)\n"
	    "14:11: 'may.truong.lan A 10.0.0.5': the name would be below the zone twice (leave "
	    "the zone's name out, or end the record's with a dot)\n"
	    "15:11: 'may NS x': records of this type are not kept here (for a part with "
	    "servers of its own write another zone)\n"
	    "16:11: '@ CNAME x': the zone's own name cannot be a CNAME (write its "
	    "addresses)\n"
	    "17:11: '': it is no record (write NAME [TTL] TYPE DATA, such as \"may-chu 300 A "
	    "10.0.0.5\")\n");
}

static void mistakes_between_records_name_the_other_one(void **state)
{
	(void)state;
	assert_mistakes(SCHOOL "upstream:\n"
	                       "  zones:\n"
	                       "    - zone: truong.lan\n"
	                       "      records:\n"
	                       "        - may A 10.0.0.5\n"
	                       "        - MAY 60 A 10.0.0.5\n"
	                       "        - w CNAME may\n"
	                       "        - w TXT x\n"
	                       "        - x CNAME y\n"
	                       "        - y CNAME x\n"
	                       "        - k.lop A 10.0.0.5\n"
	                       "    - zone: lop.truong.lan\n"
	                       "    - zone: Truong.LAN\n",
	    NULL,
	    "7:11: 'MAY 60 A 10.0.0.5' stands here twice (first in line 6; keep one)\n"
	    "9:11: 'w TXT x' stands beside a CNAME of its name, in line 8 (a CNAME is alone: "
	    "keep one)\n"
	    "10:11: 'x CNAME y' leads in a circle, or over more than 8 names (lead it to its "
	    "end)\n"
	    "11:11: 'y CNAME x' leads in a circle, or over more than 8 names (lead it to its "
	    "end)\n"
	    "12:11: 'k.lop A 10.0.0.5' belongs to the zone lop.truong.lan of line 13 (write it "
	    "there)\n"
	    "14:13: 'Truong.LAN' stands here twice (first in line 4; keep one)\n");
}

static void a_zone_is_not_asked_of_ourselves(void **state)
{
	(void)state;
	assert_mistakes(SCHOOL
	    "server: {listen: ['0.0.0.0:53', '10.0.0.1:5300']}\n"
	    "upstream:\n"
	    "  zones:\n"
	    "    - {zone: a.vn, servers: [127.0.0.1, 10.0.0.2, 'tcp://10.0.0.1:5300']}\n"
	    "    - {zone: b.vn, servers: ['10.0.0.1:53', '127.0.0.1:54', '::1']}\n",
	    NULL,
	    "5:30: '127.0.0.1' is this gateway itself (write the server that knows the zone, "
	    "or its records)\n"
	    "5:51: 'tcp://10.0.0.1:5300' is this gateway itself (write the server that knows "
	    "the zone, or its records)\n");
}

static void a_zone_has_a_name(void **state)
{
	(void)state;
	assert_mistakes(SCHOOL
	    "upstream: {zones: [{records: ['a A 1.1.1.1']}, {zone: .}, {zone: '*.a'}]}\n",
	    NULL,
	    "2:20: 'upstream.zones.zone' is missing (add it; docs/configuration.md says what "
	    "it means)\n"
	    "2:55: '.' would cover every name (write a domain name)\n"
	    "2:66: '*.a' needs no star (write a: a name covers all below it)\n");
}

static void zones_with_servers_are_no_more_than_can_be_measured(void **state)
{
	struct buf text = BUF_INIT(1 << 16);

	(void)state;
	buf_text(&text, SCHOOL "upstream:\n  zones:\n");
	for (unsigned i = 0; i < 33; i++)
		buf_printf(&text, "    - {zone: z%u.vn, servers: [10.0.0.1]}\n", i);
	assert_mistakes(buf_cstr(&text), NULL,
	    "36:31: more than 32 zones have servers of their own (let one server answer for a "
	    "name above them)\n");
	buf_deinit(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(records_are_read_as_in_a_zone_file),
	    cmocka_unit_test(wildcards_begin_with_a_star),
	    cmocka_unit_test(a_zone_has_defaults),
	    cmocka_unit_test(no_feed_takes_the_schools_own_servers_away),
	    cmocka_unit_test(mistakes_of_a_record_stand_at_its_place),
	    cmocka_unit_test(mistakes_between_records_name_the_other_one),
	    cmocka_unit_test(a_zone_is_not_asked_of_ourselves),
	    cmocka_unit_test(a_zone_has_a_name),
	    cmocka_unit_test(zones_with_servers_are_no_more_than_can_be_measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
