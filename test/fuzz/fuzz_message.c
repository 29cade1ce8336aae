/* fuzz_message -- one packet as a query and as a reply. What we accept is read by ldns too
 * and must say the same; what we make of it must hold what dns/stored.h and dns/answer.h
 * promise. The two octets of the ID choose among the ways to answer. */
#include <ldns/ldns.h>
#include <stdlib.h>

#include "dns/answer.h"
#include "dns/cookie.h"
#include "dns/leads.h"
#include "dns/rr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	ANSWER_BYTES = 4096,
	STORED_BYTES = 1 << 17,
	MAX_TTL_S = 86400,
	NEGATIVE_TTL_S = 3600
};

static void require(bool truth)
{
	if (!truth)
		abort();
}

/* ---- against ldns ---- */

static void check_same_name(const struct name_buf *ours, ldns_rdf *theirs)
{
	ldns_dname2canonical(theirs);
	require(ldns_rdf_size(theirs) == ours->len);
	require(memcmp(ldns_rdf_data(theirs), ours->wire, ours->len) == 0);
}

static void check_query_against(const struct message *m, ldns_pkt *theirs)
{
	const ldns_rr *question = ldns_rr_list_rr(ldns_pkt_question(theirs), 0);
	require(ldns_pkt_qdcount(theirs) == 1);
	require(ldns_pkt_id(theirs) == m->id);
	require(ldns_pkt_rd(theirs) == ((m->flags & FLAG_RD) != 0));
	require(ldns_pkt_cd(theirs) == ((m->flags & FLAG_CD) != 0));
	check_same_name(&m->qname, ldns_rr_owner(question));
	require((uint16_t)ldns_rr_get_type(question) == m->qtype);
	require((uint16_t)ldns_rr_get_class(question) == m->qclass);
}

static void check_edns_against(const struct edns *edns, const ldns_pkt *theirs)
{
	if (!edns->present)
		return;
	require(ldns_pkt_edns_udp_size(theirs) == edns->udp_size);
	require(ldns_pkt_edns_version(theirs) == edns->version);
	require(ldns_pkt_edns_do(theirs) == edns->dnssec_ok);
}

/* Types whose RDATA we check as closely as ldns does. */
static bool ldns_agrees_on(uint16_t type)
{
	switch (type) {
	case TYPE_A:
	case TYPE_AAAA:
	case TYPE_NS:
	case TYPE_CNAME:
	case TYPE_DNAME:
	case TYPE_PTR:
	case TYPE_MX:
	case TYPE_SOA:
	case TYPE_TXT:
	case TYPE_SRV:
	case TYPE_HINFO:
	case TYPE_OPT:
		return true;
	default:
		return false;
	}
}

static ldns_rr_list *section_of(const ldns_pkt *pkt, enum rr_section section)
{
	return section == RR_ANSWER   ? ldns_pkt_answer(pkt)
	    : section == RR_AUTHORITY ? ldns_pkt_authority(pkt)
	                              : ldns_pkt_additional(pkt);
}

/* Every record in the order of ldns, which keeps OPT apart. */
static void check_records_against(struct slice packet, const ldns_pkt *theirs)
{
	struct rr_walk walk = rr_walk_over(packet);
	size_t seen[3] = {0, 0, 0};
	struct rr rr;
	for_each_rr (&walk, &rr) {
		if (rr.type == TYPE_OPT && rr.section == RR_ADDITIONAL)
			continue;
		ldns_rr_list *section = section_of(theirs, rr.section);
		if (seen[rr.section] >= ldns_rr_list_rr_count(section))
			return;
		const ldns_rr *other = ldns_rr_list_rr(section, seen[rr.section]++);
		struct name_buf owner;
		size_t end;
		if (name_parse_wire(&owner, packet, rr.owner_at, &end))
			check_same_name(&owner, ldns_rr_owner(other));
		require((uint16_t)ldns_rr_get_type(other) == rr.type);
		require((uint16_t)ldns_rr_get_class(other) == rr.class);
		uint32_t ttl_s = ldns_rr_ttl(other);
		require(rr.type == TYPE_OPT || (ttl_s > INT32_MAX ? 0 : ttl_s) == rr.ttl_s);
		/* Behind RDATA that is too long for its type ldns loses its way. */
		if (!ldns_agrees_on(rr.type) || !rr_rdata_ok(packet, &rr))
			return;
	}
}

