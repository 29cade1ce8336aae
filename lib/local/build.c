/* From configured zones to the table. */
#include <stdlib.h>

#include "local/internal.h"
#include "net/addr.h"

enum {
	ARENA_MAX_BYTES = 256 << 20, /* a zone of 4,096 records takes one */
	SLOTS_MIN = 64
};

/* A record on its way into the table. */
struct item {
	struct dname owner;
	uint16_t type;
	uint32_t ttl_s;
	struct slice rdata;
	uint32_t zone;
	size_t order; /* in the file */
	bool is_synthesised;
};

struct building {
	struct local *local;
	const struct config_zones *config;
	struct item *items;
	size_t item_count;
	size_t item_cap;
	size_t zone_cap;
	size_t node_cap;
};

/* ---- zones ------------------------------------------------------------------------------ */

static void add_zone(struct building *b, struct local_zone zone)
{
	struct local *local = b->local;

	local->zones[local->zone_count++] = zone;
}

static void add_school_zones(struct building *b)
{
	unsigned routes = 0;

	for (unsigned i = 0; i < b->config->count; i++) {
		const struct config_zone *zone = &b->config->items[i];
		bool has_servers = zone->servers.count > 0;
		add_zone(b,
		    (struct local_zone){
		        .apex = zone->zone.name,
		        .origin = LOCAL_OF_SCHOOL,
		        .index = i,
		        .asks_on = has_servers || zone->records.count == 0,
		        .route = has_servers ? ++routes : 0,
		        .is_private = zone->is_private,
		        .apex_exists = true,
		    });
	}
}

static bool copy_name(struct local *local, struct dname name, struct dname *out)
{
	uint8_t *wire = arena_alloc(&local->arena, name.len);

	if (wire == NULL)
		return false;
	memcpy(wire, name.wire, name.len);
	*out = (struct dname){wire, name.len};
	return true;
}

static bool count_special(void *context, const struct special_zone *zone)
{
	size_t *count = context;

	(void)zone;
	(*count)++;
	return true;
}

/* What the school says of a name, or of one above, goes before what is said of all such. */
static bool add_special(void *context, const struct special_zone *special)
{
	struct building *b = context;
	struct local_zone zone = {.origin = special->origin,
	    .is_private = true,
	    .apex_exists = special->is_delegated || special->has_names,
	    .is_delegated = special->is_delegated};

	for (size_t i = 0; i < b->config->count; i++) {
		if (name_is_at_or_below(
		        name_of(&special->apex), b->config->items[i].zone.name))
			return true;
	}
	if (!copy_name(b->local, name_of(&special->apex), &zone.apex))
		return false;
	add_zone(b, zone);
	return true;
}

static enum err make_zones(struct building *b)
{
	size_t special = 0;

	(void)special_zones(count_special, &special);
	b->zone_cap = b->config->count + special;
	b->local->zones =
	    arena_array(&b->local->arena, b->zone_cap + 1, sizeof *b->local->zones);
	if (b->local->zones == NULL)
		return ERR_MEMORY;
	add_school_zones(b);
	return special_zones(add_special, b) ? OK : ERR_MEMORY;
}

/* The longest zone at or above a name. */
static uint32_t zone_over(const struct local *local, struct dname name)
{
	uint32_t found = LOCAL_NO_ZONE;

	for (uint32_t i = 0; i < local->zone_count; i++) {
		if (name_is_at_or_below(name, local->zones[i].apex) &&
		    (found == LOCAL_NO_ZONE ||
		        local->zones[i].apex.len > local->zones[found].apex.len))
			found = i;
	}
	return found;
}

/* ---- records ---------------------------------------------------------------------------- */

static void add_item(struct building *b, struct item item)
{
	item.order = b->item_count;
	b->items[b->item_count++] = item;
}

