/* bundle -- the configuration in force: parsed for ourselves, sealed for the children,
 * both from one reading of the files. */
#ifndef SUPERVISOR_BUNDLE_H
#define SUPERVISOR_BUNDLE_H

#include "base/diag.h"
#include "base/err.h"
#include "conf/config.h"

struct bundle {
	struct config *config; /* NULL: none */
	int fd;                /* -1: none; a sealed memfd, close-on-exec */
};

#define BUNDLE_NONE ((struct bundle){NULL, -1})

/* ERR_CONFIG and kin: every mistake stands in `all`; *out is untouched. */
MUST_CHECK enum err bundle_load(struct bundle *out, const char *path, struct diags *all);
void bundle_free(struct bundle *bundle);
/* A descriptor of the same bytes with a read position of its own, since children read at
 * the same time; close-on-exec. -1 with errno. */
int bundle_reopen(const struct bundle *bundle);

#endif
