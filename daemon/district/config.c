#include "district/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/file.h"
#include "base/words.h"
#include "conf/yaml_tree.h"
#include "district/config_keys.h"

enum {
	CONFIG_MAX_MEMORY = 8 << 20
};

/* One reading of one file. */
struct reading {
	struct schema_run run;
	struct district_config *config;
	struct arena nodes;
	char folder[FILE_PATH_BYTES]; /* where relative paths begin */
};

static void make_absolute(struct reading *r, struct conf_text *path)
{
	char joined[2 * FILE_PATH_BYTES];

	if (path->text[0] == 0 || path->text[0] == '/')
		return;
	if (path_join(joined, sizeof joined, r->folder, path->text) != OK) {
		schema_mistake(&r->run, path->mark, _("the path is too long (shorten it)"));
		return;
	}
	path->text = arena_text(r->run.arena, slice_of(joined));
	if (path->text == NULL) {
		path->text = "";
		r->run.no_memory = true;
	}
}

static void make_paths_absolute(struct reading *r)
{
	struct district_config *c = r->config;
	struct conf_text *const paths[] = {&c->server.certificate.file,
	    &c->server.certificate.key, &c->server.client_ca, &c->server.public_ca,
	    &c->server.state_dir, &c->users_file};

	for (size_t i = 0; i < COUNT_OF(paths); i++)
		make_absolute(r, paths[i]);
	for (size_t i = 0; i < c->notify.count; i++) {
		make_absolute(r, &c->notify.items[i].password_file);
		make_absolute(r, &c->notify.items[i].ca_file);
	}
}

/* ---- what only the whole file can tell -------------------------------------------------- */

/* Tokens and passwords must not cross a network in the clear. */
static void check_plain(struct reading *r)
{
	const struct district_config *c = r->config;

	for (size_t i = 0; i < c->server.listen.count; i++) {
		const struct config_endpoint *at = &c->server.listen.items[i];
		if (addr_is_loopback(&at->addr) || c->server.trusted_proxies.count > 0)
			continue;
		schema_mistake(&r->run, at->mark,
		    _("'%s' is plain http that others reach (listen on 127.0.0.1, use "
		      "listen_tls, or name the proxy before it in trusted_proxies)"),
		    at->text);
	}
}

static void check_listen(struct reading *r)
{
	const struct district_config *c = r->config;
	const struct config_certificate *pair = &c->server.certificate;

	if (c->server.listen.count + c->server.listen_tls.count == 0)
		schema_mistake(&r->run, c->server.listen.mark,
		    _("nobody is listened to (name an address in listen or listen_tls)"));
	check_plain(r);
	if (c->server.listen_tls.count > 0 &&
	    (pair->file.text[0] == 0 || pair->key.text[0] == 0))
		schema_mistake(&r->run, c->server.listen_tls.mark,
		    _("'listen_tls' wants a certificate (name certificate.file and "
		      "certificate.key)"));
	if (c->server.client_ca.text[0] != 0 && c->server.listen_tls.count == 0)
		schema_mistake(&r->run, c->server.client_ca.mark,
		    _("'client_ca' is for https (name an address in listen_tls)"));
}

/* A place to which /v1/… is appended; in the clear on this machine alone (a demo). */
static void check_public_url(struct reading *r)
{
	const struct conf_text *url = &r->config->server.public_url;
	static const char *const starts[] = {
	    "https://", "http://127.0.0.1:", "http://localhost:", "http://[::1]:"};
	bool sound = url->text[0] == 0;

	for (size_t i = 0; i < COUNT_OF(starts); i++) {
		size_t len = strlen(starts[i]);
		if (strncmp(url->text, starts[i], len) == 0)
			sound = url->text[len] != 0 &&
			    url->text[len + strcspn(url->text + len, "/?# @\"\\")] == 0;
	}
	if (!sound)
		schema_mistake(&r->run, url->mark,
		    _("'%s' is no address for schools (write https://HOST or "
		      "https://HOST:PORT, nothing behind it)"),
		    url->text);
}

static void check_store(struct reading *r)
{
	struct district_config *c = r->config;
	const char *where = c->store.text;

	if (strcmp(where, "sqlite") == 0)
		return;
	c->store_kind = DISTRICT_POSTGRESQL;
	if (strncmp(where, "postgresql://", 13) != 0 || where[13] == 0)
		schema_mistake(&r->run, c->store.mark,
		    _("'%s' is no store (write sqlite, or postgresql://USER@HOST/DATABASE)"),
		    where);
	else if (!DISTRICT_HAS_POSTGRESQL)
		schema_mistake(&r->run, c->store.mark,
		    _("this lachan-district was built without PostgreSQL (build it with libpq, "
		      "or write sqlite)"));
}

static bool is_same_target(
    const struct district_notify_target *a, const struct district_notify_target *b)
{
	return a->to.text != NULL && b->to.text != NULL &&
	    strcmp(a->to.text, b->to.text) == 0 &&
	    strcmp(a->address.text, b->address.text) == 0;
}

static void check_events(struct reading *r, const struct district_events *events)
{
	unsigned seen = 0;

	for (size_t i = 0; i < events->count; i++) {
		unsigned bit = 1U << events->items[i];
		if ((seen & bit) != 0)
			schema_mistake(&r->run, events->mark,
			    _("'events' names something twice (keep one)"));
		seen |= bit;
	}
}

static void check_notify(struct reading *r)
{
	const struct district_notify *all = &r->config->notify;

	for (size_t i = 0; i < all->count; i++) {
		const struct district_notify_target *target = &all->items[i];
		notify_check_keys(&r->run,
		    &(struct notify_keys){&target->to, &target->address,
		        &target->password_file, &target->ca_file});
		check_events(r, &target->events);
		for (size_t j = 0; j < i; j++)
			if (is_same_target(&all->items[j], target))
				schema_mistake(&r->run, target->to.mark,
				    _("'%s' stands here twice (keep one)"),
				    target->to.text);
	}
}

