#include "lachanctl/offline.h"

#include "net/interfaces.h"

enum {
	LOCAL_MAX = 256
};

struct ruledb *offline_rules(const struct config *config)
{
	const struct {
		const char *folder, *name;
	} places[] = {
	    {config->server.state_dir.text, "rules.db"},
	    {config->server.state_dir.text, "rules.db.prev"},
	    {config->server.data_dir.text, "packaged.db"},
	};
	size_t count = config->filter.without_rules == WITHOUT_RULES_PACKAGED ? 3 : 2;
	struct ruledb *rules = NULL;

	for (size_t i = 0; i < count; i++) {
		char path[FILE_PATH_BYTES];
		if (path_join(path, sizeof path, places[i].folder, places[i].name) == OK &&
		    ruledb_open(&rules, path, NULL) == OK)
			return rules;
	}
	return NULL;
}

enum ctl_status offline_policy(
    const struct ctl *c, const struct ruledb *rules, struct policy **out)
{
	struct interfaces all = INTERFACES_NONE;
	struct prefix local[LOCAL_MAX];
	struct diags mistakes = DIAGS_NONE;
	struct policy_sources from = {.config = c->config, .rules = rules, .local = local};

	if (interfaces_read(&all) == OK)
		from.local_count = interfaces_local_prefixes(&all, local, LOCAL_MAX);
	interfaces_deinit(&all);
	enum err rc = policy_build(out, &from, &mistakes);
	if (rc != OK)
		diags_print(&mistakes, stderr);
	diags_deinit(&mistakes);
	return rc == OK ? CTL_DONE : rc == ERR_CONFIG ? CTL_USAGE : CTL_FAILED;
}