static void add_school_records(struct building *b)
{
	for (uint32_t z = 0; z < b->config->count; z++) {
		const struct config_records *records = &b->config->items[z].records;
		for (size_t i = 0; i < records->count; i++) {
			const struct config_record *record = &records->items[i];
			add_item(b,
			    (struct item){.owner = record->owner,
			        .type = record->type,
			        .ttl_s = record->ttl_s,
			        .rdata = record->rdata,
			        .zone = z});
		}
	}
}

/* "*.localhost": name_from_text() takes no star. */
static bool special_owner(const char *text, struct name_buf *out)
{
	struct name_buf rest;
	bool star = text[0] == '*';

	if (name_from_text(&rest, slice_of(star ? text + 2 : text), NULL) != OK)
		return false;
	*out = rest;
	if (star) {
		out->wire[0] = 1;
		out->wire[1] = '*';
		memcpy(out->wire + 2, rest.wire, rest.len);
		out->len = (uint8_t)(rest.len + 2u); /* constant and short */
	}
	return true;
}

static bool add_special_records(struct building *b)
{
	for (size_t i = 0; i < SPECIAL_RECORDS_COUNT; i++) {
		const struct special_record *record = &SPECIAL_RECORDS[i];
		struct item item = {.type = record->type,
		    .ttl_s = SPECIAL_TTL_S,
		    .rdata = {(const uint8_t *)record->rdata, record->rdata_len}};
		struct name_buf owner;
		if (!special_owner(record->owner, &owner))
			return false;
		item.zone = zone_over(b->local, name_of(&owner));
		/* In a zone of the school's own it says what there is. */
		if (item.zone == LOCAL_NO_ZONE ||
		    b->local->zones[item.zone].origin == LOCAL_OF_SCHOOL)
			continue;
		if (!copy_name(b->local, name_of(&owner), &item.owner))
			return false;
		add_item(b, item);
	}
	return true;
}

/* ---- PTR records that follow from addresses ---- */

static void reverse_name(struct name_buf *out, struct slice address)
{
	static const char DIGITS[] = "0123456789abcdef";
	char text[80] = "";
	struct writer w = writer_over((uint8_t *)text, sizeof text - 1);

	for (size_t i = address.len; i > 0; i--) {
		uint8_t octet = address.ptr[i - 1];
		char part[8];
		if (address.len == 4)
			(void)snprintf(part, sizeof part, "%u.", octet);
		else
			(void)snprintf(part, sizeof part, "%c.%c.", DIGITS[octet & 15],
			    DIGITS[octet >> 4]);
		writer_bytes(&w, slice_of(part));
	}
	writer_bytes(
	    &w, address.len == 4 ? SLICE_LIT("in-addr.arpa") : SLICE_LIT("ip6.arpa"));
	/* At most 72 letters that are a name. */
	if (name_from_text(out, writer_slice(&w), NULL) != OK)
		out->len = 0;
}

static bool is_wildcard(struct dname name)
{
	return name.len > 2 && name.wire[0] == 1 && name.wire[1] == '*';
}

/* Only where the address's reverse name is ours to answer: of a public address the world
 * knows it, and servers of a zone know it for theirs. */
static bool add_pointer(struct building *b, const struct item *from)
{
	struct item item = {.type = TYPE_PTR,
	    .ttl_s = from->ttl_s,
	    .rdata = {from->owner.wire, from->owner.len},
	    .is_synthesised = true};
	struct name_buf owner;

	if ((from->type != TYPE_A && from->type != TYPE_AAAA) || is_wildcard(from->owner))
		return true;
	reverse_name(&owner, from->rdata);
	item.zone = owner.len == 0 ? LOCAL_NO_ZONE : zone_over(b->local, name_of(&owner));
	if (item.zone == LOCAL_NO_ZONE || b->local->zones[item.zone].asks_on)
		return true;
	if (!copy_name(b->local, name_of(&owner), &item.owner))
		return false;
	add_item(b, item);
	return true;
}

static enum err collect(struct building *b)
{
	size_t records = 0;

