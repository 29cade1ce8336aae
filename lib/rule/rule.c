#include "rule/rule.h"

static bool is_word(struct slice word, const char *text)
{
	return slice_equal_nocase(word, slice_of(text));
}

static bool is_among(struct slice word, const char *const *words)
{
	for (; words != NULL && *words != NULL; words++) {
		if (is_word(word, *words))
			return true;
	}
	return false;
}

bool rule_network_holds(const struct rule_network *network, struct slice address)
{
	size_t octets = network->family == 4 ? 4 : 16;
	size_t whole = network->bits / 8u;

	if (network->family == 0 || address.len != octets)
		return false;
	if (whole > 0 && memcmp(network->octets, address.ptr, whole) != 0)
		return false;
	if (network->bits % 8 == 0)
		return true;
	unsigned mask = 0xff00u >> network->bits % 8 & 0xffu;
	return network->octets[whole] == (address.ptr[whole] & mask);
}

static bool types_hold(const struct rule_terms *terms, uint16_t qtype)
{
	if (terms->type_count == 0)
		return true;
	for (size_t i = 0; i < terms->type_count; i++) {
		if (terms->types[i] == qtype)
			return !terms->types_negated;
	}
	return terms->types_negated;
}

static bool is_excepted(struct slice names, struct dname name)
{
	while (names.len > 0) {
		size_t len = 0;
		while (names.ptr[len] != 0)
			len += names.ptr[len] + 1u;
		len++;
		if (name_is_at_or_below(name, (struct dname){names.ptr, len}))
			return true;
		names = (struct slice){names.ptr + len, names.len - len};
	}
	return false;
}

/* A list holds when no negated item is met and, if it has others, one of them is. */
struct tally {
	bool wanted; /* an item that is not negated stands in the list */
	bool met;
	bool refused;
};

static void tally_item(struct tally *t, bool negated, bool meets)
{
	t->wanted |= !negated;
	t->met |= !negated && meets;
	t->refused |= negated && meets;
}

static bool tally_holds(const struct tally *t)
{
	return !t->refused && (t->met || !t->wanted);
}

static bool clients_hold(const struct rule_terms *terms, const struct rule_question *q)
{
	struct tally tally = {.wanted = false};
	struct reader r = reader_over(terms->clients);
	struct rule_client item;

	while (rule_client_next(&r, &item)) {
		bool meets = item.network.family != 0
		    ? rule_network_holds(&item.network, q->client)
		    : is_among(item.word, q->client_names);
		tally_item(&tally, item.negated, meets);
	}
	return tally_holds(&tally);
}

static bool tags_hold(const struct rule_terms *terms, const struct rule_question *q)
{
	struct tally tally = {.wanted = false};
	struct reader r = reader_over(terms->tags);
	struct slice word;
	bool negated;

	while (rule_word_next(&r, &word, &negated))
		tally_item(&tally, negated, is_among(word, q->tags));
	return tally_holds(&tally);
}

bool rule_terms_hold(const struct rule_terms *terms, const struct rule_question *question)
{
	return types_hold(terms, question->qtype) &&
	    !is_excepted(terms->denyallow, question->name) &&
	    clients_hold(terms, question) && tags_hold(terms, question);
}

bool rule_terms_ask_who(const struct rule_terms *terms)
{
	return terms->type_count > 0 || terms->clients.len > 0 || terms->tags.len > 0;
}
