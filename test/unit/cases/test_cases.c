/* Cases: each file whole or absent, times that tell the day alone, and who may open what. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cases/internal.h"

#define DAY UINT32_C(20261122)

struct fixture {
	char above[64];
	char folder[96];
	struct cases *cases;
	struct seal_secret secrets[3];
	struct seal_public keys[3]; /* two counsellors, a holder of a code */
};

static const uint8_t SALT[CASE_SALT_BYTES] = {1, 2, 3};

static void reopen(struct fixture *f)
{
	struct diag why = {.text = ""};

	cases_close(f->cases);
	f->cases = NULL;
	assert_int_equal(cases_open(&f->cases, f->folder, SALT, &why), OK);
}

static void set_up(struct fixture *f)
{
	*f = (struct fixture){.above = "/tmp/lachan-cases-XXXXXX"};
	assert_non_null(mkdtemp(f->above));
	(void)snprintf(f->folder, sizeof f->folder, "%s/reports", f->above);
	for (uint8_t i = 0; i < 3; i++) {
		uint8_t random[SEAL_KEY_BYTES];
		memset(random, i + 1, sizeof random);
		assert_int_equal(seal_pair_make(&f->secrets[i], &f->keys[i], random), OK);
	}
	reopen(f);
}

static size_t for_each_file(const struct fixture *f, bool remove)
{
	DIR *folder = opendir(f->folder);
	size_t count = 0;

	assert_non_null(folder);
	for (const struct dirent *e; (e = readdir(folder)) != NULL;) {
		if (e->d_name[0] == '.')
			continue;
		count++;
		if (remove)
			assert_int_equal(unlinkat(dirfd(folder), e->d_name, 0), 0);
	}
	(void)closedir(folder);
	return count;
}

static void tear_down(struct fixture *f)
{
	cases_close(f->cases);
	(void)for_each_file(f, true);
	assert_int_equal(rmdir(f->folder), 0);
	assert_int_equal(rmdir(f->above), 0);
}

static void seal_to(const struct fixture *f, struct buf *out, enum seal_purpose purpose,
    const char *context, size_t counsellors)
{
	uint8_t random[SEAL_RANDOM_BYTES(2)];
	struct seal_request request = {.purpose = purpose,
	    .context = slice_of(context),
	    .text = SLICE_LIT("words of a child"),
	    .to = f->keys,
	    .to_count = counsellors,
	    .random = random};

	memset(random, 7, sizeof random);
	assert_int_equal(seal_message(out, &request), OK);
}

static enum err add(struct fixture *f, uint8_t code)
{
	struct buf sealed = BUF_INIT(SEAL_FILE_MAX);
	char context[32];
	struct case_new what = {.id = cases_next_id(f->cases),
	    .day = DAY,
	    .code = {code},
	    .reply_key = f->keys[2]};

	(void)snprintf(context, sizeof context, "case %u", (unsigned)what.id);
	seal_to(f, &sealed, SEAL_REPORT, context, 2);
	what.sealed = buf_slice(&sealed);
	enum err rc = cases_add(f->cases, &what);
	buf_deinit(&sealed);
	return rc;
}

static enum err opens(const struct fixture *f, uint32_t id, size_t who)
{
	struct buf sealed = BUF_INIT(SEAL_FILE_MAX);
	struct seal_text text;
	char context[32];
	struct seal_opener opener = {.purpose = SEAL_REPORT, .secret = &f->secrets[who]};

	(void)snprintf(context, sizeof context, "case %u", (unsigned)id);
	opener.context = slice_of(context);
	enum err rc = cases_read(f->cases, id, &sealed, NULL);
	if (rc == OK)
		rc = seal_open(&text, buf_slice(&sealed), &opener);
	buf_deinit(&sealed);
	return rc;
}

