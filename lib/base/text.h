/* text -- small help with words: durations, sizes, and the nearest of several words. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/bytes.h"

/* "500ms" "10s" "5m" "24h" "30d", one number and one unit; "0" needs no unit.
 * False when malformed or above 100 years. */
bool text_to_duration_ms(struct slice s, uint64_t *out_ms);
/* "64KiB" "32MiB" "1GiB" "512B"; false when malformed or above 2^40. */
bool text_to_size_bytes(struct slice s, uint64_t *out_bytes);

/* The item of `words` (NULL at the end) nearest to `word`, or NULL when none is near
 * enough to be a slip of the finger (a third of its letters, three at most). */
const char *text_nearest(const char *word, const char *const *words);

/* A readable copy for logs and terminals: control characters (ESC, DEL and C1, too) and what
 * turns the direction of writing become \xNN. */
void text_printable(char *out, size_t size, struct slice s);

#endif
