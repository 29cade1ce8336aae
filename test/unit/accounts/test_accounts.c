/* Who may answer: what is refused as a name, a role, a password or a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "accounts/accounts.h"
#include "base/file.h"

#define COUNSELLOR ACCOUNT_BIT(ACCOUNT_COUNSELLOR)
#define TEACHER    ACCOUNT_BIT(ACCOUNT_TEACHER)
#define ADMIN      ACCOUNT_BIT(ACCOUNT_ADMIN)

static char folder[64];
static char path[96];

static int set_up(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof folder, "/tmp/lachan-accounts-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(path, sizeof path, "%s/users", folder);
	return 0;
}

static int tear_down(void **state)
{
	char command[96];
	(void)state;
	(void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
	return system(command); /* NOLINT(cert-env33-c): a path of ours */
}

/* Cheap: the cost stands in the record. */
static struct account make(const char *name, unsigned roles, const char *password)
{
	struct account a = {.roles = roles, .made = "2026-11-22", .cost = {4, 1, 1}};

	(void)snprintf(a.name, sizeof a.name, "%s", name);
	memset(a.salt, name[0], sizeof a.salt);
	assert_int_equal(seal_stretch(a.hash, slice_of(password),
	                     (struct slice){a.salt, sizeof a.salt}, a.cost),
	    OK);
	a.has_key = (roles & COUNSELLOR) != 0;
	if (a.has_key) {
		memset(a.key.bytes, 0xab, sizeof a.key.bytes);
		memset(a.wrapped, 0xcd, sizeof a.wrapped);
	}
	return a;
}

static void put(struct accounts *all, const char *name, unsigned roles)
{
	struct account a = make(name, roles, "mua thu hanoi");
	assert_int_equal(accounts_put(all, &a), OK);
}

static struct accounts some(void)
{
	struct accounts all = ACCOUNTS_NONE;

	put(&all, "mai", COUNSELLOR | TEACHER);
	put(&all, "an", ADMIN);
	put(&all, "hoa", TEACHER);
	return all;
}

static void write_text(const char *text)
{
	assert_int_equal(file_write_atomic(path, slice_of(text), 0600), OK);
}

static void the_list_is_in_order_and_found_by_name(void **state)
{
	(void)state;
	struct accounts all = some();

	assert_int_equal(all.count, 3);
	assert_string_equal(all.items[0].name, "an");
	assert_string_equal(all.items[2].name, "mai");
	assert_non_null(accounts_find(&all, "hoa"));
	assert_null(accounts_find(&all, "ho"));
	assert_int_equal(accounts_count(&all, TEACHER), 2);
	assert_int_equal(accounts_count(&all, ADMIN | COUNSELLOR), 2);
	put(&all, "hoa", ADMIN);
	assert_int_equal(all.count, 3);
	assert_int_equal(accounts_count(&all, ADMIN), 2);
	assert_true(accounts_drop(&all, "an"));
	assert_false(accounts_drop(&all, "an"));
	assert_null(accounts_find(&all, "an"));
	assert_non_null(accounts_find(&all, "mai"));
	accounts_deinit(&all);
}

static void two_hundred_is_the_ceiling(void **state)
{
	(void)state;
	struct accounts all = ACCOUNTS_NONE;
	struct account a = make("aa", TEACHER, "x");

	for (int i = 0; i < ACCOUNTS_MAX; i++) {
		(void)snprintf(a.name, sizeof a.name, "u%d", i);
		assert_int_equal(accounts_put(&all, &a), OK);
	}
	assert_int_equal(accounts_put(&all, &a), OK); /* the same once more */
	(void)snprintf(a.name, sizeof a.name, "more");
	assert_int_equal(accounts_put(&all, &a), ERR_FULL);
	accounts_deinit(&all);
}

static void names_are_short_and_plain(void **state)
{
	(void)state;
	static const char *const good[] = {"hoa", "a1", "nguyen.thi-hoa_2"};
	static const char *const wrong[] = {"", "h", "Hoa", "1hoa", "hoa mai", "hòa", "a/b",
	    "..", "a:b", "abcdefghijklmnopqrstuvwxyz0123456"};
	char name[ACCOUNT_NAME_BYTES];

	for (size_t i = 0; i < COUNT_OF(good); i++)
		assert_true(account_name_is_sound(slice_of(good[i])));
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		assert_false(account_name_is_sound(slice_of(wrong[i])));
	assert_true(account_name_of(name, slice_of("  Co.Hoa ")));
	assert_string_equal(name, "co.hoa");
	assert_false(account_name_of(name, slice_of("Cô Hoa")));
}