/* ---- what we make ---- */

/* A message of ours: whole, every name and RDATA good, and ldns reads it where it can. */
static void check_own_message(struct slice packet)
{
	struct rr_walk walk = rr_walk_over(packet);
	struct rr rr;
	bool sure = true;
	for_each_rr (&walk, &rr) {
		struct name_buf owner;
		size_t end;
		require(name_parse_wire(&owner, packet, rr.owner_at, &end));
		require(rr_rdata_ok(packet, &rr));
		sure = sure && ldns_agrees_on(rr.type) && (rr.class != CLASS_ANY);
	}
	require(rr_walk_ok(&walk));
	ldns_pkt *theirs = NULL;
	ldns_status status = ldns_wire2pkt(&theirs, packet.ptr, packet.len);
	require(status == LDNS_STATUS_OK || !sure);
	if (status == LDNS_STATUS_OK) {
		check_records_against(packet, theirs);
		ldns_pkt_free(theirs);
	}
}

static void check_answer(const struct answer *a, size_t len)
{
	const struct message *query = a->query;
	struct slice packet = {a->out, len};
	size_t limit = DNS_UDP_BYTES_PLAIN;
	if (query->edns.present && query->edns.udp_size > limit)
		limit = query->edns.udp_size;
	if (a->max_udp_bytes < limit)
		limit = a->max_udp_bytes;
	require(len >= DNS_HEADER_BYTES && len <= a->cap);
	require(a->max_udp_bytes == 0 || len <= limit);
	require(load_u16(packet.ptr) == query->id);
	require((load_u16(packet.ptr + 2) & FLAG_QR) != 0);
	require((load_u16(packet.ptr + 2) & FLAG_AA) == 0);
	require(load_u16(packet.ptr + 4) == (query->has_question ? 1 : 0));
	struct slice echo = {packet.ptr + DNS_HEADER_BYTES, query->question.len};
	require(slice_equal(echo, query->question));
	struct rr_walk walk = rr_walk_over(packet);
	struct rr rr;
	bool opt = false;
	for_each_rr (&walk, &rr)
		opt = opt || (rr.type == TYPE_OPT && rr.section == RR_ADDITIONAL);
	require(opt == query->edns.present);
	check_own_message(packet);
}

/* ---- the packet as a query ---- */

/* The option that answers the query's cookie; what is in it proves itself. */
static struct slice answer_to_cookie(
    const struct message *m, uint8_t option[COOKIE_OPTION_BYTES])
{
	static const uint8_t client[4] = {192, 0, 2, 1};
	static const struct cookie_secrets secrets = {{1, 2}, {3, 4}};
	const struct slice address = {client, sizeof client};
	uint8_t again[COOKIE_OPTION_BYTES];
	uint32_t now_s = (uint32_t)m->id << 16 | m->id;
	struct slice sent = m->edns.cookie;

	if (sent.len == 0)
		return SLICE_EMPTY;
	(void)cookie_answer(option, sent, address, &secrets, now_s);
	require(load_u16(option) == EDNS_COOKIE && load_u16(option + 2) == COOKIE_BYTES);
	require(memcmp(option + 4, sent.ptr, COOKIE_CLIENT_BYTES) == 0);
	require(cookie_answer(
	    again, (struct slice){option + 4, COOKIE_BYTES}, address, &secrets, now_s));
	require(memcmp(again, option, sizeof again) == 0);
	return (struct slice){option, COOKIE_OPTION_BYTES};
}

