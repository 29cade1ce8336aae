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
	struct answer_cut cut;
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

/* ---- what is cut ---- */

/* Does this parameter go? */
static bool is_cut(const struct answer_cut *cut, const struct svcb_param *param)
{
	size_t size = param->key == SVCB_IPV4HINT ? 4
	    : param->key == SVCB_IPV6HINT         ? 16
	                                          : 0;

	if (param->key == SVCB_ECH)
		return cut->ech;
	if (cut->address == NULL || size == 0)
		return false;
	for (size_t at = 0; at < param->value.len; at += size) {
		size_t left = param->value.len - at;
		if (left < size ||
		    cut->address((struct slice){param->value.ptr + at, size}))
			return true;
	}
	return false;
}

/* The keys of a record that go, as a mask of the few that may. */
static unsigned cut_keys(const struct answer_cut *cut, struct slice params)
{
	struct svcb_param param;
	unsigned keys = 0;

	while (rr_svcb_next(&params, &param)) {
		if (param.key < 32 && is_cut(cut, &param))
			keys |= 1u << param.key;
	}
	return keys;
}

static bool key_goes(unsigned keys, uint16_t key)
{
	return key < 32 && (keys >> key & 1) != 0;
}

/* `mandatory` (RFC 9460 section 8) without the keys that go; nothing when that was all. */
static void put_mandatory(struct writer *w, struct slice mandatory, unsigned keys)
{
	size_t kept = 0;

	for (size_t i = 0; i + 1 < mandatory.len; i += 2)
		kept += !key_goes(keys, load_u16(mandatory.ptr + i));
	if (kept == 0)
		return;
	writer_u16(w, SVCB_MANDATORY);
	writer_u16(w, (uint16_t)(2 * kept));
	for (size_t i = 0; i + 1 < mandatory.len; i += 2) {
		if (!key_goes(keys, load_u16(mandatory.ptr + i)))
			writer_bytes(w, (struct slice){mandatory.ptr + i, 2});
	}
}

