/* nominations -- POST /v1/nominations: kept as PAPER_NOMINATION, state "new"; title is the
 * name, category the category, the body as nomination_write() makes it. */
#ifndef DISTRICT_NOMINATIONS_H
#define DISTRICT_NOMINATIONS_H

#include "district/call.h"

void nominations_post(struct call *c);

#endif
