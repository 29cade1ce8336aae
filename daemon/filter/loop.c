#include "filter/loop.h"

#include <string.h>

/* "loop.lachan.internal" */
static const uint8_t ZONE[] = "\4loop\6lachan\10internal";

enum {
	TOKEN_DIGITS = 16,
	ROUTE_DIGITS = 2,
	SERVER_DIGITS = 2,
};
_Static_assert(TOKEN_DIGITS + ROUTE_DIGITS + SERVER_DIGITS == LOOP_LABEL_OCTETS,
    "the label holds three numbers");

static uint8_t *write_hex(uint8_t *at, uint64_t value, unsigned digits)
{
	for (unsigned i = digits; i > 0; i--) {
		at[i - 1] = (uint8_t) "0123456789abcdef"[value & 15];
		value >>= 4;
	}
	return at + digits;
}

static bool read_hex(const uint8_t *at, unsigned digits, uint64_t *out)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < digits; i++) {
		uint8_t c = at[i];
		if (c >= '0' && c <= '9')
			value = value << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (uint64_t)(c - 'a' + 10);
		else
			return false;
	}
	*out = value;
	return true;
}

void loop_write_name(struct name_buf *out, uint64_t token, unsigned route, unsigned server)
{
	uint8_t *at = out->wire;

	*at++ = LOOP_LABEL_OCTETS;
	at = write_hex(at, token, TOKEN_DIGITS);
	at = write_hex(at, route, ROUTE_DIGITS);
	at = write_hex(at, server, SERVER_DIGITS);
	memcpy(at, ZONE, sizeof ZONE); /* its last octet is the root */
	out->len = (uint8_t)(1 + LOOP_LABEL_OCTETS + sizeof ZONE);
}

bool loop_is_name_below(struct dname name)
{
	return name.len == 1 + LOOP_LABEL_OCTETS + sizeof ZONE &&
	    memcmp(name.wire + 1 + LOOP_LABEL_OCTETS, ZONE, sizeof ZONE) == 0;
}

unsigned loop_found(
    const struct loop_watch *watch, unsigned route, const struct upstream_set *set)
{
	if (atomic_load_explicit(&watch->routes[route].set_id, memory_order_acquire) !=
	    set->id)
		return 0;
	return atomic_load_explicit(&watch->routes[route].found, memory_order_relaxed);
}

bool loop_came_back(struct loop_watch *watch, struct dname name, uint64_t now_ms)
{
	const uint8_t *digits = name.wire + 1;
	uint64_t token;
	uint64_t route;
	uint64_t server;

	if (!read_hex(digits, TOKEN_DIGITS, &token) ||
	    !read_hex(digits + TOKEN_DIGITS, ROUTE_DIGITS, &route) ||
	    !read_hex(digits + TOKEN_DIGITS + ROUTE_DIGITS, SERVER_DIGITS, &server))
		return false;
	if (token == 0 ||
	    token != atomic_load_explicit(&watch->token, memory_order_acquire) ||
	    route >= ROUTES_MAX || server >= UPSTREAM_SERVERS_MAX)
		return false;
	if (now_ms < atomic_load_explicit(&watch->until_ms, memory_order_relaxed)) {
		unsigned bit = 1u << server;
		atomic_fetch_or_explicit(
		    &watch->routes[route].seen, bit, memory_order_relaxed);
		atomic_fetch_or_explicit(
		    &watch->routes[route].found, bit, memory_order_relaxed);
	}
	return true;
}