static void a_case_survives_a_start(void **state)
{
	(void)state;
	struct fixture f;
	set_up(&f);

	assert_int_equal(add(&f, 1), OK);
	assert_int_equal(add(&f, 2), OK);
	assert_int_equal(cases_set_state(f.cases, 1, CASE_TAKEN, "mai", DAY + 1), OK);
	reopen(&f);
	assert_int_equal(cases_count(f.cases), 2);
	const struct report_case *one = cases_find(f.cases, 1);
	assert_non_null(one);
	assert_int_equal(one->day, DAY);
	assert_int_equal(one->changed_day, DAY + 1);
	assert_int_equal(one->state, CASE_TAKEN);
	assert_string_equal(one->owner, "mai");
	assert_int_equal(opens(&f, 1, 0), OK);
	assert_int_equal(opens(&f, 2, 1), OK);
	assert_int_equal(opens(&f, 2, 2), ERR_NOT_FOUND);
	assert_int_equal(cases_next_id(f.cases), 3);
	assert_memory_equal(cases_salt(f.cases).ptr, SALT, sizeof SALT);
	tear_down(&f);
}

static void a_code_finds_its_case(void **state)
{
	(void)state;
	struct fixture f;
	static const uint8_t code[CASE_CODE_BYTES] = {2};
	static const uint8_t other[CASE_CODE_BYTES] = {9};
	set_up(&f);

	assert_int_equal(add(&f, 1), OK);
	assert_int_equal(add(&f, 2), OK);
	assert_int_equal(add(&f, 2), ERR_EXISTS);
	assert_int_equal(cases_find_code(f.cases, code)->id, 2);
	assert_null(cases_find_code(f.cases, other));
	tear_down(&f);
}

static void the_files_tell_a_day_and_no_more(void **state)
{
	(void)state;
	struct fixture f;
	char path[160];
	struct stat s;
	set_up(&f);

	assert_int_equal(add(&f, 1), OK);
	(void)snprintf(path, sizeof path, "%s/1.case", f.folder);
	assert_int_equal(stat(path, &s), 0);
	assert_int_equal(s.st_mtim.tv_sec % 86400, 0);
	assert_int_equal(s.st_mtim.tv_nsec, 0);
	assert_int_equal(s.st_atim.tv_sec, s.st_mtim.tv_sec);
	assert_int_equal(s.st_mode & 0777, 0600);
	assert_int_equal(stat(f.folder, &s), 0);
	assert_int_equal(s.st_mtim.tv_sec % 86400, 0);
	assert_int_equal(s.st_mode & 0777, 0700);
	tear_down(&f);
}

static void reply(struct fixture *f, uint32_t id, struct buf *sealed)
{
	struct seal_public to[] = {f->keys[2], f->keys[0], f->keys[1]};
	uint8_t random[SEAL_RANDOM_BYTES(3)];
	struct seal_request request = {.purpose = SEAL_REPLY,
	    .context = SLICE_LIT("reply 1"),
	    .text = SLICE_LIT("come on Tuesday"),
	    .to = to,
	    .to_count = 3,
	    .random = random};

	memset(random, 4, sizeof random);
	assert_int_equal(seal_message(sealed, &request), OK);
	assert_int_equal(cases_set_reply(f->cases, id, buf_slice(sealed), DAY + 2), OK);
}

static void a_reply_is_kept_beside_it(void **state)
{
	(void)state;
	struct fixture f;
	struct buf sent = BUF_INIT(SEAL_FILE_MAX);
	struct buf kept = BUF_INIT(SEAL_FILE_MAX);
	set_up(&f);

	assert_int_equal(add(&f, 1), OK);
	reply(&f, 1, &sent);
	reopen(&f);
	assert_int_equal(cases_find(f.cases, 1)->reply_day, DAY + 2);
	assert_int_equal(cases_read(f.cases, 1, NULL, &kept), OK);
	assert_true(slice_equal(buf_slice(&kept), buf_slice(&sent)));
	assert_int_equal(opens(&f, 1, 1), OK);
	/* What is sealed as a report is no reply. */
	buf_reset(&kept);
	assert_int_equal(cases_read(f.cases, 1, &kept, NULL), OK);
	assert_int_equal(cases_set_reply(f.cases, 1, buf_slice(&kept), DAY), ERR_FORMAT);
	buf_deinit(&sent);
	buf_deinit(&kept);
	tear_down(&f);
}

