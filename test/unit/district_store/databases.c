#include "databases.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "district/store/sql.h"

enum {
	START_TRIES = 600, /* of 100 ms: a loaded machine is slow to start a server */
	ROOM_BYTES = 1 << 30,
	PATH_BYTES = 200
};

static struct {
	enum database_kind kind;
	char folder[PATH_BYTES];
	char last[WHERE_BYTES];
	unsigned made;
	char bin[PATH_BYTES];
	char user[64];
	uid_t uid;
	gid_t gid;
	pid_t server;
} here;

static void die(const char *what)
{
	(void)fprintf(stderr, "databases: %s: %s\n", what, strerror(errno));
	abort();
}

const char *databases_folder(void)
{
	return here.folder;
}

enum database_kind databases_kind(void)
{
	return here.kind;
}

/* ---- the server ---- */

static enum err open_postgresql(struct sql **out, const char *where, struct diag *why)
{
#if LACHAN_POSTGRESQL
	return sql_open_postgresql(out, where, why);
#else
	(void)out;
	(void)where;
	(void)why;
	return ERR_UNSUPPORTED;
#endif
}

static bool find_server(void)
{
	glob_t found;
	bool any = false;

	if (glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &found) == 0) {
		const char *last = found.gl_pathv[found.gl_pathc - 1];
		(void)snprintf(here.bin, sizeof here.bin, "%.*s",
		    (int)(strlen(last) - strlen("/initdb")), last);
		any = true;
	}
	globfree(&found);
	return any;
}

/* PostgreSQL refuses to run as root. */
static bool find_user(void)
{
	static const char *const names[] = {"postgres", "nobody"};

	here.uid = getuid();
	here.gid = getgid();
	const struct passwd *user = getpwuid(here.uid);
	for (size_t i = 0; here.uid == 0 && i < COUNT_OF(names); i++) {
		user = getpwnam(names[i]);
		if (user != NULL) {
			here.uid = user->pw_uid;
			here.gid = user->pw_gid;
		}
	}
	if (user == NULL || here.uid == 0)
		return false;
	(void)snprintf(here.user, sizeof here.user, "%s", user->pw_name);
	return true;
}

static void become_user(void)
{
	if (getuid() == 0 &&
	    (setgroups(0, NULL) != 0 || setgid(here.gid) != 0 || setuid(here.uid) != 0))
		_exit(126);
	/* Behind setuid(), which forgets it: the server ends with this program. */
	(void)prctl(PR_SET_PDEATHSIG, SIGQUIT);
	int log = open("server.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (log >= 0) {
		(void)dup2(log, 1);
		(void)dup2(log, 2);
	}
}

static pid_t start(const char *const *args)
{
	char program[PATH_BYTES + 32];

	(void)snprintf(program, sizeof program, "%s/%s", here.bin, args[0]);
	pid_t pid = fork();
	if (pid < 0)
		die("fork");
	if (pid > 0)
		return pid;
	if (chdir(here.folder) != 0)
		_exit(126);
	become_user();
	execv(program, (char *const *)(uintptr_t)args);
	_exit(127);
}

static void start_server(void)
{
	const char *const args[] = {"postgres", "-D", "data", "-k", here.folder, "-c",
	    "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=60", "-c",
	    "shared_buffers=32MB", "-c", "dynamic_shared_memory_type=mmap", NULL};
	struct diag why = {0};
	char where[WHERE_BYTES];
	struct sql *sql = NULL;

	here.server = start(args);
	(void)snprintf(where, sizeof where, "postgresql://%s@/postgres?host=%s", here.user,
	    here.folder);
	for (unsigned i = 0; i < START_TRIES; i++) {
		if (open_postgresql(&sql, where, &why) == OK) {
			sql_close(sql);
			return;
		}
		struct timespec pause = {0, 100000000};
		(void)nanosleep(&pause, NULL);
	}
	die(why.text);
}

static void stop_server(void)
{
	if (here.server <= 0)
		return;
	(void)kill(here.server, SIGINT); /* fast: without waiting for clients */
	(void)waitpid(here.server, NULL, 0);
	here.server = 0;
}

void databases_restart_server(void)
{
	stop_server();
	start_server();
}

void databases_crash_server(void)
{
	(void)kill(here.server, SIGQUIT);
	(void)waitpid(here.server, NULL, 0);
	start_server();
}

