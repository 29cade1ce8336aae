/* rpz: response policy zones as master files (RFC 1035 section 5.1; draft-vixie-dnsop-dns-rpz).
 *
 *   a.vn     CNAME .  *.                 the name alone: a block
 *   *.a.vn   CNAME .                     what is below it
 *   a.vn     CNAME rpz-passthru.         an exception (also "CNAME a.vn", the old form)
 *   a.vn     CNAME rpz-drop.             rpz-tcp-only.: a block, with that action
 *   a.vn     CNAME b.vn.  A 10.0.0.1 …   the name, with data; 0.0.0.0 and kin are a block
 *   24.0.2.0.192.rpz-ip                  an address in answers; 48.zz.db8.2001.rpz-ip
 *   ….rpz-client-ip  -nsdname  -nsip     refused
 *   $TTL $ORIGIN, SOA and NS at the top  shape the names, and do nothing else
 *
 * Owners are relative to the zone: its own name (from $ORIGIN or the SOA's owner) is cut off.
 * The longest match decides, a name before a wildcard. */
#include "feed/internal.h"

#include "dns/codes.h"
#include "dns/text.h"

enum {
	NETWORK_BITS_MIN_4 = 8, /* wider prefixes would cover too much */
	NETWORK_BITS_MIN_6 = 16
};

/* ---- names ---- */

/* `name` below `origin`; false when that is too long for a name. */
static bool join(struct name_buf *name, const struct name_buf *origin)
{
	if (origin->len == 0)
		return true;
	size_t len = (size_t)name->len - 1 + origin->len;
	if (len > NAME_OCTETS_MAX)
		return false;
	memcpy(name->wire + name->len - 1, origin->wire, origin->len);
	name->len = (uint8_t)len;
	return true;
}

static bool is_absolute(struct slice text)
{
	return text.len > 0 && text.ptr[text.len - 1] == '.';
}

/* Cuts the zone's own name off. FEED_ZONE: an absolute name outside of it. */
static enum feed_reason make_relative(struct feed_zone *zone, bool absolute)
{
	if (zone->apex.len == 0)
		return FEED_REASONS;
	struct dname apex = name_of(&zone->apex), owner = name_of(&zone->owner);
	if (!name_is_at_or_below(owner, apex))
		return absolute ? FEED_ZONE : FEED_REASONS;
	zone->owner_apex = owner.len == apex.len;
	zone->owner.len = (uint8_t)(owner.len - apex.len + 1);
	zone->owner.wire[zone->owner.len - 1] = 0;
	return FEED_REASONS;
}

/* Reads the owner of a record into p->zone; `is_soa`: it names the zone. */
static enum feed_reason read_owner(struct feed_parser *p, struct slice text, bool is_soa)
{
	struct feed_zone *zone = &p->zone;
	bool at = slice_equal(text, SLICE_LIT("@"));
	bool absolute = is_absolute(text) || zone->origin.len > 0;

	zone->has_owner = false;
	zone->owner_apex = at && zone->origin.len == 0;
	zone->owner_star = slice_starts(text, SLICE_LIT("*."));
	if (zone->owner_star)
		text = (struct slice){text.ptr + 2, text.len - 2};
	if (slice_equal(text, SLICE_LIT("*")) || (zone->owner_star && text.len == 0))
		return FEED_ROOT;
	if (at) {
		zone->owner = zone->origin;
	} else {
		enum feed_reason reason = feed_read_name(&zone->owner, text);
		if (reason != FEED_REASONS)
			return reason;
		if (!is_absolute(text) && !join(&zone->owner, &zone->origin))
			return FEED_BAD_NAME;
	}
	if (is_soa && zone->apex.len == 0 && !zone->owner_apex)
		zone->apex = zone->owner;
	zone->has_owner = true;
	return zone->owner_apex ? FEED_REASONS : make_relative(zone, absolute);
}

static struct slice last_label(struct dname name)
{
	size_t at = 0;
	while (name.wire[at] != 0 && name.wire[at + (size_t)name.wire[at] + 1] != 0)
		at += (size_t)name.wire[at] + 1;
	return (struct slice){name.wire + at + 1, name.wire[at]};
}

/* ---- records ---- */

struct record {
	uint16_t type;
	struct slice rdata;
};

/* The target as a name; relative ones stand below the origin. "*.garden.vn" keeps its star: who
 * answers puts the question's name there. */
static bool read_target(struct feed_parser *p, struct slice text, struct name_buf *out)
{
	static const uint8_t STAR[2] = {1, '*'};
	bool star = slice_starts(text, SLICE_LIT("*."));

	if (star)
		text = (struct slice){text.ptr + 2, text.len - 2};
	if (feed_read_name(out, text) != FEED_REASONS ||
	    (!is_absolute(text) && !join(out, &p->zone.origin)))
		return false;
	if (!star)
		return true;
	if (out->len > NAME_OCTETS_MAX - sizeof STAR)
		return false;
	memmove(out->wire + sizeof STAR, out->wire, out->len);
	memcpy(out->wire, STAR, sizeof STAR);
	out->len = (uint8_t)(out->len + sizeof STAR);
	return true;
}

