/* helper -- running lachan-feeds and lachan-share, where they are installed beside us. */
#ifndef LACHANCTL_HELPER_H
#define LACHANCTL_HELPER_H

#include "lachanctl/ctl.h"

/* Runs lachan-feeds with these words (NULL at the end, after its name), its output where ours
 * goes, or to standard error with --json. CTL_DONE with its exit status in *how; else it
 * could not be run, and that was said. */
enum ctl_status helper_run(const struct ctl *c, const char *const *words, int *how);
/* The same, with its output into `out`. */
enum ctl_status helper_read(
    const struct ctl *c, const char *const *words, struct buf *out, int *how);

/* A program with what stands on its standard input. */
struct helper_question {
	const char *program;
	const char *const *words;
	struct slice input;
};
/* Runs it, its output into `out`. */
enum ctl_status helper_ask(
    const struct ctl *c, const struct helper_question *question, struct buf *out, int *how);

#endif
