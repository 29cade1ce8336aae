#include "dns/stored.h"

#include "dns/internal.h"
#include "dns/rr.h"

enum {
	HEAD_BYTES = 12,
	POINTER_MAX = 0x3fff,
	STORED_AUTHENTIC = 1
};

/* One reply being turned into its stored form. Offsets count from the message's begin. */
struct making {
	struct slice reply;
	const struct stored_limits *limits;
	struct writer w; /* over the message, behind the head */
	struct name_buf qname;
	uint16_t qtype;
	uint16_t qclass;
	uint16_t rcode;
	struct name_buf current; /* the end of the chain so far */
	size_t current_at;       /* where it stands in the message */
	struct name_buf zone;    /* that signs or denies; len 0: not known */
	uint32_t ttl_s;          /* the smallest so far */
	uint16_t counts[2];      /* records written: answer, authority */
	size_t ttl_count;
	uint16_t ttl_at[STORED_TTLS_MAX];
};

/* ---- writing ---- */

/* A name, compressed against the qname and the name the chain has come to: a bounded
 * search, whatever a stranger sends (CVE-2024-8508). */
static void put_name(struct making *m, struct dname name)
{
	struct dname qname = name_of(&m->qname);
	struct dname rest = name;
	if (name.len > 1 && m->current_at <= POINTER_MAX &&
	    name_equal(name, name_of(&m->current))) {
		writer_u16(&m->w, (uint16_t)(0xc000 | m->current_at));
		return;
	}
	while (rest.len > 1 && !name_is_at_or_below(qname, rest))
		rest = name_parent(rest);
	writer_bytes(&m->w, (struct slice){name.wire, name.len - rest.len});
	if (rest.len > 1) {
		writer_u16(
		    &m->w, (uint16_t)(0xc000 | (DNS_HEADER_BYTES + qname.len - rest.len)));
	} else {
		writer_u8(&m->w, 0);
	}
}

/* RFC 3597 section 4: only types of RFC 1035 may have compressed names. */
static bool may_compress(uint16_t type)
{
	return type == TYPE_NS || type == TYPE_CNAME || type == TYPE_PTR ||
	    type == TYPE_SOA || type == TYPE_MX;
}

/* RDATA whose shape rr_rdata_ok has checked: names are taken apart, runs of other octets
 * are copied. */
static void put_rdata(struct making *m, const struct rr *rr)
{
	const uint8_t *bytes = m->reply.ptr;
	size_t end = rr->rdata_at + rr->rdata.len;
	size_t at = rr->rdata_at;
	for (const char *piece = rr_shape(rr->type); *piece != '\0'; piece++) {
		size_t size = end - at;
		if (*piece == 'n') {
			struct name_buf name = {.len = 0};
			if (!name_parse_wire(&name, m->reply, at, &at)) {
				m->w.bad = true;
			} else if (may_compress(rr->type)) {
				put_name(m, name_of(&name));
			} else {
				writer_bytes(&m->w, (struct slice){name.wire, name.len});
			}
			continue;
		}
		if (*piece >= '1' && *piece <= '8') {
			size = (size_t)(*piece - '0');
		} else if (*piece == 's') {
			size = bytes[at] + 1u;
		} else if (*piece == 'u') {
			continue; /* goes with the rest behind it, which is the last piece */
		}
		writer_bytes(&m->w, (struct slice){bytes + at, size});
		at += size;
	}
}

/* The record `rr`, owned by `owner`, into section 0 or 1. */
static enum err put_rr(
    struct making *m, const struct rr *rr, struct dname owner, uint32_t ttl_s)
{
	if (!rr_rdata_ok(m->reply, rr))
		return ERR_FORMAT;
	if (m->ttl_count == COUNT_OF(m->ttl_at))
		return ERR_FULL;
	ttl_s = ttl_s < m->limits->max_ttl_s ? ttl_s : m->limits->max_ttl_s;
	m->ttl_s = ttl_s < m->ttl_s ? ttl_s : m->ttl_s;

	put_name(m, owner);
	writer_u16(&m->w, rr->type);
	writer_u16(&m->w, rr->class);
	m->ttl_at[m->ttl_count++] = (uint16_t)m->w.len;
	writer_u32(&m->w, ttl_s);
	size_t length_at = m->w.len;
	writer_u16(&m->w, 0);
	put_rdata(m, rr);
	if (m->w.bad)
		return ERR_FULL;
	store_u16(m->w.ptr + length_at, (uint16_t)(m->w.len - length_at - 2));
	m->counts[rr->section == RR_ANSWER ? 0 : 1]++;
	return OK;
}

