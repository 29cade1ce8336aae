/* enrolments -- POST /v1/enrolments: a one-time token becomes a pinned key and a lasting token.
 *
 * The answer may get lost on its way: the same call with the same key, while the one-time
 * token lives, makes another lasting token (the first one stays good: it may have arrived
 * after all). With another key it is refused: whoever came second is told, and so is the
 * department, by its record. */
#ifndef DISTRICT_ENROLMENTS_H
#define DISTRICT_ENROLMENTS_H

#include "district/call.h"

/* The setting (papers.h) that holds the public key of our bundles, as sign_public_text() writes
 * it; schools are told it with their enrolment. */
#define ENROLMENTS_BUNDLE_KEY "bundle.public-key"

void enrolments_post(struct call *c);

#endif
