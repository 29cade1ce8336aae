/* answer -- the command `answer {"code"}`: what became of what was sent under that code.
 *
 *	-> {"kind":"review|report|unknown",
 *	    "state":"waiting|opened|opened_until|ended|not_opened|replied","until_s"?,"note"?}
 *
 * Whoever keeps something under codes has a row in answer.c's table. */
#ifndef DESK_ANSWER_H
#define DESK_ANSWER_H

#include <jansson.h>

#include "desk/code.h"
#include "desk/desk.h"

/* OK with *reply, the caller's, an object as above; ERR_NOT_FOUND: not one of ours; ERR_FULL:
 * too many are being asked, later; anything else: we could not. */
typedef enum err answer_find(
    struct desk *desk, const char code[CODE_BYTES], json_t **reply);

extern const struct part answer_part;

#endif
