/* rule -- one rule of a block list as data: what a list's parser makes, what the rule database
 * keeps, and what is asked of it when a name, an address or a question has met it.
 *
 * A plain rule is a name and a kind, and costs twelve bytes in the rule database. All else
 * (record types, excepted names, clients, tags, a pattern instead of a name, data to answer
 * with) are its terms, kept once for each rule in the database's exact section.
 * Threads: no shared state; views borrow the bytes they were read from. */
#ifndef RULE_RULE_H
#define RULE_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "dns/name.h"

/* How a rule matches, and what it does: one reach, and flags. */
enum rule_kind {
	RULE_SUBTREE = 0, /* the name and all below it */
	RULE_EXACT = 1,   /* the name alone */
	RULE_BELOW = 2,   /* what is below the name, not the name */
	RULE_REACH_MASK = 3,
	RULE_EXCEPTION = 4, /* @@, rpz-passthru, transparent */
	RULE_IMPORTANT = 8, /* $important */
	RULE_KINDS = 16
};

enum rule_subject {
	RULE_OF_NAME,    /* struct rule.name */
	RULE_OF_PATTERN, /* terms.pattern, asked of the whole qname in text form */
	RULE_OF_NETWORK  /* terms.network: addresses in answers (RPZ's rpz-ip) */
};

/* What the list itself would answer. Used only where its feed says `rewrite: on`; elsewhere all
 * but RULE_PLAIN count as a plain block (of a rule that is no exception). */
enum rule_action {
	RULE_PLAIN, /* listed, no more; also RPZ's "CNAME ." and "CNAME *.", which say that */
	RULE_RECORD,   /* terms.data: one record of type terms.data_type */
	RULE_NXDOMAIN, /* $dnsrewrite=NXDOMAIN */
	RULE_NODATA,   /* $dnsrewrite=NOERROR */
	RULE_REFUSED,
	RULE_DROP,     /* RPZ: no answer at all */
	RULE_TCP_ONLY, /* RPZ: truncated over UDP, passes over TCP */
	/* Of exceptions alone: $dnsrewrite without a value. Any exception whose action is not
	 * RULE_PLAIN excepts nothing itself: it undoes the rules of its feed that have the same
	 * action and data, this one all that have any. */
	RULE_ANY_DATA
};

enum {
	RULE_PATTERN_MAX_BYTES = 2000,
	RULE_TYPES_MAX = 32,        /* record types of one rule */
	RULE_TERMS_MAX_BYTES = 8192 /* of all terms of one rule, encoded */
};

/* Address with its first `bits` significant: family 4 (4 octets) or 6 (16 octets). */
struct rule_network {
	uint8_t family; /* 4, 6; 0: none */
	uint8_t bits;
	uint8_t octets[16]; /* beyond `bits` zero */
};

/* What a rule has beyond its name. Zero-initialised: nothing. Slices are lists, empty for
 * none, made with the rule_list_… functions below. */
struct rule_terms {
	enum rule_action action;
	bool
	    badfilter; /* $badfilter: undoes the rule of its own feed that equals it otherwise */
	bool types_negated;
	uint8_t type_count; /* $dnstype: acts on these record types, or on all but these */
	uint16_t types[RULE_TYPES_MAX];
	struct slice
	    pattern; /* RULE_OF_PATTERN: PCRE2, matched caseless against the qname in
	                         * lower-case text form without the last dot */
	struct rule_network network; /* RULE_OF_NETWORK */
	struct slice
	    denyallow; /* names, wire form one behind the other: with all below excepted */
	struct slice clients; /* $client: rule_list_client items */
	struct slice tags;    /* $ctag: rule_list_word items */
	uint16_t data_type;   /* RULE_RECORD: A, AAAA, CNAME, TXT, MX, SVCB, … */
	struct slice data;    /* its rdata, wire form, names uncompressed */
};

struct rule {
	enum rule_subject subject;
	unsigned kind; /* enum rule_kind */
	struct dname
	    name; /* RULE_OF_NAME: lower case, at least two labels; else wire NULL */
	const struct rule_terms *terms; /* NULL: a plain rule */
};

/* ---- lists inside terms ---- */

/* Appends a client: a network, or a name (word, at most 255 octets, else nothing is appended)
 * when network->family is 0. */
void rule_list_client(
    struct buf *list, bool negated, const struct rule_network *network, struct slice word);
/* Appends a word, at most 255 octets (longer: nothing is appended and false). */
bool rule_list_word(struct buf *list, bool negated, struct slice word);

struct rule_client {
	bool negated;
	struct rule_network network; /* family 0: `word` is a name */
	struct slice word;
};

/* Reads the next item of a list; false at its end (or at damage: then the reader is bad). */
bool rule_client_next(struct reader *list, struct rule_client *out);
bool rule_word_next(struct reader *list, struct slice *word, bool *negated);

/* ---- encoded, as the rule database keeps them ---- */

/* Appends the encoding of *terms; same terms, same bytes. Terms whose encoding would be longer
 * than RULE_TERMS_MAX_BYTES make the buffer bad. */
void rule_terms_write(struct buf *out, const struct rule_terms *terms);
/* Opens an encoding; *out borrows `bytes`. ERR_FORMAT for anything rule_terms_write could not
 * have made: every length, list, name, prefix and type is checked. */
MUST_CHECK enum err rule_terms_read(struct rule_terms *out, struct slice bytes);

/* ---- asked ---- */

/* What a question is, for the terms of a rule. */
struct rule_question {
	struct dname name;
	uint16_t qtype;
	struct slice client;             /* 4 or 16 octets; empty: not known */
	const char *const *client_names; /* ended by NULL; may be NULL: none */
	const char *const *tags;         /* likewise */
};

/* Whether the conditions of *terms (types, denyallow, clients, tags) hold for a question. A
 * rule with a client or tag condition does not act on askers who are not known, negated ones
 * do. Pattern and network are not asked here. */
bool rule_terms_hold(const struct rule_terms *terms, const struct rule_question *question);
/* Whether any condition but the name's own (denyallow) stands in *terms. */
bool rule_terms_ask_who(const struct rule_terms *terms);
/* Whether an address (4 or 16 octets) lies in *network. */
bool rule_network_holds(const struct rule_network *network, struct slice address);

#endif
