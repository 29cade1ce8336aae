/* Terms as bytes. Numbers are little-endian; a "string" is its length in 16 bits and its octets.
 *
 *   action:1  flags:1  types:1  {type:2}…  family:1 {bits:1 octets:4 or 16}
 *   pattern, denyallow, clients, tags: strings   data type:2  data: string
 *
 * An item of `clients` is {1 negated | 2 IPv4, 4 IPv6, 8 word}:1 and then bits:1 octets, or
 * length:1 octets; one of `tags` is negated:1 length:1 octets. */
#include "dns/codes.h"
#include "rule/rule.h"

enum {
	FLAG_BADFILTER = 1,
	FLAG_TYPES_NEGATED = 2,
	FLAGS_ALL = 3,
	ITEM_NEGATED = 1,
	ITEM_IPV4 = 2,
	ITEM_IPV6 = 4,
	ITEM_WORD = 8,
	WORD_MAX = 255
};

/* ---- lists ---- */

static size_t family_octets(unsigned family)
{
	return family == 4 ? 4 : 16;
}

static void put_bytes(struct buf *out, const uint8_t *bytes, size_t len)
{
	buf_append(out, (struct slice){bytes, len});
}

void rule_list_client(
    struct buf *list, bool negated, const struct rule_network *network, struct slice word)
{
	unsigned head = negated ? ITEM_NEGATED : 0;

	if (network->family != 0) {
		buf_byte(
		    list, (uint8_t)(head | (network->family == 4 ? ITEM_IPV4 : ITEM_IPV6)));
		buf_byte(list, network->bits);
		put_bytes(list, network->octets, family_octets(network->family));
	} else if (word.len > 0 && word.len <= WORD_MAX) {
		buf_byte(list, (uint8_t)(head | ITEM_WORD));
		buf_byte(list, (uint8_t)word.len);
		buf_append(list, word);
	}
}

bool rule_list_word(struct buf *list, bool negated, struct slice word)
{
	if (word.len == 0 || word.len > WORD_MAX)
		return false;
	buf_byte(list, negated ? ITEM_NEGATED : 0);
	buf_byte(list, (uint8_t)word.len);
	buf_append(list, word);
	return true;
}

/* Octets beyond the prefix must be zero: a network has one encoding. */
static bool network_is_clean(const struct rule_network *n)
{
	size_t octets = family_octets(n->family);

	if (n->bits > octets * 8)
		return false;
	for (size_t i = 0; i < sizeof n->octets; i++) {
		size_t begins = i * 8;
		unsigned kept = n->bits <= begins ? 0
		    : n->bits - begins >= 8       ? 8
		                                  : (unsigned)(n->bits - begins);
		if ((n->octets[i] & (0xffu >> kept)) != 0)
			return false;
	}
	return true;
}

static void read_network(struct reader *r, unsigned family, struct rule_network *out)
{
	*out = (struct rule_network){.family = (uint8_t)family};
	out->bits = reader_u8(r);
	struct slice octets = reader_bytes(r, family_octets(family));
	if (r->bad)
		return;
	memcpy(out->octets, octets.ptr, octets.len);
	if (!network_is_clean(out))
		r->bad = true;
}

bool rule_client_next(struct reader *list, struct rule_client *out)
{
	if (list->bad || list->left == 0)
		return false;
	unsigned head = reader_u8(list);
	*out = (struct rule_client){.negated = (head & ITEM_NEGATED) != 0};
	switch (head & ~(unsigned)ITEM_NEGATED) {
	case ITEM_IPV4:
		read_network(list, 4, &out->network);
		break;
	case ITEM_IPV6:
		read_network(list, 6, &out->network);
		break;
	case ITEM_WORD:
		out->word = reader_bytes(list, reader_u8(list));
		if (out->word.len == 0)
			list->bad = true;
		break;
	default:
		list->bad = true;
	}
	return !list->bad;
}

bool rule_word_next(struct reader *list, struct slice *word, bool *negated)
{
	if (list->bad || list->left == 0)
		return false;
	unsigned head = reader_u8(list);
	*word = reader_bytes(list, reader_u8(list));
	*negated = head == ITEM_NEGATED;
	if (word->len == 0 || head > ITEM_NEGATED)
		list->bad = true;
	return !list->bad;
}

/* ---- writing ---- */

static void put_le16(struct buf *out, size_t value)
{
	buf_byte(out, (uint8_t)value);
	buf_byte(out, (uint8_t)(value >> 8));
}

static void put_string(struct buf *out, struct slice s)
{
	put_le16(out, s.len);
	buf_append(out, s);
}

static size_t encoded_bytes(const struct rule_terms *t)
{
	size_t network = t->network.family == 0 ? 1 : 2 + family_octets(t->network.family);
	return 3 + (size_t)t->type_count * 2 + network + 12 + t->pattern.len +
	    t->denyallow.len + t->clients.len + t->tags.len + t->data.len;
}

