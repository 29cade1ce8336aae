/* Answers made of the records of a stored one that cannot be sent as it stands: under
 * another question, or with something left out. */
#include "dns/internal.h"
#include "dns/rr.h"

/* Records on their way from a stored message into an answer. */
struct copying {
	struct writing wr;
	const struct stored *stored;
	uint32_t age_s;
	uint32_t ttl_max_s;
	bool without_ech;
	/* Names that the answer holds already: the question or the alias's target, and the one
	 * written last. Few are enough: a chain goes on where it has come to. */
	struct name_buf known[2];
	size_t known_at[2];
	uint16_t counts[2];
};

static void learn_name(struct copying *c, unsigned i, struct dname name, size_t at)
{
	name_copy(&c->known[i], name);
	c->known_at[i] = at;
}

static void put_owner(struct copying *c, struct dname owner)
{
	for (unsigned i = 0; i < COUNT_OF(c->known); i++) {
		if (c->known_at[i] == 0 || !name_equal(owner, name_of(&c->known[i])))
			continue;
		writer_u16(&c->wr.w, (uint16_t)(0xc000 | c->known_at[i]));
		return;
	}
	if (c->wr.w.len < 0x4000)
		learn_name(c, 1, owner, c->wr.w.len);
	writer_bytes(&c->wr.w, (struct slice){owner.wire, owner.len});
}

/* RDATA of octets alone, a piece of `size` octets. */
static size_t piece_bytes(char piece, const uint8_t *at, size_t left)
{
	if (piece >= '1' && piece <= '8')
		return (size_t)(piece - '0');
	return piece == 's' ? *at + 1u : left;
}

/* RDATA, which was checked when it was stored, with its names at length: pointers of the
 * stored message mean nothing here. */
static void put_rdata(struct copying *c, const struct rr *rr)
{
	struct slice from = c->stored->message;
	size_t at = rr->rdata_at;
	size_t end = at + rr->rdata.len;

	for (const char *piece = rr_shape(rr->type); *piece != '\0'; piece++) {
		if (*piece == 'n') {
			struct name_buf name = {.len = 0};
			if (!name_parse_wire(&name, from, at, &at))
				c->wr.w.bad = true;
			if (rr->type == TYPE_CNAME && c->wr.w.len < 0x4000)
				learn_name(c, 1, name_of(&name), c->wr.w.len);
			writer_bytes(&c->wr.w, (struct slice){name.wire, name.len});
		} else if (*piece != 'u') { /* goes with the rest behind it */
			size_t size = piece_bytes(*piece, from.ptr + at, end - at);
			writer_bytes(&c->wr.w, (struct slice){from.ptr + at, size});
			at += size;
		}
	}
}

/* ---- without ech ---- */

/* `mandatory` (RFC 9460 section 8) without the key of ech; nothing when that was all. */
static void put_mandatory(struct writer *w, struct slice keys)
{
	size_t kept = 0;

	for (size_t i = 0; i + 1 < keys.len; i += 2)
		kept += load_u16(keys.ptr + i) != SVCB_ECH;
	if (kept == 0)
		return;
	writer_u16(w, SVCB_MANDATORY);
	writer_u16(w, (uint16_t)(2 * kept));
	for (size_t i = 0; i + 1 < keys.len; i += 2) {
		if (load_u16(keys.ptr + i) != SVCB_ECH)
			writer_bytes(w, (struct slice){keys.ptr + i, 2});
	}
}

static void put_svcb_without_ech(struct copying *c, const struct rr *rr)
{
	struct writer *w = &c->wr.w;
	struct svcb_param param;
	struct slice params;

	if (!rr_svcb_params(&params, rr)) {
		w->bad = true;
		return;
	}
	writer_bytes(w, (struct slice){rr->rdata.ptr, rr->rdata.len - params.len});
	while (rr_svcb_next(&params, &param)) {
		if (param.key == SVCB_MANDATORY) {
			put_mandatory(w, param.value);
		} else if (param.key != SVCB_ECH) {
			writer_u16(w, param.key);
			writer_u16(w, (uint16_t)param.value.len);
			writer_bytes(w, param.value);
		}
	}
}

