/* feed/suffix -- a quick no to "is this name a public suffix?", for programs whose protected
 * names include those: asking libpsl for a million names takes longer than compiling them. */
#ifndef FEED_SUFFIX_H
#define FEED_SUFFIX_H

#include <stdbool.h>

#include "dns/name.h"

/* False: the name is certainly none of the registries' (ICANN) public suffixes; three names of
 * four. True: ask libpsl. `name` has at least two labels. */
bool feed_may_be_public_suffix(struct dname name);

#endif
