/* feed/internal -- what the files of feed share. */
#ifndef FEED_INTERNAL_H
#define FEED_INTERNAL_H

#include "base/buf.h"
#include "feed/feed.h"

enum {
	FEED_HEAD_BYTES = 16 * 1024 /* held back to sniff and to guess the format */
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
};

/* ---- what a format's read function may call ---- */

/* p->name is the rule's name. */
void feed_emit(struct feed_parser *p, unsigned kind);
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
/* localhost, broadcasthost and kin, which every hosts file holds. */
bool feed_is_local_name(struct dname name);
/* Cuts the next word (between blanks) off *rest; empty at the end. */
struct slice feed_next_word(struct slice *rest);
/* Is c a space or a tab? */
static inline bool feed_is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

void feed_read_plain(struct feed_parser *p, struct slice line);
void feed_read_adblock(struct feed_parser *p, struct slice line);
unsigned feed_probe_domains(struct slice line);
unsigned feed_probe_hosts(struct slice line);
unsigned feed_probe_wildcard(struct slice line);
unsigned feed_probe_adblock(struct slice line);

#endif
