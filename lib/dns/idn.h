/* idn -- names as people write them, with letters of any language.
 * Threads: no shared state. */
#ifndef DNS_IDN_H
#define DNS_IDN_H

#include "dns/name.h"

/* As name_from_text; where `text` holds UTF-8, its U-labels become A-labels first (UTS 46,
 * non-transitional, as browsers and feeds have it). ERR_FORMAT, ERR_RANGE; *out is untouched on
 * failure, and `why` (may be NULL) gets a sentence. */
MUST_CHECK enum err name_from_people(
    struct name_buf *out, struct slice text, struct diag *why);

#endif
