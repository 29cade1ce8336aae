/* Who makes room, where sessions begin faster than the loop turns: streams are freed by the
 * loop, later than they are given up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <event2/bufferevent_ssl.h>
#include <event2/event.h>

#include "page/sessions.h"

enum {
	AT_ONCE = 5 /* beyond what there is place for, in one turn of the loop */
};

struct one {
	struct bufferevent *stream;
	int peer;
	unsigned ended;
};

static struct event_base *base;
static SSL_CTX *tls;
static struct sessions *sessions;
static struct one all[SESSIONS_MAX + AT_ONCE];

/* As an exchange does when its stream has come to grief. */
static void on_event(struct bufferevent *stream, short what, void *context)
{
	struct one *one = context;

	(void)what;
	assert_ptr_equal(stream, one->stream);
	one->ended++;
	bufferevent_free(stream);
	one->stream = NULL;
}

static void begin(struct one *one)
{
	SSL *ssl = SSL_new(tls);
	int pair[2];

	assert_non_null(ssl);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
	one->peer = pair[1];
	one->stream = bufferevent_openssl_socket_new(
	    base, pair[0], ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	assert_non_null(one->stream);
	bufferevent_setcb(one->stream, NULL, NULL, on_event, one);
	assert_int_equal(sessions_add(sessions, one->stream, ssl), OK);
}

static int set_up(void **state)
{
	(void)state;
	base = event_base_new();
	tls = SSL_CTX_new(TLS_server_method());
	if (base == NULL || tls == NULL || sessions_open(&sessions) != OK)
		return -1;
	for (size_t i = 0; i < COUNT_OF(all); i++)
		all[i] = (struct one){.peer = -1};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		if (all[i].stream != NULL)
			bufferevent_free(all[i].stream);
		if (all[i].peer >= 0)
			(void)close(all[i].peer);
	}
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	sessions_close(sessions);
	event_base_free(base);
	SSL_CTX_free(tls);
	return 0;
}

static void each_that_begins_ends_another_though_the_loop_has_not_turned(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(all); i++)
		begin(&all[i]);
	for (size_t i = 0; i < AT_ONCE; i++)
		assert_int_equal(all[i].ended, 1);
	for (size_t i = AT_ONCE; i < COUNT_OF(all); i++)
		assert_int_equal(all[i].ended, 0);
}

static void what_was_ended_is_closed_when_the_loop_turns(void **state)
{
	char octet;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(all); i++)
		begin(&all[i]);
	assert_int_equal(event_base_loop(base, EVLOOP_NONBLOCK), 0);
	for (size_t i = 0; i < AT_ONCE; i++)
		assert_int_equal(read(all[i].peer, &octet, 1), 0);
	assert_int_equal(read(all[AT_ONCE].peer, &octet, 1), -1);
}

static void what_is_being_freed_makes_room_and_is_closed(void **state)
{
	char octet;

	(void)state;
	for (size_t i = 0; i < SESSIONS_MAX; i++)
		begin(&all[i]);
	bufferevent_free(all[0].stream);
	all[0].stream = NULL;
	begin(&all[SESSIONS_MAX]);
	assert_int_equal(event_base_loop(base, EVLOOP_NONBLOCK), 0);
	assert_int_equal(read(all[0].peer, &octet, 1), 0);
	for (size_t i = 0; i <= SESSIONS_MAX; i++)
		assert_int_equal(all[i].ended, 0);
}

static void a_place_that_is_free_again_ends_nobody(void **state)
{
	(void)state;
	for (size_t i = 0; i < SESSIONS_MAX; i++)
		begin(&all[i]);
	bufferevent_free(all[3].stream);
	all[3].stream = NULL;
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	begin(&all[SESSIONS_MAX]);
	for (size_t i = 0; i <= SESSIONS_MAX; i++)
		assert_int_equal(all[i].ended, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
	        each_that_begins_ends_another_though_the_loop_has_not_turned, set_up,
	        tear_down),
	    cmocka_unit_test_setup_teardown(
	        what_was_ended_is_closed_when_the_loop_turns, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
	        what_is_being_freed_makes_room_and_is_closed, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
	        a_place_that_is_free_again_ends_nobody, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
