/* allow -- server.allow for the pages: who may connect at all. */
#ifndef PAGE_ALLOW_H
#define PAGE_ALLOW_H

#include "conf/config.h"
#include "net/prefix.h"

enum {
	ALLOW_LOCAL_MAX = 64
};

/* What `local` stands for now; the machine's addresses may come later than the program. */
struct allow_local {
	size_t count;
	struct prefix prefixes[ALLOW_LOCAL_MAX];
};

/* Reads the interfaces; on failure *out stays as it was. */
void allow_read_local(struct allow_local *out);

bool allow_has(const struct config_clients *allow, const struct allow_local *local,
    const struct addr *client);

#endif
