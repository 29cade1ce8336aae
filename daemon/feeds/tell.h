/* tell -- lets the filter know that there is a new rules.db. */
#ifndef FEEDS_TELL_H
#define FEEDS_TELL_H

#include <stddef.h>

/* Asks for `feeds-changed` on the control socket at `path`, and says how many feeds were
 * refused and held in this run, for the day's summary. A filter that does not run, or does not
 * answer, finds the new file by itself: that is no failure here. */
void tell_filter(const char *path, size_t refused, size_t held);

#endif
