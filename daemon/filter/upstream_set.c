#include "filter/upstream_set.h"

#include <string.h>

#include "base/file.h"

enum {
	RESOLV_CONF_MAX_BYTES = 64 * 1024,
	DNS_PORT = 53
};

static bool is_ourselves(
    const struct addr *server, const struct config *config, const struct interfaces *ours)
{
	const struct config_endpoints *listen = &config->server.listen;

	if (!interfaces_is_ours(ours, server))
		return false;
	for (size_t i = 0; i < listen->count; i++) {
		const struct addr *own = &listen->items[i].addr;
		if (own->port != server->port)
			continue;
		/* A wildcard takes every address of its family; a fixed one itself. */
		if (addr_is_unspecified(own) ? own->family == server->family
		                             : addr_equal(own, server))
			return true;
	}
	return false;
}

static bool add(struct upstream_set *set, struct upstream_server server)
{
	for (unsigned i = 0; i < set->count; i++) {
		if (addr_equal_port(&set->servers[i].addr, &server.addr) &&
		    set->servers[i].tcp == server.tcp)
			return true;
	}
	if (set->count == UPSTREAM_SERVERS_MAX)
		return false;
	set->servers[set->count++] = server;
	return true;
}

static void add_unless_ours(struct upstream_set *set, struct upstream_server server,
    const struct config *config, const struct interfaces *ours, unsigned *skipped)
{
	if (is_ourselves(&server.addr, config, ours)) {
		(*skipped)++;
	} else {
		(void)add(set, server); /* beyond 16 servers there is nothing to gain */
	}
}

/* "nameserver ADDRESS" lines (resolv.conf(5)). */
static void add_resolv_conf(struct upstream_set *set, struct slice text,
    const struct config *config, const struct interfaces *ours, unsigned *skipped)
{
	while (text.len > 0) {
		struct slice line = slice_trim(slice_cut(&text, '\n'));
		if (!slice_starts(line, SLICE_LIT("nameserver")))
			continue;
		line.ptr += strlen("nameserver");
		line.len -= strlen("nameserver");
		struct upstream_server server = {.tcp = false};
		if (addr_from_text(&server.addr, slice_trim(line), NULL) != OK)
			continue;
		server.addr.port = DNS_PORT;
		add_unless_ours(set, server, config, ours, skipped);
	}
}

/* Eight hexadecimal digits of the kernel's table: an address in this machine's order. */
static bool read_hex(struct slice field, uint32_t *out)
{
	uint32_t value = 0;

	if (field.len != 8)
		return false;
	for (size_t i = 0; i < field.len; i++) {
		uint8_t c = byte_lower(field.ptr[i]);
		if (c >= '0' && c <= '9') {
			value = value << 4 | (uint32_t)(c - '0');
		} else if (c >= 'a' && c <= 'f') {
			value = value << 4 | (uint32_t)(c - 'a' + 10);
		} else {
			return false;
		}
	}
	*out = value;
	return true;
}

/* The default route's next hop, from lines of "Iface Destination Gateway ..." between
 * tabs. */
static bool default_gateway(struct addr *out)
{
	struct buf table = BUF_INIT(RESOLV_CONF_MAX_BYTES);
	bool found = false;

	if (file_read("/proc/net/route", &table) == OK) {
		struct slice text = buf_slice(&table);
		while (!found && text.len > 0) {
			struct slice line = slice_cut(&text, '\n');
			uint32_t destination;
			uint32_t gateway;
			(void)slice_cut(&line, '\t'); /* the interface */
			if (!read_hex(slice_cut(&line, '\t'), &destination) ||
			    !read_hex(slice_cut(&line, '\t'), &gateway) ||
			    destination != 0 || gateway == 0)
				continue;
			*out =
			    addr_from_octets((struct slice){(const uint8_t *)&gateway, 4});
			out->port = DNS_PORT;
			found = true;
		}
	}
	buf_deinit(&table);
	return found;
}

static void add_configured(struct upstream_set *set,
    const struct config_upstream_servers *from, const struct config *config,
    const struct interfaces *ours, unsigned *skipped)
{
	for (size_t i = 0; i < from->count; i++) {
		struct upstream_server server = {
		    .addr = from->items[i].addr,
		    .tcp = from->items[i].transport == UPSTREAM_TCP,
		};
		if (from->items[i].transport == UPSTREAM_GATEWAY &&
		    !default_gateway(&server.addr))
			continue;
		add_unless_ours(set, server, config, ours, skipped);
	}
}

static uint64_t id_of(const struct upstream_set *set, uint64_t id)
{
	for (unsigned i = 0; i < set->count; i++) {
		const struct addr *a = &set->servers[i].addr;
		id = checksum64(
		    id ^ a->port ^ (uint64_t)set->servers[i].tcp << 16, addr_slice(a));
	}
	return id;
}

void upstream_set_make(struct upstream_set *out, const struct config *config,
    const char *resolv_conf, const struct interfaces *ours, unsigned *skipped)
{
	struct buf text = BUF_INIT(RESOLV_CONF_MAX_BYTES);
	unsigned left_out = 0;

	*out = (struct upstream_set){
	    .strategy = config->upstream.strategy,
	    .timeout_ms = (uint32_t)config->upstream.timeout_ms,
	};
	add_configured(out, &config->upstream.servers, config, ours, &left_out);
	if (config->upstream.servers.count == 0 && file_read(resolv_conf, &text) == OK)
		add_resolv_conf(out, buf_slice(&text), config, ours, &left_out);
	if (config->upstream.servers.count == 0 && out->count == 0)
		add_configured(out, &config->upstream.fallback, config, ours, &left_out);
	buf_deinit(&text);

	out->id = id_of(out, 0);
	if (skipped != NULL)
		*skipped = left_out;
}

void upstream_set_make_zone(struct upstream_set *out, const struct config *config,
    const struct config_zone *zone, const struct interfaces *ours, unsigned *skipped)
{
	const struct slice name = {zone->zone.name.wire, zone->zone.name.len};

	*out = (struct upstream_set){
	    .strategy = config->upstream.strategy,
	    .timeout_ms = (uint32_t)config->upstream.timeout_ms,
	};
	add_configured(out, &zone->servers, config, ours, skipped);
	uint64_t id = id_of(out, checksum64(0, name));
	out->id = id != 0 ? id : 1;
}
