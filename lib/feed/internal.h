/* feed/internal -- what the files of feed share. */
#ifndef FEED_INTERNAL_H
#define FEED_INTERNAL_H

#include "base/buf.h"
#include "feed/feed.h"

enum {
	FEED_HEAD_BYTES = 16 * 1024,     /* held back to sniff and to guess the format */
	FEED_HEAD_MAX_BYTES = 256 * 1024 /* while they hold nothing but comments */
};

/* One row of the table of formats. */
struct feed_format {
	const char *name;
	enum feed_judging judging;
	/* How much this line (trimmed, not empty) looks like one of the format: 0 not at
	 * all, 1 possible, 4 hardly anything else. */
	unsigned (*probe)(struct slice line);
	/* Reads one trimmed line that is not empty, and calls one of feed_emit (any number of
	 * times), feed_refuse, feed_idle, feed_blank. */
	void (*read)(struct feed_parser *p, struct slice line);
};

/* The terms of the rule at hand, and what their slices borrow. */
struct feed_making {
	struct rule_terms terms; /* its slices are set when the rule is given */
	struct buf pattern, denyallow, clients, tags, data, encoded;
	uint32_t patterns, records; /* tried until now, good or bad */
	uint32_t slow_left;         /* tries of patterns that may take long */
};

/* What one line of a zone file or of unbound's settings means for the next. */
struct feed_zone {
	struct name_buf
	    apex; /* rpz: the zone's own name, cut off its owners; len 0: unknown */
	struct name_buf origin; /* rpz: what relative names stand below; len 0: the apex */
	struct name_buf
	    owner; /* rpz: of the last record; unbound: the last redirect zone */
	bool has_owner;
	bool owner_star;   /* rpz: "*." stood before it */
	bool owner_apex;   /* rpz: it is the apex itself, `owner` is not set */
	bool indented;     /* rpz: `record` began with a blank */
	unsigned depth;    /* rpz: open parentheses */
	struct buf record; /* rpz: a record that goes on beyond its line */
};

struct feed_parser {
	struct feed_options options;
	const struct feed_format *format;
	struct feed_stats stats;
	struct buf head;    /* until started */
	struct buf partial; /* a line whose end has not come yet */
	bool started;
	bool too_long;     /* the partial line is, and is being skipped */
	bool skip_lf;      /* the last line ended with CR */
	struct slice line; /* as it stands in the feed */
	bool line_useful;
	enum err rc; /* the first error stays */
	struct diag why;
	/* The name of the rule at hand; the last address of a hosts file, which is most
	 * often that of the next line too. */
	struct name_buf name;
	uint8_t address[64];
	size_t address_len;
	struct feed_making made;
	struct feed_zone zone;
	/* bundle: behind the manifest, and in a list that is wanted. */
	bool behind_manifest;
	bool list_wanted;
};

/* ---- between parser.c and make.c ---- */

void feed_making_init(struct feed_making *m);
void feed_making_deinit(struct feed_making *m);
/* To on_rule, unless it is protected. */
void feed_give(struct feed_parser *p, const struct rule *rule);

/* ---- what a format's read function may call ---- */

/* A plain rule; p->name is its name. */
void feed_emit(struct feed_parser *p, unsigned kind);
/* A rule with p->made, which feed_make_begin emptied and the format filled. It becomes a plain
 * one when nothing was. A pattern is checked, and refused when it would cover too much. */
void feed_make_begin(struct feed_parser *p);
void feed_emit_made(struct feed_parser *p, enum rule_subject subject, unsigned kind);
void feed_refuse(struct feed_parser *p, enum feed_reason reason);
void feed_idle(struct feed_parser *p);
void feed_blank(struct feed_parser *p);
/* What a bare name means here. */
static inline unsigned feed_bare_kind(const struct feed_parser *p)
{
	return p->options.exact ? RULE_EXACT : RULE_SUBTREE;
}

/* Reads `text` as a name into *out: lower case, one trailing dot cut, U-labels to
 * A-labels. FEED_REASONS when it is one (the root excluded), else why it is none. */
enum feed_reason feed_read_name(struct name_buf *out, struct slice text);
/* An IPv4 or IPv6 address, with zone or brackets or not. */
bool feed_is_address(struct slice text);
/* One IPv4 or IPv6 address, no zone, no brackets; all bits count. */
bool feed_read_address(struct rule_network *out, struct slice text);
/* The same, or a prefix: "10.0.0.0/8". Bits beyond the prefix are cleared. */
bool feed_read_network(struct rule_network *out, struct slice text);
/* Clears the bits beyond the prefix. */
void feed_network_clip(struct rule_network *network);
/* The prefix that an owner ending in "rpz-ip" names; false when it names none. */
bool feed_read_rpz_address(struct rule_network *out, struct dname owner);
/* 0.0.0.0, ::, and the loopback addresses: answers that mean "blocked". */
bool feed_is_sink(const struct rule_network *address);
/* The data of the rule at hand: an address record (a sink makes a plain block), an alias, or
 * a record in presentation form; false when it cannot be read. */
void feed_make_address(struct feed_parser *p, const struct rule_network *address);
bool feed_make_alias(struct feed_parser *p, struct slice target);
bool feed_make_record(struct feed_parser *p, uint16_t type, struct slice rdata);
/* localhost, broadcasthost and kin, which every hosts file holds. */
bool feed_is_local_name(struct dname name);
/* Cuts the next word (between blanks) off *rest; empty at the end. */
struct slice feed_next_word(struct slice *rest);
/* Is c a space or a tab? */
static inline bool feed_is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* Cuts the next line, ended by CR, LF or the end of what there is; trimmed. */
struct slice feed_next_line(struct slice *rest);
/* A sentence, when `head` is in the language of another program; else NULL. */
const char *feed_foreign(struct slice head);
enum feed_glob_start {
	FEED_GLOB_ANYWHERE,
	FEED_GLOB_AT_LABEL, /* of the name, or of a label */
	FEED_GLOB_AT_START
};

/* A pattern in which * is anything. */
struct feed_glob {
	struct slice body; /* no star at its ends */
	enum feed_glob_start start;
	bool ended; /* a name must end where it ends */
};

/* Whether all of it can stand in a name, stars apart. */
bool feed_glob_is_of_names(struct slice body);
void feed_glob_write(struct buf *out, const struct feed_glob *g);
/* An expression as a rule with p->made; a name where it says no more than one. */
void feed_emit_expression(struct feed_parser *p, struct slice text, unsigned kind);

void feed_read_plain(struct feed_parser *p, struct slice line);
void feed_read_adblock(struct feed_parser *p, struct slice line);
unsigned feed_probe_domains(struct slice line);
unsigned feed_probe_hosts(struct slice line);
unsigned feed_probe_wildcard(struct slice line);
unsigned feed_probe_adblock(struct slice line);
void feed_read_dnsmasq(struct feed_parser *p, struct slice line);
void feed_read_unbound(struct feed_parser *p, struct slice line);
void feed_read_rpz(struct feed_parser *p, struct slice line);
void feed_read_regex(struct feed_parser *p, struct slice line);
void feed_read_squidguard(struct feed_parser *p, struct slice line);
void feed_read_bundle(struct feed_parser *p, struct slice line);
unsigned feed_probe_dnsmasq(struct slice line);
unsigned feed_probe_unbound(struct slice line);
unsigned feed_probe_rpz(struct slice line);
unsigned feed_probe_regex(struct slice line);
unsigned feed_probe_squidguard(struct slice line);
unsigned feed_probe_bundle(struct slice line);

#endif
