/* What a name is at the school: zones, records, special-use names, reverse zones. */
#include "../conf/school.h"

#include "local/local.h"

static const struct hash_key KEY = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

struct fixture {
	struct config *config;
	struct local *local;
};

static struct fixture open_zones(const char *zones)
{
	struct fixture f;
	char text[4096];

	(void)snprintf(text, sizeof text,
	    "school: {levels: [primary]}\nupstream:\n  zones: %s\n", zones);
	f.config = school_config(text, NULL);
	assert_int_equal(local_new(&f.local, &f.config->upstream.zones, KEY), OK);
	return f;
}

static void close_zones(struct fixture *f)
{
	local_free(f->local);
	config_free(f->config);
}

static void read_name(struct name_buf *out, const char *text)
{
	assert_int_equal(name_from_text(out, slice_of(text), NULL), OK);
}

static struct local_found look(const struct fixture *f, const char *text, uint16_t type)
{
	struct local_found found;
	struct name_hashes hashes;
	struct name_buf name;

	read_name(&name, text);
	name_hash_all(&hashes, name_of(&name), KEY);
	local_find(&found, f->local, name_of(&name), &hashes, type);
	return found;
}

static const char *kind_word(enum local_kind kind)
{
	static const char *const words[] = {
	    [LOCAL_ELSEWHERE] = "elsewhere",
	    [LOCAL_RECORDS] = "records",
	    [LOCAL_ALIAS] = "alias",
	    [LOCAL_NODATA] = "nodata",
	    [LOCAL_NXDOMAIN] = "nxdomain",
	};
	return words[kind];
}

/* "nxdomain local", "elsewhere -": the kind and the zone. */
static void assert_is(
    const struct fixture *f, const char *name, uint16_t type, const char *expected)
{
	const struct local_found found = look(f, name, type);
	char apex[NAME_TEXT_MAX] = "-";
	char said[2 * NAME_TEXT_MAX];
	char wanted[2 * NAME_TEXT_MAX];

	if (found.zone != NULL)
		name_to_text(apex, found.zone->apex);
	(void)snprintf(
	    said, sizeof said, "%s %u: %s %s", name, type, kind_word(found.kind), apex);
	(void)snprintf(wanted, sizeof wanted, "%s %u: %s", name, type, expected);
	assert_string_equal(said, wanted);
}

struct row {
	const char *name;
	uint16_t type;
	const char *expected;
};

static void assert_rows(const char *zones, const struct row *rows, size_t count)
{
	struct fixture f = open_zones(zones);

	for (size_t i = 0; i < count; i++)
		assert_is(&f, rows[i].name, rows[i].type, rows[i].expected);
	close_zones(&f);
}

#define ZEROS_28 "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"