static void answer_all_ways(const struct message *m, enum message_fate fate)
{
	uint8_t out[ANSWER_BYTES];
	struct answer a = (m->id & 1) != 0
	    ? answer_over_tcp(m, out, sizeof out)
	    : answer_over_udp(m, out, sizeof out, 512 + (m->id >> 4));
	static const uint8_t address[16] = {192, 0, 2, 1};
	uint8_t option[COOKIE_OPTION_BYTES];
	a.edns_options = answer_to_cookie(m, option);
	a.authentic = (m->id & 2) != 0;
	if ((m->id & 4) != 0)
		a.ede = EDE_BLOCKED;
	if ((m->id & 8) != 0)
		a.ede_text = SLICE_LIT("a sentence of some length that may have to go");
	if (fate != MESSAGE_GOOD) {
		check_answer(&a, answer_fate(&a, fate));
		return;
	}
	struct dname qname = message_qname(m);
	check_answer(&a, answer_rcode(&a, RCODE_REFUSED));
	check_answer(&a, answer_nodata(&a, qname, 300));
	check_answer(&a, answer_nxdomain(&a, name_parent(qname), 300));
	check_answer(&a, answer_any(&a, 3600));
	check_answer(&a, answer_address(&a, (struct slice){address, 4}, 60));
	check_answer(&a, answer_address(&a, (struct slice){address, 16}, 60));
	static const uint8_t elsewhere[] = "\5other\2vn";
	struct dname other = {elsewhere, sizeof elsewhere};
	const struct answer_record records[] = {
	    {TYPE_A, {address, 4}}, {TYPE_A, {address + 1, 4}}};
	check_answer(&a, answer_nodata(&a, other, 300));
	check_answer(&a, answer_alias(&a, other, 300, NULL, 0));
	check_answer(&a, answer_records(&a, records, COUNT_OF(records), 60));
	const struct answer_link links[] = {{other, 60}, {name_parent(qname), 600}};
	const struct answer_path path = {links, (size_t)(m->id & 3) % 3, 300};
	check_answer(
	    &a, answer_path_to_records(&a, &path, records, COUNT_OF(records), 600));
	check_answer(&a, answer_path_to_nothing(&a, &path, RCODE_NXDOMAIN, other, 600));
	check_answer(&a, answer_truncated(&a));
}

static void play_query(struct slice packet)
{
	struct message m;
	enum message_fate fate = message_parse(&m, packet);
	if (fate == MESSAGE_DROP)
		return;
	answer_all_ways(&m, fate);
	if (fate != MESSAGE_GOOD)
		return;
	require(m.edns.option_count <= EDNS_OPTIONS_MAX);
	ldns_pkt *theirs = NULL;
	ldns_status status = ldns_wire2pkt(&theirs, packet.ptr, packet.len);
	struct rr_walk walk = rr_walk_over(packet);
	struct rr rr;
	bool only_opt = true;
	for_each_rr (&walk, &rr)
		only_opt = only_opt && rr.type == TYPE_OPT;
	require(status == LDNS_STATUS_OK || !only_opt);
	if (status == LDNS_STATUS_OK) {
		check_query_against(&m, theirs);
		if (only_opt)
			check_edns_against(&m.edns, theirs);
		ldns_pkt_free(theirs);
	}
}

/* ---- the packet as a reply ---- */

