/* The outbox: documents made ours, moments drawn once, and every state a crash can leave. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "approvals/approvals.h"
#include "base/file.h"
#include "conf/config.h"
#include "share/outbox.h"
#include "spool/gzip.h"

#define GOLDEN TEST_SOURCE_DIR "/test/unit/report/golden/"
#define ID     "41b1dd6f-a271-8d35-a716-9afdce45029a"
#define NAME   "0d9e!20261120!20261121!" ID ".json.gz"

enum {
	HOUR_S = 3600,
	DAY_S = 24 * HOUR_S
};

struct house {
	char root[64];
	struct config config;
	struct config_recipient recipients[2];
	struct sign_key key;
	struct outbox outbox;
};

static uint64_t next_draw;

static uint64_t draw(void)
{
	return next_draw;
}

/* ---- the house ---- */

static void read_golden(struct buf *out, const char *name)
{
	char path[FILE_PATH_BYTES];

	assert_int_equal(path_join(path, sizeof path, GOLDEN, name), OK);
	assert_int_equal(file_read(path, out), OK);
}

static void path_in(const struct house *h, char out[FILE_PATH_BYTES], const char *name)
{
	assert_int_equal(path_join(out, FILE_PATH_BYTES, h->root, name), OK);
}

static bool is_there(const struct house *h, const char *name)
{
	char path[FILE_PATH_BYTES];

	path_in(h, path, name);
	return access(path, F_OK) == 0;
}

static void write_file(const struct house *h, const char *name, struct slice content)
{
	char path[FILE_PATH_BYTES];

	path_in(h, path, name);
	assert_int_equal(file_write_atomic(path, content, 0600), OK);
}

/* The unsigned golden day under `name` in the outbox. */
static void put_day(const struct house *h, const char *name)
{
	struct buf json = BUF_INIT(1 << 20), packed = BUF_INIT(1 << 20);
	char file[SPOOL_NAME_BYTES + 16];

	read_golden(&json, "day.json");
	assert_int_equal(gzip_pack(buf_slice(&json), &packed), OK);
	(void)snprintf(file, sizeof file, "outbox/%s", name);
	write_file(h, file, buf_slice(&packed));
	buf_deinit(&json);
	buf_deinit(&packed);
}

static void open_outbox(struct house *h)
{
	struct diag why = {.text = ""};

	assert_int_equal(outbox_open(&h->outbox, &h->config, &h->key, &why), OK);
	h->outbox.draw = draw;
}

static int begin(void **state)
{
	struct house *h = calloc(1, sizeof *h);
	struct buf pem = BUF_INIT(SIGN_FILE_MAX);
	struct diag why = {.text = ""};
	char path[FILE_PATH_BYTES];

	assert_non_null(h);
	(void)setenv("TZ", "Asia/Ho_Chi_Minh", 1);
	tzset();
	(void)snprintf(h->root, sizeof h->root, "/tmp/lachan-test-XXXXXX");
	assert_non_null(mkdtemp(h->root));
	path_in(h, path, "sharing");
	assert_int_equal(mkdir(path, 0700), 0);
	read_golden(&pem, "test.key");
	assert_int_equal(sign_key_read(&h->key, buf_slice(&pem), &why), OK);
	buf_deinit(&pem);
	h->config.server.state_dir.text = h->root;
	h->config.school.unit.text = "0d9e";
	h->config.school.name.text = "";
	h->recipients[0].name.text = "one";
	h->recipients[1].name.text = "two";
	h->config.share.recipients =
	    (struct config_recipients){h->recipients, 2, {"", 0, 0}};
	h->config.share.delay_ms = (uint64_t)4 * HOUR_S * 1000;
	h->config.share.keep_unsent_ms = (uint64_t)400 * DAY_S * 1000;
	next_draw = 77;
	open_outbox(h);
	*state = h;
	return 0;
}

/* Depth two at most. NOLINTNEXTLINE(misc-no-recursion) */
static void remove_all(const char *folder)
{
	char path[FILE_PATH_BYTES];
	DIR *dir = opendir(folder);

	for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
		if (e->d_name[0] == '.' ||
		    path_join(path, sizeof path, folder, e->d_name) != OK)
			continue;
		if (unlink(path) != 0)
			remove_all(path);
	}
	if (dir != NULL)
		(void)closedir(dir);
	(void)rmdir(folder);
}

static int end(void **state)
{
	struct house *h = *state;

	outbox_close(&h->outbox);
	sign_key_wipe(&h->key);
	remove_all(h->root);
	free(h);
	return 0;
}

