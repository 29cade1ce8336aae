#include "dns/rr.h"

#include "dns/internal.h"

/* ---- the walk ---- */

/* Where the name at `at` ends, reading no more of it than that; 0 when it leaves the
 * message. The name itself is checked by whoever reads it. */
static size_t skip_name(struct slice packet, size_t at)
{
	for (unsigned octets = 0; at < packet.len && octets < NAME_OCTETS_MAX;) {
		size_t octet = packet.ptr[at];
		if (octet >= 0xc0)
			return packet.len - at >= 2 ? at + 2 : 0;
		if (octet > NAME_LABEL_OCTETS_MAX)
			return 0;
		at += octet + 1;
		octets += (unsigned)octet + 1;
		if (octet == 0)
			return at <= packet.len ? at : 0;
	}
	return 0;
}

struct rr_walk rr_walk_over(struct slice packet)
{
	struct rr_walk walk = {.packet = packet, .at = DNS_HEADER_BYTES};
	if (packet.len < DNS_HEADER_BYTES || packet.len > DNS_MESSAGE_BYTES_MAX) {
		walk.bad = true;
		return walk;
	}
	for (size_t i = 0; i < COUNT_OF(walk.left); i++)
		walk.left[i] = load_u16(packet.ptr + 6 + 2 * i);
	size_t questions = load_u16(packet.ptr + 4);
	for (; questions > 0; questions--) {
		walk.at = skip_name(packet, walk.at);
		if (walk.at == 0 || packet.len - walk.at < 4) {
			walk.bad = true;
			return walk;
		}
		walk.at += 4;
	}
	return walk;
}

static bool read_rr(struct rr_walk *walk, struct rr *out)
{
	struct slice packet = walk->packet;
	size_t at = skip_name(packet, walk->at);
	if (at == 0)
		return false;
	struct reader r = {packet.ptr + at, packet.len - at, false};
	out->owner_at = walk->at;
	out->type = reader_u16(&r);
	out->class = reader_u16(&r);
	out->ttl_at = at + 4;
	uint32_t ttl = reader_u32(&r);
	/* RFC 2181 section 8; the field of an OPT is no TTL. */
	out->ttl_s = ttl > INT32_MAX && out->type != TYPE_OPT ? 0 : ttl;
	uint16_t length = reader_u16(&r);
	out->rdata_at = at + 10;
	out->rdata = reader_bytes(&r, length);
	walk->at = packet.len - r.left;
	return !r.bad;
}

bool rr_walk_next(struct rr_walk *walk, struct rr *out)
{
	if (walk->bad)
		return false;
	size_t section = RR_ANSWER;
	while (section <= RR_ADDITIONAL && walk->left[section] == 0)
		section++;
	if (section > RR_ADDITIONAL)
		return false;
	walk->left[section]--;
	out->section = (enum rr_section)section;
	walk->bad = !read_rr(walk, out);
	return !walk->bad;
}

bool rr_walk_ok(const struct rr_walk *walk)
{
	return !walk->bad && walk->left[RR_ANSWER] == 0 && walk->left[RR_AUTHORITY] == 0 &&
	    walk->left[RR_ADDITIONAL] == 0 && walk->at == walk->packet.len;
}

/* ---- shapes ---- */

const char *rr_shape(uint16_t type)
{
	switch (type) {
	case TYPE_A:
		return "4";
	case TYPE_AAAA:
		return "88";
	case TYPE_NS:
	case TYPE_CNAME:
	case TYPE_PTR:
	case TYPE_DNAME:
		return "n";
	case TYPE_SOA:
		return "nn44444";
	case TYPE_HINFO:
		return "ss";
	case TYPE_MX:
	case TYPE_AFSDB:
	case TYPE_KX:
		return "2n";
	case TYPE_TXT:
		return "sS";
	case TYPE_RP:
		return "nn";
	case TYPE_SRV:
		return "222n";
	case TYPE_NAPTR:
		return "22sssn";
	case TYPE_DS:
	case TYPE_DNSKEY:
		return "211.";
	case TYPE_RRSIG:
		return "2114442n.";
	case TYPE_NSEC:
		return "u.";
	case TYPE_SVCB:
	case TYPE_HTTPS:
		return "2up";
	default:
		return "*";
	}
}

