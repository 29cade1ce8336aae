/* notify_facts -- what there is to tell, from the store. Threads: as the store's. */
#ifndef DISTRICT_NOTIFY_FACTS_H
#define DISTRICT_NOTIFY_FACTS_H

#include "district/config.h"
#include "district/notify_text.h"
#include "district/store.h"
#include "district/tree.h"

struct notify_facts {
	struct tree *tree;             /* the schools' texts are its */
	struct notify_school *schools; /* silent today, the longest silent first */
	size_t school_count;
	size_t never;        /* schools that never sent anything */
	int64_t *enrolled_s; /* when each key was pinned */
	size_t enrolled_count, enrolled_capacity;
	int64_t *nominated_s; /* when each that waits came */
	size_t nominated_count, nominated_capacity;
	uint64_t refused;
	bool no_memory;
};

/* The store's errors. To be ended in any case. */
MUST_CHECK enum err notify_facts_gather(struct notify_facts *out, struct store *store,
    const struct district_config *config, int32_t today);
void notify_facts_deinit(struct notify_facts *facts);

/* How many from that second on. */
size_t notify_facts_enrolled(const struct notify_facts *facts, int64_t since_s);
size_t notify_facts_nominations(const struct notify_facts *facts, int64_t since_s);

#endif
