/* reports_command -- `lachan-district report …`. Threads: one. */
#ifndef DISTRICT_REPORTS_COMMAND_H
#define DISTRICT_REPORTS_COMMAND_H

#include "district/subcommands.h"

int reports_command(struct command *c);

#endif
