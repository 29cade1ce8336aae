#include "net/interfaces.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"

enum {
	ROUTE_TABLE_BYTES_MAX = 1 << 20,
	DEFAULT_ROUTES_MAX = 16
};

/* ---- the kernel's route tables ---- */

/* The next word between blanks; empty at the end of the line. */
static struct slice next_word(struct slice *line)
{
	*line = slice_trim(*line);
	size_t len = 0;
	while (len < line->len && line->ptr[len] != ' ' && line->ptr[len] != '\t')
		len++;
	struct slice word = {line->ptr, len};
	line->ptr += len;
	line->len -= len;
	return word;
}

static uint64_t hex_number(struct slice word)
{
	uint64_t value = 0;
	for (size_t i = 0; i < word.len; i++) {
		uint8_t c = byte_lower(word.ptr[i]);
		unsigned digit = c >= 'a' && c <= 'f' ? c - 'a' + 10u
		    : c >= '0' && c <= '9'            ? c - '0' + 0u
		                                      : 16;
		if (digit > 15)
			return UINT64_MAX;
		value = value << 4 | digit;
	}
	return value;
}

static bool copy_name(char *out, struct slice word)
{
	if (word.len == 0 || word.len >= INTERFACE_NAME_BYTES)
		return false;
	memcpy(out, word.ptr, word.len);
	out[word.len] = '\0';
	return true;
}

/* Iface Destination Gateway Flags RefCnt Use Metric Mask …; the numbers are hexadecimal. The
 * line of titles has no such flags. */
size_t interfaces_default_routes4(
    struct slice table, char (*names)[INTERFACE_NAME_BYTES], size_t max)
{
	size_t count = 0;
	while (table.len > 0 && count < max) {
		struct slice line = slice_cut(&table, '\n');
		struct slice word[8];
		for (size_t i = 0; i < COUNT_OF(word); i++)
			word[i] = next_word(&line);
		if (word[7].len == 8 && hex_number(word[1]) == 0 &&
		    hex_number(word[7]) == 0 &&
		    (hex_number(word[3]) & (RTF_UP | RTF_REJECT)) == RTF_UP &&
		    copy_name(names[count], word[0]))
			count++;
	}
	return count;
}

/* Destination, its length, source, its length, next hop, metric, references, use, flags,
 * interface. Where no default route is, the kernel shows one that rejects, on lo. */
size_t interfaces_default_routes6(
    struct slice table, char (*names)[INTERFACE_NAME_BYTES], size_t max)
{
	size_t count = 0;
	while (table.len > 0 && count < max) {
		struct slice line = slice_cut(&table, '\n');
		struct slice word[10];
		for (size_t i = 0; i < COUNT_OF(word); i++)
			word[i] = next_word(&line);
		if (word[0].len == 32 && hex_number(word[1]) == 0 &&
		    (hex_number(word[8]) & (RTF_UP | RTF_REJECT)) == RTF_UP &&
		    !slice_equal(word[9], SLICE_LIT("lo")) &&
		    copy_name(names[count], word[9]))
			count++;
	}
	return count;
}

struct default_routes {
	char names[DEFAULT_ROUTES_MAX][INTERFACE_NAME_BYTES];
	size_t count;
};

/* No table (no IPv6, no /proc) is an empty table. */
static void read_routes(struct default_routes *out, const char *path,
    size_t (*split)(struct slice, char (*)[INTERFACE_NAME_BYTES], size_t))
{
	struct buf table = BUF_INIT(ROUTE_TABLE_BYTES_MAX);
	out->count = 0;
	if (file_read(path, &table) == OK)
		out->count = split(buf_slice(&table), out->names, DEFAULT_ROUTES_MAX);
	buf_deinit(&table);
}

static bool routes_name(const struct default_routes *routes, const char *interface)
{
	for (size_t i = 0; i < routes->count; i++) {
		if (strcmp(routes->names[i], interface) == 0)
			return true;
	}
	return false;
}

/* ---- addresses ---- */

static uint8_t mask_length(const struct addr *mask)
{
	uint8_t length = 0;
	for (size_t i = 0; i < addr_size(mask) * 8; i++)
		length += (uint8_t)(mask->bytes[i / 8] >> (7 - i % 8) & 1);
	return length;
}

static struct addr addr_of(const struct sockaddr *from)
{
	struct sockaddr_storage storage = {.ss_family = AF_UNSPEC};
	if (from != NULL && from->sa_family == AF_INET) {
		memcpy(&storage, from, sizeof(struct sockaddr_in));
	} else if (from != NULL && from->sa_family == AF_INET6) {
		memcpy(&storage, from, sizeof(struct sockaddr_in6));
	}
	return addr_from_sockaddr(&storage);
}

static bool take_address(struct interface_address *out, const struct ifaddrs *from)
{
	struct addr a = addr_of(from->ifa_addr);
	struct addr mask = addr_of(from->ifa_netmask);
	if (a.family == 0 || (from->ifa_flags & IFF_UP) == 0 ||
	    !copy_name(out->interface, slice_of(from->ifa_name)))
		return false;
	a.port = 0;
	out->index = if_nametoindex(from->ifa_name);
	out->address = a;
	/* A mask of all ones, or none, says that nobody else is on the link. */
	out->on_link = prefix_of(&a, mask.family == a.family ? mask_length(&mask) : 128);
	out->loopback = (from->ifa_flags & IFF_LOOPBACK) != 0;
	out->no_arp = (from->ifa_flags & (IFF_NOARP | IFF_POINTOPOINT)) != 0;
	return true;
}

