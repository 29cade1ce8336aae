/* Both ends of a control socket, the server in a thread of its own. */
#include "kit/control_client.h"
#include "kit/control_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <event2/event.h>
#include <event2/thread.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct service {
	char folder[64];
	char path[96];
	struct event_base *base;
	struct control_server *server;
	pthread_t thread;
	unsigned closed;
};

static void answer(struct control_peer *peer, struct slice request)
{
	static uint8_t flood[FRAME_MAX_BYTES];

	if (slice_equal(request, SLICE_LIT("twice"))) {
		(void)control_reply(peer, SLICE_LIT("one"));
		(void)control_reply(peer, SLICE_LIT("two"));
	} else if (slice_equal(request, SLICE_LIT("quote")))
		(void)control_reply_error(peer, "say \"no\"\n");
	else if (slice_equal(request, SLICE_LIT("bye"))) {
		(void)control_reply(peer, SLICE_LIT("good bye"));
		control_peer_finish(peer);
	} else if (slice_equal(request, SLICE_LIT("flood"))) {
		while (control_reply(peer, (struct slice){flood, sizeof flood}))
			continue;
	} else
		(void)control_reply(peer, request);
}

static void on_request(void *context, struct control_peer *peer, struct slice request)
{
	(void)context;
	answer(peer, request);
}

static void on_closed(void *context, struct control_peer *peer)
{
	(void)peer;
	((struct service *)context)->closed++;
}

static void *run(void *context)
{
	struct service *service = context;

	(void)event_base_loop(service->base, EVLOOP_NO_EXIT_ON_EMPTY);
	return NULL;
}

static int start(void **state)
{
	static struct service service;
	struct diag why = {0};
	const struct control_handlers handlers = {
	    .on_request = on_request, .on_closed = on_closed, .context = &service};

	memset(&service, 0, sizeof service);
	(void)snprintf(service.folder, sizeof service.folder, "/tmp/lachan-control-XXXXXX");
	if (evthread_use_pthreads() != 0 || mkdtemp(service.folder) == NULL)
		return -1;
	(void)snprintf(
	    service.path, sizeof service.path, "%s/control.sock", service.folder);
	service.base = event_base_new();
	if (service.base == NULL ||
	    control_server_open(
	        &service.server, service.base, service.path, &handlers, &why) != OK)
		return -1;
	*state = &service;
	return pthread_create(&service.thread, NULL, run, &service);
}

static void end_thread(struct service *service)
{
	/* Not loopbreak(): a loop that has not begun yet forgets it. */
	(void)event_base_loopexit(service->base, NULL);
	(void)pthread_join(service->thread, NULL);
}

static int stop(void **state)
{
	struct service *service = *state;

	end_thread(service);
	control_server_close(service->server);
	event_base_free(service->base);
	return rmdir(service->folder); /* fails when the socket was left */
}

static void open_client(struct control_client *client, const struct service *service)
{
	struct diag why = {0};

	assert_int_equal(control_client_open(client, service->path, 5000, &why), OK);
}

static void assert_answer(
    struct control_client *client, struct slice request, struct slice expected)
{
	struct slice got;
	struct diag why = {0};

	assert_int_equal(control_client_ask(client, request, &got, &why), OK);
	assert_true(slice_equal(got, expected));
}

static void questions_are_answered_one_after_the_other(void **state)
{
	struct control_client client;
	struct slice got;
	struct diag why = {0};

	open_client(&client, *state);
	assert_answer(&client, SLICE_LIT("hello"), SLICE_LIT("hello"));
	assert_answer(&client, SLICE_LIT(""), SLICE_LIT(""));
	assert_answer(&client, SLICE_LIT("twice"), SLICE_LIT("one"));
	assert_int_equal(control_client_receive(&client, &got, &why), OK);
	assert_true(slice_equal(got, SLICE_LIT("two")));
	control_client_close(&client);
}

static void errors_are_valid_json(void **state)
{
	struct control_client client;

	open_client(&client, *state);
	assert_answer(&client, SLICE_LIT("quote"),
	    SLICE_LIT("{\"ok\":false,\"error\":\"say \\\"no\\\"\\u000a\"}"));
	control_client_close(&client);
}

