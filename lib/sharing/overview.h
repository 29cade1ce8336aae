/* sharing/overview -- how sharing stands, for whoever shows or watches it.
 * Threads: no shared state. */
#ifndef SHARING_OVERVIEW_H
#define SHARING_OVERVIEW_H

#include <stdbool.h>

#include "base/err.h"
#include "sharing/state.h"

enum {
	SHARING_RECIPIENTS_MAX = 16
};

struct sharing_recipient {
	const char *name; /* borrowed */
	bool tried;       /* `state` is known */
	struct sharing_state state;
	size_t waiting;      /* documents of the outbox that it has not answered for */
	uint32_t oldest_day; /* their earliest end, 20261121; 0: none waits */
};

struct sharing_overview {
	struct sharing_recipient recipients[SHARING_RECIPIENTS_MAX];
	size_t count;
	size_t waiting; /* files in the outbox */
};

struct sharing_question {
	const char *state_dir;
	const char *const *names; /* the configured recipients */
	size_t count;             /* above SHARING_RECIPIENTS_MAX the rest is left out */
	/* Whether a document is passed over, since somebody holds it; may be NULL. */
	bool (*skip)(void *context, const char *report_id);
	void *context;
};

/* Cheap: a folder, and two looks a document and recipient. ERR_IO (we may not look), ERR_MEMORY. */
MUST_CHECK enum err sharing_overview(
    struct sharing_overview *out, const struct sharing_question *question);

#endif
