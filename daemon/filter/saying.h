/* saying -- what the log says of a snapshot that is put in force. Threads: main alone. */
#ifndef FILTER_SAYING_H
#define FILTER_SAYING_H

#include "filter/snapshot.h"

/* Zones whose every server is left out. */
void saying_zones_without_servers(const struct snapshot *s);
/* A trial, the rules in force, categories that nothing fills. */
void saying_rules(const struct snapshot *s);
/* Windows that begin or are over between the two. */
void saying_windows(const struct snapshot *from, const struct snapshot *to);

#endif
