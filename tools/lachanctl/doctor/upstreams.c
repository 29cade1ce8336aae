/* The servers that the filter asks: do they answer, soon, and truthfully?
 *
 * Each is asked from here for a name of twenty random letters below .com, which nobody has: an
 * address in the answer is a lie that some operators tell for the sake of advertising, and a
 * school would see it as every mistyped name "existing". */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/words.h"
#include "dns/answer.h"
#include "dns/text.h"
#include "lachanctl/doctor/doctor.h"

enum {
	SERVERS_MAX = 16,
	WAIT_MS = 2500,
	AGAIN_MS = 1000,
	SLOW_MS = 800,
	NAME_LETTERS = 20,
	REPLY_BYTES = 4096
};

struct asked {
	struct addr server;
	int fd; /* -1: answered, or could not be asked */
	uint8_t query[QUERY_BYTES_MAX];
	size_t len;
	int64_t took_ms; /* -1: silent */
	unsigned rcode;
	bool has_answer;
	bool loops; /* the filter has seen that it leads back to itself */
};

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- which ---- */

static size_t add_server(struct asked *all, size_t count, struct slice text)
{
	struct addr server;

	if (count == SERVERS_MAX || addr_from_text(&server, text, NULL) != OK)
		return count;
	if (server.port == 0)
		server.port = 53;
	all[count] = (struct asked){.server = server, .fd = -1, .took_ms = -1};
	return count + 1;
}

/* Those that the running filter asks; else those of the configuration. The ones of the system
 * are known to the filter alone: check_resolv() looks at them. */
static size_t find_servers(const struct doctor *d, struct asked *all)
{
	const struct config_upstream_servers *servers = &d->config->upstream.servers;
	const json_t *one;
	size_t i, count = 0;

	json_array_foreach(json_object_get(d->status, "upstreams"), i, one)
	{
		const char *text = json_string_value(json_object_get(one, "address"));
		size_t before = count;
		/* The server of a zone is asked for its own names alone. */
		if (text != NULL && json_object_get(one, "zone") == NULL)
			count = add_server(all, count, slice_of(text));
		const char *state = json_string_value(json_object_get(one, "state"));
		if (count > before)
			all[before].loops = state != NULL && strcmp(state, "loop") == 0;
	}
	for (i = 0; d->status == NULL && i < servers->count; i++) {
		char text[ADDR_TEXT_MAX];
		if (servers->items[i].transport == UPSTREAM_GATEWAY)
			continue;
		addr_to_text_port(text, &servers->items[i].addr);
		count = add_server(all, count, slice_of(text));
	}
	return count;
}

/* ---- asking ---- */

static bool write_query(struct asked *a)
{
	uint8_t random[NAME_LETTERS + 2];
	char text[NAME_LETTERS + 8];
	struct name_buf name;

	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
		return false;
	for (size_t i = 0; i < NAME_LETTERS; i++)
		text[i] = (char)('a' + random[i] % 26);
	(void)snprintf(text + NAME_LETTERS, sizeof text - NAME_LETTERS, ".com");
	if (name_from_text(&name, slice_of(text), NULL) != OK)
		return false;
	const struct query query = {.id = load_u16(random + NAME_LETTERS),
	    .qname = name_of(&name),
	    .qtype = TYPE_A,
	    .edns_udp_size = ANSWER_EDNS_UDP_SIZE};
	a->len = query_write(a->query, sizeof a->query, &query);
	return a->len > 0;
}

static void send_query(const struct asked *a)
{
	if (a->fd >= 0)
		(void)send(a->fd, a->query, a->len, MSG_NOSIGNAL);
}

