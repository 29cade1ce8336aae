/* fence -- folders whose files this process cannot open any more, whoever owns them (Landlock).
 *
 * All programs of a gateway run as one user, so modes of files do not keep one out of what is
 * another's: the page talks to strangers and has no business with the school's CA, with
 * accounts or with what was reported. Landlock knows no "all but this", so everything else is
 * named: the entries of each folder on the way, as they are now. What is made later right
 * in one of those folders is not among them. Only opening for reading is fenced; writing,
 * listing and sockets are as before. Threads: call it before the first. */
#ifndef KIT_FENCE_H
#define KIT_FENCE_H

#include <stddef.h>

#include "base/diag.h"
#include "base/err.h"

enum {
	FENCE_FOLDERS_MAX = 4
};

/* For good, for this process and its children; no_new_privs must be set. A folder that is not
 * there is passed over; `but` (NULL: none) names, with a NULL at its end, folders within them
 * that stay open, those that are there. ERR_UNSUPPORTED: this kernel has no Landlock; nothing has changed.
 * ERR_FULL: more than FENCE_FOLDERS_MAX. ERR_DENIED with *why. */
MUST_CHECK enum err fence_off(
    const char *const *folders, size_t count, const char *const *but, struct diag *why);

#endif
