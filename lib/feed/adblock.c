/* adblock: the part of the browsers' filter language that speaks of whole names.
 *
 *   ||name^  ||name  ||name^|  ||name^*   the name and all below it
 *   ||*.name^                             what is below the name
 *   |name^  |name|                        the name alone
 *   @@ before any of these                an exception for this feed
 *   name                                  as far as the feed's `match` says
 *   address name…                         as in a hosts file
 *   $important  $all                      understood; browser-only modifiers make the rule
 *                                         mean nothing here, others refuse it
 *   ! comment  # comment  [Adblock Plus]  nothing
 *   name##selector  ||name/path           for browsers alone: nothing */
#include "feed/internal.h"

enum modifier {
	MODIFIER_NOTHING,
	MODIFIER_IMPORTANT,
	MODIFIER_BROWSER,
	MODIFIER_REFUSED
};

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

static enum modifier modifier_of(struct slice word)
{
	struct slice rest = word;
	struct slice name = slice_trim(slice_cut(&rest, '='));

	if (name.len > 0 && name.ptr[0] == '~')
		name = (struct slice){name.ptr + 1, name.len - 1};
	if (slice_equal(name, SLICE_LIT("important")))
		return MODIFIER_IMPORTANT;
	if (slice_equal(name, SLICE_LIT("all")))
		return MODIFIER_NOTHING;
	for (size_t i = 0; i < COUNT_OF(BROWSER_ONLY); i++) {
		if (slice_equal(name, slice_of(BROWSER_ONLY[i])))
			return MODIFIER_BROWSER;
	}
	return MODIFIER_REFUSED;
}

/* All modifiers together; MODIFIER_IMPORTANT only when nothing stronger stands beside it.
 * A comma inside a value (\, or a list) starts a word that is unknown: refused, not guessed. */
static enum modifier modifiers_of(struct slice words)
{
	enum modifier all = MODIFIER_NOTHING;

	while (words.ptr != NULL) {
		enum modifier one = modifier_of(slice_cut(&words, ','));
		if (one > all)
			all = one;
	}
	return all;
}

static bool has_byte(struct slice s, uint8_t c)
{
	return s.len > 0 && memchr(s.ptr, c, s.len) != NULL;
}

/* name##css, #@#css, name#?#css, name#$#css, name#%#script, name$$html, name$@$html. */
static bool is_cosmetic(struct slice line)
{
	for (size_t i = 0; i + 1 < line.len; i++) {
		uint8_t c = line.ptr[i], next = line.ptr[i + 1];
		if (c == '#' && memchr("#@?$%", next, 5) != NULL)
			return true;
		if (c == '$' && (next == '$' || next == '@'))
			return true;
	}
	return false;
}

static bool is_comment(struct slice line)
{
	return line.ptr[0] == '!' || line.ptr[0] == '[' ||
	    (line.ptr[0] == '#' && !is_cosmetic(line));
}

/* What may stand behind a name without changing which names are meant. */
static bool is_plain_end(struct slice end)
{
	return end.len == 0 || slice_equal(end, SLICE_LIT("^")) ||
	    slice_equal(end, SLICE_LIT("|")) || slice_equal(end, SLICE_LIT("^|")) ||
	    slice_equal(end, SLICE_LIT("^*"));
}

/* A name with `end` behind it. "||word." without a separator is the beginning of many
 * names, not one. */
static void read_anchored(struct feed_parser *p, struct slice pattern, unsigned kind)
{
	if (slice_starts(pattern, SLICE_LIT("*."))) {
		pattern = (struct slice){pattern.ptr + 2, pattern.len - 2};
		kind = (kind & ~(unsigned)RULE_REACH_MASK) | RULE_BELOW;
	}
	size_t len = 0;
	while (len < pattern.len && memchr("^|/*", pattern.ptr[len], 4) == NULL)
		len++;
	struct slice name = {pattern.ptr, len};
	struct slice end = {pattern.ptr + len, pattern.len - len};
	if (!is_plain_end(end)) {
		bool path = has_byte(end, '/') || has_byte(end, ':');
		if (path && !has_byte(name, '*')) {
			feed_idle(p);
		} else {
			feed_refuse(p, FEED_PATTERN);
		}
		return;
	}
	bool open = end.len == 0 && len > 0 && name.ptr[len - 1] == '.';
	enum feed_reason reason = open ? FEED_PATTERN : feed_read_name(&p->name, name);
	if (reason == FEED_URL) {
		feed_idle(p); /* a port or a scheme: only a browser sees those */
	} else if (reason != FEED_REASONS) {
		feed_refuse(p, reason);
	} else {
		feed_emit(p, kind);
	}
}

/* ".example.com", "-ads-": to be found anywhere in a name. */
static bool is_part_of_name(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = byte_lower(s.ptr[i]);
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '.' &&
		    c != '-' && c != '_')
			return false;
	}
	return true;
}

