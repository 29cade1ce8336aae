/* deciding -- the list that decided a verdict, in a few words for a member of staff:
 * "ut1-gambling 2026-11-21" (a feed and the day of its copy), or where the school's own word
 * stands ("deny", "allow_only", "service tiktok", "grant 12").
 *
 * Never asked for a pupil's page. Threads: main alone. */
#ifndef FILTER_DECIDING_H
#define FILTER_DECIDING_H

#include "filter/snapshot.h"

/* Writes at most `size` octets with the NUL; "" when no rule for the name itself decided
 * (what its answers lead to did), or without memory. */
void deciding_list(char *out, size_t size, const struct snapshot *s,
    const struct policy_who *who, const struct policy_question *question,
    struct moment now);

#endif
