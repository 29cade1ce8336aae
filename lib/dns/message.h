/* message -- reading a query: a view of a packet, without copy or allocation.
 *
 * Trusts nothing: every length is checked before use, and all records are walked, so that
 * an accepted query is a whole message without rest (RFC 1035 section 4.1, RFC 6891,
 * RFC 9619). The view borrows the packet. Replies are read by rr.h and stored.h.
 * Threads: no shared state. */
#ifndef DNS_MESSAGE_H
#define DNS_MESSAGE_H

#include "dns/codes.h"
#include "dns/name.h"

enum {
	EDNS_OPTIONS_MAX = 32 /* more are a FORMERR (CVE-2026-41292) */
};

/* What a packet deserves that came to our door. */
enum message_fate {
	MESSAGE_GOOD,    /* a query of opcode 0 with one question */
	MESSAGE_DROP,    /* no header, or a response: answering could loop */
	MESSAGE_FORMERR, /* RFC 8906: malformed, but the header was readable */
	MESSAGE_NOTIMP,  /* an opcode that is not QUERY */
	MESSAGE_BADVERS, /* EDNS above version 0 (RFC 6891 section 6.1.3) */
	MESSAGE_COOKIE /* no question, but a COOKIE option: wants one (RFC 7873 section 5.4) */
};

struct edns {
	bool present;
	bool dnssec_ok; /* DO */
	uint8_t version;
	uint16_t udp_size; /* as sent; below 512 means 512 */
	uint16_t option_count;
	/* The client signals that it reads a structured EXTRA-TEXT: an EDE option of
	 * INFO-CODE 0 without text, or an empty STRUCTURED-DNS-ERROR option
	 * (draft-ietf-dnsop-structured-dns-error, earlier and later revisions). */
	bool wants_structured_error;
	bool has_padding;
	bool has_keepalive;
	struct slice cookie;        /* 8, or 16 to 40 octets (RFC 7873); empty: none */
	struct slice client_subnet; /* the option's data (RFC 7871); empty: none */
	struct slice options;       /* all of them, as sent */
};

struct message {
	struct slice packet;
	uint16_t id;
	uint16_t flags; /* enum dns_flag */
	/* True when the question below could be read: always when GOOD, never when COOKIE. */
	bool has_question;
	uint16_t qtype;
	uint16_t qclass;
	struct name_buf qname; /* lower-case */
	/* The question as sent, with the client's own case: echo these bytes. */
	struct slice question;
	struct edns edns;
};

/* Fills *out as far as the packet could be read: the header from MESSAGE_FORMERR on, the
 * question where has_question says so. `edns` is whole when GOOD or COOKIE; else it tells at most
 * whether an OPT was seen, its size, version and DO. With MESSAGE_DROP only `packet` is
 * set. */
MUST_CHECK enum message_fate message_parse(struct message *out, struct slice packet);

/* Valid as long as `m` lives. */
static inline struct dname message_qname(const struct message *m)
{
	return name_of(&m->qname);
}

/* The next option of `*rest` (start with edns.options); false at the end. */
struct edns_option_view {
	uint16_t code;
	struct slice data;
};
bool edns_next_option(struct slice *rest, struct edns_option_view *out);

#endif
