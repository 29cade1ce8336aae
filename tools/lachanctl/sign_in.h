/* sign_in -- an account of the school says who asks.
 *
 * Threads: one. */
#ifndef LACHANCTL_SIGN_IN_H
#define LACHANCTL_SIGN_IN_H

#include <jansson.h>

#include "lachanctl/ctl.h"

/* Asks for the name, unless --user gives it, and the password (secret.h), signs in at the desk
 * and puts "token" into `arguments`. CTL_FAILED after saying why. */
enum ctl_status sign_in(struct ctl *c, json_t *arguments);

#endif
