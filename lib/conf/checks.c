/* Checks across keys: what no single row can tell. */
#include <stdlib.h>

#include "base/words.h"
#include "conf/internal.h"

/* ---- feeds ------------------------------------------------------------------------------ */

static bool is_feed_name(const char *name)
{
	return strchr(name, '_') == NULL;
}

/* 32 octets in base64: that they are a key is seen where it is used. */
static bool is_public_key(const char *text)
{
	static const char *const letters =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	return strlen(text) == 44 && strspn(text, letters) == 43 && text[43] == '=';
}

static void check_bundle(struct loader *l, const struct config_feed *feed)
{
	if (feed->category.text[0] != 0)
		schema_mistake(&l->run, feed->category.mark,
		    _("a bundle has no category, its lists have their own (remove 'category')"));
	if (feed->public_key.text[0] == 0)
		schema_mistake(&l->run, feed->name.mark,
		    _("a bundle wants 'public_key', by which it is believed (the department "
		      "tells it)"));
}

static void check_no_bundle(struct loader *l, const struct config_feed *feed)
{
	if (feed->category.text[0] == 0)
		schema_mistake(&l->run, feed->name.mark,
		    _("a list wants 'category' (one of rules/categories.yaml, or allow)"));
	if (feed->public_key.text[0] != 0)
		schema_mistake(&l->run, feed->public_key.mark,
		    _("'public_key' is for feeds of format bundle (remove it, or write "
		      "`format: bundle`)"));
}

static bool is_sha256(const char *text)
{
	return strlen(text) == 64 && strspn(text, "0123456789abcdefABCDEF") == 64;
}

static void check_feed(
    struct loader *l, const struct config_feed *feed, const char *const *categories)
{
	size_t unused;

	if (!is_feed_name(feed->name.text))
		schema_mistake(&l->run, feed->name.mark,
		    _("'%s' is not a feed's name (use a-z, 0-9 and -)"), feed->name.text);
	if (feed->category.text[0] != 0 && strcmp(feed->category.text, "allow") != 0 &&
	    !config_find_category(l->config, feed->category.text, &unused))
		schema_mistake_word(&l->run, feed->category.mark, _("category"),
		    feed->category.text, categories);
	if (feed->sha256.text[0] != 0 && !is_sha256(feed->sha256.text))
		schema_mistake(&l->run, feed->sha256.mark,
		    _("'sha256' is 64 hexadecimal digits (as sha256sum prints them)"));
	if (feed->public_key.text[0] != 0 && !is_public_key(feed->public_key.text))
		schema_mistake(&l->run, feed->public_key.mark,
		    _("'public_key' is 44 characters of base64 (as the department writes it)"));
	if (feed->format == FEED_FORMAT_BUNDLE)
		check_bundle(l, feed);
	else if (feed->name.text[0] != 0)
		check_no_bundle(l, feed);
}

/* `items` begin with a struct config_feed each: the pulled ones, or those of the catalogue. */
static void check_feed_list(struct loader *l, const void *items, size_t count,
    size_t item_size, const char *const *categories)
{
	loader_refuse_twice(l, items, count, item_size, _("feed"));
	for (size_t i = 0; l->parsed[BUNDLE_CATEGORIES] && i < count; i++)
		check_feed(l,
		    (const struct config_feed *)((const uint8_t *)items + i * item_size),
		    categories);
}

static enum err check_feeds(struct loader *l)
{
	const struct rules_categories *all = &l->config->categories;
	const struct config_feeds *feeds = &l->config->filter.feeds;
	const struct rules_feeds *catalogue = &l->config->catalogue;

	const char **names = arena_array(l->run.arena, all->count + 2, sizeof *names);
	if (names == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < all->count; i++)
		names[i] = all->items[i].name.text;
	names[all->count] = "allow";
	check_feed_list(
	    l, catalogue->items, catalogue->count, sizeof *catalogue->items, names);
	/* Where the file names feeds; else they are the catalogue's. */
	if (feeds->mark.line > 0)
		check_feed_list(l, feeds->items, feeds->count, sizeof *feeds->items, names);
	return OK;
}

/* ---- groups ----------------------------------------------------------------------------- */