/* Midnight behind the golden day, in Viet Nam. */
static int64_t day_end(void)
{
	return 1795194000;
}

/* ---- ours ---- */

static void a_document_becomes_the_signed_one_octet_for_octet(void **state)
{
	struct house *h = *state;
	struct buf json = BUF_INIT(1 << 20), expected = BUF_INIT(1 << 20),
	           found = BUF_INIT(1 << 20);

	put_day(h, NAME);
	assert_int_equal(outbox_look(&h->outbox, day_end() + 60), OK);
	assert_int_equal(h->outbox.count, 1);
	assert_true(h->outbox.entries[0].ready);
	read_golden(&json, "day.signed.json");
	assert_int_equal(gzip_pack(buf_slice(&json), &expected), OK);
	assert_int_equal(outbox_read(&h->outbox, &h->outbox.entries[0], &found), OK);
	assert_true(slice_equal(buf_slice(&found), buf_slice(&expected)));
	/* Looking again changes nothing. */
	assert_int_equal(outbox_look(&h->outbox, day_end() + 90), OK);
	buf_reset(&found);
	assert_int_equal(outbox_read(&h->outbox, &h->outbox.entries[0], &found), OK);
	assert_true(slice_equal(buf_slice(&found), buf_slice(&expected)));
	buf_deinit(&json);
	buf_deinit(&expected);
	buf_deinit(&found);
}

static void a_crash_between_the_new_file_and_the_old_leaves_one_document(void **state)
{
	struct house *h = *state;
	struct sharing_document new_one;

	/* Another unit: the name changes. */
	h->config.school.unit.text = "thcs-01";
	put_day(h, NAME);
	assert_int_equal(outbox_look(&h->outbox, day_end() + 60), OK);
	new_one = h->outbox.entries[0].document;
	assert_string_equal(new_one.unit, "thcs-01");
	assert_false(is_there(h, "outbox/" NAME));
	/* Died before the old one was removed: it is there again. */
	put_day(h, NAME);
	assert_int_equal(outbox_look(&h->outbox, day_end() + 70), OK);
	assert_int_equal(h->outbox.count, 1);
	assert_string_equal(h->outbox.entries[0].document.name, new_one.name);
	assert_false(is_there(h, "outbox/" NAME));
}

static void what_was_put_away_is_not_made_a_second_time(void **state)
{
	struct house *h = *state;

	put_day(h, NAME);
	assert_int_equal(outbox_look(&h->outbox, day_end() + 60), OK);
	outbox_done(&h->outbox, &h->outbox.entries[0], 0);
	assert_true(is_there(h, "outbox/" NAME));
	outbox_done(&h->outbox, &h->outbox.entries[0], 1);
	assert_false(is_there(h, "outbox/" NAME));
	assert_true(is_there(h, "sent/" NAME));
	put_day(h, NAME); /* the filter, killed before it forgot its day */
	assert_int_equal(outbox_look(&h->outbox, day_end() + 70), OK);
	assert_int_equal(h->outbox.count, 0);
	assert_false(is_there(h, "outbox/" NAME));
}

static void a_crash_between_the_last_receipt_and_sent_is_mended(void **state)
{
	struct house *h = *state;

	put_day(h, NAME);
	assert_int_equal(outbox_look(&h->outbox, day_end() + 60), OK);
	write_file(h, "sent/one/0d9e!20261120!20261121!" ID ".json", SLICE_LIT("{}"));
	write_file(
	    h, "sent/two/0d9e!20261120!20261121!" ID ".refused.json", SLICE_LIT("{"));
	outbox_close(&h->outbox);
	open_outbox(h);
	assert_int_equal(outbox_look(&h->outbox, day_end() + 70), OK);
	assert_int_equal(h->outbox.count, 0);
	assert_true(is_there(h, "sent/" NAME));
}

static void torn_and_foreign_files_stay_as_they_are(void **state)
{
	struct house *h = *state;

	write_file(h, "outbox/" NAME, SLICE_LIT("\x1f\x8b torn"));
	write_file(h, "outbox/README", SLICE_LIT("x"));
	assert_int_equal(outbox_look(&h->outbox, day_end() + 60), OK);
	assert_int_equal(h->outbox.count, 1);
	assert_false(h->outbox.entries[0].ready);
	assert_true(is_there(h, "outbox/" NAME));
	assert_true(is_there(h, "outbox/README"));
}