static void roles_are_words_with_commas(void **state)
{
	(void)state;
	unsigned roles = 0;
	char text[ACCOUNT_ROLES_TEXT_BYTES];

	assert_true(
	    account_roles_of(ACCOUNT_HOUSE_SCHOOL, slice_of("teacher,counsellor"), &roles));
	assert_int_equal(roles, TEACHER | COUNSELLOR);
	account_roles_text(text, roles);
	assert_string_equal(text, "counsellor,teacher");
	account_roles_text(text, (1U << ACCOUNT_SCHOOL_ROLES) - 1);
	assert_string_equal(text, "admin,approver,counsellor,teacher,viewer");
	static const char *const wrong[] = {"", "teacher,", ",teacher", "teacher,teacher",
	    "Teacher", "teacher admin", "root"};
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		assert_false(
		    account_roles_of(ACCOUNT_HOUSE_SCHOOL, slice_of(wrong[i]), &roles));
	assert_int_equal(roles, TEACHER | COUNSELLOR);
}

static void each_house_has_its_own_roles(void **state)
{
	(void)state;
	static const char *const schools[] = {"admin", "approver", "counsellor", "teacher"};
	static const char *const departments[] = {
	    "operator", "education", "ict", "police", "child_affairs", "youth_union"};
	unsigned all = account_house_roles(ACCOUNT_HOUSE_DEPARTMENT), roles = 0;
	char text[ACCOUNT_ROLES_TEXT_BYTES];

	for (size_t i = 0; i < COUNT_OF(schools); i++)
		assert_false(account_roles_of(
		    ACCOUNT_HOUSE_DEPARTMENT, slice_of(schools[i]), &roles));
	for (size_t i = 0; i < COUNT_OF(departments); i++)
		assert_false(account_roles_of(
		    ACCOUNT_HOUSE_SCHOOL, slice_of(departments[i]), &roles));
	assert_true(
	    account_roles_of(ACCOUNT_HOUSE_DEPARTMENT, slice_of("ict,viewer"), &roles));
	assert_int_equal(roles, ACCOUNT_BIT(ACCOUNT_ICT) | ACCOUNT_BIT(ACCOUNT_VIEWER));
	account_roles_text(text, all);
	assert_string_equal(
	    text, "viewer,operator,education,ict,police,child_affairs,youth_union");
}

/* Some account that both houses could have, in the file of `house`. */
static void write_house(struct buf *out, enum account_house house, unsigned roles)
{
	struct accounts all = {.house = house};
	struct account one = {.name = "hoa",
	    .roles = roles,
	    .made = "2026-11-22",
	    .cost = {.log_n = 4, .r = 1, .p = 1}};

	assert_int_equal(accounts_put(&all, &one), OK);
	accounts_write(out, &all);
	assert_int_equal(buf_status(out), OK);
	accounts_deinit(&all);
}

static void a_file_of_one_house_opens_no_door_of_the_other(void **state)
{
	(void)state;
	for (int house = 0; house < 2; house++) {
		struct accounts back = ACCOUNTS_NONE;
		struct buf text = BUF_INIT(ACCOUNTS_FILE_MAX);
		struct diag why = {.text = ""};

		write_house(&text, (enum account_house)house, ACCOUNT_BIT(ACCOUNT_VIEWER));
		assert_int_equal(accounts_read(&back, (enum account_house) !house,
		                     buf_slice(&text), "users", &why),
		    ERR_FORMAT);
		assert_int_equal(accounts_read(&back, (enum account_house)house,
		                     buf_slice(&text), "users", &why),
		    OK);
		assert_int_equal(back.house, house);
		accounts_deinit(&back);
		buf_deinit(&text);
	}
}

static void a_role_of_the_other_house_damages_a_file(void **state)
{
	(void)state;
	struct accounts back = ACCOUNTS_NONE;
	struct buf text = BUF_INIT(ACCOUNTS_FILE_MAX);
	struct diag why = {.text = ""};

	write_house(&text, ACCOUNT_HOUSE_DEPARTMENT, ACCOUNT_BIT(ACCOUNT_APPROVER));
	assert_int_equal(
	    accounts_read(&back, ACCOUNT_HOUSE_DEPARTMENT, buf_slice(&text), "users", &why),
	    ERR_FORMAT);
	assert_int_equal(why.line, 2);
	assert_non_null(strstr(why.text, "lachan-district user add"));
	buf_deinit(&text);
}

