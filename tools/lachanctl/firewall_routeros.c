/* MikroTik RouterOS 7: for a router beside whose line the gateway stands. */
#include "base/words.h"
#include "lachanctl/firewall.h"

static void write_list(struct buf *out, const struct firewall *f, sa_family_t family)
{
	const char *menu = family == AF_INET ? "/ip" : "/ipv6";

	buf_printf(
	    out, "%s firewall address-list\nremove [find comment~\"^Lachan\"]\n", menu);
	for (size_t i = 0; i < f->doh_count; i++) {
		char text[PREFIX_TEXT_MAX];
		if (f->doh[i].address.base.family != family)
			continue;
		firewall_prefix_text(text, &f->doh[i].address);
		buf_printf(out, "add list=lachan-doh address=%s comment=\"Lachan: %s\"\n",
		    text, f->doh[i].who);
	}
}

/* As in firewall_uci.c: there, and back again within one network. */
static void write_stray(struct buf *out, const struct firewall_family *f)
{
	static const char *const protocols[] = {"udp", "tcp"};
	char gateway[ADDR_TEXT_MAX], link[PREFIX_TEXT_MAX];

	addr_to_text(gateway, &f->gateway);
	prefix_to_text(link, &f->link);
	buf_text(out, "/ip firewall nat\nremove [find comment~\"^Lachan\"]\n");
	for (size_t i = 0; i < COUNT_OF(protocols); i++) {
		buf_printf(out,
		    "add chain=dstnat action=dst-nat protocol=%s dst-port=53 "
		    "in-interface-list=LAN src-address=!%s dst-address=!%s to-addresses=%s "
		    "to-ports=%u comment=\"Lachan: stray DNS\"\n",
		    protocols[i], gateway, gateway, gateway, (unsigned)f->port);
		buf_printf(out,
		    "add chain=srcnat action=masquerade protocol=%s dst-port=%u "
		    "src-address=%s dst-address=%s comment=\"Lachan: and back\"\n",
		    protocols[i], (unsigned)f->port, link, gateway);
	}
}

static void write_reject(
    struct buf *out, const struct firewall_family *f, const char *ports, const char *list)
{
	static const struct {
		const char *protocol, *with;
	} ways[] = {{"tcp", "tcp-reset"}, {"udp", "icmp-port-unreachable"}};
	char source[ADDR_TEXT_MAX + 16] = "", gateway[ADDR_TEXT_MAX];

	if (f->gateway.family != 0) {
		addr_to_text(gateway, &f->gateway);
		(void)snprintf(source, sizeof source, " src-address=!%s", gateway);
	}
	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		buf_printf(out,
		    "add chain=forward action=reject reject-with=%s protocol=%s dst-port=%s "
		    "in-interface-list=LAN%s%s comment=\"Lachan: closed\"\n",
		    ways[i].with, ways[i].protocol, ports, source, list);
	}
}

static void write_filter(
    struct buf *out, const char *menu, const struct firewall_family *f, bool dns_too)
{
	buf_printf(out, "%s firewall filter\nremove [find comment~\"^Lachan\"]\n", menu);
	if (dns_too)
		write_reject(out, f, "53", "");
	write_reject(out, f, "853", "");
	write_reject(out, f, "443", " dst-address-list=lachan-doh");
}

void firewall_write_routeros(struct buf *out, const struct firewall *f)
{
	firewall_preamble(out);
	firewall_comment(out, "# ",
	    _("For a MikroTik router (RouterOS 7) whose interface list LAN is the school's "
	      "network; the gateway stands there too. Copy this file to the router as "
	      "lachan.rsc and run /import lachan.rsc there. Let DHCP hand out the gateway as the only DNS server as "
	      "well: what is led here by force from the gateway's own network arrives with "
	      "the router's address, so it is judged as the strictest tier, and the router's "
	      "address must not be claimed by a looser one."));
	firewall_comment(out, "# ",
	    _("Rules that accept everything must stand below these in the chain `forward`; "
	      "move them where they do not. DNS by IPv6 is refused instead of led; devices "
	      "then ask by IPv4."));
	if (f->v4.link_guessed)
		firewall_comment(out, "# ",
		    _("The gateway's own network is a guess (it is not this machine): correct "
		      "src-address of the rules `and back`."));
	buf_text(out, "\n");
	write_list(out, f, AF_INET);
	if (f->v4.gateway.family != 0)
		write_stray(out, &f->v4);
	write_filter(out, "/ip", &f->v4, f->v4.gateway.family == 0);
	write_list(out, f, AF_INET6);
	write_filter(out, "/ipv6", &f->v6, true);
}
