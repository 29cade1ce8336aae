#include <stdlib.h>

#include "ruledb/internal.h"

struct ruledb_scratch {
	struct ruledb_scratch_stats stats;
};

enum err ruledb_scratch_new(struct ruledb_scratch **out)
{
	struct ruledb_scratch *s = calloc(1, sizeof *s);

	if (s == NULL)
		return ERR_MEMORY;
	*out = s;
	return OK;
}

void ruledb_scratch_free(struct ruledb_scratch *s)
{
	free(s);
}

void ruledb_scratch_stats(const struct ruledb_scratch *s, struct ruledb_scratch_stats *out)
{
	*out = s->stats;
}
