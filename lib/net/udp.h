/* udp -- datagrams in batches, each answered from the address it was sent to.
 *
 * One recvmmsg fills a batch, one sendmmsg empties it: system calls are nine tenths of
 * what a cached answer costs. On a socket bound to a wildcard address the kernel tells
 * with each datagram where it arrived (packet info), and the same control bytes sent back
 * make the answer leave from there; a socket bound to one address needs none of that.
 * Threads: a batch belongs to one thread. Nothing is allocated after udp_batch_new(). */
#ifndef NET_UDP_H
#define NET_UDP_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "base/err.h"
#include "net/addr.h"

enum {
	UDP_BATCH_COUNT = 64,
	UDP_QUERY_BYTES = 1536,  /* longer datagrams are marked `truncated` */
	UDP_ANSWER_BYTES = 4096, /* the largest answer over UDP that configuration allows */
	UDP_CONTROL_BYTES = CMSG_SPACE(sizeof(struct in6_pktinfo)),
};

/* Where an answer must go and whence it must leave; copied into askers that wait. */
struct udp_path {
	union {
		struct sockaddr sa;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} peer;
	uint32_t peer_len;
	uint32_t control_len;
	_Alignas(struct cmsghdr) uint8_t control[UDP_CONTROL_BYTES];
};

struct udp_batch;

MUST_CHECK enum err udp_batch_new(struct udp_batch **out);
void udp_batch_free(struct udp_batch *batch);

/* Takes what is there, without waiting. Returns the count, 0 when nothing is there, -1
 * with errno on failure. */
int udp_batch_receive(struct udp_batch *batch, int fd);

/* Datagram `i` of the last receive; borrowed until the next one. */
struct slice udp_batch_datagram(const struct udp_batch *batch, unsigned i);
bool udp_batch_truncated(const struct udp_batch *batch, unsigned i);
const struct udp_path *udp_batch_path(const struct udp_batch *batch, unsigned i);

/* UDP_ANSWER_BYTES bytes for the next answer, and handing it over as the answer to
 * datagram `i` (at most one each). */
uint8_t *udp_batch_answer(struct udp_batch *batch);
void udp_batch_reply(struct udp_batch *batch, unsigned i, size_t len);

/* Sends every answer handed over. What the socket cannot take now is dropped, as UDP may:
 * returns how many were dropped. */
unsigned udp_batch_flush(struct udp_batch *batch, int fd);

/* Answers to those who had to wait, collected until the end of a round: sending each alone
 * would cost a system call each. */
struct udp_outbox;

MUST_CHECK enum err udp_outbox_new(struct udp_outbox **out);
void udp_outbox_free(struct udp_outbox *outbox);
/* Copies path and answer (at most UDP_ANSWER_BYTES); sends first when it is full or `fd` is
 * another socket than before. Returns how many answers were dropped meanwhile. */
unsigned udp_outbox_add(
    struct udp_outbox *outbox, int fd, const struct udp_path *path, struct slice answer);
/* Sends all; returns how many were dropped. */
unsigned udp_outbox_flush(struct udp_outbox *outbox);

/* Who sent it. */
struct addr udp_path_peer(const struct udp_path *path);
/* The address it was sent to; family 0 when the socket gives no packet info. */
struct addr udp_path_local(const struct udp_path *path);

#endif
