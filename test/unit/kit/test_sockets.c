#include "kit/sockets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conf/values.h"
#include "kit/holder.h"

/* Port 0, which no configuration may name, takes any free one. */
static struct config_endpoints at(struct config_endpoint *item, const char *text)
{
	*item = (struct config_endpoint){.text = text};
	assert_int_equal(addr_from_text(&item->addr, slice_of(text), NULL), OK);
	return (struct config_endpoints){.items = item, .count = 1};
}

static struct addr bound_name(int fd)
{
	struct sockaddr_storage name;
	socklen_t len = sizeof name;

	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
	return addr_from_sockaddr(&name);
}

static int option(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof value;

	assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

static void every_worker_gets_both_transports_on_one_port(void **state)
{
	(void)state;
	static struct sockets s;
	struct config_endpoint item;
	struct config_endpoints listen = at(&item, "127.0.0.1");
	struct diag why = {0};

	assert_int_equal(sockets_open_dns(&s, &listen, 3, &why), OK);
	assert_int_equal(sockets_count(&s, SOCKETS_DNS_UDP), 3);
	assert_int_equal(sockets_count(&s, SOCKETS_DNS_TCP), 3);
	uint16_t port = bound_name(s.items[0].fd).port;
	assert_int_not_equal(port, 0);
	for (size_t i = 0; i < s.count; i++) {
		assert_int_equal(bound_name(s.items[i].fd).port, port);
		assert_true(fcntl(s.items[i].fd, F_GETFL) & O_NONBLOCK);
		assert_true(fcntl(s.items[i].fd, F_GETFD) & FD_CLOEXEC);
	}
	sockets_close(&s);
}

static void udp_does_not_fragment_for_forged_errors_and_wildcards_tell_addresses(
    void **state)
{
	(void)state;
	static struct sockets s;
	struct config_endpoint item;
	struct diag why = {0};

	struct config_endpoints one = at(&item, "127.0.0.1");
	assert_int_equal(sockets_open_dns(&s, &one, 1, &why), OK);
	int fd = sockets_take(&s, SOCKETS_DNS_UDP);
	assert_int_equal(option(fd, IPPROTO_IP, IP_MTU_DISCOVER), IP_PMTUDISC_OMIT);
	assert_int_equal(option(fd, IPPROTO_IP, IP_PKTINFO), 0);
	(void)close(fd);
	sockets_close(&s);
	struct config_endpoints all = at(&item, "0.0.0.0");
	assert_int_equal(sockets_open_dns(&s, &all, 1, &why), OK);
	fd = sockets_take(&s, SOCKETS_DNS_UDP);
	assert_int_equal(option(fd, IPPROTO_IP, IP_PKTINFO), 1);
	(void)close(fd);
	sockets_close(&s);
}

static void a_taken_port_names_its_holder_even_when_it_would_share(void **state)
{
	(void)state;
	static struct sockets first;
	static struct sockets second;
	struct config_endpoint item;
	struct config_endpoint again;
	char text[ADDR_TEXT_MAX];
	char pid[32];
	struct diag why = {0};

	struct config_endpoints any = at(&item, "127.0.0.1");
	assert_int_equal(sockets_open_dns(&first, &any, 1, &why), OK);
	struct addr held = bound_name(first.items[0].fd);
	addr_to_text_port(text, &held);
	struct config_endpoints same = at(&again, text);
	assert_int_equal(sockets_open_dns(&second, &same, 1, &why), ERR_EXISTS);
	assert_int_equal(second.count, 0);
	(void)snprintf(pid, sizeof pid, "process %ld", (long)getpid());
	assert_non_null(strstr(why.text, text));
	assert_non_null(strstr(why.text, pid));
	assert_int_equal(
	    sockets_open_tcp(&second, SOCKETS_PAGE_HTTP, &same, &why), ERR_EXISTS);
	sockets_close(&first);
	assert_int_equal(sockets_open_dns(&second, &same, 1, &why), OK);
	sockets_close(&second);
}

static void an_address_that_is_not_here_yet_is_bound_all_the_same(void **state)
{
	(void)state;
	static struct sockets s;
	struct config_endpoint item;
	struct config_endpoints listen = at(&item, "192.0.2.53");
	struct diag why = {0};

	assert_int_equal(sockets_open_dns(&s, &listen, 1, &why), OK);
	assert_int_equal(s.count, 2);
	sockets_close(&s);
}

static void the_holder_of_a_wildcard_holds_every_address(void **state)
{
	(void)state;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in any = {.sin_family = AF_INET};
	struct holder who = {.pid = 0};

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&any, sizeof any), 0);
	struct addr wanted = bound_name(fd);
	wanted.bytes[0] = 127;
	wanted.bytes[3] = 1;
	assert_false(holder_find(HOLDER_TCP, &wanted, &who));
	assert_int_equal(listen(fd, 1), 0);
	assert_true(holder_find(HOLDER_TCP, &wanted, &who));
	assert_int_equal(who.pid, getpid());
	/* Another program may have the same number over UDP; we have not. */
	if (holder_find(HOLDER_UDP, &wanted, &who))
		assert_int_not_equal(who.pid, getpid());
	(void)close(fd);
}

