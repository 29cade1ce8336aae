/* What pupils asked for: joined by name, answered once, read back after anything. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "reviews/internal.h"

#define DAY 20261122u

static char folder[64];
static char path[96];

static int set_up(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof folder, "/tmp/lachan-reviews-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(path, sizeof path, "%s/reviews", folder);
	return 0;
}

static int tear_down(void **state)
{
	char command[96];
	(void)state;
	(void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
	return system(command); /* NOLINT(cert-env33-c): a path of ours */
}

static struct reviews *open_reviews(void)
{
	struct reviews *r = NULL;
	struct diag why;

	assert_int_equal(reviews_open(&r, path, &why), OK);
	return r;
}

static struct reviews *open_again(struct reviews *r)
{
	reviews_close(r);
	return open_reviews();
}

static struct review_request request_of(const char *name, const char *reason, unsigned code)
{
	struct review_request q = {
	    .name = name, .tier = "lower_secondary", .reason = reason, .day = DAY};

	store_u32(q.code, code);
	return q;
}

static uint32_t ask(struct reviews *r, const char *name, const char *reason, unsigned code)
{
	const struct review_request q = request_of(name, reason, code);
	uint32_t id = 0;

	assert_int_equal(reviews_ask(r, &q, &id), OK);
	return id;
}

static const struct review *by_code(const struct reviews *r, unsigned code)
{
	uint8_t digest[REVIEW_CODE_BYTES] = {0};

	store_u32(digest, code);
	return reviews_find_code(r, digest);
}

static enum err answer(struct reviews *r, uint32_t id, enum review_state state)
{
	const struct review_answer a = {
	    .state = state, .day = DAY, .until_s = 0, .note = "Chào em"};

	return reviews_answer(r, id, &a);
}

static void requests_for_a_name_join_while_it_waits(void **state)
{
	struct reviews *r = open_reviews();
	struct review_tier tiers[REVIEW_TIERS];
	struct review_request other = request_of("toan.vn", "ba", 3);
	uint32_t id = 0;
	(void)state;

	assert_int_equal(ask(r, "toan.vn", "một\nhai \\ dòng", 1), 1);
	assert_int_equal(ask(r, "van.vn", "", 2), 2);
	other.tier = "primary";
	assert_int_equal(reviews_ask(r, &other, &id), OK);
	assert_int_equal(id, 1);
	for (int again = 0; again < 2; again++) {
		assert_int_equal(reviews_count(r), 2);
		const struct review *v = reviews_find(r, 1);
		assert_int_equal(v->ask_count, 2);
		assert_string_equal(v->asks[0].reason, "một\nhai \\ dòng");
		assert_int_equal(review_tiers(v, tiers), 2);
		assert_string_equal(tiers[1].tier, "primary");
		assert_null(reviews_find(r, 2)->asks[0].reason);
		assert_ptr_equal(by_code(r, 3), v);
		assert_null(by_code(r, 4));
		r = open_again(r);
	}
	assert_int_equal(reviews_torn_bytes(r), 0);
	assert_int_equal(reviews_damaged(r), 0);
	reviews_close(r);
}

static void an_answer_ends_the_joining_and_a_no_may_become_a_yes(void **state)
{
	struct reviews *r = open_reviews();
	(void)state;

	assert_int_equal(ask(r, "toan.vn", "a", 1), 1);
	assert_int_equal(answer(r, 7, REVIEW_KEPT), ERR_NOT_FOUND);
	assert_int_equal(answer(r, 1, REVIEW_WAITING), ERR_RANGE);
	assert_int_equal(answer(r, 1, REVIEW_KEPT), OK);
	assert_int_equal(answer(r, 1, REVIEW_KEPT), ERR_EXISTS);
	assert_int_equal(ask(r, "toan.vn", "b", 2), 2);
	r = open_again(r);
	assert_int_equal(by_code(r, 1)->state, REVIEW_KEPT);
	assert_string_equal(by_code(r, 1)->note, "Chào em");
	assert_int_equal(by_code(r, 2)->state, REVIEW_WAITING);
	assert_int_equal(reviews_waiting(r), 1);
	assert_int_equal(answer(r, 1, REVIEW_OPENED), OK);
	assert_int_equal(answer(r, 1, REVIEW_OPENED), ERR_EXISTS);
	assert_int_equal(answer(r, 1, REVIEW_KEPT), ERR_EXISTS);
	r = open_again(r);
	assert_int_equal(by_code(r, 1)->state, REVIEW_OPENED);
	reviews_close(r);
}

