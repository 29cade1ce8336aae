#include "conf/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/words.h"
#include "conf/internal.h"

enum {
	CONFIG_MAX_BYTES = 96 << 20 /* a file of 1 MiB of one-letter words needs 90 */
};

/* ---- help for the parts ----------------------------------------------------------------- */

static const struct conf_text *name_at(const void *items, size_t i, size_t item_size)
{
	return (const struct conf_text *)((const uint8_t *)items + i * item_size);
}

const char *const *loader_names(
    struct loader *l, const void *items, size_t count, size_t item_size)
{
	const char **names = arena_array(l->run.arena, count + 1, sizeof *names);

	/* A name that is missing or wrong is told elsewhere, and nobody's choice. */
	for (size_t i = 0, n = 0; names != NULL && i < count; i++)
		if (name_at(items, i, item_size)->text[0] != 0)
			names[n++] = name_at(items, i, item_size)->text;
	return names;
}

size_t loader_find(const void *items, size_t count, size_t item_size, const char *name)
{
	size_t i = 0;
	while (i < count && strcmp(name_at(items, i, item_size)->text, name) != 0)
		i++;
	return i;
}

void loader_refuse_twice(
    struct loader *l, const void *items, size_t count, size_t item_size, const char *what)
{
	for (size_t i = 1; i < count; i++) {
		const struct conf_text *name = name_at(items, i, item_size);
		size_t first = loader_find(items, i, item_size, name->text);
		if (first < i && name->text[0] != 0)
			schema_mistake(&l->run, name->mark,
			    _("%s '%s' stands here twice (first in line %u; give it another "
			      "name)"),
			    what, name->text, name_at(items, first, item_size)->mark.line);
	}
}

bool loader_is_told(const struct loader *l, struct mark mark)
{
	const struct diags *all = l->run.all;

	for (size_t i = 0; i < all->count; i++) {
		const struct diag *d = &all->items[i];
		if (d->level == DIAG_ERROR && d->line == mark.line &&
		    d->column == mark.column && strcmp(d->file, mark.file) == 0)
			return true;
	}
	return false;
}

const char *loader_absolute(struct loader *l, const char *folder, const char *path)
{
	struct buf joined = BUF_INIT(8192);

	if (path[0] == 0 || path[0] == '/')
		return path;
	buf_printf(&joined, "%s/%s", folder, path);
	const char *kept = NULL;
	if (buf_status(&joined) == OK)
		kept = arena_text(l->run.arena, buf_slice(&joined));
	buf_deinit(&joined);
	return kept;
}

/* ---- loading ---------------------------------------------------------------------------- */

static enum err parse_part(struct loader *l, enum bundle_part part)
{
	const char *file = l->bundle->parts[part].file;

	if (file == NULL)
		return OK;
	/* Marks live as long as the config; the bundle does not. */
	file = arena_text(l->run.arena, slice_of(file));
	if (file == NULL)
		return ERR_MEMORY;
	size_t before = l->run.all->errors;
	enum err rc =
	    yaml_tree_parse_apart(&l->trees[part], buf_slice(&l->bundle->parts[part].text),
	        file, (struct yaml_arenas){&l->nodes, l->run.arena}, l->run.all);
	l->parsed[part] = rc == OK || rc == ERR_CONFIG;
	l->run.mistakes += l->run.all->errors - before;
	return rc == ERR_MEMORY ? rc : OK;
}

static bool is_map_or_nothing(const struct yaml_node *node)
{
	return node->kind == TREE_MAP || yaml_is_null(node);
}

static enum err parse_parts(struct loader *l)
{
	for (enum bundle_part part = 0; part < BUNDLE_NEVER_BLOCK; part++) {
		enum err rc = parse_part(l, part);
		if (rc != OK)
			return rc;
	}
	if (!l->parsed[BUNDLE_MAIN])
		return OK;
	l->merged = l->trees[BUNDLE_MAIN];
	/* A file that is no map is left as it is, for schema_fill to complain about. */
	if (!l->parsed[BUNDLE_OVERRIDES] || !is_map_or_nothing(&l->merged) ||
	    yaml_is_null(&l->trees[BUNDLE_OVERRIDES]))
		return OK;
	return yaml_merge(
	    &l->merged, &l->trees[BUNDLE_MAIN], &l->trees[BUNDLE_OVERRIDES], &l->nodes);
}

