#include "kit/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A manager that listens in the abstract space, so that no file is left behind. */
static int listen_abstract(char *name, size_t size)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int n = snprintf(name, size, "@lachan-test-%ld", (long)getpid());

	assert_true(fd >= 0);
	memcpy(at.sun_path + 1, name + 1, (size_t)n - 1);
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)n);
	assert_int_equal(bind(fd, (const struct sockaddr *)&at, len), 0);
	return fd;
}

static void assert_hears(int fd, const char *text)
{
	char heard[256] = "";
	ssize_t n = recv(fd, heard, sizeof heard - 1, 0);

	assert_int_equal(n, strlen(text));
	assert_string_equal(heard, text);
}

static void the_manager_hears_each_message(void **state)
{
	(void)state;
	char name[64];
	int fd = listen_abstract(name, sizeof name);

	assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
	notify_open();
	assert_null(getenv("NOTIFY_SOCKET"));
	notify_send("READY=1\nSTATUS=%s", "serving");
	assert_hears(fd, "READY=1\nSTATUS=serving");
	notify_reloading(1234567);
	assert_hears(fd, "RELOADING=1\nMONOTONIC_USEC=1234567");
	(void)close(fd);
	notify_send("STOPPING=1"); /* nobody listens any more: no harm */
}

static void without_a_manager_nothing_happens(void **state)
{
	(void)state;
	(void)unsetenv("NOTIFY_SOCKET");
	notify_open();
	notify_send("READY=1");
	assert_int_equal(notify_watchdog_ms(), 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", "relative/path", 1), 0);
	notify_open();
	notify_send("READY=1");
}

static void the_watchdog_is_fed_twice_as_often_as_needed_and_only_by_its_process(
    void **state)
{
	(void)state;
	assert_int_equal(setenv("WATCHDOG_USEC", "30000000", 1), 0);
	notify_open();
	assert_int_equal(notify_watchdog_ms(), 15000);
	assert_int_equal(setenv("WATCHDOG_USEC", "30000000", 1), 0);
	assert_int_equal(setenv("WATCHDOG_PID", "1", 1), 0);
	notify_open();
	assert_int_equal(notify_watchdog_ms(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_manager_hears_each_message),
	    cmocka_unit_test(without_a_manager_nothing_happens),
	    cmocka_unit_test(
	        the_watchdog_is_fed_twice_as_often_as_needed_and_only_by_its_process),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
