#include "kit/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event2/event.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"

struct child {
	struct event_base *base;
	struct link *link;
	int supervisor_fd;
	bool refuse;
	bool closed;
	char got[64];
};

static enum err on_config(void *context, int config_fd, struct diag *why)
{
	struct child *child = context;
	ssize_t n = pread(config_fd, child->got, sizeof child->got - 1, 0);

	child->got[n < 0 ? 0 : n] = 0;
	if (!child->refuse)
		return OK;
	diag_set(why, "not\nthis one");
	return ERR_CONFIG;
}

static void on_closed(void *context)
{
	((struct child *)context)->closed = true;
}

static int open_child(void **state)
{
	static struct child child;
	const struct link_handlers handlers = {on_config, on_closed, &child};
	int fds[2];

	memset(&child, 0, sizeof child);
	child.base = event_base_new();
	if (child.base == NULL || link_make_pair(fds) != OK ||
	    link_open(&child.link, child.base, fds[1], &handlers) != OK)
		return -1;
	child.supervisor_fd = fds[0];
	*state = &child;
	return 0;
}

static int close_child(void **state)
{
	struct child *child = *state;

	link_close(child->link);
	event_base_free(child->base);
	(void)close(child->supervisor_fd);
	return 0;
}

static void turn(struct child *child)
{
	(void)event_base_loop(child->base, EVLOOP_NONBLOCK);
}

static void send_config(struct child *child, const char *text)
{
	int fd = memfd_sealed("test", slice_of(text));

	assert_true(fd >= 0);
	assert_int_equal(link_send_config(child->supervisor_fd, fd), OK);
	(void)close(fd);
}

static void a_configuration_is_taken_and_confirmed(void **state)
{
	struct child *child = *state;
	char why[LINK_MESSAGE_BYTES] = "";

	send_config(child, "the new one");
	turn(child);
	assert_string_equal(child->got, "the new one");
	assert_int_equal(link_receive(child->supervisor_fd, why, sizeof why), LINK_OK);
	assert_int_equal(link_receive(child->supervisor_fd, why, sizeof why), LINK_NOTHING);
}

static void a_refusal_brings_its_reason_in_printable_form(void **state)
{
	struct child *child = *state;
	char why[LINK_MESSAGE_BYTES] = "";

	child->refuse = true;
	send_config(child, "the new one");
	turn(child);
	assert_int_equal(link_receive(child->supervisor_fd, why, sizeof why), LINK_REFUSED);
	assert_string_equal(why, "not\\x0athis one");
}

static void ready_is_said_and_nobody_is_no_trouble(void **state)
{
	struct child *child = *state;
	char why[LINK_MESSAGE_BYTES];

	link_say_ready(NULL);
	link_say_ready(child->link);
	assert_int_equal(link_receive(child->supervisor_fd, why, sizeof why), LINK_READY);
}

static void the_end_of_the_supervisor_is_noticed(void **state)
{
	struct child *child = *state;

	assert_int_equal(shutdown(child->supervisor_fd, SHUT_RDWR), 0);
	turn(child);
	assert_true(child->closed);
}

static void the_end_of_the_child_is_noticed(void **state)
{
	struct child *child = *state;
	char why[LINK_MESSAGE_BYTES];

	link_close(child->link);
	child->link = NULL;
	assert_int_equal(link_receive(child->supervisor_fd, why, sizeof why), LINK_CLOSED);
}

static void noise_is_told_apart(void **state)
{
	struct child *child = *state;
	char why[LINK_MESSAGE_BYTES];
	int fds[2];

	assert_int_equal(send(child->supervisor_fd, "config", 6, 0), 6);
	turn(child); /* without a descriptor: ignored */
	assert_string_equal(child->got, "");
	assert_int_equal(link_make_pair(fds), OK);
	assert_int_equal(send(fds[1], "okay", 4, 0), 4);
	assert_int_equal(link_receive(fds[0], why, sizeof why), LINK_NOISE);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

int main(void)
{
#define LINK_TEST(name) cmocka_unit_test_setup_teardown(name, open_child, close_child)
	const struct CMUnitTest tests[] = {
	    LINK_TEST(a_configuration_is_taken_and_confirmed),
	    LINK_TEST(a_refusal_brings_its_reason_in_printable_form),
	    LINK_TEST(ready_is_said_and_nobody_is_no_trouble),
	    LINK_TEST(the_end_of_the_supervisor_is_noticed),
	    LINK_TEST(the_end_of_the_child_is_noticed),
	    LINK_TEST(noise_is_told_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