static void sharing_adds_readers_and_takes_none_away(void **state)
{
	(void)state;
	struct fixture f;
	struct buf other = BUF_INIT(SEAL_FILE_MAX), less = BUF_INIT(SEAL_FILE_MAX);
	struct buf more = BUF_INIT(SEAL_FILE_MAX), now = BUF_INIT(SEAL_FILE_MAX);
	uint8_t id[SEAL_KEY_ID_BYTES], random[SEAL_KEY_BYTES];
	set_up(&f);
	struct seal_opener mai = {.purpose = SEAL_REPORT,
	    .context = SLICE_LIT("case 1"),
	    .secret = &f.secrets[0]};

	memset(random, 9, sizeof random);
	assert_int_equal(add(&f, 1), OK);
	seal_to(&f, &other, SEAL_REPORT, "another", 2);
	assert_int_equal(cases_share(f.cases, 1, buf_slice(&other)), ERR_DENIED);
	assert_int_equal(cases_read(f.cases, 1, &now, NULL), OK);
	assert_int_equal(seal_key_id(id, &f.keys[1]), OK);
	assert_int_equal(seal_drop(&less, buf_slice(&now), id), OK);
	assert_int_equal(cases_share(f.cases, 1, buf_slice(&less)), ERR_DENIED);
	assert_int_equal(opens(&f, 1, 1), OK);
	assert_int_equal(seal_share(&more, buf_slice(&now), &mai, &f.keys[2], random), OK);
	assert_int_equal(cases_share(f.cases, 1, buf_slice(&more)), OK);
	for (size_t who = 0; who < 3; who++)
		assert_int_equal(opens(&f, 1, who), OK);
	buf_deinit(&other);
	buf_deinit(&less);
	buf_deinit(&more);
	buf_deinit(&now);
	tear_down(&f);
}

static void who_left_opens_nothing_and_no_case_is_lost(void **state)
{
	(void)state;
	struct fixture f;
	struct buf sent = BUF_INIT(SEAL_FILE_MAX);
	struct buf left = BUF_INIT(SEAL_FILE_MAX);
	struct seal_view view;
	size_t dropped = 0;
	set_up(&f);

	assert_int_equal(add(&f, 1), OK);
	reply(&f, 1, &sent);
	assert_int_equal(add(&f, 2), OK);
	/* Nobody is left who could read: nothing is taken from anybody. */
	assert_int_equal(cases_keep_recipients(f.cases, &f.keys[2], 1, &dropped), OK);
	assert_int_equal(opens(&f, 1, 0), OK);
	assert_int_equal(opens(&f, 1, 1), OK);
	assert_int_equal(cases_keep_recipients(f.cases, &f.keys[0], 1, &dropped), OK);
	assert_int_equal(opens(&f, 1, 0), OK);
	assert_int_equal(opens(&f, 1, 1), ERR_NOT_FOUND);
	assert_int_equal(opens(&f, 2, 1), ERR_NOT_FOUND);
	reopen(&f);
	assert_int_equal(opens(&f, 2, 0), OK);
	/* The holder of the code keeps the reply. */
	assert_int_equal(cases_read(f.cases, 1, NULL, &left), OK);
	assert_int_equal(seal_look(&view, buf_slice(&left)), OK);
	assert_true(view.recipients >= 1);
	buf_deinit(&sent);
	buf_deinit(&left);
	tear_down(&f);
}

static void no_number_comes_twice(void **state)
{
	(void)state;
	struct fixture f;
	set_up(&f);

	for (uint8_t i = 1; i <= 3; i++)
		assert_int_equal(add(&f, i), OK);
	assert_int_equal(cases_erase(f.cases, 3), OK);
	assert_int_equal(cases_erase(f.cases, 3), ERR_NOT_FOUND);
	assert_int_equal(cases_next_id(f.cases), 4);
	reopen(&f);
	assert_int_equal(cases_next_id(f.cases), 4);
	assert_int_equal(cases_count(f.cases), 2);
	tear_down(&f);
}

