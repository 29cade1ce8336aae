#include "dns/answer.h"

#include <assert.h>

#include "dns/internal.h"

enum {
	OPT_BYTES = 11,       /* of an OPT without options */
	OPTION_HEAD_BYTES = 4 /* code and length */
};

/* ---- header, question and OPT ---- */

static size_t limit_of(const struct answer *a)
{
	size_t limit = DNS_MESSAGE_BYTES_MAX;
	if (a->max_udp_bytes != 0) {
		limit = DNS_UDP_BYTES_PLAIN;
		size_t client = a->query->edns.udp_size;
		if (a->query->edns.present && client > limit)
			limit = client < a->max_udp_bytes ? client : a->max_udp_bytes;
	}
	return limit < a->cap ? limit : a->cap;
}

static size_t opt_bytes(const struct answer *a)
{
	return a->query->edns.present ? OPT_BYTES + a->edns_options.len : 0;
}

/* Header flags but for TC. RA says that this server resolves; it owns no zone, so no AA. */
static uint16_t answer_flags(const struct answer *a, enum dns_rcode rcode)
{
	uint16_t asked = a->query->flags;
	unsigned flags =
	    FLAG_QR | FLAG_RA | (asked & (FLAG_OPCODE_MASK | FLAG_RD | FLAG_CD));
	/* RFC 6840 section 5.7: AD only for those who understand it. */
	if (a->authentic && (a->query->edns.dnssec_ok || (asked & FLAG_AD) != 0))
		flags |= FLAG_AD;
	return (uint16_t)(flags | ((unsigned)rcode & FLAG_RCODE_MASK));
}

struct writing writing_begin(const struct answer *a, enum dns_rcode rcode)
{
	struct writing wr = {.a = a, .limit = limit_of(a)};
	size_t reserved = opt_bytes(a);
	wr.w = writer_over(a->out, wr.limit > reserved ? wr.limit - reserved : 0);
	uint8_t header[DNS_HEADER_BYTES] = {[5] = a->query->has_question ? 1 : 0};
	store_u16(header, a->query->id);
	store_u16(header + 2, answer_flags(a, rcode));
	writer_bytes(&wr.w, (struct slice){header, sizeof header});
	writer_bytes(&wr.w, a->query->question);
	wr.question_end = wr.w.bad ? 0 : wr.w.len;
	return wr;
}

/* The error option, without its text where only that fits, or not at all. */
static void put_ede(struct writing *wr)
{
	struct slice text = wr->a->ede_text;
	size_t left = wr->w.cap - wr->w.len;
	if (wr->a->ede == EDE_NONE || left < OPTION_HEAD_BYTES + 2)
		return;
	if (left - (OPTION_HEAD_BYTES + 2) < text.len)
		text.len = 0;
	writer_u16(&wr->w, EDNS_EDE);
	writer_u16(&wr->w, (uint16_t)(2 + text.len));
	writer_u16(&wr->w, (uint16_t)wr->a->ede);
	writer_bytes(&wr->w, text);
}

/* RFC 6891 section 6.1.2; the upper bits of the rcode lead the TTL field. */
static void put_opt(struct writing *wr, enum dns_rcode rcode)
{
	const struct answer *a = wr->a;
	wr->w.cap = wr->limit;
	writer_u8(&wr->w, 0);
	writer_u16(&wr->w, TYPE_OPT);
	writer_u16(&wr->w, a->max_udp_bytes != 0 ? a->max_udp_bytes : ANSWER_EDNS_UDP_SIZE);
	writer_u8(&wr->w, (uint8_t)((unsigned)rcode >> 4));
	writer_u8(&wr->w, 0);
	writer_u16(&wr->w, a->query->edns.dnssec_ok ? 0x8000 : 0);
	size_t length_at = wr->w.len;
	writer_u16(&wr->w, 0);
	writer_bytes(&wr->w, a->edns_options);
	put_ede(wr);
	if (!wr->w.bad) {
		store_u16(a->out + length_at, (uint16_t)(wr->w.len - length_at - 2));
		store_u16(a->out + 10, 1);
	}
}