/* Without an anchor: a bare name, a hosts line, or a pattern for URLs. */
static void read_unanchored(struct feed_parser *p, struct slice pattern, unsigned kind)
{
	if (has_byte(pattern, '*') || has_byte(pattern, '^') || has_byte(pattern, '|')) {
		if (has_byte(pattern, '/')) {
			feed_idle(p);
		} else {
			feed_refuse(p, FEED_PATTERN);
		}
		return;
	}
	enum feed_reason reason = feed_read_name(&p->name, pattern);
	bool single = reason == FEED_REASONS && name_label_count(name_of(&p->name)) == 1;
	if (single || (reason == FEED_BAD_NAME && is_part_of_name(pattern))) {
		feed_refuse(p, FEED_PATTERN);
	} else if (reason == FEED_REASONS) {
		feed_emit(p, kind | feed_bare_kind(p));
	} else if (reason == FEED_URL) {
		feed_idle(p);
	} else {
		feed_refuse(p, reason);
	}
}

static void read_pattern(struct feed_parser *p, struct slice pattern, unsigned kind)
{
	if (slice_starts(pattern, SLICE_LIT("||"))) {
		read_anchored(p, (struct slice){pattern.ptr + 2, pattern.len - 2},
		    kind | RULE_SUBTREE);
	} else if (slice_starts(pattern, SLICE_LIT("|"))) {
		read_anchored(
		    p, (struct slice){pattern.ptr + 1, pattern.len - 1}, kind | RULE_EXACT);
	} else {
		read_unanchored(p, pattern, kind);
	}
}

/* A line that is neither comment nor cosmetic. */
static void read_rule(struct feed_parser *p, struct slice rule)
{
	unsigned kind = 0;

	if (slice_starts(rule, SLICE_LIT("@@"))) {
		kind = RULE_EXCEPTION;
		rule = (struct slice){rule.ptr + 2, rule.len - 2};
	}
	if (rule.len > 1 && rule.ptr[0] == '/') {
		/* a regular expression, or the path of a URL */
		if (has_byte((struct slice){rule.ptr + 1, rule.len - 1}, '/') &&
		    (rule.ptr[rule.len - 1] == '/' || has_byte(rule, '$'))) {
			feed_refuse(p, FEED_PATTERN);
		} else {
			feed_idle(p);
		}
		return;
	}
	struct slice modifiers = rule;
	struct slice pattern = slice_cut(&modifiers, '$');
	enum modifier what = modifiers_of(modifiers);
	if (what == MODIFIER_IMPORTANT)
		kind |= RULE_IMPORTANT;
	if (what == MODIFIER_REFUSED) {
		feed_refuse(p, FEED_MODIFIER);
	} else if (what == MODIFIER_BROWSER) {
		feed_idle(p);
	} else if (pattern.len == 0) {
		feed_refuse(p, FEED_BAD_LINE);
	} else {
		read_pattern(p, pattern, kind);
	}
}

void feed_read_adblock(struct feed_parser *p, struct slice line)
{
	if (is_comment(line)) {
		feed_blank(p);
		return;
	}
	/* Most lines are ||name^ and hold none of these marks. */
	if ((has_byte(line, '#') || has_byte(line, '$')) && is_cosmetic(line)) {
		feed_idle(p);
		return;
	}
	struct slice rest = line;
	struct slice first = feed_next_word(&rest);
	struct slice second = feed_next_word(&rest);
	if (second.len > 0 && second.ptr[0] != '#' && second.ptr[0] != '!') {
		if (has_byte(first, '$') || has_byte(first, '/')) {
			feed_idle(p); /* values of browser modifiers may hold blanks */
		} else {
			feed_read_plain(p, line);
		}
		return;
	}
	read_rule(p, first);
}

/* "##.ad", "###ad", "##div": a selector for all pages; "## text" and "####" decorate. */
static bool is_generic_cosmetic(struct slice line)
{
	if (line.len < 4 || line.ptr[1] != '#')
		return false;
	uint8_t c = byte_lower(line.ptr[2]);
	return c == '.' || c == '[' || (c >= 'a' && c <= 'z') ||
	    (c == '#' && byte_lower(line.ptr[3]) >= 'a' && byte_lower(line.ptr[3]) <= 'z');
}

unsigned feed_probe_adblock(struct slice line)
{
	if (slice_starts(line, SLICE_LIT("||")) || slice_starts(line, SLICE_LIT("@@")))
		return 4;
	if (slice_starts(line, SLICE_LIT("[Adblock")))
		return 8;
	if (line.ptr[0] == '!')
		return 2;
	if (line.ptr[0] == '#' ? is_generic_cosmetic(line) : is_cosmetic(line))
		return 3;
	return feed_probe_domains(line) > 0 ? 1 : 0;
}
