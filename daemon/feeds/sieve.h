/* sieve -- a quick no to "is a name of ours at or below this one?", which nearly every rule of
 * a list is asked. Threads: no shared state. */
#ifndef FEEDS_SIEVE_H
#define FEEDS_SIEVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/name.h"

/* Borrows `words` (bits / 64 of them, zero at first); `bits` is a power of two, 64 or more. */
struct sieve {
	uint64_t *words;
	size_t bits;
};

/* Remembers the name and every name above it. */
void sieve_add(const struct sieve *sieve, struct dname name);
/* False: certainly no remembered name is `name` or below it. True: look. */
bool sieve_holds(const struct sieve *sieve, struct dname name);

#endif