static void weak_passwords_are_refused_with_a_reason(void **state)
{
	(void)state;
	static const char *const wrong[] = {"", "ngan", "123456789", "nguyenhoa1",
	    "NguyenHoa2026", "aaaaaaaaaaaa", "1111122222", "1234567890", "0987654321",
	    "abcdefghijklmn", "MatKhau123", "qwertyuiop", "tab\tin the middle"};
	static const char *const good[] = {
	    "mua thu ha noi", "bốn từ của tôi", "nguyenhoa va con meo den", "kx7!Qe2#pL"};
	char big[ACCOUNT_PASSWORD_MAX + 2];

	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		assert_non_null(account_judge_password(slice_of(wrong[i]), "nguyenhoa"));
	for (size_t i = 0; i < COUNT_OF(good); i++)
		assert_null(account_judge_password(slice_of(good[i]), "nguyenhoa"));
	for (size_t i = 0; i < sizeof big; i++)
		big[i] = (char)('a' + i * 7 % 26);
	big[sizeof big - 1] = 0;
	assert_non_null(account_judge_password(slice_of(big), "hoa"));
	big[ACCOUNT_PASSWORD_MAX] = 0;
	assert_null(account_judge_password(slice_of(big), "hoa"));
}

static void only_the_right_password_of_the_right_name_is_right(void **state)
{
	(void)state;
	struct accounts all = some();
	struct accounts none = ACCOUNTS_NONE;
	bool right = false;

	assert_int_equal(
	    accounts_check_password(&all, "hoa", slice_of("mua thu hanoi"), &right), OK);
	assert_true(right);
	assert_int_equal(
	    accounts_check_password(&all, "hoa", slice_of("mua thu hanoI"), &right), OK);
	assert_false(right);
	/* A name that nobody has stands in front of somebody's hash: never right. */
	for (char name[] = "aaa"; name[2] < 'z'; name[2]++) {
		right = true;
		assert_int_equal(
		    accounts_check_password(&all, name, slice_of("mua thu hanoi"), &right),
		    OK);
		assert_false(right);
	}
	right = true;
	assert_int_equal(accounts_check_password(&none, "hoa", slice_of("x"), &right), OK);
	assert_false(right);
	accounts_deinit(&all);
}

static void a_new_password_costs_sixteen_mebibytes(void **state)
{
	(void)state;
	struct accounts all = ACCOUNTS_NONE;
	struct account a = make("hoa", TEACHER, "the old one");
	const uint8_t salt[ACCOUNT_SALT_BYTES] = {1, 2, 3};
	bool right = false;

	assert_int_equal(account_set_password(&a, slice_of("the new one"), salt), OK);
	assert_int_equal(128 * a.cost.r << a.cost.log_n, 16 << 20);
	assert_int_equal(accounts_put(&all, &a), OK);
	assert_int_equal(
	    accounts_check_password(&all, "hoa", slice_of("the new one"), &right), OK);
	assert_true(right);
	assert_int_equal(
	    accounts_check_password(&all, "hoa", slice_of("the old one"), &right), OK);
	assert_false(right);
	accounts_deinit(&all);
}

static void what_is_written_reads_back(void **state)
{
	(void)state;
	struct accounts all = some(), back = ACCOUNTS_NONE;
	struct buf text = BUF_INIT(ACCOUNTS_FILE_MAX);
	struct diag why = {.text = ""};

	accounts_write(&text, &all);
	assert_int_equal(
	    accounts_read(&back, ACCOUNT_HOUSE_SCHOOL, buf_slice(&text), "users", &why),
	    OK);
	assert_int_equal(back.count, all.count);
	for (size_t i = 0; i < all.count; i++)
		assert_memory_equal(&back.items[i], &all.items[i], sizeof all.items[i]);
	buf_deinit(&text);
	accounts_deinit(&all);
	accounts_deinit(&back);
}

/* Every beginning of the file, and every octet of it changed, gives nobody or a list that
 * writes back as it was read. */