/* ---- finding ---- */

static bool owner_is(const struct making *m, const struct rr *rr, struct dname name)
{
	struct name_buf owner;
	size_t end;
	/* As nearly every server writes it: a pointer to the question. */
	if (load_u16(m->reply.ptr + rr->owner_at) == (0xc000 | DNS_HEADER_BYTES))
		return name_equal(name, name_of(&m->qname));
	return name_parse_wire(&owner, m->reply, rr->owner_at, &end) &&
	    name_equal(name_of(&owner), name);
}

/* The next record of `type` at `name` in `section`; `walk` remembers the place. */
static bool find_next(const struct making *m, struct rr_walk *walk, struct dname name,
    enum rr_section section, struct rr *rr_of_type)
{
	struct rr rr;
	for_each_rr (walk, &rr) {
		if (rr.section > section)
			return false;
		if (rr.section == section && rr.type == rr_of_type->type &&
		    rr.class == m->qclass && owner_is(m, &rr, name)) {
			*rr_of_type = rr;
			return true;
		}
	}
	return false;
}

static bool find_first(
    const struct making *m, struct dname name, uint16_t type, struct rr *out)
{
	struct rr_walk walk = rr_walk_over(m->reply);
	out->type = type;
	return find_next(m, &walk, name, RR_ANSWER, out);
}

/* ---- RRsets ---- */

/* The signatures of (name, type), where the client wants them. In the answer section the
 * signer tells the zone. */
static enum err put_signatures(
    struct making *m, struct dname name, uint16_t type, enum rr_section section)
{
	struct rr_walk walk = rr_walk_over(m->reply);
	struct rr rr = {.type = TYPE_RRSIG};
	if (!m->limits->keep_dnssec || type == TYPE_RRSIG)
		return OK;
	while (find_next(m, &walk, name, section, &rr)) {
		size_t end;
		if (rr.rdata.len < 19 || load_u16(rr.rdata.ptr) != type)
			continue;
		enum err rc = put_rr(m, &rr, name, rr.ttl_s);
		if (rc != OK)
			return rc;
		/* The last signer is that of the RRset at the chain's end. */
		if (section == RR_ANSWER &&
		    !name_parse_wire(&m->zone, m->reply, rr.rdata_at + 18, &end))
			return ERR_FORMAT;
	}
	return OK;
}

/* The RDATA of the i-th record that was written: behind TTL and RDLENGTH. */
static struct slice written_rdata(const struct making *m, size_t i)
{
	const uint8_t *at = m->w.ptr + m->ttl_at[i] + 4;
	return (struct slice){at + 2, load_u16(at)};
}

/* Is the record written last one of those since `first`? They have one owner and one type,
 * and equal names are written alike, so equal octets are equal data. */
static bool is_repeated(const struct making *m, size_t first)
{
	const struct slice last = written_rdata(m, m->ttl_count - 1);
	for (size_t i = first; i + 1 < m->ttl_count; i++) {
		if (slice_equal(written_rdata(m, i), last))
			return true;
	}
	return false;
}

/* All records of the RRset at the end of the chain, with one TTL: the smallest, where a
 * server sent several (RFC 2181 section 5.2), and each once (section 5). */
static enum err put_rrset(struct making *m)
{
	struct name_buf owner = m->current;
	struct rr rr = {.type = m->qtype};
	uint32_t ttl_s = UINT32_MAX;
	struct rr_walk walk = rr_walk_over(m->reply);
	while (find_next(m, &walk, name_of(&owner), RR_ANSWER, &rr))
		ttl_s = rr.ttl_s < ttl_s ? rr.ttl_s : ttl_s;
	walk = rr_walk_over(m->reply);
	const size_t first = m->ttl_count;
	while (find_next(m, &walk, name_of(&owner), RR_ANSWER, &rr)) {
		size_t before = m->w.len;
		enum err rc = put_rr(m, &rr, name_of(&owner), ttl_s);
		if (rc != OK)
			return rc;
		if (is_repeated(m, first)) {
			m->w.len = before;
			m->ttl_count--;
			m->counts[0]--;
		}
		if (m->ttl_count - first > STORED_RRSET_MAX)
			return ERR_FULL;
	}
	return put_signatures(m, name_of(&owner), m->qtype, RR_ANSWER);
}

/* ---- the chain ---- */

