/* answer -- writing answers to clients and queries to upstreams, into the caller's bytes.
 *
 * Each answer_… function writes one whole message and returns its length; 0 means that
 * even header and question do not fit, and nothing is to be sent. What would pass the
 * client's limit becomes a truncated answer (TC, no records). The question is echoed with
 * the client's own case; RD and CD are copied, RA is set, AA is clear, AD only as asked. A
 * query with EDNS gets an OPT (version 0, our size, its DO), any other none.
 * No allocation. Threads: no shared state. */
#ifndef DNS_ANSWER_H
#define DNS_ANSWER_H

#include "dns/message.h"
#include "dns/stored.h"

enum {
	ANSWER_EDNS_UDP_SIZE = 1232 /* what passes every path whole (RFC 9715) */
};

/* Zero-initialised fields: no AD, TCP, and EDE_OTHER: set ede = EDE_NONE for none, or begin
 * with answer_over_udp / answer_over_tcp. */
struct answer {
	const struct message *query; /* with a readable question, but for answer_rcode */
	uint8_t *out;
	size_t cap; /* of out; 1232 and more for UDP */
	/* server.max_udp_size, 512 and above; 0: TCP, where only `cap` and 65535 bound and
	 * the OPT says ANSWER_EDNS_UDP_SIZE. */
	uint16_t max_udp_bytes;
	bool authentic;            /* set AD (where the query has DO or AD) */
	enum ede_code ede;         /* sent when the query had EDNS */
	struct slice ede_text;     /* UTF-8, without NUL; dropped where it does not fit */
	struct slice edns_options; /* more options, ready in wire form; mostly empty */
};

static inline struct answer answer_over_udp(
    const struct message *query, uint8_t *out, size_t cap, uint16_t max_udp_bytes)
{
	return (struct answer){.query = query,
	    .out = out,
	    .cap = cap,
	    .max_udp_bytes = max_udp_bytes,
	    .ede = EDE_NONE};
}

static inline struct answer answer_over_tcp(
    const struct message *query, uint8_t *out, size_t cap)
{
	return (struct answer){.query = query, .out = out, .cap = cap, .ede = EDE_NONE};
}

/* A stored answer, `age_s` after it was stored; TTLs sink by the age, not below 0, and are
 * capped at `ttl_max_s` (UINT32_MAX: no cap). RRSIGs in it are sent as they are: keep one
 * stored answer for DO and one without. */
size_t answer_from_stored(const struct answer *a, const struct stored *stored,
    uint32_t age_s, uint32_t ttl_max_s);

/* One A record (4 octets) or AAAA record (16 octets) at the qname. */
size_t answer_address(const struct answer *a, struct slice address, uint32_t ttl_s);

/* `count` records at the qname, RDATA in wire form with names uncompressed: what a rule of a
 * list gives. A CNAME stands alone (RFC 1034 section 3.6.2): the caller sees to it. */
struct answer_record {
	uint16_t type;
	struct slice rdata;
};
size_t answer_records(const struct answer *a, const struct answer_record *records,
    size_t count, uint32_t ttl_s);

/* A CNAME of ours. */
struct answer_link {
	struct dname target;
	uint32_t ttl_s;
};
/* The way from the qname over CNAMEs of ours, each owned by the target of the one before it.
 * No TTL in the whole answer is above ttl_max_s. */
struct answer_path {
	const struct answer_link *links;
	size_t count; /* a question of type CNAME gets the first one alone */
	uint32_t ttl_max_s;
};

/* The way, and what is stored about its last target for the same type, `age_s` after it was
 * stored. Without `stored` (NULL) the target has no data: our SOA at the target says so.
 * SERVFAIL when `stored` answers another question. The way has a CNAME at least. */
size_t answer_path_to_stored(const struct answer *a, const struct answer_path *path,
    const struct stored *stored, uint32_t age_s);
/* The way, and records of one TTL at its end. */
size_t answer_path_to_records(const struct answer *a, const struct answer_path *path,
    const struct answer_record *records, size_t count, uint32_t ttl_s);
/* The way, and at its end nothing: NODATA or NXDOMAIN with our SOA at `owner`, ttl_s. */
size_t answer_path_to_nothing(const struct answer *a, const struct answer_path *path,
    enum dns_rcode rcode, struct dname owner, uint32_t ttl_s);