static void closed_cases_leave_in_time_and_open_ones_stay(void **state)
{
	(void)state;
	struct fixture f;
	size_t erased = 9;
	set_up(&f);

	for (uint8_t i = 1; i <= 3; i++)
		assert_int_equal(add(&f, i), OK);
	assert_int_equal(cases_set_state(f.cases, 1, CASE_CLOSED, NULL, DAY), OK);
	assert_int_equal(cases_set_state(f.cases, 2, CASE_CLOSED, NULL, DAY + 1), OK);
	assert_int_equal(cases_expire(f.cases, DAY, &erased), OK);
	assert_int_equal(erased, 0);
	assert_int_equal(cases_expire(f.cases, DAY + 1, &erased), OK);
	assert_int_equal(erased, 1);
	assert_null(cases_find(f.cases, 1));
	assert_int_equal(cases_expire(f.cases, DAY + 100, &erased), OK);
	assert_int_equal(cases_count(f.cases), 1);
	assert_int_equal(cases_at(f.cases, 0)->id, 3);
	reopen(&f);
	assert_int_equal(cases_count(f.cases), 1);
	tear_down(&f);
}

static void what_is_not_allowed_is_refused(void **state)
{
	(void)state;
	struct fixture f;
	struct buf sealed = BUF_INIT(SEAL_FILE_MAX);
	set_up(&f);

	seal_to(&f, &sealed, SEAL_REPLY, "case 1", 1);
	struct case_new what = {.id = 1, .day = DAY, .sealed = buf_slice(&sealed)};
	assert_int_equal(cases_add(f.cases, &what), ERR_FORMAT);
	what.sealed.len--;
	assert_int_equal(cases_add(f.cases, &what), ERR_FORMAT);
	what.id = 2;
	assert_int_equal(cases_add(f.cases, &what), ERR_EXISTS);
	assert_int_equal(add(&f, 1), OK);
	assert_int_equal(
	    cases_set_state(f.cases, 2, CASE_TAKEN, "mai", DAY), ERR_NOT_FOUND);
	assert_int_equal(cases_set_state(f.cases, 1, CASE_TAKEN, "m ai", DAY), ERR_RANGE);
	assert_int_equal(cases_set_state(f.cases, 1, CASE_TAKEN, "mai\n", DAY), ERR_RANGE);
	assert_int_equal(cases_set_state(f.cases, 1, CASE_TAKEN, "mai", 0), ERR_RANGE);
	buf_deinit(&sealed);
	tear_down(&f);
}

/* Plainly, without the care of disk_put(). */
static void overwrite(const struct fixture *f, const char *name, struct slice bytes)
{
	char path[160];

	(void)snprintf(path, sizeof path, "%s/%s", f->folder, name);
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	if (bytes.len > 0)
		assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, file), bytes.len);
	assert_int_equal(fclose(file), 0);
}

