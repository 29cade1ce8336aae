/* Which letters a name must hold for a pattern to match it.
 *
 * Only what is certain counts: letters outside groups and classes that no quantifier can take
 * away, in a row. Anything in a pattern that this reader does not know ends the search with
 * "nothing is certain", and such a pattern is then asked of every name. */
#include "ruledb/internal.h"

struct scan {
	struct reader in;
	struct literal now;  /* the letters in a row */
	struct literal best; /* the longest such of this alternative */
	bool unknown;
};

static int peek(const struct scan *s)
{
	return s->in.left > 0 ? s->in.ptr[0] : -1;
}

static int next(struct scan *s)
{
	int c = peek(s);
	if (c >= 0)
		(void)reader_u8(&s->in);
	return c;
}

static void end_row(struct scan *s)
{
	if (s->now.len > s->best.len)
		s->best = s->now;
	s->now.len = 0;
}

/* {n}, {n,} or {n,m}; *least is n. Anything else that begins like one is unknown. */
static bool read_braces(struct scan *s, unsigned *least)
{
	unsigned value = 0, digits = 0;

	(void)next(s);
	for (; peek(s) >= '0' && peek(s) <= '9' && digits < 5; digits++)
		value = value * 10 + (unsigned)(next(s) - '0');
	if (digits == 0)
		return false;
	*least = value;
	if (peek(s) == ',') {
		(void)next(s);
		while (peek(s) >= '0' && peek(s) <= '9')
			(void)next(s);
	}
	return next(s) == '}';
}

/* What follows one item; true when there was a quantifier. *least: how often at least. */
static bool read_quantifier(struct scan *s, unsigned *least)
{
	int c = peek(s);

	*least = 1;
	if (c == '*' || c == '?') {
		*least = 0;
		(void)next(s);
	} else if (c == '+') {
		(void)next(s);
	} else if (c == '{') {
		if (!read_braces(s, least))
			s->unknown = true;
	} else {
		return false;
	}
	if (peek(s) == '?' || peek(s) == '+')
		(void)next(s); /* lazy, possessive */
	if (peek(s) == '{' || peek(s) == '*')
		s->unknown = true;
	return true;
}

static void take_letter(struct scan *s, int c)
{
	unsigned least;
	bool quantified = read_quantifier(s, &least);

	if (least > 0) {
		if (s->now.len == LITERAL_MAX_BYTES)
			end_row(s);
		s->now.bytes[s->now.len++] = byte_lower((uint8_t)c);
	}
	if (quantified)
		end_row(s);
}

/* An item of no certain letter. */
static void take_other(struct scan *s)
{
	unsigned least;

	end_row(s);
	(void)read_quantifier(s, &least);
}

static bool is_letter_or_digit(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Escapes without an argument that match one octet or a place. */
static bool is_simple_class(int c)
{
	return c > 0 && strchr("dDwWsShHvVbBAzZ", c) != NULL;
}

static void take_escape(struct scan *s)
{
	int c = next(s);

	if (c < 0)
		s->unknown = true;
	else if (!is_letter_or_digit(c))
		take_letter(s, c);
	else if (is_simple_class(c))
		take_other(s);
	else
		s->unknown = true; /* \x, \Q, \1, … */
}

/* Behind "[" to its "]"; a "]" in first place is a member, "[:name:]" has its own. */
static void skip_class(struct scan *s)
{
	if (peek(s) == '^')
		(void)next(s);
	if (peek(s) == ']')
		(void)next(s);
	for (int c = next(s); c != ']'; c = next(s)) {
		if (c < 0) {
			s->unknown = true;
			return;
		}
		if (c == '\\') {
			c = next(s);
			s->unknown |= c == 'Q' || c == 'E' || c < 0;
		} else if (c == '[' &&
		    (peek(s) == ':' || peek(s) == '.' || peek(s) == '=')) {
			int kind = next(s);
			while (s->in.left > 0 && !(next(s) == kind && peek(s) == ']'))
				;
			(void)next(s);
		}
	}
}

/* Behind "(": groups that change nothing around them. Flags, verbs, recursion, comments and
 * conditions could. */
static bool group_is_known(struct scan *s)
{
	if (peek(s) == '*')
		return false;
	if (peek(s) != '?')
		return true;
	(void)next(s);
	int c = next(s);
	if (c == '<' && (peek(s) == '=' || peek(s) == '!'))
		return true;
	return c == ':' || c == '=' || c == '!' || c == '>';
}

static void skip_group(struct scan *s)
{
	unsigned depth = 1;

	s->unknown |= !group_is_known(s);
	while (depth > 0 && !s->unknown) {
		int c = next(s);
		if (c < 0) {
			s->unknown = true;
		} else if (c == '\\') {
			c = next(s);
			s->unknown |= c < 0 || c == 'Q' || c == 'E';
		} else if (c == '[') {
			skip_class(s);
		} else if (c == '(') {
			s->unknown |= !group_is_known(s);
			depth++;
		} else if (c == ')') {
			depth--;
		}
	}
}

static void take_item(struct scan *s, int c)
{
	switch (c) {
	case '\\':
		take_escape(s);
		break;
	case '[':
		skip_class(s);
		take_other(s);
		break;
	case '(':
		skip_group(s);
		take_other(s);
		break;
	case '.':
	case '^':
	case '$':
		take_other(s);
		break;
	case ')':
	case '*':
	case '+':
	case '?':
	case '{':
		s->unknown = true;
		break;
	default:
		take_letter(s, c);
	}
}

size_t pattern_literals(struct slice pattern, struct literal out[LITERALS_MAX])
{
	struct scan s = {.in = reader_over(pattern)};
	size_t count = 0;

	for (;;) {
		int c = next(&s);
		if (c >= 0 && c != '|') {
			take_item(&s, c);
			if (s.unknown)
				return 0;
			continue;
		}
		end_row(&s);
		if (s.best.len < LITERAL_MIN || count == LITERALS_MAX)
			return 0;
		out[count++] = s.best;
		s.best.len = 0;
		if (c < 0)
			return count;
	}
}
