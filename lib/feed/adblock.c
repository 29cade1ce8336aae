/* adblock: the part of the browsers' filter language that speaks of names, with AdGuard's
 * meaning for DNS.
 *
 *   ||name^  ||name  ||name^|  ||name^*   the name and all below it
 *   ||*.name^  *.name  .name^             what is below the name
 *   |name^  |name|                        the name alone
 *   @@ before any of these                an exception for this feed
 *   name                                  as far as the feed's `match` says
 *   address name…                         as in a hosts file
 *   ||ad*.name^  |ads.  -ads-  *word*     a pattern: || is the start of a name or of a label,
 *                                         | a start or an end, ^ an end, * anything
 *   /expression/                          a pattern as it stands
 *   $modifiers                            adblock_modifiers.c
 *   ! comment  # comment  [Adblock Plus]  nothing
 *   ||name/  |http://name^                as ||name^ (any path, too), and as |name^
 *   name##selector  ||name/path           for browsers alone: nothing */
#include "feed/adblock.h"
#include "feed/tld.h"

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

/* What may stand behind a name without changing which names are meant. A name is matched as
 * "http://name/", so that a path of nothing, or of anything, is met too. */
static bool is_plain_end(struct slice end)
{
	static const char *const ends[] = {"", "^", "|", "^|", "^*", "/", "/*"};

	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		if (slice_equal(end, slice_of(ends[i])))
			return true;
	}
	return false;
}

static void emit(struct feed_parser *p, const struct adblock_modifiers *m, unsigned reach)
{
	if (m->made) {
		feed_emit_made(p, RULE_OF_NAME, m->kind | reach);
	} else {
		feed_emit(p, m->kind | reach);
	}
}

/* ---- patterns ---- */

static struct slice without_first(struct slice s, size_t n)
{
	return (struct slice){s.ptr + n, s.len - n};
}

static bool ends_with_byte(struct slice s, const char *bytes)
{
	return s.len > 0 && strchr(bytes, s.ptr[s.len - 1]) != NULL &&
	    s.ptr[s.len - 1] != 0;
}

static struct feed_glob glob_of(struct slice pattern)
{
	struct feed_glob g = {.body = pattern, .start = FEED_GLOB_ANYWHERE};

	if (slice_starts(g.body, SLICE_LIT("||"))) {
		g = (struct feed_glob){
		    without_first(pattern, 2), FEED_GLOB_AT_LABEL, false};
	} else if (slice_starts(g.body, SLICE_LIT("|"))) {
		g = (struct feed_glob){
		    without_first(pattern, 1), FEED_GLOB_AT_START, false};
	} else if (slice_starts(g.body, SLICE_LIT("://"))) {
		g = (struct feed_glob){
		    without_first(pattern, 3), FEED_GLOB_AT_START, false};
	}
	for (; g.body.len > 0 && g.body.ptr[0] == '*'; g.body = without_first(g.body, 1))
		g.start = FEED_GLOB_ANYWHERE;
	/* "name^*" ends as "name^" does: no name goes on behind a separator */
	while (ends_with_byte(g.body, "*"))
		g.body.len--;
	for (; ends_with_byte(g.body, "^|"); g.body.len--)
		g.ended = true;
	for (; ends_with_byte(g.body, "*"); g.body.len--)
		g.ended = false;
	return g;
}

/* "://name^" is the name alone. */
static bool is_name_alone(struct feed_parser *p, const struct feed_glob *g)
{
	return g->start == FEED_GLOB_AT_START && g->ended && !has_byte(g->body, '*') &&
	    feed_read_name(&p->name, g->body) == FEED_REASONS;
}

/* ".name^" is what is below the name; ".name" is meant so where it ends as names do. */
static bool is_below_name(struct feed_parser *p, const struct feed_glob *g)
{
	size_t dot = g->body.len;

	if (g->start == FEED_GLOB_AT_START || g->body.len < 2 || g->body.ptr[0] != '.' ||
	    has_byte(g->body, '*') ||
	    feed_read_name(&p->name, without_first(g->body, 1)) != FEED_REASONS)
		return false;
	while (g->body.ptr[dot - 1] != '.')
		dot--;
	return g->ended || feed_is_tld(without_first(g->body, dot));
}

static bool has_high_byte(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] >= 0x80)
			return true;
	}
	return false;
}

static void read_glob(
    struct feed_parser *p, struct adblock_modifiers *m, struct slice pattern)
{
	struct feed_glob g = glob_of(pattern);

