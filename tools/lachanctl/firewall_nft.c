/* nftables: for a gateway that is the school's router itself. */
#include "base/words.h"
#include "lachanctl/firewall.h"

static void write_set(struct buf *out, const char *name, const char *type,
    const struct prefix *items, size_t count)
{
	buf_printf(out, "\tset %s {\n\t\ttype %s\n\t\tflags interval\n\t\tauto-merge\n",
	    name, type);
	for (size_t i = 0; i < count; i++) {
		char text[PREFIX_TEXT_MAX];
		firewall_prefix_text(text, &items[i]);
		buf_printf(out, "%s%s", i == 0 ? "\t\telements = { " : ",\n\t\t\t", text);
	}
	buf_printf(out, "%s\t}\n", count > 0 ? " }\n" : "");
}

/* The prefixes of one family; returns how many. */
static size_t pick(struct prefix *out, sa_family_t family, const struct prefix *from,
    size_t count, size_t max)
{
	size_t picked = 0;

	for (size_t i = 0; i < count && picked < max; i++) {
		if (from[i].base.family == family)
			out[picked++] = from[i];
	}
	return picked;
}

static void write_clients(struct buf *out, const struct firewall *f)
{
	struct prefix of_family[FIREWALL_CLIENTS_MAX];
	size_t count;

	firewall_comment(out, "\t# ",
	    _("Whose stray queries are led here: server.allow, as it stands now."));
	count = pick(of_family, AF_INET, f->clients, f->client_count, FIREWALL_CLIENTS_MAX);
	write_set(out, "school4", "ipv4_addr", of_family, count);
	count =
	    pick(of_family, AF_INET6, f->clients, f->client_count, FIREWALL_CLIENTS_MAX);
	write_set(out, "school6", "ipv6_addr", of_family, count);
}

static void write_doh(struct buf *out, const struct firewall *f, sa_family_t family)
{
	bool first = true;

	buf_printf(out, "\tset doh%s {\n\t\ttype %s\n\t\tflags interval\n\t\tauto-merge\n",
	    family == AF_INET ? "4" : "6", family == AF_INET ? "ipv4_addr" : "ipv6_addr");
	for (size_t i = 0; i < f->doh_count; i++) {
		char text[PREFIX_TEXT_MAX];
		if (f->doh[i].address.base.family != family)
			continue;
		firewall_prefix_text(text, &f->doh[i].address);
		buf_printf(out, "%s%s", first ? "\t\telements = { " : ",\n\t\t\t", text);
		first = false;
	}
	buf_printf(out, "%s\t}\n", first ? "" : " }\n");
}

static void write_sets(struct buf *out, const struct firewall *f)
{
	firewall_comment(out, "\t# ",
	    _("Machines that may ask other DNS servers by themselves: write their addresses "
	      "here."));
	write_set(out, "may_ask4", "ipv4_addr", NULL, 0);
	write_set(out, "may_ask6", "ipv6_addr", NULL, 0);
	if (f->lan_count == 0)
		write_clients(out, f);
	firewall_comment(out, "\t# ",
	    _("Known addresses of DNS over HTTPS (doh-addresses.txt), which serve DNS and "
	      "nothing else."));
	write_doh(out, f, AF_INET);
	write_doh(out, f, AF_INET6);
}

/* Whom no rule below concerns. */
static void write_exempt(struct buf *out, const struct firewall *f)
{
	if (f->lan_count > 0) {
		buf_text(out, "\t\tiifname != { ");
		for (size_t i = 0; i < f->lan_count; i++)
			buf_printf(out, "%s\"%s\"", i > 0 ? ", " : "", f->lans[i]);
		buf_text(out, " } return\n");
	} else {
		buf_text(out,
		    "\t\tip saddr != @school4 return\n"
		    "\t\tip6 saddr != @school6 return\n");
	}
	buf_text(out,
	    "\t\tip saddr @may_ask4 return\n"
	    "\t\tip6 saddr @may_ask6 return\n");
}

static void write_stray(
    struct buf *out, const char *family, const char *ip, const struct firewall_family *f)
{
	char gateway[ADDR_TEXT_MAX];

	if (f->reach == REACH_NOBODY)
		return;
	buf_printf(out,
	    "\t\tmeta nfproto %s meta l4proto { tcp, udp } th dport 53 counter ", family);
	if (f->reach == REACH_HERE) {
		buf_printf(out, "redirect to :%u\n", (unsigned)f->port);
		return;
	}
	addr_to_text(gateway, &f->gateway);
	buf_printf(out,
	    f->gateway.family == AF_INET ? "dnat %s to %s:%u\n" : "dnat %s to [%s]:%u\n",
	    ip, gateway, (unsigned)f->port);
}

static void write_refuse(struct buf *out, const char *match, const char *ports)
{
	buf_printf(out, "\t\t%stcp dport %s counter reject with tcp reset\n", match, ports);
	buf_printf(out, "\t\t%sudp dport %s counter reject\n", match, ports);
}

static void write_chains(struct buf *out, const struct firewall *f)
{
	firewall_comment(
	    out, "\t# ", _("Stray DNS: whatever server a device asks, we answer."));
	buf_text(out,
	    "\tchain stray {\n"
	    "\t\ttype nat hook prerouting priority dstnat; policy accept;\n");
	write_exempt(out, f);
	buf_text(out, "\t\tfib daddr type { local, broadcast, multicast } return\n");
	write_stray(out, "ipv4", "ip", &f->v4);
	write_stray(out, "ipv6", "ip6", &f->v6);
	buf_text(out, "\t}\n");
	firewall_comment(out, "\t# ",
	    _("Encrypted DNS to the outside: refused, so that devices notice at once and ask "
	      "us."));
	buf_text(out,
	    "\tchain closed {\n"
	    "\t\ttype filter hook forward priority filter - 10; policy accept;\n");
	write_exempt(out, f);
	if (f->v4.reach == REACH_NOBODY)
		write_refuse(out, "meta nfproto ipv4 ", "53");
	if (f->v6.reach == REACH_NOBODY)
		write_refuse(out, "meta nfproto ipv6 ", "53");
	write_refuse(out, "", "853");
	write_refuse(out, "ip daddr @doh4 ", "443");
	write_refuse(out, "ip6 daddr @doh6 ", "443");
	buf_text(out, "\t}\n");
}

void firewall_write_nft(struct buf *out, const struct firewall *f)
{
	buf_text(out, "#!/usr/sbin/nft -f\n");
	firewall_preamble(out);
	firewall_comment(out, "# ",
	    _("For nftables, where this machine is the router between the school and the "
	      "outside. The first line tries, the second puts in force until the next boot, "
	      "the third takes away; to keep it, include it from /etc/nftables.conf."));
	buf_text(out,
	    "#   lachanctl firewall --nft | sudo nft -c -f -\n"
	    "#   lachanctl firewall --nft | sudo nft -f -\n"
	    "#   sudo nft delete table inet lachan\n");
	if (f->lan_count == 0) {
		firewall_comment(out, "# ",
		    _("This machine seems to have one network only, so it stands beside the "
		      "line, and rules here see nothing of what passes by: use them on the "
		      "router (--uci, --routeros). Here they act on the addresses of "
		      "server.allow."));
	}
	buf_text(
	    out, "\ntable inet lachan\ndelete table inet lachan\n\ntable inet lachan {\n");
	write_sets(out, f);
	buf_text(out, "\n");
	write_chains(out, f);
	buf_text(out, "}\n");
}
