/* commands -- what lachand.sock understands; the table stands in README.md. */
#ifndef SUPERVISOR_COMMANDS_H
#define SUPERVISOR_COMMANDS_H

#include "base/diag.h"
#include "base/err.h"

struct supervisor;

/* Opens run_dir/lachand.sock into sv->control. */
MUST_CHECK enum err commands_open(struct supervisor *sv, struct diag *why);

#endif
