/* domains, hosts, wildcard: what authors write in one they write in the others too, so one
 * function reads all three; only the probes differ.
 *
 *   name            the name, as far as the feed's `match` says
 *   *.name  .name   the name and all below it: authors of wildcard lists mean the name too,
 *                   and dnscrypt-proxy, whose format it is, defines it so
 *   =name           the name alone
 *   ads.*  *word*   in wildcard lists: a pattern for the whole name
 *   address name…   each name; whatever the address, it is a block */
#include "feed/internal.h"

/* "##", "#@#", "#?#" and kin: a browser's rule that strayed into a plain list, no comment. */
static bool is_cosmetic_mark(struct slice at)
{
	return at.len >= 2 && memchr("#@?$%", at.ptr[1], 5) != NULL;
}

static struct slice without_comment(struct slice line)
{
	if (line.ptr[0] == '!' || line.ptr[0] == '#' || line.ptr[0] == ';' ||
	    slice_starts(line, SLICE_LIT("//")))
		return SLICE_EMPTY;
	const uint8_t *hash = memchr(line.ptr, '#', line.len);
	if (hash == NULL)
		return line;
	size_t before = (size_t)(hash - line.ptr);
	if (!feed_is_blank(hash[-1]) &&
	    is_cosmetic_mark((struct slice){hash, line.len - before}))
		return line;
	return slice_trim((struct slice){line.ptr, before});
}

static bool is_address_memo(struct feed_parser *p, struct slice word)
{
	if (slice_equal(word, (struct slice){p->address, p->address_len}))
		return true;
	/* "0 name" is the short form of 0.0.0.0 that some lists use */
	if (!feed_is_address(word) && !slice_equal(word, SLICE_LIT("0")))
		return false;
	if (word.len <= sizeof p->address) {
		memcpy(p->address, word.ptr, word.len);
		p->address_len = word.len;
	}
	return true;
}

/* "ads.*", "*word*", "ad*.name": dnscrypt-proxy's patterns, asked of the whole name. */
static void read_glob(struct feed_parser *p, struct slice word)
{
	struct feed_glob g = {.body = word, .start = FEED_GLOB_AT_START, .ended = true};

	if (strcmp(p->format->name, "wildcard") != 0 || !feed_glob_is_of_names(word)) {
		feed_refuse(p, FEED_PATTERN);
		return;
	}
	for (; g.body.len > 0 && g.body.ptr[0] == '*'; g.start = FEED_GLOB_ANYWHERE)
		g.body = (struct slice){g.body.ptr + 1, g.body.len - 1};
	for (; g.body.len > 0 && g.body.ptr[g.body.len - 1] == '*'; g.body.len--)
		g.ended = false;
	if (g.body.len == 0 || slice_equal(g.body, SLICE_LIT("."))) {
		feed_refuse(p, FEED_ROOT);
		return;
	}
	feed_make_begin(p);
	feed_glob_write(&p->made.pattern, &g);
	feed_emit_made(p, RULE_OF_PATTERN, 0);
}

static void read_one(struct feed_parser *p, struct slice word)
{
	unsigned kind = feed_bare_kind(p);
	const struct slice whole = word;

	if (slice_starts(word, SLICE_LIT("*."))) {
		word = (struct slice){word.ptr + 2, word.len - 2};
		kind = RULE_SUBTREE;
	} else if (word.len > 1 && word.ptr[0] == '.') {
		word = (struct slice){word.ptr + 1, word.len - 1};
		kind = RULE_SUBTREE;
	} else if (word.ptr[0] == '=') {
		word = (struct slice){word.ptr + 1, word.len - 1};
		kind = RULE_EXACT;
	}
	/* "*" and "*." cover everything, as the root does */
	if (word.len == 0 || slice_equal(word, SLICE_LIT("*"))) {
		feed_refuse(p, FEED_ROOT);
		return;
	}
	enum feed_reason reason = feed_read_name(&p->name, word);
	if (reason == FEED_PATTERN) {
		read_glob(p, whole);
	} else if (reason != FEED_REASONS) {
		feed_refuse(p, reason);
	} else if (feed_is_local_name(name_of(&p->name))) {
		feed_idle(p);
	} else {
		feed_emit(p, kind);
	}
}

void feed_read_plain(struct feed_parser *p, struct slice line)
{
	struct slice rest = without_comment(line);

	if (rest.len == 0) {
		feed_blank(p);
		return;
	}
	struct slice first = feed_next_word(&rest);
	struct slice word = feed_next_word(&rest);
	if (word.len == 0) {
		read_one(p, first);
		return;
	}
	if (!is_address_memo(p, first)) {
		feed_refuse(p, FEED_BAD_LINE);
		return;
	}
	for (; word.len > 0 && p->rc == OK; word = feed_next_word(&rest))
		read_one(p, word);
}

/* ---- probes ---- */

struct shape {
	bool address; /* the first word is one, and others follow */
	bool single;  /* one word */
	bool name;    /* the word to look at is a name */
	bool star;
};

static struct shape shape_of(struct slice line)
{
	struct shape s = {0};
	struct name_buf name;
	struct slice rest = without_comment(line);

	if (rest.len == 0)
		return s;
	struct slice first = feed_next_word(&rest), second = feed_next_word(&rest);
	s.single = second.len == 0;
	s.address =
	    !s.single && (feed_is_address(first) || slice_equal(first, SLICE_LIT("0")));
	struct slice word = s.single ? first : second;
	s.star = slice_starts(word, SLICE_LIT("*."));
	if (s.star) {
		word = (struct slice){word.ptr + 2, word.len - 2};
	} else if (word.len > 1 && word.ptr[0] == '.') {
		word = (struct slice){word.ptr + 1, word.len - 1};
	}
	s.name = feed_read_name(&name, word) == FEED_REASONS;
	return s;
}

unsigned feed_probe_domains(struct slice line)
{
	struct shape s = shape_of(line);
	return s.single && s.name && !s.star ? 2 : 0;
}

unsigned feed_probe_hosts(struct slice line)
{
	struct shape s = shape_of(line);
	if (s.address && s.name)
		return 4;
	return s.single && s.name && !s.star ? 1 : 0;
}

unsigned feed_probe_wildcard(struct slice line)
{
	struct shape s = shape_of(line);
	if (!s.single || !s.name)
		return 0;
	return s.star ? 4 : 1;
}
