#include "net/addr.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>

#include "base/words.h"

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct addr addr_from_octets(struct slice octets)
{
	struct addr a = ADDR_NONE;
	if (octets.len == 16 && memcmp(octets.ptr, mapped_prefix, 12) == 0)
		octets = (struct slice){octets.ptr + 12, 4};
	if (octets.len != 4 && octets.len != 16)
		return a;
	a.family = octets.len == 4 ? AF_INET : AF_INET6;
	memcpy(a.bytes, octets.ptr, octets.len);
	return a;
}

/* ---- text ---- */

/* Cuts "…%eth0" or "…%3"; false when the interface is not known. */
static bool take_scope(char *text, uint32_t *scope_id)
{
	char *percent = strchr(text, '%');
	uint64_t number;
	*scope_id = 0;
	if (percent == NULL)
		return true;
	*percent = '\0';
	*scope_id = if_nametoindex(percent + 1);
	if (*scope_id == 0 && slice_to_u64(slice_of(percent + 1), UINT32_MAX, &number))
		*scope_id = (uint32_t)number;
	return *scope_id != 0;
}

/* An address without port or brackets. inet_pton takes no leading zeros and no short
 * forms, which older readers take for octal or for other addresses. */
static bool read_address(struct addr *out, struct slice text)
{
	char copy[ADDR_TEXT_MAX];
	uint8_t octets[16];
	uint32_t scope_id;
	if (text.len == 0 || text.len >= sizeof copy ||
	    memchr(text.ptr, 0, text.len) != NULL)
		return false;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	if (inet_pton(AF_INET, copy, octets) == 1) {
		*out = addr_from_octets((struct slice){octets, 4});
		return true;
	}
	if (!take_scope(copy, &scope_id) || inet_pton(AF_INET6, copy, octets) != 1)
		return false;
	*out = addr_from_octets((struct slice){octets, 16});
	if (out->family == AF_INET6)
		out->scope_id = scope_id;
	return true;
}

/* Splits "[HOST]:PORT", "[HOST]", "V4:PORT" and a bare address. The port is empty with ptr
 * NULL where none is written. */
static bool split_port(struct slice text, struct slice *host, struct slice *port)
{
	*port = SLICE_EMPTY;
	if (slice_starts(text, SLICE_LIT("["))) {
		struct slice rest = {text.ptr + 1, text.len - 1};
		*host = slice_cut(&rest, ']');
		if (rest.ptr == NULL || memchr(host->ptr, ':', host->len) == NULL)
			return false;
		if (rest.len == 0)
			return true;
		*port = (struct slice){rest.ptr + 1, rest.len - 1};
		return rest.ptr[0] == ':';
	}
	struct slice rest = text;
	*host = slice_cut(&rest, ':');
	if (rest.ptr != NULL && memchr(rest.ptr, ':', rest.len) == NULL) {
		*port = rest;
	} else {
		*host = text;
	}
	return true;
}

enum err addr_from_text(struct addr *out, struct slice text, struct diag *why)
{
	struct slice host, port;
	struct addr a;
	uint64_t number = 0;
	if (text.len == 0 || !split_port(text, &host, &port) || !read_address(&a, host)) {
		diag_set(why,
		    _("this is not an address; write it like 192.0.2.1, 192.0.2.1:53 "
		      "or [2001:db8::1]:53"));
		return ERR_FORMAT;
	}
	if (port.ptr != NULL && (!slice_to_u64(port, UINT16_MAX, &number) || number == 0)) {
		diag_set(why, _("a port is a number from 1 to 65535"));
		return ERR_FORMAT;
	}
	a.port = (uint16_t)number;
	*out = a;
	return OK;
}

void addr_to_text(char out[ADDR_TEXT_MAX], const struct addr *a)
{
	char interface[IF_NAMESIZE];
	if (a->family == 0 || inet_ntop(a->family, a->bytes, out, ADDR_TEXT_MAX) == NULL) {
		(void)snprintf(out, ADDR_TEXT_MAX, "none");
		return;
	}
	size_t len = strlen(out);
	if (a->scope_id == 0)
		return;
	if (if_indextoname(a->scope_id, interface) != NULL) {
		(void)snprintf(out + len, ADDR_TEXT_MAX - len, "%%%s", interface);
	} else {
		(void)snprintf(out + len, ADDR_TEXT_MAX - len, "%%%u", a->scope_id);
	}
}