static enum err make_paths_absolute(struct loader *l)
{
	struct config *c = l->config;
	struct conf_text *paths[] = {&c->server.state_dir, &c->server.run_dir,
	    &c->filter.ca_file, &c->pages.ca.file, &c->pages.ca.key,
	    &c->pages.portal.certificate.file, &c->pages.portal.certificate.key,
	    &c->console.users_file};

	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		paths[i]->text = loader_absolute(l, l->bundle->folder, paths[i]->text);
		if (paths[i]->text == NULL)
			return ERR_MEMORY;
	}
	c->server.data_dir.text = arena_text(l->run.arena, slice_of(l->bundle->data_dir));
	return c->server.data_dir.text != NULL ? OK : ERR_MEMORY;
}

static enum err fill(struct loader *l)
{
	enum err rc = parse_parts(l);
	if (rc != OK)
		return rc;
	/* Without a tree there is nothing more to say than what is said. */
	if (!l->parsed[BUNDLE_MAIN])
		return OK;
	rc = schema_fill(&l->run, CONFIG_ROWS, &l->merged, l->config);
	if (rc == ERR_FORMAT)
		return OK;
	if (rc != OK && rc != ERR_CONFIG)
		return rc;
	rc = make_paths_absolute(l);
	if (rc == OK)
		rc = notify_make_paths_absolute(l);
	if (rc == OK)
		rc = share_make_paths_absolute(l);
	if (rc == OK)
		rc = zones_resolve(l);
	if (rc == OK)
		rc = rules_data_merge(l);
	if (rc == OK)
		rc = services_merge(l);
	if (rc == OK)
		rc = tiers_merge(l);
	if (rc == OK)
		rc = config_check(l);
	return rc;
}

static struct config *config_new(void)
{
	struct config *config = calloc(1, sizeof *config);

	if (config == NULL)
		return NULL;
	config->arena = calloc(1, sizeof *config->arena);
	if (config->arena == NULL) {
		free(config);
		return NULL;
	}
	*config->arena = ARENA_INIT(CONFIG_MAX_BYTES);
	return config;
}

void config_free(struct config *config)
{
	if (config == NULL)
		return;
	arena_deinit(config->arena);
	free(config->arena);
	free(config);
}

static int compare_places(const void *a, const void *b)
{
	const struct diag *x = a;
	const struct diag *y = b;

	int order = strcmp(x->file, y->file);
	if (order != 0)
		return order;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	return strcmp(x->text, y->text);
}

/* As a person mends them: file by file, from the top. */
static void sort_by_place(struct diags *all, size_t first)
{
	if (all->count > first)
		qsort(all->items + first, all->count - first, sizeof *all->items,
		    compare_places);
}

static void make_version(char out[9], const struct config_bundle *bundle)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < BUNDLE_PARTS; i++) {
		const struct hash_key chained = {sum, i};
		sum = siphash24(chained, buf_slice(&bundle->parts[i].text));
	}
	(void)snprintf(out, 9, "%08x", (unsigned)(sum & 0xffffffff));
}

enum err config_load_bundle(
    struct config **out, const struct config_bundle *bundle, struct diags *all)
{
	size_t before = all->count;

	*out = NULL;
	struct config *config = config_new();
	if (config == NULL)
		return ERR_MEMORY;
	struct loader l = {.run = {.arena = config->arena, .all = all},
	    .bundle = bundle,
	    .config = config,
	    .nodes = ARENA_INIT(CONFIG_MAX_BYTES)};
	enum err rc = fill(&l);
	if (rc == OK && l.run.no_memory)
		rc = ERR_MEMORY;
	if (rc == OK && l.run.mistakes > 0)
		rc = ERR_CONFIG;
	arena_deinit(&l.nodes);
	sort_by_place(all, before);
	if (rc != OK)
		config_free(config);
	else
		*out = config;
	if (rc == OK)
		make_version(config->version, bundle);
	return rc;
}

enum err config_load(struct config **out, const char *path, struct diags *all)
{
	struct config_bundle bundle = {0};

