/* code -- follow-up codes: ten letters, shown as XXXXX-XXXXX, by which the one who sent
 * something reads the answer. About 2^49 of them; whoever holds one is believed. */
#ifndef DESK_CODE_H
#define DESK_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

enum {
	CODE_LETTERS = 10,
	CODE_BYTES = CODE_LETTERS + 1, /* as it is reckoned with: no dash, a final NUL */
	CODE_SHOWN_BYTES = CODE_LETTERS + 2 /* as it is shown */
};

/* A new one by the kernel's random numbers. ERR_IO. */
MUST_CHECK enum err code_make(char out[CODE_BYTES]);
void code_show(char out[CODE_SHOWN_BYTES], const char code[CODE_BYTES]);

/* What somebody typed: case, blanks and dashes do not matter. False when it can be no code;
 * then `out` is untouched. NULL is no code. */
bool code_read(char out[CODE_BYTES], const char *typed);

#endif
