/* metrics_text -- numbers as Prometheus text, format 0.0.4.
 *
 * Every name, type, label and help sentence stands in the tables of metrics_text.c, and in
 * docs/metrics.md. Nothing here can hold a client, a domain name, a tier or a category of
 * what was blocked: none is in the facts. Threads: pure functions. */
#ifndef PAGE_METRICS_TEXT_H
#define PAGE_METRICS_TEXT_H

#include <jansson.h>

#include "base/buf.h"

struct metrics_facts {
	const json_t *filter;       /* its reply to `metrics`; NULL: it is silent */
	const json_t *lachand;      /* its reply to `children`; NULL: it is silent */
	const json_t *feed_results; /* {"NAME":"ok"}; of the lists that are pulled */
	uint64_t page_memory_bytes;
};

/* Members that are missing or of another type are left out with their family. */
void metrics_write(struct buf *out, const struct metrics_facts *facts);

#endif