	for (size_t z = 0; z < b->config->count; z++)
		records += b->config->items[z].records.count;
	b->item_cap = 2 * records + SPECIAL_RECORDS_COUNT;
	b->items = calloc(b->item_cap + 1, sizeof *b->items);
	if (b->items == NULL)
		return ERR_MEMORY;
	add_school_records(b);
	for (size_t i = 0; i < records; i++)
		if (!add_pointer(b, &b->items[i]))
			return ERR_MEMORY;
	return add_special_records(b) ? OK : ERR_MEMORY;
}

static int compare_items(const void *a, const void *b)
{
	const struct item *x = a;
	const struct item *y = b;

	if (x->owner.len != y->owner.len)
		return x->owner.len < y->owner.len ? -1 : 1;
	int order = memcmp(x->owner.wire, y->owner.wire, x->owner.len);
	if (order != 0)
		return order;
	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	if (x->is_synthesised != y->is_synthesised)
		return x->is_synthesised ? 1 : -1;
	return x->order < y->order ? -1 : 1;
}

static bool same_owner(const struct item *a, const struct item *b)
{
	return name_equal(a->owner, b->owner);
}

/* A PTR that follows from an address gives way to any record that somebody wrote for its name,
 * and to an earlier one. */
static void drop_superfluous(struct building *b)
{
	size_t kept = 0;

	for (size_t first = 0, end; first < b->item_count; first = end) {
		bool written = false;
		bool given = false;
		for (end = first;
		     end < b->item_count && same_owner(&b->items[first], &b->items[end]);
		     end++)
			written = written || !b->items[end].is_synthesised;
		for (size_t i = first; i < end; i++) {
			if (b->items[i].is_synthesised && (written || given))
				continue;
			given = given || b->items[i].is_synthesised;
			b->items[kept++] = b->items[i];
		}
	}
	b->item_count = kept;
}

/* ---- names ------------------------------------------------------------------------------ */

static size_t count_labels(const struct building *b)
{
	size_t labels = 0;

	for (size_t i = 0; i < b->item_count; i++)
		labels += name_label_count(b->items[i].owner);
	for (size_t i = 0; i < b->local->zone_count; i++)
		labels += name_label_count(b->local->zones[i].apex);
	return labels;
}

static enum err make_slots(struct building *b)
{
	struct local *local = b->local;
	size_t slots = SLOTS_MIN;

	b->node_cap = count_labels(b);
	while (slots < 2 * b->node_cap)
		slots *= 2;
	local->nodes = arena_array(&local->arena, b->node_cap + 1, sizeof *local->nodes);
	local->slots = arena_array(&local->arena, slots, sizeof *local->slots);
	if (local->nodes == NULL || local->slots == NULL)
		return ERR_MEMORY;
	local->slot_mask = slots - 1;
	memset(local->slots, 0xff, slots * sizeof *local->slots); /* NODE_NONE */
	return OK;
}

/* The node of a name, made where there is none. */
static uint32_t node_at(struct local *local, struct dname name, uint32_t zone)
{
	uint64_t hash = name_hash(name, local->key);
	uint32_t found = local_node(local, name, hash);

	if (found != NODE_NONE)
		return found;
	found = (uint32_t)local->node_count++; /* node_cap is far below 2^32 */
	local->nodes[found] =
	    (struct node){.name = name, .hash = hash, .zone = zone, .wildcard = NODE_NONE};
	size_t at = hash & local->slot_mask;
	while (local->slots[at] != NODE_NONE)
		at = (at + 1) & local->slot_mask;
	local->slots[at] = found;
	return found;
}

static void mark_near(struct local *local, struct dname apex)
{
	while (name_label_count(apex) > NEAR_DEPTH)
		apex = name_parent(apex);
	uint64_t hash = name_hash(apex, local->key);
	local->near[hash >> 61] |= (uint64_t)1 << (hash >> 55 & 63);
}

