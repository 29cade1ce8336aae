#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "feeds/meta.h"

static struct meta full(void)
{
	struct meta m = META_INIT;

	m.result = META_REFUSED;
	(void)snprintf(m.reason, sizeof m.reason, "the server answered 500 \"now\"");
	m.checked_s = 1763766600;
	m.next_try_s = 1763766660;
	m.failures = 3;
	(void)snprintf(m.url, sizeof m.url, "https://mirror.example/list?a=b");
	(void)snprintf(m.etag, sizeof m.etag, "W/\"abc\"");
	(void)snprintf(
	    m.last_modified, sizeof m.last_modified, "Sat, 21 Nov 2026 00:00:00 GMT");
	memset(m.sha256, 'a', 64);
	m.fetched_s = 1763700000;
	m.bytes = 123456789012;
	(void)snprintf(m.category, sizeof m.category, "gambling");
	(void)snprintf(m.format, sizeof m.format, "hosts");
	m.entries = 52000;
	m.rules = 52100;
	m.protected_names = 2;
	meta_refuse(&m, "not a domain name", 7);
	meta_refuse(&m, "a URL or a path, not a name", 1);
	m.off = true;
	m.patterns = 3;
	m.held.since_s = 1763766000;
	memset(m.held.sha256, 'b', 64);
	m.held.rules = 52200;
	for (unsigned i = 0; i < META_COVERS_MAX + 5; i++)
		meta_hold_name(&m.held, "google.com");
	memset(m.accepted, 'c', 64);
	return m;
}

static void what_is_written_reads_back_the_same(void **state)
{
	struct meta before = full();
	struct meta after = META_INIT;
	struct buf text = BUF_INIT(META_FILE_MAX_BYTES);
	struct buf again = BUF_INIT(META_FILE_MAX_BYTES);

	(void)state;
	assert_int_equal(meta_encode(&before, &text), OK);
	assert_int_equal(meta_decode(&after, buf_slice(&text)), OK);
	assert_int_equal(after.result, META_REFUSED);
	assert_string_equal(after.reason, before.reason);
	assert_string_equal(after.etag, before.etag);
	assert_true(after.checked_s == before.checked_s);
	assert_true(after.next_try_s == before.next_try_s);
	assert_true(after.bytes == before.bytes);
	assert_int_equal(after.refused_count, 2);
	assert_true(after.off);
	assert_true(after.held.since_s == before.held.since_s);
	assert_int_equal(after.held.kept, META_COVERS_MAX);
	assert_int_equal(after.held.covers_count, META_COVERS_MAX + 5);
	assert_string_equal(after.held.sha256, before.held.sha256);
	assert_string_equal(after.held.covers[0], "google.com");
	assert_string_equal(after.accepted, before.accepted);
	assert_int_equal(meta_encode(&after, &again), OK);
	assert_true(slice_equal(buf_slice(&text), buf_slice(&again)));
	buf_deinit(&text);
	buf_deinit(&again);
}

static void a_torn_file_reads_as_never_fetched(void **state)
{
	struct meta before = full();
	struct buf text = BUF_INIT(META_FILE_MAX_BYTES);

	(void)state;
	assert_int_equal(meta_encode(&before, &text), OK);
	/* Every cut but the one that only loses the last newline. */
	for (size_t len = 0; len + 1 < text.len; len++) {
		struct meta after = META_INIT;
		struct slice torn = {text.ptr, len};
		assert_int_equal(meta_decode(&after, torn), ERR_FORMAT);
		assert_int_equal(after.result, META_NEVER);
		assert_true(after.fetched_s == 0);
	}
	buf_deinit(&text);
}

static void foreign_json_is_refused(void **state)
{
	static const char *const texts[] = {"", "[]", "1", "{}", "{\"kind\":1}",
	    "{\"kind\":\"other\",\"result\":\"ok\"}", "{\"kind\":\"lachan-feed\"",
	    "{\"kind\":\"lachan-feed\",\"kind\":\"lachan-feed\"}"};
	struct meta m = META_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		assert_int_equal(meta_decode(&m, slice_of(texts[i])), ERR_FORMAT);
}

static void values_out_of_range_read_as_absent(void **state)
{
	struct meta m = META_INIT;

	(void)state;
	assert_int_equal(
	    meta_decode(&m,
	        slice_of(
	            "{\"kind\":\"lachan-feed\",\"result\":\"maybe\",\"failures\":-4,"
	            "\"fetched\":\"yesterday\",\"next_try\":17,\"entries\":-1,"
	            "\"sha256\":\"0123456789012345678901234567890123456789012345678901"
	            "23456789012345678\",\"refused\":{\"x\":-1,\"y\":\"z\"},\"url\":null}")),
	    OK);
	assert_int_equal(m.result, META_NEVER);
	assert_int_equal(m.failures, 0);
	assert_true(m.fetched_s == 0 && m.next_try_s == 0 && m.entries == 0);
	assert_string_equal(m.sha256, "");
	assert_int_equal(m.refused_count, 0);
}

static void more_reasons_than_fit_are_counted_together(void **state)
{
	struct meta m = META_INIT;
	uint64_t lines = 0;

	(void)state;
	for (unsigned i = 0; i < META_REFUSED_MAX + 10u; i++) {
		char reason[32];
		(void)snprintf(reason, sizeof reason, "reason %u", i);
		meta_refuse(&m, reason, 2);
	}
	assert_int_equal(m.refused_count, META_REFUSED_MAX);
	for (size_t i = 0; i < m.refused_count; i++)
		lines += m.refused[i].lines;
	assert_int_equal(lines, 2 * (META_REFUSED_MAX + 10));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_written_reads_back_the_same),
	    cmocka_unit_test(a_torn_file_reads_as_never_fetched),
	    cmocka_unit_test(foreign_json_is_refused),
	    cmocka_unit_test(values_out_of_range_read_as_absent),
	    cmocka_unit_test(more_reasons_than_fit_are_counted_together),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
