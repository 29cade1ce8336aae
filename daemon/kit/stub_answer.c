#include "kit/stub_answer.h"

#include <ldns/ldns.h>

enum {
	CHAIN_MAX = 12 /* T10 */
};

enum err stub_answer_make_query(
    struct writer *out, const char *host, enum stub_type type, uint16_t id)
{
	ldns_pkt *query = NULL;
	uint8_t *wire = NULL;
	size_t len = 0;
	enum err rc = ERR_FORMAT;

	if (ldns_pkt_query_new_frm_str(&query, host, (ldns_rr_type)type, LDNS_RR_CLASS_IN,
	        LDNS_RD) != LDNS_STATUS_OK)
		return ERR_FORMAT;
	ldns_pkt_set_id(query, id);
	ldns_pkt_set_edns_udp_size(query, STUB_UDP_BYTES);
	if (ldns_pkt2wire(&wire, query, &len) == LDNS_STATUS_OK) {
		writer_bytes(out, (struct slice){wire, len});
		rc = out->bad ? ERR_FORMAT : OK;
	}
	LDNS_FREE(wire);
	ldns_pkt_free(query);
	return rc;
}

static bool same_question(const ldns_pkt *a, const ldns_pkt *b)
{
	return ldns_pkt_id(a) == ldns_pkt_id(b) && ldns_pkt_qdcount(a) == 1 &&
	    ldns_rr_compare(ldns_rr_list_rr(ldns_pkt_question(a), 0),
	        ldns_rr_list_rr(ldns_pkt_question(b), 0)) == 0;
}

/* The next owner when `owner` is an alias in this answer; else NULL. */
static const ldns_rdf *alias_of(const ldns_rr_list *answers, const ldns_rdf *owner)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(answers); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(answers, i);
		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_CNAME &&
		    ldns_dname_compare(ldns_rr_owner(rr), owner) == 0)
			return ldns_rr_rdf(rr, 0);
	}
	return NULL;
}

/* Only the chain from the question counts: whatever else the message brings is not ours
 * to believe (T8). */
static void collect(struct addresses *found, const ldns_pkt *reply, const ldns_rr *question)
{
	const ldns_rr_list *answers = ldns_pkt_answer(reply);
	const ldns_rdf *owner = ldns_rr_owner(question);
	const ldns_rdf *next = alias_of(answers, owner);

	for (int hops = 0; next != NULL && hops < CHAIN_MAX; hops++) {
		owner = next;
		next = alias_of(answers, owner);
	}
	for (size_t i = 0; i < ldns_rr_list_rr_count(answers); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(answers, i);
		if (ldns_rr_get_type(rr) != ldns_rr_get_type(question) ||
		    ldns_dname_compare(ldns_rr_owner(rr), owner) != 0)
			continue;
		const ldns_rdf *data = ldns_rr_rdf(rr, 0);
		(void)addresses_add(
		    found, (struct slice){ldns_rdf_data(data), ldns_rdf_size(data)});
	}
}

static enum err judge(struct addresses *found, const ldns_pkt *reply, const ldns_pkt *asked)
{
	if (!ldns_pkt_qr(reply) || !same_question(reply, asked))
		return ERR_FORMAT;
	if (ldns_pkt_tc(reply))
		return ERR_AGAIN;
	ldns_pkt_rcode rcode = ldns_pkt_get_rcode(reply);
	if (rcode != LDNS_RCODE_NOERROR && rcode != LDNS_RCODE_NXDOMAIN)
		return ERR_IO;
	found->count = 0;
	if (rcode == LDNS_RCODE_NOERROR)
		collect(found, reply, ldns_rr_list_rr(ldns_pkt_question(asked), 0));
	return OK;
}

enum err stub_answer_read(struct addresses *found, struct slice message, struct slice query)
{
	ldns_pkt *reply = NULL;
	ldns_pkt *asked = NULL;
	enum err rc = ERR_FORMAT;

	if (ldns_wire2pkt(&asked, query.ptr, query.len) == LDNS_STATUS_OK &&
	    ldns_wire2pkt(&reply, message.ptr, message.len) == LDNS_STATUS_OK)
		rc = judge(found, reply, asked);
	ldns_pkt_free(reply);
	ldns_pkt_free(asked);
	return rc;
}
