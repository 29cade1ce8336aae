#include "net/udp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	ANSWER_ALIGN = 64
};

struct udp_batch {
	struct mmsghdr in[UDP_BATCH_COUNT];
	struct mmsghdr out[UDP_BATCH_COUNT];
	struct iovec in_iov[UDP_BATCH_COUNT];
	struct iovec out_iov[UDP_BATCH_COUNT];
	struct udp_path path[UDP_BATCH_COUNT];
	unsigned replies;
	size_t answers_len;
	uint8_t query[UDP_BATCH_COUNT][UDP_QUERY_BYTES];
	/* Answers lie close together: at a page each, all would fight for the same few
	 * lines of the first-level cache. */
	uint8_t answers[UDP_BATCH_COUNT * UDP_ANSWER_BYTES];
};

enum err udp_batch_new(struct udp_batch **out)
{
	struct udp_batch *b = calloc(1, sizeof *b);
	if (b == NULL)
		return ERR_MEMORY;
	for (unsigned i = 0; i < UDP_BATCH_COUNT; i++) {
		b->in_iov[i] = (struct iovec){b->query[i], UDP_QUERY_BYTES};
		b->in[i].msg_hdr.msg_name = &b->path[i].peer;
		b->in[i].msg_hdr.msg_namelen = sizeof b->path[i].peer;
		b->in[i].msg_hdr.msg_iov = &b->in_iov[i];
		b->in[i].msg_hdr.msg_iovlen = 1;
		b->in[i].msg_hdr.msg_control = b->path[i].control;
		b->in[i].msg_hdr.msg_controllen = UDP_CONTROL_BYTES;
		b->out[i].msg_hdr.msg_iov = &b->out_iov[i];
		b->out[i].msg_hdr.msg_iovlen = 1;
	}
	*out = b;
	return OK;
}

void udp_batch_free(struct udp_batch *batch)
{
	free(batch);
}

/* The control bytes go back with the answer. The interface index is cleared so that
 * routing decides, except to link-local peers, who live on that one interface. */
static void prepare_way_back(struct udp_path *path, struct msghdr *hdr)
{
	path->peer_len = hdr->msg_namelen;
	path->control_len = 0;
	struct cmsghdr *c = hdr->msg_controllen == 0 ? NULL : CMSG_FIRSTHDR(hdr);
	if (c == NULL || (hdr->msg_flags & MSG_CTRUNC) != 0)
		return;
	if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
		struct in_pktinfo info;
		memcpy(&info, CMSG_DATA(c), sizeof info);
		info.ipi_ifindex = 0;
		info.ipi_spec_dst = info.ipi_addr;
		memcpy(CMSG_DATA(c), &info, sizeof info);
		path->control_len = CMSG_SPACE(sizeof info);
	} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
		struct in6_pktinfo info;
		memcpy(&info, CMSG_DATA(c), sizeof info);
		if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
			info.ipi6_ifindex = 0;
		memcpy(CMSG_DATA(c), &info, sizeof info);
		path->control_len = CMSG_SPACE(sizeof info);
	}
}

int udp_batch_receive(struct udp_batch *b, int fd)
{
	int n = recvmmsg(fd, b->in, UDP_BATCH_COUNT, MSG_DONTWAIT, NULL);

	b->replies = 0;
	b->answers_len = 0;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	for (int i = 0; i < n; i++) {
		struct msghdr *hdr = &b->in[i].msg_hdr;
		prepare_way_back(&b->path[i], hdr);
		/* The kernel wrote the lengths it used; the next receive needs the room again. */
		hdr->msg_namelen = sizeof b->path[i].peer;
		hdr->msg_controllen = UDP_CONTROL_BYTES;
	}
	return n;
}

struct slice udp_batch_datagram(const struct udp_batch *b, unsigned i)
{
	return (struct slice){b->query[i], b->in[i].msg_len};
}

bool udp_batch_truncated(const struct udp_batch *b, unsigned i)
{
	return (b->in[i].msg_hdr.msg_flags & MSG_TRUNC) != 0;
}

const struct udp_path *udp_batch_path(const struct udp_batch *b, unsigned i)
{
	return &b->path[i];
}

uint8_t *udp_batch_answer(struct udp_batch *b)
{
	return b->answers + b->answers_len;
}

static void set_destination(struct msghdr *hdr, struct udp_path *path)
{
	hdr->msg_name = &path->peer;
	hdr->msg_namelen = path->peer_len;
	hdr->msg_control = path->control_len > 0 ? path->control : NULL;
	hdr->msg_controllen = path->control_len;
}

