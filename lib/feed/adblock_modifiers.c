/* What stands behind the $ of an adblock rule, with AdGuard's meaning for DNS.
 *
 *   important  badfilter  all               flags; `all` means every kind of request: nothing
 *   dnstype=A|AAAA  dnstype=~CNAME          record types
 *   denyallow=a.vn|b.vn                     names that are left out, with all below
 *   client=10.0.0.0/8|~'Room 3'             who asks
 *   ctag=device_phone|~device_pc            what kind of device asks
 *   dnsrewrite=…                            what the list would answer
 *
 * A comma, a | and a quote inside a value are written with \ before them. */
#include "dns/codes.h"
#include "dns/text.h"
#include "feed/adblock.h"

/* Modifiers that narrow a rule to requests only a browser can tell apart. Sorted. */
static const char *const BROWSER_ONLY[] = {"1p", "3p", "app", "background", "beacon", "bug",
    "cname", "content", "cookie", "csp", "css", "doc", "document", "domain", "ehide",
    "elemhide", "empty", "extension", "first-party", "font", "frame", "from",
    "genericblock", "generichide", "ghide", "header", "hls", "iframe", "image", "img",
    "inline-font", "inline-script", "jsinject", "jsonprune", "match-case", "media",
    "method", "mp4", "network", "object", "object-subrequest", "other", "path",
    "permissions", "ping", "popunder", "popup", "queryprune", "redirect", "redirect-rule",
    "referrerpolicy", "removeheader", "removeparam", "replace", "rewrite", "script",
    "shide", "sitekey", "specifichide", "stealth", "strict1p", "strict3p", "stylesheet",
    "subdocument", "third-party", "to", "uritransform", "url", "urlblock", "urltransform",
    "webbundle", "webrtc", "websocket", "xhr", "xmlhttprequest", "xmlprune"};

static bool is_browser_only(struct slice name)
{
	for (size_t i = 0; i < COUNT_OF(BROWSER_ONLY); i++) {
		if (slice_equal(name, slice_of(BROWSER_ONLY[i])))
			return true;
	}
	return false;
}

/* As slice_cut, but not at a separator with \ before it. */
static struct slice cut_unescaped(struct slice *rest, uint8_t separator)
{
	for (size_t i = 0; i < rest->len; i++) {
		if (rest->ptr[i] == '\\' && i + 1 < rest->len) {
			i++;
		} else if (rest->ptr[i] == separator) {
			struct slice head = {rest->ptr, i};
			*rest = (struct slice){rest->ptr + i + 1, rest->len - i - 1};
			return head;
		}
	}
	struct slice all = *rest;
	*rest = SLICE_EMPTY;
	return all;
}

/* Cuts "~" off the front. */
static bool cut_tilde(struct slice *item)
{
	if (item->len == 0 || item->ptr[0] != '~')
		return false;
	*item = (struct slice){item->ptr + 1, item->len - 1};
	return true;
}

/* ---- the modifiers that have a value ---- */

/* Where both kinds stand, those without ~ alone count: "~A|AAAA" says AAAA. */
static enum feed_reason read_dnstype(struct feed_parser *p, struct slice value)
{
	struct rule_terms *t = &p->made.terms;

	do {
		struct slice item = slice_trim(cut_unescaped(&value, '|'));
		uint16_t type;
		bool negated = cut_tilde(&item);
		if (!text_to_type(item, &type))
			return FEED_VALUE;
		if (negated && t->type_count > 0 && !t->types_negated)
			continue;
		if (!negated && t->types_negated)
			t->type_count = 0;
		if (t->type_count == RULE_TYPES_MAX)
			return FEED_TERMS;
		t->types_negated = negated;
		t->types[t->type_count++] = type;
	} while (value.ptr != NULL);
	return FEED_REASONS;
}

static enum feed_reason read_denyallow(struct feed_parser *p, struct slice value)
{
	struct name_buf name;

	do {
		struct slice item = slice_trim(cut_unescaped(&value, '|'));
		if (item.len > 0 && item.ptr[item.len - 1] == '^')
			item.len--; /* written as in a pattern, meant as a name */
		if (feed_read_name(&name, item) != FEED_REASONS)
			return FEED_VALUE;
		buf_append(&p->made.denyallow, (struct slice){name.wire, name.len});
	} while (value.ptr != NULL);
	return FEED_REASONS;
}

/* Without its quotes, if it has some, and without the \ before other bytes. */
static struct slice unquote(uint8_t out[255], struct slice item)
{
	size_t len = 0;

	if (item.len >= 2 && (item.ptr[0] == '\'' || item.ptr[0] == '"') &&
	    item.ptr[item.len - 1] == item.ptr[0])
		item = (struct slice){item.ptr + 1, item.len - 2};
	for (size_t i = 0; i < item.len && len < 255; i++) {
		if (item.ptr[i] == '\\' && i + 1 < item.len)
			i++;
		out[len++] = item.ptr[i];
	}
	return (struct slice){out, len};
}

static enum feed_reason read_client(struct feed_parser *p, struct slice value)
{
	uint8_t copy[255];
	struct rule_network network;

	do {
		struct slice item = slice_trim(cut_unescaped(&value, '|'));
		bool negated = cut_tilde(&item);
		struct slice word = unquote(copy, item);
		if (word.len == 0 || item.len > sizeof copy)
			return FEED_VALUE;
		if (!feed_read_network(&network, word))
			network = (struct rule_network){.family = 0};
		rule_list_client(&p->made.clients, negated, &network, word);
	} while (value.ptr != NULL);
	return FEED_REASONS;
}

