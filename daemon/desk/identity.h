/* identity -- what looks like somebody's identity in words that are to leave the school.
 *
 * It finds forms, not people: a name it cannot know. Threads: any number. */
#ifndef DESK_IDENTITY_H
#define DESK_IDENTITY_H

#include "base/attr.h"

enum identity {
	IDENTITY_NONE,
	IDENTITY_EMAIL,  /* something@somewhere.vn */
	IDENTITY_NUMBER, /* a phone, an identity card, an account: nine digits and more */
	IDENTITY_CLASS   /* 8A3, 10A, lớp 6/2 */
};

/* The first that stands in `text`, UTF-8. */
enum identity identity_find(const char *text);
/* A sentence for the one who wrote it, a msgid; "" for IDENTITY_NONE. */
const char *identity_sentence(enum identity what);

#endif
