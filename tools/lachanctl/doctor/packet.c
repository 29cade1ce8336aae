#include "lachanctl/doctor/packet.h"

#include <netinet/in.h>

enum {
	TYPE_IPV4 = 0x0800,
	TYPE_ARP = 0x0806,
	TYPE_IPV6 = 0x86dd,
	IPV4_OCTETS = 4,
	IPV6_OCTETS = 16,
	ICMP6_SOLICITATION = 133,
	ICMP6_ADVERTISEMENT = 134,
	HOPS_OF_NEIGHBOURS = 255, /* no router has touched it (RFC 4861 section 6.1.2) */
	NEIGHBOUR_OPTION_UNIT = 8,
	DHCP4_SERVER = 67,
	DHCP4_CLIENT = 68,
	DHCP6_SERVER = 547,
	DHCP6_CLIENT = 546,
	DHCP4_COOKIE = 0x63825363,
	DHCP4_BEFORE_COOKIE = 236
};

static void add_server(struct packet *p, struct slice octets)
{
	struct addr server = addr_from_octets(octets);

	if (server.family == 0 || addr_is_unspecified(&server) ||
	    p->server_count == PACKET_SERVERS_MAX)
		return;
	for (size_t i = 0; i < p->server_count; i++)
		if (addr_equal(&p->servers[i], &server))
			return;
	p->servers[p->server_count++] = server;
}

static void add_servers(struct packet *p, struct slice list, size_t octets)
{
	struct reader r = reader_over(list);

	while (r.left >= octets)
		add_server(p, reader_bytes(&r, octets));
}

/* ---- router advertisements ---- */

/* Recursive DNS servers: type, length, reserved, lifetime, addresses. With a lifetime of 0
 * they are taken back (RFC 8106 section 5.1). */
static void read_rdnss(struct packet *p, struct reader body)
{
	(void)reader_u16(&body);
	if (reader_u32(&body) != 0 && !body.bad)
		add_servers(p, (struct slice){body.ptr, body.left}, IPV6_OCTETS);
}

static void read_search(struct packet *p, struct reader body)
{
	size_t end;

	(void)reader_u16(&body);
	if (reader_u32(&body) == 0 || body.bad || p->search.len > 0)
		return;
	struct slice names = {body.ptr, body.left};
	if (!name_parse_wire(&p->search, names, 0, &end) || p->search.len <= 1)
		p->search.len = 0;
}

/* A prefix that devices make addresses of (RFC 4861 section 4.6.2: flag A). */
static bool gives_addresses(struct reader body)
{
	(void)reader_u8(&body);
	uint8_t flags = reader_u8(&body);
	uint32_t valid_s = reader_u32(&body);

	return !body.bad && (flags & 0x40) != 0 && valid_s != 0;
}

static void read_neighbour_options(struct packet *p, struct reader *r)
{
	enum {
		OPTION_PREFIX = 3,
		OPTION_RDNSS = 25,
		OPTION_DNSSL = 31
	};

	while (r->left > 0 && !r->bad) {
		uint8_t type = reader_u8(r);
		size_t octets = (size_t)reader_u8(r) * NEIGHBOUR_OPTION_UNIT;
		if (octets < 2) {
			r->bad = true;
			return;
		}
		struct reader body = reader_over(reader_bytes(r, octets - 2));
		if (r->bad)
			return;
		if (type == OPTION_RDNSS)
			read_rdnss(p, body);
		else if (type == OPTION_DNSSL)
			read_search(p, body);
		else if (type == OPTION_PREFIX && gives_addresses(body))
			p->gives_ipv6 = true;
	}
}

static bool read_advertisement(struct packet *p, struct reader *r)
{
	(void)reader_bytes(r, 4); /* code, checksum, hop limit */
	(void)reader_u8(r);       /* flags */
	uint16_t lifetime_s = reader_u16(r);

	(void)reader_bytes(r, 8); /* reachable time, retransmission */
	p->kind = PACKET_ROUTER;
	p->gives_ipv6 = lifetime_s > 0;
	read_neighbour_options(p, r);
	return !r->bad;
}