static void a_damaged_file_opens_no_door(void **state)
{
	(void)state;
	struct accounts all = some();
	struct buf text = BUF_INIT(ACCOUNTS_FILE_MAX);
	struct diag why;

	accounts_write(&text, &all);
	size_t head = strlen("lachan-users 1\n");
	for (size_t len = 0; len < text.len; len++) {
		struct accounts back = ACCOUNTS_NONE;
		why = (struct diag){.text = ""};
		enum err rc = accounts_read(&back, ACCOUNT_HOUSE_SCHOOL,
		    (struct slice){text.ptr, len}, "users", &why);
		bool whole_lines = len >= head && text.ptr[len - 1] == '\n';
		assert_int_equal(rc, whole_lines ? OK : ERR_FORMAT);
		if (rc != OK) {
			assert_null(back.items);
			assert_string_equal(why.file, "users");
			assert_true(why.line > 0 && why.column > 0);
			assert_non_null(strstr(why.text, "lachanctl user add"));
		}
		accounts_deinit(&back);
	}
	for (size_t at = 0; at < text.len; at++) {
		struct accounts back = ACCOUNTS_NONE;
		struct buf again = BUF_INIT(ACCOUNTS_FILE_MAX);
		text.ptr[at] ^= 0x11;
		if (accounts_read(&back, ACCOUNT_HOUSE_SCHOOL, buf_slice(&text), "users",
		        &why) == OK) {
			accounts_write(&again, &back);
			assert_true(slice_equal(buf_slice(&again), buf_slice(&text)));
		}
		text.ptr[at] ^= 0x11;
		accounts_deinit(&back);
		buf_deinit(&again);
	}
	buf_deinit(&text);
	accounts_deinit(&all);
}

static void mistakes_are_told_with_their_place(void **state)
{
	(void)state;
#define P                                                   \
	" password=4:1:1:00000000000000000000000000000000:" \
	"0000000000000000000000000000000000000000000000000000000000000000"
	static const struct {
		const char *text;
		unsigned line, column;
	} cases[] = {
	    {"", 1, 1},
	    {"lachan-users 2\n", 1, 1},
	    {"lachan-users 1\n\n", 2, 1},
	    {"lachan-users 1\nname=Hoa roles=teacher made=2026-11-22" P "\n", 2, 6},
	    {"lachan-users 1\nname=hoa roles=teacher,admin made=2026-11-22" P "\n", 2, 16},
	    {"lachan-users 1\nname=hoa  roles=teacher made=2026-11-22" P "\n", 2, 10},
	    {"lachan-users 1\nname=hoa roles=teacher made=22.11.2026" P "\n", 2, 29},
	    {"lachan-users 1\nname=hoa roles=teacher made=2026-11-22" P " \n", 2, 153},
	    {"lachan-users 1\nname=hoa roles=counsellor made=2026-11-22" P "\n", 2, 155},
	    {"lachan-users 1\nname=hoa roles=teacher made=2026-11-22" P "\nname=hoa", 3, 1},
	    {"lachan-users 1\nname=hoa roles=teacher made=2026-11-22" P
	     "\nname=an roles=teacher made=2026-11-22" P "\n",
	        3, 1},
	    {"lachan-users 1\nname=hoa roles=teacher made=2026-11-22 password=18:1:1:0:0\n",
	        2, 49},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct accounts all = ACCOUNTS_NONE;
		struct diag why = {.text = ""};
		assert_int_equal(accounts_read(&all, ACCOUNT_HOUSE_SCHOOL,
		                     slice_of(cases[i].text), "users", &why),
		    ERR_FORMAT);
		if (why.line != cases[i].line || why.column != cases[i].column)
			fail_msg("case %zu: %u:%u: %s", i, why.line, why.column, why.text);
	}
}

static void a_file_that_is_not_there_holds_nobody(void **state)
{
	(void)state;
	struct accounts all = {.count = 7};
	struct diag why;

	assert_int_equal(accounts_load(&all, ACCOUNT_HOUSE_SCHOOL, path, &why), OK);
	assert_int_equal(all.count, 0);
}

static void others_may_neither_read_nor_write_it(void **state)
{
	(void)state;
	struct accounts all = ACCOUNTS_NONE;
	struct diag why = {.text = ""};

	write_text("lachan-users 1\n");
	assert_int_equal(accounts_load(&all, ACCOUNT_HOUSE_SCHOOL, path, &why), OK);
	static const mode_t open_modes[] = {0640, 0604, 0602, 0620};
	for (size_t i = 0; i < COUNT_OF(open_modes); i++) {
		assert_int_equal(chmod(path, open_modes[i]), 0);
		assert_int_equal(
		    accounts_load(&all, ACCOUNT_HOUSE_SCHOOL, path, &why), ERR_DENIED);
		assert_non_null(strstr(why.text, "chmod 600"));
	}
}

