/* delivery -- one target: what is due to it, and all that reaching it takes, gathered while
 * we may. Threads: none. */
#ifndef NOTIFY_DELIVERY_H
#define NOTIFY_DELIVERY_H

#include "base/buf.h"
#include "kit/tell.h"
#include "notices/sent.h"

struct config;

struct delivery {
	const struct config_notify_target *target;
	uint64_t id;
	struct due due;
	struct tell tell;
	bool broken; /* a file of its own cannot be read: said in the log */
};

/* Its files, with the rights of who started us. */
void delivery_open(struct delivery *d, const struct config_notify_target *target);
void delivery_close(struct delivery *d);
/* What is due to it now. False: nothing, or it cannot be told. */
bool delivery_is_due(
    struct delivery *d, const struct notices *n, struct sent *sent, int64_t now_s);

/* By its command, before the system calls are limited; by network, after. `language` is the
 * school's first. */
MUST_CHECK enum err delivery_run(
    const struct delivery *d, const char *language, struct diag *why);
MUST_CHECK enum err delivery_send(
    const struct delivery *d, const char *language, int64_t now_s, struct diag *why);

#endif
