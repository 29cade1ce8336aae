#include "feed/find.h"

#include <stdlib.h>

#include "base/hash.h"
#include "feed/pattern.h"

/* One suffix of one query, in the chain of its hash. */
struct node {
	uint32_t next; /* index + 1, 0 ends */
	uint32_t query;
	uint8_t depth;
};

struct query {
	struct name_buf name;
	uint8_t labels;
	bool by_name; /* patterns are not asked of it */
};

struct feed_find {
	struct feed_parser *parser;
	struct query *queries;
	size_t count, capacity, max;
	struct node *nodes;
	size_t node_count, node_capacity;
	uint32_t *heads; /* made at the first push; size a power of two */
	size_t head_count;
	feed_on_hit on_hit;
	void *arg;
};

/* The names come from the person who asks: nobody gains by making them collide. */
static const struct hash_key KEY = {1, 2};

static struct dname suffix_at(const struct feed_find *f, const struct node *node)
{
	const struct query *q = &f->queries[node->query];
	struct dname name = name_of(&q->name);
	for (unsigned labels = q->labels; labels > node->depth; labels--)
		name = name_parent(name);
	return name;
}

static bool reaches(unsigned kind, bool at_name)
{
	unsigned reach = kind & RULE_REACH_MASK;
	return reach == RULE_SUBTREE || reach == (at_name ? RULE_EXACT : RULE_BELOW);
}

static enum err look_up_name(struct feed_find *f, const struct feed_rule *rule)
{
	uint32_t at = f->heads[name_hash(rule->rule.name, KEY) & (f->head_count - 1)];
	enum err rc = OK;

	for (; at != 0 && rc == OK; at = f->nodes[at - 1].next) {
		const struct node *node = &f->nodes[at - 1];
		bool at_name = node->depth == f->queries[node->query].labels;
		if (!reaches(rule->rule.kind, at_name) ||
		    !name_equal(suffix_at(f, node), rule->rule.name))
			continue;
		struct feed_hit hit = {
		    .query = node->query, .depth = node->depth, .rule = rule};
		rc = f->on_hit(f->arg, &hit);
	}
	return rc;
}

/* A pattern has no place of its own: it is asked of every name. */
static enum err look_up_pattern(struct feed_find *f, const struct feed_rule *rule)
{
	struct feed_pattern *pattern;

	enum err rc = feed_pattern_new(&pattern, rule->rule.terms->pattern);
	if (rc != OK)
		return rc == ERR_FORMAT ? OK : rc;
	for (size_t i = 0; i < f->count && rc == OK; i++) {
		const struct query *q = &f->queries[i];
		if (q->by_name || !feed_pattern_matches(pattern, name_of(&q->name)))
			continue;
		struct feed_hit hit = {.query = i, .depth = 0, .rule = rule};
		rc = f->on_hit(f->arg, &hit);
	}
	feed_pattern_free(pattern);
	return rc;
}

static enum err look_up(void *arg, const struct feed_rule *rule)
{
	switch (rule->rule.subject) {
	case RULE_OF_NAME:
		return look_up_name(arg, rule);
	case RULE_OF_PATTERN:
		return look_up_pattern(arg, rule);
	case RULE_OF_NETWORK:
		break; /* names are looked for, not addresses */
	}
	return OK;
}

enum err feed_find_new(
    struct feed_find **out, const struct feed_options *options, size_t max_names)
{
	struct feed_find *f = calloc(1, sizeof *f);
	if (f == NULL)
		return ERR_MEMORY;
	f->max = max_names < UINT32_MAX ? max_names : UINT32_MAX - 1;
	struct feed_options own = *options;
	own.on_rule = look_up;
	own.looking = true;
	own.is_protected = NULL;
	own.arg = f;
	enum err rc = feed_parser_new(&f->parser, &own);
	if (rc != OK) {
		free(f);
		return rc;
	}
	*out = f;
	return OK;
}

void feed_find_free(struct feed_find *f)
{
	if (f == NULL)
		return;
	feed_parser_free(f->parser);
	free(f->queries);
	free(f->nodes);
	free(f->heads);
	free(f);
}

static enum err reserve(struct feed_find *f, size_t labels)
{
	if (f->count == f->capacity) {
		size_t capacity = f->capacity == 0 ? 8 : f->capacity * 2;
		struct query *queries = reallocarray(f->queries, capacity, sizeof *queries);
		if (queries == NULL)
			return ERR_MEMORY;
		f->queries = queries;
		f->capacity = capacity;
	}
	if (f->node_capacity - f->node_count < labels) {
		size_t capacity = f->node_capacity * 2 + labels + 16;
		struct node *nodes = reallocarray(f->nodes, capacity, sizeof *nodes);
		if (nodes == NULL)
			return ERR_MEMORY;
		f->nodes = nodes;
		f->node_capacity = capacity;
	}
	return OK;
}

enum err feed_find_add(struct feed_find *f, struct dname name)
{
	size_t labels = name_label_count(name);

	if (f->count >= f->max || f->node_count >= UINT32_MAX - NAME_LABELS_MAX)
		return ERR_FULL;
	enum err rc = reserve(f, labels);
	if (rc != OK)
		return rc;
	struct query *q = &f->queries[f->count];
	name_copy(&q->name, name);
	q->labels = (uint8_t)labels;
	q->by_name = false;
	for (size_t depth = 1; depth <= labels; depth++) {
		f->nodes[f->node_count++] =
		    (struct node){0, (uint32_t)f->count, (uint8_t)depth};
	}
	f->count++;
	return OK;
}

enum err feed_find_add_by_name(struct feed_find *f, struct dname name)
{
	enum err rc = feed_find_add(f, name);
	if (rc == OK)
		f->queries[f->count - 1].by_name = true;
	return rc;
}

void feed_find_on_hit(struct feed_find *f, feed_on_hit on_hit, void *arg)
{
	f->on_hit = on_hit;
	f->arg = arg;
}

/* Chains every suffix at its hash; once, before the first rule can come. */
static enum err make_heads(struct feed_find *f)
{
	size_t size = 16;
	while (size < f->node_count)
		size *= 2;
	f->heads = calloc(size, sizeof *f->heads);
	if (f->heads == NULL)
		return ERR_MEMORY;
	f->head_count = size;
	/* Backwards, so that a chain is in order of adding. */
	for (size_t i = f->node_count; i > 0; i--) {
		struct node *node = &f->nodes[i - 1];
		size_t slot = name_hash(suffix_at(f, node), KEY) & (size - 1);
		node->next = f->heads[slot];
		f->heads[slot] = (uint32_t)i;
	}
	return OK;
}

enum err feed_find_push(struct feed_find *f, struct slice bytes, struct diag *why)
{
	if (f->heads == NULL) {
		enum err rc = make_heads(f);
		if (rc != OK)
			return rc;
	}
	return feed_parser_push(f->parser, bytes, why);
}

enum err feed_find_finish(struct feed_find *f, struct diag *why)
{
	enum err rc = feed_find_push(f, SLICE_EMPTY, why);
	return rc == OK ? feed_parser_finish(f->parser, why) : rc;
}
