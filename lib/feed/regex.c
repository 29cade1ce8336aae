/* regex: one expression a line, as Pi-hole has them (POSIX extended, which PCRE2 reads with the
 * same meaning for what stands in lists), matched anywhere in a name.
 *
 *   (^|\.)ads[0-9]*\.vn$                 a pattern
 *   (^|\.)a\.vn$   ^a\.vn$               names after all: with all below, alone
 *   …;querytype=A,AAAA  ;querytype=!A    record types
 *   …;reply=NXDOMAIN|NODATA|REFUSED|NONE|IP|address
 *                                        what the list would answer
 *   …;invert                             refused: it covers every name but some
 *   # comment                            nothing */
#include "feed/internal.h"

#include "dns/text.h"
#include "feed/pattern.h"

/* ---- expressions that are names ---- */

struct spelling {
	const char *start;
	unsigned reach;
};

/* How expressions say "the name and all below it", and the name alone. */
static const struct spelling SPELLINGS[] = {
    {"(^|\\.)", RULE_SUBTREE},
    {"(\\.|^)", RULE_SUBTREE},
    {"(?:^|\\.)", RULE_SUBTREE},
    {"(?:\\.|^)", RULE_SUBTREE},
    {"^(.+\\.)?", RULE_SUBTREE},
    {"^(.*\\.)?", RULE_SUBTREE},
    {"^(?:.+\\.)?", RULE_SUBTREE},
    {"(^|.*\\.)", RULE_SUBTREE},
    {"^", RULE_EXACT},
};

/* A name with \. for its dots and a $ behind it. */
static bool read_literal(struct feed_parser *p, struct slice text)
{
	uint8_t name[NAME_TEXT_MAX];
	size_t len = 0;

	if (text.len < 2 || text.len >= sizeof name || text.ptr[text.len - 1] != '$')
		return false;
	for (size_t i = 0; i + 1 < text.len; i++) {
		uint8_t c = byte_lower(text.ptr[i]);
		bool dot = c == '\\' && text.ptr[i + 1] == '.';
		if (!dot && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '-' && c != '_')
			return false;
		i += dot;
		name[len++] = dot ? '.' : c;
	}
	return name[len - 1] != '.' &&
	    feed_read_name(&p->name, (struct slice){name, len}) == FEED_REASONS;
}

static bool is_name(struct feed_parser *p, struct slice text, unsigned *reach)
{
	for (size_t i = 0; i < COUNT_OF(SPELLINGS); i++) {
		struct slice start = slice_of(SPELLINGS[i].start);
		if (!slice_starts(text, start))
			continue;
		*reach = SPELLINGS[i].reach;
		return read_literal(
		    p, (struct slice){text.ptr + start.len, text.len - start.len});
	}
	return false;
}

static bool is_ascii(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] >= 0x80)
			return false;
	}
	return true;
}

/* "^5\.189\.21[89]\.\d{1,3}$": no letter to its end, and no name is made of digits alone. */
static bool is_of_addresses(struct slice text)
{
	if (text.len == 0 || text.ptr[text.len - 1] != '$' ||
	    memmem(text.ptr, text.len, "\\.", 2) == NULL)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = byte_lower(text.ptr[i]);
		bool digit = i > 0 && c == 'd' && text.ptr[i - 1] == '\\';
		if ((c >= 'a' && c <= 'z' && !digit) || c >= 0x80 || c == '_' || c == '*')
			return false;
	}
	return true;
}

void feed_emit_expression(struct feed_parser *p, struct slice text, unsigned kind)
{
	unsigned reach;

	if (!is_ascii(text)) {
		feed_refuse(p, FEED_BAD_PATTERN); /* names are matched as A-labels */
		return;
	}
	if (is_of_addresses(text)) {
		feed_refuse(p, FEED_ADDRESS);
		return;
	}

	if (is_name(p, text, &reach)) {
		feed_emit_made(p, RULE_OF_NAME, kind | reach);
		return;
	}
	buf_append(&p->made.pattern, text);
	feed_emit_made(p, RULE_OF_PATTERN, kind);
}

