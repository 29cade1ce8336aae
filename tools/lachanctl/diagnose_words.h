/* diagnose_words -- what a diagnosis is doing, in words: for `diagnose` and `status`. */
#ifndef LACHANCTL_DIAGNOSE_WORDS_H
#define LACHANCTL_DIAGNOSE_WORDS_H

#include <jansson.h>

/* A sentence or two on standard output; nothing for null and "none". `report`: the member
 * "diagnose" of `status`, or the reply to `diagnose-state`. */
void say_diagnosis(const json_t *report);

#endif
