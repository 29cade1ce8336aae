#include "filter/deciding.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "policy/explain.h"

static void write_feed(
    char *out, size_t size, const struct ruledb *db, const struct explained_rule *rule)
{
	struct ruledb_feed feed;
	char day[16] = "";
	struct tm local;

	if (db != NULL && ruledb_feed_at(db, rule->feed_number, &feed) &&
	    feed.fetched_s > 0) {
		const time_t fetched = (time_t)feed.fetched_s;
		if (localtime_r(&fetched, &local) == NULL ||
		    strftime(day, sizeof day, " %Y-%m-%d", &local) == 0)
			day[0] = 0;
	}
	(void)snprintf(out, size, "%s%s", rule->feed, day);
}

static void write_rule(
    char *out, size_t size, const struct snapshot *s, const struct explained_rule *rule)
{
	switch (rule->source) {
	case RULE_OF_FEED:
		write_feed(out, size, s->rules->db, rule);
		break;
	case RULE_OF_SERVICE:
		(void)snprintf(
		    out, size, "service %s", policy_service_name(s->policy, rule->service));
		break;
	case RULE_OF_GRANT:
		if (rule->grant != NULL)
			(void)snprintf(
			    out, size, "grant %lu", (unsigned long)rule->grant->id);
		break;
	case RULE_OF_TIER_DENY:
		(void)snprintf(out, size, "deny");
		break;
	case RULE_OF_ALLOW_ONLY:
	case RULE_OF_WINDOW:
		(void)snprintf(out, size, "allow_only");
		break;
	case RULE_OF_SAFE_SEARCH:
		(void)snprintf(out, size, "safe_search");
		break;
	default: /* the others open */
		break;
	}
}

void deciding_list(char *out, size_t size, const struct snapshot *s,
    const struct policy_who *who, const struct policy_question *question, struct moment now)
{
	struct explanation *e = calloc(1, sizeof *e);

	out[0] = 0;
	if (e == NULL)
		return;
	policy_explain(s->policy, who, question, &s->state, now, e);
	for (size_t i = 0; i < e->rule_count && out[0] == 0; i++) {
		if (e->rules[i].wins && !e->rules[i].opens)
			write_rule(out, size, s, &e->rules[i]);
	}
	free(e);
}
