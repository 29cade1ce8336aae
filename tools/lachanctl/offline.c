#include "lachanctl/offline.h"

#include <stdlib.h>

#include "base/hash.h"
#include "dns/text.h"
#include "kit/explain_json.h"
#include "kit/local_time.h"
#include "net/interfaces.h"

enum {
	LOCAL_MAX = 256,
	GRANTS_MAX = 1000,
	GRANTS_MAX_BYTES = 4 << 20,
	SUM_DIGITS = 16
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

/* ---- grants ----------------------------------------------------------------------------- */

/* One grant with the texts it borrows. */
struct kept {
	struct name_buf name;
	json_t *line;
};

/* The object of "SUM {…}" whose checksum fits, or NULL (daemon/filter/grants_text.h). */
static json_t *read_line(struct slice line)
{
	char sum[SUM_DIGITS + 1];

	if (line.len < SUM_DIGITS + 3 || line.ptr[SUM_DIGITS] != ' ')
		return NULL;
	struct slice text = {line.ptr + SUM_DIGITS + 1, line.len - SUM_DIGITS - 1};
	(void)snprintf(sum, sizeof sum, "%016llx", (unsigned long long)checksum64(0, text));
	if (memcmp(sum, line.ptr, SUM_DIGITS) != 0)
		return NULL;
	return json_loadb((const char *)text.ptr, text.len, 0, NULL);
}

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL ? value : "";
}

/* Takes the line; false where it is no grant (the head of the file, or damaged). */
static bool read_grant(struct kept *kept, struct grant *out)
{
	const json_t *line = kept->line;
	json_int_t id = json_integer_value(json_object_get(line, "id"));
	unsigned scope = SCOPE_ALL;

	while (scope <= SCOPE_CLIENTS &&
	    strcmp(text(line, "scope"), explain_scope_word((enum grant_scope)scope)) != 0)
		scope++;
	if (id < 1 || id > UINT32_MAX || scope > SCOPE_CLIENTS ||
	    name_from_text(&kept->name, slice_of(text(line, "name")), NULL) != OK)
		return false;
	*out = (struct grant){.id = (uint32_t)id,
	    .deny = json_is_true(json_object_get(line, "deny")),
	    .scope = (enum grant_scope)scope,
	    .name = name_of(&kept->name),
	    .subject = text(line, "who"),
	    .until_wall_s = json_integer_value(json_object_get(line, "until")),
	    .until_mono_ms = UINT64_MAX,
	    .made_wall_s = json_integer_value(json_object_get(line, "made")),
	    .by = text(line, "by"),
	    .reason = text(line, "reason")};
	out->always = out->until_wall_s == 0;
	return scope != SCOPE_CLIENTS ||
	    prefix_from_text(&out->clients, slice_of(text(line, "who")), NULL) == OK;
}

static size_t read_grants(struct slice rest, struct kept *kept, struct grant *grants)
{
	size_t count = 0;

	while (rest.len > 0 && count < GRANTS_MAX) {
		kept[count].line = read_line(slice_cut(&rest, '\n'));
		if (kept[count].line == NULL)
			continue;
		if (read_grant(&kept[count], &grants[count])) {
			count++;
		} else {
			json_decref(kept[count].line);
		}
	}
	return count;
}

enum ctl_status offline_grants(
    const struct ctl *c, const struct policy *policy, struct grants **out)
{
	char path[FILE_PATH_BYTES];
	struct buf file = BUF_INIT(GRANTS_MAX_BYTES);
	struct kept *kept = calloc(GRANTS_MAX, sizeof *kept);
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
	for (size_t i = 0; i < count; i++)
		json_decref(kept[i].line);
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
