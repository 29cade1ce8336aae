/* secret -- passwords, typed by a person or handed over by a script.
 *
 * At a terminal the question stands there and nothing that is typed shows; elsewhere each
 * question takes the next line of standard input, so a script writes the answers in the order
 * of the questions. Threads: one. */
#ifndef LACHANCTL_SECRET_H
#define LACHANCTL_SECRET_H

#include <stdbool.h>

#include "base/bytes.h"
#include "lachanctl/ctl.h"

enum {
	SECRET_BYTES = 512 /* with the NUL; a longer line is refused */
};

/* Wipe it with secret_wipe() when done. */
struct secret {
	char text[SECRET_BYTES];
	size_t len;
};

#define SECRET_NONE ((struct secret){.len = 0})

/* One question. CTL_FAILED after saying so: no answer, or one that is too long. */
enum ctl_status secret_ask(const struct ctl *c, const char *question, struct secret *out);
/* A new password: at a terminal a second time, and both must be the same. */
enum ctl_status secret_ask_twice(
    const struct ctl *c, const char *question, struct secret *out);
/* Something that may be seen while it is typed. */
enum ctl_status secret_ask_openly(
    const struct ctl *c, const char *question, struct secret *out);

struct slice secret_slice(const struct secret *s);
void secret_wipe(struct secret *s);

#endif