static enum feed_reason read_ctag(struct feed_parser *p, struct slice value)
{
	do {
		struct slice item = slice_trim(cut_unescaped(&value, '|'));
		bool negated = cut_tilde(&item);
		for (size_t i = 0; i < item.len; i++) {
			uint8_t c = item.ptr[i];
			if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_')
				return FEED_VALUE;
		}
		if (!rule_list_word(&p->made.tags, negated, item))
			return FEED_VALUE;
	} while (value.ptr != NULL);
	return FEED_REASONS;
}

/* ---- dnsrewrite ---- */

static bool rewrite_to_rcode(struct rule_terms *t, struct slice word)
{
	static const struct {
		const char *word;
		enum rule_action action;
	} rcodes[] = {
	    {"NOERROR", RULE_NODATA}, {"NXDOMAIN", RULE_NXDOMAIN},
	    {"REFUSED", RULE_REFUSED},
	    {"SERVFAIL", RULE_REFUSED}, /* no answer of ours says that a server failed */
	};
	for (size_t i = 0; i < COUNT_OF(rcodes); i++) {
		if (slice_equal_nocase(word, slice_of(rcodes[i].word))) {
			t->action = rcodes[i].action;
			return true;
		}
	}
	return false;
}

/* "NOERROR;A;1.2.3.4", "NXDOMAIN;;" */
static enum feed_reason rewrite_in_full(struct feed_parser *p, struct slice value)
{
	struct rule_terms *t = &p->made.terms;
	struct slice rcode = slice_cut(&value, ';');
	struct slice type_word = slice_trim(slice_cut(&value, ';'));
	struct rule_network address;
	uint16_t type;

	if (!rewrite_to_rcode(t, slice_trim(rcode)))
		return FEED_VALUE;
	if (type_word.len == 0)
		return slice_trim(value).len == 0 ? FEED_REASONS : FEED_VALUE;
	if (t->action != RULE_NODATA || !text_to_type(type_word, &type))
		return FEED_VALUE;
	value = slice_trim(value);
	switch (type) {
	case TYPE_A:
	case TYPE_AAAA:
		if (!feed_read_address(&address, value) ||
		    (address.family == 4) != (type == TYPE_A))
			return FEED_VALUE;
		feed_make_address(p, &address);
		return FEED_REASONS;
	case TYPE_CNAME:
		return feed_make_alias(p, value) ? FEED_REASONS : FEED_VALUE;
	default:
		return feed_make_record(p, type, value) ? FEED_REASONS : FEED_VALUE;
	}
}

static enum feed_reason read_dnsrewrite(
    struct feed_parser *p, struct slice value, unsigned kind)
{
	struct rule_network address;

	value = slice_trim(value);
	/* An exception takes rewriting back, of this value or of any; other rules stay. */
	if (value.len == 0 && (kind & RULE_EXCEPTION) != 0) {
		p->made.terms.action = RULE_ANY_DATA;
		return FEED_REASONS;
	}
	if (value.len == 0)
		return FEED_VALUE;
	if (memchr(value.ptr, ';', value.len) != NULL)
		return rewrite_in_full(p, value);
	if (rewrite_to_rcode(&p->made.terms, value))
		return FEED_REASONS;
	if (feed_read_address(&address, value)) {
		feed_make_address(p, &address);
		return FEED_REASONS;
	}
	return feed_make_alias(p, value) ? FEED_REASONS : FEED_VALUE;
}

/* ---- all of them ---- */

static enum feed_reason read_value(
    struct feed_parser *p, struct slice name, struct slice value, unsigned kind)
{
	if (slice_equal(name, SLICE_LIT("dnsrewrite")))
		return read_dnsrewrite(p, value, kind);
	if (slice_trim(value).len == 0)
		return FEED_VALUE;
	if (slice_equal(name, SLICE_LIT("dnstype")))
		return read_dnstype(p, value);
	if (slice_equal(name, SLICE_LIT("denyallow")))
		return read_denyallow(p, value);
	if (slice_equal(name, SLICE_LIT("client")))
		return read_client(p, value);
	return read_ctag(p, value);
}

static bool has_value(struct slice name)
{
	return slice_equal(name, SLICE_LIT("dnsrewrite")) ||
	    slice_equal(name, SLICE_LIT("dnstype")) ||
	    slice_equal(name, SLICE_LIT("denyallow")) ||
	    slice_equal(name, SLICE_LIT("client")) || slice_equal(name, SLICE_LIT("ctag"));
}

static void read_one(struct feed_parser *p, struct adblock_modifiers *m, struct slice word)
{
	struct slice value = word;
	struct slice name = slice_trim(slice_cut(&value, '='));
	struct slice bare = name;
	enum feed_reason reason = FEED_REASONS;

	(void)cut_tilde(&bare);
	if (slice_equal(name, SLICE_LIT("important"))) {
		m->kind |= RULE_IMPORTANT;
	} else if (slice_equal(name, SLICE_LIT("badfilter"))) {
		p->made.terms.badfilter = true;
	} else if (has_value(name)) {
		reason = read_value(p, name, value, m->kind);
	} else if (is_browser_only(bare)) {
		m->for_browsers = true;
	} else if (!slice_equal(name, SLICE_LIT("all"))) {
		reason = FEED_MODIFIER;
	}
	if (m->reason == FEED_REASONS)
		m->reason = reason;
}

void adblock_read_modifiers(
    struct feed_parser *p, struct adblock_modifiers *m, struct slice words)
{
	feed_make_begin(p);
	do {
		read_one(p, m, cut_unescaped(&words, ','));
	} while (words.ptr != NULL);
}