bool rr_svcb_next(struct slice *rest, struct svcb_param *out)
{
	struct reader r = reader_over(*rest);
	uint16_t key = reader_u16(&r);
	struct slice value = reader_bytes(&r, reader_u16(&r));
	if (r.bad)
		return false;
	*out = (struct svcb_param){key, value};
	*rest = (struct slice){r.ptr, r.left};
	return true;
}

/* RFC 9460 section 2.2: whole, and in strictly ascending order of keys. */
static bool params_are_ordered(struct slice rest)
{
	struct svcb_param param;
	int last = -1;
	while (rest.len > 0) {
		if (!rr_svcb_next(&rest, &param) || param.key <= last)
			return false;
		last = param.key;
	}
	return true;
}

/* One piece of RDATA from `*at`; what lies behind RDATA is not part of it, though a
 * compressed name may point to anywhere before. */
static bool take_piece(char piece, struct slice rdata_in_packet, size_t *at)
{
	struct slice whole = rdata_in_packet; /* the message up to the end of the RDATA */
	size_t left = whole.len - *at;
	struct name_buf name;
	size_t size;
	switch (piece) {
	case '1':
	case '2':
	case '4':
	case '8':
		size = (size_t)(piece - '0');
		break;
	case 's':
		size = left > 0 ? whole.ptr[*at] + 1u : 1;
		break;
	case 'S':
		while (*at < whole.len && whole.len - *at > whole.ptr[*at])
			*at += whole.ptr[*at] + 1u;
		return *at == whole.len;
	case 'n':
		return name_parse_wire(&name, whole, *at, at);
	case 'u':
		size = *at;
		return name_parse_wire(&name, whole, *at, at) && *at - size == name.len;
	case 'p':
		size = left;
		if (!params_are_ordered((struct slice){whole.ptr + *at, left}))
			return false;
		break;
	default: /* '.' and '*' */
		size = left;
		break;
	}
	if (left < size)
		return false;
	*at += size;
	return true;
}

bool rr_rdata_ok(struct slice packet, const struct rr *rr)
{
	size_t end = rr->rdata_at + rr->rdata.len;
	struct slice whole = {packet.ptr, end};
	size_t at = rr->rdata_at;
	for (const char *piece = rr_shape(rr->type); *piece != '\0'; piece++) {
		if (!take_piece(*piece, whole, &at))
			return false;
	}
	return at == end;
}

/* ---- what a record leads to ---- */

bool rr_target(struct name_buf *out, struct slice packet, const struct rr *rr)
{
	size_t skip;
	switch (rr->type) {
	case TYPE_CNAME:
	case TYPE_DNAME:
	case TYPE_NS:
	case TYPE_PTR:
		skip = 0;
		break;
	case TYPE_MX:
	case TYPE_SVCB:
	case TYPE_HTTPS:
		skip = 2;
		break;
	case TYPE_SRV:
		skip = 6;
		break;
	default:
		return false;
	}
	struct name_buf target;
	size_t end;
	if (!rr_rdata_ok(packet, rr) ||
	    !name_parse_wire(&target, packet, rr->rdata_at + skip, &end))
		return false;
	bool is_svcb = rr->type == TYPE_SVCB || rr->type == TYPE_HTTPS;
	if (is_svcb && target.len == 1)
		return name_parse_wire(out, packet, rr->owner_at, &end);
	*out = target;
	return true;
}

bool rr_svcb_params(struct slice *out, const struct rr *rr)
{
	if ((rr->type != TYPE_SVCB && rr->type != TYPE_HTTPS) || rr->rdata.len < 3)
		return false;
	/* The target is never compressed (RFC 9460 section 2.2). */
	size_t at = 2;
	while (at < rr->rdata.len && rr->rdata.ptr[at] != 0) {
		if (rr->rdata.ptr[at] > NAME_LABEL_OCTETS_MAX)
			return false;
		at += rr->rdata.ptr[at] + 1u;
	}
	if (at >= rr->rdata.len)
		return false;
	struct slice params = {rr->rdata.ptr + at + 1, rr->rdata.len - at - 1};
	if (!params_are_ordered(params))
		return false;
	*out = params;
	return true;
}