/* ---- DHCP ---- */

static bool read_dhcp4_options(struct packet *p, struct reader *r)
{
	enum {
		OPTION_PAD = 0,
		OPTION_DNS = 6,
		OPTION_KIND = 53,
		OPTION_SERVER = 54,
		OPTION_END = 255,
		KIND_OFFER = 2,
		KIND_ACK = 5
	};
	bool of_server = false;

	while (r->left > 0 && !r->bad) {
		uint8_t code = reader_u8(r);
		if (code == OPTION_PAD)
			continue;
		if (code == OPTION_END)
			break;
		struct slice data = reader_bytes(r, reader_u8(r));
		if (code == OPTION_DNS)
			add_servers(p, data, IPV4_OCTETS);
		else if (code == OPTION_SERVER && data.len == IPV4_OCTETS)
			p->from = addr_from_octets(data);
		else if (code == OPTION_KIND && data.len == 1)
			of_server = data.ptr[0] == KIND_OFFER || data.ptr[0] == KIND_ACK;
	}
	return of_server && !r->bad;
}

static bool read_dhcp4(struct packet *p, struct reader *r)
{
	enum {
		REPLY = 2
	};

	p->kind = PACKET_DHCP4;
	uint8_t op = reader_u8(r);
	(void)reader_bytes(r, 3);
	p->transaction = reader_u32(r);
	(void)reader_bytes(r, DHCP4_BEFORE_COOKIE - 8);
	if (reader_u32(r) != DHCP4_COOKIE || op != REPLY)
		return false;
	return read_dhcp4_options(p, r);
}

static bool read_dhcp6(struct packet *p, struct reader *r)
{
	enum {
		KIND_ADVERTISE = 2,
		KIND_REPLY = 7,
		OPTION_DNS = 23
	};
	uint32_t head = reader_u32(r);

	p->kind = PACKET_DHCP6;
	p->transaction = head & 0xffffff;
	if (head >> 24 != KIND_REPLY && head >> 24 != KIND_ADVERTISE)
		return false;
	while (r->left > 0 && !r->bad) {
		uint16_t code = reader_u16(r);
		struct slice data = reader_bytes(r, reader_u16(r));
		if (code == OPTION_DNS)
			add_servers(p, data, IPV6_OCTETS);
	}
	return !r->bad;
}

/* ---- frames ---- */

/* The ports of a datagram, and its body in *r. */
static bool read_udp(struct reader *r, uint16_t from, uint16_t to)
{
	uint16_t source = reader_u16(r);
	uint16_t target = reader_u16(r);
	uint16_t octets = reader_u16(r);

	(void)reader_u16(r); /* checksum */
	if (r->bad || source != from || target != to || octets < 8 || r->left < octets - 8u)
		return false;
	r->left = octets - 8u;
	return true;
}

static bool read_ipv4(struct packet *p, struct reader *r)
{
	uint8_t version = reader_u8(r);
	size_t head = (size_t)(version & 15) * 4;

	(void)reader_u8(r);
	uint16_t octets = reader_u16(r);
	(void)reader_u16(r); /* identification */
	uint16_t fragment = reader_u16(r);
	(void)reader_u8(r); /* time to live */
	uint8_t protocol = reader_u8(r);
	(void)reader_u16(r); /* checksum */
	p->from = addr_from_octets(reader_bytes(r, IPV4_OCTETS));
	(void)reader_u32(r); /* to whom */
	if (r->bad || version >> 4 != 4 || head < 20 || octets < head ||
	    r->left < octets - 20u || (fragment & 0x3fff) != 0 || protocol != IPPROTO_UDP)
		return false;
	r->left = octets - 20u; /* short frames are padded */
	(void)reader_bytes(r, head - 20);
	return read_udp(r, DHCP4_SERVER, DHCP4_CLIENT) && read_dhcp4(p, r);
}

