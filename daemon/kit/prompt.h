/* prompt -- asks the person at the terminal for one line, a password unseen.
 *
 * At a terminal the question stands there, and nothing that is typed shows when it is to be
 * hidden; elsewhere each question takes the next line of standard input, so a script writes the
 * answers in the order of the questions. Threads: one. */
#ifndef KIT_PROMPT_H
#define KIT_PROMPT_H

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

enum prompt_how {
	PROMPT_HIDDEN,
	PROMPT_OPEN
};

/* The line without its end, with a NUL; *len without it. The caller wipes `out`.
 * ERR_CLOSED: no answer; ERR_FULL: longer than `size`; ERR_IO. */
MUST_CHECK enum err prompt_ask(
    char *out, size_t size, size_t *len, const char *question, enum prompt_how how);

#endif
