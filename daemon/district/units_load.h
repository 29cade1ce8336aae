/* units_load -- all versions of all units in memory, and a plan carried out.
 * Threads: as the store's. */
#ifndef DISTRICT_UNITS_LOAD_H
#define DISTRICT_UNITS_LOAD_H

#include "district/units_plan.h"

/* The texts of `known` are `memory`'s. */
struct units_loaded {
	struct units_known known;
	struct unit *items;
	size_t capacity;
	struct arena memory;
	uint64_t revision; /* of the units, as they were */
};

/* Errors of store_unit_list(), ERR_MEMORY. To be ended in any case. */
MUST_CHECK enum err units_load(struct units_loaded *out, struct store *store);
void units_unload(struct units_loaded *loaded);

/* All steps or none. ERR_EXISTS: somebody changed units since `revision`, so that the plan no
 * longer says what would happen. The store's errors; store_why() has the sentence. */
MUST_CHECK enum err units_apply(
    struct store *store, const struct units_plan *plan, uint64_t revision);

#endif
