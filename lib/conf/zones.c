/* The school's own names: records in presentation form, and what is wrong between zones. */
#include <stdlib.h>

#include "base/words.h"
#include "conf/internal.h"
#include "dns/text.h"

enum {
	RECORD_TTL_S = 300,
	RECORD_TTL_MAX_S = 7 * 86400,
	RECORD_RDATA_MAX = 4096,
	ROUTES_MAX = 32,
	CHAIN_MAX = 8 /* CNAMEs of ours in a row; lib/local follows as many */
};

/* One zone being read. */
struct reading {
	struct loader *l;
	const struct config_zone *zone;
	const struct conf_text *text; /* the record under way */
};

static bool refuse(const struct reading *r, const char *why)
{
	schema_mistake(&r->l->run, r->text->mark, "'%s': %s", r->text->text, why);
	return false;
}

/* ---- the owner -------------------------------------------------------------------------- */

/* The name with `zone` behind it; false when that is too long. */
static bool append_zone(struct name_buf *name, struct dname zone)
{
	size_t front = name->len - 1u;

	if (front + zone.len > NAME_OCTETS_MAX)
		return false;
	memcpy(name->wire + front, zone.wire, zone.len);
	name->len = (uint8_t)(front + zone.len); /* <= NAME_OCTETS_MAX */
	return true;
}

static bool prepend_star(struct name_buf *name)
{
	if (name->len + 2u > NAME_OCTETS_MAX)
		return false;
	memmove(name->wire + 2, name->wire, name->len);
	name->wire[0] = 1;
	name->wire[1] = '*';
	name->len = (uint8_t)(name->len + 2u); /* <= NAME_OCTETS_MAX */
	return true;
}

/* "may-chu.truong.lan" in the zone truong.lan, without its last dot: not what was meant. */
static bool looks_whole(const struct reading *r, struct dname name)
{
	return name_is_at_or_below(name, r->zone->zone.name);
}

static bool read_plain_owner(
    const struct reading *r, struct slice text, struct name_buf *name)
{
	struct diag why;
	bool whole = text.ptr[text.len - 1] == '.';

	if (name_from_text(name, text, &why) != OK) {
		schema_mistake(
		    &r->l->run, r->text->mark, "'%s': %s", r->text->text, why.text);
		return false;
	}
	if (whole)
		return name_is_at_or_below(name_of(name), r->zone->zone.name) ||
		    refuse(
		        r, _("the name is outside of this zone (write it into its own)"));
	if (looks_whole(r, name_of(name)))
		return refuse(r,
		    _("the name would be below the zone twice (leave the zone's name out, or end "
		      "the record's with a dot)"));
	return append_zone(name, r->zone->zone.name) ||
	    refuse(r, _("the name is longer than 255 bytes (shorten it)"));
}

/* "@", "may-chu", "*", "*.thi-nghiem", "may-chu.truong.lan." */
static bool read_owner(const struct reading *r, struct slice text, struct name_buf *name)
{
	bool star = text.ptr[0] == '*' && (text.len == 1 || text.ptr[1] == '.');

	if (star && text.len > 1) {
		text.ptr += 2;
		text.len -= 2;
	} else if (star) {
		text = SLICE_LIT("@");
	}
	if (text.len == 0)
		return refuse(
		    r, _("the name is outside of this zone (write it into its own)"));
	if (slice_equal(text, SLICE_LIT("@"))) {
		name_copy(name, r->zone->zone.name);
	} else if (!read_plain_owner(r, text, name)) {
		return false;
	}
	return !star || prepend_star(name) ||
	    refuse(r, _("the name is longer than 255 bytes (shorten it)"));
}

/* ---- the rest --------------------------------------------------------------------------- */

static struct slice next_word(struct slice *rest)
{
	size_t len = 0;

	*rest = slice_trim(*rest);
	while (len < rest->len && rest->ptr[len] != ' ' && rest->ptr[len] != '\t')
		len++;
	struct slice word = {rest->ptr, len};
	rest->ptr += len;
	rest->len -= len;
	return word;
}

static bool is_digits(struct slice s)
{
	uint64_t number;
	return slice_to_u64(s, UINT64_MAX, &number);
}

