#include "dns/message.h"

/* ---- the question ---- */

/* Length of the uncompressed name at the front of `s`, or 0. A pointer in a question has
 * nothing before it to point to. */
static size_t plain_name_length(struct slice s)
{
	size_t at = 0;
	for (;;) {
		if (at >= s.len || at >= NAME_OCTETS_MAX)
			return 0;
		size_t octet = s.ptr[at];
		if (octet > NAME_LABEL_OCTETS_MAX)
			return 0;
		at += octet + 1;
		if (octet == 0)
			return at <= NAME_OCTETS_MAX ? at : 0;
	}
}

static bool parse_question(struct message *out, size_t *at)
{
	struct slice rest = {out->packet.ptr + *at, out->packet.len - *at};
	size_t len = plain_name_length(rest);
	size_t end;
	if (len == 0 || rest.len - len < 4 ||
	    !name_parse_wire(&out->qname, out->packet, *at, &end))
		return false;
	out->qtype = load_u16(rest.ptr + len);
	out->qclass = load_u16(rest.ptr + len + 2);
	out->question = (struct slice){rest.ptr, len + 4};
	out->has_question = true;
	*at += len + 4;
	return true;
}

/* ---- EDNS ---- */

bool edns_next_option(struct slice *rest, struct edns_option_view *out)
{
	if (rest->len < 4)
		return false;
	size_t len = load_u16(rest->ptr + 2);
	if (rest->len - 4 < len)
		return false;
	out->code = load_u16(rest->ptr);
	out->data = (struct slice){rest->ptr + 4, len};
	rest->ptr += 4 + len;
	rest->len -= 4 + len;
	return true;
}

/* RFC 7873 section 5.2.2: a client's 8 octets, and a server's 8 to 32 behind them. */
static bool cookie_is_shaped(struct slice data)
{
	return data.len == 8 || (data.len >= 16 && data.len <= 40);
}

/* RFC 7871 section 6: family, source length, scope length 0 in a query, and as many
 * octets of address as the source length asks for. */
static bool client_subnet_is_shaped(struct slice data)
{
	if (data.len < 4)
		return false;
	uint16_t family = load_u16(data.ptr);
	uint8_t source = data.ptr[2];
	uint8_t max = family == 1 ? 32 : family == 2 ? 128 : 0;
	return source <= max && data.ptr[3] == 0 && data.len - 4 == (source + 7u) / 8;
}

/* Notes an option we know; *seen has a bit for each. A known option twice would let one
 * packet ask for two answers to the same thing (CVE-2026-42944). */
static bool take_option(
    struct edns *edns, const struct edns_option_view *option, uint32_t *seen)
{
	uint32_t bit = option->code < 32 ? UINT32_C(1) << option->code : 0;
	const uint32_t known = 1u << EDNS_NSID | 1u << EDNS_CLIENT_SUBNET |
	    1u << EDNS_COOKIE | 1u << EDNS_KEEPALIVE | 1u << EDNS_PADDING | 1u << EDNS_EDE |
	    1u << EDNS_STRUCTURED_ERROR;
	if ((bit & known) == 0)
		return true;
	if ((*seen & bit) != 0)
		return false;
	*seen |= bit;
	switch (option->code) {
	case EDNS_COOKIE:
		edns->cookie = option->data;
		return cookie_is_shaped(option->data);
	case EDNS_CLIENT_SUBNET:
		edns->client_subnet = option->data;
		return client_subnet_is_shaped(option->data);
	case EDNS_KEEPALIVE:
		edns->has_keepalive = true;
		return true;
	case EDNS_PADDING:
		edns->has_padding = true;
		return true;
	case EDNS_EDE:
		edns->wants_structured_error |=
		    option->data.len == 2 && load_u16(option->data.ptr) == EDE_OTHER;
		return true;
	case EDNS_STRUCTURED_ERROR:
		edns->wants_structured_error |= option->data.len == 0;
		return true;
	default:
		return true;
	}
}

static bool parse_options(struct edns *edns)
{
	struct slice rest = edns->options;
	struct edns_option_view option;
	uint32_t seen = 0;
	while (edns_next_option(&rest, &option)) {
		if (++edns->option_count > EDNS_OPTIONS_MAX ||
		    !take_option(edns, &option, &seen))
			return false;
	}
	return rest.len == 0;
}