static void special_use_names_and_private_reverse_zones_stay_here(void **state)
{
	static const struct row rows[] = {
	    {"localhost", TYPE_A, "records localhost"},
	    {"localhost", TYPE_AAAA, "records localhost"},
	    {"localhost", TYPE_TXT, "nodata localhost"},
	    {"may.localhost", TYPE_A, "records localhost"},
	    {"a.b.localhost", TYPE_AAAA, "records localhost"},
	    {"a.b.localhost", TYPE_HTTPS, "nodata localhost"},
	    {"invalid", TYPE_A, "nxdomain invalid"},
	    {"x.invalid", TYPE_TXT, "nxdomain invalid"},
	    {"local", TYPE_SOA, "nxdomain local"},
	    {"printer.local", TYPE_A, "nxdomain local"},
	    {"_ipp._tcp.local", TYPE_PTR, "nxdomain local"},
	    {"onion", TYPE_A, "nxdomain onion"},
	    {"abc.onion", TYPE_A, "nxdomain onion"},
	    {"alt", TYPE_A, "nxdomain alt"},
	    {"a.b.c.d.e.alt", TYPE_NS, "nxdomain alt"},
	    {"internal", TYPE_A, "nodata internal"},
	    {"may.internal", TYPE_A, "nxdomain internal"},
	    {"home.arpa", TYPE_SOA, "nodata home.arpa"},
	    {"home.arpa", TYPE_DS, "elsewhere home.arpa"},
	    {"tv.home.arpa", TYPE_A, "nxdomain home.arpa"},
	    {"tv.home.arpa", TYPE_DS, "nxdomain home.arpa"},
	    {"service.arpa", TYPE_A, "nodata service.arpa"},
	    {"default.service.arpa", TYPE_SOA, "nxdomain service.arpa"},
	    {"10.in-addr.arpa", TYPE_NS, "nodata 10.in-addr.arpa"},
	    {"10.in-addr.arpa", TYPE_DS, "elsewhere 10.in-addr.arpa"},
	    {"5.0.0.10.in-addr.arpa", TYPE_PTR, "nxdomain 10.in-addr.arpa"},
	    {"1.1.15.172.in-addr.arpa", TYPE_PTR, "elsewhere -"},
	    {"1.1.16.172.in-addr.arpa", TYPE_PTR, "nxdomain 16.172.in-addr.arpa"},
	    {"31.172.in-addr.arpa", TYPE_PTR, "nodata 31.172.in-addr.arpa"},
	    {"1.1.32.172.in-addr.arpa", TYPE_PTR, "elsewhere -"},
	    {"1.1.168.192.in-addr.arpa", TYPE_PTR, "nxdomain 168.192.in-addr.arpa"},
	    {"1.1.169.192.in-addr.arpa", TYPE_PTR, "elsewhere -"},
	    {"1.1.63.100.in-addr.arpa", TYPE_PTR, "elsewhere -"},
	    {"1.1.64.100.in-addr.arpa", TYPE_PTR, "nxdomain 64.100.in-addr.arpa"},
	    {"1.1.127.100.in-addr.arpa", TYPE_PTR, "nxdomain 127.100.in-addr.arpa"},
	    {"1.1.128.100.in-addr.arpa", TYPE_PTR, "elsewhere -"},
	    {"1.0.0.127.in-addr.arpa", TYPE_PTR, "records 127.in-addr.arpa"},
	    {"2.0.0.127.in-addr.arpa", TYPE_PTR, "nxdomain 127.in-addr.arpa"},
	    {"0.0.127.in-addr.arpa", TYPE_PTR, "nodata 127.in-addr.arpa"},
	    {"1.0.0.0.in-addr.arpa", TYPE_PTR, "nxdomain 0.in-addr.arpa"},
	    {"254.169.in-addr.arpa", TYPE_SOA, "nodata 254.169.in-addr.arpa"},
	    {"9.254.169.in-addr.arpa", TYPE_PTR, "nxdomain 254.169.in-addr.arpa"},
	    {"1.2.0.192.in-addr.arpa", TYPE_PTR, "nxdomain 2.0.192.in-addr.arpa"},
	    {"1.3.0.192.in-addr.arpa", TYPE_PTR, "elsewhere -"},
	    {"7.100.51.198.in-addr.arpa", TYPE_PTR, "nxdomain 100.51.198.in-addr.arpa"},
	    {"7.113.0.203.in-addr.arpa", TYPE_PTR, "nxdomain 113.0.203.in-addr.arpa"},
	    {"255.255.255.255.in-addr.arpa", TYPE_PTR,
	        "nodata 255.255.255.255.in-addr.arpa"},
	    {"254.255.255.255.in-addr.arpa", TYPE_PTR, "elsewhere -"},
	    {"8.8.8.8.in-addr.arpa", TYPE_PTR, "elsewhere -"},
	    {"in-addr.arpa", TYPE_NS, "elsewhere -"},
	    {"0.0.0.0." ZEROS_28 ".ip6.arpa", TYPE_PTR,
	        "nodata 0.0.0.0." ZEROS_28 ".ip6.arpa"},
	    {"1.0.0.0." ZEROS_28 ".ip6.arpa", TYPE_PTR,
	        "records 1.0.0.0." ZEROS_28 ".ip6.arpa"},
	    {"2.0.0.0." ZEROS_28 ".ip6.arpa", TYPE_PTR, "elsewhere -"},
	    {"1.c.f.ip6.arpa", TYPE_PTR, "nxdomain c.f.ip6.arpa"},
	    {"1.d.f.ip6.arpa", TYPE_PTR, "nxdomain d.f.ip6.arpa"},
	    {"1.e.f.ip6.arpa", TYPE_PTR, "elsewhere -"},
	    {"7.e.f.ip6.arpa", TYPE_PTR, "elsewhere -"},
	    {"8.e.f.ip6.arpa", TYPE_PTR, "nodata 8.e.f.ip6.arpa"},
	    {"0.9.e.f.ip6.arpa", TYPE_PTR, "nxdomain 9.e.f.ip6.arpa"},
	    {"0.a.e.f.ip6.arpa", TYPE_PTR, "nxdomain a.e.f.ip6.arpa"},
	    {"0.b.e.f.ip6.arpa", TYPE_PTR, "nxdomain b.e.f.ip6.arpa"},
	    {"0.c.e.f.ip6.arpa", TYPE_PTR, "elsewhere -"},
	    {"1.8.b.d.0.1.0.0.2.ip6.arpa", TYPE_PTR, "nxdomain 8.b.d.0.1.0.0.2.ip6.arpa"},
	    {"9.b.d.0.1.0.0.2.ip6.arpa", TYPE_PTR, "elsewhere -"},
	    {"arpa", TYPE_NS, "elsewhere -"},
	    {"ipv4only.arpa", TYPE_AAAA, "elsewhere -"},
	    {"www.test", TYPE_A, "elsewhere -"},
	    {"www.example", TYPE_A, "elsewhere -"},
	    {"example.com", TYPE_A, "elsewhere -"},
	    {"mylocal", TYPE_A, "elsewhere -"},
	    {"local.vn", TYPE_A, "elsewhere -"},
	    {"x.notlocal", TYPE_A, "elsewhere -"},
	    {"lan", TYPE_A, "elsewhere -"},
	    {".", TYPE_NS, "elsewhere -"},
	};

	(void)state;
	assert_rows("[]", rows, COUNT_OF(rows));
}