/* Types that say how a zone is made, not what is in it, and those that are questions. */
static bool is_for_records(uint16_t type)
{
	static const uint16_t NOT_HERE[] = {0, TYPE_NS, TYPE_SOA, TYPE_DNAME, TYPE_OPT,
	    TYPE_DS, TYPE_RRSIG, TYPE_NSEC, TYPE_DNSKEY, TYPE_NSEC3};

	for (size_t i = 0; i < COUNT_OF(NOT_HERE); i++)
		if (NOT_HERE[i] == type)
			return false;
	return type < 128 || type > 255;
}

/* "[TTL] [IN] TYPE"; what is left of `rest` is the data. */
static bool read_head(
    const struct reading *r, struct slice *rest, struct config_record *record)
{
	uint64_t ttl_s = RECORD_TTL_S;
	struct slice word = next_word(rest);

	if (is_digits(word)) {
		if (!slice_to_u64(word, RECORD_TTL_MAX_S, &ttl_s))
			return refuse(
			    r, _("the TTL is out of range (from 0 to 604800 seconds)"));
		word = next_word(rest);
	}
	if (slice_equal_nocase(word, SLICE_LIT("IN")))
		word = next_word(rest);
	record->ttl_s = (uint32_t)ttl_s; /* <= RECORD_TTL_MAX_S */
	if (word.len == 0)
		return refuse(r,
		    _("it is no record (write NAME [TTL] TYPE DATA, such as \"may-chu 300 A "
		      "10.0.0.5\")"));
	if (!text_to_type(word, &record->type))
		return refuse(r,
		    _("there is no record type (write NAME [TTL] TYPE DATA, such as \"may-chu "
		      "300 A 10.0.0.5\")"));
	return is_for_records(record->type) ||
	    refuse(r,
	        _("records of this type are not kept here (for a part with servers of "
	          "its own write another zone)"));
}

static enum err keep_bytes(struct loader *l, struct slice bytes, struct slice *out)
{
	uint8_t *kept = arena_alloc(l->run.arena, bytes.len + 1);

	if (kept == NULL)
		return ERR_MEMORY;
	if (bytes.len > 0)
		memcpy(kept, bytes.ptr, bytes.len);
	*out = (struct slice){kept, bytes.len};
	return OK;
}

static enum err read_rdata(
    const struct reading *r, struct slice rest, struct config_record *record)
{
	struct buf rdata = BUF_INIT(RECORD_RDATA_MAX);

	enum err rc =
	    text_record_read(&rdata, record->type, slice_trim(rest), r->zone->zone.name);
	if (rc == OK)
		rc = keep_bytes(r->l, buf_slice(&rdata), &record->rdata);
	buf_deinit(&rdata);
	return rc;
}

/* False with `*rc` OK: it has been complained about. */
static bool read_record(const struct reading *r, struct config_record *record, enum err *rc)
{
	struct slice rest = slice_trim(slice_of(r->text->text));
	struct slice word = next_word(&rest);
	struct name_buf owner;
	struct slice kept;

	*rc = OK;
	*record = (struct config_record){.text = r->text->text, .mark = r->text->mark};
	if (word.len == 0)
		return refuse(r,
		    _("it is no record (write NAME [TTL] TYPE DATA, such as \"may-chu 300 A "
		      "10.0.0.5\")"));
	if (!read_owner(r, word, &owner) || !read_head(r, &rest, record))
		return false;
	*rc = keep_bytes(r->l, (struct slice){owner.wire, owner.len}, &kept);
	if (*rc != OK)
		return false;
	record->owner = (struct dname){kept.ptr, kept.len};
	enum err read = read_rdata(r, rest, record);
	if (read == ERR_MEMORY)
		*rc = ERR_MEMORY;
	if (read == ERR_FORMAT || read == ERR_FULL)
		return refuse(
		    r, _("what follows the type is not its data (as in a zone file)"));
	return read == OK;
}

static enum err read_records(struct loader *l, struct config_zone *zone)
{
	const struct conf_texts *texts = &zone->record_texts;
	struct config_records *records = &zone->records;

