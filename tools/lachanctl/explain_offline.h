/* explain_offline -- the same explanation as the filter's, without the filter: from the
 * configuration, the rules in state_dir and the feeds' stored copies. */
#ifndef LACHANCTL_EXPLAIN_OFFLINE_H
#define LACHANCTL_EXPLAIN_OFFLINE_H

#include "lachanctl/ctl.h"

/* Needs c->config. `at_s`: the moment to judge by, seconds since 1970 UTC. On success *out is
 * the caller's (json_decref); else says why. */
enum ctl_status explain_offline(
    struct ctl *c, const char *name, int64_t at_s, json_t **out);

#endif