	bool all = g.body.len == 0 || slice_equal(g.body, SLICE_LIT("."));
	bool wide = (m->kind & RULE_EXCEPTION) != 0 &&
	    (p->options.wide_exceptions || p->options.looking);
	if (all && !wide) {
		feed_refuse(p, FEED_ROOT);
	} else if (all) {
		if (!m->made)
			feed_make_begin(p);
		buf_byte(&p->made.pattern, '^'); /* matches whatever follows */
		feed_emit_made(p, RULE_OF_PATTERN, m->kind);
	} else if (has_high_byte(g.body)) {
		feed_refuse(
		    p, FEED_PATTERN); /* a pattern of U-labels: names are A-labels */
	} else if (!feed_glob_is_of_names(g.body)) {
		feed_idle(p);
	} else if (is_name_alone(p, &g)) {
		emit(p, m, RULE_EXACT);
	} else if (is_below_name(p, &g)) {
		emit(p, m, RULE_BELOW);
	} else {
		if (!m->made)
			feed_make_begin(p);
		feed_glob_write(&p->made.pattern, &g);
		feed_emit_made(p, RULE_OF_PATTERN, m->kind);
	}
}

/* What stands between the slashes. A slash inside speaks of URLs. */
static void read_expression(
    struct feed_parser *p, struct adblock_modifiers *m, struct slice text)
{
	if (has_byte(text, '/')) {
		feed_idle(p);
		return;
	}
	if (!m->made)
		feed_make_begin(p);
	feed_emit_expression(p, text, m->kind);
}

/* ---- names ---- */

/* Whether nothing says where the name ends: "||word." and "||word" begin many names, and so
 * does all behind a single bar. */
static bool is_open(struct slice name, struct slice end, size_t bars)
{
	if (end.len > 0 || name.len == 0)
		return false;
	return bars == 1 || name.ptr[name.len - 1] == '.' ||
	    (!has_byte(name, '.') && !feed_is_tld(name));
}

/* A name with `end` behind it, or a pattern. */
static void read_anchored(
    struct feed_parser *p, struct adblock_modifiers *m, struct slice pattern, size_t bars)
{
	struct slice body = without_first(pattern, bars);
	unsigned reach = bars == 2 ? RULE_SUBTREE : RULE_EXACT;

	if (slice_starts(body, SLICE_LIT("*."))) {
		body = without_first(body, 2);
		reach = RULE_BELOW;
	}
	size_t len = 0;
	while (len < body.len && memchr("^|/*", body.ptr[len], 4) == NULL)
		len++;
	struct slice name = {body.ptr, len};
	struct slice end = without_first(body, len);
	if (is_open(name, end, bars) || !is_plain_end(end)) {
		if (has_byte(body, '/') || has_byte(body, ':')) {
			feed_idle(p);
		} else {
			read_glob(p, m, pattern);
		}
		return;
	}
	enum feed_reason reason = feed_read_name(&p->name, name);
	if (reason == FEED_URL) {
		feed_idle(p); /* a port or a scheme: only a browser sees those */
	} else if (name.len == 0) {
		feed_refuse(p, FEED_ROOT);
	} else if (reason != FEED_REASONS) {
		feed_refuse(p, reason);
	} else {
		emit(p, m, reach);
	}
}

/* "-ads-", "-ad.gif": no name begins or ends with a hyphen that a list would mean. */
static bool has_hyphen_edge(struct slice s)
{
	return s.ptr[0] == '-' || s.ptr[s.len - 1] == '-';
}

/* ".ads.", "ads.", "_ad_": parts of names, by how they begin and end. */
static bool is_part_of_name(struct slice s)
{
	return s.len > 1 &&
	    (memchr("._", s.ptr[0], 2) != NULL ||
	        memchr("._", s.ptr[s.len - 1], 2) != NULL);
}

/* ".aspx?id=", "&banner=": what stands behind the name in an URL. */
static bool is_of_url(struct slice s)
{
	return has_byte(s, '?') || has_byte(s, '=') || has_byte(s, '&') || has_byte(s, '%');
}

/* Without an anchor: a bare name, part of a name, or a pattern for URLs. */
static void read_unanchored(
    struct feed_parser *p, struct adblock_modifiers *m, struct slice pattern)
{
	if (has_byte(pattern, '*') || has_byte(pattern, '^') || has_byte(pattern, '|') ||
	    slice_starts(pattern, SLICE_LIT("://"))) {
		read_glob(p, m, pattern);
		return;
	}
	enum feed_reason reason = feed_read_name(&p->name, pattern);
	bool single = reason == FEED_REASONS && name_label_count(name_of(&p->name)) == 1;
	if (feed_glob_is_of_names(pattern) &&
	    (has_hyphen_edge(pattern) ||
	        ((single || reason == FEED_BAD_NAME) && is_part_of_name(pattern)))) {
		read_glob(p, m, pattern);
	} else if (single) {
		/* "fe": a word that is in half of all names, or a top-level domain */
		feed_refuse(p, FEED_TLD);
	} else if (reason == FEED_REASONS) {
		emit(p, m, feed_bare_kind(p));
	} else if (reason == FEED_URL || is_of_url(pattern)) {
		feed_idle(p);
	} else {
		feed_refuse(p, reason);
	}
}

