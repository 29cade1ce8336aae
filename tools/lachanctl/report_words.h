/* report_words -- kinds and states of cases, and days, as people say them. */
#ifndef LACHANCTL_REPORT_WORDS_H
#define LACHANCTL_REPORT_WORDS_H

#include <stdbool.h>

enum {
	REPORT_DAY_BYTES = 16
};

/* A kind of report_form.kinds in rules/pages.yaml; the id itself for one we do not know. */
const char *report_kind_words(const char *kind, bool english);
/* In the language in use; the id itself for one we do not know. */
const char *report_state_words(const char *state);
/* "2026-11-22" as "22/11/2026"; anything else as it is. */
void report_day_words(char out[REPORT_DAY_BYTES], const char *day);

#endif
