/* rebind -- private addresses in answers for names of others are withheld (T15): a page from
 * outside must not be able to reach the school's machines under a name of its own.
 *
 * The question's own name decides, not where its CNAMEs lead: names of a zone with
 * `private: on`, and names that never leave, may have such addresses. Answers of our own are
 * never looked at. Threads: the worker's own. */
#ifndef FILTER_REBIND_H
#define FILTER_REBIND_H

#include "filter/obtain.h"

/* Whether an answer holds an address that no public name has a use for (net/inside.h). */
bool rebind_has_inside(const struct stored *stored);

/* May the asker have every address of it? Always where protection is off. */
bool rebind_is_sound(
    const struct worker *w, const struct request *r, const struct stored *stored);

/* Counts an answer that is not sound, and says so. */
void rebind_note(struct worker *w, const struct request *r, const struct stored *stored);

/* Gives what is left of an answer that is not sound, and counts it. What is signed cannot be
 * changed: an asker who wants signatures gets NODATA, as all do when no address is left. */
size_t rebind_write(struct worker *w, const struct request *r, const struct verdict *v,
    const struct obtained *got, struct answer *a);

#endif
