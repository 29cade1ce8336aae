#include "net/trie.h"

#include <stdlib.h>

/* A binary trie with its unary chains left out: a node holds the prefix it stands for, and
 * both children are longer prefixes inside it.
 *
 *	        0.0.0.0/0
 *	       /         \
 *	  10.0.0.0/8    192.168.0.0/16     (has_value says which nodes were inserted;
 *	  /        \                        a fork nobody inserted has two children)
 *	10.0/16   10.20/16
 *
 * n prefixes make at most 2n nodes and both roots; one array holds them, so a lookup touches
 * no pointer and the whole is freed at once. Index 0 means "no child". */
struct node {
	struct prefix prefix;
	bool has_value;
	uint32_t value;
	uint32_t child[2];
};

enum {
	ROOT_V4 = 1,
	ROOT_V6 = 2,
	FIRST_FREE = 3
};

struct trie {
	size_t max_prefixes;
	size_t count;
	size_t used;
	size_t cap;
	struct node *nodes;
};

static struct prefix whole_family(sa_family_t family)
{
	return (struct prefix){.base = {.family = family}, .length = 0};
}

struct trie *trie_new(size_t max_prefixes)
{
	struct trie *t = calloc(1, sizeof *t);
	if (t == NULL)
		return NULL;
	t->max_prefixes = max_prefixes < UINT32_MAX / 4 ? max_prefixes : UINT32_MAX / 4;
	t->cap = 16;
	t->used = FIRST_FREE;
	t->nodes = calloc(t->cap, sizeof *t->nodes);
	if (t->nodes == NULL) {
		free(t);
		return NULL;
	}
	t->nodes[ROOT_V4].prefix = whole_family(AF_INET);
	t->nodes[ROOT_V6].prefix = whole_family(AF_INET6);
	return t;
}

void trie_free(struct trie *t)
{
	if (t == NULL)
		return;
	free(t->nodes);
	free(t);
}

size_t trie_count(const struct trie *t)
{
	return t->count;
}

static uint32_t root_of(sa_family_t family)
{
	return family == AF_INET ? ROOT_V4 : family == AF_INET6 ? ROOT_V6 : 0;
}

static unsigned bit_at(const struct addr *a, unsigned i)
{
	return (unsigned)a->bytes[i / 8] >> (7 - i % 8) & 1u;
}

/* ---- inserting ---- */

/* One insertion makes a node and at most one fork. */
static enum err make_room(struct trie *t)
{
	if (t->count >= t->max_prefixes)
		return ERR_FULL;
	if (t->cap - t->used >= 2)
		return OK;
	struct node *grown = reallocarray(t->nodes, t->cap * 2, sizeof *grown);
	if (grown == NULL)
		return ERR_MEMORY;
	t->nodes = grown;
	t->cap *= 2;
	return OK;
}

static uint32_t add_node(struct trie *t, struct prefix p)
{
	uint32_t index = (uint32_t)t->used++;
	t->nodes[index] = (struct node){.prefix = p};
	return index;
}

static uint8_t common_length(const struct prefix *a, const struct prefix *b)
{
	uint8_t shorter = a->length < b->length ? a->length : b->length;
	uint8_t n = 0;
	while (n < shorter && bit_at(&a->base, n) == bit_at(&b->base, n))
		n++;
	return n;
}

static enum err set_value(struct trie *t, uint32_t index, uint32_t value)
{
	struct node *node = &t->nodes[index];
	if (node->has_value)
		return ERR_EXISTS;
	node->has_value = true;
	node->value = value;
	t->count++;
	return OK;
}

/* Puts `p` between `parent` and its child, which shares only the first `common` bits. */
static uint32_t split_edge(
    struct trie *t, uint32_t parent, unsigned side, const struct prefix *p, uint8_t common)
{
	uint32_t child = t->nodes[parent].child[side];
	uint32_t fork = add_node(t, prefix_of(&p->base, common));
	t->nodes[parent].child[side] = fork;
	t->nodes[fork].child[bit_at(&t->nodes[child].prefix.base, common)] = child;
	if (common == p->length)
		return fork;
	uint32_t leaf = add_node(t, *p);
	t->nodes[fork].child[bit_at(&p->base, common)] = leaf;
	return leaf;
}

enum err trie_insert(struct trie *t, const struct prefix *p, uint32_t value)
{
	uint32_t at = root_of(p->base.family);
	if (at == 0)
		return ERR_RANGE;
	enum err rc = make_room(t);
	if (rc != OK)
		return rc;
	while (t->nodes[at].prefix.length < p->length) {
		unsigned side = bit_at(&p->base, t->nodes[at].prefix.length);
		uint32_t child = t->nodes[at].child[side];
		if (child == 0) {
			uint32_t leaf = add_node(t, *p);
			t->nodes[at].child[side] = leaf;
			at = leaf;
			break;
		}
		uint8_t common = common_length(&t->nodes[child].prefix, p);
		if (common < t->nodes[child].prefix.length) {
			at = split_edge(t, at, side, p, common);
			break;
		}
		at = child;
	}
	return set_value(t, at, value);
}

/* ---- looking up ---- */

/* The longest of at most `bits` bits. */
static bool find_longest(const struct trie *t, const struct addr *a, uint8_t bits,
    uint32_t *value, uint8_t *length)
{
	uint32_t at = root_of(a->family);
	bool found = false;
	while (at != 0) {
		const struct node *node = &t->nodes[at];
		if (node->prefix.length > bits || !prefix_contains(&node->prefix, a))
			break;
		if (node->has_value) {
			*value = node->value;
			*length = node->prefix.length;
			found = true;
		}
		if (node->prefix.length == bits)
			break;
		at = node->child[bit_at(a, node->prefix.length)];
	}
	return found;
}

bool trie_lookup_length(
    const struct trie *t, const struct addr *a, uint32_t *value, uint8_t *length)
{
	return find_longest(t, a, (uint8_t)(addr_size(a) * 8), value, length);
}

bool trie_lookup_within(
    const struct trie *t, const struct addr *a, uint8_t bits, uint32_t *value)
{
	uint8_t length;
	uint8_t all = (uint8_t)(addr_size(a) * 8);
	return find_longest(t, a, bits < all ? bits : all, value, &length);
}

bool trie_lookup(const struct trie *t, const struct addr *a, uint32_t *value)
{
	uint8_t length;
	return trie_lookup_length(t, a, value, &length);
}
