/* What was acknowledged is there after kill -9 at any moment, and after the server's; a full disk
 * is a refusal that damages nothing. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "databases.h"
#include "district/store/internal.h"
#include "made.h"

enum {
	ROUNDS = 12,
	DOCUMENTS = 400
};

static void make_nth(struct made *m, unsigned n)
{
	char unit[STORE_UNIT_BYTES];
	struct made_random r = {5000 + n};

	(void)snprintf(unit, sizeof unit, "school-%u", n % 3);
	made_document(m, &r, unit, 20700 + (int32_t)(n / 6), REPORT_DAY, n / 3 % 2 + 1);
}

/* Sends from `first` on and says of each one that it is on disk. */
static void send_until_killed(unsigned first, int out)
{
	struct store *store = databases_open_again();

	for (unsigned n = first; n < DOCUMENTS; n++) {
		struct made m;
		enum document_result result;
		make_nth(&m, n);
		struct document put = made_put(&m);
		if (store_document_put(store, &put, &result) == OK &&
		    write(out, &n, sizeof n) != (ssize_t)sizeof n)
			_exit(1);
		made_deinit(&m);
	}
	store_close(store);
	_exit(0);
}

/* A child that sends; killed when `acks` were heard. Returns behind the last one heard. */
static unsigned run_round(unsigned first, unsigned acks)
{
	unsigned n = 0, heard = first;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)close(ends[0]);
		send_until_killed(first, ends[1]);
	}
	(void)close(ends[1]);
	while (acks-- > 0 && read(ends[0], &n, sizeof n) == (ssize_t)sizeof n)
		heard = n + 1;
	(void)kill(pid, SIGKILL);
	while (read(ends[0], &n, sizeof n) == (ssize_t)sizeof n)
		heard = n + 1; /* said before it died */
	(void)close(ends[0]);
	(void)waitpid(pid, NULL, 0);
	return heard;
}

static void all_are_there(struct store *store, unsigned count)
{
	for (unsigned n = 0; n < count; n++) {
		struct made m;
		make_nth(&m, n);
		made_store(store, &m, DOCUMENT_SAME);
		made_deinit(&m);
	}
	if (store_check(store) != OK)
		fail_msg("%s", store_why(store));
}

static void what_was_acknowledged_survives_kill_9(void **state)
{
	struct made_random r = {31};
	unsigned first = 0;
	(void)state;

	struct store *store = databases_open();
	for (unsigned round = 0; round < ROUNDS && first < DOCUMENTS; round++) {
		first = run_round(first, 1 + made_below(&r, 20));
		all_are_there(store, first);
	}
	assert_true(first > 0);
	store_close(store);
}

static void what_was_acknowledged_survives_the_servers_crash(void **state)
{
	unsigned first = 0;
	(void)state;

	if (databases_kind() != DATABASE_POSTGRESQL)
		skip();
	struct store *store = databases_open();
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned n = 0; n < 15; n++, first++) {
			struct made m;
			make_nth(&m, first);
			made_store(store, &m,
			    first / 3 % 2 == 0 ? DOCUMENT_NEW : DOCUMENT_SUPERSEDED);
			made_deinit(&m);
		}
		databases_crash_server();
		all_are_there(store, first);
	}
	store_close(store);
}

/* ---- a full disk ---- */

/* Puts documents until one is refused; how many were taken. */
static unsigned fill_up(struct store *store, unsigned first, enum err *rc)
{
	unsigned n = first;

	*rc = OK;
	while (*rc == OK && n < DOCUMENTS) {
		struct made m;
		enum document_result result;
		make_nth(&m, n);
		struct document put = made_put(&m);
		*rc = store_document_put(store, &put, &result);
		made_deinit(&m);
		n += *rc == OK;
	}
	return n;
}

static void a_full_database_refuses_and_goes_on_when_there_is_room(void **state)
{
	enum err rc = OK;
	(void)state;

	if (databases_kind() != DATABASE_SQLITE)
		skip();
	struct store *store = databases_open();
	assert_int_equal(sql_script(store->sql, "PRAGMA max_page_count=60"), OK);
	unsigned taken = fill_up(store, 0, &rc);
	assert_int_equal(rc, ERR_FULL);
	assert_true(store_why(store)[0] != 0);
	assert_true(taken > 0);
	all_are_there(store, taken);
	assert_int_equal(sql_script(store->sql, "PRAGMA max_page_count=1000000"), OK);
	assert_int_equal(fill_up(store, taken, &rc), DOCUMENTS);
	all_are_there(store, DOCUMENTS);
	store_close(store);
}

/* A disk of its own, that ends: in a mount namespace, so that nobody else sees it. */
static bool mount_small_disk(const char *folder)
{
	return mkdir(folder, 0700) == 0 && unshare(CLONE_NEWNS) == 0 &&
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	    mount("none", folder, "tmpfs", 0, "size=1m") == 0;
}

enum {
	FULL_PINGS = 1000 /* what one page each would never fit into */
};

static void a_full_disk_refuses_and_damages_nothing(void **state)
{
	char folder[WHERE_BYTES], where[WHERE_BYTES + 64];
	struct diag why = {0};
	struct store *store = NULL;
	enum err rc = OK;
	(void)state;

	(void)snprintf(folder, sizeof folder, "%s/small", databases_folder());
	if (databases_kind() != DATABASE_SQLITE || !mount_small_disk(folder))
		skip();
	(void)snprintf(where, sizeof where, "sqlite:%s/district.db", folder);
	assert_int_equal(store_open(&store, where, &why), OK);
	unsigned taken = fill_up(store, 0, &rc);
	assert_true(rc == ERR_FULL || rc == ERR_IO);
	assert_true(taken > 0);
	unsigned pings = 0;
	while (store_ping(store) == OK && pings < FULL_PINGS)
		pings++;
	assert_true(pings < FULL_PINGS); /* who watches hears of it */
	all_are_there(store, taken);
	store_close(store);
	assert_int_equal(mount(NULL, folder, "tmpfs", MS_REMOUNT, "size=64m"), 0);
	assert_int_equal(store_open(&store, where, &why), OK);
	all_are_there(store, taken);
	assert_int_equal(fill_up(store, taken, &rc), DOCUMENTS);
	all_are_there(store, DOCUMENTS);
	store_close(store);
	assert_int_equal(umount(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_acknowledged_survives_kill_9),
	    cmocka_unit_test(what_was_acknowledged_survives_the_servers_crash),
	    cmocka_unit_test(a_full_database_refuses_and_goes_on_when_there_is_room),
	    cmocka_unit_test(a_full_disk_refuses_and_damages_nothing),
	};

	return databases_run(tests, COUNT_OF(tests));
}