/* A way of one CNAME of ours, all TTLs at most `ttl_s`, as answer_path_to_stored(). */
size_t answer_alias(const struct answer *a, struct dname target, uint32_t ttl_s,
    const struct stored *stored, uint32_t age_s);

/* What is to be left out of a stored answer. */
struct answer_cut {
	/* The parameter `ech` of SVCB and HTTPS records (RFC 9848). */
	bool ech;
	/* Addresses (4 or 16 octets) for which it is true: A and AAAA records, and parameters
	 * ipv4hint and ipv6hint that hold one. NULL: none. */
	bool (*address)(struct slice address);
};
/* A stored answer as answer_from_stored() gives it, without what is cut, nor its mention under
 * `mandatory`. Where no record of the answer section but CNAMEs is left: NODATA with our SOA
 * at the qname, TTL ttl_max_s at most. */
size_t answer_without(const struct answer *a, const struct stored *stored,
    const struct answer_cut *cut, uint32_t age_s, uint32_t ttl_max_s);

/* TC and no record: "ask over TCP". */
size_t answer_truncated(const struct answer *a);

/* Negative answers with our SOA at `owner`, TTL = MINIMUM = ttl_s. The owner is the qname, a
 * name above it, or, when an answer is withheld for what it leads to, that name. */
size_t answer_nodata(const struct answer *a, struct dname owner, uint32_t ttl_s);
size_t answer_nxdomain(const struct answer *a, struct dname owner, uint32_t ttl_s);

/* Header, question where it could be read, and OPT. Also right for a query that
 * message_parse refused: FORMERR, NOTIMP and BADVERS. */
size_t answer_rcode(const struct answer *a, enum dns_rcode rcode);

/* The answer to ANY (RFC 8482 section 4.2): HINFO "RFC8482" "". */
size_t answer_any(const struct answer *a, uint32_t ttl_s);

/* The answer a fate other than GOOD or DROP deserves. */
static inline size_t answer_fate(const struct answer *a, enum message_fate fate)
{
	if (fate == MESSAGE_DROP)
		return 0;
	return answer_rcode(a,
	    fate == MESSAGE_NOTIMP        ? RCODE_NOTIMP
	        : fate == MESSAGE_BADVERS ? RCODE_BADVERS
	        : fate == MESSAGE_COOKIE  ? RCODE_NOERROR
	                                  : RCODE_FORMERR);
}

enum {
	QUERY_BYTES_MAX = DNS_HEADER_BYTES + NAME_OCTETS_MAX + 4 + 11,
	QUERY_CASE_BYTES = 32 /* a bit for each octet of a name */
};

/* A query for an upstream: RD set. */
struct query {
	uint16_t id;
	struct dname qname;
	uint16_t qtype; /* class IN */
	bool dnssec_ok;
	bool checking_disabled;
	uint16_t edns_udp_size; /* 1232; 0: without EDNS (DO is lost then) */
	/* Random bits: where bit i is set, a letter at octet i of the name goes out in upper
	 * case ("0x20", T7). All 0: lower-case. */
	uint8_t case_bits[QUERY_CASE_BYTES];
};

/* The length, at most QUERY_BYTES_MAX; 0 when `cap` is too small. */
size_t query_write(uint8_t *out, size_t cap, const struct query *query);

/* Is `reply` an answer to the query we sent on this very socket? Same ID, QR, opcode 0,
 * one question, equal to ours in every bit: case, type, class (T3, T7). What it then
 * says is for stored_from_reply. */
bool reply_matches(struct slice reply, struct slice sent_query);
/* Would it be, but for the case of the letters in the question? Then it comes from the server
 * (ID and port are ours), which does not keep the case, and wants to be asked in lower case. */
bool reply_matches_but_for_case(struct slice reply, struct slice sent_query);
/* Is it FORMERR or NOTIMP with our ID and without a question? So do servers answer that stop
 * reading at the OPT record (RFC 6891 section 7). */
bool reply_refuses_to_read(struct slice reply, struct slice sent_query);
/* Is it a header with our ID and nothing else, that says SERVFAIL or REFUSED? Having no question
 * it can be matched no better. */
bool reply_is_bare_failure(struct slice reply, struct slice sent_query);
/* TC of a reply that matches. */
static inline bool reply_is_truncated(struct slice reply)
{
	return (load_u16(reply.ptr + 2) & FLAG_TC) != 0;
}

#endif