static void what_somebody_holds_keeps_its_id(void **state)
{
	struct house *h = *state;
	struct approvals said = APPROVALS_NONE;
	char path[FILE_PATH_BYTES];

	h->config.school.unit.text = "thcs-01";
	put_day(h, NAME);
	assert_int_equal(approvals_hold(&said, ID, "truong", 1795107600), OK);
	path_in(h, path, APPROVALS_FILE);
	assert_int_equal(approvals_save(&said, path), OK);
	assert_int_equal(outbox_look(&h->outbox, day_end() + 60), OK);
	assert_false(h->outbox.entries[0].ready);
	assert_true(is_there(h, "outbox/" NAME));
	assert_int_equal(approvals_release(&said, ID), OK);
	assert_int_equal(approvals_save(&said, path), OK);
	assert_int_equal(outbox_look(&h->outbox, day_end() + 70), OK);
	assert_true(h->outbox.entries[0].ready);
	assert_false(is_there(h, "outbox/" NAME));
	approvals_deinit(&said);
}

/* ---- moments ---- */

static int64_t look(struct house *h, int64_t now_s)
{
	assert_int_equal(outbox_look(&h->outbox, now_s), OK);
	return h->outbox.entries[0].leave_s;
}

static void a_moment_is_drawn_once_over_any_restart(void **state)
{
	struct house *h = *state;

	put_day(h, NAME);
	assert_int_equal(look(h, day_end() + 60), day_end() + 77);
	for (next_draw = 1000; next_draw < 1010; next_draw++) {
		outbox_close(&h->outbox);
		open_outbox(h);
		assert_int_equal(look(h, day_end() + 65), day_end() + 77);
	}
}

static void what_should_have_left_while_the_gateway_was_off_draws_anew(void **state)
{
	struct house *h = *state;
	const int64_t morning_s = day_end() + 7 * HOUR_S;

	put_day(h, NAME);
	assert_int_equal(look(h, day_end() + 60), day_end() + 77);
	next_draw = 500;
	outbox_close(&h->outbox);
	open_outbox(h);
	assert_int_equal(look(h, morning_s), day_end() + 77); /* it was on all the time */
	h->outbox.started = true;
	assert_int_equal(look(h, morning_s), morning_s + 500);
	next_draw = 9999;
	assert_int_equal(look(h, morning_s + 600), morning_s + 500); /* once */
}

static void a_person_passes_over_the_delay_and_not_over_the_hold(void **state)
{
	struct house *h = *state;

	h->config.share.hold_ms = (uint64_t)DAY_S * 1000;
	put_day(h, NAME);
	assert_int_equal(look(h, day_end() + 60), day_end() + DAY_S + 77);
	h->outbox.forced = true;
	assert_int_equal(look(h, day_end() + 90), day_end() + DAY_S);
}

static void a_lost_or_torn_list_is_drawn_anew(void **state)
{
	struct house *h = *state;

	put_day(h, NAME);
	(void)look(h, day_end() + 60);
	outbox_close(&h->outbox);
	write_file(h, "sharing/leaving", SLICE_LIT("lachan-leaving 1\n41b1dd6f"));
	open_outbox(h);
	next_draw = 200;
	assert_int_equal(look(h, day_end() + 70), day_end() + 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
	        a_document_becomes_the_signed_one_octet_for_octet, begin, end),
	    cmocka_unit_test_setup_teardown(
	        a_crash_between_the_new_file_and_the_old_leaves_one_document, begin, end),
	    cmocka_unit_test_setup_teardown(
	        what_was_put_away_is_not_made_a_second_time, begin, end),
	    cmocka_unit_test_setup_teardown(
	        a_crash_between_the_last_receipt_and_sent_is_mended, begin, end),
	    cmocka_unit_test_setup_teardown(
	        torn_and_foreign_files_stay_as_they_are, begin, end),
	    cmocka_unit_test_setup_teardown(what_somebody_holds_keeps_its_id, begin, end),
	    cmocka_unit_test_setup_teardown(
	        a_moment_is_drawn_once_over_any_restart, begin, end),
	    cmocka_unit_test_setup_teardown(
	        what_should_have_left_while_the_gateway_was_off_draws_anew, begin, end),
	    cmocka_unit_test_setup_teardown(
	        a_person_passes_over_the_delay_and_not_over_the_hold, begin, end),
	    cmocka_unit_test_setup_teardown(a_lost_or_torn_list_is_drawn_anew, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
