/* descriptors -- dividing the descriptors that the process may have, so that clients over TCP
 * do not take those that questions upstream need, nor the other way round (T33).
 *
 * Threads: main, before the workers are made. */
#ifndef FILTER_DESCRIPTORS_H
#define FILTER_DESCRIPTORS_H

#include "filter/filter.h"

/* Raises RLIMIT_NOFILE to what its hard limit allows; root's rights are not needed. */
void descriptors_raise_limit(void);

/* Sets the members of `f` that say so, and warns when they are less than `config` and the
 * pools of `workers` workers could use. */
void descriptors_divide(struct filter *f, const struct config *config, unsigned workers);

#endif
