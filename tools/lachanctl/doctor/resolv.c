/* Where this machine asks for names: pointing at ourselves, nobody asks anybody. */
#include "base/words.h"
#include "lachanctl/doctor/doctor.h"

#define RESOLV_CONF        "/etc/resolv.conf"
#define RESOLV_CONF_BEHIND "/run/systemd/resolve/resolv.conf"
#define SYSTEMD_STUB       "127.0.0.53"

enum {
	RESOLV_CONF_MAX_BYTES = 64 * 1024,
	DNS_PORT = 53
};

struct servers {
	size_t count, ours;
	bool stub; /* systemd-resolved's, which asks others itself */
	char first[ADDR_TEXT_MAX];
};

/* Do we listen there ourselves? Loopback counts here: it is this machine that asks. */
static bool is_ourselves(const struct doctor *d, const struct addr *server)
{
	const struct config_endpoints *listen = &d->config->server.listen;

	if (!interfaces_is_ours(&d->interfaces, server))
		return false;
	for (size_t i = 0; i < listen->count; i++) {
		const struct addr *at = &listen->items[i].addr;
		if (at->port == server->port && at->family == server->family &&
		    (addr_is_unspecified(at) || addr_equal(at, server)))
			return true;
	}
	return false;
}

static void read_line(const struct doctor *d, struct slice line, struct servers *out)
{
	static const struct slice WORD = SLICE_LIT("nameserver");
	struct addr server;

	line = slice_trim(line);
	if (!slice_starts(line, WORD))
		return;
	struct slice text =
	    slice_trim((struct slice){line.ptr + WORD.len, line.len - WORD.len});
	if (addr_from_text(&server, text, NULL) != OK)
		return;
	server.port = DNS_PORT;
	out->stub = out->stub || slice_equal(text, SLICE_LIT(SYSTEMD_STUB));
	if (out->count++ == 0)
		addr_to_text(out->first, &server);
	out->ours += is_ourselves(d, &server) ? 1 : 0;
}

static bool read_servers(const struct doctor *d, const char *path, struct servers *out)
{
	struct buf text = BUF_INIT(RESOLV_CONF_MAX_BYTES);
	bool readable = file_read(path, &text) == OK;
	struct slice rest = buf_slice(&text);

	*out = (struct servers){.count = 0};
	while (rest.len > 0)
		read_line(d, slice_cut(&rest, '\n'), out);
	buf_deinit(&text);
	return readable;
}

static void say_loop(struct doctor *d, const char *path, const struct servers *servers)
{
	struct finding f = {.id = "resolv-conf", .severity = SEVERITY_ERROR};
	bool fallback = d->config->upstream.fallback.count > 0;

	if (fallback) /* names are found, though by nobody's choice */
		f.severity = SEVERITY_WARNING;
	if (servers->count == 0) {
		finding_detail(&f,
		    _("%s names no server, and upstream.servers names none: %s."), path,
		    fallback ? _("the filter asks the servers of upstream.fallback alone")
		             : _("the filter has nobody to ask"));
	} else {
		finding_detail(&f,
		    _("%s points at this machine itself (%s), and upstream.servers names "
		      "nobody else: %s."),
		    path, servers->first,
		    fallback ? _("the filter asks the servers of upstream.fallback alone")
		             : _("the filter has nobody to ask but itself"));
	}
	finding_fix(&f, "%s",
	    _("Name the servers that the filter is to ask in its configuration, for "
	      "example upstream: {servers: [\"udp://1.1.1.1\", \"udp://8.8.8.8\"]} or the "
	      "operator's, then: sudo lachanctl reload. /etc/resolv.conf may stay as it is."));
	doctor_find(d, &f);
}

/* Servers that the configuration names, and that are ourselves. */
static void check_configured(struct doctor *d)
{
	const struct config_upstream_servers *all = &d->config->upstream.servers;

	for (size_t i = 0; i < all->count; i++) {
		struct finding f = {.id = "resolv-conf", .severity = SEVERITY_ERROR};
		if (all->items[i].transport == UPSTREAM_GATEWAY ||
		    !is_ourselves(d, &all->items[i].addr))
			continue;
		finding_detail(&f,
		    _("upstream.servers names this machine itself (%s): the filter would ask "
		      "itself, so it leaves that server out."),
		    all->items[i].text);
		finding_fix(
		    &f, "%s", _("Write another server there, then: sudo lachanctl reload"));
		doctor_find(d, &f);
	}
}

void check_resolv(struct doctor *d)
{
	const struct config_upstream *upstream = &d->config->upstream;
	const char *path = RESOLV_CONF;
	struct servers servers;

	doctor_checked(d, "resolv-conf");
	check_configured(d);
	if (upstream->servers.count > 0)
		return;
	(void)read_servers(d, path, &servers);
	if (servers.stub) {
		path = RESOLV_CONF_BEHIND;
		if (!read_servers(d, path, &servers))
			return;
	}
	if (servers.count == servers.ours)
		say_loop(d, path, &servers);
}
