#include "lachanctl/firewall.h"

#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "lachanctl/table.h"
#include "net/interfaces.h"

enum {
	DOH_FILE_MAX_BYTES = 1 << 20,
	LINE_WIDTH = 96
};

void firewall_deinit(struct firewall *f)
{
	free(f->doh);
	f->doh = NULL;
}

/* ---- comments --------------------------------------------------------------------------- */

void firewall_comment(struct buf *out, const char *mark, const char *text)
{
	buf_text(out, mark);
	text_wrap(out, mark, text_width(mark), LINE_WIDTH, text);
}

void firewall_prefix_text(char out[PREFIX_TEXT_MAX], const struct prefix *p)
{
	if (p->length == addr_size(&p->base) * 8) {
		addr_to_text(out, &p->base);
	} else {
		prefix_to_text(out, p);
	}
}

void firewall_preamble(struct buf *out)
{
	firewall_comment(out, "# ",
	    _("Lá Chắn: keeps the devices of the school with the school's own filter. Stray "
	      "DNS queries (port 53) are led to it, DNS over TLS and QUIC (port 853) and the "
	      "known addresses of DNS over HTTPS are closed."));
	firewall_comment(out, "# ",
	    _("This holds for everybody on the network, staff and guests too: a firewall "
	      "knows no tiers. Mobile data, VPNs and addresses that nobody has listed stay "
	      "open; no firewall closes them all. Make the rules again when the addresses of "
	      "the network change."));
}

/* ---- the addresses of DNS over HTTPS ---------------------------------------------------- */

/* Comments stand in quotes in some kinds: nothing that could end them. */
static void copy_who(char out[48], struct slice from)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                              "0123456789 .,()-";
	size_t len = 0;

	from = slice_trim(from);
	for (size_t i = 0; i < from.len && len + 1 < 48; i++) {
		if (from.ptr[i] != 0 && strchr(allowed, from.ptr[i]) != NULL)
			out[len++] = (char)from.ptr[i];
	}
	out[len] = 0;
}

static enum ctl_status read_doh_line(
    const struct ctl *c, struct firewall *f, struct slice line, size_t number)
{
	struct diag why;
	struct slice text = slice_trim(slice_cut(&line, '#'));

	if (text.len == 0)
		return CTL_DONE;
	if (f->doh_count == FIREWALL_DOH_MAX)
		return ctl_fail(c, CTL_FAILED, "doh-addresses.txt: %s", err_text(ERR_FULL));
	struct firewall_doh *one = &f->doh[f->doh_count];
	if (prefix_from_text(&one->address, text, &why) != OK) {
		return ctl_fail(
		    c, CTL_FAILED, "doh-addresses.txt:%zu: %s", number, why.text);
	}
	copy_who(one->who, line);
	f->doh_count++;
	return CTL_DONE;
}

static enum ctl_status read_doh(const struct ctl *c, struct firewall *f)
{
	char path[FILE_PATH_BYTES] = "doh-addresses.txt";
	struct buf text = BUF_INIT(DOH_FILE_MAX_BYTES);
	enum ctl_status status = CTL_DONE;
	size_t number = 0;

	f->doh = calloc(FIREWALL_DOH_MAX, sizeof *f->doh);
	enum err rc = f->doh == NULL
	    ? ERR_MEMORY
	    : path_join(
	          path, sizeof path, c->config->server.data_dir.text, "doh-addresses.txt");
	if (rc == OK)
		rc = file_read(path, &text);
	if (rc != OK)
		status = ctl_fail(c, CTL_FAILED, "%s: %s", path, err_text(rc));
	struct slice rest = buf_slice(&text);
	while (status == CTL_DONE && rest.len > 0)
		status = read_doh_line(c, f, slice_cut(&rest, '\n'), ++number);
	buf_deinit(&text);
	return status;
}

/* ---- this gateway ----------------------------------------------------------------------- */