static void a_change_replaces_the_file_with_mode_0600(void **state)
{
	(void)state;
	struct accounts_edit edit = ACCOUNTS_EDIT_NONE;
	struct accounts back = ACCOUNTS_NONE;
	struct diag why;
	struct stat st;
	mode_t before = umask(0);

	assert_int_equal(accounts_begin(&edit, ACCOUNT_HOUSE_SCHOOL, path, &why), OK);
	put(&edit.all, "hoa", TEACHER);
	assert_int_equal(accounts_commit(&edit, &why), OK);
	accounts_end(&edit);
	(void)umask(before);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(accounts_load(&back, ACCOUNT_HOUSE_SCHOOL, path, &why), OK);
	assert_int_equal(back.count, 1);
	accounts_deinit(&back);
	/* One that is given up changes nothing. */
	assert_int_equal(accounts_begin(&edit, ACCOUNT_HOUSE_SCHOOL, path, &why), OK);
	put(&edit.all, "mai", TEACHER);
	accounts_end(&edit);
	assert_int_equal(accounts_load(&back, ACCOUNT_HOUSE_SCHOOL, path, &why), OK);
	assert_int_equal(back.count, 1);
	accounts_deinit(&back);
}

static void what_a_change_that_was_cut_off_left_is_removed(void **state)
{
	(void)state;
	struct accounts_edit edit = ACCOUNTS_EDIT_NONE;
	struct diag why;
	char left[96], others[96];

	(void)snprintf(left, sizeof left, "%s/users.tmp.77", folder);
	(void)snprintf(others, sizeof others, "%s/users.tmp.mine", folder);
	assert_int_equal(file_write_atomic(left, SLICE_LIT("name=hoa"), 0600), OK);
	assert_int_equal(file_write_atomic(others, SLICE_LIT("mine"), 0600), OK);
	assert_int_equal(accounts_begin(&edit, ACCOUNT_HOUSE_SCHOOL, path, &why), OK);
	accounts_end(&edit);
	assert_int_equal(access(left, F_OK), -1);
	assert_int_equal(access(others, F_OK), 0);
}

static void a_broken_file_is_not_written_over(void **state)
{
	(void)state;
	struct accounts_edit edit = ACCOUNTS_EDIT_NONE;
	struct diag why = {.text = ""};

	write_text("lachan-users 1\nname=hoa");
	assert_int_equal(
	    accounts_begin(&edit, ACCOUNT_HOUSE_SCHOOL, path, &why), ERR_FORMAT);
	accounts_end(&edit);
}

/* Two processes that add an account each, many times: none is lost. */
static void changes_at_the_same_time_wait_for_each_other(void **state)
{
	(void)state;
	enum {
		EACH = 20
	};
	struct accounts back = ACCOUNTS_NONE;
	struct diag why;
	pid_t children[2];

	for (int child = 0; child < 2; child++) {
		children[child] = fork();
		assert_true(children[child] >= 0);
		if (children[child] != 0)
			continue;
		for (int i = 0; i < EACH; i++) {
			struct accounts_edit edit = ACCOUNTS_EDIT_NONE;
			struct account a = {.roles = TEACHER, .made = "2026-11-22"};
			a.cost = (struct seal_cost){4, 1, 1};
			(void)snprintf(a.name, sizeof a.name, "u%d-%d", child, i);
			if (accounts_begin(&edit, ACCOUNT_HOUSE_SCHOOL, path, &why) != OK ||
			    accounts_put(&edit.all, &a) != OK ||
			    accounts_commit(&edit, &why) != OK)
				_exit(1);
			accounts_end(&edit);
		}
		_exit(0);
	}
	for (int child = 0; child < 2; child++) {
		int status = -1;
		assert_int_equal(waitpid(children[child], &status, 0), children[child]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(accounts_load(&back, ACCOUNT_HOUSE_SCHOOL, path, &why), OK);
	assert_int_equal(back.count, 2 * EACH);
	accounts_deinit(&back);
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(the_list_is_in_order_and_found_by_name),
	    T(two_hundred_is_the_ceiling),
	    T(names_are_short_and_plain),
	    T(roles_are_words_with_commas),
	    T(each_house_has_its_own_roles),
	    T(a_file_of_one_house_opens_no_door_of_the_other),
	    T(a_role_of_the_other_house_damages_a_file),
	    T(weak_passwords_are_refused_with_a_reason),
	    T(only_the_right_password_of_the_right_name_is_right),
	    T(a_new_password_costs_sixteen_mebibytes),
	    T(what_is_written_reads_back),
	    T(a_damaged_file_opens_no_door),
	    T(mistakes_are_told_with_their_place),
	    T(a_file_that_is_not_there_holds_nobody),
	    T(others_may_neither_read_nor_write_it),
	    T(a_change_replaces_the_file_with_mode_0600),
	    T(what_a_change_that_was_cut_off_left_is_removed),
	    T(a_broken_file_is_not_written_over),
	    T(changes_at_the_same_time_wait_for_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