/* FEED_REASONS: p->made and *kind say what the record does. */
static enum feed_reason read_cname(
    struct feed_parser *p, struct slice rdata, unsigned *kind)
{
	struct slice target = feed_next_word(&rdata);
	struct rule_terms *t = &p->made.terms;
	struct name_buf name;

	if (slice_equal(target, SLICE_LIT(".")) || slice_equal(target, SLICE_LIT("*.")))
		return FEED_REASONS;
	struct slice word = target;
	if (is_absolute(word))
		word.len--;
	if (slice_equal_nocase(word, SLICE_LIT("rpz-passthru"))) {
		*kind |= RULE_EXCEPTION;
		return FEED_REASONS;
	}
	if (slice_equal_nocase(word, SLICE_LIT("rpz-drop"))) {
		t->action = RULE_DROP;
		return FEED_REASONS;
	}
	if (slice_equal_nocase(word, SLICE_LIT("rpz-tcp-only"))) {
		t->action = RULE_TCP_ONLY;
		return FEED_REASONS;
	}
	if (!read_target(p, target, &name))
		return FEED_RECORD;
	if (!p->zone.owner_star && name_equal(name_of(&name), name_of(&p->zone.owner))) {
		*kind |= RULE_EXCEPTION;
		return FEED_REASONS;
	}
	t->action = RULE_RECORD;
	t->data_type = TYPE_CNAME;
	buf_append(&p->made.data, (struct slice){name.wire, name.len});
	return FEED_REASONS;
}

static enum feed_reason read_effect(
    struct feed_parser *p, const struct record *r, unsigned *kind)
{
	struct rule_network address;

	feed_make_begin(p);
	switch (r->type) {
	case TYPE_CNAME:
		return read_cname(p, r->rdata, kind);
	case TYPE_A:
	case TYPE_AAAA:
		if (!feed_read_address(&address, r->rdata) ||
		    (address.family == 4) != (r->type == TYPE_A))
			return FEED_RECORD;
		feed_make_address(p, &address);
		return FEED_REASONS;
	default:
		return feed_make_record(p, r->type, r->rdata) ? FEED_REASONS : FEED_RECORD;
	}
}

static void give_network(struct feed_parser *p, const struct record *r)
{
	struct rule_network network;
	unsigned kind = 0;

	if (p->zone.owner_star ||
	    !feed_read_rpz_address(&network, name_of(&p->zone.owner))) {
		feed_refuse(p, FEED_RECORD);
		return;
	}
	if (network.bits <
	    (network.family == 4 ? NETWORK_BITS_MIN_4 : NETWORK_BITS_MIN_6)) {
		feed_refuse(p, FEED_BROAD);
		return;
	}
	enum feed_reason reason = read_effect(p, r, &kind);
	if (reason != FEED_REASONS) {
		feed_refuse(p, reason);
		return;
	}
	p->made.terms.network = network;
	feed_emit_made(p, RULE_OF_NETWORK, kind);
}

static void give_name(struct feed_parser *p, const struct record *r)
{
	unsigned kind = p->zone.owner_star ? RULE_BELOW : RULE_EXACT;

	if (feed_is_local_name(name_of(&p->zone.owner))) {
		feed_idle(p);
		return;
	}
	enum feed_reason reason = read_effect(p, r, &kind);
	if (reason != FEED_REASONS) {
		feed_refuse(p, reason);
		return;
	}
	name_copy(&p->name, name_of(&p->zone.owner));
	feed_emit_made(p, RULE_OF_NAME, kind);
}

/* What only keeps a zone together, or signs it. */
static bool is_of_zone(uint16_t type)
{
	switch (type) {
	case TYPE_SOA:
	case TYPE_NS:
	case TYPE_DS:
	case TYPE_RRSIG:
	case TYPE_NSEC:
	case TYPE_DNSKEY:
	case TYPE_NSEC3:
		return true;
	default:
		return false;
	}
}

static void give(struct feed_parser *p, const struct record *r)
{
	struct slice trigger = last_label(name_of(&p->zone.owner));

	if (p->zone.owner_apex && p->zone.owner_star) {
		feed_refuse(p, FEED_ROOT);
	} else if (p->zone.owner_apex || is_of_zone(r->type)) {
		feed_blank(p);
	} else if (slice_equal(trigger, SLICE_LIT("rpz-ip"))) {
		give_network(p, r);
	} else if (slice_equal(trigger, SLICE_LIT("rpz-client-ip")) ||
	    slice_equal(trigger, SLICE_LIT("rpz-nsdname")) ||
	    slice_equal(trigger, SLICE_LIT("rpz-nsip"))) {
		feed_refuse(p, FEED_TRIGGER);
	} else {
		give_name(p, r);
	}
}

/* ---- lines ---- */

