/* sources -- which addresses ask as many devices would.
 *
 * Behind a router that hides its devices, or a DNS server that forwards, a whole school is one
 * address: one tier for all, counted as one. Main is told of a sample of the queries (at most
 * one in ten milliseconds of each worker) and keeps, in memory alone and for a day, per
 * address: how many samples, and whether
 *
 *	forwarder  several carried what forwarding servers add (EDNS 65001, 65073, or a client
 *	           subnet), from an address that server.trusted_forwarders does not name
 *	systems    devices of three or more makes looked for their maker's own test page
 *	           (Windows, Apple, Android, Linux)
 *	volume     it asked in 20,000 different moments of the day, and more than all others
 *
 * These are signs, not proofs. A room of equal PCs behind one quiet router shows none of them;
 * a PC that runs several systems side by side may show the second. No name is kept.
 * Threads: main alone. */
#ifndef FILTER_SOURCES_H
#define FILTER_SOURCES_H

#include "dns/name.h"
#include "net/addr.h"

struct sources;

enum source_sign {
	SOURCE_FORWARDER = 1 << 0,
	SOURCE_SYSTEMS = 1 << 1,
	SOURCE_VOLUME = 1 << 2
};

struct shared_source {
	struct addr address;
	unsigned signs;         /* of enum source_sign; not 0 */
	unsigned share_percent; /* of all samples */
};

enum {
	SOURCES_MAX =
	    1024 /* addresses; a new one takes the place of the one least heard of */
};

/* NULL without memory. */
struct sources *sources_new(void);
void sources_free(struct sources *s); /* NULL is fine */
/* A new day. */
void sources_forget(struct sources *s);

/* One sampled query. */
void sources_note(
    struct sources *s, const struct addr *from, struct dname name, bool forwards);
/* The last one noted came by a trusted forwarder. */
void sources_note_forwarded(struct sources *s);
/* Most came by trusted forwarders. */
bool sources_are_forwarded(const struct sources *s);
size_t sources_count(const struct sources *s);
/* Those with signs, at most `max`; returns how many. */
size_t sources_shared(const struct sources *s, struct shared_source *out, size_t max);

#endif