static bool read_ipv6(struct packet *p, struct reader *r)
{
	uint32_t version = reader_u32(r);
	uint16_t octets = reader_u16(r);
	uint8_t next = reader_u8(r);
	uint8_t hops = reader_u8(r);

	p->from = addr_from_octets(reader_bytes(r, IPV6_OCTETS));
	(void)reader_bytes(r, IPV6_OCTETS);
	if (r->bad || version >> 28 != 6 || r->left < octets)
		return false;
	r->left = octets;
	if (next == IPPROTO_UDP)
		return read_udp(r, DHCP6_SERVER, DHCP6_CLIENT) && read_dhcp6(p, r);
	return next == IPPROTO_ICMPV6 && hops == HOPS_OF_NEIGHBOURS &&
	    addr_is_link_local(&p->from) && reader_u8(r) == ICMP6_ADVERTISEMENT &&
	    read_advertisement(p, r);
}

static bool read_arp(struct packet *p, struct reader *r)
{
	struct slice head = reader_bytes(r, 6);
	uint16_t operation = reader_u16(r);
	struct slice mac = reader_bytes(r, PACKET_MAC_OCTETS);

	p->kind = PACKET_ARP;
	p->from = addr_from_octets(reader_bytes(r, IPV4_OCTETS));
	(void)reader_bytes(r, PACKET_MAC_OCTETS + IPV4_OCTETS);
	/* Ethernet and IPv4; a request or a reply. */
	if (r->bad || !slice_equal(head, SLICE_LIT("\0\1\10\0\6\4")) || operation < 1 ||
	    operation > 2 || addr_is_unspecified(&p->from))
		return false;
	memcpy(p->mac, mac.ptr, PACKET_MAC_OCTETS);
	return true;
}

bool packet_read(struct packet *out, struct slice frame)
{
	struct reader r = reader_over(frame);

	*out = (struct packet){.server_count = 0};
	(void)reader_bytes(&r, PACKET_MAC_OCTETS);
	struct slice mac = reader_bytes(&r, PACKET_MAC_OCTETS);
	uint16_t type = reader_u16(&r);
	if (r.bad)
		return false;
	memcpy(out->mac, mac.ptr, PACKET_MAC_OCTETS);
	switch (type) {
	case TYPE_IPV4:
		return read_ipv4(out, &r);
	case TYPE_IPV6:
		return read_ipv6(out, &r);
	case TYPE_ARP:
		return read_arp(out, &r);
	default:
		return false;
	}
}

/* ---- what we send ---- */

static void write_ethernet(
    struct writer *w, const struct packet_sender *from, const char *to, uint16_t type)
{
	writer_bytes(w, (struct slice){(const uint8_t *)to, PACKET_MAC_OCTETS});
	writer_bytes(w, (struct slice){from->mac, PACKET_MAC_OCTETS});
	writer_u16(w, type);
}

/* The Internet checksum (RFC 1071) of some octets on top of a sum. */
static uint32_t sum_up(uint32_t sum, struct slice octets)
{
	for (size_t i = 0; i + 1 < octets.len; i += 2)
		sum += load_u16(octets.ptr + i);
	if (octets.len % 2 != 0)
		sum += (uint32_t)octets.ptr[octets.len - 1] << 8;
	return sum;
}