static void the_last_answer_arrives_before_the_end(void **state)
{
	struct control_client client;
	struct slice got;
	struct diag why = {0};

	open_client(&client, *state);
	assert_answer(&client, SLICE_LIT("bye"), SLICE_LIT("good bye"));
	assert_int_equal(control_client_receive(&client, &got, &why), ERR_CLOSED);
	control_client_close(&client);
}

static void a_client_that_does_not_read_is_closed(void **state)
{
	struct control_client client;
	struct slice got;
	struct diag why = {0};
	enum err rc = OK;

	open_client(&client, *state);
	assert_int_equal(control_client_send(&client, SLICE_LIT("flood"), &why), OK);
	for (unsigned frames = 0; rc == OK && frames < 64; frames++)
		rc = control_client_receive(&client, &got, &why);
	assert_int_equal(rc, ERR_CLOSED);
	control_client_close(&client);
}

static void too_long_a_request_ends_the_connection(void **state)
{
	struct control_client client;
	static const uint8_t request[CONTROL_REQUEST_BYTES + 1];
	struct slice got;
	struct diag why = {0};

	open_client(&client, *state);
	enum err rc = control_client_ask(
	    &client, (struct slice){request, sizeof request}, &got, &why);
	assert_int_equal(rc, ERR_CLOSED);
	control_client_close(&client);
}

static void the_socket_is_for_owner_and_group(void **state)
{
	const struct service *service = *state;
	struct stat st;

	assert_int_equal(stat(service->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
}

static void a_living_socket_is_not_stolen_and_a_dead_one_replaced(void **state)
{
	struct service *service = *state;
	const struct control_handlers handlers = {
	    .on_request = on_request, .context = service};
	struct control_server *second = NULL;
	struct diag why = {0};
	char dead[128];

	enum err rc =
	    control_server_open(&second, service->base, service->path, &handlers, &why);
	assert_int_equal(rc, ERR_EXISTS);
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	(void)snprintf(dead, sizeof dead, "%s/dead.sock", service->folder);
	memcpy(at.sun_path, dead, strlen(dead));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
	(void)close(fd);
	struct event_base *base = event_base_new();
	assert_int_equal(control_server_open(&second, base, dead, &handlers, &why), OK);
	control_server_close(second);
	event_base_free(base);
}

static void nobody_there_is_said_so(void **state)
{
	const struct service *service = *state;
	struct control_client client;
	struct diag why = {0};
	char path[128];

	(void)snprintf(path, sizeof path, "%s/none.sock", service->folder);
	assert_int_equal(control_client_open(&client, path, 1000, &why), ERR_NOT_FOUND);
	assert_non_null(strstr(why.text, "nobody answers there"));
	control_client_close(&client);
}

static void more_clients_than_places_are_turned_away(void **state)
{
	static struct control_client clients[CONTROL_CLIENTS_MAX + 1];
	struct slice got;
	struct diag why = {0};

	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		open_client(&clients[i], *state);
		assert_answer(&clients[i], SLICE_LIT("hello"), SLICE_LIT("hello"));
	}
	open_client(&clients[CONTROL_CLIENTS_MAX], *state);
	assert_int_equal(
	    control_client_ask(&clients[CONTROL_CLIENTS_MAX], SLICE_LIT("x"), &got, &why),
	    ERR_CLOSED);
	for (size_t i = 0; i <= CONTROL_CLIENTS_MAX; i++)
		control_client_close(&clients[i]);
}

int main(void)
{
#define CONTROL_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
	    CONTROL_TEST(questions_are_answered_one_after_the_other),
	    CONTROL_TEST(errors_are_valid_json),
	    CONTROL_TEST(the_last_answer_arrives_before_the_end),
	    CONTROL_TEST(a_client_that_does_not_read_is_closed),
	    CONTROL_TEST(too_long_a_request_ends_the_connection),
	    CONTROL_TEST(the_socket_is_for_owner_and_group),
	    CONTROL_TEST(a_living_socket_is_not_stolen_and_a_dead_one_replaced),
	    CONTROL_TEST(nobody_there_is_said_so),
	    CONTROL_TEST(more_clients_than_places_are_turned_away),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
