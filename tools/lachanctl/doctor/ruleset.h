/* ruleset -- what a firewall's rules, as `nft -j list ruleset` prints them, do to stray DNS.
 * Threads: no shared state. */
#ifndef DOCTOR_RULESET_H
#define DOCTOR_RULESET_H

#include <stdbool.h>

#include "base/bytes.h"

/* Does any rule speak of target port 53 and redirect, lead elsewhere, refuse or drop? False for
 * what is no such text. */
bool ruleset_holds_dns(struct slice json);

#endif
