/* Whatever stands in upstream.zones: what is accepted makes a table that says of every name what
 * a slow look at the records says.
 *
 * A line is "=NAME" (a zone), "+NAME" (with a server), "-NAME" (not private), or a record of the
 * zone before it. */
#include <stdlib.h>

#include "conf/internal.h"
#include "local/local.h"

#define HOLDS(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

enum {
	ZONES_MAX = 16,
	RECORDS_MAX = 64
};

static const struct hash_key KEY = {1, 2};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- reading ---- */

struct input {
	struct config config;
	struct config_zone zones[ZONES_MAX];
	struct name_buf names[ZONES_MAX];
	struct conf_text texts[RECORDS_MAX];
	size_t text_count;
	struct config_upstream_server server;
	struct arena arena;
	struct diags all;
};

static void begin_zone(struct input *in, struct slice line)
{
	struct config_zones *zones = &in->config.upstream.zones;
	struct slice name = {line.ptr + 1, line.len - 1};
	struct name_buf *buf = &in->names[zones->count];

	if (zones->count == ZONES_MAX || name_from_text(buf, name, NULL) != OK ||
	    buf->len == 1)
		return;
	struct config_zone *zone = &in->zones[zones->count++];
	zone->zone = (struct config_name){.name = name_of(buf), .text = "zone"};
	zone->is_private = line.ptr[0] != '-';
	zone->record_texts.items = &in->texts[in->text_count];
	if (line.ptr[0] == '+') {
		zone->servers.items = &in->server;
		zone->servers.count = 1;
	}
}

static void add_text(struct input *in, struct slice line)
{
	struct config_zones *zones = &in->config.upstream.zones;

	if (zones->count == 0 || in->text_count == RECORDS_MAX)
		return;
	char *text = arena_text(&in->arena, line);
	HOLDS(text != NULL);
	in->texts[in->text_count] =
	    (struct conf_text){text, {"", (unsigned)in->text_count + 1, 1}};
	in->text_count++;
	in->zones[zones->count - 1].record_texts.count++;
}

static bool read_zones(struct input *in, struct slice text)
{
	in->arena = ARENA_INIT(1 << 24);
	in->config.upstream.zones.items = in->zones;
	in->server.addr =
	    (struct addr){.family = AF_INET, .port = 53, .bytes = {10, 0, 0, 1}};
	in->server.text = "server";
	while (text.len > 0) {
		struct slice line = slice_cut(&text, '\n');
		if (line.len > 1 && strchr("=+-", line.ptr[0]) != NULL)
			begin_zone(in, line);
		else
			add_text(in, line);
	}
	struct loader l = {
	    .run = {.arena = &in->arena, .all = &in->all}, .config = &in->config};
	HOLDS(zones_resolve(&l) == OK);
	HOLDS((l.run.mistakes == 0) == (in->all.errors == 0));
	return l.run.mistakes == 0;
}

/* ---- the slow look ---- */

static const struct config_zone *zone_over(const struct input *in, struct dname name)
{
	const struct config_zones *zones = &in->config.upstream.zones;
	const struct config_zone *found = NULL;

	for (size_t i = 0; i < zones->count; i++) {
		const struct config_zone *zone = &zones->items[i];
		if (name_is_at_or_below(name, zone->zone.name) &&
		    (found == NULL || zone->zone.name.len > found->zone.name.len))
			found = zone;
	}
	return found;
}

static bool asks_on(const struct config_zone *zone)
{
	return zone->servers.count > 0 || zone->records.count == 0;
}

static bool is_star(struct dname name)
{
	return name.len > 2 && name.wire[0] == 1 && name.wire[1] == '*';
}

static void reverse(struct name_buf *out, struct slice address)
{
	char text[80];
	size_t len = 0;

	for (size_t i = address.len; i > 0; i--) {
		unsigned octet = address.ptr[i - 1];
		len += (size_t)(address.len == 4
		        ? snprintf(text + len, sizeof text - len, "%u.", octet)
		        : snprintf(text + len, sizeof text - len, "%x.%x.", octet & 15,
		              octet >> 4));
	}
	(void)snprintf(
	    text + len, sizeof text - len, address.len == 4 ? "in-addr.arpa" : "ip6.arpa");
	HOLDS(name_from_text(out, slice_of(text), NULL) == OK);
}

/* The name that an address of this record has in a zone of the school; false: none there. */
static bool pointer_of(
    const struct input *in, const struct config_record *record, struct name_buf *out)
{
	if ((record->type != TYPE_A && record->type != TYPE_AAAA) || is_star(record->owner))
		return false;
	reverse(out, record->rdata);
	const struct config_zone *zone = zone_over(in, name_of(out));
	return zone != NULL && !asks_on(zone);
}

struct looking {
	bool exists;
	bool has_records;
	bool has_type;
	bool has_cname;
	bool has_pointer;
};

static void look_at_record(const struct input *in, const struct config_record *record,
    struct dname name, uint16_t type, struct looking *out)
{
	struct name_buf pointer;

