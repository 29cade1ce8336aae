/* What was heard on a LAN, judged: who tells its devices to ask somebody else? */
#include <stdio.h>
#include <stdlib.h>

#include "base/words.h"
#include "kit/holder.h"
#include "lachanctl/doctor/doctor.h"

enum {
	DHCP4_SERVER_PORT = 67,
	SERVERS_TEXT_BYTES = PACKET_SERVERS_MAX * (ADDR_TEXT_MAX + 2),
	DAD_FAILED = 0x08 /* IFA_F_DADFAILED */
};

/* A server before us that says for whom it asks (server.trusted_forwarders) hides nobody. */
static bool is_forwarder(const struct doctor *d, const struct addr *server)
{
	const struct config_clients *all = &d->config->server.trusted_forwarders;

	for (size_t i = 0; i < all->count; i++) {
		const struct config_client *one = &all->items[i];
		const struct prefix prefix = {one->first, (uint8_t)one->length};
		if (one->kind == CLIENT_PREFIX && prefix_contains(&prefix, server))
			return true;
		if (one->kind == CLIENT_RANGE && one->first.family == server->family &&
		    memcmp(one->first.bytes, server->bytes, sizeof server->bytes) <= 0 &&
		    memcmp(server->bytes, one->last.bytes, sizeof server->bytes) <= 0)
			return true;
	}
	return false;
}

/* The servers that lead past us: "192.168.1.1, 8.8.8.8"; false when there are none. */
static bool list_others(
    const struct doctor *d, const struct packet *p, char out[SERVERS_TEXT_BYTES])
{
	size_t used = 0;

	out[0] = 0;
	for (size_t i = 0; i < p->server_count; i++) {
		char one[ADDR_TEXT_MAX];
		if (doctor_serves(d, &p->servers[i]) || is_forwarder(d, &p->servers[i]))
			continue;
		addr_to_text(one, &p->servers[i]);
		int n = snprintf(out + used, SERVERS_TEXT_BYTES - used, "%s%s",
		    used > 0 ? ", " : "", one);
		if (n > 0)
			used += (size_t)n;
	}
	return used > 0;
}

/* ---- router advertisements ---- */

static void judge_router(
    struct doctor *d, const struct doctor_lan *lan, const struct packet *p)
{
	struct finding f = {
	    .id = "ra-dns", .severity = SEVERITY_ERROR, .interface = lan->interface};
	char others[SERVERS_TEXT_BYTES], from[ADDR_TEXT_MAX], mac[DOCTOR_MAC_TEXT];
	char own[ADDR_TEXT_MAX], search[NAME_TEXT_MAX], also[300] = "";

	if (!list_others(d, p, others))
		return;
	addr_to_text(from, &p->from);
	mac_to_text(mac, p->mac);
	if (p->search.len > 0) {
		name_to_text(search, name_of(&p->search));
		(void)snprintf(also, sizeof also,
		    _(" It also gives the search domain %.255s."), search);
	}
	finding_detail(&f,
	    _("The router %s (%s) tells all devices by router advertisement to ask %s for "
	      "names. Telephones and PCs take such a server beside the filter or instead of "
	      "it: what they ask there is not filtered.%s"),
	    from, mac, others, also);
	doctor_own_address(d, lan, AF_INET6, own);
	finding_fix(&f,
	    _("On that router, switch off DNS in router advertisements (RDNSS). OpenWrt: "
	      "uci set dhcp.lan.ra_dns=0; uci commit dhcp; service odhcpd restart. "
	      "MikroTik: /ipv6 nd set [find] advertise-dns=no. An operator's box: LAN, "
	      "IPv6, DNS: off%s%s."),
	    *own != 0 ? _(", or write there our own address ") : "", own);
	doctor_find(d, &f);
}

/* Devices that have IPv6 find servers there on their own. */
static void judge_ipv6(
    struct doctor *d, const struct doctor_lan *lan, const struct packet *router)
{
	struct finding f = {.id = "ipv6-unserved",
	    .severity = SEVERITY_WARNING,
	    .interface = lan->interface};
	char from[ADDR_TEXT_MAX];

	if (doctor_listens(d, AF_INET6))
		return;
	addr_to_text(from, &router->from);
	finding_detail(&f,
	    _("The router %s gives devices IPv6, but the filter takes questions over IPv4 "
	      "alone: a device that is told, or set, to use a server over IPv6 goes past "
	      "it."),
	    from);
	finding_fix(&f, "%s",
	    _("Add \"[::]:53\" to server.listen and restart (systemctl restart lachan), then "
	      "load the rules of lachanctl firewall again; or switch IPv6 off for the LAN "
	      "at the router."));
	doctor_find(d, &f);
}

