/* users_path -- where the school's accounts stand: console.users_file, or state_dir/users. */
#ifndef KIT_USERS_PATH_H
#define KIT_USERS_PATH_H

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

struct config;

/* ERR_RANGE when it does not fit. */
MUST_CHECK enum err users_path(char *out, size_t size, const struct config *config);

#endif
