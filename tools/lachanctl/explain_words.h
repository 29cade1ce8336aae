/* explain_words -- the words of kit/explain_json.h as sentences, in the language in use. A word
 * that is not known is given back as it is. */
#ifndef LACHANCTL_EXPLAIN_WORDS_H
#define LACHANCTL_EXPLAIN_WORDS_H

#include <stdbool.h>

/* "reason"; `open`: of a name that passes. */
const char *explain_reason_words(const char *reason, bool open);
/* "rules"[]."kind". */
const char *explain_kind_words(const char *kind);
/* "answer". */
const char *explain_answer_words(const char *answer);

/* "local": how the name is answered at the school; the zone's name follows. */
const char *explain_local_words(const char *of, const char *answer);

#endif