static void a_zone_without_servers_is_whole(void **state)
{
	static const struct row rows[] = {
	    {"truong.lan", TYPE_A, "records truong.lan"},
	    {"truong.lan", TYPE_MX, "nodata truong.lan"},
	    {"may-chu.truong.lan", TYPE_A, "records truong.lan"},
	    {"may-chu.truong.lan", TYPE_AAAA, "nodata truong.lan"},
	    {"www.truong.lan", TYPE_A, "alias truong.lan"},
	    {"www.truong.lan", TYPE_CNAME, "records truong.lan"},
	    {"b.truong.lan", TYPE_A, "nodata truong.lan"}, /* between a.b and the zone */
	    {"a.b.truong.lan", TYPE_TXT, "records truong.lan"},
	    {"c.b.truong.lan", TYPE_TXT, "nxdomain truong.lan"},
	    {"x.a.b.truong.lan", TYPE_TXT, "nxdomain truong.lan"},
	    {"khong.truong.lan", TYPE_A, "nxdomain truong.lan"},
	    {"lan", TYPE_A, "elsewhere -"},
	    {"truong.lan.vn", TYPE_A, "elsewhere -"},
	    {"5.0.0.10.in-addr.arpa", TYPE_PTR, "records 10.in-addr.arpa"},
	    {"6.0.0.10.in-addr.arpa", TYPE_PTR, "nxdomain 10.in-addr.arpa"},
	    {"0.0.10.in-addr.arpa", TYPE_PTR, "nodata 10.in-addr.arpa"},
	};

	(void)state;
	assert_rows("[{zone: truong.lan, records: ['@ A 10.0.0.1', 'may-chu A 10.0.0.5',"
	            " 'www CNAME may-chu', 'a.b TXT x']}]",
	    rows, COUNT_OF(rows));
}

static void wildcards_give_way_to_names_that_are_there(void **state)
{
	static const struct row rows[] = {
	    {"truong.lan", TYPE_A, "nodata truong.lan"},
	    {"x.truong.lan", TYPE_A, "records truong.lan"},
	    {"x.y.z.truong.lan", TYPE_A, "records truong.lan"},
	    {"x.truong.lan", TYPE_TXT, "nodata truong.lan"},
	    {"may.truong.lan", TYPE_A, "nodata truong.lan"},
	    {"x.may.truong.lan", TYPE_A, "nxdomain truong.lan"}, /* RFC 4592 2.2.1 */
	    {"phong.truong.lan", TYPE_A, "nodata truong.lan"},
	    {"1.phong.truong.lan", TYPE_A, "alias truong.lan"},
	};

	(void)state;
	assert_rows("[{zone: truong.lan, records: ['* A 10.0.0.1', 'may TXT x',"
	            " '*.phong CNAME may']}]",
	    rows, COUNT_OF(rows));
}

