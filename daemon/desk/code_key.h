/* code_key -- what a follow-up code unlocks: the case it belongs to, and the reply.
 *
 * Both come out of scrypt over the code, so that who holds the disk has no quicker way to try
 * codes. docs/formats/cases.md has the formula. */
#ifndef DESK_CODE_KEY_H
#define DESK_CODE_KEY_H

#include "cases/cases.h"
#include "desk/code.h"

struct code_key {
	uint8_t lookup[CASE_CODE_BYTES];
	struct seal_secret secret;
	struct seal_public public;
};

/* Takes some 50 ms and 16 MiB. Wipe it with seal_wipe(). ERR_MEMORY. */
MUST_CHECK enum err code_key_make(
    struct code_key *out, const char code[CODE_BYTES], struct slice salt);

#endif