/* Records that did not fit are all taken back: half an RRset is worse than TC (RFC 2181
 * section 9). */
size_t writing_finish(
    struct writing *wr, enum dns_rcode rcode, uint16_t answers, uint16_t authorities)
{
	uint8_t *out = wr->a->out;

	if (wr->question_end == 0)
		return 0;
	if (wr->w.bad) {
		wr->w.bad = false;
		wr->w.len = wr->question_end;
		store_u16(out + 2, (uint16_t)(load_u16(out + 2) | FLAG_TC));
		answers = authorities = 0;
	}
	store_u16(out + 6, answers);
	store_u16(out + 8, authorities);
	if (wr->a->query->edns.present)
		put_opt(wr, rcode);
	return wr->w.bad ? 0 : wr->w.len;
}

/* ---- records of our own ---- */

void writing_rr_head(struct writing *wr, uint16_t type, uint32_t ttl_s, size_t rdlength)
{
	writer_u16(&wr->w, 0xc000 | DNS_HEADER_BYTES);
	writer_u16(&wr->w, type);
	writer_u16(&wr->w, wr->a->query->qclass);
	writer_u32(&wr->w, ttl_s);
	writer_u16(&wr->w, (uint16_t)rdlength);
}

size_t answer_address(const struct answer *a, struct slice address, uint32_t ttl_s)
{
	assert(address.len == 4 || address.len == 16);
	struct writing wr = writing_begin(a, RCODE_NOERROR);
	writing_rr_head(&wr, address.len == 4 ? TYPE_A : TYPE_AAAA, ttl_s, address.len);
	writer_bytes(&wr.w, address);
	return writing_finish(&wr, RCODE_NOERROR, 1, 0);
}

size_t answer_any(const struct answer *a, uint32_t ttl_s)
{
	static const uint8_t hinfo[] = {7, 'R', 'F', 'C', '8', '4', '8', '2', 0};
	struct writing wr = writing_begin(a, RCODE_NOERROR);
	writing_rr_head(&wr, TYPE_HINFO, ttl_s, sizeof hinfo);
	writer_bytes(&wr.w, (struct slice){hinfo, sizeof hinfo});
	return writing_finish(&wr, RCODE_NOERROR, 1, 0);
}

/* A name: a pointer into the question where that ends in it, else at length. */
static void put_name(struct writing *wr, struct dname name)
{
	struct dname qname = message_qname(wr->a->query);

	if (name.len > 1 && name_is_at_or_below(qname, name)) {
		writer_u16(
		    &wr->w, (uint16_t)(0xc000 | (DNS_HEADER_BYTES + qname.len - name.len)));
	} else {
		writer_bytes(&wr->w, (struct slice){name.wire, name.len});
	}
}

/* Our SOA: the zone itself is its server, there is no mailbox, nobody transfers it; what
 * counts is MINIMUM (RFC 2308 section 3). */
void writing_soa(struct writing *wr, struct dname owner, uint32_t ttl_s)
{
	enum {
		SERIAL = 1,
		REFRESH_S = 3600,
		RETRY_S = 600,
		EXPIRE_S = 86400
	};
	size_t owner_at = wr->w.len; /* far below 2^14: the question alone is before it */
	put_name(wr, owner);
	bool pointer = wr->w.len - owner_at == 2;
	writer_u16(&wr->w, TYPE_SOA);
	writer_u16(&wr->w, wr->a->query->qclass);
	writer_u32(&wr->w, ttl_s);
	size_t name_bytes = owner.len <= 1 ? 1 : 2;
	writer_u16(&wr->w, (uint16_t)(name_bytes + 1 + 20));
	if (pointer || owner.len <= 1)
		put_name(wr, owner);
	else
		writer_u16(&wr->w, (uint16_t)(0xc000 | owner_at));
	writer_u8(&wr->w, 0);
	writer_u32(&wr->w, SERIAL);
	writer_u32(&wr->w, REFRESH_S);
	writer_u32(&wr->w, RETRY_S);
	writer_u32(&wr->w, EXPIRE_S);
	writer_u32(&wr->w, ttl_s);
}