/* The answer to a refused query still carries an OPT where the query did (RFC 6891 section
 * 6.1.1), but must not lean on options that were read by half. */
static void forget_options(struct edns *edns)
{
	*edns = (struct edns){.present = edns->present,
	    .dnssec_ok = edns->dnssec_ok,
	    .version = edns->version,
	    .udp_size = edns->udp_size};
}

/* ---- records behind the question ---- */

/* A record of a query, its owner not read. */
struct tail_record {
	bool owner_is_root;
	uint16_t type;
	uint16_t class;
	uint32_t ttl;
	struct slice rdata;
};

static bool read_tail_record(struct slice packet, size_t *at, struct tail_record *out)
{
	if (*at < packet.len && packet.ptr[*at] == 0) {
		out->owner_is_root = true;
		*at += 1;
	} else {
		struct name_buf owner;
		if (!name_parse_wire(&owner, packet, *at, at))
			return false;
		out->owner_is_root = owner.len == 1;
	}
	struct reader r = {packet.ptr + *at, packet.len - *at, false};
	out->type = reader_u16(&r);
	out->class = reader_u16(&r);
	out->ttl = reader_u32(&r);
	out->rdata = reader_bytes(&r, reader_u16(&r));
	*at = packet.len - r.left;
	return !r.bad;
}

static bool take_opt(struct edns *edns, const struct tail_record *record)
{
	if (edns->present || !record->owner_is_root)
		return false;
	edns->present = true;
	edns->udp_size = record->class;
	edns->version = (uint8_t)(record->ttl >> 16);
	edns->dnssec_ok = (record->ttl & 0x8000) != 0;
	edns->options = record->rdata;
	return true;
}

/* Walks everything behind the question. Records in the answer and authority sections of a
 * query mean nothing to us, but must be whole; OPT belongs to the additional section. */
static bool parse_tail(struct message *out, size_t at)
{
	const uint8_t *header = out->packet.ptr;
	size_t ordinary = (size_t)load_u16(header + 6) + load_u16(header + 8);
	size_t all = ordinary + load_u16(header + 10);
	for (size_t i = 0; i < all; i++) {
		struct tail_record record;
		if (!read_tail_record(out->packet, &at, &record))
			return false;
		if (record.type != TYPE_OPT)
			continue;
		if (i < ordinary || !take_opt(&out->edns, &record))
			return false;
	}
	return at == out->packet.len;
}

enum message_fate message_parse(struct message *out, struct slice packet)
{
	out->packet = packet;
	if (packet.len < DNS_HEADER_BYTES || packet.len > DNS_MESSAGE_BYTES_MAX)
		return MESSAGE_DROP;
	out->id = load_u16(packet.ptr);
	out->flags = load_u16(packet.ptr + 2);
	if ((out->flags & FLAG_QR) != 0)
		return MESSAGE_DROP;
	out->has_question = false;
	out->question = SLICE_EMPTY;
	memset(&out->edns, 0, sizeof out->edns);

	/* Other opcodes lay out their sections in their own way: not looked at. */
	if ((out->flags & FLAG_OPCODE_MASK) != 0)
		return MESSAGE_NOTIMP;
	size_t at = DNS_HEADER_BYTES;
	uint16_t questions = load_u16(packet.ptr + 4);
	if (questions > 1 || (questions == 1 && !parse_question(out, &at)))
		return MESSAGE_FORMERR;
	if (!parse_tail(out, at)) {
		forget_options(&out->edns);
		return MESSAGE_FORMERR;
	}
	if (out->edns.present && out->edns.version > 0) {
		forget_options(&out->edns);
		return MESSAGE_BADVERS;
	}
	if ((out->edns.present && !parse_options(&out->edns)) ||
	    (questions == 0 && out->edns.cookie.len == 0)) {
		forget_options(&out->edns);
		return MESSAGE_FORMERR;
	}
	return questions == 1 ? MESSAGE_GOOD : MESSAGE_COOKIE;
}