static bool is_svcb(uint16_t type)
{
	return type == TYPE_SVCB || type == TYPE_HTTPS;
}

/* ---- copying ---- */

static void copy_record(struct copying *c, const struct rr *rr)
{
	struct writer *w = &c->wr.w;
	struct name_buf owner = {.len = 0};
	size_t end;

	if (!name_parse_wire(&owner, c->stored->message, rr->owner_at, &end) ||
	    !rr_rdata_ok(c->stored->message, rr)) {
		w->bad = true;
		return;
	}
	uint32_t ttl_s = rr->ttl_s > c->age_s ? rr->ttl_s - c->age_s : 0;
	put_owner(c, name_of(&owner));
	writer_u16(w, rr->type);
	writer_u16(w, rr->class);
	writer_u32(w, ttl_s < c->ttl_max_s ? ttl_s : c->ttl_max_s);
	size_t length_at = w->len;
	writer_u16(w, 0);
	if (c->without_ech && is_svcb(rr->type))
		put_svcb_without_ech(c, rr);
	else
		put_rdata(c, rr);
	if (!w->bad)
		store_u16(w->ptr + length_at, (uint16_t)(w->len - length_at - 2));
	c->counts[rr->section == RR_ANSWER ? 0 : 1]++;
}

static void copy_records(struct copying *c)
{
	struct rr_walk walk = rr_walk_over(c->stored->message);
	struct rr rr;

	while (!c->wr.w.bad && rr_walk_next(&walk, &rr))
		copy_record(c, &rr);
	c->wr.w.bad = c->wr.w.bad || !rr_walk_ok(&walk);
}

/* Does the stored message answer this question? */
static bool is_answer_about(
    const struct stored *stored, struct dname name, const struct message *query)
{
	size_t need = DNS_HEADER_BYTES + name.len + 4;
	const uint8_t *question = stored->message.ptr + DNS_HEADER_BYTES;

	return stored->message.len >= need && memcmp(question, name.wire, name.len) == 0 &&
	    load_u16(question + name.len) == query->qtype &&
	    load_u16(question + name.len + 2) == query->qclass;
}

static enum dns_rcode rcode_of(const struct stored *stored)
{
	return load_u16(stored->message.ptr + 2) & FLAG_RCODE_MASK;
}

size_t answer_alias(const struct answer *a, struct dname target, uint32_t ttl_s,
    const struct stored *stored, uint32_t age_s)
{
	bool cname_alone = a->query->qtype == TYPE_CNAME;

	if (stored != NULL && !is_answer_about(stored, target, a->query))
		return answer_rcode(a, RCODE_SERVFAIL);
	enum dns_rcode rcode =
	    stored == NULL || cname_alone ? RCODE_NOERROR : rcode_of(stored);
	struct copying c = {
	    .wr = writing_begin(a, rcode),
	    .stored = stored,
	    .age_s = age_s,
	    .ttl_max_s = ttl_s,
	    .counts = {1, 0},
	};
	writing_rr_head(&c.wr, TYPE_CNAME, ttl_s, target.len);
	learn_name(&c, 0, target, c.wr.w.len);
	writer_bytes(&c.wr.w, (struct slice){target.wire, target.len});
	if (stored != NULL && !cname_alone) {
		copy_records(&c);
	} else if (!cname_alone) {
		writing_soa(&c.wr, target, ttl_s);
		c.counts[1] = 1;
	}
	return writing_finish(&c.wr, rcode, c.counts[0], c.counts[1]);
}

size_t answer_without_ech(
    const struct answer *a, const struct stored *stored, uint32_t age_s, uint32_t ttl_max_s)
{
	struct dname qname = message_qname(a->query);

	if (!is_answer_about(stored, qname, a->query))
		return answer_rcode(a, RCODE_SERVFAIL);
	struct copying c = {
	    .wr = writing_begin(a, rcode_of(stored)),
	    .stored = stored,
	    .age_s = age_s,
	    .ttl_max_s = ttl_max_s,
	    .without_ech = true,
	};
	learn_name(&c, 0, qname, DNS_HEADER_BYTES);
	copy_records(&c);
	return writing_finish(&c.wr, rcode_of(stored), c.counts[0], c.counts[1]);
}
