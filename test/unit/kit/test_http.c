/* The server on a real socket: bodies, doors, places, deadlines. Client and server share one
 * thread, so every step is in order; only what a deadline decides takes time. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"
#include "kit/http.h"

enum {
	PATIENCE_TURNS = 20000, /* of about a millisecond: for a machine that is busy */
	CLIENTS_MAX = 16
};

struct fixture {
	struct event_base *base;
	struct http_server *server;
	in_port_t port; /* network order */
	/* what the handlers are told to do, and saw */
	unsigned post_status;
	unsigned posts, requests, status, refused_with;
	bool hold; /* keep the exchange instead of answering */
	struct http_exchange *held;
	char body[HTTP_BODY_MAX_BYTES + 1];
	size_t answer_bytes;
	/* the door's */
	struct http_exchange *at_door;
	int door_fd;
	unsigned abandoned;
};

static struct fixture f;
static char answer[HTTP_REPLY_MAX_BYTES];

static bool may_ask(void *context, const struct addr *peer)
{
	(void)context;
	return addr_is_loopback(peer);
}

static unsigned on_post(void *context, const struct http_exchange *x)
{
	(void)context;
	assert_int_equal(http_head(x)->method, HEAD_POST);
	f.posts++;
	return f.post_status;
}

static void on_request(void *context, struct http_exchange *x)
{
	struct slice body = http_body(x);

	(void)context;
	f.requests++;
	assert_true(body.len < sizeof f.body);
	memcpy(f.body, body.len == 0 ? (const uint8_t *)"" : body.ptr, body.len);
	f.body[body.len] = 0;
	if (f.hold) {
		f.held = x;
		return;
	}
	http_reply(x,
	    &(struct http_reply){.status = 200,
	        .headers = "",
	        .body = {(const uint8_t *)answer, f.answer_bytes}});
}

static void door_enter(void *context, struct http_exchange *x, int fd)
{
	(void)context;
	f.at_door = x;
	f.door_fd = fd;
}

static void door_abandon(void *context, struct http_exchange *x)
{
	(void)context;
	assert_ptr_equal(x, f.at_door);
	f.abandoned++;
	close(f.door_fd);
	f.at_door = NULL;
}

static void door_finish(void *context, struct bufferevent *stream)
{
	(void)context;
	(void)shutdown(bufferevent_getfd(stream), SHUT_WR);
}

static const struct http_door slow_door = {
    .enter = door_enter, .abandon = door_abandon, .finish = door_finish, .is_secure = true};

static const struct http_limits plenty = {10, 10, 60000, 60000};

static void on_refusal(void *context, unsigned status, struct http_reply *reply)
{
	(void)context;
	f.refused_with = status;
	reply->headers = "X-Why: own\r\n";
	reply->body = SLICE_LIT("why");
}

static bool is_shared(void *context, const struct addr *peer)
{
	(void)context;
	return peer->bytes[3] == 7;
}

static const struct http_handlers few_words = {
    .may_ask = may_ask, .on_post = on_post, .on_request = on_request};
static const struct http_handlers many_words = {.may_ask = may_ask,
    .on_post = on_post,
    .on_request = on_request,
    .on_refusal = on_refusal,
    .is_shared = is_shared,
    .body_max_bytes = 8,
    .takes_packed = true};

