/* snapshot_make -- putting a snapshot together from parts that are shared and counted.
 *
 * Threads: main alone. */
#ifndef FILTER_SNAPSHOT_MAKE_H
#define FILTER_SNAPSHOT_MAKE_H

#include "base/diag.h"
#include "filter/grants_file.h"
#include "filter/leases_file.h"
#include "filter/snapshot.h"
#include "net/interfaces.h"

/* A part with one holder, the caller; NULL without memory. */
struct shared *shared_new(void *object, void (*free_object)(void *object));
struct shared *shared_hold(struct shared *s);
void shared_drop(struct shared *s); /* NULL is fine */

/* Of RULES parts. */
void rules_part_free(void *rules);

struct snapshot_plan {
	struct shared *config; /* the snapshot holds them once more */
	struct shared *rules;
	const struct grants_file *grants; /* NULL: none */
	const struct leases_file *leases; /* NULL: none */
	const struct interfaces *ours;
	const struct snapshot *before; /* pauses are carried; NULL: the first */
	struct moment now;
};

/* A new snapshot, the caller's, without generation, serial and network; NULL: then `all` may
 * say why, else there was no memory. */
struct snapshot *snapshot_make(const struct snapshot_plan *plan, struct diags *all);
/* The same parts, state and network as before, to be changed; NULL without memory. */
struct snapshot *snapshot_copy(const struct snapshot *before);
/* NULL is fine. Nobody reads it any more. */
void snapshot_free(struct snapshot *s);

/* The state of `s` at this moment: windows anew, pauses as they are. */
void snapshot_make_state(struct snapshot *s, struct moment now);
/* Puts these grants in force in `s`; false without memory. */
bool snapshot_set_grants(struct snapshot *s, const struct grants_file *grants);
/* And these leases. */
bool snapshot_set_leases(struct snapshot *s, const struct leases_file *leases);

/* Makes the routes of the zones that have servers. False without memory. `skipped` counts
 * servers left out because they are ourselves. */
bool snapshot_make_routes(
    struct snapshot *s, const struct interfaces *ours, unsigned *skipped);

#endif
