/* Addresses, networks and records in the text of a list. */
#include "feed/internal.h"

#include <arpa/inet.h>

#include "dns/codes.h"
#include "dns/text.h"

bool feed_read_address(struct rule_network *out, struct slice text)
{
	char copy[INET6_ADDRSTRLEN];
	struct in_addr v4;
	struct in6_addr v6;

	if (text.len == 0 || text.len >= sizeof copy ||
	    memchr(text.ptr, 0, text.len) != NULL)
		return false;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	struct rule_network made = {.family = 4, .bits = 32};
	if (inet_pton(AF_INET, copy, &v4) == 1) {
		memcpy(made.octets, &v4, 4);
	} else if (inet_pton(AF_INET6, copy, &v6) == 1) {
		made.family = 6;
		made.bits = 128;
		memcpy(made.octets, &v6, 16);
	} else {
		return false;
	}
	*out = made;
	return true;
}

void feed_network_clip(struct rule_network *network)
{
	for (unsigned i = 0; i < sizeof network->octets; i++) {
		unsigned kept = network->bits > i * 8 ? network->bits - i * 8 : 0;
		if (kept < 8)
			network->octets[i] &= (uint8_t)(0xff00U >> kept);
	}
}

bool feed_read_network(struct rule_network *out, struct slice text)
{
	struct rule_network made;
	struct slice length = text;
	struct slice address = slice_cut(&length, '/');
	uint64_t bits;

	if (!feed_read_address(&made, address))
		return false;
	if (length.ptr != NULL) {
		if (!slice_to_u64(length, made.bits, &bits))
			return false;
		made.bits = (uint8_t)bits;
		feed_network_clip(&made);
	}
	*out = made;
	return true;
}

/* 0.0.0.0, ::, and the loopback addresses: what lists answer that mean "blocked". */
bool feed_is_sink(const struct rule_network *address)
{
	static const uint8_t zeros[16];

	if (address->family == 4)
		return address->octets[0] == 127 || memcmp(address->octets, zeros, 4) == 0;
	return memcmp(address->octets, zeros, 15) == 0 && address->octets[15] <= 1;
}

void feed_make_address(struct feed_parser *p, const struct rule_network *address)
{
	struct rule_terms *t = &p->made.terms;
	size_t len = address->family == 4 ? 4 : 16;

	t->action = RULE_PLAIN;
	if (feed_is_sink(address))
		return;
	t->action = RULE_RECORD;
	t->data_type = address->family == 4 ? TYPE_A : TYPE_AAAA;
	buf_append(&p->made.data, (struct slice){address->octets, len});
}

bool feed_make_alias(struct feed_parser *p, struct slice target)
{
	struct name_buf name;

	if (feed_read_name(&name, target) != FEED_REASONS)
		return false;
	p->made.terms.action = RULE_RECORD;
	p->made.terms.data_type = TYPE_CNAME;
	buf_append(&p->made.data, (struct slice){name.wire, name.len});
	return true;
}

/* Types of questions and of messages, which no record has (RFC 6895 section 3.1). */
static bool is_meta_type(uint16_t type)
{
	return type == 0 || type == TYPE_OPT || (type >= 128 && type <= TYPE_ANY);
}

bool feed_make_record(struct feed_parser *p, uint16_t type, struct slice rdata)
{
	static const uint8_t root[] = {0};

	if (p->made.records >= FEED_RECORDS_MAX || is_meta_type(type))
		return false;
	p->made.records++;
	if (text_record_read(&p->made.data, type, rdata, (struct dname){root, 1}) != OK)
		return false;
	p->made.terms.action = RULE_RECORD;
	p->made.terms.data_type = type;
	return true;
}
