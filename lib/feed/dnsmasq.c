/* dnsmasq: the lines of its settings that say what becomes of a name.
 *
 *   address=/a.vn/b.vn/  …/#  …/0.0.0.0  …/127.0.0.1   each name and all below it
 *   address=/a.vn/10.0.0.1                             the same, with data
 *   server=/a.vn/  local=/a.vn/  server=/a.vn/0.0.0.0  each name and all below it
 *   server=/a.vn/9.9.9.9  server=/a.vn/#               an exception: it is asked as usual
 *   cname=a.vn,b.vn,target[,ttl]                       each name alone, with data
 *   host-record=a.vn,10.0.0.1[,fd00::1][,ttl]          each name alone, with data
 *   *.a.vn  *ads.vn  .a.vn in place of a name          below it; ends so; the name
 *   # comment                                          nothing
 *
 * The longest match decides, as dnsmasq has it. Other settings are none of our business. */
#include "feed/internal.h"

enum {
	NAMES_MAX = 256 /* of one cname or host-record line */
};

static struct slice without_comment(struct slice line)
{
	for (size_t i = 0; i < line.len; i++) {
		if (line.ptr[i] == '#' && (i == 0 || feed_is_blank(line.ptr[i - 1])))
			return slice_trim((struct slice){line.ptr, i});
	}
	return line;
}

/* What stands behind the last slash of "/a.vn/b.vn/value". */
static bool cut_value(struct slice *names, struct slice *value)
{
	size_t end = names->len;

	if (names->len == 0 || names->ptr[0] != '/')
		return false;
	while (names->ptr[end - 1] != '/')
		end--;
	if (end < 2)
		return false; /* "/value": no names */
	*value = slice_trim((struct slice){names->ptr + end, names->len - end});
	*names = (struct slice){names->ptr + 1, end - 2};
	return true;
}

/* One name with the rule at hand. */
static void give(struct feed_parser *p, struct slice name, unsigned kind)
{
	bool star = name.len > 1 && name.ptr[0] == '*';
	bool dot = name.len > 1 && name.ptr[0] == '.';

	if (name.len == 0 || slice_equal(name, SLICE_LIT("#")) ||
	    slice_equal(name, SLICE_LIT("*"))) {
		feed_refuse(p, FEED_ROOT);
		return;
	}
	if (star || dot)
		name = (struct slice){name.ptr + 1, name.len - 1};
	bool below = star && name.len > 1 && name.ptr[0] == '.';
	if (below)
		name = (struct slice){name.ptr + 1, name.len - 1};
	enum feed_reason reason = feed_read_name(&p->name, name);
	if (reason != FEED_REASONS) {
		feed_refuse(p, reason);
	} else if (feed_is_local_name(name_of(&p->name))) {
		feed_idle(p);
	} else if (star && !below) {
		/* "*ads.vn" is whatever ends so */
		buf_reset(&p->made.pattern);
		for (size_t i = 0; i < name.len; i++) {
			if (name.ptr[i] == '.')
				buf_byte(&p->made.pattern, '\\');
			buf_byte(&p->made.pattern, byte_lower(name.ptr[i]));
		}
		buf_byte(&p->made.pattern, '$');
		feed_emit_made(p, RULE_OF_PATTERN, kind & ~(unsigned)RULE_REACH_MASK);
		buf_reset(&p->made.pattern);
	} else {
		unsigned reach = kind & RULE_REACH_MASK;
		feed_emit_made(p, RULE_OF_NAME,
		    (kind & ~(unsigned)RULE_REACH_MASK) | (below ? RULE_BELOW : reach));
	}
}

static void give_all(struct feed_parser *p, struct slice names, unsigned kind)
{
	/* "/196.245.56.0/24": a network, whose length is no value */
	while (names.ptr != NULL && p->rc == OK)
		give(p, slice_trim(slice_cut(&names, '/')), kind);
}

static void read_address(struct feed_parser *p, struct slice names)
{
	struct slice value;
	struct rule_network address;

	if (!cut_value(&names, &value)) {
		feed_refuse(p, FEED_BAD_LINE);
		return;
	}
	feed_make_begin(p);
	if (value.len > 0 && !slice_equal(value, SLICE_LIT("#"))) {
		if (!feed_read_address(&address, value)) {
			feed_refuse(p,
			    feed_is_address(names) || feed_is_address(value)
			        ? FEED_ADDRESS
			        : FEED_BAD_LINE);
			return;
		}
		feed_make_address(p, &address);
	}
	give_all(p, names, RULE_SUBTREE);
}

