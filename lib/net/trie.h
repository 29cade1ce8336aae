/* trie -- longest-prefix match from an address to a number, both families.
 *
 * Filled once, then read only: any number of threads may look up in one trie without
 * locks as long as nobody inserts. One prefix has one value. */
#ifndef NET_TRIE_H
#define NET_TRIE_H

#include "net/prefix.h"

struct trie;

/* An empty trie that takes at most `max_prefixes`; NULL when memory is short. The caller
 * ends it with trie_free. */
struct trie *trie_new(size_t max_prefixes);
void trie_free(struct trie *t);

/* ERR_EXISTS when the same prefix is there (its value stays), ERR_FULL at the ceiling,
 * ERR_MEMORY. */
MUST_CHECK enum err trie_insert(struct trie *t, const struct prefix *p, uint32_t value);

/* The value of the longest prefix that contains `a`. False, *value untouched, if none. */
bool trie_lookup(const struct trie *t, const struct addr *a, uint32_t *value);
/* Also tells how long that prefix is. */
bool trie_lookup_length(
    const struct trie *t, const struct addr *a, uint32_t *value, uint8_t *length);
/* The longest that contains the `bits` first bits of `a`, and with them all that they begin. */
bool trie_lookup_within(
    const struct trie *t, const struct addr *a, uint8_t bits, uint32_t *value);
size_t trie_count(const struct trie *t);

#endif
