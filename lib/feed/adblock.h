/* feed/adblock -- what the two files of the adblock format share. */
#ifndef FEED_ADBLOCK_H
#define FEED_ADBLOCK_H

#include "feed/internal.h"

struct adblock_modifiers {
	unsigned kind;           /* RULE_EXCEPTION and RULE_IMPORTANT */
	bool for_browsers;       /* one of them is: the rule does nothing here */
	bool made;               /* p->made was begun */
	enum feed_reason reason; /* FEED_REASONS: all are understood */
};

/* Reads "important,dnstype=A" into *m and, with feed_make_begin, into p->made. */
void adblock_read_modifiers(
    struct feed_parser *p, struct adblock_modifiers *m, struct slice words);

#endif