static void check_retention(struct reading *r)
{
	const struct district_config *c = r->config;
	uint64_t daily = c->retention.daily_months;
	uint64_t yearly = c->retention.yearly_months;

	if (yearly != 0 && (daily == 0 || daily > yearly))
		schema_mistake(&r->run, (struct mark){"", 0, 0},
		    _("retention.daily is longer than retention.yearly (sums are made of days: "
		      "keep them at least as long)"));
}

/* ---- reading ---------------------------------------------------------------------------- */

static enum err fill(struct reading *r, struct slice text, const char *file)
{
	struct yaml_node tree;
	struct yaml_arenas arenas = {&r->nodes, r->run.arena};
	size_t errors = r->run.all->errors;

	enum err rc = yaml_tree_parse_apart(&tree, text, file, arenas, r->run.all);
	if (rc != OK && rc != ERR_CONFIG)
		return rc == ERR_FORMAT ? ERR_CONFIG : rc;
	rc = schema_fill(&r->run, DISTRICT_ROWS, &tree, r->config);
	if (rc == ERR_FORMAT)
		return ERR_CONFIG;
	if (rc != OK && rc != ERR_CONFIG)
		return rc;
	make_paths_absolute(r);
	check_listen(r);
	check_public_url(r);
	check_store(r);
	check_notify(r);
	check_retention(r);
	if (r->run.no_memory)
		return ERR_MEMORY;
	return r->run.all->errors > errors ? ERR_CONFIG : OK;
}

static struct district_config *config_new(void)
{
	struct district_config *config = calloc(1, sizeof *config);

	if (config == NULL)
		return NULL;
	config->arena = calloc(1, sizeof *config->arena);
	if (config->arena == NULL) {
		free(config);
		return NULL;
	}
	*config->arena = ARENA_INIT(CONFIG_MAX_MEMORY);
	atomic_init(&config->holders, 1);
	return config;
}

static void free_whole(struct district_config *config)
{
	arena_deinit(config->arena);
	free(config->arena);
	free(config);
}

/* The folder of `path`, absolute. */
static enum err find_folder(char out[FILE_PATH_BYTES], const char *path)
{
	char *real = realpath(path, NULL);
	enum err rc = ERR_NOT_FOUND;

	if (real == NULL)
		return rc;
	char *slash = strrchr(real, '/');
	if (slash != NULL) {
		*slash = 0;
		rc = snprintf(out, FILE_PATH_BYTES, "%s", real) < FILE_PATH_BYTES
		    ? OK
		    : ERR_RANGE;
	}
	free(real);
	return rc;
}

static enum err read_file(
    struct buf *text, struct reading *r, const char *path, struct diags *all)
{
	enum err rc = find_folder(r->folder, path);

	if (rc == OK)
		rc = file_read(path, text);
	if (rc != OK && rc != ERR_MEMORY) {
		diags_error(all, path, 0, 0,
		    _("cannot be read: %s (name a file that is there, with -c FILE)"),
		    err_text(rc));
		rc = ERR_CONFIG;
	}
	return rc;
}

enum err district_config_load(
    const struct district_config **out, const char *path, struct diags *all)
{
	struct district_config *config = config_new();
	struct buf text = BUF_INIT(YAML_TREE_MAX_BYTES);

	if (config == NULL)
		return ERR_MEMORY;
	struct reading r = {.run = {.arena = config->arena, .all = all},
	    .config = config,
	    .nodes = ARENA_INIT(CONFIG_MAX_MEMORY)};
	const char *file = arena_text(config->arena, slice_of(path));
	enum err rc = file == NULL ? ERR_MEMORY : read_file(&text, &r, path, all);
	if (rc == OK)
		rc = fill(&r, buf_slice(&text), file);
	arena_deinit(&r.nodes);
	buf_deinit(&text);
	if (rc == OK)
		*out = config;
	else
		free_whole(config);
	return rc;
}

const struct district_config *district_config_hold(const struct district_config *config)
{
	/* The count is nobody's setting: it moves while all else stands. */
	struct district_config *held = (struct district_config *)(uintptr_t)config;

	atomic_fetch_add(&held->holders, 1);
	return config;
}

void district_config_release(const struct district_config *config)
{
	struct district_config *held = (struct district_config *)(uintptr_t)config;

	if (config != NULL && atomic_fetch_sub(&held->holders, 1) == 1)
		free_whole(held);
}

enum err district_config_store_where(
    char *out, size_t size, const struct district_config *config)
{
	int n = config->store_kind == DISTRICT_SQLITE
	    ? snprintf(out, size, "sqlite:%s/district.db", config->server.state_dir.text)
	    : snprintf(out, size, "%s", config->store.text);

	return n >= 0 && (size_t)n < size ? OK : ERR_RANGE;
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

const char *district_config_needs_restart(
    const struct district_config *now, const struct district_config *next)
{
	if (!same_endpoints(&now->server.listen, &next->server.listen))
		return "server.listen";
	if (!same_endpoints(&now->server.listen_tls, &next->server.listen_tls))
		return "server.listen_tls";
	if (!addr_equal_port(&now->server.metrics.addr, &next->server.metrics.addr))
		return "server.metrics";
	if (!same_text(&now->server.user, &next->server.user))
		return "server.user";
	if (!same_text(&now->server.state_dir, &next->server.state_dir))
		return "server.state_dir";
	if (!same_text(&now->department.time_zone, &next->department.time_zone))
		return "department.time_zone";
	if (!same_text(&now->store, &next->store))
		return "store";
	return NULL;
}
