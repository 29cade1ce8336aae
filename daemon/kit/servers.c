#include "kit/servers.h"

#include <stdlib.h>

#include "base/file.h"

enum {
	DNS_PORT = 53,
	SYSTEM_FILE_MAX_BYTES = 64 * 1024,
	RTF_UP_GATEWAY = 0x3 /* linux/route.h: RTF_UP | RTF_GATEWAY */
};

static void add(struct upstreams *all, struct addr addr, bool tcp)
{
	if (addr.port == 0)
		addr.port = DNS_PORT;
	if (all->count < UPSTREAMS_MAX)
		all->items[all->count++] = (struct upstream){addr, tcp};
}

void servers_read_resolv_conf(struct upstreams *out, struct slice text)
{
	while (text.ptr != NULL) {
		struct slice line = slice_trim(slice_cut(&text, '\n'));
		struct addr addr;
		if (!slice_starts(line, SLICE_LIT("nameserver")))
			continue;
		line.ptr += strlen("nameserver");
		line.len -= strlen("nameserver");
		if (addr_from_text(&addr, slice_trim(line), NULL) == OK)
			add(out, addr, false);
	}
}

/* The next field of a line of /proc/net/route, which separates by tabs. */
static struct slice next_field(struct slice *line)
{
	return slice_trim(slice_cut(line, '\t'));
}

static bool hex_of(struct slice field, uint32_t *out)
{
	uint32_t v = 0;

	if (field.len == 0 || field.len > 8)
		return false;
	for (size_t i = 0; i < field.len; i++) {
		uint8_t c = byte_lower(field.ptr[i]);
		if (c >= '0' && c <= '9') {
			v = v << 4 | (uint32_t)(c - '0');
		} else if (c >= 'a' && c <= 'f') {
			v = v << 4 | (uint32_t)(c - 'a' + 10);
		} else {
			return false;
		}
	}
	*out = v;
	return true;
}

bool servers_read_gateway(struct addr *out, struct slice text)
{
	while (text.ptr != NULL) {
		struct slice line = slice_cut(&text, '\n');
		uint32_t destination;
		uint32_t gateway;
		uint32_t flags;
		(void)next_field(&line); /* interface */
		if (!hex_of(next_field(&line), &destination) || destination != 0 ||
		    !hex_of(next_field(&line), &gateway) ||
		    !hex_of(next_field(&line), &flags) ||
		    (flags & RTF_UP_GATEWAY) != RTF_UP_GATEWAY)
			continue;
		/* The kernel prints the number as it lies in memory: octets in order. */
		uint8_t octets[4];
		memcpy(octets, &gateway, sizeof octets);
		*out = addr_from_octets((struct slice){octets, sizeof octets});
		return true;
	}
	return false;
}

static void add_gateway(struct upstreams *out)
{
	struct buf text = BUF_INIT(SYSTEM_FILE_MAX_BYTES);
	struct addr gateway;

	if (file_read("/proc/net/route", &text) == OK &&
	    servers_read_gateway(&gateway, buf_slice(&text)))
		add(out, gateway, false);
	buf_deinit(&text);
}

static void add_configured(
    struct upstreams *out, const struct config_upstream_servers *servers)
{
	for (size_t i = 0; i < servers->count; i++) {
		const struct config_upstream_server *s = &servers->items[i];
		if (s->transport == UPSTREAM_GATEWAY) {
			add_gateway(out);
		} else {
			add(out, s->addr, s->transport == UPSTREAM_TCP);
		}
	}
}

void servers_find(
    struct upstreams *out, const struct config_upstream *config, const char *resolv_conf)
{
	struct buf text = BUF_INIT(SYSTEM_FILE_MAX_BYTES);

	out->count = 0;
	if (config->servers.count > 0) {
		add_configured(out, &config->servers);
		return;
	}
	if (file_read(resolv_conf, &text) == OK)
		servers_read_resolv_conf(out, buf_slice(&text));
	buf_deinit(&text);
	add_configured(out, &config->fallback);
}