static void check_groups(struct loader *l)
{
	const struct config_groups *groups = &l->config->filter.groups;

	loader_refuse_twice(
	    l, groups->items, groups->count, sizeof *groups->items, _("group"));
	for (size_t i = 0; i < groups->count; i++) {
		const struct config_clients *clients = &groups->items[i].clients;
		for (size_t c = 0; c < clients->count; c++)
			if (clients->items[c].kind == CLIENT_GROUP)
				schema_mistake(&l->run, clients->items[c].mark,
				    _("'%s' is no address (a group holds prefixes, "
				      "ranges and MAC addresses, not other groups)"),
				    clients->items[c].text);
	}
}

/* ---- who claims whom -------------------------------------------------------------------- */

struct claim {
	const struct config_client *client;
	const struct rules_tier *tier;
	size_t order; /* of the file, so that the later one is told */
};

static int compare_ends(const struct config_client *a, const struct config_client *b)
{
	if (a->first.family != b->first.family)
		return a->first.family < b->first.family ? -1 : 1;
	int order = memcmp(a->first.bytes, b->first.bytes, sizeof a->first.bytes);
	return order != 0 ? order /* what holds others comes before them */
	                  : memcmp(b->last.bytes, a->last.bytes, sizeof a->last.bytes);
}

static bool ends_before(
    const struct addr *last, const struct config_client *client, const struct addr *end)
{
	return last->family != client->first.family ||
	    memcmp(last->bytes, end->bytes, sizeof last->bytes) < 0;
}

/* Ranges that cross: it could not be told which of the two is the narrower. Overwrites the
 * sorted `claims` with the stack of those that hold the current one, innermost last. */
static void refuse_crossing(struct loader *l, struct claim *claims, size_t count)
{
	size_t depth = 0;

	for (size_t i = 0; i < count; i++) {
		struct claim now = claims[i];
		const struct config_client *client = now.client;
		while (depth > 0 &&
		    ends_before(&claims[depth - 1].client->last, client, &client->first))
			depth--;
		const struct config_client *outer =
		    depth > 0 ? claims[depth - 1].client : NULL;
		if (outer == NULL || !ends_before(&outer->last, client, &client->last)) {
			claims[depth++] = now;
			continue;
		}
		schema_mistake(&l->run, client->mark,
		    _("'%s' overlaps '%s' in line %u (let one hold the other whole, or "
		      "let them not meet)"),
		    client->text, outer->text, outer->mark.line);
	}
}

/* Networks, then devices: each of those by its MAC and, with it, its address. */
static int compare_clients(const struct config_client *a, const struct config_client *b)
{
	if (a->mac.bits != b->mac.bits)
		return a->mac.bits < b->mac.bits ? -1 : 1;
	return compare_ends(a, b);
}

static int compare_claims(const void *a, const void *b)
{
	const struct claim *x = a;
	const struct claim *y = b;

	int order = compare_clients(x->client, y->client);
	return order != 0 ? order : x->order < y->order ? -1 : x->order > y->order;
}

static size_t count_networks(const struct claim *sorted, size_t count)
{
	size_t n = 0;

	while (n < count && !mac_is_known(sorted[n].client->mac))
		n++;
	return n;
}

static enum err check_claims(struct loader *l)
{
	const struct rules_tiers *tiers = &l->config->tiers;
	size_t count = 0;

	for (size_t t = 0; t < tiers->count; t++)
		count += tiers->items[t].clients.count;
	struct claim *claims = calloc(count + 1, sizeof *claims);
	if (claims == NULL)
		return ERR_MEMORY;
	count = 0;
	for (size_t t = 0; t < tiers->count; t++) {
		const struct config_clients *clients = &tiers->items[t].clients;
		for (size_t c = 0; c < clients->count; c++, count++)
			claims[count] =
			    (struct claim){&clients->items[c], &tiers->items[t], count};
	}
	qsort(claims, count, sizeof *claims, compare_claims);
	for (size_t i = 1; i < count; i++) {
		const struct config_client *client = claims[i].client;
		if (compare_clients(claims[i - 1].client, client) != 0)
			continue;
		schema_mistake(&l->run, client->mark,
		    _("'%s' is claimed by tier %s already, in line %u (keep one)"),
		    client->text, claims[i - 1].tier->name.text,
		    claims[i - 1].client->mark.line);
	}
	refuse_crossing(l, claims, count_networks(claims, count));
	free(claims);
	return OK;
}