/* The server's address without "#port" and "@interface". */
static struct slice server_address(struct slice value)
{
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] == '#' || value.ptr[i] == '@')
			return (struct slice){value.ptr, i};
	}
	return value;
}

static void read_server(struct feed_parser *p, struct slice names)
{
	struct slice value;
	struct rule_network address;
	unsigned kind = RULE_SUBTREE;

	if (!cut_value(&names, &value)) {
		feed_refuse(p, FEED_OPTION); /* server=9.9.9.9: for all names */
		return;
	}
	feed_make_begin(p);
	if (value.len > 0) {
		struct slice at = server_address(value);
		bool usual = at.len == 0;
		if (!usual && !feed_read_address(&address, at)) {
			feed_refuse(
			    p, feed_is_address(names) ? FEED_ADDRESS : FEED_BAD_LINE);
			return;
		}
		if (usual || !feed_is_sink(&address))
			kind |= RULE_EXCEPTION;
	}
	give_all(p, names, kind);
}

/* "a.vn,b.vn,target[,ttl]" */
static void read_cname(struct feed_parser *p, struct slice words)
{
	struct slice parts[NAMES_MAX];
	size_t count = 0;
	uint64_t ttl_s;

	while (words.ptr != NULL && count < NAMES_MAX)
		parts[count++] = slice_trim(slice_cut(&words, ','));
	if (count > 2 && slice_to_u64(parts[count - 1], UINT32_MAX, &ttl_s))
		count--;
	if (words.ptr != NULL || count < 2) {
		feed_refuse(p, FEED_BAD_LINE);
		return;
	}
	feed_make_begin(p);
	if (!feed_make_alias(p, parts[count - 1])) {
		feed_refuse(p, FEED_RECORD);
		return;
	}
	for (size_t i = 0; i + 1 < count && p->rc == OK; i++)
		give(p, parts[i], RULE_EXACT);
}

/* "a.vn,b.vn,10.0.0.1,fd00::1[,ttl]": each name with each address */
static void read_host_record(struct feed_parser *p, struct slice words)
{
	struct slice names[NAMES_MAX];
	struct rule_network addresses[2];
	size_t name_count = 0, address_count = 0;
	uint64_t ttl_s;

	while (words.ptr != NULL && name_count < NAMES_MAX) {
		struct slice part = slice_trim(slice_cut(&words, ','));
		if (address_count < 2 &&
		    feed_read_address(&addresses[address_count], part)) {
			address_count++;
		} else if (words.ptr != NULL || !slice_to_u64(part, UINT32_MAX, &ttl_s)) {
			names[name_count++] = part;
		}
	}
	if (words.ptr != NULL || name_count == 0 || address_count == 0) {
		feed_refuse(p, FEED_BAD_LINE);
		return;
	}
	for (size_t i = 0; i < address_count; i++) {
		feed_make_begin(p);
		feed_make_address(p, &addresses[i]);
		for (size_t k = 0; k < name_count && p->rc == OK; k++)
			give(p, names[k], RULE_EXACT);
	}
}

/* Words of dnsmasq's settings: lower-case letters, digits and hyphens. */
static bool is_setting(struct slice key)
{
	for (size_t i = 0; i < key.len; i++) {
		uint8_t c = key.ptr[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
			return false;
	}
	return key.len > 1;
}

void feed_read_dnsmasq(struct feed_parser *p, struct slice line)
{
	struct slice value = without_comment(line);

	if (value.len == 0) {
		feed_blank(p);
		return;
	}
	struct slice key = slice_trim(slice_cut(&value, '='));
	value = slice_trim(value);
	if (slice_equal(key, SLICE_LIT("address"))) {
		read_address(p, value);
	} else if (slice_equal(key, SLICE_LIT("server")) ||
	    slice_equal(key, SLICE_LIT("local"))) {
		read_server(p, value);
	} else if (slice_equal(key, SLICE_LIT("cname"))) {
		read_cname(p, value);
	} else if (slice_equal(key, SLICE_LIT("host-record"))) {
		read_host_record(p, value);
	} else {
		feed_refuse(p, is_setting(key) ? FEED_OPTION : FEED_BAD_LINE);
	}
}

unsigned feed_probe_dnsmasq(struct slice line)
{
	static const char *const slashed[] = {"address=/", "server=/", "local=/"};

	for (size_t i = 0; i < COUNT_OF(slashed); i++) {
		if (slice_starts(line, slice_of(slashed[i])))
			return 8;
	}
	return slice_starts(line, SLICE_LIT("cname=")) ||
	        slice_starts(line, SLICE_LIT("host-record="))
	    ? 8
	    : 0;
}