void udp_batch_reply(struct udp_batch *b, unsigned i, size_t len)
{
	unsigned k = b->replies++;
	b->out_iov[k] = (struct iovec){b->answers + b->answers_len, len};
	b->answers_len += (len + ANSWER_ALIGN - 1) / ANSWER_ALIGN * ANSWER_ALIGN;
	set_destination(&b->out[k].msg_hdr, &b->path[i]);
}

static unsigned send_all(int fd, struct mmsghdr *messages, unsigned count)
{
	unsigned done = 0;
	unsigned dropped = 0;

	while (done < count) {
		int n = sendmmsg(fd, messages + done, count - done, MSG_DONTWAIT);
		if (n > 0) {
			done += (unsigned)n;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		/* This one cannot go (full queue, no route): the next ones may. */
		dropped++;
		done++;
	}
	return dropped;
}

unsigned udp_batch_flush(struct udp_batch *b, int fd)
{
	unsigned dropped = send_all(fd, b->out, b->replies);
	b->replies = 0;
	return dropped;
}

struct udp_outbox {
	int fd;
	unsigned count;
	size_t len;
	struct mmsghdr out[UDP_BATCH_COUNT];
	struct iovec iov[UDP_BATCH_COUNT];
	struct udp_path path[UDP_BATCH_COUNT];
	uint8_t bytes[UDP_BATCH_COUNT * UDP_ANSWER_BYTES];
};

enum err udp_outbox_new(struct udp_outbox **out)
{
	struct udp_outbox *o = calloc(1, sizeof *o);
	if (o == NULL)
		return ERR_MEMORY;
	for (unsigned i = 0; i < UDP_BATCH_COUNT; i++) {
		o->out[i].msg_hdr.msg_iov = &o->iov[i];
		o->out[i].msg_hdr.msg_iovlen = 1;
	}
	*out = o;
	return OK;
}

void udp_outbox_free(struct udp_outbox *o)
{
	free(o);
}

unsigned udp_outbox_add(
    struct udp_outbox *o, int fd, const struct udp_path *path, struct slice answer)
{
	unsigned dropped = 0;

	if (o->count == UDP_BATCH_COUNT || (o->count > 0 && o->fd != fd))
		dropped = udp_outbox_flush(o);
	if (answer.len > UDP_ANSWER_BYTES)
		return dropped + 1;
	unsigned k = o->count++;
	o->fd = fd;
	o->path[k] = *path;
	memcpy(o->bytes + o->len, answer.ptr, answer.len);
	o->iov[k] = (struct iovec){o->bytes + o->len, answer.len};
	o->len += answer.len;
	set_destination(&o->out[k].msg_hdr, &o->path[k]);
	return dropped;
}

unsigned udp_outbox_flush(struct udp_outbox *o)
{
	unsigned dropped = send_all(o->fd, o->out, o->count);
	o->count = 0;
	o->len = 0;
	return dropped;
}

static struct addr from_v4(const struct in_addr *from)
{
	return addr_from_octets((struct slice){(const uint8_t *)from, sizeof *from});
}

static struct addr from_v6(const struct in6_addr *from, uint32_t scope_id)
{
	struct addr a =
	    addr_from_octets((struct slice){from->s6_addr, sizeof from->s6_addr});
	if (addr_is_link_local(&a))
		a.scope_id = scope_id;
	return a;
}

struct addr udp_path_peer(const struct udp_path *path)
{
	struct addr a = ADDR_NONE;

	if (path->peer.sa.sa_family == AF_INET) {
		a = from_v4(&path->peer.v4.sin_addr);
		a.port = ntohs(path->peer.v4.sin_port);
	} else if (path->peer.sa.sa_family == AF_INET6) {
		a = from_v6(&path->peer.v6.sin6_addr, path->peer.v6.sin6_scope_id);
		a.port = ntohs(path->peer.v6.sin6_port);
	}
	return a;
}

struct addr udp_path_local(const struct udp_path *path)
{
	const uint8_t *data = path->control + CMSG_LEN(0);

	if (path->control_len == 0)
		return ADDR_NONE;
	if (path->peer.sa.sa_family == AF_INET) {
		struct in_pktinfo info;
		memcpy(&info, data, sizeof info);
		return from_v4(&info.ipi_addr);
	}
	struct in6_pktinfo info;
	memcpy(&info, data, sizeof info);
	return from_v6(&info.ipi6_addr, info.ipi6_ifindex);
}
