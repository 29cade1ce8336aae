/* The record: a chain that shows every change, and never ties a name to a device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "audit/audit.h"
#include "audit/line.h"
#include "base/file.h"

#define AT ((int64_t)1795107600)

struct fixture {
	char folder[64];
	char path[96];
	struct audit *audit;
};

static void reopen(struct fixture *f)
{
	audit_close(f->audit);
	f->audit = NULL;
	assert_int_equal(audit_open(&f->audit, f->path, NULL), OK);
}

static void set_up(struct fixture *f)
{
	*f = (struct fixture){.folder = "/tmp/lachan-audit-XXXXXX"};
	assert_non_null(mkdtemp(f->folder));
	(void)snprintf(f->path, sizeof f->path, "%s/audit.log", f->folder);
	reopen(f);
}

static void tear_down(struct fixture *f)
{
	audit_close(f->audit);
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(rmdir(f->folder), 0);
}

static void append(struct fixture *f, const char *action, const char *detail)
{
	struct audit_entry e = {.actor = "admin:lan", .action = action, .detail = detail};
	assert_int_equal(audit_append(f->audit, AT, &e), OK);
}

/* Plainly, without the fsync of atomic files: it is done thousands of times. */
static void put(const struct fixture *f, const struct buf *bytes, size_t len)
{
	FILE *file = fopen(f->path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes->ptr, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static void lines_are_json_with_the_hash_of_the_one_before(void **state)
{
	struct fixture f;
	struct buf bytes = BUF_INIT(1 << 20);
	size_t bad = 0;
	(void)state;

	set_up(&f);
	append(&f, "start", "a \"quoted\"\nthing");
	append(&f, "stop", NULL);
	assert_int_equal(file_read(f.path, &bytes), OK);
	static const char first[] =
	    "{\"n\":1,\"time\":\"2026-11-19T17:00:00Z\",\"actor\":"
	    "\"admin:lan\",\"action\":\"start\",\"name\":\"\",\"scope\":"
	    "\"\",\"detail\":\"a \\\"quoted\\\"\\u000athing\","
	    "\"previous\":\"00000000";
	assert_memory_equal(bytes.ptr, first, sizeof first - 1);
	char hash[AUDIT_HASH_TEXT_BYTES];
	struct slice rest = buf_slice(&bytes);
	assert_int_equal(line_hash(slice_cut(&rest, '\n'), hash), OK);
	assert_non_null(strstr((const char *)rest.ptr, hash));
	assert_int_equal(audit_verify(f.path, &bad, NULL), OK);
	reopen(&f);
	assert_int_equal(audit_count(f.audit), 2);
	append(&f, "again", "");
	assert_int_equal(audit_verify(f.path, &bad, NULL), OK);
	buf_deinit(&bytes);
	tear_down(&f);
}

static void every_changed_byte_is_found(void **state)
{
	struct fixture f;
	struct buf bytes = BUF_INIT(1 << 20);
	(void)state;

	set_up(&f);
	for (int i = 0; i < 4; i++)
		append(&f, "allow", "for a lesson");
	assert_int_equal(file_read(f.path, &bytes), OK);
	size_t last = bytes.len - 1;
	while (bytes.ptr[last - 1] != '\n')
		last--;
	/* A change within the last line cannot be seen but in its form: nothing follows. */
	for (size_t at = 0; at < last; at++) {
		struct diag why;
		size_t bad = 0;
		bytes.ptr[at] ^= 1;
		put(&f, &bytes, bytes.len);
		bytes.ptr[at] ^= 1;
		assert_int_equal(audit_verify(f.path, &bad, &why), ERR_FORMAT);
		assert_in_range(bad, 1, 4);
	}
	buf_deinit(&bytes);
	tear_down(&f);
}

static void a_removed_line_is_found(void **state)
{
	struct fixture f;
	struct buf bytes = BUF_INIT(1 << 20);
	struct diag why;
	size_t bad = 0;
	(void)state;

	set_up(&f);
	for (int i = 0; i < 3; i++)
		append(&f, "allow", i == 1 ? "hidden" : "seen");
	assert_int_equal(file_read(f.path, &bytes), OK);
	struct slice rest = buf_slice(&bytes);
	struct buf without = BUF_INIT(1 << 20);
	struct slice first = slice_cut(&rest, '\n');
	(void)slice_cut(&rest, '\n');
	buf_append(&without, first);
	buf_byte(&without, '\n');
	buf_append(&without, rest);
	put(&f, &without, without.len);
	assert_int_equal(audit_verify(f.path, &bad, &why), ERR_FORMAT);
	assert_int_equal(bad, 2);
	buf_deinit(&bytes);
	buf_deinit(&without);
	tear_down(&f);
}

static void a_torn_end_is_cut_off_and_counted(void **state)
{
	struct fixture f;
	struct buf bytes = BUF_INIT(1 << 20);
	(void)state;

	set_up(&f);
	append(&f, "one", "");
	size_t one = 0;
	assert_int_equal(file_read(f.path, &bytes), OK);
	one = bytes.len;
	append(&f, "two", "");
	buf_reset(&bytes);
	assert_int_equal(file_read(f.path, &bytes), OK);
	for (size_t len = 0; len < bytes.len; len++) {
		size_t bad = 0;
		put(&f, &bytes, len);
		reopen(&f);
		assert_int_equal(audit_count(f.audit), len >= one ? 1 : 0);
		assert_int_equal(audit_torn_bytes(f.audit), len >= one ? len - one : len);
		append(&f, "three", "");
		assert_int_equal(audit_verify(f.path, &bad, NULL), OK);
	}
	buf_deinit(&bytes);
	tear_down(&f);
}

static void an_altered_last_line_is_not_built_upon(void **state)
{
	struct fixture f;
	struct diag why;
	struct audit *other = NULL;
	(void)state;

	set_up(&f);
	assert_int_equal(file_write_atomic(f.path, SLICE_LIT("not an entry\n"), 0640), OK);
	assert_int_equal(audit_open(&other, f.path, &why), ERR_FORMAT);
	assert_null(other);
	tear_down(&f);
}

static void no_entry_ties_a_name_to_one_device(void **state)
{
	static const char *const devices[] = {"192.168.1.7", "for 192.168.1.7.",
	    "3c:22:fb:01:02:03", "3C-22-FB-01-02-03", "fe80::1%eth0", "2001:db8::5",
	    "2001:db8::/64", "10.0.0.1/32", "(10.0.0.1:5353)", "client=10.0.0.9"};
	static const char *const rooms[] = {"192.168.1.0/24", "fd00:1::/48", "phong-tin-1",
	    "lower_secondary", "45m", "12:30", "1.2", "2026-11-20", ""};
	struct fixture f;
	struct buf bytes = BUF_INIT(1 << 20);
	(void)state;

	set_up(&f);
	for (size_t i = 0; i < COUNT_OF(devices); i++) {
		struct audit_entry e = {.actor = "teacher:an",
		    .action = "allow",
		    .name = "learn.example",
		    .detail = devices[i]};
		assert_int_equal(audit_append(f.audit, AT, &e), ERR_DENIED);
		e.detail = "";
		e.scope = devices[i];
		assert_int_equal(audit_append(f.audit, AT, &e), ERR_DENIED);
		/* Without a name it is an entry about a machine, like any other. */
		e.name = "";
		assert_int_equal(audit_append(f.audit, AT, &e), OK);
	}
	for (size_t i = 0; i < COUNT_OF(rooms); i++) {
		struct audit_entry e = {.actor = "teacher:an",
		    .action = "allow",
		    .name = "learn.example",
		    .scope = rooms[i]};
		assert_int_equal(audit_append(f.audit, AT, &e), OK);
	}
	assert_int_equal(audit_count(f.audit), COUNT_OF(devices) + COUNT_OF(rooms));
	buf_deinit(&bytes);
	tear_down(&f);
}

static void texts_that_are_too_long_are_refused(void **state)
{
	struct fixture f;
	char text[1002];
	(void)state;

	set_up(&f);
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = 0;
	struct audit_entry e = {.actor = "a", .action = "b", .detail = text};
	assert_int_equal(audit_append(f.audit, AT, &e), ERR_RANGE);
	text[1000] = 0;
	assert_int_equal(audit_append(f.audit, AT, &e), OK);
	assert_int_equal(audit_count(f.audit), 1);
	tear_down(&f);
}

/* Whoever owns the folder could have given a file of root's this name. */
static void a_record_with_another_name_is_given_to_nobody(void **state)
{
	struct fixture f;
	char other[96];
	(void)state;

	set_up(&f);
	assert_int_equal(audit_give(f.audit, getuid(), getgid()), OK);
	(void)snprintf(other, sizeof other, "%s/other", f.folder);
	assert_int_equal(link(f.path, other), 0);
	assert_int_equal(audit_give(f.audit, getuid(), getgid()), ERR_IO);
	assert_int_equal(unlink(other), 0);
	tear_down(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_are_json_with_the_hash_of_the_one_before),
	    cmocka_unit_test(every_changed_byte_is_found),
	    cmocka_unit_test(a_removed_line_is_found),
	    cmocka_unit_test(a_record_with_another_name_is_given_to_nobody),
	    cmocka_unit_test(a_torn_end_is_cut_off_and_counted),
	    cmocka_unit_test(an_altered_last_line_is_not_built_upon),
	    cmocka_unit_test(no_entry_ties_a_name_to_one_device),
	    cmocka_unit_test(texts_that_are_too_long_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