/* The on-link prefix of one of our addresses; else the usual one of its family. */
static void find_link(struct firewall_family *f, const struct interfaces *all)
{
	for (size_t i = 0; i < all->count; i++) {
		if (addr_equal(&all->items[i].address, &f->gateway)) {
			f->link = all->items[i].on_link;
			return;
		}
	}
	f->link = prefix_of(&f->gateway, f->gateway.family == AF_INET ? 24 : 64);
	f->link_guessed = true;
}

/* Where queries of one family are taken: an address that the LAN can reach, or all. */
static void find_reach(struct firewall_family *f, sa_family_t family,
    const struct config_endpoints *listen, const struct interfaces *all)
{
	for (size_t i = 0; i < listen->count; i++) {
		const struct addr *at = &listen->items[i].addr;
		/* [::] takes IPv6 alone: 0.0.0.0 stands beside it. */
		if (at->family != family || addr_is_loopback(at) || addr_is_link_local(at))
			continue;
		f->port = at->port;
		if (!addr_is_unspecified(at)) {
			f->reach = REACH_ADDRESS;
			f->gateway = *at;
			f->gateway.port = 0;
			break;
		}
		f->reach = REACH_HERE;
		if (!interfaces_lan_address(all, family, &f->gateway))
			f->gateway = ADDR_NONE;
		break;
	}
	if (f->gateway.family != 0)
		find_link(f, all);
}

static bool is_known_lan(const struct firewall *f, const char *name)
{
	for (size_t i = 0; i < f->lan_count; i++) {
		if (strcmp(f->lans[i], name) == 0)
			return true;
	}
	return false;
}

/* Every interface beside the one that leads out; none where no route leads out. */
static void find_lans(struct firewall *f, const struct interfaces *all)
{
	bool out = false;

	for (size_t i = 0; i < all->count; i++)
		out = out || all->items[i].default_route;
	for (size_t i = 0; out && i < all->count && f->lan_count < FIREWALL_LANS_MAX; i++) {
		const struct interface_address *a = &all->items[i];
		if (a->loopback || interfaces_leads_out(all, a->interface) ||
		    is_known_lan(f, a->interface))
			continue;
		(void)snprintf(
		    f->lans[f->lan_count++], sizeof f->lans[0], "%s", a->interface);
	}
}

static void add_client(struct firewall *f, const struct prefix *p)
{
	if (f->client_count < FIREWALL_CLIENTS_MAX && !addr_is_loopback(&p->base) &&
	    !addr_is_link_local(&p->base))
		f->clients[f->client_count++] = *p;
}

/* server.allow, with what `local` stands for now. */
static void find_clients(
    struct firewall *f, const struct config_clients *allow, const struct interfaces *all)
{
	for (size_t i = 0; i < allow->count; i++) {
		const struct config_client *one = &allow->items[i];
		struct prefix local[64];
		size_t count = 0;
		if (one->kind == CLIENT_LOCAL)
			count = interfaces_local_prefixes(all, local, COUNT_OF(local));
		for (size_t k = 0; k < count && k < COUNT_OF(local); k++)
			add_client(f, &local[k]);
		struct prefix written = {one->first, (uint8_t)one->length};
		if (one->kind == CLIENT_PREFIX)
			add_client(f, &written);
	}
}

enum ctl_status firewall_gather(const struct ctl *c, struct firewall *out)
{
	struct interfaces all = INTERFACES_NONE;
	const struct config_server *server = &c->config->server;

	if (interfaces_read(&all) != OK)
		return ctl_fail(c, CTL_FAILED, "%s", _("the interfaces cannot be read"));
	find_reach(&out->v4, AF_INET, &server->listen, &all);
	find_reach(&out->v6, AF_INET6, &server->listen, &all);
	find_lans(out, &all);
	find_clients(out, &server->allow, &all);
	interfaces_deinit(&all);
	if (out->v4.reach == REACH_NOBODY && out->v6.reach == REACH_NOBODY) {
		return ctl_fail(c, CTL_FAILED, "%s",
		    _("server.listen names only addresses that no other device can reach; "
		      "stray queries could not be led there"));
	}
	return read_doh(c, out);
}
