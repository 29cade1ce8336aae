#include "dns/leads.h"

struct lead_walk lead_walk_over(const struct stored *stored)
{
	return (struct lead_walk){.records = rr_walk_over(stored->message)};
}

static bool is_mapped(struct slice address)
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};
	return address.len == 16 && memcmp(address.ptr, prefix, sizeof prefix) == 0;
}

static bool give_address(struct lead *out, struct slice address)
{
	out->is_address = true;
	out->address = is_mapped(address) ? (struct slice){address.ptr + 12, 4} : address;
	return true;
}

static bool next_hint(struct lead_walk *walk, struct lead *out)
{
	struct svcb_param param;

	for (;;) {
		if (walk->hint_bytes != 0 && walk->hints.len >= walk->hint_bytes) {
			struct slice one = {walk->hints.ptr, walk->hint_bytes};
			walk->hints.ptr += walk->hint_bytes;
			walk->hints.len -= walk->hint_bytes;
			return give_address(out, one);
		}
		if (!rr_svcb_next(&walk->params, &param))
			return false;
		walk->hints = param.value;
		walk->hint_bytes = param.key == SVCB_IPV4HINT ? 4
		    : param.key == SVCB_IPV6HINT              ? 16
		                                              : 0;
	}
}

static bool give_target(struct lead_walk *walk, struct lead *out, const struct rr *rr)
{
	out->is_address = false;
	return rr_target(&out->name, walk->records.packet, rr);
}

bool lead_walk_next(struct lead_walk *walk, struct lead *out)
{
	struct rr rr;

	if (next_hint(walk, out))
		return true;
	while (rr_walk_next(&walk->records, &rr) && rr.section == RR_ANSWER) {
		switch (rr.type) {
		case TYPE_A:
		case TYPE_AAAA:
			if (rr.rdata.len == 4 || rr.rdata.len == 16)
				return give_address(out, rr.rdata);
			break;
		case TYPE_SVCB:
		case TYPE_HTTPS:
			if (!rr_svcb_params(&walk->params, &rr))
				walk->params = SLICE_EMPTY;
			walk->hint_bytes = 0;
			if (give_target(walk, out, &rr))
				return true;
			break;
		case TYPE_CNAME:
			if (give_target(walk, out, &rr))
				return true;
			break;
		default:
			break;
		}
	}
	return false;
}

bool stored_has_ech(const struct stored *stored)
{
	struct rr_walk walk = rr_walk_over(stored->message);
	struct svcb_param param;
	struct slice params;
	struct rr rr;

	for_each_rr (&walk, &rr) {
		if (rr.section != RR_ANSWER || !rr_svcb_params(&params, &rr))
			continue;
		while (rr_svcb_next(&params, &param)) {
			if (param.key == SVCB_ECH)
				return true;
		}
	}
	return false;
}