/* The names between this one and its zone's exist too (RFC 4592 section 2.2.2). */
static uint32_t add_path(struct local *local, struct dname name, uint32_t zone)
{
	uint32_t node = node_at(local, name, zone);
	struct dname above = name;

	while (above.len > local->zones[zone].apex.len) {
		above = name_parent(above);
		uint32_t parent = node_at(local, above, zone);
		if (is_wildcard(name) && above.len == name.len - 2)
			local->nodes[parent].wildcard = node;
	}
	return node;
}

/* A zone inside another one is there, whatever that one's records say: to deny a name between
 * the two would deny the inner zone with it (RFC 8020). */
static void add_zone_nodes(struct local *local)
{
	for (uint32_t i = 0; i < local->zone_count; i++) {
		mark_near(local, local->zones[i].apex);
		(void)node_at(local, local->zones[i].apex, i);
	}
	for (uint32_t i = 0; i < local->zone_count; i++) {
		struct dname above = name_parent(local->zones[i].apex);
		uint32_t outer = zone_over(local, above);
		if (outer == LOCAL_NO_ZONE)
			continue;
		local->zones[outer].apex_exists = true;
		(void)add_path(local, above, outer);
	}
}

/* ---- RRsets ----------------------------------------------------------------------------- */

/* The items [first, end) are of one owner: their records, type by type. */
static enum err fill_node(struct building *b, uint32_t at, size_t first, size_t end)
{
	struct local *local = b->local;
	struct rrset *sets = arena_array(&local->arena, end - first, sizeof *sets);
	struct answer_record *records =
	    arena_array(&local->arena, end - first, sizeof *records);
	uint32_t count = 0;

	if (sets == NULL || records == NULL)
		return ERR_MEMORY;
	for (size_t i = first; i < end; i++) {
		const struct item *item = &b->items[i];
		records[i - first] = (struct answer_record){item->type, item->rdata};
		if (count == 0 || sets[count - 1].type != item->type)
			sets[count++] = (struct rrset){
			    .type = item->type,
			    .is_synthesised = item->is_synthesised,
			    .ttl_s = item->ttl_s,
			    .records = &records[i - first],
			};
		struct rrset *set = &sets[count - 1];
		set->count++;
		/* RFC 2181 section 5.2: one TTL for all of them. */
		if (item->ttl_s < set->ttl_s)
			set->ttl_s = item->ttl_s;
	}
	local->nodes[at].rrsets = sets;
	local->nodes[at].rrset_count = count;
	return OK;
}

static enum err add_nodes(struct building *b)
{
	enum err rc = OK;

	add_zone_nodes(b->local);
	for (size_t first = 0, end; rc == OK && first < b->item_count; first = end) {
		const struct item *item = &b->items[first];
		for (end = first; end < b->item_count && same_owner(item, &b->items[end]);)
			end++;
		rc = fill_node(b, add_path(b->local, item->owner, item->zone), first, end);
	}
	return rc;
}

/* ---- life ------------------------------------------------------------------------------- */

static enum err build(struct building *b)
{
	enum err rc = make_zones(b);
	if (rc == OK)
		rc = collect(b);
	if (rc != OK)
		return rc;
	qsort(b->items, b->item_count, sizeof *b->items, compare_items);
	drop_superfluous(b);
	rc = make_slots(b);
	return rc == OK ? add_nodes(b) : rc;
}

enum err local_new(
    struct local **out, const struct config_zones *zones, struct hash_key key)
{
	struct local *local = calloc(1, sizeof *local);
	if (local == NULL)
		return ERR_MEMORY;
	local->key = key;
	local->arena = ARENA_INIT(ARENA_MAX_BYTES);
	struct building b = {.local = local, .config = zones};
	enum err rc = build(&b);
	free(b.items);
	if (rc != OK)
		local_free(local);
	else
		*out = local;
	return rc;
}

void local_free(struct local *local)
{
	if (local == NULL)
		return;
	arena_deinit(&local->arena);
	free(local);
}
