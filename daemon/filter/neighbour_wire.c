#include "filter/neighbour_wire.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	/* A device answered lately, may be looked for again, or was written by hand. */
	STATES_KNOWN = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT,
	STRANGERS_MAX = 16 /* passed over in one call */
};

/* ---- asking ---- */

static struct nlmsghdr *begin(uint8_t *out, uint32_t sequence, uint16_t flags)
{
	struct nlmsghdr *head = mnl_nlmsg_put_header(out);

	head->nlmsg_type = RTM_GETNEIGH;
	head->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	head->nlmsg_seq = sequence;
	return head;
}

size_t neighbour_ask_all(uint8_t out[NEIGHBOUR_REQUEST_BYTES], uint32_t sequence)
{
	struct nlmsghdr *head = begin(out, sequence, NLM_F_DUMP);
	struct ndmsg *about = mnl_nlmsg_put_extra_header(head, sizeof *about);

	about->ndm_family = AF_UNSPEC;
	return head->nlmsg_len;
}

size_t neighbour_ask_one(uint8_t out[NEIGHBOUR_REQUEST_BYTES], uint32_t sequence,
    uint32_t link, const struct addr *address)
{
	struct nlmsghdr *head = begin(out, sequence, 0);
	struct ndmsg *about = mnl_nlmsg_put_extra_header(head, sizeof *about);

	about->ndm_family = (uint8_t)address->family;
	about->ndm_ifindex = (int)link;
	mnl_attr_put(head, NDA_DST, addr_size(address), address->bytes);
	return head->nlmsg_len;
}

/* ---- hearing ---- */

/* Messages and attributes begin on a boundary of four. */
static size_t aligned(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

static bool read_address(struct addr *out, uint8_t family, const struct nlattr *attr)
{
	size_t wanted = family == AF_INET ? 4 : 16;
	size_t len = mnl_attr_get_payload_len(attr);

	if (len != wanted)
		return false;
	*out = ADDR_NONE;
	out->family = family;
	memcpy(out->bytes, mnl_attr_get_payload(attr), len);
	return true;
}

/* The attributes of a line; false: one is out of shape. */
static bool read_attributes(
    struct slice rest, uint8_t family, struct addr *address, struct mac *mac)
{
	const struct nlattr *attr = (const void *)rest.ptr;

	while (mnl_attr_ok(attr, (int)rest.len)) {
		uint16_t type = mnl_attr_get_type(attr);
		if (type == NDA_DST && !read_address(address, family, attr))
			return false;
		if (type == NDA_LLADDR) {
			*mac = mac_from_octets((struct slice){
			    mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr)});
		}
		size_t whole = aligned(attr->nla_len);
		if (whole >= rest.len)
			break;
		rest.ptr += whole;
		rest.len -= whole;
		attr = (const void *)rest.ptr;
	}
	return true;
}

/* A line without an address, of a bridge, or of one that answers for others is none. */
static bool read_line(const struct nlmsghdr *head, struct neighbour *out)
{
	struct slice payload = {
	    mnl_nlmsg_get_payload(head), mnl_nlmsg_get_payload_len(head)};
	struct mac mac = MAC_NONE;
	struct ndmsg about;

	if (payload.len < sizeof about)
		return false;
	memcpy(&about, payload.ptr, sizeof about);
	if ((about.ndm_family != AF_INET && about.ndm_family != AF_INET6) ||
	    (about.ndm_flags & NTF_PROXY) != 0 || about.ndm_ifindex <= 0)
		return false;
	*out = (struct neighbour){.link = (uint32_t)about.ndm_ifindex};
	payload.ptr += sizeof about;
	payload.len -= sizeof about;
	if (!read_attributes(payload, about.ndm_family, &out->address, &mac))
		return false;
	if (head->nlmsg_type == RTM_NEWNEIGH && (about.ndm_state & STATES_KNOWN) != 0 &&
	    mac_is_device(mac))
		out->mac = mac;
	return out->address.family != 0;
}

static void read_refusal(const struct nlmsghdr *head, struct neighbour_message *out)
{
	const struct nlmsgerr *why;

	out->said = NEIGHBOUR_REFUSED;
	out->error = EPROTO;
	if (mnl_nlmsg_get_payload_len(head) < sizeof why->error)
		return;
	why = mnl_nlmsg_get_payload(head);
	/* The kernel writes -errno; 0 is its "done". */
	if (why->error > -4096 && why->error <= 0)
		out->error = -why->error;
}

bool neighbour_next(struct slice *rest, struct neighbour_message *out)
{
	const struct nlmsghdr *head = (const void *)rest->ptr;
	int left = rest->len > NEIGHBOUR_MESSAGES_BYTES ? 0 : (int)rest->len;

	if (!mnl_nlmsg_ok(head, left))
		return false;
	/* The kernel fills the last one up too, and libmnl reads that far. */
	size_t whole = aligned(head->nlmsg_len);
	if (whole > rest->len)
		return false;
	*out = (struct neighbour_message){.said = NEIGHBOUR_OTHER,
	    .sequence = head->nlmsg_seq,
	    .interrupted = (head->nlmsg_flags & NLM_F_DUMP_INTR) != 0};
	switch (head->nlmsg_type) {
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		if (read_line(head, &out->line))
			out->said = NEIGHBOUR_LINE;
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		out->said = NEIGHBOUR_ADDRESSES;
		break;
	case NLMSG_DONE:
		out->said = NEIGHBOUR_END;
		break;
	case NLMSG_ERROR:
		read_refusal(head, out);
		break;
	default:
		break;
	}
	rest->ptr += whole;
	rest->len -= whole;
	return true;
}

int neighbour_receive(int fd, void *out, size_t size)
{
	struct sockaddr_nl from = {0};
	struct iovec io = {out, size};
	struct msghdr message = {
	    .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &io, .msg_iovlen = 1};

	for (unsigned i = 0; i < STRANGERS_MAX; i++) {
		ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
		/* Port 0 is the kernel: other programs may write to this socket too. */
		if (n > 0 && message.msg_namelen == sizeof from && from.nl_pid == 0 &&
		    (message.msg_flags & MSG_TRUNC) == 0)
			return (int)n;
	}
	return 0;
}

int neighbour_socket(uint32_t groups)
{
	struct sockaddr_nl us = {.nl_family = AF_NETLINK, .nl_groups = groups};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return -1;
	if (bind(fd, (const struct sockaddr *)&us, sizeof us) == 0)
		return fd;
	int why = errno;
	(void)close(fd);
	errno = why;
	return -1;
}