	records->items =
	    arena_array(l->run.arena, texts->count + 1, sizeof *records->items);
	if (records->items == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < texts->count; i++) {
		const struct reading r = {l, zone, &texts->items[i]};
		enum err rc;
		if (read_record(&r, &records->items[records->count], &rc))
			records->count++;
		if (rc != OK)
			return rc;
	}
	return OK;
}

/* ---- between records -------------------------------------------------------------------- */

static int compare_bytes(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	if (a_len != b_len)
		return a_len < b_len ? -1 : 1;
	return a_len == 0 ? 0 : memcmp(a, b, a_len);
}

static int compare_owners(const struct config_record *a, const struct config_record *b)
{
	return compare_bytes(a->owner.wire, a->owner.len, b->owner.wire, b->owner.len);
}

/* By owner, a CNAME first, then type and data. */
static int compare_records(const void *a, const void *b)
{
	const struct config_record *x = *(const struct config_record *const *)a;
	const struct config_record *y = *(const struct config_record *const *)b;
	int order = compare_owners(x, y);

	if (order != 0)
		return order;
	if (x->type != y->type) {
		if (x->type == TYPE_CNAME || y->type == TYPE_CNAME)
			return x->type == TYPE_CNAME ? -1 : 1;
		return x->type < y->type ? -1 : 1;
	}
	order = compare_bytes(x->rdata.ptr, x->rdata.len, y->rdata.ptr, y->rdata.len);
	if (order != 0)
		return order;
	return x->mark.line != y->mark.line    ? (x->mark.line < y->mark.line ? -1 : 1)
	    : x->mark.column != y->mark.column ? (x->mark.column < y->mark.column ? -1 : 1)
	                                       : 0;
}

static void check_pair(
    struct loader *l, const struct config_record *first, const struct config_record *second)
{
	if (compare_owners(first, second) != 0)
		return;
	if (first->type == second->type && slice_equal(first->rdata, second->rdata)) {
		schema_mistake(&l->run, second->mark,
		    _("'%s' stands here twice (first in line %u; keep one)"), second->text,
		    first->mark.line);
	} else if (first->type == TYPE_CNAME) {
		schema_mistake(&l->run, second->mark,
		    _("'%s' stands beside a CNAME of its name, in line %u (a CNAME is alone: "
		      "keep one)"),
		    second->text, first->mark.line);
	}
}

