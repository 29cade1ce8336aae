/* export -- GET /v1/export.csv?from=&to=&unit=: what schools published in these days, for one
 * unit and all below it or for everybody. Whoever may see the figures on the web may have them
 * so. An answer holds at most EXPORT_MAX_BYTES: 413 then, and the days are to be parted;
 * `lachan-district export` has no such limit. Threads: those of calls. */
#ifndef DISTRICT_EXPORT_H
#define DISTRICT_EXPORT_H

#include "district/call.h"

enum {
	EXPORT_MAX_BYTES = 48 << 20,
	EXPORT_DAYS_MAX = 3700
};

void export_csv(struct call *c);

#endif