static void later_reasons_are_counted_alone(void **state)
{
	struct reviews *r = open_reviews();
	size_t kept = 0;
	(void)state;

	for (unsigned i = 1; i <= REVIEW_REASONS + 5; i++)
		assert_int_equal(ask(r, "toan.vn", "vì", i), 1);
	r = open_again(r);
	const struct review *v = reviews_find(r, 1);
	assert_int_equal(v->ask_count, REVIEW_REASONS + 5);
	for (size_t i = 0; i < v->ask_count; i++)
		kept += v->asks[i].reason != NULL;
	assert_int_equal(kept, REVIEW_REASONS);
	assert_non_null(by_code(r, REVIEW_REASONS + 5));
	reviews_close(r);
}

static void what_is_not_allowed_changes_nothing(void **state)
{
	static const char *const names[] = {"", "vn", "A.vn", "a..vn", ".a.vn", "a.vn.",
	    "a b.vn", "a/b.vn", "\xc3\xa9.vn", "a\n.vn"};
	struct reviews *r = open_reviews();
	char long_text[REVIEW_TEXT_CHARS + 2];
	struct review_request q;
	uint32_t id = 77;
	(void)state;

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		q = request_of(names[i], "", 1);
		assert_int_equal(reviews_ask(r, &q, &id), ERR_RANGE);
	}
	static const char *const texts[] = {
	    "\x1b[31m", "\t", "\xff", "\xc0\x80", "\xed\xa0\x80", "\xc2\x9b", "\x7f"};
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		q = request_of("a.vn", texts[i], 1);
		assert_int_equal(reviews_ask(r, &q, &id), ERR_RANGE);
	}
	memset(long_text, 'x', sizeof long_text - 1);
	long_text[sizeof long_text - 1] = 0;
	q = request_of("a.vn", long_text, 1);
	assert_int_equal(reviews_ask(r, &q, &id), ERR_RANGE);
	q = request_of("a.vn", long_text + 1, 1);
	q.tier = "Mr Smith";
	assert_int_equal(reviews_ask(r, &q, &id), ERR_RANGE);
	q.tier = "primary";
	q.day = 20261322;
	assert_int_equal(reviews_ask(r, &q, &id), ERR_RANGE);
	assert_int_equal(id, 77);
	q.day = DAY;
	assert_int_equal(reviews_ask(r, &q, &id), OK);
	q = request_of("b.vn", "", 1); /* the code is taken */
	assert_int_equal(reviews_ask(r, &q, &id), ERR_EXISTS);
	assert_int_equal(reviews_count(r), 1);
	reviews_close(r);
}

static void five_hundred_letters_of_any_length_fit(void **state)
{
	static const char *const letters[] = {"\n", "\\", "ề", "\xf0\x9f\x98\x80"};
	struct reviews *r = open_reviews();
	(void)state;

	for (unsigned i = 0; i < COUNT_OF(letters); i++) {
		struct buf text = BUF_INIT(REVIEW_TEXT_BYTES);
		for (unsigned n = 0; n < REVIEW_TEXT_CHARS; n++)
			buf_text(&text, letters[i]);
		assert_int_equal(buf_status(&text), OK);
		(void)ask(r, "a.vn", buf_cstr(&text), i + 1);
		r = open_again(r);
		assert_string_equal(reviews_find(r, 1)->asks[i].reason, buf_cstr(&text));
		buf_deinit(&text);
	}
	reviews_close(r);
}

static void write_file(struct slice content)
{
	assert_int_equal(file_write_atomic(path, content, 0600), OK);
}

/* A file of as many wishes as there may be, for as many names: each of its own line. */
static void write_full_file(void)
{
	struct buf text = BUF_INIT(REVIEWS_FILE_BYTES);
	struct line line = {.kind = LINE_HEAD, .id = 1};

	assert_int_equal(review_line_write(&text, &line, ""), OK);
	for (uint32_t i = 0; i < REVIEWS_ASKS; i++) {
		line = (struct line){.kind = LINE_ASKED,
		    .id = i % REVIEWS_WAITING + 1,
		    .day = DAY,
		    .tier = "primary"};
		store_u32(line.code, i + 1);
		(void)snprintf(line.name, sizeof line.name, "n%u.vn", line.id);
		assert_int_equal(review_line_write(&text, &line, ""), OK);
	}
	write_file(buf_slice(&text));
	buf_deinit(&text);
}

