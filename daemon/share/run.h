/* run -- one run of lachan-share: all recipients side by side, until nothing is due soon.
 * Threads: one. */
#ifndef SHARE_RUN_H
#define SHARE_RUN_H

#include <stdbool.h>

#include "conf/config.h"
#include "share/credentials.h"

enum {
	RUN_STAY_S = 10 * 60, /* what is due within this time is waited for */
	RUN_LOOK_S = 30,      /* so often the outbox is looked at while waiting */
	RUN_RECIPIENTS_MAX = 16
};

enum run_mode {
	RUN_DUE, /* as the supervisor does: by the noted moments, waiting for those that are near */
	RUN_ASKED, /* the same, but a person asked: back-off, stops and delays are forgotten once */
	RUN_BY_HAND /* RUN_ASKED, and the end when nothing is due at this moment */
};

struct run_result {
	struct {
		const char *name;
		size_t sent;
		size_t refused;
		size_t waiting;
		char failure[SHARING_WHY_BYTES]; /* "" */
	} recipients[RUN_RECIPIENTS_MAX];
	size_t count;
	bool enrolled; /* there is a unit and a key */
	bool clock_trusted;
	bool failed;
};

/* `credentials`: one for each recipient of `config`; `key` NULL: not enrolled. ERR_AGAIN: another
 * run is at work. ERR_IO, ERR_MEMORY, … with *why. */
MUST_CHECK enum err run_share(struct run_result *out, const struct config *config,
    const struct credentials *credentials, const struct sign_key *key, enum run_mode mode,
    struct diag *why);

/* Where the program is between its rights and its limits: folders and the lock, which a later
 * run_share() needs. ERR_AGAIN: another run is at work (nothing is held then). */
struct run_lock {
	int fd; /* -1: none */
};
MUST_CHECK enum err run_take_lock(
    struct run_lock *lock, const struct config *config, struct diag *why);
void run_drop_lock(struct run_lock *lock);

#endif