/* ---- Pi-hole's options ---- */

static enum feed_reason read_types(struct feed_parser *p, struct slice value)
{
	struct rule_terms *t = &p->made.terms;

	t->types_negated = value.len > 0 && value.ptr[0] == '!';
	if (t->types_negated)
		value = (struct slice){value.ptr + 1, value.len - 1};
	do {
		if (t->type_count == RULE_TYPES_MAX)
			return FEED_TERMS;
		if (!text_to_type(
		        slice_trim(slice_cut(&value, ',')), &t->types[t->type_count++]))
			return FEED_VALUE;
	} while (value.ptr != NULL);
	return FEED_REASONS;
}

static enum feed_reason read_reply(struct feed_parser *p, struct slice value)
{
	static const struct {
		const char *word;
		enum rule_action action;
	} replies[] = {
	    {"NXDOMAIN", RULE_NXDOMAIN},
	    {"NODATA", RULE_NODATA},
	    {"REFUSED", RULE_REFUSED},
	    {"NONE", RULE_DROP},
	    {"IP", RULE_PLAIN},
	};
	struct rule_network address;

	for (size_t i = 0; i < COUNT_OF(replies); i++) {
		if (slice_equal_nocase(value, slice_of(replies[i].word))) {
			p->made.terms.action = replies[i].action;
			return FEED_REASONS;
		}
	}
	if (!feed_read_address(&address, value))
		return FEED_VALUE;
	feed_make_address(p, &address);
	return FEED_REASONS;
}

static enum feed_reason read_option(struct feed_parser *p, struct slice option)
{
	struct slice value = option;
	struct slice key = slice_trim(slice_cut(&value, '='));

	value = slice_trim(value);
	if (slice_equal_nocase(key, SLICE_LIT("querytype")))
		return read_types(p, value);
	if (slice_equal_nocase(key, SLICE_LIT("reply")))
		return read_reply(p, value);
	if (slice_equal_nocase(key, SLICE_LIT("invert")))
		return FEED_BROAD;
	return FEED_MODIFIER;
}

static struct slice without_comment(struct slice line)
{
	for (size_t i = 0; i < line.len; i++) {
		if (line.ptr[i] == '#' && (i == 0 || feed_is_blank(line.ptr[i - 1])))
			return slice_trim((struct slice){line.ptr, i});
	}
	return line;
}

void feed_read_regex(struct feed_parser *p, struct slice line)
{
	struct slice options = without_comment(line);
	enum feed_reason reason = FEED_REASONS;

	if (options.len == 0) {
		feed_blank(p);
		return;
	}
	struct slice text = slice_trim(slice_cut(&options, ';'));
	feed_make_begin(p);
	while (options.ptr != NULL && reason == FEED_REASONS)
		reason = read_option(p, slice_trim(slice_cut(&options, ';')));
	if (reason != FEED_REASONS) {
		feed_refuse(p, reason);
	} else if (text.len == 0 || memchr(text.ptr, ' ', text.len) != NULL) {
		feed_refuse(p, FEED_BAD_LINE);
	} else {
		feed_emit_expression(p, text, 0);
	}
}

/* Marks that names and other formats do not have; an expression about URLs holds a slash. */
unsigned feed_probe_regex(struct slice line)
{
	struct slice text = without_comment(line);

	if (text.len < 2 || memchr("|@!/", text.ptr[0], 4) != NULL ||
	    memchr(text.ptr, '/', text.len) != NULL ||
	    memchr(text.ptr, ' ', text.len) != NULL)
		return 0;
	bool marked = text.ptr[0] == '^' || slice_starts(text, SLICE_LIT("(^|")) ||
	    slice_starts(text, SLICE_LIT("(\\.|^)")) ||
	    memmem(text.ptr, text.len, "\\.", 2) != NULL;
	return marked ? 6 : 0;
}
