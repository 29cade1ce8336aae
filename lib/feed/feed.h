/* feed -- the text of a block list becomes a stream of rules.
 *
 * A feed is distrusted: bytes come in any chunks, memory is bounded, one bad line costs
 * that line and is counted with its reason, and something that is no list at all (HTML, a
 * binary file, UTF-16) is refused as a whole. A format is one row of the table in
 * feed/format.c; docs/formats/feeds.md says what each line of each means.
 * Threads: a parser belongs to one. */
#ifndef FEED_FEED_H
#define FEED_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/diag.h"
#include "base/err.h"
#include "dns/name.h"
#include "rule/rule.h"

enum {
	FEED_LINE_MAX_BYTES = 100 * 1000, /* longer lines are refused, the rest goes on */
	/* What takes long to check is limited in one list; what is more is refused. */
	FEED_PATTERNS_MAX = 10 * 1000,
	FEED_RECORDS_MAX = 100 * 1000, /* with data other than an address or an alias */
	FEED_EXAMPLES = 5              /* first line numbers kept of each reason */
};

/* Why a line gives no rule. GARBAGE: it is not of the format at all, many of them mean that
 * the file is none. REFUSED: a line of the format that this filter cannot honour. IGNORED:
 * understood, and kept out for the school's safety. */
#define FEED_REASON_MAP(X)                                                               \
	X(FEED_LINE_TOO_LONG, GARBAGE, N_("line longer than 100 kB"))                    \
	X(FEED_BAD_BYTES, GARBAGE, N_("control characters in the line"))                 \
	X(FEED_BAD_LINE, GARBAGE, N_("not a line of this format"))                       \
	X(FEED_BAD_NAME, GARBAGE, N_("not a domain name"))                               \
	X(FEED_BAD_IDN, GARBAGE, N_("not a valid internationalised name"))               \
	X(FEED_URL, GARBAGE, N_("a URL or a path, not a name"))                          \
	X(FEED_ADDRESS, REFUSED, N_("an address, not a name"))                           \
	X(FEED_PAGE, REFUSED,                                                            \
	    N_("the address of a page: only whole names can be filtered"))               \
	X(FEED_PATTERN, REFUSED, N_("a pattern, which this format does not support"))    \
	X(FEED_BAD_PATTERN, REFUSED,                                                     \
	    N_("an expression that is too long or cannot be read"))                      \
	X(FEED_MODIFIER, REFUSED, N_("a modifier that this filter does not support"))    \
	X(FEED_VALUE, REFUSED, N_("a modifier whose value cannot be read"))              \
	X(FEED_TERMS, REFUSED, N_("more conditions than one rule can hold"))             \
	X(FEED_MANY, REFUSED, N_("more patterns than one list may have"))                \
	X(FEED_OPTION, REFUSED, N_("a setting of another program, not a rule"))          \
	X(FEED_RECORD, REFUSED, N_("a record that cannot be read"))                      \
	X(FEED_TRIGGER, REFUSED, N_("an RPZ trigger that this filter does not support")) \
	X(FEED_ZONE, REFUSED, N_("a name outside the zone that the file describes"))     \
	X(FEED_ROOT, IGNORED, N_("the root: it would cover every name"))                 \
	X(FEED_TLD, IGNORED, N_("a top-level domain: it would cover too much"))          \
	X(FEED_BROAD, IGNORED, N_("a pattern that would cover too many names"))          \
	X(FEED_PROTECTED, IGNORED, N_("a protected name or public suffix"))

enum feed_reason {
#define X(code, class, text) code,
	FEED_REASON_MAP(X)
#undef X
	FEED_REASONS
};

enum feed_class {
	FEED_CLASS_GARBAGE,
	FEED_CLASS_REFUSED,
	FEED_CLASS_IGNORED
};

/* English, static, stable: programs may use it as a key. */
const char *feed_reason_text(enum feed_reason reason);
enum feed_class feed_reason_class(enum feed_reason reason);

struct feed_format; /* a row of the table in feed/format.c */

/* "domains" "hosts" "wildcard" "adblock" "dnsmasq" "unbound" "rpz" "regex" "squidguard" "bundle";
 * NULL for others. "auto" is no format: pass NULL in the options. */