static void servers_are_asked_for_what_the_records_do_not_have(void **state)
{
	static const struct row rows[] = {
	    {"truong.lan", TYPE_A, "elsewhere truong.lan"},
	    {"may.truong.lan", TYPE_A, "records truong.lan"},
	    {"may.truong.lan", TYPE_AAAA, "nodata truong.lan"},
	    {"x.truong.lan", TYPE_A, "elsewhere truong.lan"},
	    {"b.truong.lan", TYPE_A, "elsewhere truong.lan"},
	    {"x.may.truong.lan", TYPE_A, "elsewhere truong.lan"},
	    {"lop.truong.lan", TYPE_A, "elsewhere lop.truong.lan"},
	    {"x.lop.truong.lan", TYPE_A, "elsewhere lop.truong.lan"},
	    {"x.vn", TYPE_A, "elsewhere vn"},
	    {"5.0.0.10.in-addr.arpa", TYPE_PTR, "records 10.in-addr.arpa"},
	};

	(void)state;
	assert_rows("[{zone: truong.lan, servers: [10.0.0.1], records: ['may A 10.0.0.5',"
	            " 'a.b TXT x']},"
	            " {zone: lop.truong.lan, servers: [10.0.0.2]}, {zone: vn}]",
	    rows, COUNT_OF(rows));
}

static void a_zone_of_the_school_takes_the_place_of_a_special_one(void **state)
{
	static const struct row rows[] = {
	    {"may.truong.local", TYPE_A, "records truong.local"},
	    {"x.truong.local", TYPE_A, "nxdomain truong.local"},
	    {"truong.local", TYPE_A, "nodata truong.local"},
	    {"x.local", TYPE_A, "nxdomain local"},
	    {"local", TYPE_A, "nodata local"}, /* since truong.local is there */
	    {"x.home.arpa", TYPE_A, "elsewhere home.arpa"},
	    {"x.internal", TYPE_A, "elsewhere internal"},
	    {"1.0.0.10.in-addr.arpa", TYPE_PTR, "elsewhere in-addr.arpa"},
	    {"1.1.168.192.in-addr.arpa", TYPE_PTR, "elsewhere in-addr.arpa"},
	    {"1.d.f.ip6.arpa", TYPE_PTR, "nxdomain d.f.ip6.arpa"},
	    {"9.0.0.10.in-addr.arpa", TYPE_PTR, "elsewhere in-addr.arpa"},
	};

	(void)state;
	assert_rows("[{zone: truong.local, records: ['may A 10.0.0.9']},"
	            " {zone: home.arpa, servers: [10.0.0.1]}, {zone: internal},"
	            " {zone: in-addr.arpa, servers: [10.0.0.1]}]",
	    rows, COUNT_OF(rows));
}

static void between_two_zones_there_is_a_name(void **state)
{
	static const struct row rows[] = {
	    {"b.truong.lan", TYPE_A, "nodata truong.lan"},
	    {"x.b.truong.lan", TYPE_A, "nxdomain truong.lan"},
	    {"x.a.b.truong.lan", TYPE_A, "nxdomain a.b.truong.lan"},
	};

	(void)state;
	assert_rows("[{zone: a.b.truong.lan, records: ['@ A 10.0.0.1']},"
	            " {zone: truong.lan, records: ['@ A 10.0.0.2']}]",
	    rows, COUNT_OF(rows));
}

static void assert_pointer(const struct fixture *f, const char *reverse, const char *target)
{
	const struct local_found found = look(f, reverse, TYPE_PTR);
	char text[NAME_TEXT_MAX];

	assert_int_equal(found.kind, LOCAL_RECORDS);
	assert_int_equal(found.record_count, 1);
	name_to_text(
	    text, (struct dname){found.records[0].rdata.ptr, found.records[0].rdata.len});
	assert_string_equal(text, target);
}

static void addresses_have_a_way_back(void **state)
{
	struct fixture f = open_zones(
	    "[{zone: truong.lan, records: ['b A 10.0.0.5', 'a A 10.0.0.5', 'c 60 A 10.0.0.6',"
	    " 'd AAAA fd00::5', 'e A 203.0.114.9', '*.f A 10.0.0.7', 'g A 10.1.0.8']},"
	    " {zone: 0.10.in-addr.arpa, records: ['6.0 PTR khac.truong.lan.']},"
	    " {zone: 1.10.in-addr.arpa, servers: [10.0.0.1]}]");

	(void)state;
	assert_pointer(&f, "5.0.0.10.in-addr.arpa", "b.truong.lan"); /* the first one */
	assert_pointer(&f, "6.0.0.10.in-addr.arpa", "khac.truong.lan");
	assert_true(look(&f, "5.0.0.10.in-addr.arpa", TYPE_PTR).is_synthesised);
	assert_false(look(&f, "6.0.0.10.in-addr.arpa", TYPE_PTR).is_synthesised);
	assert_pointer(&f,
	    "5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa",
	    "d.truong.lan");
	/* What the world or a server knows better, and what has no one name. */
	assert_is(&f, "9.114.0.203.in-addr.arpa", TYPE_PTR, "elsewhere -");
	assert_is(&f, "7.0.0.10.in-addr.arpa", TYPE_PTR, "nxdomain 0.10.in-addr.arpa");
	assert_is(&f, "8.0.1.10.in-addr.arpa", TYPE_PTR, "elsewhere 1.10.in-addr.arpa");
	close_zones(&f);
}

