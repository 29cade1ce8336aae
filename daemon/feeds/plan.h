/* plan -- what the configured feeds will need of this machine: memory, flash, time.
 *
 * From what is known of each: its meta file, else the catalogue, else nothing. Reads only, and
 * takes no lock. Names that several feeds have are counted for each: what is really needed is
 * less. The keys stand in README.md. */
#ifndef FEEDS_PLAN_H
#define FEEDS_PLAN_H

#include <jansson.h>

#include "conf/config.h"

/* The JSON object, or NULL without memory. */
json_t *plan_make(const struct config *config);

#endif