static void put_svcb_cut(struct copying *c, const struct rr *rr)
{
	struct writer *w = &c->wr.w;
	struct svcb_param param;
	struct slice params;

	if (!rr_svcb_params(&params, rr)) {
		w->bad = true;
		return;
	}
	unsigned keys = cut_keys(&c->cut, params);
	writer_bytes(w, (struct slice){rr->rdata.ptr, rr->rdata.len - params.len});
	while (rr_svcb_next(&params, &param)) {
		if (param.key == SVCB_MANDATORY) {
			put_mandatory(w, param.value, keys);
		} else if (!key_goes(keys, param.key)) {
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

static bool record_goes(const struct answer_cut *cut, const struct rr *rr)
{
	bool address = (rr->type == TYPE_A && rr->rdata.len == 4) ||
	    (rr->type == TYPE_AAAA && rr->rdata.len == 16);

	return address && cut->address != NULL && cut->address(rr->rdata);
}

/* ---- copying ---- */

static void copy_record(struct copying *c, const struct rr *rr)
{
	struct writer *w = &c->wr.w;
	struct name_buf owner = {.len = 0};
	size_t end;

	if (record_goes(&c->cut, rr))
		return;
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
	bool cuts = c->cut.ech || c->cut.address != NULL;
	if (cuts && is_svcb(rr->type))
		put_svcb_cut(c, rr);
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

/* ---- along a way of ours ---- */

static uint32_t capped(const struct answer_path *path, uint32_t ttl_s)
{
	return ttl_s < path->ttl_max_s ? ttl_s : path->ttl_max_s;
}

/* How many of the CNAMEs are given. */
static size_t links_of(const struct answer *a, const struct answer_path *path)
{
	return a->query->qtype == TYPE_CNAME && path->count > 1 ? 1 : path->count;
}

static bool ends_with_cname(const struct answer *a, const struct answer_path *path)
{
	return a->query->qtype == TYPE_CNAME && path->count > 0;
}

static void put_head(
    struct copying *c, struct dname owner, uint16_t type, uint32_t ttl_s, size_t rdlength)
{
	struct writer *w = &c->wr.w;

	put_owner(c, owner);
	writer_u16(w, type);
	writer_u16(w, c->wr.a->query->qclass);
	writer_u32(w, ttl_s);
	writer_u16(w, (uint16_t)rdlength);
}

/* Writes the CNAMEs; returns where they lead. */
static struct dname put_path(struct copying *c, const struct answer_path *path)
{
	struct dname at = message_qname(c->wr.a->query);
	size_t count = links_of(c->wr.a, path);

	learn_name(c, 0, at, DNS_HEADER_BYTES);
	for (size_t i = 0; i < count; i++) {
		const struct answer_link *link = &path->links[i];
		put_head(c, at, TYPE_CNAME, capped(path, link->ttl_s), link->target.len);
		at = link->target;
		if (c->wr.w.len < 0x4000)
			learn_name(c, 0, at, c->wr.w.len);
		writer_bytes(&c->wr.w, (struct slice){at.wire, at.len});
	}
	c->counts[0] = (uint16_t)count;
	return at;
}

static struct copying path_begin(
    const struct answer *a, const struct answer_path *path, enum dns_rcode rcode)
{
	return (struct copying){
	    .wr = writing_begin(a, rcode),
	    .ttl_max_s = path->ttl_max_s,
	};
}

size_t answer_path_to_stored(const struct answer *a, const struct answer_path *path,
    const struct stored *stored, uint32_t age_s)
{
	struct dname end = path->links[path->count - 1].target;
	bool cname_alone = ends_with_cname(a, path);

	if (stored != NULL && !is_answer_about(stored, end, a->query))
		return answer_rcode(a, RCODE_SERVFAIL);
	enum dns_rcode rcode =
	    stored == NULL || cname_alone ? RCODE_NOERROR : rcode_of(stored);
	struct copying c = path_begin(a, path, rcode);
	c.stored = stored;
	c.age_s = age_s;
	(void)put_path(&c, path);
	if (stored != NULL && !cname_alone) {
		copy_records(&c);
	} else if (!cname_alone) {
		writing_soa(&c.wr, end, path->ttl_max_s);
		c.counts[1] = 1;
	}
	return writing_finish(&c.wr, rcode, c.counts[0], c.counts[1]);
}

size_t answer_path_to_records(const struct answer *a, const struct answer_path *path,
    const struct answer_record *records, size_t count, uint32_t ttl_s)
{
	struct copying c = path_begin(a, path, RCODE_NOERROR);
	struct dname end = put_path(&c, path);

	if (ends_with_cname(a, path))
		count = 0;
	for (size_t i = 0; i < count; i++) {
		put_head(
		    &c, end, records[i].type, capped(path, ttl_s), records[i].rdata.len);
		writer_bytes(&c.wr.w, records[i].rdata);
	}
	return writing_finish(
	    &c.wr, RCODE_NOERROR, (uint16_t)(c.counts[0] + count), c.counts[1]);
}

size_t answer_path_to_nothing(const struct answer *a, const struct answer_path *path,
    enum dns_rcode rcode, struct dname owner, uint32_t ttl_s)
{
	bool cname_alone = ends_with_cname(a, path);

	if (cname_alone)
		rcode = RCODE_NOERROR;
	struct copying c = path_begin(a, path, rcode);
	(void)put_path(&c, path);
	if (!cname_alone)
		writing_soa(&c.wr, owner, capped(path, ttl_s));
	return writing_finish(&c.wr, rcode, c.counts[0], cname_alone ? 0 : 1);
}

size_t answer_alias(const struct answer *a, struct dname target, uint32_t ttl_s,
    const struct stored *stored, uint32_t age_s)
{
	const struct answer_link link = {target, ttl_s};
	const struct answer_path path = {&link, 1, ttl_s};

	return answer_path_to_stored(a, &path, stored, age_s);
}

/* ---- without what is cut ---- */

/* Is there, besides CNAMEs, anything left of an answer that had more? */
static bool is_emptied(const struct stored *stored, const struct answer_cut *cut)
{
	struct rr_walk walk = rr_walk_over(stored->message);
	bool gone = false;
	struct rr rr;

	for_each_rr (&walk, &rr) {
		if (rr.section != RR_ANSWER || rr.type == TYPE_CNAME ||
		    rr.type == TYPE_DNAME)
			continue;
		if (!record_goes(cut, &rr))
			return false;
		gone = true;
	}
	return gone;
}

size_t answer_without(const struct answer *a, const struct stored *stored,
    const struct answer_cut *cut, uint32_t age_s, uint32_t ttl_max_s)
{
	struct dname qname = message_qname(a->query);

	if (!is_answer_about(stored, qname, a->query))
		return answer_rcode(a, RCODE_SERVFAIL);
	if (is_emptied(stored, cut))
		return answer_nodata(
		    a, qname, ttl_max_s < stored->ttl_s ? ttl_max_s : stored->ttl_s);
	struct copying c = {
	    .wr = writing_begin(a, rcode_of(stored)),
	    .stored = stored,
	    .age_s = age_s,
	    .ttl_max_s = ttl_max_s,
	    .cut = *cut,
	};
	learn_name(&c, 0, qname, DNS_HEADER_BYTES);
	copy_records(&c);
	return writing_finish(&c.wr, rcode_of(stored), c.counts[0], c.counts[1]);
}