/* Is `target` what a DNAME at `owner` leading to `base` makes of `name` (RFC 6672
 * section 2.2)? */
static bool is_substitution(
    struct dname name, struct dname owner, struct dname base, struct dname target)
{
	size_t kept = name.len - owner.len;
	return target.len == kept + base.len && memcmp(target.wire, name.wire, kept) == 0 &&
	    memcmp(target.wire + kept, base.wire, base.len) == 0;
}

/* The DNAME that made the CNAME from the current name to `target`, if one is there. */
static enum err put_dname(struct making *m, struct dname target)
{
	struct rr_walk walk = rr_walk_over(m->reply);
	struct dname name = name_of(&m->current);
	struct name_buf owner, base;
	struct rr rr;
	size_t end;
	for_each_rr (&walk, &rr) {
		if (rr.section != RR_ANSWER)
			return OK;
		if (rr.type != TYPE_DNAME || rr.class != m->qclass)
			continue;
		if (!name_parse_wire(&owner, m->reply, rr.owner_at, &end) ||
		    !rr_target(&base, m->reply, &rr))
			return ERR_FORMAT;
		if (owner.len >= name.len || !name_is_at_or_below(name, name_of(&owner)) ||
		    !is_substitution(name, name_of(&owner), name_of(&base), target))
			continue;
		enum err rc = put_rr(m, &rr, name_of(&owner), rr.ttl_s);
		return rc != OK ? rc
		                : put_signatures(m, name_of(&owner), TYPE_DNAME, RR_ANSWER);
	}
	return OK;
}

/* A CNAME that was asked for: the DNAME that made it goes before it, or nobody could prove
 * it (RFC 6672 section 5.3.1). */
static enum err put_dname_of_asked(struct making *m)
{
	struct name_buf target;
	struct rr rr;
	if (m->qtype != TYPE_CNAME || !find_first(m, name_of(&m->current), TYPE_CNAME, &rr))
		return OK;
	return rr_target(&target, m->reply, &rr) ? put_dname(m, name_of(&target))
	                                         : ERR_FORMAT;
}

/* From the current name along one CNAME. */
static enum err follow_cname(struct making *m, const struct rr *cname)
{
	struct name_buf owner = m->current;
	struct name_buf target;
	if (!rr_target(&target, m->reply, cname))
		return ERR_FORMAT;
	enum err rc = put_dname(m, name_of(&target));
	if (rc != OK)
		return rc;
	rc = put_rr(m, cname, name_of(&owner), cname->ttl_s);
	if (rc != OK)
		return rc;
	/* The target stands in the RDATA just written, behind TTL and RDLENGTH. */
	size_t target_at = m->ttl_at[m->ttl_count - 1] + 6u;
	rc = put_signatures(m, name_of(&owner), TYPE_CNAME, RR_ANSWER);
	m->current = target;
	m->current_at = target_at;
	return rc;
}

/* Types that are questions or belong to the message itself, never data (RFC 6895). */
static bool is_meta_type(uint16_t type)
{
	return type == TYPE_OPT || (type >= 128 && type <= 255);
}

/* Writes the chain; *found tells whether an RRset of qtype stands at its end. */
static enum err put_chain(struct making *m, bool *found)
{
	struct rr rr;
	for (unsigned links = 0;; links++) {
		*found = !is_meta_type(m->qtype) &&
		    find_first(m, name_of(&m->current), m->qtype, &rr);
		if (*found || m->qtype == TYPE_CNAME ||
		    !find_first(m, name_of(&m->current), TYPE_CNAME, &rr))
			return OK;
		/* A loop runs into this ceiling too. */
		if (links == STORED_CHAIN_MAX)
			return ERR_FORMAT;
		enum err rc = follow_cname(m, &rr);
		if (rc != OK)
			return rc;
	}
}

/* ---- the end of the chain ---- */

/* The SOA of a denial: that of a zone the denied name lies in. Without one the denial may
 * be passed on, not kept (RFC 2308 section 5). */
