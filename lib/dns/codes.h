/* codes -- the numbers of the DNS that this program speaks of (IANA "DNS Parameters").
 * Wire values: they are compared with uint16_t fields. */
#ifndef DNS_CODES_H
#define DNS_CODES_H

enum dns_type {
	TYPE_A = 1,
	TYPE_NS = 2,
	TYPE_CNAME = 5,
	TYPE_SOA = 6,
	TYPE_PTR = 12,
	TYPE_HINFO = 13,
	TYPE_MX = 15,
	TYPE_TXT = 16,
	TYPE_RP = 17,
	TYPE_AFSDB = 18,
	TYPE_AAAA = 28,
	TYPE_SRV = 33,
	TYPE_NAPTR = 35,
	TYPE_KX = 36,
	TYPE_DNAME = 39,
	TYPE_OPT = 41,
	TYPE_DS = 43,
	TYPE_RRSIG = 46,
	TYPE_NSEC = 47,
	TYPE_DNSKEY = 48,
	TYPE_NSEC3 = 50,
	TYPE_SVCB = 64,
	TYPE_HTTPS = 65,
	TYPE_IXFR = 251,
	TYPE_AXFR = 252,
	TYPE_ANY = 255
};

enum dns_class {
	CLASS_IN = 1,
	CLASS_CH = 3,
	CLASS_ANY = 255
};

/* Those above 15 need the upper bits in OPT (RFC 6891 section 6.1.3). */
enum dns_rcode {
	RCODE_NOERROR = 0,
	RCODE_FORMERR = 1,
	RCODE_SERVFAIL = 2,
	RCODE_NXDOMAIN = 3,
	RCODE_NOTIMP = 4,
	RCODE_REFUSED = 5,
	RCODE_BADVERS = 16,
	RCODE_BADCOOKIE = 23 /* RFC 7873 section 8 */
};

/* Header flags, as the u16 at offset 2 (RFC 1035 section 4.1.1, RFC 4035 section 3). */
enum dns_flag {
	FLAG_QR = 0x8000,
	FLAG_OPCODE_MASK = 0x7800,
	FLAG_AA = 0x0400,
	FLAG_TC = 0x0200,
	FLAG_RD = 0x0100,
	FLAG_RA = 0x0080,
	FLAG_AD = 0x0020,
	FLAG_CD = 0x0010,
	FLAG_RCODE_MASK = 0x000f
};

/* EDNS option codes. */
enum edns_option {
	EDNS_NSID = 3,
	EDNS_CLIENT_SUBNET = 8,
	EDNS_COOKIE = 10,
	EDNS_KEEPALIVE = 11,
	EDNS_PADDING = 12,
	EDNS_EDE = 15,
	/* Structured DNS Error: what the draft's later revisions signal with. */
	EDNS_STRUCTURED_ERROR = 26
};

/* Extended DNS Errors (RFC 8914). EDE_NONE is ours: no error option. */
enum ede_code {
	EDE_OTHER = 0,
	EDE_STALE_ANSWER = 3,
	EDE_BOGUS = 6,
	EDE_NOT_READY = 14,
	EDE_BLOCKED = 15,
	EDE_CENSORED = 16,
	EDE_FILTERED = 17,
	EDE_PROHIBITED = 18,
	EDE_STALE_NXDOMAIN = 19,
	EDE_NOT_AUTHORITATIVE = 20,
	EDE_NOT_SUPPORTED = 21,
	EDE_NO_REACHABLE_AUTHORITY = 22,
	EDE_NETWORK_ERROR = 23,
	EDE_NONE = 0xffff
};

enum {
	DNS_HEADER_BYTES = 12,
	DNS_MESSAGE_BYTES_MAX = 65535,
	DNS_UDP_BYTES_PLAIN = 512 /* without EDNS, RFC 1035 section 4.2.1 */
};

#endif