static void ceilings_hold_and_answers_still_fit(void **state)
{
	struct reviews *r;
	uint32_t id;
	(void)state;

	write_full_file();
	r = open_reviews();
	assert_int_equal(reviews_damaged(r), 0);
	assert_int_equal(reviews_count(r), REVIEWS_WAITING);
	struct review_request q = request_of("n1.vn", "", 100000);
	assert_int_equal(reviews_ask(r, &q, &id), ERR_FULL);
	assert_int_equal(answer(r, 1, REVIEW_OPENED), OK);
	r = open_again(r);
	assert_int_equal(reviews_waiting(r), REVIEWS_WAITING - 1);
	reviews_close(r);
}

static void no_more_names_wait_than_people_can_answer(void **state)
{
	struct reviews *r = open_reviews();
	char name[32];
	uint32_t id;
	(void)state;

	for (unsigned n = 0; n < REVIEWS_WAITING; n++) {
		(void)snprintf(name, sizeof name, "n%u.vn", n);
		(void)ask(r, name, "", n + 1);
	}
	struct review_request q = request_of("more.vn", "", 100000);
	assert_int_equal(reviews_ask(r, &q, &id), ERR_FULL);
	q.name = "n0.vn";
	assert_int_equal(reviews_ask(r, &q, &id), OK);
	reviews_close(r);
}

static void the_bytes_on_disk_are_bounded(void **state)
{
	struct reviews *r = open_reviews();
	struct review_request q = {.name = ""};
	char name[32], reason[REVIEW_TEXT_CHARS + 1];
	unsigned n = 0;
	struct stat st;
	uint32_t id;
	enum err rc;
	(void)state;

	memset(reason, '\\', sizeof reason - 1);
	reason[sizeof reason - 1] = 0;
	do {
		(void)snprintf(name, sizeof name, "n%u.vn", n / REVIEW_REASONS);
		q = request_of(name, reason, ++n);
		rc = reviews_ask(r, &q, &id);
	} while (rc == OK);
	assert_int_equal(rc, ERR_FULL);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size <= REVIEWS_ASKED_BYTES);
	assert_int_equal(answer(r, 1, REVIEW_KEPT), OK);
	r = open_again(r);
	assert_int_equal(reviews_find(r, 1)->state, REVIEW_KEPT);
	reviews_close(r);
}

static void old_ones_leave_the_file(void **state)
{
	struct reviews *r = open_reviews();
	struct review_request q = request_of("old.vn", "bí mật", 1);
	size_t removed = 9;
	struct buf text = BUF_INIT(REVIEWS_FILE_BYTES);
	uint32_t id;
	(void)state;

	q.day = 20260901;
	assert_int_equal(reviews_ask(r, &q, &id), OK);
	(void)ask(r, "new.vn", "", 2);
	(void)ask(r, "told.vn", "", 3);
	assert_int_equal(answer(r, 3, REVIEW_KEPT), OK);
	assert_int_equal(reviews_expire(r, 20261001, 20260901, &removed), OK);
	assert_int_equal(removed, 0);
	assert_int_equal(reviews_expire(r, 20261001, 20260902, &removed), OK);
	assert_int_equal(removed, 1);
	assert_null(by_code(r, 1));
	assert_int_equal(file_read(path, &text), OK);
	assert_null(strstr(buf_cstr(&text), "mật"));
	assert_int_equal(reviews_expire(r, DAY + 1, 20260902, &removed), OK);
	assert_int_equal(removed, 1);
	r = open_again(r);
	assert_int_equal(reviews_count(r), 1);
	assert_int_equal(ask(r, "old.vn", "", 4), 4); /* ids are not used again */
	reviews_close(r);
	buf_deinit(&text);
}