static enum err put_soa(struct making *m)
{
	struct rr_walk walk = rr_walk_over(m->reply);
	struct rr rr;
	size_t end;
	for_each_rr (&walk, &rr) {
		if (rr.section != RR_AUTHORITY || rr.type != TYPE_SOA ||
		    rr.class != m->qclass)
			continue;
		if (!name_parse_wire(&m->zone, m->reply, rr.owner_at, &end) ||
		    !rr_rdata_ok(m->reply, &rr))
			return ERR_FORMAT;
		struct name_buf zone = m->zone;
		if (!name_is_at_or_below(name_of(&m->current), name_of(&zone))) {
			m->zone.len = 0;
			continue;
		}
		uint32_t minimum = load_u32(rr.rdata.ptr + rr.rdata.len - 4);
		uint32_t ttl_s = rr.ttl_s < minimum ? rr.ttl_s : minimum;
		if (ttl_s > m->limits->negative_ttl_s)
			ttl_s = m->limits->negative_ttl_s;
		enum err rc = put_rr(m, &rr, name_of(&zone), ttl_s);
		return rc != OK ? rc
		                : put_signatures(m, name_of(&zone), TYPE_SOA, RR_AUTHORITY);
	}
	m->zone.len = 0;
	m->ttl_s = 0;
	return OK;
}

/* The proof of a denial or of a wildcard, for clients that validate: NSEC and NSEC3 of the
 * zone with their signatures (RFC 4035 section 3.1.3). */
static enum err put_proof(struct making *m)
{
	struct rr_walk walk = rr_walk_over(m->reply);
	struct name_buf owner;
	struct rr rr;
	size_t end;
	if (!m->limits->keep_dnssec || m->zone.len == 0)
		return OK;
	for_each_rr (&walk, &rr) {
		if (rr.section != RR_AUTHORITY || rr.class != m->qclass ||
		    (rr.type != TYPE_NSEC && rr.type != TYPE_NSEC3))
			continue;
		if (!name_parse_wire(&owner, m->reply, rr.owner_at, &end))
			return ERR_FORMAT;
		if (!name_is_at_or_below(name_of(&owner), name_of(&m->zone)))
			continue;
		enum err rc = put_rr(m, &rr, name_of(&owner), rr.ttl_s);
		if (rc == OK)
			rc = put_signatures(m, name_of(&owner), rr.type, RR_AUTHORITY);
		if (rc != OK)
			return rc;
	}
	return OK;
}

static enum err put_records(struct making *m, enum stored_kind *kind)
{
	bool found = false;
	enum err rc = put_chain(m, &found);
	if (rc != OK)
		return rc;
	/* Data under NXDOMAIN is no data (T14). */
	if (found && m->rcode == RCODE_NOERROR) {
		*kind = STORED_POSITIVE;
		rc = put_dname_of_asked(m);
		rc = rc == OK ? put_rrset(m) : rc;
	} else {
		*kind = m->rcode == RCODE_NXDOMAIN ? STORED_NXDOMAIN : STORED_NODATA;
		rc = put_soa(m);
	}
	return rc == OK ? put_proof(m) : rc;
}

/* ---- the whole ---- */

/* Reads header and question, and sees that every record of the reply is whole. */
static enum err read_reply(struct making *m)
{
	struct rr_walk walk = rr_walk_over(m->reply);
	struct rr rr;
	struct name_buf owner;
	size_t end;
	size_t answers = 0;
	if (walk.bad || load_u16(m->reply.ptr + 4) != 1)
		return ERR_FORMAT;
	m->rcode = load_u16(m->reply.ptr + 2) & FLAG_RCODE_MASK;
	if (!name_parse_wire(&m->qname, m->reply, DNS_HEADER_BYTES, &end) ||
	    end - DNS_HEADER_BYTES != m->qname.len)
		return ERR_FORMAT;
	m->qtype = load_u16(m->reply.ptr + end);
	m->qclass = load_u16(m->reply.ptr + end + 2);
	for_each_rr (&walk, &rr) {
		/* A chain is walked once per link, a denial's proof once per signature: a
		 * bound on what a reply of 64 KiB can cost. */
		if (rr.section != RR_ADDITIONAL && ++answers > STORED_ANSWERS_MAX)
			return ERR_FULL;
		if (!name_parse_wire(&owner, m->reply, rr.owner_at, &end))
			return ERR_FORMAT;
		if (rr.section == RR_ADDITIONAL && rr.type == TYPE_OPT)
			m->rcode |= (uint16_t)(rr.ttl_s >> 24 << 4);
	}
	return rr_walk_ok(&walk) ? OK : ERR_FORMAT;
}

static uint16_t stored_flags(enum stored_kind kind)
{
	return (uint16_t)(FLAG_QR | FLAG_RD | FLAG_RA |
	    (kind == STORED_NXDOMAIN         ? RCODE_NXDOMAIN
	            : kind == STORED_FAILURE ? RCODE_SERVFAIL
	                                     : RCODE_NOERROR));
}

