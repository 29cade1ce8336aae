/* service -- the collector itself: from its listeners to its end.
 * Threads: main's. */
#ifndef DISTRICT_SERVICE_H
#define DISTRICT_SERVICE_H

#include "base/diag.h"
#include "base/err.h"
#include "district/config.h"

/* Serves until TERM or INT; takes `config`. HUP reads `config_path` again. ERR_CONFIG and
 * others when it cannot start, with *why. */
MUST_CHECK enum err service_run(
    const struct district_config *config, const char *config_path, struct diag *why);

#endif