static void advice_fits_the_program(void **state)
{
	(void)state;
	const struct holder resolved = {.pid = 9, .program = "systemd-resolve"};
	const struct holder hidden = {.pid = 0};

	assert_non_null(strstr(holder_advice(&resolved), "DNSStubListener=no"));
	assert_non_null(strstr(holder_advice(&hidden), "ss -lpn"));
}

/* Descriptors from 3 on are ours to arrange: cmocka keeps none open there. */
static void handed_sockets_are_taken_by_name_in_order(void **state)
{
	(void)state;
	static struct sockets s;
	struct diag why = {0};
	char pid[32];

	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    dup2(STDERR_FILENO, SOCKETS_FIRST_FD + i), SOCKETS_FIRST_FD + i);
	(void)snprintf(pid, sizeof pid, "%ld", (long)getpid());
	assert_int_equal(setenv("LISTEN_PID", pid, 1), 0);
	assert_int_equal(setenv("LISTEN_FDS", "3", 1), 0);
	assert_int_equal(setenv("LISTEN_FDNAMES", "dns-udp:link:dns-udp", 1), 0);
	assert_int_equal(sockets_take_over(&s, &why), OK);
	assert_null(getenv("LISTEN_FDS"));
	assert_int_equal(sockets_count(&s, SOCKETS_DNS_UDP), 2);
	assert_int_equal(sockets_take(&s, SOCKETS_DNS_UDP), 3);
	assert_int_equal(sockets_take(&s, SOCKETS_DNS_UDP), 5);
	assert_int_equal(sockets_take(&s, SOCKETS_DNS_UDP), -1);
	assert_int_equal(sockets_take(&s, SOCKETS_LINK), 4);
	for (int i = 0; i < 3; i++)
		(void)close(SOCKETS_FIRST_FD + i);
}

static void sockets_meant_for_another_process_are_left_alone(void **state)
{
	(void)state;
	static struct sockets s;
	struct diag why = {0};

	assert_int_equal(setenv("LISTEN_PID", "1", 1), 0);
	assert_int_equal(setenv("LISTEN_FDS", "3", 1), 0);
	assert_int_equal(sockets_take_over(&s, &why), OK);
	assert_int_equal(s.count, 0);
}

static void a_descriptor_that_is_not_open_is_refused(void **state)
{
	(void)state;
	static struct sockets s;
	struct diag why = {0};
	char pid[32];

	(void)snprintf(pid, sizeof pid, "%ld", (long)getpid());
	assert_int_equal(setenv("LISTEN_PID", pid, 1), 0);
	assert_int_equal(setenv("LISTEN_FDS", "200", 1), 0);
	assert_int_equal(sockets_take_over(&s, &why), ERR_FORMAT);
	assert_int_equal(setenv("LISTEN_PID", pid, 1), 0);
	assert_int_equal(setenv("LISTEN_FDS", "-1", 1), 0);
	assert_int_equal(sockets_take_over(&s, &why), ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(handed_sockets_are_taken_by_name_in_order),
	    cmocka_unit_test(sockets_meant_for_another_process_are_left_alone),
	    cmocka_unit_test(a_descriptor_that_is_not_open_is_refused),
	    cmocka_unit_test(every_worker_gets_both_transports_on_one_port),
	    cmocka_unit_test(
	        udp_does_not_fragment_for_forged_errors_and_wildcards_tell_addresses),
	    cmocka_unit_test(a_taken_port_names_its_holder_even_when_it_would_share),
	    cmocka_unit_test(an_address_that_is_not_here_yet_is_bound_all_the_same),
	    cmocka_unit_test(the_holder_of_a_wildcard_holds_every_address),
	    cmocka_unit_test(advice_fits_the_program),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