static void open_query(struct asked *a)
{
	struct sockaddr_storage to;
	socklen_t len = addr_to_sockaddr(&to, &a->server);

	if (!write_query(a))
		return;
	a->fd = socket(a->server.family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (a->fd >= 0 && connect(a->fd, (const struct sockaddr *)&to, len) != 0) {
		(void)close(a->fd);
		a->fd = -1;
	}
	send_query(a);
}

/* True: this is the answer, and it was noted. */
static bool take_reply(struct asked *a, struct slice reply, int64_t took_ms)
{
	if (!reply_matches(reply, (struct slice){a->query, a->len}) &&
	    !reply_matches_but_for_case(reply, (struct slice){a->query, a->len}))
		return false;
	a->took_ms = took_ms;
	a->rcode = load_u16(reply.ptr + 2) & 15;
	a->has_answer = load_u16(reply.ptr + 6) > 0;
	return true;
}

static void read_reply(struct asked *a, int64_t took_ms)
{
	uint8_t reply[REPLY_BYTES];
	ssize_t n = recv(a->fd, reply, sizeof reply, 0);

	/* Refused ports answer by ICMP; another try may find somebody there. */
	if (n < 0 || !take_reply(a, (struct slice){reply, (size_t)n}, took_ms))
		return;
	(void)close(a->fd);
	a->fd = -1;
}

static void ask_all(struct asked *all, size_t count)
{
	struct pollfd fds[SERVERS_MAX];
	int64_t begin_ms = now_ms(), passed_ms;
	bool again = false, waiting = true;

	for (size_t i = 0; i < count; i++)
		open_query(&all[i]);
	while (waiting && (passed_ms = now_ms() - begin_ms) < WAIT_MS) {
		for (size_t i = 0; !again && passed_ms >= AGAIN_MS && i < count; i++)
			send_query(&all[i]);
		again = passed_ms >= AGAIN_MS;
		for (size_t i = 0; i < count; i++)
			fds[i] = (struct pollfd){.fd = all[i].fd, .events = POLLIN};
		if (poll(fds, (nfds_t)count, 50) < 0 && errno != EINTR)
			break;
		waiting = false;
		for (size_t i = 0; i < count; i++) {
			if (fds[i].fd >= 0 && fds[i].revents != 0)
				read_reply(&all[i], now_ms() - begin_ms);
			waiting = waiting || all[i].fd >= 0;
		}
	}
	for (size_t i = 0; i < count; i++)
		if (all[i].fd >= 0)
			(void)close(all[i].fd);
}

/* ---- judging ---- */

static void judge(struct doctor *d, const struct asked *a, size_t silent, size_t count)
{
	struct finding f = {.id = "upstream",
	    .severity = silent == count ? SEVERITY_ERROR : SEVERITY_WARNING};
	char server[ADDR_TEXT_MAX], rcode[TEXT_CODE_BYTES];

	addr_to_text_port(server, &a->server);
	text_from_rcode(rcode, (uint16_t)a->rcode);
	if (a->loops) {
		f.severity = SEVERITY_ERROR;
		finding_detail(&f,
		    _("The server %s, which the filter asks, asks the filter in turn: "
		      "questions go round in a circle and find no answer."),
		    server);
		finding_fix(&f, "%s",
		    _("Give that server (often the router) the operator's DNS servers instead "
		      "of this machine, or name others in upstream.servers; then: sudo "
		      "lachanctl reload"));
	} else if (a->took_ms < 0) {
		finding_detail(&f,
		    silent == count
		        ? _("The server %s, which the filter asks, does not answer, and no "
		            "other does: allowed names find no answer.")
		        : _("The server %s, which the filter asks, does not answer."),
		    server);
		finding_fix(&f, "%s",
		    _("Is the way out up? Does the operator close port 53 to others? Then "
		      "name the operator's own servers in upstream.servers, and: sudo "
		      "lachanctl reload"));
	} else if (a->rcode == RCODE_NOERROR && a->has_answer) {
		f.severity = SEVERITY_WARNING;
		finding_detail(&f,
		    _("The server %s gives an address for a name that does not exist: "
		      "somebody on the way rewrites answers. Mistyped names lead to "
		      "advertising, and names that were taken down seem to live."),
		    server);
		finding_fix(&f, "%s",
		    _("Ask the operator to switch this off for your line, or name other "
		      "servers in upstream.servers."));
	} else if (a->rcode != RCODE_NXDOMAIN && a->rcode != RCODE_NOERROR) {
		finding_detail(&f,
		    _("The server %s answers %s: it does not resolve names for us."),
		    server, rcode);
		finding_fix(&f, "%s",
		    _("Name a server in upstream.servers that may be asked from this line, "
		      "then: sudo lachanctl reload"));
	} else if (a->took_ms > SLOW_MS) {
		f.severity = SEVERITY_HINT;
		finding_detail(&f, _("The server %s took %lld ms to answer."), server,
		    (long long)a->took_ms);
		finding_fix(&f, "%s",
		    _("Try again later; if it stays so, name a nearer server first in "
		      "upstream.servers."));
	} else {
		return;
	}
	doctor_find(d, &f);
}

static bool is_served(const struct asked *a)
{
	return a->took_ms >= 0 && (a->rcode == RCODE_NXDOMAIN || a->rcode == RCODE_NOERROR);
}

void check_upstreams(struct doctor *d)
{
	struct asked all[SERVERS_MAX];
	size_t count = find_servers(d, all), useless = 0;

	if (count == 0) {
		doctor_skip(d, "upstream", NULL,
		    d->status == NULL
		        ? _("the filter does not answer, and its configuration names no "
		            "servers")
		        : _("the filter has nobody to ask (see resolv-conf)"));
		return;
	}
	ask_all(all, count);
	doctor_checked(d, "upstream");
	for (size_t i = 0; i < count; i++)
		useless += is_served(&all[i]) ? 0 : 1;
	for (size_t i = 0; i < count; i++)
		judge(d, &all[i], useless, count);
}