static void a_torn_or_altered_file_is_seen_and_left(void **state)
{
	(void)state;
	struct fixture f;
	struct buf whole = BUF_INIT(CASE_FILE_MAX);
	struct report_case what;
	struct slice sealed, nothing;
	char path[160];
	set_up(&f);

	assert_int_equal(add(&f, 1), OK);
	assert_int_equal(add(&f, 2), OK);
	assert_int_equal(disk_get(f.cases, 1, &whole, &what, &sealed, &nothing), OK);
	for (size_t len = 0; len < whole.len; len += len < 400 ? 1 : 997) {
		struct slice torn = {whole.ptr, len};
		assert_int_equal(record_read(&what, &sealed, &nothing, torn), ERR_FORMAT);
	}
	for (size_t i = 0; i < whole.len; i += i < 400 ? 1 : 97) {
		whole.ptr[i] ^= 0x11;
		assert_int_equal(
		    record_read(&what, &sealed, &nothing, buf_slice(&whole)), ERR_FORMAT);
		whole.ptr[i] ^= 0x11;
	}
	overwrite(&f, "1.case", (struct slice){whole.ptr, whole.len / 2});
	overwrite(&f, "1.case.tmp.99", (struct slice){whole.ptr, whole.len / 3});
	assert_int_equal(opens(&f, 1, 0), ERR_FORMAT);
	reopen(&f);
	assert_int_equal(cases_damaged(f.cases), 1);
	assert_int_equal(cases_count(f.cases), 1);
	assert_int_equal(cases_next_id(f.cases), 3);
	(void)snprintf(path, sizeof path, "%s/1.case", f.folder);
	assert_int_equal(access(path, F_OK), 0);
	(void)snprintf(path, sizeof path, "%s/1.case.tmp.99", f.folder);
	assert_int_not_equal(access(path, F_OK), 0);
	/* Another's file under its name is none of it. */
	overwrite(&f, "2.case", buf_slice(&whole));
	assert_int_equal(opens(&f, 2, 0), ERR_FORMAT);
	buf_deinit(&whole);
	tear_down(&f);
}

static void a_damaged_store_is_told_not_replaced(void **state)
{
	(void)state;
	struct fixture f;
	struct diag why = {.text = ""};
	struct cases *again = NULL;
	set_up(&f);

	overwrite(&f, "store", SLICE_LIT("lachan-cases 1 salt=00 next=1 0\n"));
	assert_int_equal(cases_open(&again, f.folder, SALT, &why), ERR_FORMAT);
	assert_non_null(strstr(why.text, "codes"));
	overwrite(&f, "store", SLICE_EMPTY);
	assert_int_equal(cases_open(&again, f.folder, SALT, &why), ERR_FORMAT);
	tear_down(&f);
}

/* A disk that takes no more than so many bytes of a file. */
static void without_room_nothing_is_half_there(void **state)
{
	(void)state;
	struct fixture f;
	struct rlimit before, small;
	set_up(&f);

	assert_int_equal(add(&f, 1), OK);
	size_t files = for_each_file(&f, false);
	void (*old)(int) = signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	for (rlim_t room = 0; room < 4000; room += 500) {
		small = (struct rlimit){.rlim_cur = room, .rlim_max = before.rlim_max};
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
		enum err added = add(&f, 2);
		enum err changed = cases_set_state(f.cases, 1, CASE_TAKEN, "mai", DAY);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
		assert_int_equal(added, ERR_IO);
		assert_int_equal(changed, ERR_IO);
		assert_int_equal(for_each_file(&f, false), files);
		assert_int_equal(cases_count(f.cases), 1);
		assert_int_equal(cases_find(f.cases, 1)->state, CASE_NEW);
		assert_int_equal(opens(&f, 1, 0), OK);
	}
	(void)signal(SIGXFSZ, old);
	assert_int_equal(add(&f, 2), OK);
	reopen(&f);
	assert_int_equal(cases_count(f.cases), 2);
	assert_int_equal(cases_damaged(f.cases), 0);
	tear_down(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_case_survives_a_start),
	    cmocka_unit_test(a_code_finds_its_case),
	    cmocka_unit_test(the_files_tell_a_day_and_no_more),
	    cmocka_unit_test(a_reply_is_kept_beside_it),
	    cmocka_unit_test(sharing_adds_readers_and_takes_none_away),
	    cmocka_unit_test(who_left_opens_nothing_and_no_case_is_lost),
	    cmocka_unit_test(no_number_comes_twice),
	    cmocka_unit_test(closed_cases_leave_in_time_and_open_ones_stay),
	    cmocka_unit_test(what_is_not_allowed_is_refused),
	    cmocka_unit_test(a_torn_or_altered_file_is_seen_and_left),
	    cmocka_unit_test(a_damaged_store_is_told_not_replaced),
	    cmocka_unit_test(without_room_nothing_is_half_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