const struct feed_format *feed_format_find(const char *name);
const char *feed_format_name(const struct feed_format *format);
/* How the rules of one feed of this format are weighed against each other. */
enum feed_judging {
	FEED_JUDGED_BY_RANK, /* @@$important, $important, @@, block: the highest */
	FEED_JUDGED_LONGEST /* the rule that matches the most labels; exact before subtree */
};
enum feed_judging feed_format_judging(const struct feed_format *format);
/* The names of all formats, NULL at the end; static. */
const char *const *feed_format_names(void);
/* The format that understands most lines of `head` (16 KiB do, if not all are comments), or
 * NULL. */
const struct feed_format *feed_format_guess(struct slice head);

/* One rule. Everything borrowed until the callback returns. */
struct feed_rule {
	struct rule rule;
	uint64_t line;     /* from 1 */
	struct slice text; /* the whole line as the feed has it, not fit for a terminal */
};

/* Anything but OK ends the parse, and push or finish returns it. */
typedef enum err (*feed_on_rule)(void *arg, const struct feed_rule *rule);
/* In a bundle the next list begins; its words are borrowed until the callback returns. */
typedef enum err (*feed_on_list)(void *arg, struct slice name, struct slice category);
/* True when the rule must not take effect (public suffix, gateway, upstreams, …). */
typedef bool (*feed_is_protected)(void *arg, const struct feed_rule *rule);

struct feed_options {
	const struct feed_format *format; /* NULL: recognised from the first lines */
	bool exact; /* what a bare name means: itself, or its subtree */
	/* Rules are looked for, not made: patterns are not tried for what they would cover,
	 * so that also those come which the list's reading refused. */
	bool looking;
	/* Its exceptions act on this feed alone (it is none of category `allow`): patterns of
	 * them may cover all names. */
	bool wide_exceptions;
	/* Of a bundle: the one list whose rules are wanted; NULL: all of them. */
	const char *list;
	feed_on_rule on_rule;
	feed_is_protected is_protected; /* NULL: nothing is */
	feed_on_list on_list;           /* NULL: nobody asks */
	void *arg;                      /* of all */
};

struct feed_stats {
	uint64_t bytes;
	uint64_t lines; /* all, from 1 */
	uint64_t rules; /* given to on_rule, duplicates included */
	uint64_t blank; /* empty lines and comments */
	uint64_t idle; /* cosmetic and browser-only rules, localhost lines of hosts files */
	uint64_t useful_lines;          /* lines that gave at least one rule */
	uint64_t refused[FEED_REASONS]; /* lines, by reason; in hosts files names */
	uint64_t first_lines[FEED_REASONS][FEED_EXAMPLES]; /* 0: none */
};

/* The sum of `refused`. */
uint64_t feed_stats_refused(const struct feed_stats *stats);

struct feed_parser;

/* ERR_MEMORY. */
MUST_CHECK enum err feed_parser_new(
    struct feed_parser **out, const struct feed_options *options);
void feed_parser_free(struct feed_parser *p); /* NULL is fine */

/* Any number of bytes. ERR_FORMAT, with *why filled: this is no list (feed_sniff); nothing
 * was or will be emitted. Otherwise what on_rule returned, or ERR_MEMORY. An error stays. */
MUST_CHECK enum err feed_parser_push(
    struct feed_parser *p, struct slice bytes, struct diag *why);
/* The end of the text: emits what was held back. Errors as push. */
MUST_CHECK enum err feed_parser_finish(struct feed_parser *p, struct diag *why);

const struct feed_stats *feed_parser_stats(const struct feed_parser *p);
/* The format in use; NULL while it is not known yet. */
const struct feed_format *feed_parser_format(const struct feed_parser *p);

/* Whether `head` (the first bytes of a body, 1 KiB or more, or all) can be a list in plain
 * text: ERR_FORMAT for HTML, UTF-16, compressed or other binary data. Every parser does this
 * itself. */
MUST_CHECK enum err feed_sniff(struct slice head, struct diag *why);

/* Whether a whole body was a list of `format` (may be NULL): ERR_FORMAT when it gave no rule,
 * or when 5 percent or more of at least 20 lines are GARBAGE. */
MUST_CHECK enum err feed_judge(
    const struct feed_stats *stats, const struct feed_format *format, struct diag *why);

#endif