/* "300", "1h30m" */
static bool is_ttl(struct slice word)
{
	if (word.len == 0 || word.ptr[0] < '0' || word.ptr[0] > '9')
		return false;
	for (size_t i = 0; i < word.len; i++) {
		uint8_t c = byte_lower(word.ptr[i]);
		if (!(c >= '0' && c <= '9') && memchr("smhdw", c, 5) == NULL)
			return false;
	}
	return true;
}

static bool read_record(struct slice rest, struct record *out)
{
	for (unsigned i = 0; i < 3; i++) {
		struct slice word = feed_next_word(&rest);
		if (slice_equal_nocase(word, SLICE_LIT("IN")) || is_ttl(word))
			continue;
		if (slice_equal_nocase(word, SLICE_LIT("CNAME"))) {
			out->type = TYPE_CNAME; /* nearly all of them */
		} else if (!text_to_type(word, &out->type)) {
			return false;
		}
		out->rdata = slice_trim(rest);
		return out->rdata.len > 0;
	}
	return false;
}

static void read_directive(struct feed_parser *p, struct slice text)
{
	struct slice rest = text;
	struct slice word = feed_next_word(&rest), value = feed_next_word(&rest);
	struct name_buf name;

	if (slice_equal_nocase(word, SLICE_LIT("$TTL"))) {
		feed_blank(p);
	} else if (!slice_equal_nocase(word, SLICE_LIT("$ORIGIN"))) {
		feed_refuse(p, FEED_OPTION); /* $INCLUDE, $GENERATE */
	} else if (!read_target(p, value, &name)) {
		feed_refuse(p, FEED_BAD_LINE);
	} else {
		p->zone.origin = name;
		if (p->zone.apex.len == 0)
			p->zone.apex = name;
		feed_blank(p);
	}
}

static void read_text(struct feed_parser *p, struct slice text, bool indented)
{
	struct record r = {.type = 0};
	struct slice rest = text;
	enum feed_reason reason = FEED_REASONS;

	if (text.ptr[0] == '$') {
		read_directive(p, text);
		return;
	}
	struct slice owner = indented ? SLICE_EMPTY : feed_next_word(&rest);
	if (!read_record(rest, &r) || (indented && !p->zone.has_owner)) {
		feed_refuse(p, FEED_BAD_LINE);
		return;
	}
	if (!indented)
		reason = read_owner(p, owner, r.type == TYPE_SOA);
	if (reason != FEED_REASONS) {
		feed_refuse(p, reason);
	} else {
		give(p, &r);
	}
}

/* Without what a semicolon outside of quotes begins. */
static struct slice without_comment(struct slice line)
{
	bool quoted = false;

	if (memchr(line.ptr, ';', line.len) == NULL)
		return line;
	for (size_t i = 0; i < line.len; i++) {
		quoted ^= line.ptr[i] == '"';
		if (line.ptr[i] == ';' && !quoted)
			return slice_trim((struct slice){line.ptr, i});
	}
	return line;
}

/* Adds a line to the record at hand; parentheses outside of quotes become blanks. */
static void gather(struct feed_parser *p, struct slice text, bool indented)
{
	struct feed_zone *zone = &p->zone;
	bool quoted = false;

	if (zone->record.len == 0)
		zone->indented = indented;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.ptr[i];
		quoted ^= c == '"';
		bool mark = !quoted && (c == '(' || c == ')');
		zone->depth += mark && c == '(';
		zone->depth -= mark && c == ')' && zone->depth > 0;
		buf_byte(&zone->record, mark ? ' ' : c);
	}
	buf_byte(&zone->record, ' ');
}

void feed_read_rpz(struct feed_parser *p, struct slice line)
{
	struct slice text = without_comment(line);
	bool indented = feed_is_blank(p->line.ptr[0]);

	if (text.len == 0) {
		feed_blank(p);
		return;
	}
	if (p->zone.depth == 0 && memchr(text.ptr, '(', text.len) == NULL) {
		read_text(p, text, indented);
		return;
	}
	gather(p, text, indented);
	if (buf_status(&p->zone.record) != OK) {
		p->zone.depth = 0;
		feed_refuse(p, FEED_LINE_TOO_LONG);
	} else if (p->zone.depth > 0) {
		feed_blank(p);
		return;
	} else {
		struct slice record = slice_trim(buf_slice(&p->zone.record));
		if (record.len == 0) {
			feed_blank(p);
		} else {
			read_text(p, record, p->zone.indented);
		}
	}
	buf_reset(&p->zone.record);
}

unsigned feed_probe_rpz(struct slice line)
{
	struct slice text = without_comment(line);
	struct record r;

	if (slice_starts(text, SLICE_LIT("$TTL")) ||
	    slice_starts(text, SLICE_LIT("$ORIGIN")))
		return 8;
	if (text.len == 0 || text.ptr[0] == '#' || text.ptr[0] == '!')
		return 0;
	struct slice rest = text;
	if (feed_is_address(feed_next_word(&rest)))
		return 0;
	return read_record(rest, &r) ? 8 : 0;
}
