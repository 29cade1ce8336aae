#include "lachanctl/offline.h"

#include <stdlib.h>

#include "dns/text.h"
#include "kit/department.h"
#include "kit/grants_text.h"
#include "kit/local_time.h"
#include "net/interfaces.h"

enum {
	LOCAL_MAX = 256,
	GRANTS_MAX_BYTES = 4 << 20
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
	struct department department = {.count = 0};
	struct policy_sources from = {.config = c->config,
	    .department = &department.policy,
	    .rules = rules,
	    .local = local};

	if (department_read(&department, c->config) != OK)
		return ctl_fail(c, CTL_FAILED, "%s", err_text(ERR_MEMORY));
	if (interfaces_read(&all) == OK)
		from.local_count = interfaces_local_prefixes(&all, local, LOCAL_MAX);
	interfaces_deinit(&all);
	enum err rc = policy_build(out, &from, &mistakes);
	if (rc != OK)
		diags_print(&mistakes, stderr);
	diags_deinit(&mistakes);
	department_deinit(&department);
	return rc == OK ? CTL_DONE : rc == ERR_CONFIG ? CTL_USAGE : CTL_FAILED;
}

/* ---- grants ----------------------------------------------------------------------------- */

/* Line by line; the head of the file and damaged lines are no grants. */
static size_t read_grants(
    struct slice rest, struct grant_record *kept, struct grant *grants)
{
	size_t count = 0;

	while (rest.len > 0 && count < GRANTS_MAX) {
		if (grants_text_read(slice_cut(&rest, '\n'), &kept[count]) != OK)
			continue;
		kept[count].until_mono_ms =
		    UINT64_MAX; /* the calendar alone ends it here */
		if (grant_of_record(&grants[count], &kept[count]))
			count++;
	}
	return count;
}

enum ctl_status offline_grants(
    const struct ctl *c, const struct policy *policy, struct grants **out)
{
	char path[FILE_PATH_BYTES];
	struct buf file = BUF_INIT(GRANTS_MAX_BYTES);
	struct grant_record *kept = calloc(GRANTS_MAX, sizeof *kept);
	struct grant *grants = calloc(GRANTS_MAX, sizeof *grants);
	size_t count = 0;
	enum err rc = kept == NULL || grants == NULL ? ERR_MEMORY : OK;

	*out = NULL;
	if (rc == OK)
		rc = path_join(
		    path, sizeof path, c->config->server.state_dir.text, "grants");
	if (rc == OK)
		rc = file_read(path, &file);
	if (rc == OK)
		count = read_grants(buf_slice(&file), kept, grants);
	if (rc == OK || rc == ERR_NOT_FOUND)
		rc = grants_build(out, policy, grants, count);
	free(grants);
	free(kept);
	buf_deinit(&file);
	if (rc == OK)
		return CTL_DONE;
	return ctl_fail(
	    c, CTL_FAILED, "%s/grants: %s", c->config->server.state_dir.text, err_text(rc));
}

void offline_state(struct policy_state *out, const struct ctl *c,
    const struct policy *policy, const struct grants *grants, int64_t at_s)
{
	const struct moment at = {.wall_s = at_s, .wall_trusted = true};
	struct calendar calendar;

	calendar_make(&calendar, local_offset_s, NULL, at_s);
	policy_state_make(out, policy, &calendar, at, NULL);
	out->grants = grants;
	out->enforce = c->config->filter.enforce;
}
