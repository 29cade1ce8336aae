/* run_command -- runs the school's own command with a text on its standard input.
 *
 * No shell, no argument, nothing in the environment but PATH, "/" as its folder, what it
 * prints goes nowhere; a process group of its own, which is killed when the time is up, when
 * the command has ended (what it left behind goes with it), and when we die.
 * Before syscalls_limit(): afterwards nothing can be started. Threads: none may run. */
#ifndef KIT_RUN_COMMAND_H
#define KIT_RUN_COMMAND_H

#include "base/bytes.h"
#include "base/diag.h"
#include "base/err.h"

/* OK: it ended with status 0. ERR_TIMEOUT, ERR_IO (could not be started, or ended otherwise);
 * *why tells. */
MUST_CHECK enum err command_run(
    const char *path, struct slice text, uint64_t timeout_ms, struct diag *why);

#endif