static uint16_t sum_folded(uint32_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* The head of an IPv6 packet, whose body will have `octets`; returns where it begins. */
static size_t write_ipv6(struct writer *w, const struct packet_sender *from,
    const char to[IPV6_OCTETS], uint8_t protocol, size_t octets)
{
	static const uint8_t NOBODY[IPV6_OCTETS] = {0};
	size_t begin = w->len;

	writer_u32(w, UINT32_C(6) << 28);
	writer_u16(w, (uint16_t)octets);
	writer_u8(w, protocol);
	writer_u8(w, HOPS_OF_NEIGHBOURS);
	writer_bytes(w,
	    (struct slice){
	        from->link_local.family == AF_INET6 ? from->link_local.bytes : NOBODY,
	        IPV6_OCTETS});
	writer_bytes(w, (struct slice){(const uint8_t *)to, IPV6_OCTETS});
	return begin;
}

/* The checksum of the body behind the IPv6 head at `begin`, into the place `at` (RFC 8200
 * section 8.1). */
static void seal_ipv6(struct writer *w, size_t begin, uint8_t protocol, size_t at)
{
	const uint8_t *ip = w->ptr + begin;
	size_t octets = w->len - begin - 40;
	uint32_t sum = sum_up(0, (struct slice){ip + 8, 2 * IPV6_OCTETS});

	sum += (uint32_t)octets + protocol;
	sum = sum_up(sum, (struct slice){ip + 40, octets});
	store_u16(w->ptr + at, sum_folded(sum));
}

size_t packet_solicit_routers(uint8_t *out, const struct packet_sender *from)
{
	struct writer w = writer_over(out, PACKET_FRAME_MAX);
	bool known = from->link_local.family == AF_INET6;

	write_ethernet(&w, from, "\x33\x33\0\0\0\2", TYPE_IPV6);
	size_t begin = write_ipv6(
	    &w, from, "\xff\2\0\0\0\0\0\0\0\0\0\0\0\0\0\2", IPPROTO_ICMPV6, known ? 16 : 8);
	size_t body = w.len;
	writer_u8(&w, ICMP6_SOLICITATION);
	writer_u8(&w, 0);
	writer_u16(&w, 0); /* checksum */
	writer_u32(&w, 0);
	if (known) { /* not from nobody (section 4.1) */
		writer_u16(&w, 0x0101);
		writer_bytes(&w, (struct slice){from->mac, PACKET_MAC_OCTETS});
	}
	seal_ipv6(&w, begin, IPPROTO_ICMPV6, body + 2);
	return w.len;
}

/* What we ask a DHCP server. */
struct dhcp4_ask {
	uint8_t kind; /* option 53 */
	uint16_t flags;
	struct addr own; /* the address we have; family 0: none yet */
	uint32_t transaction;
};

enum {
	DHCP4_OPTIONS_OCTETS = 9,
	DHCP4_ASK_OCTETS = DHCP4_BEFORE_COOKIE + 4 + DHCP4_OPTIONS_OCTETS
};

static void write_dhcp4(
    struct writer *w, const struct packet_sender *from, const struct dhcp4_ask *ask)
{
	static const uint8_t NOTHING[DHCP4_BEFORE_COOKIE] = {0};

	writer_bytes(w, SLICE_LIT("\1\1\6\0")); /* a request, Ethernet, no hops */
	writer_u32(w, ask->transaction);
	writer_u16(w, 0);
	writer_u16(w, ask->flags);
	writer_bytes(w, (struct slice){ask->own.bytes, IPV4_OCTETS});
	writer_bytes(w, (struct slice){NOTHING, 12});
	writer_bytes(w, (struct slice){from->mac, PACKET_MAC_OCTETS});
	writer_bytes(w, (struct slice){NOTHING, DHCP4_BEFORE_COOKIE - 34});
	writer_u32(w, DHCP4_COOKIE);
	writer_bytes(w, SLICE_LIT("\x35\1"));
	writer_u8(w, ask->kind);
	writer_bytes(w, SLICE_LIT("\x37\3\1\3\6\xff")); /* wanted: mask, router, DNS */
}

static size_t ask_dhcp4(
    uint8_t *out, const struct packet_sender *from, const struct dhcp4_ask *ask)
{
	struct writer w = writer_over(out, PACKET_FRAME_MAX);

	write_ethernet(&w, from, "\xff\xff\xff\xff\xff\xff", TYPE_IPV4);
	size_t ip = w.len;
	writer_u16(&w, 0x4500);
	writer_u16(&w, 20 + 8 + DHCP4_ASK_OCTETS);
	writer_u32(&w, 0); /* no identification, no fragment */
	writer_u8(&w, 64);
	writer_u8(&w, IPPROTO_UDP);
	writer_u16(&w, 0); /* checksum */
	writer_bytes(&w, (struct slice){ask->own.bytes, IPV4_OCTETS});
	writer_u32(&w, UINT32_MAX);
	store_u16(w.ptr + ip + 10, sum_folded(sum_up(0, (struct slice){w.ptr + ip, 20})));
	writer_u16(&w, DHCP4_CLIENT);
	writer_u16(&w, DHCP4_SERVER);
	writer_u16(&w, 8 + DHCP4_ASK_OCTETS);
	writer_u16(&w, 0); /* without a checksum (RFC 768) */
	write_dhcp4(&w, from, ask);
	return w.len;
}

size_t packet_discover_dhcp4(
    uint8_t *out, const struct packet_sender *from, uint32_t transaction)
{
	/* Discover; answered by broadcast. */
	const struct dhcp4_ask ask = {
	    .kind = 1, .flags = 0x8000, .transaction = transaction};

	return ask_dhcp4(out, from, &ask);
}

size_t packet_inform_dhcp4(uint8_t *out, const struct packet_sender *from,
    const struct addr *own, uint32_t transaction)
{
	const struct dhcp4_ask ask = {.kind = 8, .own = *own, .transaction = transaction};

	return ask_dhcp4(out, from, &ask);
}

size_t packet_ask_dhcp6(
    uint8_t *out, const struct packet_sender *from, uint32_t transaction)
{
	enum {
		INFORMATION_REQUEST = 11,
		OPTIONS_OCTETS = 4 + 10 + 4 + 2 + 4 + 2
	};
	struct writer w = writer_over(out, PACKET_FRAME_MAX);
	size_t octets = 8 + 4 + OPTIONS_OCTETS;

	if (from->link_local.family != AF_INET6)
		return 0;
	write_ethernet(&w, from, "\x33\x33\0\1\0\2", TYPE_IPV6);
	size_t begin =
	    write_ipv6(&w, from, "\xff\2\0\0\0\0\0\0\0\0\0\0\0\1\0\2", IPPROTO_UDP, octets);
	size_t udp = w.len;
	writer_u16(&w, DHCP6_CLIENT);
	writer_u16(&w, DHCP6_SERVER);
	writer_u16(&w, (uint16_t)octets);
	writer_u16(&w, 0); /* checksum */
	writer_u32(&w, UINT32_C(1) * INFORMATION_REQUEST << 24 | (transaction & 0xffffff));
	writer_bytes(&w, SLICE_LIT("\0\1\0\12\0\3\0\1")); /* who we are: our card */
	writer_bytes(&w, (struct slice){from->mac, PACKET_MAC_OCTETS});
	writer_bytes(&w, SLICE_LIT("\0\6\0\2\0\27")); /* wanted: DNS servers */
	writer_bytes(&w, SLICE_LIT("\0\10\0\2\0\0")); /* just begun */
	seal_ipv6(&w, begin, IPPROTO_UDP, udp + 6);
	return w.len;
}

size_t packet_probe_address(
    uint8_t *out, const struct packet_sender *from, const struct addr *address)
{
	struct writer w = writer_over(out, PACKET_FRAME_MAX);

	write_ethernet(&w, from, "\xff\xff\xff\xff\xff\xff", TYPE_ARP);
	writer_bytes(&w, SLICE_LIT("\0\1\10\0\6\4\0\1"));
	writer_bytes(&w, (struct slice){from->mac, PACKET_MAC_OCTETS});
	writer_u32(&w, 0);
	writer_bytes(&w, SLICE_LIT("\0\0\0\0\0\0"));
	writer_bytes(&w, (struct slice){address->bytes, IPV4_OCTETS});
	return w.len;
}
