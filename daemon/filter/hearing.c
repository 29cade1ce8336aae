#include "filter/hearing.h"

#include "dns/leads.h"
#include "filter/exchange.h"
#include "filter/rebind.h"

enum {
	/* Who was led somewhere has perhaps waited there; the most that cache.stale.keep may be. */
	STALE_MS = 7 * 24 * 60 * 60 * 1000
};

static const uint8_t FLAGS[] = {
    0, CACHE_FLAG_DO, CACHE_FLAG_CD, CACHE_FLAG_DO | CACHE_FLAG_CD};

static bool find_stored(const struct hearing *h, uint16_t qtype, uint8_t flags,
    struct writer *into, struct stored *out)
{
	const struct slice name = {h->question->name.wire, h->question->name.len};
	const struct cache_key key = cache_key_of(h->cache, name, qtype, flags);
	uint64_t since_ms = h->cache_now_ms > STALE_MS ? h->cache_now_ms - STALE_MS : 0;
	struct cache_hit hit;

	return cache_find(h->cache, &key, since_ms, into, &hit) &&
	    stored_view(out, writer_slice(into)) && out->kind != STORED_FAILURE;
}

static bool review_one(struct reviewed *out, const struct hearing *h,
    const struct verdict *of_qname, const struct stored *stored, uint16_t qtype)
{
	const struct policy_review review = {h->policy, h->who, h->state, of_qname, h->now};
	struct policy_question question = *h->question;

	question.qtype = qtype;
	review_answer(out, &review, &question, stored);
	return out->verdict.action == POLICY_BLOCK;
}

bool hearing_of_answers(
    struct reviewed *out, const struct hearing *h, const struct verdict *of_qname)
{
	uint8_t bytes[LETTER_BYTES];
	struct stored stored;

	for (size_t t = 0; t < h->type_count; t++) {
		for (size_t f = 0; f < COUNT_OF(FLAGS); f++) {
			struct writer into = writer_over(bytes, sizeof bytes);
			if (find_stored(h, h->types[t], FLAGS[f], &into, &stored) &&
			    review_one(out, h, of_qname, &stored, h->types[t]))
				return true;
		}
	}
	return false;
}

static uint64_t listed_by_leads(const struct hearing *h, const struct stored *stored)
{
	struct lead_walk walk = lead_walk_over(stored);
	struct policy_question target = *h->question;
	struct name_hashes hashes;
	uint64_t listed = 0;
	struct lead lead;

	target.hashes = &hashes;
	while (lead_walk_next(&walk, &lead)) {
		if (lead.is_address) {
			listed |=
			    policy_listed_address(h->policy, lead.address, h->question);
			continue;
		}
		target.name = name_of(&lead.name);
		name_hash_all(&hashes, target.name, policy_hash_key(h->policy));
		listed |= policy_listed(h->policy, &target);
	}
	return listed;
}

uint64_t hearing_listed(const struct hearing *h)
{
	uint64_t listed = policy_listed(h->policy, h->question);
	uint8_t bytes[LETTER_BYTES];
	struct stored stored;

	for (size_t t = 0; t < h->type_count; t++) {
		for (size_t f = 0; f < COUNT_OF(FLAGS); f++) {
			struct writer into = writer_over(bytes, sizeof bytes);
			if (find_stored(h, h->types[t], FLAGS[f], &into, &stored))
				listed |= listed_by_leads(h, &stored);
		}
	}
	return listed;
}

bool hearing_has_inside(const struct hearing *h)
{
	uint8_t bytes[LETTER_BYTES];
	struct stored stored;

	for (size_t t = 0; t < h->type_count; t++) {
		for (size_t f = 0; f < COUNT_OF(FLAGS); f++) {
			struct writer into = writer_over(bytes, sizeof bytes);
			if (find_stored(h, h->types[t], FLAGS[f], &into, &stored) &&
			    rebind_has_inside(&stored))
				return true;
		}
	}
	return false;
}