static void open_server_as(const struct http_limits *limits, const struct http_door *door,
    const struct http_handlers *handlers)
{
	struct sockaddr_in at = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;

	f = (struct fixture){.answer_bytes = 5};
	memset(answer, 'x', sizeof answer);
	f.base = event_base_new();
	assert_int_equal(event_base_priority_init(f.base, 3), 0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	f.port = at.sin_port;
	assert_int_equal(http_open(&f.server, f.base, limits, handlers), OK);
	assert_int_equal(http_listen_take(f.server, fd, door), OK);
}

static void open_server(const struct http_limits *limits, const struct http_door *door)
{
	open_server_as(limits, door, &few_words);
}

static void close_server(void)
{
	http_close(f.server);
	event_base_free(f.base);
}

static void turn(void)
{
	(void)event_base_loop(f.base, EVLOOP_NONBLOCK);
}

/* A busy kernel takes a moment between the two ends of loopback. */
#define ASSERT_SOON(condition)                                                \
	do {                                                                  \
		for (int i_ = 0; i_ < PATIENCE_TURNS && !(condition); i_++) { \
			turn();                                               \
			usleep(1000);                                         \
		}                                                             \
		assert_true(condition);                                       \
	} while (0)

/* A client of 127.0.0.`host`, small in what it takes. */
static int client_of(uint32_t host)
{
	struct sockaddr_in from = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000000 + host)};
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_port = f.port,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int small = 4096;

	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	turn();
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	turn();
}

/* Reads what comes until the end, or until `until` has come; its first octets as text. */
static const char *hear(int fd, const char *until)
{
	static char text[64 * 1024];
	size_t len = 0;

	text[0] = 0;
	for (int i = 0; i < PATIENCE_TURNS; i++) {
		ssize_t got = recv(fd, text + len, sizeof text - 1 - len, 0);
		if (got == 0 || (got < 0 && errno != EAGAIN))
			return text;
		if (got > 0)
			text[len += (size_t)got] = 0;
		if (until != NULL && strstr(text, until) != NULL)
			return text;
		turn();
		if (got < 0)
			usleep(1000);
	}
	fail_msg("nothing more came after: %s", text);
	return text;
}

static bool is_open(int fd)
{
	char c;

	return recv(fd, &c, 1, MSG_PEEK) < 0 && errno == EAGAIN;
}

static void assert_starts(const char *text, const char *with)
{
	if (strncmp(text, with, strlen(with)) != 0)
		fail_msg("\"%s\" does not start with \"%s\"", text, with);
}

/* ---- bodies ---- */