static void a_file_torn_anywhere_keeps_its_whole_lines(void **state)
{
	struct reviews *r = open_reviews();
	struct buf text = BUF_INIT(REVIEWS_FILE_BYTES);
	struct stat st;
	(void)state;

	(void)ask(r, "toan.vn", "một\nhai", 1);
	(void)ask(r, "van.vn", "ba", 2);
	assert_int_equal(answer(r, 1, REVIEW_OPENED), OK);
	reviews_close(r);
	assert_int_equal(file_read(path, &text), OK);
	const uint8_t *head_end = memchr(text.ptr, '\n', text.len);
	size_t head = (size_t)(head_end - text.ptr) + 1;
	for (size_t len = head; len <= text.len; len++) {
		size_t whole = len, lines = 0;
		while (text.ptr[whole - 1] != '\n')
			whole--;
		for (size_t i = head; i < whole; i++)
			lines += text.ptr[i] == '\n';
		write_file((struct slice){text.ptr, len});
		r = open_reviews();
		assert_int_equal(reviews_torn_bytes(r), len - whole);
		assert_int_equal(reviews_damaged(r), 0);
		assert_int_equal(reviews_count(r), lines > 1 ? 2 : lines);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_size, whole);
		(void)ask(r, "ly.vn", "", 3); /* and it goes on */
		r = open_again(r);
		assert_int_equal(reviews_torn_bytes(r), 0);
		assert_non_null(by_code(r, 3));
		reviews_close(r);
	}
	buf_deinit(&text);
}

static void a_damaged_line_costs_that_line(void **state)
{
	struct reviews *r = open_reviews();
	struct buf text = BUF_INIT(REVIEWS_FILE_BYTES);
	size_t removed;
	(void)state;

	(void)ask(r, "toan.vn", "aaaa", 1);
	(void)ask(r, "van.vn", "bbbb", 2);
	reviews_close(r);
	assert_int_equal(file_read(path, &text), OK);
	uint8_t *hit = memmem(text.ptr, text.len, "aaaa", 4);
	assert_non_null(hit);
	*hit = 'x';
	write_file(buf_slice(&text));
	r = open_reviews();
	assert_int_equal(reviews_damaged(r), 1);
	assert_int_equal(reviews_count(r), 1);
	assert_non_null(by_code(r, 2));
	assert_int_equal(reviews_expire(r, 20260101, 20260101, &removed), OK);
	r = open_again(r);
	assert_int_equal(reviews_damaged(r), 0);
	reviews_close(r);
	buf_deinit(&text);
}

static void a_strange_file_is_not_written_to(void **state)
{
	struct reviews *r = NULL;
	struct diag why;
	struct buf text = BUF_INIT(REVIEWS_FILE_BYTES);
	(void)state;

	write_file(SLICE_LIT("somebody's notes\n"));
	assert_int_equal(reviews_open(&r, path, &why), ERR_FORMAT);
	assert_null(r);
	assert_int_equal(file_read(path, &text), OK);
	assert_string_equal(buf_cstr(&text), "somebody's notes\n");
	buf_deinit(&text);
}

static void a_full_disk_changes_nothing(void **state)
{
	struct reviews *r = open_reviews();
	struct rlimit before, little;
	struct review_request q = request_of("b.vn", "xin", 2);
	struct stat st;
	uint32_t id;
	(void)state;

	(void)ask(r, "a.vn", "xin", 1);
	assert_int_equal(stat(path, &st), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	little = before;
	little.rlim_cur = (rlim_t)st.st_size + 10; /* a part of the line fits */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	enum err asked = reviews_ask(r, &q, &id);
	enum err answered = answer(r, 1, REVIEW_OPENED);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(asked, ERR_IO);
	assert_int_equal(answered, ERR_IO);
	assert_int_equal(reviews_count(r), 1);
	assert_int_equal(reviews_find(r, 1)->state, REVIEW_WAITING);
	off_t size = st.st_size;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, size);
	assert_int_equal(reviews_ask(r, &q, &id), OK);
	r = open_again(r);
	assert_int_equal(reviews_torn_bytes(r) + reviews_damaged(r), 0);
	assert_int_equal(reviews_count(r), 2);
	reviews_close(r);
}

static bool folders_fail;

int __real_fsync(int fd);
int __wrap_fsync(int fd);

/* In place of fsync() in this program (CMakeLists.txt: --wrap). */
int __wrap_fsync(int fd)
{
	struct stat st;

	if (!folders_fail || fstat(fd, &st) != 0 || !S_ISDIR(st.st_mode))
		return __real_fsync(fd);
	errno = EIO;
	return -1;
}

