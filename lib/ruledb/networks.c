/* Addresses in answers: the longest prefix of each feed decides. */
#include "ruledb/internal.h"

bool ruledb_has_addresses(const struct ruledb *db)
{
	return db->at.count[SECTION_NETWORKS] > 0;
}

static const uint8_t *network_at(const struct layout *l, uint32_t i)
{
	return l->section[SECTION_NETWORKS] + (size_t)i * FORMAT_NETWORK_BYTES;
}

/* The first record that is not before {octets, family, bits}, in the order of the file. */
static uint32_t find_first(const struct layout *l, const uint8_t wanted[18])
{
	uint32_t low = 0, high = l->count[SECTION_NETWORKS];

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const uint8_t *record = network_at(l, middle);
		int c = memcmp(record + NETWORK_AT_FAMILY, wanted + NETWORK_AT_FAMILY, 2);
		if (c == 0)
			c = memcmp(record, wanted, 16);
		if (c < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

/* The address without what lies beyond the prefix, as a record begins. */
static void cut_address(struct slice address, unsigned bits, uint8_t out[18])
{
	memset(out, 0, 18);
	memcpy(out, address.ptr, address.len);
	for (size_t i = 0; i < address.len; i++) {
		size_t begins = i * 8;
		if (bits <= begins)
			out[i] = 0;
		else if (bits - begins < 8)
			out[i] &= (uint8_t)(0xff00u >> (bits - begins));
	}
	out[NETWORK_AT_FAMILY] = address.len == 4 ? 4 : 6;
	out[NETWORK_AT_BITS] = (uint8_t)bits; /* <= 128 */
}

/* What longer prefixes have decided so far. */
struct address_asked {
	struct judging name; /* the question's name before the same feeds */
	const struct ruledb *db;
	const struct ruledb_question *question;
	struct slice address;
	uint16_t best[RULEDB_FEEDS_MAX];  /* 1 + bits of the prefix that decides; 0: none */
	uint16_t kinds[RULEDB_FEEDS_MAX]; /* of the rules with that prefix */
	bool named;
};

static bool rule_holds(
    struct address_asked *a, uint32_t rule, struct taken *taken, struct rule_terms *terms)
{
	struct special_view special = special_at(&a->db->at, rule);
	const struct ruledb_question *question = a->question;
	struct rule_question q = {.name = question->name,
	    .qtype = question->qtype,
	    .client = question->client,
	    .client_names = question->client_names,
	    .tags = question->tags};

	a->named = true;
	if (rule_terms_read(terms, special.terms) != OK || !rule_terms_hold(terms, &q))
		return false;
	*taken = (struct taken){special.feed, 1u << special.kind, 0, rule, terms};
	/* The feed has spoken of the name: its word on addresses comes second. */
	bool by_length = (le16_load(layout_feed(&a->db->at, special.feed) + FEED_AT_FLAGS) &
	                     FEED_FLAG_LONGEST) != 0;
	return !by_length || a->name.best[special.feed] == 0;
}

typedef void (*visit_network)(
    struct address_asked *a, const struct taken *taken, unsigned bits, void *arg);

static void visit_prefix(
    struct address_asked *a, unsigned bits, visit_network visit, void *arg)
{
	const struct layout *l = &a->db->at;
	uint8_t wanted[18];

	cut_address(a->address, bits, wanted);
	for (uint32_t i = find_first(l, wanted); i < l->count[SECTION_NETWORKS]; i++) {
		const uint8_t *record = network_at(l, i);
		struct rule_terms terms;
		struct taken taken;
		if (memcmp(record, wanted, sizeof wanted) != 0)
			return;
		if (rule_holds(a, le32_load(record + NETWORK_AT_RULE), &taken, &terms))
			visit(a, &taken, bits, arg);
	}
}

static void visit_all(struct address_asked *a, visit_network visit, void *arg)
{
	const uint64_t *prefixes = a->db->prefixes[a->address.len == 4 ? 0 : 1];

	for (unsigned bits = (unsigned)a->address.len * 8 + 1; bits-- > 0;) {
		if ((prefixes[bits / 64] >> bits % 64 & 1) != 0)
			visit_prefix(a, bits, visit, arg);
	}
}

static void weigh(
    struct address_asked *a, const struct taken *taken, unsigned bits, void *arg)
{
	(void)arg;
	if (a->best[taken->feed] == 0)
		a->best[taken->feed] = (uint16_t)(bits + 1); /* the longest comes first */
	if (a->best[taken->feed] == bits + 1)
		a->kinds[taken->feed] |= (uint16_t)taken->kinds;
}

static void list_one(
    struct address_asked *a, const struct taken *taken, unsigned bits, void *arg)
{
	if (a->best[taken->feed] != bits + 1)
		return;
	unsigned winning = taken->kinds & kinds_rank(a->kinds[taken->feed]);
	bool allows = le16_load(layout_feed(&a->db->at, taken->feed) + FEED_AT_CATEGORY) ==
	    RULEDB_CATEGORY_ALLOW;
	if ((winning & KINDS_ANY_BLOCK) != 0 || allows)
		listing_add(arg, &a->db->at, taken);
}

bool ruledb_match_address(const struct ruledb *db, struct slice address,
    const struct ruledb_question *question, struct listing *out)
{
	struct met_set met[NAME_LABELS_MAX];

	listing_clear(out);
	if (!ruledb_has_addresses(db) || (address.len != 4 && address.len != 16))
		return false;
	struct address_asked a = {.name = {.db = db, .question = question, .met = met},
	    .db = db,
	    .question = question,
	    .address = address};
	a.name.met_count = layout_collect(&db->at, question->hashes, met);
	judge_weigh(&a.name);
	visit_all(&a, weigh, NULL);
	if (a.named)
		visit_all(&a, list_one, out);
	out->named = a.named;
	return out->categories != 0 || out->allowed;
}