void addr_to_text_port(char out[ADDR_TEXT_MAX], const struct addr *a)
{
	char alone[ADDR_TEXT_MAX];
	addr_to_text(alone, a);
	/* The longest address has 45 characters, its scope 17, the port and brackets 8. */
	if (a->family == AF_INET6) {
		(void)snprintf(out, ADDR_TEXT_MAX, "[%.54s]:%u", alone, a->port);
	} else {
		(void)snprintf(out, ADDR_TEXT_MAX, "%.54s:%u", alone, a->port);
	}
}

/* ---- the kernel's form ---- */

struct addr addr_from_sockaddr(const struct sockaddr_storage *from)
{
	struct addr a = ADDR_NONE;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	switch (from->ss_family) {
	case AF_INET:
		memcpy(&v4, from, sizeof v4);
		a = addr_from_octets((struct slice){(const uint8_t *)&v4.sin_addr, 4});
		a.port = ntohs(v4.sin_port);
		break;
	case AF_INET6:
		memcpy(&v6, from, sizeof v6);
		a = addr_from_octets((struct slice){v6.sin6_addr.s6_addr, 16});
		a.port = ntohs(v6.sin6_port);
		if (a.family == AF_INET6)
			a.scope_id = v6.sin6_scope_id;
		break;
	default:
		break;
	}
	return a;
}

socklen_t addr_to_sockaddr(struct sockaddr_storage *out, const struct addr *a)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(a->port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
	    .sin6_port = htons(a->port),
	    .sin6_scope_id = a->scope_id};
	memset(out, 0, sizeof *out);
	switch (a->family) {
	case AF_INET:
		memcpy(&v4.sin_addr, a->bytes, 4);
		memcpy(out, &v4, sizeof v4);
		return sizeof v4;
	case AF_INET6:
		memcpy(&v6.sin6_addr, a->bytes, 16);
		memcpy(out, &v6, sizeof v6);
		return sizeof v6;
	default:
		return 0;
	}
}

/* ---- comparing ---- */

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && a->scope_id == b->scope_id &&
	    memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

bool addr_equal_port(const struct addr *a, const struct addr *b)
{
	return a->port == b->port && addr_equal(a, b);
}

uint64_t addr_hash(const struct addr *a, struct hash_key key)
{
	uint8_t octets[21];
	memcpy(octets, a->bytes, 16);
	store_u32(octets + 16, a->scope_id);
	octets[20] = (uint8_t)a->family;
	return siphash13(key, (struct slice){octets, sizeof octets});
}

/* ---- kinds ---- */

static bool is_v4(const struct addr *a)
{
	return a->family == AF_INET;
}

bool addr_is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = {[15] = 1};
	if (is_v4(a))
		return a->bytes[0] == 127;
	return a->family == AF_INET6 && memcmp(a->bytes, one, sizeof one) == 0;
}

bool addr_is_private(const struct addr *a)
{
	const uint8_t *b = a->bytes;
	if (!is_v4(a))
		return a->family == AF_INET6 && (b[0] & 0xfe) == 0xfc;
	return b[0] == 10 || (b[0] == 172 && (b[1] & 0xf0) == 16) ||
	    (b[0] == 192 && b[1] == 168) || (b[0] == 100 && (b[1] & 0xc0) == 64);
}

bool addr_is_link_local(const struct addr *a)
{
	const uint8_t *b = a->bytes;
	if (is_v4(a))
		return b[0] == 169 && b[1] == 254;
	return a->family == AF_INET6 && b[0] == 0xfe && (b[1] & 0xc0) == 0x80;
}

bool addr_is_unspecified(const struct addr *a)
{
	static const uint8_t zero[16];
	return a->family != 0 && memcmp(a->bytes, zero, sizeof zero) == 0;
}

bool addr_is_multicast(const struct addr *a)
{
	return is_v4(a) ? a->bytes[0] >= 224 : a->family == AF_INET6 && a->bytes[0] == 0xff;
}