static size_t answer_negative(
    const struct answer *a, enum dns_rcode rcode, struct dname owner, uint32_t ttl_s)
{
	struct writing wr = writing_begin(a, rcode);
	writing_soa(&wr, owner, ttl_s);
	return writing_finish(&wr, rcode, 0, 1);
}

size_t answer_nodata(const struct answer *a, struct dname owner, uint32_t ttl_s)
{
	return answer_negative(a, RCODE_NOERROR, owner, ttl_s);
}

size_t answer_nxdomain(const struct answer *a, struct dname owner, uint32_t ttl_s)
{
	return answer_negative(a, RCODE_NXDOMAIN, owner, ttl_s);
}

size_t answer_rcode(const struct answer *a, enum dns_rcode rcode)
{
	struct writing wr = writing_begin(a, rcode);
	return writing_finish(&wr, rcode, 0, 0);
}

size_t answer_truncated(const struct answer *a)
{
	struct writing wr = writing_begin(a, RCODE_NOERROR);
	wr.w.bad = true;
	return writing_finish(&wr, RCODE_NOERROR, 0, 0);
}

size_t answer_records(const struct answer *a, const struct answer_record *records,
    size_t count, uint32_t ttl_s)
{
	struct writing wr = writing_begin(a, RCODE_NOERROR);
	for (size_t i = 0; i < count; i++) {
		writing_rr_head(&wr, records[i].type, ttl_s, records[i].rdata.len);
		writer_bytes(&wr.w, records[i].rdata);
	}
	return writing_finish(&wr, RCODE_NOERROR, (uint16_t)count, 0);
}

/* ---- stored answers ---- */

/* The stored message begins with the question these bytes are put over. */
static bool is_answer_to(const struct stored *stored, const struct message *query)
{
	size_t end = DNS_HEADER_BYTES + query->question.len;
	const uint8_t *question = stored->message.ptr + DNS_HEADER_BYTES;
	size_t name_len = query->qname.len;
	return query->has_question && stored->message.len >= end &&
	    memcmp(question, query->qname.wire, name_len) == 0 &&
	    memcmp(question + name_len, query->question.ptr + name_len, 4) == 0;
}

static void age_ttls(
    uint8_t *message, const struct stored *stored, uint32_t age_s, uint32_t ttl_max_s)
{
	for (size_t i = 0; i < stored->ttl_count; i++) {
		size_t at = load_u16(stored->ttl_offsets + 2 * i);
		if (at > stored->message.len || stored->message.len - at < 4)
			continue;
		uint32_t ttl_s = load_u32(message + at);
		ttl_s = ttl_s > age_s ? ttl_s - age_s : 0;
		store_u32(message + at, ttl_s < ttl_max_s ? ttl_s : ttl_max_s);
	}
}

size_t answer_from_stored(
    const struct answer *a, const struct stored *stored, uint32_t age_s, uint32_t ttl_max_s)
{
	if (!is_answer_to(stored, a->query))
		return answer_rcode(a, RCODE_SERVFAIL);
	const uint8_t *message = stored->message.ptr;
	enum dns_rcode rcode = load_u16(message + 2) & FLAG_RCODE_MASK;
	struct writing wr = writing_begin(a, rcode);
	size_t skip = DNS_HEADER_BYTES + a->query->question.len;
	writer_bytes(&wr.w, (struct slice){message + skip, stored->message.len - skip});
	if (!wr.w.bad)
		age_ttls(a->out, stored, age_s, ttl_max_s);
	return writing_finish(&wr, rcode, load_u16(message + 6), load_u16(message + 8));
}

/* ---- queries to upstreams ---- */

static uint8_t cased(uint8_t octet, size_t i, const uint8_t *case_bits)
{
	bool letter = octet >= 'a' && octet <= 'z';
	bool upper = (case_bits[i / 8] >> (i % 8) & 1) != 0;
	return (uint8_t)(letter && upper ? octet - ('a' - 'A') : octet);
}