	*out = NULL;
	enum err rc = config_bundle_read(&bundle, path, all);
	if (rc == OK)
		rc = config_load_bundle(out, &bundle, all);
	config_bundle_deinit(&bundle);
	return rc;
}

enum err config_load_fd(struct config **out, int fd, struct diags *all)
{
	struct config_bundle bundle = {0};

	*out = NULL;
	enum err rc = config_bundle_open(&bundle, fd);
	if (rc == OK)
		rc = config_load_bundle(out, &bundle, all);
	else
		diags_error(all, NULL, 0, 0,
		    _("the configuration that was handed over cannot be read: %s"),
		    err_text(rc));
	config_bundle_deinit(&bundle);
	return rc;
}

enum err config_load_child(struct config **out, const char *path, struct diags *all)
{
	const char *number = getenv("LACHAN_CONFIG_FD");
	uint64_t fd;

	*out = NULL;
	if (number != NULL && slice_to_u64(slice_of(number), 1 << 20, &fd))
		return config_load_fd(out, (int)fd, all);
	if (path != NULL)
		return config_load(out, path, all);
	diags_error(
	    all, NULL, 0, 0, _("no configuration was given (give one with -c FILE)"));
	return ERR_NOT_FOUND;
}

bool config_find_tier(const struct config *config, const char *name, size_t *out)
{
	const struct rules_tiers *tiers = &config->tiers;
	size_t i = loader_find(tiers->items, tiers->count, sizeof *tiers->items, name);

	if (i < tiers->count)
		*out = i;
	return i < tiers->count;
}

bool config_find_category(const struct config *config, const char *name, size_t *out)
{
	const struct rules_categories *all = &config->categories;
	size_t i = loader_find(all->items, all->count, sizeof *all->items, name);

	if (i < all->count)
		*out = i;
	return i < all->count;
}

bool config_find_service(const struct config *config, const char *name, size_t *out)
{
	const struct rules_services *all = &config->services;
	size_t i = loader_find(all->items, all->count, sizeof *all->items, name);

	if (i < all->count)
		*out = i;
	return i < all->count;
}

/* ---- what needs a restart --------------------------------------------------------------- */

static bool same_endpoints(
    const struct config_endpoints *a, const struct config_endpoints *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!addr_equal_port(&a->items[i].addr, &b->items[i].addr))
			return false;
	return true;
}

static bool same_text(const struct conf_text *a, const struct conf_text *b)
{
	return strcmp(a->text, b->text) == 0;
}

/* Their files are read while we may: children cannot open them once they are nobody. */
static const char *changed_certificate(
    const struct config_pages *now, const struct config_pages *next)
{
	if (!same_text(&now->ca.file, &next->ca.file))
		return "pages.ca.certificate";
	if (!same_text(&now->ca.key, &next->ca.key))
		return "pages.ca.key";
	if (!same_text(&now->portal.certificate.file, &next->portal.certificate.file))
		return "pages.portal.certificate.file";
	if (!same_text(&now->portal.certificate.key, &next->portal.certificate.key))
		return "pages.portal.certificate.key";
	return NULL;
}

const char *config_needs_restart(const struct config *now, const struct config *next)
{
	if (!same_endpoints(&now->server.listen, &next->server.listen))
		return "server.listen";
	if (!same_endpoints(&now->pages.listen, &next->pages.listen))
		return "pages.listen";
	if (!same_endpoints(&now->pages.listen_tls, &next->pages.listen_tls))
		return "pages.listen_tls";
	if (!addr_equal_port(&now->server.metrics.addr, &next->server.metrics.addr))
		return "server.metrics";
	if (now->server.threads != next->server.threads)
		return "server.threads";
	if (!same_text(&now->server.user, &next->server.user))
		return "server.user";
	if (!same_text(&now->school.time_zone, &next->school.time_zone))
		return "school.time_zone";
	if (!same_text(&now->server.state_dir, &next->server.state_dir))
		return "server.state_dir";
	if (!same_text(&now->server.run_dir, &next->server.run_dir))
		return "server.run_dir";
	return changed_certificate(&now->pages, &next->pages);
}