static size_t count_addresses(const struct ifaddrs *list)
{
	size_t count = 0;
	for (const struct ifaddrs *i = list; i != NULL; i = i->ifa_next)
		count++;
	return count < INTERFACES_MAX ? count : INTERFACES_MAX;
}

enum err interfaces_read(struct interfaces *out)
{
	struct ifaddrs *list = NULL;
	if (getifaddrs(&list) != 0)
		return errno == ENOMEM ? ERR_MEMORY : ERR_IO;
	size_t max = count_addresses(list);
	struct interface_address *items = calloc(max > 0 ? max : 1, sizeof *items);
	if (items == NULL) {
		freeifaddrs(list);
		return ERR_MEMORY;
	}
	struct default_routes v4, v6;
	read_routes(&v4, "/proc/net/route", interfaces_default_routes4);
	read_routes(&v6, "/proc/net/ipv6_route", interfaces_default_routes6);
	size_t count = 0;
	for (const struct ifaddrs *i = list; i != NULL && count < max; i = i->ifa_next) {
		if (!take_address(&items[count], i))
			continue;
		const struct default_routes *routes =
		    items[count].address.family == AF_INET ? &v4 : &v6;
		items[count].default_route = routes_name(routes, items[count].interface);
		count++;
	}
	freeifaddrs(list);
	*out = (struct interfaces){items, count};
	return OK;
}

void interfaces_deinit(struct interfaces *all)
{
	free(all->items);
	*all = INTERFACES_NONE;
}

/* ---- what they mean ---- */

/* Any device on a network can announce itself as the way out over IPv6, and this machine may
 * believe it: where there is a way out over IPv4, which somebody set or asked for, that one
 * says alone which networks are ours. */
static bool decides(const struct interfaces *all, const struct interface_address *a)
{
	bool any4 = false;

	for (size_t i = 0; i < all->count; i++)
		any4 = any4 ||
		    (all->items[i].default_route &&
		        all->items[i].address.family == AF_INET);
	return a->default_route && (!any4 || a->address.family == AF_INET);
}

bool interfaces_leads_out(const struct interfaces *all, const char *interface)
{
	for (size_t i = 0; i < all->count; i++) {
		if (strcmp(all->items[i].interface, interface) == 0 &&
		    decides(all, &all->items[i]))
			return true;
	}
	return false;
}

/* Has only one interface an address, loopback apart? Then it is both ways at once. */
static bool is_single_armed(const struct interfaces *all)
{
	const char *first = NULL;
	for (size_t i = 0; i < all->count; i++) {
		if (all->items[i].loopback)
			continue;
		if (first != NULL && strcmp(first, all->items[i].interface) != 0)
			return false;
		first = all->items[i].interface;
	}
	return true;
}

static bool is_lan(const struct interfaces *all, const struct interface_address *item)
{
	return !item->loopback &&
	    (is_single_armed(all) || !interfaces_leads_out(all, item->interface));
}

static size_t add_prefix(
    struct prefix *out, size_t count, size_t max, const struct prefix *p)
{
	for (size_t i = 0; i < count; i++) {
		if (prefix_equal(&out[i], p))
			return count;
	}
	if (count < max)
		out[count++] = *p;
	return count;
}

size_t interfaces_local_prefixes(
    const struct interfaces *all, struct prefix *out, size_t max)
{
	const struct prefix loopback4 = {
	    .base = {.family = AF_INET, .bytes = {127}}, .length = 8};
	const struct prefix loopback6 = {
	    .base = {.family = AF_INET6, .bytes = {[15] = 1}}, .length = 128};
	size_t count = add_prefix(out, 0, max, &loopback4);
	count = add_prefix(out, count, max, &loopback6);
	for (size_t i = 0; i < all->count; i++) {
		if (is_lan(all, &all->items[i]))
			count = add_prefix(out, count, max, &all->items[i].on_link);
	}
	return count;
}

bool interfaces_lan_address(
    const struct interfaces *all, sa_family_t family, struct addr *out)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct addr *a = &all->items[i].address;
		if (a->family == family && is_lan(all, &all->items[i]) &&
		    !addr_is_loopback(a) && !addr_is_link_local(a)) {
			*out = *a;
			return true;
		}
	}
	return false;
}

bool interfaces_is_ours(const struct interfaces *all, const struct addr *a)
{
	if (addr_is_loopback(a))
		return true;
	for (size_t i = 0; i < all->count; i++) {
		const struct addr *own = &all->items[i].address;
		/* Whoever asks may not know the scope of a link-local address. */
		if (own->family == a->family &&
		    memcmp(own->bytes, a->bytes, sizeof a->bytes) == 0 &&
		    (a->scope_id == 0 || a->scope_id == own->scope_id))
			return true;
	}
	return false;
}
