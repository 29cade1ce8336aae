/* unbound: local-zone and local-data lines of its settings.
 *
 *   local-zone: "a.vn" static         a block, of the name and all below it: also refuse, deny,
 *                                     redirect, always_nxdomain, always_null and kin
 *   local-zone: "a.vn" block_a        the same, for questions of type A
 *   local-zone: "a.vn" transparent    an exception: typetransparent, always_transparent, inform
 *   local-zone: "a.vn" nodefault      nothing
 *   local-data: "a.vn A 10.0.0.1"     the name, with data; with all below it where its zone is
 *                                     of type redirect; 0.0.0.0 and kin are a block
 *   server:  # comment                nothing
 *
 * The longest match decides. Other settings are none of our business. */
#include "dns/codes.h"
#include "dns/text.h"
#include "feed/internal.h"

enum zone_effect {
	ZONE_BLOCKS,
	ZONE_BLOCKS_A,
	ZONE_REDIRECTS,
	ZONE_OPENS,
	ZONE_NOTHING
};

static bool effect_of(struct slice word, enum zone_effect *out)
{
	static const struct {
		const char *word;
		enum zone_effect effect;
	} types[] = {
	    {"always_null", ZONE_BLOCKS},
	    {"always_nxdomain", ZONE_BLOCKS},
	    {"always_refuse", ZONE_BLOCKS},
	    {"static", ZONE_BLOCKS},
	    {"refuse", ZONE_BLOCKS},
	    {"deny", ZONE_BLOCKS},
	    {"redirect", ZONE_REDIRECTS},
	    {"inform_deny", ZONE_BLOCKS},
	    {"inform_redirect", ZONE_REDIRECTS},
	    {"always_nodata", ZONE_BLOCKS},
	    {"always_deny", ZONE_BLOCKS},
	    {"block_a", ZONE_BLOCKS_A},
	    {"transparent", ZONE_OPENS},
	    {"typetransparent", ZONE_OPENS},
	    {"always_transparent", ZONE_OPENS},
	    {"inform", ZONE_OPENS},
	    {"nodefault", ZONE_NOTHING},
	    {"noview", ZONE_NOTHING},
	    {"ipset", ZONE_NOTHING},
	};
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		if (slice_equal(word, slice_of(types[i].word))) {
			*out = types[i].effect;
			return true;
		}
	}
	return false;
}

/* Cuts a word, in quotes of either kind or without. A quote that does not end takes the rest. */
static struct slice next_argument(struct slice *rest)
{
	*rest = slice_trim(*rest);
	if (rest->len == 0 || (rest->ptr[0] != '"' && rest->ptr[0] != '\''))
		return feed_next_word(rest);
	uint8_t quote = rest->ptr[0];
	*rest = (struct slice){rest->ptr + 1, rest->len - 1};
	struct slice word = slice_cut(rest, quote);
	return slice_trim(word);
}

static bool ends_here(struct slice rest)
{
	rest = slice_trim(rest);
	return rest.len == 0 || rest.ptr[0] == '#';
}

/* p->name; a wildcard's star is cut off. False: refused, or nothing to do. */
static bool read_owner(struct feed_parser *p, struct slice text, bool *star)
{
	*star = slice_starts(text, SLICE_LIT("*."));
	if (*star)
		text = (struct slice){text.ptr + 2, text.len - 2};
	enum feed_reason reason =
	    text.len == 0 ? FEED_BAD_LINE : feed_read_name(&p->name, text);
	if (reason != FEED_REASONS) {
		feed_refuse(p, reason);
		return false;
	}
	if (feed_is_local_name(name_of(&p->name))) {
		feed_idle(p);
		return false;
	}
	return true;
}

