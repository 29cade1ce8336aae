/* metrics -- GET /metrics for Prometheus, on a listener of its own (server.metrics).
 *
 *	exchange --> filter: `metrics` ----> text --> every exchange that waits
 *	             lachand: `children` --^
 *
 * Nothing is collected between requests: the filter and the supervisor are asked when
 * somebody asks us, once for all who wait. Where one of them is silent the rest is told.
 * Who may ask: this machine; where the address is one that others reach, server.allow too.
 * Threads: everything on the thread of the event base. */
#ifndef PAGE_METRICS_H
#define PAGE_METRICS_H

#include <event2/event.h>

#include "conf/config.h"
#include "page/allow.h"

struct metrics;

/* `config` and `local` as pages has them: changed by metrics_use_config() alone. ERR_MEMORY,
 * ERR_RANGE (run_dir too long). */
MUST_CHECK enum err metrics_open(struct metrics **out, struct event_base *base,
    const struct config *config, const struct allow_local *local);
/* Takes `fd`, a listening socket. ERR_MEMORY: still the caller's. */
MUST_CHECK enum err metrics_listen_take(struct metrics *m, int fd);
void metrics_use_config(struct metrics *m, const struct config *config);
/* NULL: nothing. */
void metrics_close(struct metrics *m);

#endif