/* ---- DHCP ---- */

static void judge_offer(
    struct doctor *d, const struct doctor_lan *lan, const struct packet *p)
{
	struct finding f = {
	    .id = "dhcp-dns", .severity = SEVERITY_ERROR, .interface = lan->interface};
	char others[SERVERS_TEXT_BYTES], from[ADDR_TEXT_MAX], mac[DOCTOR_MAC_TEXT];
	char own[ADDR_TEXT_MAX];
	bool v6 = p->kind == PACKET_DHCP6;

	if (!list_others(d, p, others))
		return;
	addr_to_text(from, &p->from);
	mac_to_text(mac, p->mac);
	doctor_own_address(d, lan, v6 ? AF_INET6 : AF_INET, own);
	finding_detail(&f,
	    _("The %s server %s (%s) gives devices %s to ask for names, which is not the "
	      "filter. What they ask there is not filtered, even where the filter stands "
	      "beside it in the list: devices choose as they like."),
	    v6 ? "DHCPv6" : "DHCP", from, mac, others);
	if (*own == 0)
		(void)snprintf(own, sizeof own, "%s", _("the filter's address"));
	finding_fix(&f,
	    _("On that server, give %s as the only DNS server. OpenWrt: uci add_list "
	      "dhcp.lan.dhcp_option=6,%s; uci commit dhcp; service dnsmasq restart. MikroTik: "
	      "/ip dhcp-server network set [find] dns-server=%s. dnsmasq: "
	      "dhcp-option=option:dns-server,%s. An operator's box: LAN, DHCP, primary DNS; "
	      "leave the secondary empty. Is it not yours? Find its MAC address at the "
	      "switch and unplug it."),
	    own, own, own, own);
	doctor_find(d, &f);
}

static void judge_servers(
    struct doctor *d, const struct doctor_lan *lan, const struct heard *heard)
{
	struct finding f = {.id = "dhcp-servers",
	    .severity = SEVERITY_WARNING,
	    .interface = lan->interface};
	const struct packet *first = NULL;

	for (size_t i = 0; i < heard->count; i++) {
		const struct packet *p = &heard->items[i];
		char a[ADDR_TEXT_MAX], b[ADDR_TEXT_MAX], mac_a[DOCTOR_MAC_TEXT],
		    mac_b[DOCTOR_MAC_TEXT];
		if (p->kind != PACKET_DHCP4)
			continue;
		if (first == NULL)
			first = p;
		if (addr_equal(&first->from, &p->from))
			continue;
		addr_to_text(a, &first->from);
		addr_to_text(b, &p->from);
		mac_to_text(mac_a, first->mac);
		mac_to_text(mac_b, p->mac);
		finding_detail(&f,
		    _("Two DHCP servers give out addresses here: %s (%s) and %s (%s). "
		      "Which one a device hears first is chance, and so are the network "
		      "and the DNS server that it gets."),
		    a, mac_a, b, mac_b);
		finding_fix(&f, "%s",
		    _("Keep one. Often the second is a wireless router whose LAN port was "
		      "plugged in: switch its DHCP server off (access point mode)."));
		doctor_find(d, &f);
		return;
	}
}

/* Our own DHCP server does not hear what we send into the network. */
static void note_own_server(struct doctor *d)
{
	const struct addr all = {.family = AF_INET, .port = DHCP4_SERVER_PORT};
	struct holder holder;
	char reason[256];

	if (!holder_find(HOLDER_UDP, &all, &holder))
		return;
	(void)snprintf(reason, sizeof reason,
	    _("%s on this machine gives out addresses itself, which cannot be heard from "
	      "here: see that it gives this machine alone as the DNS server"),
	    holder.pid != 0 ? holder.program : _("a program"));
	doctor_skip(d, "dhcp-dns", NULL, reason);
}

/* ---- addresses that two have ---- */

static void judge_arp(
    struct doctor *d, const struct doctor_lan *lan, const struct packet *p)
{
	struct finding f = {.id = "duplicate-address",
	    .severity = SEVERITY_ERROR,
	    .interface = lan->interface};
	char address[ADDR_TEXT_MAX], theirs[DOCTOR_MAC_TEXT], ours[DOCTOR_MAC_TEXT];