/* The CNAME at `name` among sorted records; NULL when there is none. */
static const struct config_record *find_cname(
    const struct config_record *const *sorted, size_t count, struct dname name)
{
	const struct config_record key = {.owner = name, .type = TYPE_CNAME};
	size_t low = 0;
	size_t high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare_owners(sorted[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && compare_owners(sorted[low], &key) == 0 &&
	        sorted[low]->type == TYPE_CNAME
	    ? sorted[low]
	    : NULL;
}

static struct dname target_of(const struct config_record *cname)
{
	return (struct dname){cname->rdata.ptr, cname->rdata.len};
}

static void check_chain(struct loader *l, const struct config_record *const *sorted,
    size_t count, const struct config_record *first)
{
	const struct config_record *at = first;

	for (unsigned links = 0; at != NULL; links++) {
		if (links == CHAIN_MAX) {
			schema_mistake(&l->run, first->mark,
			    _("'%s' leads in a circle, or over more than 8 names (lead it to "
			      "its end)"),
			    first->text);
			return;
		}
		at = find_cname(sorted, count, target_of(at));
	}
}

static void check_apex(struct loader *l, const struct config_zone *zone)
{
	for (size_t i = 0; i < zone->records.count; i++) {
		const struct config_record *record = &zone->records.items[i];
		if (record->type == TYPE_CNAME &&
		    name_equal(record->owner, zone->zone.name))
			schema_mistake(&l->run, record->mark,
			    _("'%s': the zone's own name cannot be a CNAME (write its "
			      "addresses)"),
			    record->text);
	}
}

static enum err check_records(struct loader *l, const struct config_zones *zones)
{
	size_t count = 0;

	for (size_t z = 0; z < zones->count; z++)
		count += zones->items[z].records.count;
	const struct config_record **sorted = calloc(count + 1, sizeof *sorted);
	if (sorted == NULL)
		return ERR_MEMORY;
	count = 0;
	for (size_t z = 0; z < zones->count; z++)
		for (size_t i = 0; i < zones->items[z].records.count; i++)
			sorted[count++] = &zones->items[z].records.items[i];
	qsort(sorted, count, sizeof *sorted, compare_records);
	for (size_t i = 1; i < count; i++)
		check_pair(l, sorted[i - 1], sorted[i]);
	for (size_t i = 0; i < count; i++)
		if (sorted[i]->type == TYPE_CNAME)
			check_chain(l, sorted, count, sorted[i]);
	free(sorted);
	return OK;
}

/* ---- between zones ---------------------------------------------------------------------- */

static void refuse_same_zone(struct loader *l, const struct config_zones *zones, size_t i)
{
	const struct config_name *name = &zones->items[i].zone;

	for (size_t j = 0; j < i; j++) {
		if (!name_equal(zones->items[j].zone.name, name->name))
			continue;
		schema_mistake(&l->run, name->mark,
		    _("'%s' stands here twice (first in line %u; keep one)"), name->text,
		    zones->items[j].zone.mark.line);
		return;
	}
}

/* Records of a name that a longer zone takes would never be answered. */
static void refuse_shadowed(
    struct loader *l, const struct config_zones *zones, const struct config_zone *zone)
{
	for (size_t z = 0; z < zones->count; z++) {
		const struct config_name *longer = &zones->items[z].zone;
		if (longer->name.len <= zone->zone.name.len ||
		    !name_is_at_or_below(longer->name, zone->zone.name))
			continue;
		for (size_t i = 0; i < zone->records.count; i++) {
			const struct config_record *record = &zone->records.items[i];
			if (name_is_at_or_below(record->owner, longer->name))
				schema_mistake(&l->run, record->mark,
				    _("'%s' belongs to the zone %s of line %u (write it there)"),
				    record->text, longer->text, longer->mark.line);
		}
	}
}

/* Is this where we listen ourselves, as far as the file alone can tell? The program knows its
 * machine's addresses and leaves them out (T21). */
static bool is_ourselves(const struct config_endpoint *own, const struct addr *server)
{
	if (own->addr.port != server->port || own->addr.family != server->family)
		return false;
	return addr_equal(&own->addr, server) ||
	    (addr_is_unspecified(&own->addr) && addr_is_loopback(server));
}

static void refuse_ourselves(struct loader *l, const struct config_zone *zone)
{
	const struct config_endpoints *listen = &l->config->server.listen;

	for (size_t s = 0; s < zone->servers.count; s++) {
		const struct config_upstream_server *server = &zone->servers.items[s];
		for (size_t i = 0; i < listen->count; i++) {
			if (!is_ourselves(&listen->items[i], &server->addr))
				continue;
			schema_mistake(&l->run, server->mark,
			    _("'%s' is this gateway itself (write the server that knows the "
			      "zone, or its records)"),
			    server->text);
			break;
		}
	}
}

/* A worker measures so many sets of servers apart (filter/snapshot.h). */
static void refuse_too_many(struct loader *l, const struct config_zones *zones)
{
	unsigned count = 0;

	for (size_t i = 0; i < zones->count; i++) {
		const struct config_zone *zone = &zones->items[i];
		if (zone->servers.count > 0 && ++count == ROUTES_MAX + 1)
			schema_mistake(&l->run, zone->servers.mark,
			    _("more than %d zones have servers of their own (let one server "
			      "answer for a name above them)"),
			    ROUTES_MAX);
	}
}

enum err zones_resolve(struct loader *l)
{
	const struct config_zones *zones = &l->config->upstream.zones;
	enum err rc = OK;

	for (size_t i = 0; i < zones->count; i++) {
		struct config_zone *zone = &zones->items[i];
		if (zone->zone.name.len == 0) /* missing or wrong, and told */
			continue;
		refuse_same_zone(l, zones, i);
		refuse_ourselves(l, zone);
		rc = read_records(l, zone);
		if (rc != OK)
			return rc;
		check_apex(l, zone);
		refuse_shadowed(l, zones, zone);
	}
	refuse_too_many(l, zones);
	return check_records(l, zones);
}
