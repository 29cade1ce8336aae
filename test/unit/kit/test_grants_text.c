#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "kit/grants_text.h"

static struct grant_record grant_for(enum grant_scope reach, const char *who)
{
	struct grant_record g = {
	    .id = 12,
	    .scope = reach,
	    .made_s = 1763766600,
	    .until_s = 1763769300,
	};

	assert_int_equal(name_from_text(&g.name, slice_of("Hoc.example.VN"), NULL), OK);
	(void)snprintf(g.who, sizeof g.who, "%s", who);
	(void)snprintf(g.by, sizeof g.by, "uid:1000");
	(void)snprintf(g.reason, sizeof g.reason, "lớp 8A học \"thật\"");
	return g;
}

/* The line without its line end. */
static struct slice line_of(struct buf *out)
{
	assert_true(out->len > 1 && out->ptr[out->len - 1] == '\n');
	return (struct slice){out->ptr, out->len - 1};
}

static void every_scope_reads_back_as_it_was(void **state)
{
	static const struct {
		enum grant_scope scope;
		const char *who;
	} scopes[] = {
	    {SCOPE_ALL, ""},
	    {SCOPE_TIER, "lower_secondary"},
	    {SCOPE_GROUP, "phong-tin-1"},
	    {SCOPE_CLIENTS, "10.20.0.0/16"},
	    {SCOPE_CLIENTS, "2001:db8::7/128"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(scopes); i++) {
		struct grant_record before = grant_for(scopes[i].scope, scopes[i].who);
		struct grant_record after;
		struct buf out = BUF_INIT(GRANT_LINE_MAX);
		before.deny = i % 2 == 1;
		assert_int_equal(grants_text_write(&out, &before), OK);
		assert_int_equal(grants_text_read(line_of(&out), &after), OK);
		assert_int_equal(after.id, before.id);
		assert_int_equal(after.deny, before.deny);
		assert_int_equal(after.scope, before.scope);
		assert_string_equal(after.who, before.who);
		assert_true(name_equal(name_of(&after.name), name_of(&before.name)));
		assert_true(after.made_s == before.made_s);
		assert_true(after.until_s == before.until_s);
		assert_string_equal(after.by, before.by);
		assert_string_equal(after.reason, before.reason);
		buf_deinit(&out);
	}
}

static void the_head_keeps_the_next_id(void **state)
{
	struct buf out = BUF_INIT(GRANT_LINE_MAX);
	uint32_t next = 0;

	(void)state;
	assert_int_equal(grants_text_write_head(&out, 4000000000u), OK);
	assert_int_equal(grants_text_read_head(line_of(&out), &next), OK);
	assert_true(next == 4000000000u);
	buf_deinit(&out);
}

static void every_cut_and_every_changed_bit_is_found(void **state)
{
	struct grant_record before = grant_for(SCOPE_TIER, "primary");
	struct grant_record after;
	struct buf out = BUF_INIT(GRANT_LINE_MAX);

	(void)state;
	assert_int_equal(grants_text_write(&out, &before), OK);
	struct slice line = line_of(&out);
	for (size_t len = 0; len < line.len; len++) {
		struct slice cut = {line.ptr, len};
		assert_int_equal(grants_text_read(cut, &after), ERR_FORMAT);
	}
	for (size_t bit = 0; bit < line.len * 8; bit++) {
		out.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(grants_text_read(line, &after), ERR_FORMAT);
		out.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	buf_deinit(&out);
}

/* A line with a right checksum, as somebody who edits the file would make one. */
static enum err read_forged(const char *json)
{
	struct grant_record g;
	struct buf out = BUF_INIT(GRANT_LINE_MAX);
	unsigned long long sum = checksum64(0, slice_of(json));

	buf_printf(&out, "%016llx %s", sum, json);
	enum err rc = grants_text_read(buf_slice(&out), &g);
	buf_deinit(&out);
	return rc;
}

#define REST "\"made\":1,\"until\":2,\"by\":\"\",\"reason\":\"\"}"

static void what_no_writer_writes_is_refused_whatever_its_checksum(void **state)
{
	static const char *const bad[] = {
	    "{}",
	    "[1]",
	    "{\"id\":0,\"name\":\"a.vn\",\"deny\":false,\"scope\":\"all\",\"who\":\"\"," REST,
	    "{\"id\":4294967296,\"name\":\"a.vn\",\"deny\":false,\"scope\":\"all\","
	    "\"who\":\"\"," REST,
	    "{\"id\":1,\"name\":\"vn\",\"deny\":false,\"scope\":\"all\",\"who\":\"\"," REST,
	    "{\"id\":1,\"name\":\"a..vn\",\"deny\":false,\"scope\":\"all\",\"who\":\"\"," REST,
	    "{\"id\":1,\"name\":\"a.vn\",\"deny\":1,\"scope\":\"all\",\"who\":\"\"," REST,
	    "{\"id\":1,\"name\":\"a.vn\",\"deny\":true,\"scope\":\"all\",\"who\":\"x\"," REST,
	    "{\"id\":1,\"name\":\"a.vn\",\"deny\":true,\"scope\":\"tier\",\"who\":\"\"," REST,
	    "{\"id\":1,\"name\":\"a.vn\",\"deny\":true,\"scope\":\"room\",\"who\":\"x\"," REST,
	    "{\"id\":1,\"name\":\"a.vn\",\"deny\":true,\"scope\":\"clients\","
	    "\"who\":\"10.0.0.1/8\"," REST,
	    "{\"id\":1,\"name\":\"a.vn\",\"deny\":true,\"scope\":\"all\",\"who\":\"\","
	    "\"made\":-1,\"until\":2,\"by\":\"\",\"reason\":\"\"}",
	    "{\"id\":1,\"name\":\"a.vn\",\"deny\":true,\"scope\":\"all\",\"who\":\"\","
	    "\"made\":1,\"until\":253402300800,\"by\":\"\",\"reason\":\"\"}",
	    "{\"id\":1,\"name\":\"a.vn\",\"deny\":true,\"scope\":\"all\",\"who\":\"\","
	    "\"made\":1,\"until\":2,\"by\":\"\",\"reason\":\"\\u001b[31m\"}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_int_equal(read_forged(bad[i]), ERR_FORMAT);
	assert_int_equal(
	    read_forged("{\"id\":1,\"name\":\"a.vn\",\"deny\":true,\"scope\":\"all\","
	                "\"who\":\"\"," REST),
	    OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_scope_reads_back_as_it_was),
	    cmocka_unit_test(the_head_keeps_the_next_id),
	    cmocka_unit_test(every_cut_and_every_changed_bit_is_found),
	    cmocka_unit_test(what_no_writer_writes_is_refused_whatever_its_checksum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