	out->exists = out->exists || name_is_at_or_below(record->owner, name);
	if (name_equal(record->owner, name)) {
		out->has_records = true;
		out->has_type = out->has_type || record->type == type;
		out->has_cname = out->has_cname || record->type == TYPE_CNAME;
	}
	if (pointer_of(in, record, &pointer)) {
		out->exists = out->exists || name_is_at_or_below(name_of(&pointer), name);
		out->has_pointer = out->has_pointer || name_equal(name_of(&pointer), name);
	}
}

static struct looking look(const struct input *in, struct dname name, uint16_t type)
{
	const struct config_zones *zones = &in->config.upstream.zones;
	struct looking out = {.exists = false};

	for (size_t z = 0; z < zones->count; z++) {
		const struct config_zone *zone = &zones->items[z];
		out.exists = out.exists || name_is_at_or_below(zone->zone.name, name);
		for (size_t i = 0; i < zone->records.count; i++)
			look_at_record(in, &zone->records.items[i], name, type, &out);
	}
	if (out.has_pointer && !out.has_records) {
		out.has_records = true;
		out.has_type = type == TYPE_PTR;
	}
	return out;
}

static enum local_kind kind_of(
    const struct looking *seen, const struct config_zone *zone, enum local_kind without)
{
	if (!seen->has_records)
		return asks_on(zone) ? LOCAL_ELSEWHERE : without;
	return seen->has_type ? LOCAL_RECORDS
	    : seen->has_cname ? LOCAL_ALIAS
	                      : LOCAL_NODATA;
}

static enum local_kind expected(const struct input *in, const struct config_zone *zone,
    struct dname name, uint16_t type)
{
	struct looking seen = look(in, name, type);
	struct dname at = name;
	uint8_t star[NAME_OCTETS_MAX + 2] = {1, '*'};

	if (seen.exists)
		return kind_of(&seen, zone, LOCAL_NODATA);
	while (!look(in, at, type).exists)
		at = name_parent(at);
	memcpy(star + 2, at.wire, at.len);
	seen = look(in, (struct dname){star, at.len + 2}, type);
	return kind_of(&seen, zone, LOCAL_NXDOMAIN);
}

/* ---- both ---- */

static void check(
    const struct input *in, const struct local *local, struct dname name, uint16_t type)
{
	const struct config_zone *zone = zone_over(in, name);
	struct local_found found;
	struct name_hashes hashes;

	name_hash_all(&hashes, name, KEY);
	local_find(&found, local, name, &hashes, type);
	HOLDS((found.kind == LOCAL_RECORDS || found.kind == LOCAL_ALIAS) ==
	    (found.record_count > 0));
	if (found.zone != NULL && zone != NULL &&
	    found.zone->apex.len > zone->zone.name.len) {
		HOLDS(found.zone->origin != LOCAL_OF_SCHOOL);
		return; /* a reserved name below a zone that is wider */
	}
	if (zone == NULL) {
		HOLDS(found.zone == NULL || found.zone->origin != LOCAL_OF_SCHOOL);
		return;
	}
	HOLDS(found.zone != NULL && name_equal(found.zone->apex, zone->zone.name));
	HOLDS(found.zone->is_private == zone->is_private);
	HOLDS(found.kind == expected(in, zone, name, type));
}

/* The name, those above it and one below. */
static void check_around(
    const struct input *in, const struct local *local, struct dname name)
{
	static const uint16_t TYPES[] = {TYPE_A, TYPE_CNAME, TYPE_PTR, TYPE_TXT};
	uint8_t below[NAME_OCTETS_MAX] = {1, 'q'};

	for (size_t t = 0; t < COUNT_OF(TYPES); t++) {
		for (struct dname at = name;; at = name_parent(at)) {
			check(in, local, at, TYPES[t]);
			if (at.len + 2 <= sizeof below) {
				memcpy(below + 2, at.wire, at.len);
				check(
				    in, local, (struct dname){below, at.len + 2}, TYPES[t]);
			}
			if (at.len <= 1)
				break;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input *in = calloc(1, sizeof *in);
	struct local *local = NULL;

	HOLDS(in != NULL);
	if (size <= 4096 && read_zones(in, (struct slice){data, size})) {
		const struct config_zones *zones = &in->config.upstream.zones;
		HOLDS(local_new(&local, zones, KEY) == OK);
		for (size_t z = 0; z < zones->count; z++) {
			const struct config_records *records = &zones->items[z].records;
			check_around(in, local, zones->items[z].zone.name);
			for (size_t i = 0; i < records->count; i++) {
				struct name_buf pointer;
				check_around(in, local, records->items[i].owner);
				if (pointer_of(in, &records->items[i], &pointer))
					check_around(in, local, name_of(&pointer));
			}
		}
		local_free(local);
	}
	diags_deinit(&in->all);
	arena_deinit(&in->arena);
	free(in);
	return 0;
}