static void records_of_one_type_share_the_smallest_ttl(void **state)
{
	struct fixture f = open_zones(
	    "[{zone: truong.lan, records: ['may 600 A 10.0.0.5', 'may A 10.0.0.6',"
	    " 'may 60 AAAA fd00::1']}]");
	const struct local_found a = look(&f, "may.truong.lan", TYPE_A);
	const struct local_found aaaa = look(&f, "may.truong.lan", TYPE_AAAA);

	(void)state;
	assert_int_equal(a.record_count, 2);
	assert_int_equal(a.ttl_s, 300);
	assert_memory_equal(a.records[0].rdata.ptr, "\12\0\0\5", 4);
	assert_memory_equal(a.records[1].rdata.ptr, "\12\0\0\6", 4);
	assert_int_equal(aaaa.record_count, 1);
	assert_int_equal(aaaa.ttl_s, 60);
	close_zones(&f);
}

static void zones_say_whether_their_answers_may_be_private(void **state)
{
	struct fixture f = open_zones("[{zone: a.vn}, {zone: b.vn, private: off}]");

	(void)state;
	assert_true(look(&f, "x.a.vn", TYPE_A).zone->is_private);
	assert_false(look(&f, "x.b.vn", TYPE_A).zone->is_private);
	assert_int_equal(look(&f, "b.vn", TYPE_A).zone->index, 1);
	assert_int_equal(look(&f, "b.vn", TYPE_A).zone->route, 0);
	close_zones(&f);
}

static void many_zones_and_records_are_all_found(void **state)
{
	enum {
		ZONES = 200,
		BYTES = 64 * 1024
	};
	char *text = calloc(1, BYTES);
	struct fixture f;
	char name[64];
	size_t len;

	(void)state;
	assert_non_null(text);
	len = (size_t)snprintf(
	    text, BYTES, "school: {levels: [primary]}\nupstream:\n  zones:\n");
	for (unsigned i = 0; i < ZONES; i++)
		len += (size_t)snprintf(text + len, BYTES - len,
		    "  - {zone: z%u.lan, records: ['a A 10.9.0.%u', '*.b A 10.9.1.%u']}\n",
		    i, i, i);
	f.config = school_config(text, NULL);
	assert_int_equal(local_new(&f.local, &f.config->upstream.zones, KEY), OK);
	for (unsigned i = 0; i < ZONES; i++) {
		(void)snprintf(name, sizeof name, "a.z%u.lan", i);
		assert_int_equal(look(&f, name, TYPE_A).kind, LOCAL_RECORDS);
		(void)snprintf(name, sizeof name, "x.b.z%u.lan", i);
		assert_int_equal(look(&f, name, TYPE_A).records[0].rdata.ptr[3], i);
		(void)snprintf(name, sizeof name, "b.z%u.lan", i);
		assert_int_equal(look(&f, name, TYPE_A).kind, LOCAL_NODATA);
		(void)snprintf(name, sizeof name, "c.z%u.lan", i);
		assert_int_equal(look(&f, name, TYPE_A).kind, LOCAL_NXDOMAIN);
	}
	close_zones(&f);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(special_use_names_and_private_reverse_zones_stay_here),
	    cmocka_unit_test(a_zone_without_servers_is_whole),
	    cmocka_unit_test(wildcards_give_way_to_names_that_are_there),
	    cmocka_unit_test(servers_are_asked_for_what_the_records_do_not_have),
	    cmocka_unit_test(a_zone_of_the_school_takes_the_place_of_a_special_one),
	    cmocka_unit_test(between_two_zones_there_is_a_name),
	    cmocka_unit_test(addresses_have_a_way_back),
	    cmocka_unit_test(records_of_one_type_share_the_smallest_ttl),
	    cmocka_unit_test(zones_say_whether_their_answers_may_be_private),
	    cmocka_unit_test(many_zones_and_records_are_all_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