void rule_terms_write(struct buf *out, const struct rule_terms *terms)
{
	unsigned flags = (terms->badfilter ? FLAG_BADFILTER : 0u) |
	    (terms->types_negated ? FLAG_TYPES_NEGATED : 0u);

	if (encoded_bytes(terms) > RULE_TERMS_MAX_BYTES) {
		out->bad = true;
		return;
	}
	buf_byte(out, (uint8_t)terms->action);
	buf_byte(out, (uint8_t)flags);
	buf_byte(out, terms->type_count);
	for (size_t i = 0; i < terms->type_count; i++)
		put_le16(out, terms->types[i]);
	buf_byte(out, terms->network.family);
	if (terms->network.family != 0) {
		buf_byte(out, terms->network.bits);
		put_bytes(out, terms->network.octets, family_octets(terms->network.family));
	}
	put_string(out, terms->pattern);
	put_string(out, terms->denyallow);
	put_string(out, terms->clients);
	put_string(out, terms->tags);
	put_le16(out, terms->data_type);
	put_string(out, terms->data);
}

/* ---- reading ---- */

static uint16_t get_le16(struct reader *r)
{
	unsigned low = reader_u8(r);
	return (uint16_t)(low | (unsigned)reader_u8(r) << 8);
}

static struct slice get_string(struct reader *r)
{
	return reader_bytes(r, get_le16(r));
}

/* Cuts a whole, uncompressed, lower-case name off *s. */
static bool cut_name(struct slice *s)
{
	size_t at = 0;

	for (;;) {
		size_t label = at < s->len ? s->ptr[at] : NAME_OCTETS_MAX;
		if (label > NAME_LABEL_OCTETS_MAX || label >= s->len - at)
			return false;
		for (size_t i = at + 1; i <= at + label; i++) {
			if (byte_lower(s->ptr[i]) != s->ptr[i])
				return false;
		}
		at += label + 1;
		if (at > NAME_OCTETS_MAX)
			return false;
		if (label == 0)
			break;
	}
	*s = (struct slice){s->ptr + at, s->len - at};
	return true;
}

static bool names_are_whole(struct slice names)
{
	while (names.len > 0) {
		if (!cut_name(&names))
			return false;
	}
	return true;
}

static bool is_one_name(struct slice data)
{
	return cut_name(&data) && data.len == 0;
}

static bool strings_are_whole(struct slice data)
{
	struct reader r = reader_over(data);
	while (r.left > 0 && !r.bad)
		(void)reader_bytes(&r, reader_u8(&r));
	return data.len > 0 && !r.bad;
}

/* The types whose shape the answer builder relies on; others are octets to us. */
static bool data_is_whole(uint16_t type, struct slice data)
{
	switch (type) {
	case 0:
		return false;
	case TYPE_A:
		return data.len == 4;
	case TYPE_AAAA:
		return data.len == 16;
	case TYPE_CNAME:
	case TYPE_NS:
	case TYPE_PTR:
		return is_one_name(data);
	case TYPE_MX:
		return data.len > 2 &&
		    is_one_name((struct slice){data.ptr + 2, data.len - 2});
	case TYPE_TXT:
		return strings_are_whole(data);
	default:
		return true;
	}
}

static bool lists_are_whole(const struct rule_terms *t)
{
	struct reader clients = reader_over(t->clients), tags = reader_over(t->tags);
	struct rule_client client;
	struct slice word;
	bool negated;

	while (rule_client_next(&clients, &client))
		;
	while (rule_word_next(&tags, &word, &negated))
		;
	return !clients.bad && !tags.bad && names_are_whole(t->denyallow);
}

static bool terms_are_whole(const struct rule_terms *t)
{
	if (t->pattern.len > RULE_PATTERN_MAX_BYTES || !lists_are_whole(t))
		return false;
	if (t->action != RULE_RECORD)
		return t->data_type == 0 && t->data.len == 0;
	return data_is_whole(t->data_type, t->data);
}

static void read_types(struct reader *r, struct rule_terms *out)
{
	out->type_count = reader_u8(r);
	if (out->type_count > RULE_TYPES_MAX)
		r->bad = true;
	for (size_t i = 0; i < out->type_count && !r->bad; i++)
		out->types[i] = get_le16(r);
}

enum err rule_terms_read(struct rule_terms *out, struct slice bytes)
{
	struct rule_terms t = {.action = RULE_PLAIN};
	struct reader r = reader_over(bytes);

	unsigned action = reader_u8(&r), flags = reader_u8(&r);
	if (bytes.len > RULE_TERMS_MAX_BYTES || action > RULE_ANY_DATA || flags > FLAGS_ALL)
		return ERR_FORMAT;
	t.action = (enum rule_action)action;
	t.badfilter = (flags & FLAG_BADFILTER) != 0;
	t.types_negated = (flags & FLAG_TYPES_NEGATED) != 0;
	read_types(&r, &t);
	unsigned family = reader_u8(&r);
	if (family == 4 || family == 6)
		read_network(&r, family, &t.network);
	else if (family != 0)
		return ERR_FORMAT;
	t.pattern = get_string(&r);
	t.denyallow = get_string(&r);
	t.clients = get_string(&r);
	t.tags = get_string(&r);
	t.data_type = get_le16(&r);
	t.data = get_string(&r);
	if (r.bad || r.left > 0 || !terms_are_whole(&t))
		return ERR_FORMAT;
	*out = t;
	return OK;
}
