/* Folders whose files a process cannot open any more, tried in a process of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "kit/fence.h"

enum {
	PATH_BYTES = 512,
	STATUS_UNSUPPORTED = 77
};

struct place {
	char root[64];
	char secrets[PATH_BYTES];
	char key[PATH_BYTES];
	char beside[PATH_BYTES];
	char below[PATH_BYTES];
	char inner[PATH_BYTES]; /* within `secrets`, and open */
	char innermost[PATH_BYTES];
	char link[PATH_BYTES];
};

static void make_file(char out[PATH_BYTES], const char *folder, const char *name)
{
	assert_int_equal(path_join(out, PATH_BYTES, folder, name), OK);
	assert_int_equal(file_write_atomic(out, SLICE_LIT("x"), 0600), OK);
}

static int set_up(void **state)
{
	static struct place p;
	char folder[PATH_BYTES];

	(void)snprintf(p.root, sizeof p.root, "/tmp/lachan-fence-XXXXXX");
	assert_non_null(mkdtemp(p.root));
	(void)snprintf(p.secrets, sizeof p.secrets, "%s/secrets", p.root);
	assert_int_equal(mkdir(p.secrets, 0700), 0);
	(void)snprintf(folder, sizeof folder, "%s/other", p.root);
	assert_int_equal(mkdir(folder, 0700), 0);
	make_file(p.key, p.secrets, "ca.key");
	make_file(p.beside, p.root, "lachan.yaml");
	make_file(p.below, folder, "file");
	assert_int_equal(path_join(p.link, sizeof p.link, folder, "link"), OK);
	assert_int_equal(symlink(p.key, p.link), 0);
	assert_int_equal(path_join(p.inner, sizeof p.inner, p.secrets, "feeds"), OK);
	assert_int_equal(mkdir(p.inner, 0700), 0);
	make_file(p.innermost, p.inner, "a.meta");
	*state = &p;
	return 0;
}

static int tear_down(void **state)
{
	const struct place *p = *state;
	char folder[PATH_BYTES];

	(void)unlink(p->key);
	(void)unlink(p->beside);
	(void)unlink(p->below);
	(void)unlink(p->link);
	(void)unlink(p->innermost);
	(void)rmdir(p->inner);
	(void)rmdir(p->secrets);
	(void)snprintf(folder, sizeof folder, "%s/other", p->root);
	(void)rmdir(folder);
	(void)rmdir(p->root);
	return 0;
}

static bool can_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

/* Exit status of a process that fences `secrets` off and tries: a bit for each surprise. */
static int try(const struct place *p)
{
	const char *folders[] = {p->secrets, "/no/such/folder", ""};
	struct diag why = {.text = ""};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return 1;
	enum err rc = fence_off(
	    folders, COUNT_OF(folders), (const char *const[]){p->inner, NULL}, &why);
	if (rc == ERR_UNSUPPORTED)
		return STATUS_UNSUPPORTED;
	return (rc != OK) | (can_open(p->key) << 1) | (can_open(p->link) << 2) |
	    (!can_open(p->beside) << 3) | (!can_open(p->below) << 4) |
	    (!can_open("/proc/self/status") << 5) | (!can_open(p->innermost) << 6);
}

static void what_is_fenced_off_cannot_be_opened_and_all_else_can(void **state)
{
	const struct place *p = *state;
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		_exit(try(p));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == STATUS_UNSUPPORTED)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_true(can_open(p->key)); /* of that process alone */
}

static void nothing_to_fence_off_changes_nothing(void **state)
{
	const char *none[] = {"", "/no/such/folder"};
	struct diag why = {.text = ""};

	(void)state;
	assert_int_equal(fence_off(none, COUNT_OF(none), NULL, &why), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
	        what_is_fenced_off_cannot_be_opened_and_all_else_can, set_up, tear_down),
	    cmocka_unit_test(nothing_to_fence_off_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
