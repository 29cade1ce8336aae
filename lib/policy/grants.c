#include "policy/grants.h"

#include <stdlib.h>

#include "policy/internal.h"

enum {
	GRANTS_MAX_BYTES = 16 * 1024 * 1024,
	NO_ENTRY = UINT32_MAX,
	NO_NUMBER = UINT16_MAX,
	/* How narrow a scope is: the longer a prefix, the narrower. */
	RANK_ALL = 0,
	RANK_TIER = 1,
	RANK_GROUP = 2,
	RANK_CLIENTS = 3
};

struct entry {
	struct grant grant;
	uint64_t hash;
	uint32_t next;   /* of those in one slot, or NO_ENTRY */
	uint16_t number; /* of the tier or group */
	uint16_t rank;
};

struct grants {
	struct arena arena;
	struct entry *entries;
	size_t count;
	uint32_t *slots; /* the first entry, or NO_ENTRY */
	size_t mask;
	size_t labels_min;
	size_t labels_max; /* 0: there are none */
};

/* ---- building ---------------------------------------------------------------------------- */

/* Whom the scope means in this policy; false: nobody. */
static bool find_subject(const struct policy *policy, struct entry *entry)
{
	const struct grant *g = &entry->grant;
	uint8_t tier = 0;

	switch (g->scope) {
	case SCOPE_ALL:
		entry->rank = RANK_ALL;
		return true;
	case SCOPE_TIER:
		entry->rank = RANK_TIER;
		if (!policy_find_tier(policy, g->subject, &tier))
			return false;
		entry->number = tier;
		return true;
	case SCOPE_GROUP:
		entry->rank = RANK_GROUP;
		for (size_t i = 0; i < policy->group_count; i++) {
			if (strcmp(policy->groups[i], g->subject) == 0)
				entry->number = (uint16_t)i; /* < POLICY_NO_GROUP */
		}
		return entry->number != NO_NUMBER;
	case SCOPE_CLIENTS:
		entry->rank = (uint16_t)(RANK_CLIENTS + g->clients.length); /* <= 128 */
		return g->clients.base.family != 0;
	}
	return false;
}

static const char *copy_text(struct arena *arena, const char *text)
{
	return arena_text(arena, slice_of(text == NULL ? "" : text));
}

static bool copy_grant(struct arena *arena, struct grant *out, const struct grant *from)
{
	uint8_t *wire = arena_alloc(arena, from->name.len);

	*out = *from;
	if (wire == NULL)
		return false;
	memcpy(wire, from->name.wire, from->name.len);
	out->name = (struct dname){wire, from->name.len};
	out->subject = copy_text(arena, from->subject);
	out->by = copy_text(arena, from->by);
	out->reason = copy_text(arena, from->reason);
	return out->subject != NULL && out->by != NULL && out->reason != NULL;
}

static enum err add_entry(
    struct grants *grants, const struct policy *policy, const struct grant *from)
{
	size_t labels = name_label_count(from->name);
	struct entry entry = {
	    .grant = *from,
	    .hash = name_hash(from->name, policy->key),
	    .number = NO_NUMBER,
	};

	if (labels == 0 || !find_subject(policy, &entry))
		return OK;
	if (!copy_grant(&grants->arena, &entry.grant, from))
		return ERR_MEMORY;
	uint32_t *slot = &grants->slots[entry.hash & grants->mask];
	entry.next = *slot;
	*slot = (uint32_t)grants->count; /* far fewer than NO_ENTRY fit the arena */
	grants->entries[grants->count++] = entry;
	if (labels < grants->labels_min)
		grants->labels_min = labels;
	if (labels > grants->labels_max)
		grants->labels_max = labels;
	return OK;
}

static enum err make_room(struct grants *grants, size_t count)
{
	size_t slots = 2;

	while (slots / 2 < count)
		slots *= 2;
	grants->mask = slots - 1;
	grants->labels_min = NAME_LABELS_MAX;
	grants->entries = arena_array(&grants->arena, count + 1, sizeof *grants->entries);
	grants->slots = arena_array(&grants->arena, slots, sizeof *grants->slots);
	if (grants->entries == NULL || grants->slots == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < slots; i++)
		grants->slots[i] = NO_ENTRY;
	return OK;
}

enum err grants_build(struct grants **out, const struct policy *policy,
    const struct grant *items, size_t count)
{
	struct grants *grants = calloc(1, sizeof *grants);

	if (grants == NULL)
		return ERR_MEMORY;
	grants->arena = ARENA_INIT(GRANTS_MAX_BYTES);
	enum err rc = make_room(grants, count);
	for (size_t i = 0; rc == OK && i < count; i++)
		rc = add_entry(grants, policy, &items[i]);
	if (rc != OK) {
		grants_free(grants);
		return rc;
	}
	*out = grants;
	return OK;
}

void grants_free(struct grants *grants)
{
	if (grants == NULL)
		return;
	arena_deinit(&grants->arena);
	free(grants);
}

