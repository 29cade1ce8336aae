/* OpenWrt: for a router beside whose line the gateway stands. */
#include "base/words.h"
#include "lachanctl/firewall.h"

/* "set firewall.SECTION.OPTION='VALUE'" for what needs no other form. */
static void set(struct buf *out, const char *section, const char *option, const char *value)
{
	buf_printf(out, "set firewall.%s.%s='%s'\n", section, option, value);
}

static void begin(struct buf *out, const char *section, const char *type, const char *name)
{
	buf_printf(out, "set firewall.%s='%s'\n", section, type);
	set(out, section, "name", name);
}

static void write_lists(struct buf *out, const struct firewall *f)
{
	static const struct {
		const char *section, *family;
		sa_family_t of;
	} lists[] = {{"lachan_doh4", "ipv4", AF_INET}, {"lachan_doh6", "ipv6", AF_INET6}};

	for (size_t k = 0; k < COUNT_OF(lists); k++) {
		begin(out, lists[k].section, "ipset", lists[k].section);
		set(out, lists[k].section, "family", lists[k].family);
		set(out, lists[k].section, "match", "dest_net");
		for (size_t i = 0; i < f->doh_count; i++) {
			char text[PREFIX_TEXT_MAX];
			if (f->doh[i].address.base.family != lists[k].of)
				continue;
			firewall_prefix_text(text, &f->doh[i].address);
			buf_printf(out, "add_list firewall.%s.entry='%s'\n",
			    lists[k].section, text);
		}
	}
}

/* Stray IPv4 queries to the gateway, and back again: where both stand in one network, the
 * answer must pass the router too, or the device would not know it. */
static void write_stray(struct buf *out, const struct firewall_family *f)
{
	char gateway[ADDR_TEXT_MAX], others[ADDR_TEXT_MAX + 1], port[8],
	    link[PREFIX_TEXT_MAX];

	addr_to_text(gateway, &f->gateway);
	prefix_to_text(link, &f->link);
	(void)snprintf(others, sizeof others, "!%s", gateway);
	(void)snprintf(port, sizeof port, "%u", (unsigned)f->port);
	begin(out, "lachan_dns", "redirect", "Lachan-DNS");
	set(out, "lachan_dns", "family", "ipv4");
	set(out, "lachan_dns", "target", "DNAT");
	set(out, "lachan_dns", "src", "lan");
	set(out, "lachan_dns", "src_ip", others);
	set(out, "lachan_dns", "src_dip", others);
	set(out, "lachan_dns", "src_dport", "53");
	set(out, "lachan_dns", "proto", "tcp udp");
	set(out, "lachan_dns", "dest", "lan");
	set(out, "lachan_dns", "dest_ip", gateway);
	set(out, "lachan_dns", "dest_port", port);
	set(out, "lachan_dns", "reflection", "0");
	begin(out, "lachan_back", "nat", "Lachan-back");
	set(out, "lachan_back", "family", "ipv4");
	set(out, "lachan_back", "target", "MASQUERADE");
	set(out, "lachan_back", "src", "lan");
	set(out, "lachan_back", "src_ip", link);
	set(out, "lachan_back", "dest_ip", gateway);
	set(out, "lachan_back", "dest_port", port);
	set(out, "lachan_back", "proto", "tcp udp");
}

static void write_reject(struct buf *out, const char *section, const char *family,
    const struct firewall_family *f, const char *port)
{
	char others[ADDR_TEXT_MAX + 1], gateway[ADDR_TEXT_MAX];

	begin(out, section, "rule", section);
	set(out, section, "family", family);
	set(out, section, "target", "REJECT");
	set(out, section, "src", "lan");
	set(out, section, "dest", "*");
	if (f->gateway.family != 0) {
		addr_to_text(gateway, &f->gateway);
		(void)snprintf(others, sizeof others, "!%s", gateway);
		set(out, section, "src_ip", others);
	}
	set(out, section, "proto", "tcp udp");
	set(out, section, "dest_port", port);
}

static void write_rules(struct buf *out, const struct firewall *f)
{
	if (f->v4.gateway.family != 0) {
		write_stray(out, &f->v4);
	} else {
		write_reject(out, "lachan_dns4", "ipv4", &f->v4, "53");
	}
	write_reject(out, "lachan_dns6", "ipv6", &f->v6, "53");
	write_reject(out, "lachan_dot4", "ipv4", &f->v4, "853");
	write_reject(out, "lachan_dot6", "ipv6", &f->v6, "853");
	write_reject(out, "lachan_https4", "ipv4", &f->v4, "443");
	set(out, "lachan_https4", "ipset", "lachan_doh4");
	write_reject(out, "lachan_https6", "ipv6", &f->v6, "443");
	set(out, "lachan_https6", "ipset", "lachan_doh6");
}

void firewall_write_uci(struct buf *out, const struct firewall *f)
{
	static const char *const sections[] = {"lachan_doh4", "lachan_doh6", "lachan_dns",
	    "lachan_back", "lachan_dns4", "lachan_dns6", "lachan_dot4", "lachan_dot6",
	    "lachan_https4", "lachan_https6"};

	buf_text(out, "#!/bin/sh\n");
	firewall_preamble(out);
	firewall_comment(out, "# ",
	    _("For an OpenWrt router (22.03 or newer) whose zone `lan` is the school's network; "
	      "the gateway stands there too. Run this file on the router. Let DHCP hand out "
	      "the gateway as the only DNS server as well: what is led here by force from the "
	      "gateway's own network arrives with the router's address, so it is judged as "
	      "the strictest tier, and the router's address must not be claimed by a looser "
	      "one."));
	firewall_comment(out, "# ",
	    _("DNS by IPv6 is refused instead of led: the router does not know which IPv6 "
	      "address of the gateway will last. Devices then ask by IPv4. Other zones than "
	      "`lan`: copy the sections with that zone's name."));
	if (f->v4.link_guessed)
		firewall_comment(out, "# ",
		    _("The gateway's own network is a guess (it is not this machine): correct "
		      "lachan_back.src_ip."));
	buf_text(out, "\nfor section in");
	for (size_t i = 0; i < COUNT_OF(sections); i++)
		buf_printf(out, " %s", sections[i]);
	buf_text(
	    out, "; do\n\tuci -q delete firewall.$section\ndone\n\nuci batch <<'END'\n");
	write_lists(out, f);
	write_rules(out, f);
	buf_text(out, "commit firewall\nEND\nservice firewall restart\n");
}