static void read_zone(struct feed_parser *p, struct slice rest)
{
	struct slice name = next_argument(&rest);
	struct slice type = next_argument(&rest);
	enum zone_effect effect;
	bool star;

	if (!effect_of(type, &effect) || !ends_here(rest)) {
		feed_refuse(p, FEED_BAD_LINE);
		return;
	}
	if (effect == ZONE_NOTHING) {
		feed_idle(p);
		return;
	}
	if (!read_owner(p, name, &star))
		return;
	if (effect == ZONE_REDIRECTS) {
		p->zone.owner = p->name;
		p->zone.has_owner = true;
	}
	unsigned kind = star ? RULE_BELOW : RULE_SUBTREE;
	if (effect == ZONE_BLOCKS_A) {
		feed_make_begin(p);
		p->made.terms.types[p->made.terms.type_count++] = TYPE_A;
		feed_emit_made(p, RULE_OF_NAME, kind);
	} else {
		feed_emit(p, effect == ZONE_OPENS ? kind | RULE_EXCEPTION : kind);
	}
}

/* The record's type; a TTL and a class before it are passed over. */
static bool read_type(struct slice *rest, uint16_t *type)
{
	for (unsigned i = 0; i < 3; i++) {
		struct slice word = feed_next_word(rest);
		uint64_t ttl_s;
		if (slice_equal_nocase(word, SLICE_LIT("IN")) ||
		    slice_to_u64(word, UINT32_MAX, &ttl_s))
			continue;
		return text_to_type(word, type);
	}
	return false;
}

static bool read_data(struct feed_parser *p, uint16_t type, struct slice rdata)
{
	struct rule_network address;

	if (type == TYPE_A || type == TYPE_AAAA) {
		if (!feed_read_address(&address, rdata) ||
		    (address.family == 4) != (type == TYPE_A))
			return false;
		feed_make_address(p, &address);
		return true;
	}
	if (type == TYPE_CNAME)
		return feed_make_alias(p, rdata);
	return feed_make_record(p, type, rdata);
}

static void read_local_data(struct feed_parser *p, struct slice rest)
{
	struct slice record = next_argument(&rest);
	struct slice owner = feed_next_word(&record);
	uint16_t type;
	bool star;

	if (!ends_here(rest)) {
		feed_refuse(p, FEED_BAD_LINE);
		return;
	}
	if (!read_owner(p, owner, &star))
		return;
	feed_make_begin(p);
	if (!read_type(&record, &type) || !read_data(p, type, slice_trim(record))) {
		feed_refuse(p, FEED_RECORD);
		return;
	}
	bool of_zone =
	    p->zone.has_owner && name_equal(name_of(&p->name), name_of(&p->zone.owner));
	feed_emit_made(p, RULE_OF_NAME,
	    star          ? RULE_BELOW
	        : of_zone ? RULE_SUBTREE
	                  : RULE_EXACT);
}

/* "word-word:" at the start of a line of unbound's settings. */
static bool cut_setting(struct slice *rest, struct slice *key)
{
	size_t n = 0;

	while (n < rest->len &&
	    ((rest->ptr[n] >= 'a' && rest->ptr[n] <= 'z') || rest->ptr[n] == '-'))
		n++;
	if (n == 0 || n == rest->len || rest->ptr[n] != ':')
		return false;
	*key = (struct slice){rest->ptr, n};
	*rest = slice_trim((struct slice){rest->ptr + n + 1, rest->len - n - 1});
	return true;
}

void feed_read_unbound(struct feed_parser *p, struct slice line)
{
	struct slice rest = line, key;

	if (line.ptr[0] == '#') {
		feed_blank(p);
		return;
	}
	bool found = cut_setting(&rest, &key);
	if (found && slice_equal(key, SLICE_LIT("server"))) {
		if (ends_here(rest)) {
			feed_blank(p);
			return;
		}
		found = cut_setting(&rest, &key); /* server: local-zone: … on one line */
	}
	if (!found) {
		feed_refuse(p, FEED_BAD_LINE);
	} else if (slice_equal(key, SLICE_LIT("local-zone"))) {
		read_zone(p, rest);
	} else if (slice_equal(key, SLICE_LIT("local-data"))) {
		read_local_data(p, rest);
	} else {
		feed_refuse(p, FEED_OPTION);
	}
}

unsigned feed_probe_unbound(struct slice line)
{
	if (slice_starts(line, SLICE_LIT("local-zone:")) ||
	    slice_starts(line, SLICE_LIT("local-data:")))
		return 8;
	return slice_equal(line, SLICE_LIT("server:")) ? 4 : 0;
}