size_t grants_count(const struct grants *grants)
{
	return grants->count;
}

const struct grant *grants_at(const struct grants *grants, size_t i)
{
	return &grants->entries[i].grant;
}

/* ---- asking ------------------------------------------------------------------------------ */

static uint64_t ends_mono_ms(const struct grant *grant)
{
	return grant->until_mono_ms == 0 ? UINT64_MAX : grant->until_mono_ms;
}

bool grant_is_live(const struct grant *grant, struct moment now)
{
	if (ends_mono_ms(grant) <= now.mono_ms || (!grant->deny && !now.wall_trusted))
		return false;
	return grant->always || now.wall_s < grant->until_wall_s;
}

uint64_t grant_end_ms(const struct grant *grant, struct moment now)
{
	uint64_t end_ms = ends_mono_ms(grant);

	if (grant->always)
		return end_ms;
	if (grant->until_wall_s <= now.wall_s)
		return now.mono_ms;
	uint64_t left_s = (uint64_t)(grant->until_wall_s - now.wall_s);
	uint64_t by_calendar_ms = now.mono_ms + left_s * 1000;
	return by_calendar_ms < end_ms ? by_calendar_ms : end_ms;
}

static bool is_for(const struct entry *entry, const struct policy_who *who,
    const struct policy_question *question)
{
	switch (entry->grant.scope) {
	case SCOPE_ALL:
		return true;
	case SCOPE_TIER:
		return who->tier == entry->number;
	case SCOPE_GROUP:
		return who->group == entry->number;
	case SCOPE_CLIENTS:
		return question->client != NULL &&
		    prefix_contains(&entry->grant.clients, question->client);
	}
	return false;
}

/* Of one question: the narrower scope, the longer name, the later one. */
static bool beats(const struct entry *a, const struct entry *b)
{
	if (b == NULL || a->rank != b->rank)
		return b == NULL || a->rank > b->rank;
	if (a->grant.name.len != b->grant.name.len)
		return a->grant.name.len > b->grant.name.len;
	return a->grant.id > b->grant.id;
}

static uint32_t first_at(
    const struct grants *grants, const struct policy_question *question, size_t n)
{
	return grants->slots[question->hashes->at[n - 1] & grants->mask];
}

static bool stands_at(
    const struct entry *entry, const struct policy_question *question, size_t n)
{
	return entry->hash == question->hashes->at[n - 1] &&
	    name_equal(
	        entry->grant.name, name_suffix(question->hashes, question->name, n - 1));
}

static size_t longest_kept(
    const struct grants *grants, const struct policy_question *question)
{
	size_t labels = question->hashes->count;
	return labels < grants->labels_max ? labels : grants->labels_max;
}

/* Who asks for what, and when. */
struct grant_search {
	const struct policy_who *who;
	const struct policy_question *question;
	struct moment now;
	bool firm_alone;
};

static bool may_decide(const struct entry *e, const struct grant_search *search)
{
	return grant_is_live(&e->grant, search->now) &&
	    is_for(e, search->who, search->question) &&
	    !(search->firm_alone && e->grant.content_only);
}

static const struct grant *find(
    const struct grants *grants, const struct grant_search *search)
{
	const struct policy_question *question = search->question;
	const struct entry *best = NULL;

	if (grants == NULL)
		return NULL;
	for (size_t n = longest_kept(grants, question); n >= grants->labels_min && n > 0;
	     n--) {
		for (uint32_t i = first_at(grants, question, n); i != NO_ENTRY;
		     i = grants->entries[i].next) {
			const struct entry *e = &grants->entries[i];
			if (stands_at(e, question, n) && may_decide(e, search) &&
			    beats(e, best))
				best = e;
		}
	}
	return best == NULL ? NULL : &best->grant;
}

const struct grant *grants_find(const struct grants *grants, const struct policy_who *who,
    const struct policy_question *question, struct moment now)
{
	return find(grants, &(struct grant_search){who, question, now, false});
}

const struct grant *grants_find_firm(const struct grants *grants,
    const struct policy_who *who, const struct policy_question *question, struct moment now)
{
	return find(grants, &(struct grant_search){who, question, now, true});
}

bool grants_name(const struct grants *grants, const struct policy_question *question)
{
	if (grants == NULL)
		return false;
	for (size_t n = longest_kept(grants, question); n >= grants->labels_min && n > 0;
	     n--) {
		for (uint32_t i = first_at(grants, question, n); i != NO_ENTRY;
		     i = grants->entries[i].next) {
			if (stands_at(&grants->entries[i], question, n))
				return true;
		}
	}
	return false;
}

bool grants_apply(const struct grants *grants, size_t i, const struct asker *asker,
    const struct policy_question *question)
{
	const struct entry *e = &grants->entries[i];
	return name_is_at_or_below(question->name, e->grant.name) &&
	    grant_is_live(&e->grant, asker->now) && is_for(e, asker->who, question);
}