/* ---- allow and deny --------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
	const struct config_name *x = *(const struct config_name *const *)a;
	const struct config_name *y = *(const struct config_name *const *)b;

	if (x->name.len != y->name.len)
		return x->name.len < y->name.len ? -1 : 1;
	return memcmp(x->name.wire, y->name.wire, x->name.len);
}

static enum err check_allow_and_deny(struct loader *l, const struct rules_tier *tier)
{
	const struct config_names *allow = &tier->allow;
	const struct config_name **sorted = calloc(allow->count + 1, sizeof *sorted);

	if (sorted == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < allow->count; i++)
		sorted[i] = &allow->items[i];
	qsort(sorted, allow->count, sizeof *sorted, compare_names);
	for (size_t i = 0; i < tier->deny.count; i++) {
		const struct config_name *denied = &tier->deny.items[i];
		const struct config_name **same =
		    bsearch(&denied, sorted, allow->count, sizeof *sorted, compare_names);
		if (same != NULL)
			schema_mistake(&l->run, denied->mark,
			    _("'%s' stands in both allow (line %u) and deny of tier %s "
			      "(keep one)"),
			    denied->text, (*same)->mark.line, tier->name.text);
	}
	free(sorted);
	return OK;
}

/* ---- addresses we listen on ------------------------------------------------------------- */

static void refuse_same_endpoint(struct loader *l, const struct config_endpoints *all)
{
	for (size_t i = 1; i < all->count; i++)
		for (size_t j = 0; j < i; j++)
			if (addr_equal_port(&all->items[i].addr, &all->items[j].addr)) {
				schema_mistake(&l->run, all->items[i].mark,
				    _("'%s' stands here twice (keep one)"),
				    all->items[i].text);
				break;
			}
}

/* Both lists open TCP sockets, so no address and port can be in both. */
static void refuse_shared_endpoint(struct loader *l, const struct config_endpoints *list,
    const struct config_endpoints *other, const char *other_key)
{
	for (size_t i = 0; i < list->count; i++)
		for (size_t j = 0; j < other->count; j++)
			if (addr_equal_port(&list->items[i].addr, &other->items[j].addr))
				schema_mistake(&l->run, list->items[i].mark,
				    _("'%s' stands in %s too (keep one, or choose another "
				      "port)"),
				    list->items[i].text, other_key);
}

/* ---- certificates ----------------------------------------------------------------------- */

void config_check_pair(struct loader *l, const struct config_certificate *pair,
    const char *file_key, const char *key_key)
{
	bool has_file = pair->file.text[0] != 0;
	bool has_key = pair->key.text[0] != 0;

	if (has_file && !has_key)
		schema_mistake(&l->run, pair->file.mark,
		    _("%s wants %s beside it (name the file with its private key)"),
		    file_key, key_key);
	if (has_key && !has_file)
		schema_mistake(&l->run, pair->key.mark,
		    _("%s wants %s beside it (name the file with its certificate)"),
		    key_key, file_key);
}

static void check_https(struct loader *l)
{
	const struct config_pages *pages = &l->config->pages;
	const struct config_server *server = &l->config->server;

	config_check_pair(l, &pages->ca, "pages.ca.certificate", "pages.ca.key");
	config_check_pair(l, &pages->portal.certificate, "pages.portal.certificate.file",
	    "pages.portal.certificate.key");
	refuse_same_endpoint(l, &pages->listen_tls);
	refuse_shared_endpoint(l, &pages->listen_tls, &pages->listen, "pages.listen");
	refuse_shared_endpoint(l, &pages->listen_tls, &server->listen, "server.listen");
	if (pages->listen_tls.count > 0 && pages->ca.file.text[0] == 0 &&
	    pages->portal.certificate.file.text[0] == 0)
		schema_mistake(&l->run, pages->listen_tls.mark,
		    _("pages.listen_tls wants a certificate (make the school's own CA with "
		      "`lachanctl ca make` and name it in pages.ca, or give "
		      "pages.portal.certificate)"));
}

enum err config_check(struct loader *l)
{
	const struct rules_tiers *tiers = &l->config->tiers;

	check_groups(l);
	refuse_same_endpoint(l, &l->config->server.listen);
	refuse_same_endpoint(l, &l->config->pages.listen);
	check_https(l);
	notify_check(l);
	share_check(l);
	enum err rc = check_feeds(l);
	if (rc == OK)
		rc = check_claims(l);
	for (size_t t = 0; rc == OK && t < tiers->count; t++)
		rc = check_allow_and_deny(l, &tiers->items[t]);
	return rc;
}
