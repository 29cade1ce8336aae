/* judge -- what only the files beside a configuration can tell: certificates with their keys
 * (certificates.h), passwords, commands. For startup_use_judge(). Threads: no shared state. */
#ifndef KIT_JUDGE_H
#define KIT_JUDGE_H

#include "base/diag.h"

struct config;

void judge_files(const struct config *config, struct diags *all);

#endif