static void check_stored(const struct stored *stored, const struct stored_limits *limits)
{
	struct slice message = stored->message;
	check_own_message(message);
	struct rr_walk walk = rr_walk_over(message);
	struct rr rr;
	size_t count = 0;
	uint32_t smallest = UINT32_MAX;
	struct name_buf qname;
	size_t end;
	require(name_parse_wire(&qname, message, DNS_HEADER_BYTES, &end));
	uint16_t qtype = load_u16(message.ptr + end);
	for_each_rr (&walk, &rr) {
		require(rr.section != RR_ADDITIONAL && rr.type != TYPE_OPT);
		require(count < stored->ttl_count);
		require(load_u16(stored->ttl_offsets + 2 * count) == rr.ttl_at);
		require(rr.ttl_s <= MAX_TTL_S);
		require(
		    limits->keep_dnssec || rr.type != TYPE_RRSIG || qtype == TYPE_RRSIG);
		smallest = rr.ttl_s < smallest ? rr.ttl_s : smallest;
		count++;
	}
	require(count == stored->ttl_count && count <= STORED_TTLS_MAX);
	require(stored->kind == STORED_FAILURE || stored->ttl_s <= smallest);
	require(stored->kind != STORED_NXDOMAIN ||
	    (load_u16(message.ptr + 2) & FLAG_RCODE_MASK) == RCODE_NXDOMAIN);
	require(stored->kind != STORED_POSITIVE || count > 0);
}

/* Asks for what is stored, in the given shape, and checks the answer's TTLs too. */
static void ask_stored(const struct stored *stored, uint16_t id, uint16_t edns_size)
{
	struct name_buf qname;
	size_t end;
	require(name_parse_wire(&qname, stored->message, DNS_HEADER_BYTES, &end));
	struct query query = {.id = id,
	    .qname = name_of(&qname),
	    .qtype = load_u16(stored->message.ptr + end),
	    .dnssec_ok = (id & 1) != 0,
	    .edns_udp_size = edns_size};
	for (size_t i = 0; i < sizeof query.case_bits; i++)
		query.case_bits[i] = (uint8_t)(id >> i % 8);
	uint8_t sent[QUERY_BYTES_MAX];
	struct slice packet = {sent, query_write(sent, sizeof sent, &query)};
	struct message m;
	if (message_parse(&m, packet) != MESSAGE_GOOD)
		abort();
	require(name_equal(message_qname(&m), name_of(&qname)));

	uint8_t out[ANSWER_BYTES];
	struct answer a = answer_over_udp(&m, out, sizeof out, 1232);
	if ((id & 2) != 0)
		a = answer_over_tcp(&m, out, sizeof out);
	size_t len = answer_from_stored(&a, stored, id, 300);
	check_answer(&a, len);
	struct slice answer = {out, len};
	require(reply_matches(answer, packet));
	struct rr_walk walk = rr_walk_over(answer);
	struct rr rr;
	for_each_rr (&walk, &rr)
		require(rr.type == TYPE_OPT || rr.ttl_s <= 300);
}

/* The parsed query for (name, type of what is stored). */
static void parse_question(
    struct message *m, uint8_t sent[QUERY_BYTES_MAX], struct dname name, uint16_t qtype)
{
	struct query query = {
	    .id = 1, .qname = name, .qtype = qtype, .edns_udp_size = 4096};
	struct slice packet = {sent, query_write(sent, QUERY_BYTES_MAX, &query)};
	require(message_parse(m, packet) == MESSAGE_GOOD);
}

static size_t lead_count(const struct stored *stored)
{
	struct lead_walk walk = lead_walk_over(stored);
	struct lead lead;
	size_t count = 0;
	for (; lead_walk_next(&walk, &lead); count++) {
		require(
		    !lead.is_address || lead.address.len == 4 || lead.address.len == 16);
		require(lead.is_address || lead.name.len >= 1);
	}
	return count;
}

/* What we send, as a view for lead_walk_over() and stored_has_ech(). */
static struct stored view_of(const uint8_t *out, size_t len)
{
	return (struct stored){.message = {out, len}};
}

static bool is_odd(struct slice address)
{
	return (address.ptr[address.len - 1] & 1) != 0;
}

/* Whoever is given this answer is led to no odd address, and to no other one that the stored
 * answer does not have. */
