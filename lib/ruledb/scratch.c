#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#include "ruledb/internal.h"

enum err ruledb_scratch_new(struct ruledb_scratch **out)
{
	struct ruledb_scratch *s = calloc(1, sizeof *s);

	if (s == NULL)
		return ERR_MEMORY;
	pcre2_match_context *context = pcre2_match_context_create(NULL);
	s->match_context = context;
	s->match_data = pcre2_match_data_create(1, NULL);
	if (context == NULL || s->match_data == NULL) {
		ruledb_scratch_free(s);
		return ERR_MEMORY;
	}
	(void)pcre2_set_depth_limit(context, PATTERN_LIMIT_STEPS);
	(void)pcre2_set_heap_limit(context, PATTERN_LIMIT_HEAP_KIB);
	*out = s;
	return OK;
}

void ruledb_scratch_free(struct ruledb_scratch *s)
{
	if (s == NULL)
		return;
	pcre2_match_data_free(s->match_data);
	pcre2_match_context_free(s->match_context);
	free(s);
}

void ruledb_scratch_stats(const struct ruledb_scratch *s, struct ruledb_scratch_stats *out)
{
	*out = s->stats;
}
