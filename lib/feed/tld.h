/* feed/tld -- the names of the root zone. Threads: no state. */
#ifndef FEED_TLD_H
#define FEED_TLD_H

#include "base/bytes.h"

/* The next one in lower case, *at from 0 on; false at the end. */
bool feed_tld_next(struct slice *out, size_t *at);
/* Whether `word` is one, in any case. */
bool feed_is_tld(struct slice word);

#endif
