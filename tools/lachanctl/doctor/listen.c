/* Questions to all LANs at once, and what is said there in the seconds after. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/words.h"
#include "lachanctl/doctor/doctor.h"

enum {
	LISTEN_MS =
	    4500, /* dnsmasq offers no address before it has pinged it for three seconds */
	AGAIN_MS = 1000, /* the first question may be lost */
	RECEIVE_BYTES = 256 * 1024,
	DRAIN_MAX = 256 /* of one LAN before the next one is looked at */
};

/* Of all that passes: ARP, router advertisements, and answers to DHCP clients of both kinds. A
 * busy network must not fill our buffer with anything else. */
static bool attach_filter(int fd)
{
	enum {
		KEEP = PACKET_FRAME_MAX,
		DHCP4_CLIENT = 68,
		DHCP6_CLIENT = 546,
		ROUTER_ADVERTISEMENT = 134
	};
	struct sock_filter code[] = {
	    /* 0 */ BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
	    /* 1 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_ARP, 15, 0),
	    /* 2 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 5),
	    /* 3 */ BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23),
	    /* 4 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 11),
	    /* 5 */ BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14),
	    /* 6 */ BPF_STMT(BPF_LD | BPF_H | BPF_IND, 16),
	    /* 7 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, DHCP4_CLIENT, 9, 8),
	    /* 8 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 7),
	    /* 9 */ BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),
	    /* 10 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMPV6, 0, 2),
	    /* 11 */ BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 54),
	    /* 12 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ROUTER_ADVERTISEMENT, 4, 3),
	    /* 13 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 2),
	    /* 14 */ BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 56),
	    /* 15 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, DHCP6_CLIENT, 1, 0),
	    /* 16 */ BPF_STMT(BPF_RET | BPF_K, 0),
	    /* 17 */ BPF_STMT(BPF_RET | BPF_K, KEEP),
	};
	const struct sock_fprog program = {COUNT_OF(code), code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

/* Router advertisements go to all devices (ff02::1): heard also where our own IPv6 is off. */
static void join_all_devices(int fd, uint32_t interface)
{
	struct packet_mreq group = {.mr_ifindex = (int)interface,
	    .mr_type = PACKET_MR_MULTICAST,
	    .mr_alen = ETH_ALEN,
	    .mr_address = {0x33, 0x33, 0, 0, 0, 1}};

	(void)setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &group, sizeof group);
}

/* -1: not a card that we may listen at. */
static int open_lan(const struct doctor_lan *lan)
{
	const int receive_bytes = RECEIVE_BYTES;
	const struct sockaddr_ll at = {.sll_family = AF_PACKET,
	    .sll_protocol = htons(ETH_P_ALL),
	    .sll_ifindex = (int)lan->index};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
	if (!attach_filter(fd) || bind(fd, (const struct sockaddr *)&at, sizeof at) != 0) {
		(void)close(fd);
		return -1;
	}
	join_all_devices(fd, lan->index);
	return fd;
}

static void send_frame(int fd, const uint8_t *frame, size_t len)
{
	if (len > 0)
		(void)send(fd, frame, len, MSG_NOSIGNAL);
}

static void ask_lan(int fd, const struct doctor_lan *lan, uint32_t transaction)
{
	uint8_t frame[PACKET_FRAME_MAX];

	send_frame(fd, frame, packet_solicit_routers(frame, &lan->sender));
	send_frame(fd, frame, packet_ask_dhcp6(frame, &lan->sender, transaction));
	for (size_t i = 0; i < lan->v4_count; i++)
		send_frame(
		    fd, frame, packet_probe_address(frame, &lan->sender, &lan->v4[i]));
	if (lan->v4_count > 0)
		send_frame(fd, frame,
		    packet_inform_dhcp4(frame, &lan->sender, &lan->v4[0], transaction));
	/* Last: a server that is busy with it hears nothing else meanwhile. */
	send_frame(fd, frame, packet_discover_dhcp4(frame, &lan->sender, transaction));
}

