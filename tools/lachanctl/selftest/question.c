#include <poll.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "dns/codes.h"
#include "dns/rr.h"
#include "lachanctl/selftest/selftest.h"

enum {
	WAIT_MS = 2000,
	AGAIN_MS = 400,
	OPTION_EDE = 15,
	TEST_OCTETS = 9,
	MESSAGE_BYTES = 4096,
	EDNS_SIZE = 1232
};

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A query with EDNS, which makes the filter say why; 0 for what is no name. */
static size_t write_query(uint8_t *out, size_t cap, const struct question *q, uint16_t id)
{
	struct writer w = writer_over(out, cap);
	struct name_buf name;

	if (name_from_text(&name, slice_of(q->name), NULL) != OK)
		return 0;
	writer_u16(&w, id);
	writer_u16(&w, FLAG_RD);
	writer_bytes(&w, SLICE_LIT("\0\1\0\0\0\0\0\1"));
	writer_bytes(&w, (struct slice){name.wire, name.len});
	writer_u16(&w, q->qtype);
	writer_u16(&w, CLASS_IN);
	writer_u8(&w, 0);
	writer_u16(&w, TYPE_OPT);
	writer_u16(&w, EDNS_SIZE);
	writer_u32(&w, 0);
	writer_u16(&w, q->option != 0 ? 4 + TEST_OCTETS : 0);
	if (q->option != 0) {
		writer_u16(&w, q->option);
		writer_u16(&w, TEST_OCTETS);
		writer_le64(&w, q->token);
		writer_u8(&w, (uint8_t)q->index);
	}
	return w.bad ? 0 : w.len;
}

static void take_ede(struct reply *out, struct slice options)
{
	struct reader r = reader_over(options);

	while (r.left > 0 && !r.bad) {
		uint16_t code = reader_u16(&r);
		struct reader data = reader_over(reader_bytes(&r, reader_u16(&r)));
		if (code == OPTION_EDE && !r.bad && data.left >= 2)
			out->ede = reader_u16(&data);
	}
}

static bool read_reply(struct reply *out, struct slice message, uint16_t id)
{
	struct rr rr;

	if (message.len < DNS_HEADER_BYTES || load_u16(message.ptr) != id ||
	    (load_u16(message.ptr + 2) & FLAG_QR) == 0)
		return false;
	*out = (struct reply){
	    .came = true, .rcode = load_u16(message.ptr + 2) & 15, .ede = EDE_NONE};
	struct rr_walk walk = rr_walk_over(message);
	for_each_rr (&walk, &rr) {
		if (rr.section == RR_ANSWER)
			out->answers++;
		if (rr.section == RR_ANSWER && out->address.family == 0 &&
		    (rr.type == TYPE_A || rr.type == TYPE_AAAA))
			out->address = addr_from_octets(rr.rdata);
		if (rr.type == TYPE_OPT)
			take_ede(out, rr.rdata);
	}
	return true;
}

static int open_to(const struct question *q)
{
	struct sockaddr_storage to;
	socklen_t len = addr_to_sockaddr(&to, &q->server);
	const struct timeval patience = {.tv_sec = WAIT_MS / 1000};
	int type = q->transport == OVER_UDP ? SOCK_DGRAM : SOCK_STREAM;
	int fd = socket(q->server.family, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (connect(fd, (const struct sockaddr *)&to, len) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static void ask_udp(struct reply *out, int fd, struct slice query, uint16_t id)
{
	uint8_t message[MESSAGE_BYTES];
	int64_t begin_ms = now_ms(), sent_ms = begin_ms - AGAIN_MS;

	while (!out->came && now_ms() - begin_ms < WAIT_MS) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		if (now_ms() - sent_ms >= AGAIN_MS) {
			(void)send(fd, query.ptr, query.len, MSG_NOSIGNAL);
			sent_ms = now_ms();
		}
		if (poll(&wait, 1, AGAIN_MS / 4) <= 0)
			continue;
		ssize_t n = recv(fd, message, sizeof message, 0);
		if (n > 0)
			(void)read_reply(out, (struct slice){message, (size_t)n}, id);
	}
}

static void ask_tcp(struct reply *out, int fd, struct slice query, uint16_t id)
{
	uint8_t message[2 + MESSAGE_BYTES];
	int64_t begin_ms = now_ms();
	size_t have = 0;

	store_u16(message, (uint16_t)query.len);
	memcpy(message + 2, query.ptr, query.len);
	if (send(fd, message, 2 + query.len, MSG_NOSIGNAL) != (ssize_t)(2 + query.len))
		return;
	while (!out->came && have < sizeof message && now_ms() - begin_ms < WAIT_MS) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		if (poll(&wait, 1, AGAIN_MS) <= 0)
			continue;
		ssize_t n = recv(fd, message + have, sizeof message - have, 0);
		if (n <= 0)
			return;
		have += (size_t)n;
		if (have >= 2 && have - 2 >= load_u16(message))
			(void)read_reply(
			    out, (struct slice){message + 2, load_u16(message)}, id);
	}
}

struct reply question_ask(const struct question *question)
{
	struct reply reply = {.ede = EDE_NONE};
	uint8_t query[512];
	uint16_t id;
	int fd = -1;

	if (getrandom(&id, sizeof id, 0) != (ssize_t)sizeof id)
		return reply;
	size_t len = write_query(query, sizeof query, question, id);
	if (len > 0)
		fd = open_to(question);
	if (fd < 0)
		return reply;
	if (question->transport == OVER_UDP)
		ask_udp(&reply, fd, (struct slice){query, len}, id);
	else
		ask_tcp(&reply, fd, (struct slice){query, len}, id);
	(void)close(fd);
	return reply;
}
