#include "filter/clients.h"

#include <stdlib.h>

#include "filter/rate.h"

enum {
	KEY_BYTES_MAX = 16 + 4,
	NETWORK_BYTES6 = 8, /* a /64 */
	KEEPALIVE_UNIT_MS = 100,
	KEEPALIVE_BYTES = 6,
};

_Static_assert(REQUEST_OPTIONS_BYTES >= COOKIE_OPTION_BYTES + KEEPALIVE_BYTES,
    "both options fit beside each other");

struct clients {
	struct rate_table *rates;
};

enum err clients_new(struct clients **out)
{
	struct clients *c = calloc(1, sizeof *c);

	if (c == NULL)
		return ERR_MEMORY;
	enum err rc = rate_table_new(&c->rates);
	if (rc != OK) {
		free(c);
		return rc;
	}
	*out = c;
	return OK;
}

void clients_free(struct clients *c)
{
	if (c == NULL)
		return;
	rate_table_free(c->rates);
	free(c);
}

/* ---- who is one client ---- */

uint64_t clients_hash(const struct worker *w, const struct request *r)
{
	const struct addr *client = &r->client;
	uint8_t key[KEY_BYTES_MAX];
	size_t len = addr_size(client);

	memcpy(key, client->bytes, sizeof client->bytes);
	/* Who is named by his MAC alone has the forwarder's own address. */
	if ((len > 4 || r->forwarded) && mac_is_known(r->mac)) {
		mac_to_octets(key, r->mac);
		len = MAC_OCTETS;
	} else if (addr_is_link_local(client)) {
		store_u32(key + len, client->scope_id);
		len += 4;
	} else if (len > NETWORK_BYTES6) {
		len = NETWORK_BYTES6;
	}
	return siphash13(w->filter->client_key, (struct slice){key, len});
}

/* Asks for many, and does not say for whom. */
static bool asks_for_many(const struct worker *w, const struct request *r)
{
	return !r->forwarded && policy_trusts_forwarder(w->snapshot->policy, &r->client);
}

unsigned clients_questions_max(const struct worker *w, const struct request *r)
{
	return asks_for_many(w, r) ? CLIENT_QUESTIONS_MAX * FORWARDER_SHARE
	                           : CLIENT_QUESTIONS_MAX;
}

unsigned clients_askers_max(const struct worker *w, const struct request *r)
{
	return asks_for_many(w, r) ? CLIENT_ASKERS_MAX * FORWARDER_SHARE
	                           : CLIENT_ASKERS_MAX;
}

/* ---- options of the answer ---- */

/* True: the client has returned a good server cookie. */
static bool take_cookie(struct worker *w, struct request *r)
{
	const struct filter *f = w->filter;
	uint32_t now_s = (uint32_t)(w->now.mono_ms / 1000) + f->cookie_clock_s;
	bool good = cookie_answer(r->options + r->options_len, r->message.edns.cookie,
	    addr_slice(request_peer(r)), &w->snapshot->cookies, now_s);

	r->options_len += COOKIE_OPTION_BYTES;
	return good;
}

/* RFC 7828: how long an idle connection is kept. */
static void tell_keepalive(const struct worker *w, struct request *r)
{
	uint64_t units = w->snapshot->config->server.tcp.idle_ms / KEEPALIVE_UNIT_MS;
	uint8_t *at = r->options + r->options_len;

	store_u16(at, EDNS_KEEPALIVE);
	store_u16(at + 2, 2);
	store_u16(at + 4, units < UINT16_MAX ? (uint16_t)units : UINT16_MAX);
	r->options_len += KEEPALIVE_BYTES;
}

/* ---- the rate ---- */

/* Queries over TCP have a bucket of their own: who forges a client's address over UDP empties
 * the one, and the client is still served by the other. */
static enum rate_verdict rate_of(struct worker *w, const struct request *r)
{
	const struct config_server *server = &w->snapshot->config->server;

	if (server->rate_limit.per_second == 0 ||
	    policy_trusts_forwarder(w->snapshot->policy, request_peer(r)))
		return RATE_WITHIN;
	uint64_t client = clients_hash(w, r);
	if (r->transport->proves_address)
		client = hash_mix64(client + 1);
	const struct rate_limit limit =
	    rate_limit_of(server->rate_limit.per_second, server->rate_limit.burst);
	return rate_take(w->clients->rates, client, w->now.mono_ms, &limit);
}

/* What one over the limit hears: a way to be served all the same. With a client cookie, the
 * server cookie that lifts the limit; else that TCP is open to him. */
static size_t answer_over_limit(struct worker *w, const struct request *r,
    const struct answer *a, enum rate_verdict verdict)
{
	if (r->transport->proves_address) {
		counter_add(&w->counters.refused_rate, 1);
		return answer_rcode(a, RCODE_REFUSED);
	}
	if (verdict == RATE_OVER) {
		counter_add(&w->counters.dropped_rate, 1);
		return 0;
	}
	counter_add(&w->counters.slipped_rate, 1);
	if (r->message.edns.cookie.len != 0)
		return answer_rcode(a, RCODE_BADCOOKIE);
	return answer_truncated(a);
}

/* Who has no question wants to know whether the cookie he has is good (RFC 7873 section
 * 5.4). */
static size_t answer_cookie(const struct request *r, const struct answer *a, bool good)
{
	bool bad = !good && r->message.edns.cookie.len > COOKIE_CLIENT_BYTES;

	return answer_rcode(a, bad ? RCODE_BADCOOKIE : RCODE_NOERROR);
}

bool clients_admit(struct worker *w, struct request *r, struct answer *a, size_t *len)
{
	bool good = false;

	if (r->message.edns.cookie.len != 0)
		good = take_cookie(w, r);
	if (r->message.edns.has_keepalive && r->transport->proves_address)
		tell_keepalive(w, r);
	a->edns_options = (struct slice){r->options, r->options_len};
	enum rate_verdict verdict = good ? RATE_WITHIN : rate_of(w, r);
	if (verdict != RATE_WITHIN) {
		*len = answer_over_limit(w, r, a, verdict);
		return false;
	}
	if (r->fate == MESSAGE_COOKIE) {
		*len = answer_cookie(r, a, good);
		return false;
	}
	return true;
}