static bool is_same(const struct packet *a, const struct packet *b)
{
	bool same = a->kind == b->kind && addr_equal(&a->from, &b->from) &&
	    memcmp(a->mac, b->mac, sizeof a->mac) == 0 &&
	    a->server_count == b->server_count && a->gives_ipv6 == b->gives_ipv6;

	for (size_t i = 0; same && i < a->server_count; i++)
		same = addr_equal(&a->servers[i], &b->servers[i]);
	return same;
}

/* What others ask of DHCP servers is their own business. */
static bool is_for_us(const struct packet *p, uint32_t transaction)
{
	switch (p->kind) {
	case PACKET_DHCP4:
		return p->transaction == transaction;
	case PACKET_DHCP6:
		return p->transaction == (transaction & 0xffffff);
	case PACKET_ROUTER:
	case PACKET_ARP:
		break;
	}
	return true;
}

/* Of ARP only what speaks of our own addresses is kept. */
static bool matters(const struct packet *p, const struct doctor_lan *lan)
{
	if (p->kind != PACKET_ARP)
		return true;
	for (size_t i = 0; i < lan->v4_count; i++)
		if (addr_equal(&lan->v4[i], &p->from))
			return memcmp(p->mac, lan->sender.mac, sizeof p->mac) != 0;
	return false;
}

static void keep(struct heard *heard, const struct packet *p)
{
	for (size_t i = 0; i < heard->count; i++)
		if (is_same(&heard->items[i], p))
			return;
	if (heard->count < HEARD_MAX)
		heard->items[heard->count++] = *p;
}

static void drain(
    int fd, const struct doctor_lan *lan, uint32_t transaction, struct heard *heard)
{
	uint8_t frame[PACKET_FRAME_MAX];
	struct packet packet;

	for (int i = 0; i < DRAIN_MAX; i++) {
		ssize_t n = recv(fd, frame, sizeof frame, 0);
		if (n < 0)
			break;
		if (packet_read(&packet, (struct slice){frame, (size_t)n}) &&
		    is_for_us(&packet, transaction) && matters(&packet, lan))
			keep(heard, &packet);
	}
}

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct ears {
	struct pollfd fds[DOCTOR_LANS_MAX];
	uint32_t transaction;
};

static void ask_all(const struct doctor *d, const struct ears *ears)
{
	for (size_t i = 0; i < d->lan_count; i++)
		if (ears->fds[i].fd >= 0)
			ask_lan(ears->fds[i].fd, &d->lans[i], ears->transaction);
}

static void listen_all(const struct doctor *d, struct ears *ears, struct heard *heard)
{
	int64_t begin_ms = now_ms(), left_ms;
	bool asked_again = false;

	ask_all(d, ears);
	while ((left_ms = begin_ms + LISTEN_MS - now_ms()) > 0) {
		if (!asked_again && left_ms <= LISTEN_MS - AGAIN_MS) {
			ask_all(d, ears);
			asked_again = true;
		}
		int wait_ms = (int)(left_ms < 100 ? left_ms : 100);
		if (poll(ears->fds, (nfds_t)d->lan_count, wait_ms) < 0 && errno != EINTR)
			break;
		for (size_t i = 0; i < d->lan_count; i++)
			if (ears->fds[i].fd >= 0)
				drain(ears->fds[i].fd, &d->lans[i], ears->transaction,
				    &heard[i]);
	}
}

bool doctor_listen(struct doctor *d, struct heard *heard)
{
	struct ears ears;
	bool any = false;

	if (getrandom(&ears.transaction, sizeof ears.transaction, 0) !=
	    (ssize_t)sizeof ears.transaction)
		return false;
	for (size_t i = 0; i < d->lan_count; i++) {
		ears.fds[i] =
		    (struct pollfd){.fd = d->lans[i].has_mac ? open_lan(&d->lans[i]) : -1,
		        .events = POLLIN};
		any = any || ears.fds[i].fd >= 0;
		d->lans[i].has_mac = ears.fds[i].fd >= 0;
	}
	if (any)
		listen_all(d, &ears, heard);
	for (size_t i = 0; i < d->lan_count; i++)
		if (ears.fds[i].fd >= 0)
			(void)close(ears.fds[i].fd);
	return any;
}
