#include "lachanctl/explain_offline.h"

#include <stdlib.h>

#include "base/words.h"
#include "dns/codes.h"
#include "dns/text.h"
#include "kit/explain_json.h"
#include "kit/explain_local.h"
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

/* --tier, else --client (an address, a MAC or both; whose MAC an address is nobody knows here), else
 * a device that nobody claims. */
static enum ctl_status read_asker(const struct ctl *c, const struct policy *policy,
    struct addr *client, struct policy_who *out)
{
	struct mac mac = MAC_NONE;
	struct diag why;
	uint8_t tier;

	if (c->tier != NULL) {
		if (!policy_find_tier(policy, c->tier, &tier))
			return ctl_fail(c, CTL_USAGE, _("there is no tier %s"), c->tier);
		*out = policy_member(policy, tier);
		return CTL_DONE;
	}
	if (c->client != NULL &&
	    policy_read_client(client, &mac, slice_of(c->client), &why) != OK)
		return ctl_fail(c, CTL_USAGE, "%s: %s", c->client, why.text);
	*out = policy_client(policy, client, mac);
	return CTL_DONE;
}

/* All that an explanation is made of, and ends with it. */
struct bench {
	struct ruledb *rules; /* or NULL */
	struct policy *policy;
	struct local *local;
	struct grants *grants;
	struct ruledb_scratch *scratch;
	struct policy_state *state;
	struct explanation *explanation;
};

static void bench_deinit(struct bench *b)
{
	free(b->explanation);
	free(b->state);
	ruledb_scratch_free(b->scratch);
	local_free(b->local);
	grants_free(b->grants);
	policy_free(b->policy);
	ruledb_close(b->rules);
}

static enum ctl_status bench_init(struct bench *b, const struct ctl *c, int64_t at_s)
{
	b->rules = offline_rules(c->config);
	enum ctl_status status = offline_policy(c, b->rules, &b->policy);
	if (status == CTL_DONE)
		status = offline_grants(c, b->policy, &b->grants);
	if (status != CTL_DONE)
		return status;
	b->state = calloc(1, sizeof *b->state);
	b->explanation = calloc(1, sizeof *b->explanation);
	if (b->state == NULL || b->explanation == NULL ||
	    local_new(&b->local, &c->config->upstream.zones, policy_hash_key(b->policy)) !=
	        OK ||
	    ruledb_scratch_new(&b->scratch) != OK)
		return ctl_fail(c, CTL_FAILED, "%s", err_text(ERR_MEMORY));
	offline_state(b->state, c, b->policy, b->grants, at_s);
	return CTL_DONE;
}

static enum err add_local(const struct bench *b, const struct ctl *c,
    const struct policy_question *question, json_t *made)
{
	const struct explain_local what = {
	    .zones = &c->config->upstream.zones,
	    .local = b->local,
	    .name = question->name,
	    .hashes = question->hashes,
	    .qtype = question->qtype,
	};

	if (json_object_set_new(made, "rebound", json_false()) != 0)
		return ERR_MEMORY;
	return explain_local_add(made, &what);
}

static json_t *explain(const struct bench *b, const struct ctl *c, const struct subject *s,
    const struct policy_who *who, const struct addr *client)
{
	struct name_hashes hashes;
	const struct policy_question question = {.name = name_of(&s->name),
	    .hashes = &hashes,
	    .qtype = s->qtype,
	    .client = client,
	    .scratch = b->scratch};
	const struct explain_subject subject = {.policy = b->policy,
	    .name = name_of(&s->name),
	    .qtype = s->qtype,
	    .at_s = b->state->made.wall_s,
	    .trial = !b->state->enforce};

	name_hash_all(&hashes, name_of(&s->name), policy_hash_key(b->policy));
	policy_explain(b->policy, who, &question, b->state, b->state->made, b->explanation);
	if (b->rules == NULL)
		b->explanation->advice = ADVICE_RULES;
	json_t *made = explain_to_json(&subject, b->explanation);
	if (made != NULL && add_local(b, c, &question, made) != OK) {
		json_decref(made);
		return NULL;
	}
	return made;
}

enum ctl_status explain_offline(struct ctl *c, const char *name, int64_t at_s, json_t **out)
{
	struct bench bench = {.rules = NULL};
	struct addr client = ADDR_NONE;
	struct subject subject;
	struct policy_who who;

	*out = NULL;
	enum ctl_status status = read_subject(c, name, &subject);
	if (status == CTL_DONE)
		status = bench_init(&bench, c, at_s);
	if (status == CTL_DONE)
		status = read_asker(c, bench.policy, &client, &who);
	if (status != CTL_DONE)
		goto done;
	*out = explain(&bench, c, &subject, &who, client.family != 0 ? &client : NULL);
	if (*out == NULL ||
	    (bench.rules != NULL &&
	        explain_find_lines(*out, bench.rules, c->config->server.state_dir.text) !=
	            OK))
		status = ctl_fail(c, CTL_FAILED, "%s", err_text(ERR_MEMORY));
done:
	bench_deinit(&bench);
	return status;
}