static void make_cluster(void)
{
	static const char *const args[] = {
	    "initdb", "-D", "data", "-A", "trust", "-E", "UTF8", "--locale=C", "-N", NULL};
	int status = 0;

	if (chown(here.folder, here.uid, here.gid) != 0)
		die("chown");
	(void)waitpid(start(args), &status, 0);
	if (status != 0)
		die("initdb failed");
	start_server();
}

/* ---- for tests ---- */

/* In memory where that is possible: an fsync a document would take minutes. A container's
 * /dev/shm often has 64 MiB, less than two servers need. */
static bool memory_has_room(void)
{
	struct statvfs room;

	return access("/dev/shm", W_OK) == 0 && statvfs("/dev/shm", &room) == 0 &&
	    (uint64_t)room.f_bavail * room.f_frsize >= ROOM_BYTES;
}

/* A process outside of ours, which ends when nobody holds the pipe's other end any more: when
 * ctest ends a test at its timeout, nothing in it can tidy up. */
static void remove_when_we_end(void)
{
	int ends[2];
	char byte;

	if (pipe2(ends, O_CLOEXEC) != 0)
		die("pipe2");
	pid_t pid = fork();
	if (pid < 0)
		die("fork");
	if (pid > 0) {
		(void)close(ends[0]); /* the other one stays open as long as this program */
		(void)waitpid(pid, NULL, 0);
		return;
	}
	(void)setsid();
	if (fork() != 0)
		_exit(0);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	(void)close(ends[1]);
	for (int fd = 0; fd <= 2; fd++)
		(void)dup2(null, fd);
	(void)!read(ends[0], &byte, 1);
	(void)sleep(1); /* the server ends at the same moment */
	execlp("rm", "rm", "-rf", here.folder, (char *)NULL);
	_exit(127);
}

bool databases_begin(enum database_kind kind)
{
	here.kind = kind;
	(void)snprintf(here.folder, sizeof here.folder, "%s/lachan-store-XXXXXX",
	    memory_has_room() ? "/dev/shm" : "/tmp");
	if (kind == DATABASE_POSTGRESQL && !LACHAN_POSTGRESQL) {
		(void)printf("skipped: built without PostgreSQL\n");
		return false;
	}
	if (kind == DATABASE_POSTGRESQL && (!find_server() || !find_user())) {
		(void)printf("skipped: no PostgreSQL server is installed here\n");
		return false;
	}
	if (mkdtemp(here.folder) == NULL)
		die("mkdtemp");
	remove_when_we_end();
	if (kind == DATABASE_POSTGRESQL)
		make_cluster();
	return true;
}

static void remove_folder(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		execlp("rm", "rm", "-rf", here.folder, (char *)NULL);
		_exit(127);
	}
	if (pid > 0)
		(void)waitpid(pid, NULL, 0);
}

void databases_end(void)
{
	stop_server();
	remove_folder();
}

void databases_new(char where[WHERE_BYTES])
{
	struct diag why = {0};
	struct sql *sql = NULL;
	char text[64];

	here.made++;
	if (here.kind == DATABASE_SQLITE) {
		(void)snprintf(
		    where, WHERE_BYTES, "sqlite:%s/%u.db", here.folder, here.made);
	} else {
		(void)snprintf(where, WHERE_BYTES, "postgresql://%s@/postgres?host=%s",
		    here.user, here.folder);
		(void)snprintf(text, sizeof text, "CREATE SCHEMA t%u", here.made);
		if (open_postgresql(&sql, where, &why) != OK || sql_script(sql, text) != OK)
			die(why.text);
		sql_close(sql);
		(void)snprintf(where, WHERE_BYTES,
		    "postgresql://%s@/postgres?host=%s&options=-csearch_path%%3Dt%u",
		    here.user, here.folder, here.made);
	}
	(void)snprintf(here.last, sizeof here.last, "%s", where);
}

struct store *databases_open_again(void)
{
	struct diag why = {0};
	struct store *store = NULL;

	if (store_open(&store, here.last, &why) != OK)
		die(why.text);
	return store;
}

struct store *databases_open(void)
{
	char where[WHERE_BYTES];
	databases_new(where);
	return databases_open_again();
}

int databases_run(const struct CMUnitTest *tests, size_t count)
{
	static const struct {
		const char *name;
		enum database_kind kind;
	} kinds[] = {{"sqlite", DATABASE_SQLITE}, {"postgresql", DATABASE_POSTGRESQL}};
	int failed = 0;

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (!databases_begin(kinds[i].kind))
			continue;
		failed += _cmocka_run_group_tests(kinds[i].name, tests, count, NULL, NULL);
		databases_end();
	}
	return failed;
}