static void nothing_goes_to_a_file_that_was_replaced_and_not_synced(void **state)
{
	struct reviews *r = open_reviews();
	struct review_request q = request_of("old.vn", "", 1);
	size_t removed = 9;
	uint32_t id;
	(void)state;

	q.day = 20260901;
	assert_int_equal(reviews_ask(r, &q, &id), OK);
	folders_fail = true;
	enum err expired = reviews_expire(r, DAY, DAY, &removed);
	folders_fail = false;
	assert_int_equal(expired, ERR_IO);
	assert_int_equal(removed, 0);
	(void)ask(r, "new.vn", "xin", 2);
	r = open_again(r);
	assert_non_null(by_code(r, 1));
	assert_non_null(by_code(r, 2));
	reviews_close(r);
}

static void the_files_own_times_tell_the_day_alone(void **state)
{
	struct reviews *r = open_reviews();
	struct tm day = {.tm_year = 126, .tm_mon = 10, .tm_mday = 22};
	struct review_request q = request_of("old.vn", "", 1);
	size_t removed = 0;
	struct stat st;
	uint32_t id;
	(void)state;

	q.day = 20260901;
	assert_int_equal(reviews_ask(r, &q, &id), OK);
	(void)ask(r, "a.vn", "xin", 2);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mtim.tv_sec, timegm(&day));
	assert_int_equal(st.st_mtim.tv_nsec, 0);
	assert_int_equal(reviews_expire(r, DAY, DAY, &removed), OK);
	assert_int_equal(removed, 1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mtim.tv_sec, timegm(&day));
	reviews_close(r);
}

static void what_a_crash_left_of_the_words_is_removed(void **state)
{
	char left[128];
	(void)state;

	(void)snprintf(left, sizeof left, "%s.tmp.77", path);
	assert_int_equal(file_write_atomic(left, SLICE_LIT("xin"), 0600), OK);
	reviews_close(open_reviews());
	assert_int_equal(access(left, F_OK), -1);
}

static void a_day_is_counted_from_the_file(void **state)
{
	struct reviews *r = open_reviews();
	struct review_request q = request_of("c.vn", "", 4);
	struct reviews_day day = {9, 9};
	uint32_t id;
	(void)state;

	(void)ask(r, "a.vn", "", 1);
	(void)ask(r, "a.vn", "", 2);
	(void)ask(r, "b.vn", "", 3);
	q.day = DAY - 1;
	assert_int_equal(reviews_ask(r, &q, &id), OK);
	assert_int_equal(answer(r, 1, REVIEW_KEPT), OK);
	assert_int_equal(answer(r, 1, REVIEW_OPENED), OK);
	assert_int_equal(answer(r, 3, REVIEW_KEPT), OK);
	assert_int_equal(reviews_read_day(path, DAY, &day), OK);
	assert_int_equal(day.requested, 3);
	assert_int_equal(day.answered, 2);
	assert_int_equal(reviews_read_day(path, DAY - 1, &day), OK);
	assert_int_equal(day.requested, 1);
	assert_int_equal(day.answered, 1);
	assert_int_equal(reviews_read_day("/nowhere/reviews", DAY, &day), OK);
	assert_int_equal(day.requested, 0);
	reviews_close(r);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(requests_for_a_name_join_while_it_waits),
	    TEST(an_answer_ends_the_joining_and_a_no_may_become_a_yes),
	    TEST(later_reasons_are_counted_alone),
	    TEST(what_is_not_allowed_changes_nothing),
	    TEST(five_hundred_letters_of_any_length_fit),
	    TEST(ceilings_hold_and_answers_still_fit),
	    TEST(no_more_names_wait_than_people_can_answer),
	    TEST(the_bytes_on_disk_are_bounded),
	    TEST(old_ones_leave_the_file),
	    TEST(a_file_torn_anywhere_keeps_its_whole_lines),
	    TEST(a_damaged_line_costs_that_line),
	    TEST(a_strange_file_is_not_written_to),
	    TEST(a_full_disk_changes_nothing),
	    TEST(nothing_goes_to_a_file_that_was_replaced_and_not_synced),
	    TEST(the_files_own_times_tell_the_day_alone),
	    TEST(what_a_crash_left_of_the_words_is_removed),
	    TEST(a_day_is_counted_from_the_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
