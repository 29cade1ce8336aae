#include "policy/grants.h"

#include <stdlib.h>

#include "policy/internal.h"

struct grants {
	struct arena arena;
	struct grant *items;
	size_t count;
};

enum err grants_build(struct grants **out, const struct policy *policy,
    const struct grant *items, size_t count)
{
	struct grants *grants = calloc(1, sizeof *grants);

	(void)policy;
	(void)items;
	(void)count;
	if (grants == NULL)
		return ERR_MEMORY;
	*out = grants;
	return OK;
}

void grants_free(struct grants *grants)
{
	free(grants);
}

size_t grants_count(const struct grants *grants)
{
	return grants->count;
}

const struct grant *grants_at(const struct grants *grants, size_t i)
{
	return &grants->items[i];
}

bool grant_is_live(const struct grant *grant, struct moment now)
{
	if (grant->until_mono_ms <= now.mono_ms)
		return false;
	return (grant->deny || now.wall_trusted) &&
	    (grant->always || now.wall_s < grant->until_wall_s);
}

uint64_t grant_end_ms(const struct grant *grant, struct moment now)
{
	(void)now;
	return grant->until_mono_ms;
}

const struct grant *grants_find(const struct grants *grants, const struct policy_who *who,
    const struct policy_question *question, struct moment now)
{
	(void)who;
	(void)question;
	(void)now;
	(void)grants;
	return NULL;
}