/* "|http://name^", "http://name/": the name alone. No name is matched with another scheme. */
static bool read_http(
    struct feed_parser *p, struct adblock_modifiers *m, struct slice pattern)
{
	size_t scheme = slice_starts(pattern, SLICE_LIT("|http://")) ? 8
	    : slice_starts(pattern, SLICE_LIT("http://"))            ? 7
	                                                             : 0;
	struct slice name = without_first(pattern, scheme);
	size_t len = 0;

	while (len < name.len && memchr("^|/*", name.ptr[len], 4) == NULL)
		len++;
	struct slice end = without_first(name, len);
	name.len = len;
	if (scheme == 0 || end.len == 0 || !is_plain_end(end) ||
	    feed_read_name(&p->name, name) != FEED_REASONS)
		return false;
	emit(p, m, RULE_EXACT);
	return true;
}

static void read_pattern(
    struct feed_parser *p, struct adblock_modifiers *m, struct slice pattern)
{
	if (read_http(p, m, pattern))
		return;
	if (slice_starts(pattern, SLICE_LIT("||"))) {
		read_anchored(p, m, pattern, 2);
	} else if (slice_starts(pattern, SLICE_LIT("|"))) {
		read_anchored(p, m, pattern, 1);
	} else {
		read_unanchored(p, m, pattern);
	}
}

/* ---- rules ---- */

/* The length of "/expression/" at the start of a rule; 0: there is none. */
static size_t expression_length(struct slice rule)
{
	if (rule.len < 3 || rule.ptr[0] != '/')
		return 0;
	for (size_t i = rule.len; i > 2; i--) {
		if (rule.ptr[i - 1] == '/' && (i == rule.len || rule.ptr[i] == '$'))
			return i;
	}
	return 0;
}

/* A line that is neither comment nor cosmetic. */
static void read_rule(struct feed_parser *p, struct slice rule)
{
	struct adblock_modifiers m = {.reason = FEED_REASONS};

	if (slice_starts(rule, SLICE_LIT("@@"))) {
		m.kind = RULE_EXCEPTION;
		rule = without_first(rule, 2);
	}
	size_t expression = expression_length(rule);
	struct slice words = without_first(rule, expression);
	struct slice pattern = slice_cut(&words, '$');
	if (expression == 0 && rule.len > 1 && rule.ptr[0] == '/') {
		feed_idle(p); /* the path of a URL */
		return;
	}
	m.made = words.ptr != NULL;
	if (m.made)
		adblock_read_modifiers(p, &m, words);
	if (m.reason != FEED_REASONS) {
		feed_refuse(p, m.reason);
	} else if (m.for_browsers) {
		feed_idle(p);
	} else if (expression > 0) {
		read_expression(p, &m, (struct slice){rule.ptr + 1, expression - 2});
	} else if (pattern.len == 0) {
		feed_refuse(p, m.made ? FEED_ROOT : FEED_BAD_LINE);
	} else {
		read_pattern(p, &m, pattern);
	}
}

/* A rule with blanks in it: they stand in a modifier's value, or it is a hosts line. */
static void read_words(struct feed_parser *p, struct slice line, struct slice first)
{
	static const char *const ours[] = {"client=", "ctag=", "dnsrewrite="};

	for (size_t i = 0; has_byte(first, '$') && i < COUNT_OF(ours); i++) {
		if (memmem(line.ptr, line.len, ours[i], strlen(ours[i])) != NULL) {
			read_rule(p, line);
			return;
		}
	}
	if (has_byte(first, '$') || has_byte(first, '/')) {
		feed_idle(p); /* values of browser modifiers may hold blanks */
	} else {
		feed_read_plain(p, line);
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
		read_words(p, line, first);
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

/* "name$important": what stands behind the $ is said in this format only. */
static bool has_modifier_of_dns(struct slice line)
{
	static const char *const words[] = {"$important", "$badfilter",
	    "$dnstype=", "$client=", "$ctag=", "$denyallow=", "$dnsrewrite"};

	for (size_t i = 0; has_byte(line, '$') && i < COUNT_OF(words); i++) {
		if (memmem(line.ptr, line.len, words[i], strlen(words[i])) != NULL)
			return true;
	}
	return false;
}

unsigned feed_probe_adblock(struct slice line)
{
	if (slice_starts(line, SLICE_LIT("||")) || slice_starts(line, SLICE_LIT("@@")))
		return 4;
	if (slice_starts(line, SLICE_LIT("[Adblock")))
		return 8;
	if (line.ptr[0] == '!')
		return 2;
	if (line.ptr[0] != '#' && has_modifier_of_dns(line))
		return 4;
	if (expression_length(line) > 0 && line.ptr[1] != '/' && line.ptr[1] != '*')
		return 3;
	if (line.ptr[0] == '#' ? is_generic_cosmetic(line) : is_cosmetic(line))
		return 3;
	return feed_probe_domains(line) > 0 ? 1 : 0;
}