static void put_question(struct making *m)
{
	static const uint8_t empty_header[DNS_HEADER_BYTES];
	writer_bytes(&m->w, (struct slice){empty_header, sizeof empty_header});
	writer_bytes(&m->w, (struct slice){m->qname.wire, m->qname.len});
	writer_u16(&m->w, m->qtype);
	writer_u16(&m->w, m->qclass);
	m->current = m->qname;
	m->current_at = DNS_HEADER_BYTES;
}

/* The head in front of the message, the message's own header, the TTLs' places behind. */
static enum err finish(struct making *m, enum stored_kind kind, uint8_t *out, size_t *len)
{
	size_t message_len = m->w.len;
	for (size_t i = 0; i < m->ttl_count; i++)
		writer_u16(&m->w, m->ttl_at[i]);
	if (m->w.bad || message_len > DNS_MESSAGE_BYTES_MAX)
		return ERR_FULL;
	uint8_t *message = m->w.ptr;
	store_u16(message + 2, stored_flags(kind));
	store_u16(message + 4, 1);
	store_u16(message + 6, m->counts[0]);
	store_u16(message + 8, m->counts[1]);

	bool authentic = (load_u16(m->reply.ptr + 2) & FLAG_AD) != 0;
	out[0] = (uint8_t)kind;
	out[1] = authentic ? STORED_AUTHENTIC : 0;
	store_u16(out + 2, (uint16_t)message_len);
	store_u32(out + 4, m->ttl_s);
	store_u16(out + 8, m->rcode);
	store_u16(out + 10, (uint16_t)m->ttl_count);
	*len = HEAD_BYTES + m->w.len;
	return OK;
}

enum err stored_from_reply(uint8_t *out, size_t cap, size_t *len, struct slice reply,
    const struct stored_limits *limits)
{
	if (reply.len < DNS_HEADER_BYTES)
		return ERR_FORMAT;
	if ((load_u16(reply.ptr + 2) & FLAG_TC) != 0)
		return ERR_AGAIN;
	if (cap < HEAD_BYTES)
		return ERR_FULL;
	struct making m;
	m.reply = reply;
	m.limits = limits;
	m.w = writer_over(out + HEAD_BYTES, cap - HEAD_BYTES);
	m.zone.len = 0;
	m.ttl_s = UINT32_MAX;
	m.ttl_count = 0;
	m.counts[0] = m.counts[1] = 0;

	enum stored_kind kind = STORED_FAILURE;
	enum err rc = read_reply(&m);
	if (rc != OK)
		return rc;
	put_question(&m);
	if (m.rcode == RCODE_NOERROR || m.rcode == RCODE_NXDOMAIN) {
		rc = put_records(&m, &kind);
	} else {
		m.ttl_s = limits->failure_ttl_s;
	}
	return rc == OK ? finish(&m, kind, out, len) : rc;
}

bool stored_view(struct stored *out, struct slice bytes)
{
	if (bytes.len < HEAD_BYTES + DNS_HEADER_BYTES || bytes.ptr[0] > STORED_FAILURE)
		return false;
	size_t message_len = load_u16(bytes.ptr + 2);
	size_t ttl_count = load_u16(bytes.ptr + 10);
	if (message_len < DNS_HEADER_BYTES ||
	    bytes.len - HEAD_BYTES != message_len + 2 * ttl_count)
		return false;
	*out = (struct stored){
	    .kind = (enum stored_kind)bytes.ptr[0],
	    .rcode = load_u16(bytes.ptr + 8),
	    .authentic = (bytes.ptr[1] & STORED_AUTHENTIC) != 0,
	    .ttl_s = load_u32(bytes.ptr + 4),
	    .ttl_count = (uint16_t)ttl_count,
	    .ttl_offsets = bytes.ptr + HEAD_BYTES + message_len,
	    .message = {bytes.ptr + HEAD_BYTES, message_len},
	};
	return true;
}

void stored_set_ttls(uint8_t *bytes, size_t len, uint32_t ttl_s)
{
	struct stored stored;

	if (!stored_view(&stored, (struct slice){bytes, len}))
		return;
	for (size_t i = 0; i < stored.ttl_count; i++) {
		size_t at = load_u16(stored.ttl_offsets + 2 * i);
		if (stored.message.len >= 4 && at <= stored.message.len - 4)
			store_u32(bytes + HEAD_BYTES + at, ttl_s);
	}
}
