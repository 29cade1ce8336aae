/* enrol -- the one question of `lachanctl enrol`, asked from here: lachanctl has no business with
 * the network, and runs as root. Threads: one. */
#ifndef SHARE_ENROL_H
#define SHARE_ENROL_H

#include "base/diag.h"
#include "conf/config.h"

/* What stands on standard input, one JSON object {"url","ca","token","public-key"}, goes to
 * URL/v1/enrolments; what came of it to standard output: {"status":201,"answer":{…}} or
 * {"error":"sentence"}. */
struct enrol;

/* Reads standard input, with the rights of who started us. ERR_FORMAT with *why. */
MUST_CHECK enum err enrol_read(struct enrol **out, struct diag *why);
/* Asks, and prints. ERR_IO: there is no answer; it was printed why. */
MUST_CHECK enum err enrol_ask(struct enrol *e, const struct config *config);
void enrol_free(struct enrol *e);

#endif
