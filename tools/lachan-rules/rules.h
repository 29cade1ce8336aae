/* rules -- the commands of lachan-rules; each returns the exit status. argv[0] is the
 * command's own name. */
#ifndef LACHAN_RULES_RULES_H
#define LACHAN_RULES_RULES_H

#include "base/attr.h"

enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2
};

int rules_compile(int argc, char **argv);
int rules_explain(int argc, char **argv);
int rules_stat(int argc, char **argv);
int rules_diff(int argc, char **argv);
int rules_replay(int argc, char **argv);

/* Prints "lachan-rules: SENTENCE" and how to use it; returns EXIT_USAGE. */
int rules_usage(const char *format, ...) PRINTF_LIKE(1, 2);
/* Prints "lachan-rules: SENTENCE"; returns EXIT_FAILED. */
int rules_fail(const char *format, ...) PRINTF_LIKE(1, 2);
/* Flushes standard output; returns `status`, or EXIT_FAILED when not all could be written. */
int rules_end(int status);

#endif
