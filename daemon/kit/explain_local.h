/* explain_local -- what a name is at the school itself, as `lachanctl explain --json` prints it
 * under "local":
 *
 *	null: it has nothing to do with any zone of the school or reserved name, or
 *	{"zone","of":"school|special|reverse","answer":"records|alias|nodata|nxdomain|servers|
 *	 upstream","wildcard","synthesised","private","servers":[ADDRESS:PORT, ...]}
 *
 * answer: what its askers get once the verdict lets it pass; servers: those of the zone are
 * asked, and nobody else; upstream: as any other name. synthesised: a PTR that follows from
 * an address. private: its answers may hold private addresses.
 * Threads: a pure function. */
#ifndef KIT_EXPLAIN_LOCAL_H
#define KIT_EXPLAIN_LOCAL_H

#include <jansson.h>

#include "local/local.h"

struct explain_local {
	const struct config_zones *zones; /* that the table was made of */
	const struct local *local;
	struct dname name;
	const struct name_hashes *hashes;
	uint16_t qtype;
};

/* Sets "local" of `made`. ERR_MEMORY. */
MUST_CHECK enum err explain_local_add(json_t *made, const struct explain_local *what);

#endif