size_t query_write(uint8_t *out, size_t cap, const struct query *query)
{
	struct writer w = writer_over(out, cap);
	writer_u16(&w, query->id);
	writer_u16(&w, (uint16_t)(FLAG_RD | (query->checking_disabled ? FLAG_CD : 0)));
	writer_u16(&w, 1);
	writer_u32(&w, 0);
	writer_u16(&w, query->edns_udp_size != 0 ? 1 : 0);
	for (size_t i = 0; i < query->qname.len; i++)
		writer_u8(&w, cased(query->qname.wire[i], i, query->case_bits));
	writer_u16(&w, query->qtype);
	writer_u16(&w, CLASS_IN);
	if (query->edns_udp_size != 0) {
		writer_u8(&w, 0);
		writer_u16(&w, TYPE_OPT);
		writer_u16(&w, query->edns_udp_size);
		writer_u16(&w, 0);
		writer_u16(&w, query->dnssec_ok ? 0x8000 : 0);
		writer_u16(&w, 0);
	}
	return w.bad ? 0 : w.len;
}

/* Where the question of a query that query_write made ends. */
static size_t question_end(struct slice query)
{
	size_t at = DNS_HEADER_BYTES;
	while (at < query.len && query.ptr[at] != 0)
		at += query.ptr[at] + 1u;
	return at + 5;
}

/* A response with our ID to one question of our question's length. */
static bool is_response_to(struct slice reply, struct slice sent_query, size_t end)
{
	if (reply.len < end || sent_query.len < end)
		return false;
	uint16_t flags = load_u16(reply.ptr + 2);
	return load_u16(reply.ptr) == load_u16(sent_query.ptr) && (flags & FLAG_QR) != 0 &&
	    (flags & FLAG_OPCODE_MASK) == 0 && load_u16(reply.ptr + 4) == 1;
}

static struct slice part_of(struct slice message, size_t from, size_t to)
{
	return (struct slice){message.ptr + from, to - from};
}

bool reply_matches(struct slice reply, struct slice sent_query)
{
	size_t end = question_end(sent_query);
	return is_response_to(reply, sent_query, end) &&
	    slice_equal(part_of(reply, DNS_HEADER_BYTES, end),
	        part_of(sent_query, DNS_HEADER_BYTES, end));
}

bool reply_matches_but_for_case(struct slice reply, struct slice sent_query)
{
	size_t end = question_end(sent_query);
	return is_response_to(reply, sent_query, end) &&
	    slice_equal_nocase(part_of(reply, DNS_HEADER_BYTES, end - 4),
	        part_of(sent_query, DNS_HEADER_BYTES, end - 4)) &&
	    slice_equal(part_of(reply, end - 4, end), part_of(sent_query, end - 4, end));
}

bool reply_refuses_to_read(struct slice reply, struct slice sent_query)
{
	if (reply.len < DNS_HEADER_BYTES || sent_query.len < DNS_HEADER_BYTES)
		return false;
	uint16_t flags = load_u16(reply.ptr + 2);
	unsigned rcode = flags & FLAG_RCODE_MASK;
	return load_u16(reply.ptr) == load_u16(sent_query.ptr) && (flags & FLAG_QR) != 0 &&
	    (flags & FLAG_OPCODE_MASK) == 0 && load_u16(reply.ptr + 4) == 0 &&
	    (rcode == RCODE_FORMERR || rcode == RCODE_NOTIMP);
}

bool reply_is_bare_failure(struct slice reply, struct slice sent_query)
{
	if (reply.len != DNS_HEADER_BYTES || sent_query.len < DNS_HEADER_BYTES)
		return false;
	uint16_t flags = load_u16(reply.ptr + 2);
	unsigned rcode = flags & FLAG_RCODE_MASK;
	return load_u16(reply.ptr) == load_u16(sent_query.ptr) && (flags & FLAG_QR) != 0 &&
	    (flags & FLAG_OPCODE_MASK) == 0 && load_u16(reply.ptr + 4) == 0 &&
	    (rcode == RCODE_SERVFAIL || rcode == RCODE_REFUSED);
}
