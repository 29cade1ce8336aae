#include "lachanctl/explain_offline.h"

#include <stdlib.h>
#include <time.h>

#include "base/words.h"
#include "dns/codes.h"
#include "dns/text.h"
#include "kit/explain_json.h"
#include "lachanctl/offline.h"

/* Who asks for what. */
struct subject {
	struct name_buf name;
	uint16_t qtype;
};

static enum ctl_status read_subject(
    const struct ctl *c, const char *name, struct subject *out)
{
	struct diag why;

	if (name_from_text(&out->name, slice_of(name), &why) != OK)
		return ctl_fail(c, CTL_USAGE, "%s: %s", name, why.text);
	out->qtype = TYPE_A;
	if (c->type != NULL && !text_to_type(slice_of(c->type), &out->qtype))
		return ctl_fail(c, CTL_USAGE, _("%s is not a record type"), c->type);
	return CTL_DONE;
}

/* --tier, else --client, else a device that nobody claims. */
static enum ctl_status read_asker(
    const struct ctl *c, const struct policy *policy, struct policy_who *out)
{
	struct addr address = ADDR_NONE;
	struct diag why;
	uint8_t tier;

	if (c->tier != NULL) {
		if (!policy_find_tier(policy, c->tier, &tier))
			return ctl_fail(c, CTL_USAGE, _("there is no tier %s"), c->tier);
		*out = policy_member(policy, tier);
		return CTL_DONE;
	}
	if (c->client != NULL && addr_from_text(&address, slice_of(c->client), &why) != OK)
		return ctl_fail(c, CTL_USAGE, "%s: %s", c->client, why.text);
	*out = policy_client(policy, &address);
	return CTL_DONE;
}

static json_t *explain(const struct policy *policy, const struct ruledb *rules,
    const struct subject *s, const struct policy_who *who)
{
	struct explanation *explanation = calloc(1, sizeof *explanation);
	struct name_hashes hashes;
	const struct moment now = {.wall_s = (int64_t)time(NULL)};
	json_t *made = NULL;

	if (explanation == NULL)
		return NULL;
	name_hash_all(&hashes, name_of(&s->name), policy_hash_key(policy));
	const struct policy_question question = {
	    .name = name_of(&s->name), .hashes = &hashes, .qtype = s->qtype};
	policy_explain(policy, who, &question, NULL, now, explanation);
	const struct explain_subject subject = {.policy = policy,
	    .name = name_of(&s->name),
	    .qtype = s->qtype,
	    .at_s = now.wall_s};
	if (rules == NULL)
		explanation->advice = ADVICE_RULES;
	made = explain_to_json(&subject, explanation);
	free(explanation);
	return made;
}

enum ctl_status explain_offline(struct ctl *c, const char *name, json_t **out)
{
	struct ruledb *rules = offline_rules(c->config);
	struct policy *policy = NULL;
	struct subject subject;
	struct policy_who who;

	*out = NULL;
	enum ctl_status status = read_subject(c, name, &subject);
	if (status == CTL_DONE)
		status = offline_policy(c, rules, &policy);
	if (status == CTL_DONE)
		status = read_asker(c, policy, &who);
	if (status != CTL_DONE)
		goto done;
	*out = explain(policy, rules, &subject, &who);
	if (*out == NULL ||
	    (rules != NULL &&
	        explain_find_lines(*out, rules, c->config->server.state_dir.text) != OK))
		status = ctl_fail(c, CTL_FAILED, "%s", err_text(ERR_MEMORY));
done:
	policy_free(policy);
	ruledb_close(rules);
	return status;
}
