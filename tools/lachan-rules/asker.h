/* asker -- who asks, for rules that ask back. Private to question.c and ask.c. */
#ifndef LACHAN_RULES_ASKER_H
#define LACHAN_RULES_ASKER_H

#include "ask.h"

struct asker {
	uint8_t octets[16];
	struct slice address; /* of octets; empty: not known */
	const char *names[2]; /* ended by NULL, as the tags */
	const char *tags[ASK_WORDS_MAX + 1];
	char text[400]; /* what names and tags point to */
	size_t used;
};

#endif