static void a_post_is_whole_before_the_handler_sees_it(void **state)
{
	(void)state;
	open_server(&plenty, NULL);
	int fd = client_of(1);
	say(fd, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\na");
	for (const char *rest = "=1&"; *rest != 0; rest++)
		say(fd, (char[]){*rest, 0});
	ASSERT_SOON(f.posts == 1);
	assert_int_equal(f.requests, 0);
	say(fd, "bGET / HTTP/1.1\r\n"); /* more than was announced is never looked at */
	assert_starts(hear(fd, NULL), "HTTP/1.1 200 OK\r\n");
	assert_string_equal(f.body, "a=1&b");
	assert_int_equal(f.requests, 1);
	close(fd);
	close_server();
}

static void a_post_is_refused_before_its_body(void **state)
{
	(void)state;
	open_server(&plenty, NULL);
	f.post_status = 403;
	int fd = client_of(1);
	say(fd,
	    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
	const char *heard = hear(fd, NULL);
	assert_starts(heard, "HTTP/1.1 403 ");
	assert_null(strstr(heard, "100 Continue"));
	close(fd);
	f.post_status = 0;
	fd = client_of(1);
	say(fd, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8193\r\n\r\n");
	assert_starts(hear(fd, NULL), "HTTP/1.1 413 ");
	close(fd);
	assert_int_equal(f.requests, 0);
	close_server();
}

static void a_packed_body_comes_only_where_it_is_taken(void **state)
{
	static const char packed[] = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
	                             "Content-Encoding: gzip\r\n\r\nabc";

	(void)state;
	open_server(&plenty, NULL);
	int fd = client_of(1);
	say(fd, packed);
	assert_starts(hear(fd, NULL), "HTTP/1.1 415 ");
	close(fd);
	close_server();
	open_server_as(&plenty, NULL, &many_words);
	fd = client_of(1);
	say(fd, packed);
	assert_starts(hear(fd, NULL), "HTTP/1.1 200 ");
	close(fd);
	close_server();
}

static void whoever_serves_says_how_long_a_body_is_and_what_a_refusal_says(void **state)
{
	(void)state;
	open_server_as(&plenty, NULL, &many_words);
	int fd = client_of(1);
	say(fd, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
	const char *heard = hear(fd, NULL);
	assert_starts(heard, "HTTP/1.1 413 ");
	assert_non_null(strstr(heard, "X-Why: own\r\n"));
	assert_non_null(strstr(heard, "\r\n\r\nwhy"));
	assert_int_equal(f.refused_with, 413);
	close(fd);
	fd = client_of(1);
	say(fd, "nonsense\r\n\r\n");
	assert_starts(hear(fd, NULL), "HTTP/1.1 400 ");
	assert_int_equal(f.refused_with, 400);
	close(fd);
	close_server();
}

static void who_speaks_for_many_has_no_cap_of_its_own(void **state)
{
	const struct http_limits limits = {10, 2, 60000, 60000};

	(void)state;
	open_server_as(&limits, NULL, &many_words);
	int fds[4];
	for (size_t i = 0; i < COUNT_OF(fds); i++)
		fds[i] = client_of(7);
	ASSERT_SOON(http_connection_count(f.server) == COUNT_OF(fds));
	for (size_t i = 0; i < COUNT_OF(fds); i++)
		close(fds[i]);
	close_server();
}

static void who_expects_to_go_on_is_told_to(void **state)
{
	static const char head[] =
	    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n";

	(void)state;
	open_server(&plenty, NULL);
	int fd = client_of(1);
	say(fd, head);
	assert_string_equal(hear(fd, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
	say(fd, "a=1");
	assert_starts(hear(fd, NULL), "HTTP/1.1 200 ");
	close(fd);
	close_server();
}

static void an_empty_body_is_a_body(void **state)
{
	(void)state;
	open_server(&plenty, NULL);
	int fd = client_of(1);
	say(fd, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
	assert_starts(hear(fd, NULL), "HTTP/1.1 200 ");
	assert_string_equal(f.body, "");
	close(fd);
	close_server();
}

static void a_body_that_drips_in_ends_with_the_request(void **state)
{
	const struct http_limits limits = {10, 10, 80, 60000};

	(void)state;
	open_server(&limits, NULL);
	int fd = client_of(1);
	say(fd, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8000\r\n\r\n");
	for (int i = 0; i < PATIENCE_TURNS && http_connection_count(f.server) > 0; i++) {
		(void)send(fd, "a", 1, MSG_NOSIGNAL);
		turn();
		usleep(1000);
	}
	assert_int_equal(http_connection_count(f.server), 0);
	assert_int_equal(f.requests, 0);
	close(fd);
	close_server();
}

/* ---- answers ---- */

static void an_answer_nobody_reads_ends_at_its_deadline(void **state)
{
	const struct http_limits limits = {10, 10, 60000, 80};

	(void)state;
	open_server(&limits, NULL);
	f.answer_bytes = sizeof answer; /* more than the two ends hold */
	int fd = client_of(1);
	say(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	for (int i = 0; i < PATIENCE_TURNS && http_connection_count(f.server) > 0; i++) {
		turn();
		usleep(1000);
	}
	assert_int_equal(http_connection_count(f.server), 0);
	close(fd);
	close_server();
}

static void who_sends_on_and_on_is_cut_off(void **state)
{
	static const char much[16 * 1024];

	(void)state;
	open_server(&plenty, NULL);
	f.hold = true;
	int fd = client_of(1);
	say(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	ASSERT_SOON(f.held != NULL);
	ssize_t sent = 0;
	for (int i = 0; i < PATIENCE_TURNS && (sent >= 0 || errno == EAGAIN); i++) {
		sent = send(fd, much, sizeof much, MSG_NOSIGNAL);
		turn();
	}
	assert_true(sent < 0 && errno != EAGAIN);
	assert_int_equal(http_connection_count(f.server), 1); /* the handler has it */
	http_reply(f.held, &(struct http_reply){.status = 200, .headers = ""});
	assert_int_equal(http_connection_count(f.server), 0);
	close(fd);
	close_server();
}

static void who_has_closed_its_half_is_not_waited_for(void **state)
{
	(void)state;
	open_server(&plenty, NULL);
	f.hold = true;
	int fd = client_of(1);
	say(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	(void)shutdown(fd, SHUT_WR);
	ASSERT_SOON(f.held != NULL);
	http_reply(f.held, &(struct http_reply){.status = 200, .headers = ""});
	assert_starts(hear(fd, NULL), "HTTP/1.1 200 ");
	assert_int_equal(http_connection_count(f.server), 0);
	close(fd);
	close_server();
}

/* ---- places ---- */

static void a_client_with_too_many_loses_its_own_oldest(void **state)
{
	const struct http_limits limits = {10, 2, 60000, 60000};

	(void)state;
	open_server(&limits, NULL);
	int other = client_of(2), first = client_of(1), second = client_of(1),
	    third = client_of(1);
	ASSERT_SOON(!is_open(first));
	assert_true(is_open(second) && is_open(third) && is_open(other));
	ASSERT_SOON(http_connection_count(f.server) == 3);
	close(other), close(first), close(second), close(third);
	close_server();
}

static void when_all_places_are_taken_who_holds_most_loses_one(void **state)
{
	const struct http_limits limits = {4, 4, 60000, 60000};

	(void)state;
	open_server(&limits, NULL);
	int slow = client_of(2), many[3];
	for (size_t i = 0; i < COUNT_OF(many); i++)
		many[i] = client_of(1);
	int fd = client_of(3);
	ASSERT_SOON(!is_open(many[0]));
	assert_true(is_open(slow));
	say(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_starts(hear(fd, NULL), "HTTP/1.1 200 ");
	close(slow), close(fd);
	for (size_t i = 0; i < COUNT_OF(many); i++)
		close(many[i]);
	close_server();
}

static void who_has_been_answered_goes_first(void **state)
{
	const struct http_limits limits = {2, 2, 60000, 60000};

	(void)state;
	open_server(&limits, NULL);
	int slow = client_of(1), answered = client_of(2);
	say(answered, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_starts(hear(answered, NULL), "HTTP/1.1 200 ");
	assert_int_equal(http_connection_count(f.server), 2); /* it has not closed yet */
	int third = client_of(3);
	assert_true(is_open(slow) && is_open(third));
	assert_int_equal(http_connection_count(f.server), 2);
	close(slow), close(answered), close(third);
	close_server();
}

static void who_waits_for_the_handler_is_not_sent_away(void **state)
{
	const struct http_limits limits = {1, 1, 60000, 60000};

	(void)state;
	open_server(&limits, NULL);
	f.hold = true;
	int first = client_of(1);
	say(first, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	ASSERT_SOON(f.held != NULL);
	int second = client_of(2); /* waits in the kernel's queue */
	say(second, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_true(is_open(second));
	assert_int_equal(http_connection_count(f.server), 1);
	assert_int_equal(f.requests, 1);
	f.hold = false;
	http_reply(f.held, &(struct http_reply){.status = 200, .headers = ""});
	assert_starts(hear(first, NULL), "HTTP/1.1 200 ");
	assert_starts(hear(second, NULL), "HTTP/1.1 200 ");
	close(first), close(second);
	close_server();
}

static void answers_that_nobody_reads_have_a_ceiling_together(void **state)
{
	const struct http_limits limits = {64, 64, 60000, 60000};
	int fds[CLIENTS_MAX];

	(void)state;
	open_server(&limits, NULL);
	f.answer_bytes = sizeof answer;
	for (size_t i = 0; i < COUNT_OF(fds); i++) {
		fds[i] = client_of(1);
		say(fds[i], "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	}
	assert_true(http_connection_count(f.server) <
	    HTTP_PENDING_MAX_BYTES / (HTTP_REPLY_MAX_BYTES / 4));
	int last = fds[COUNT_OF(fds) - 1];
	assert_starts(hear(last, "\r\n\r\n"), "HTTP/1.1 200 ");
	for (size_t i = 0; i < COUNT_OF(fds); i++)
		close(fds[i]);
	close_server();
}

/* ---- doors ---- */

static void a_door_may_take_its_time(void **state)
{
	(void)state;
	open_server(&plenty, &slow_door);
	int fd = client_of(1);
	say(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	ASSERT_SOON(f.at_door != NULL);
	assert_int_equal(f.requests, 0);
	assert_true(http_is_secure(f.at_door));
	http_begin(
	    f.at_door, bufferevent_socket_new(f.base, f.door_fd, BEV_OPT_CLOSE_ON_FREE));
	assert_starts(hear(fd, NULL), "HTTP/1.1 200 ");
	assert_int_equal(f.abandoned, 0);
	close(fd);
	close_server();
}

static void a_door_may_send_away(void **state)
{
	(void)state;
	open_server(&plenty, &slow_door);
	int fd = client_of(1);
	ASSERT_SOON(f.at_door != NULL);
	close(f.door_fd);
	http_drop(f.at_door);
	assert_string_equal(hear(fd, NULL), "");
	assert_int_equal(http_connection_count(f.server), 0);
	close(fd);
	close_server();
	assert_int_equal(f.abandoned, 0);
}

static void a_door_is_told_when_its_time_is_over(void **state)
{
	const struct http_limits limits = {1, 1, 60, 60000};

	(void)state;
	open_server(&limits, &slow_door);
	int fd = client_of(1);
	for (int i = 0; i < PATIENCE_TURNS && f.abandoned == 0; i++) {
		turn();
		usleep(1000);
	}
	assert_int_equal(f.abandoned, 1);
	assert_int_equal(http_connection_count(f.server), 0);
	close_server();
	close(fd);
}

static void a_door_is_told_when_its_place_is_needed(void **state)
{
	const struct http_limits limits = {1, 1, 60000, 60000};

	(void)state;
	open_server(&limits, &slow_door);
	int first = client_of(1);
	ASSERT_SOON(f.at_door != NULL);
	int second = client_of(2);
	ASSERT_SOON(f.abandoned == 1 && f.at_door != NULL);
	assert_int_equal(http_connection_count(f.server), 1);
	close_server();
	assert_int_equal(f.abandoned, 2);
	close(first), close(second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_post_is_whole_before_the_handler_sees_it),
	    cmocka_unit_test(a_post_is_refused_before_its_body),
	    cmocka_unit_test(a_packed_body_comes_only_where_it_is_taken),
	    cmocka_unit_test(
	        whoever_serves_says_how_long_a_body_is_and_what_a_refusal_says),
	    cmocka_unit_test(who_speaks_for_many_has_no_cap_of_its_own),
	    cmocka_unit_test(who_expects_to_go_on_is_told_to),
	    cmocka_unit_test(an_empty_body_is_a_body),
	    cmocka_unit_test(a_body_that_drips_in_ends_with_the_request),
	    cmocka_unit_test(an_answer_nobody_reads_ends_at_its_deadline),
	    cmocka_unit_test(who_sends_on_and_on_is_cut_off),
	    cmocka_unit_test(who_has_closed_its_half_is_not_waited_for),
	    cmocka_unit_test(a_client_with_too_many_loses_its_own_oldest),
	    cmocka_unit_test(when_all_places_are_taken_who_holds_most_loses_one),
	    cmocka_unit_test(who_has_been_answered_goes_first),
	    cmocka_unit_test(who_waits_for_the_handler_is_not_sent_away),
	    cmocka_unit_test(answers_that_nobody_reads_have_a_ceiling_together),
	    cmocka_unit_test(a_door_may_take_its_time),
	    cmocka_unit_test(a_door_may_send_away),
	    cmocka_unit_test(a_door_is_told_when_its_time_is_over),
	    cmocka_unit_test(a_door_is_told_when_its_place_is_needed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
