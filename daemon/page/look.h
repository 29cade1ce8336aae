/* look -- the style and the drawings, compiled into the program from look/.
 *
 * Everything is inline: a page shown to a child fetches nothing. The style is allowed by
 * its digest in the Content-Security-Policy, so nothing that slipped into a page could add
 * another. Threads: constant after look_init(). */
#ifndef PAGE_LOOK_H
#define PAGE_LOOK_H

#include "base/buf.h"
#include "base/err.h"

enum {
	LOOK_POLICY_BYTES = 256
};

enum scene {
	SCENE_MEADOW,  /* the leaf with a face, for pupils up to lower secondary */
	SCENE_PLAY,    /* the same with toys, for the smallest */
	SCENE_COMPANY, /* two friends under a tree, the sun rising: self_harm */
	SCENE_SHELTER, /* a great leaf over two sprouts: child_abuse */
	SCENE_LETTER,  /* a letter nobody should answer: scam */
	SCENE_PATH,    /* the way that goes by the shield: bypass */
	SCENE_CLOCK,   /* a clock among the hills: time_limited */
	SCENE_BOOK,    /* a book out of which something grows: learning sites */
	SCENE_SHIELD,  /* plain, for older pupils, staff and the portal */
	SCENE_DOOR,    /* open now */
	SCENE_NONE,    /* forms: what there is to do comes first */
	SCENES
};

struct look {
	const char *style;
	const char *brand; /* the small leaf beside the name */
	const char *scenes[SCENES];
	/* Of the Content-Security-Policy header: of pages, and of those with a form. */
	char policy[LOOK_POLICY_BYTES];
	char form_policy[LOOK_POLICY_BYTES];
};

/* ERR_MEMORY when the digest cannot be made. */
MUST_CHECK enum err look_init(struct look *out);

#endif