	addr_to_text(address, &p->from);
	mac_to_text(theirs, p->mac);
	mac_to_text(ours, lan->sender.mac);
	finding_detail(&f,
	    _("Another device (%s) has the filter's own address %s as well (ours is %s). "
	      "Questions reach one or the other by chance; those that reach the other are "
	      "not filtered, or not answered at all."),
	    theirs, address, ours);
	finding_fix(&f,
	    _("Give that device another address, and take %s out of the range that DHCP "
	      "gives out. To find it: look for %s in the switch's or access point's list."),
	    address, theirs);
	doctor_find(d, &f);
}

/* The kernel has refused to use an IPv6 address that somebody else has (RFC 4862 section
 * 5.4): "address index length scope flags interface" in hexadecimal. */
static void judge_dad_line(struct doctor *d, struct slice line)
{
	struct finding f = {.id = "duplicate-address", .severity = SEVERITY_ERROR};
	struct slice word[6];
	char flags[3] = "", interface[INTERFACE_NAME_BYTES] = "", address[40] = "";
	size_t count = 0;

	while (line.len > 0 && count < COUNT_OF(word)) {
		word[count] = slice_trim(slice_cut(&line, ' '));
		count += word[count].len > 0 ? 1 : 0;
	}
	if (count < COUNT_OF(word) || word[0].len != 32 || word[4].len != 2 ||
	    word[5].len >= sizeof interface)
		return;
	memcpy(flags, word[4].ptr, 2);
	if ((strtoul(flags, NULL, 16) & DAD_FAILED) == 0)
		return;
	memcpy(interface, word[5].ptr, word[5].len);
	for (size_t i = 0; i < 8; i++)
		(void)snprintf(
		    address + 5 * i, 6, "%.4s%s", word[0].ptr + 4 * i, i < 7 ? ":" : "");
	f.interface = interface;
	finding_detail(&f,
	    _("The IPv6 address %s of this machine is in use by another device; this "
	      "machine does not use it, and questions sent to it are not filtered."),
	    address);
	finding_fix(&f, "%s",
	    _("Give one of the two another address, then take the interface down and up."));
	doctor_find(d, &f);
}

static void check_dad(struct doctor *d)
{
	struct buf table = BUF_INIT(1 << 20);

	if (file_read("/proc/net/if_inet6", &table) == OK) {
		struct slice rest = buf_slice(&table);
		while (rest.len > 0)
			judge_dad_line(d, slice_cut(&rest, '\n'));
	}
	buf_deinit(&table);
}

/* ---- all ---- */

void doctor_judge_lan(
    struct doctor *d, const struct doctor_lan *lan, const struct heard *heard)
{
	bool ipv6_said = false;

	for (size_t i = 0; i < heard->count; i++) {
		const struct packet *p = &heard->items[i];
		switch (p->kind) {
		case PACKET_ROUTER:
			judge_router(d, lan, p);
			if (p->gives_ipv6 && !ipv6_said)
				judge_ipv6(d, lan, p);
			ipv6_said = ipv6_said || p->gives_ipv6;
			break;
		case PACKET_DHCP4:
		case PACKET_DHCP6:
			judge_offer(d, lan, p);
			break;
		case PACKET_ARP:
			judge_arp(d, lan, p);
			break;
		}
	}
	judge_servers(d, lan, heard);
}

static const char *const LAN_CHECKS[] = {
    "ra-dns", "dhcp-dns", "dhcp-servers", "duplicate-address", "ipv6-unserved"};

static void skip_all(struct doctor *d, const char *interface, const char *reason)
{
	for (size_t i = 0; i < COUNT_OF(LAN_CHECKS); i++)
		doctor_skip(d, LAN_CHECKS[i], interface, reason);
}

void check_lans(struct doctor *d)
{
	struct heard *heard = calloc(DOCTOR_LANS_MAX, sizeof *heard);

	check_dad(d);
	if (d->lan_count == 0) {
		skip_all(d, NULL,
		    _("this machine has no network of devices: no interface with an address "
		      "but the one that leads out"));
	} else if (heard == NULL || !doctor_listen(d, heard)) {
		skip_all(d, NULL, _("run as root: sudo lachanctl doctor"));
	} else {
		note_own_server(d);
		for (size_t i = 0; i < COUNT_OF(LAN_CHECKS); i++)
			doctor_checked(d, LAN_CHECKS[i]);
		for (size_t i = 0; i < d->lan_count; i++) {
			if (d->lans[i].has_mac)
				doctor_judge_lan(d, &d->lans[i], &heard[i]);
			else
				skip_all(d, d->lans[i].interface,
				    _("this card cannot be listened at"));
		}
	}
	free(heard);
}
