/* pace -- late answers over UDP leave evenly (DNSBomb, CVE-2024-33655, T16).
 *
 * Who makes many questions wait and has them all answered at once turns our answers into one
 * blow. So answers to one client that have waited long leave at most PACE_ANSWERS in
 * PACE_WINDOW_MS, all workers together; the rest lie in a queue and leave with the windows
 * that follow. What came back soon never piled up, and is not held.
 * The number is a third of the 200 that T16 allows in any ten milliseconds: such a stretch
 * can touch two windows, and a third when a worker was held up between two sends.
 * Threads: a pace belongs to its worker. */
#ifndef FILTER_PACE_H
#define FILTER_PACE_H

#include "filter/shares.h"
#include "filter/worker.h"

enum {
	PACE_LATE_MS = 100, /* who has waited so long may be one of many that do */
	PACE_WINDOW_MS = 10,
	PACE_ANSWERS = 64,
	PACE_ANSWERS_MIN = 16,      /* a worker's, however many they are */
	PACE_QUEUE_MAX = 4096,      /* answers, and */
	PACE_QUEUE_BYTES = 4 << 20, /* their octets; what is above is dropped and counted */
};

struct pace;

MUST_CHECK enum err pace_new(struct pace **out, struct worker *w);
void pace_free(struct pace *pace);

/* An answer that may leave only in its turn. */
struct late_answer {
	struct share client;
	int fd;
	const struct udp_path *path;
	struct slice bytes;
};

/* Sends it with the end of this round, or keeps a copy for a later window. */
void pace_send(struct pace *pace, const struct late_answer *late);

#endif