static void check_cut(const struct answer *a, const struct stored *stored, size_t leads)
{
	const struct answer_cut cut = {.address = is_odd};
	size_t len = answer_without(a, stored, &cut, 1, 300);

	check_answer(a, len);
	struct stored copy = view_of(a->out, len);
	struct lead_walk walk = lead_walk_over(&copy);
	struct lead lead;
	while (lead_walk_next(&walk, &lead))
		require(!lead.is_address || !is_odd(lead.address));
	require(lead_count(&copy) <= leads);
}

/* The same records under another question, and with something left out. */
static void ask_copies(const struct stored *stored)
{
	static const uint8_t elsewhere[] = "\5other\2vn";
	static uint8_t out[DNS_MESSAGE_BYTES_MAX];
	uint8_t sent[QUERY_BYTES_MAX];
	struct message m;
	struct name_buf qname;
	size_t end;
	require(name_parse_wire(&qname, stored->message, DNS_HEADER_BYTES, &end));
	uint16_t qtype = load_u16(stored->message.ptr + end);
	size_t leads = lead_count(stored);
	const struct answer_cut cut = {.ech = true};

	parse_question(&m, sent, name_of(&qname), qtype);
	if (m.qclass != load_u16(stored->message.ptr + end + 2))
		return;
	struct answer a = answer_over_tcp(&m, out, sizeof out);
	size_t len = answer_without(&a, stored, &cut, 1, 300);
	check_answer(&a, len);
	struct stored copy = view_of(out, len);
	require(!stored_has_ech(&copy));
	require((load_u16(out + 2) & FLAG_TC) != 0 || lead_count(&copy) == leads);
	check_cut(&a, stored, leads);

	parse_question(&m, sent, (struct dname){elsewhere, sizeof elsewhere}, qtype);
	len = answer_alias(&a, name_of(&qname), 300, stored, 1);
	check_answer(&a, len);
	copy = view_of(out, len);
	require((load_u16(out + 2) & FLAG_TC) != 0 || qtype == TYPE_CNAME ||
	    lead_count(&copy) == leads + 1);
}

static void play_reply(struct slice packet)
{
	static uint8_t storage[STORED_BYTES];
	uint16_t id = packet.len < 2 ? 0 : load_u16(packet.ptr);
	struct stored_limits limits = {.max_ttl_s = MAX_TTL_S,
	    .negative_ttl_s = NEGATIVE_TTL_S,
	    .failure_ttl_s = 5,
	    .keep_dnssec = (id & 1) != 0};
	size_t cap = (id & 4) != 0 ? sizeof storage : STORED_UDP_BYTES_MAX;
	size_t len = 0;
	if (stored_from_reply(storage, cap, &len, packet, &limits) != OK)
		return;
	struct stored stored;
	require(len <= cap);
	require(stored_view(&stored, (struct slice){storage, len}));
	check_stored(&stored, &limits);
	ask_copies(&stored);
	ask_stored(&stored, id, 0);
	ask_stored(&stored, id, 1232);
	ask_stored(&stored, id, 4096);
}

static void play_records(struct slice packet)
{
	struct rr_walk walk = rr_walk_over(packet);
	struct rr rr;
	struct name_buf target;
	struct slice params;
	struct svcb_param param;
	for_each_rr (&walk, &rr) {
		if (rr_target(&target, packet, &rr))
			require(target.len >= 1);
		if (rr_svcb_params(&params, &rr)) {
			while (rr_svcb_next(&params, &param))
				require(param.value.len <= rr.rdata.len);
		}
	}
	ldns_pkt *theirs = NULL;
	if (!rr_walk_ok(&walk) ||
	    ldns_wire2pkt(&theirs, packet.ptr, packet.len) != LDNS_STATUS_OK)
		return;
	check_records_against(packet, theirs);
	ldns_pkt_free(theirs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice packet = {data, size};
	play_query(packet);
	play_reply(packet);
	play_records(packet);
	return 0;
}
