#include "local/internal.h"

uint32_t local_node(const struct local *local, struct dname name, uint64_t hash)
{
	for (size_t at = hash & local->slot_mask;; at = (at + 1) & local->slot_mask) {
		uint32_t i = local->slots[at];
		if (i == NODE_NONE)
			return NODE_NONE;
		if (local->nodes[i].hash == hash && name_equal(local->nodes[i].name, name))
			return i;
	}
}

/* Most names have nothing to do with any zone, and it shows in their last labels. */
static bool is_near(const struct local *local, const struct name_hashes *hashes)
{
	size_t depth = hashes->count < NEAR_DEPTH ? hashes->count : NEAR_DEPTH;

	for (size_t i = 0; i < depth; i++)
		if (near_has(local, hashes->at[i]))
			return true;
	return false;
}

/* The longest name at or above this one that is there; *labels are those it has. */
static const struct node *closest(const struct local *local, struct dname name,
    const struct name_hashes *hashes, size_t *labels)
{
	for (size_t i = hashes->count; i > 0; i--) {
		uint32_t found =
		    local_node(local, name_suffix(hashes, name, i - 1), hashes->at[i - 1]);
		if (found == NODE_NONE)
			continue;
		*labels = i;
		return &local->nodes[found];
	}
	return NULL;
}

static void take(struct local_found *out, const struct rrset *set, enum local_kind kind)
{
	out->kind = kind;
	out->records = set->records;
	out->record_count = set->count;
	out->ttl_s = set->ttl_s;
	out->is_synthesised = set->is_synthesised;
}

/* What a node with records says. A CNAME is the only record of its name. */
static void look_at(struct local_found *out, const struct node *node, uint16_t qtype)
{
	out->kind = LOCAL_NODATA;
	for (uint32_t i = 0; i < node->rrset_count; i++) {
		const struct rrset *set = &node->rrsets[i];
		if (set->type == qtype) {
			take(out, set, LOCAL_RECORDS);
			return;
		}
		if (set->type == TYPE_CNAME) {
			take(out, set, LOCAL_ALIAS);
			return;
		}
	}
}

/* A name that is there, without records: between others, or the zone's own. */
static enum local_kind of_bare_name(
    const struct local_zone *zone, const struct node *node, uint16_t qtype)
{
	bool apex = node->name.len == zone->apex.len;

	if (zone->asks_on)
		return LOCAL_ELSEWHERE;
	/* Whoever validates is told by the parent, not by us, that nothing is signed here
	 * (RFC 8375 section 4). */
	if (apex && zone->is_delegated && qtype == TYPE_DS)
		return LOCAL_ELSEWHERE;
	return apex && !zone->apex_exists ? LOCAL_NXDOMAIN : LOCAL_NODATA;
}

void local_find(struct local_found *out, const struct local *local, struct dname name,
    const struct name_hashes *hashes, uint16_t qtype)
{
	size_t labels;

	*out = (struct local_found){.kind = LOCAL_ELSEWHERE};
	if (!is_near(local, hashes))
		return;
	const struct node *node = closest(local, name, hashes, &labels);
	if (node == NULL || node->zone == LOCAL_NO_ZONE)
		return;
	out->zone = &local->zones[node->zone];
	if (labels == hashes->count) {
		if (node->rrset_count > 0)
			look_at(out, node, qtype);
		else
			out->kind = of_bare_name(out->zone, node, qtype);
	} else if (node->wildcard != NODE_NONE) {
		out->is_wildcard = true;
		look_at(out, &local->nodes[node->wildcard], qtype);
	} else {
		out->kind = out->zone->asks_on ? LOCAL_ELSEWHERE : LOCAL_NXDOMAIN;
	}
}
