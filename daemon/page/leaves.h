/* leaves -- certificates for blocked names, as the desk signs them for us.
 *
 *	leaves_get --> kept? --------------------------------> on_leaf(leaf)
 *	                `--> the desk: one question a name --> on_leaf(leaf or NULL)
 *
 * The key they are signed over is ours: made when the program starts and every day anew, never
 * written anywhere. At most LEAVES_MAX are kept, the one that was used longest ago makes room;
 * whether a name is blocked is nothing that is kept here, whoever asks for a leaf has asked the
 * filter before. Threads: everything on the thread of the event base. */
#ifndef PAGE_LEAVES_H
#define PAGE_LEAVES_H

#include "dns/name.h"
#include "kit/certificates.h"
#include "net/addr.h"

struct desk;

enum {
	LEAVES_MAX = 64,      /* 6 KiB each */
	LEAVES_ASKED_MAX = 6, /* questions to the desk at once; others wait their turn */
	LEAVES_KEY_S = 24 * 60 * 60
};

struct leaves;

/* `leaf` with its chain and our key, borrowed for the call; NULL: there is none. */
typedef void (*leaves_on_leaf)(void *context, const struct certificate *leaf);

/* ERR_MEMORY. `desk` may be NULL: then there are no leaves. */
MUST_CHECK enum err leaves_open(struct leaves **out, struct desk *desk, uint64_t mono_s);
/* Before the desk is closed: whoever waits hears what it says, and nothing is asked again. */
void leaves_stop(struct leaves *l);
/* Whoever still waits is forgotten without a call. NULL: nothing. */
void leaves_close(struct leaves *l);

/* Exactly one call of on_leaf follows, perhaps before this returns. */
void leaves_get(struct leaves *l, struct dname name, const struct addr *client,
    leaves_on_leaf on_leaf, void *context);

/* From time to time: a new key when the old one has served its day. */
void leaves_care(struct leaves *l, uint64_t mono_s);

#endif
