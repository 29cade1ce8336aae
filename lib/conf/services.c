/* services.yaml, safe_search.yaml and bypass.yaml of rules/, and what must hold in them. */
#include <stdlib.h>

#include "base/words.h"
#include "conf/internal.h"

/* ---- services --------------------------------------------------------------------------- */

static void check_service(
    struct loader *l, struct rules_service *service, const char *const *categories)
{
	size_t i;

	if (config_find_category(l->config, service->name.text, &i))
		schema_mistake(&l->run, service->name.mark,
		    _("service '%s' has the name of a category (give it another)"),
		    service->name.text);
	if (config_find_category(
	        l->config, service->category_name.text, &service->category))
		return;
	if (service->category_name.text[0] != 0 && l->parsed[BUNDLE_CATEGORIES])
		schema_mistake_word(&l->run, service->category_name.mark, _("category"),
		    service->category_name.text, categories);
}

static enum err merge_services(struct loader *l)
{
	const struct rules_categories *categories = &l->config->categories;
	struct rules_services *all = &l->config->services;
	struct services_file file = {0};

	enum err rc = rules_fill_file(l, BUNDLE_SERVICES, SERVICES_FILE_ROWS, &file);
	if (rc != OK)
		return rc;
	*all = file.services;
	loader_refuse_twice(l, all->items, all->count, sizeof *all->items, _("service"));
	const char *const *names = loader_names(
	    l, categories->items, categories->count, sizeof *categories->items);
	if (names == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < all->count; i++)
		check_service(l, &all->items[i], names);
	return OK;
}

/* ---- safe search ------------------------------------------------------------------------ */

static int compare_names(const void *a, const void *b)
{
	const struct config_name *x = *(const struct config_name *const *)a;
	const struct config_name *y = *(const struct config_name *const *)b;

	if (x->name.len != y->name.len)
		return x->name.len < y->name.len ? -1 : 1;
	return memcmp(x->name.wire, y->name.wire, x->name.len);
}

/* Every name that is led elsewhere, sorted. */
struct led {
	const struct config_name **items;
	size_t count;
};

static void add_names(struct led *led, const struct config_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		led->items[led->count++] = &names->items[i];
}

static void refuse_led_twice(struct loader *l, const struct led *led)
{
	for (size_t i = 1; i < led->count; i++) {
		const struct config_name *first = led->items[i - 1];
		const struct config_name *second = led->items[i];
		if (compare_names(&first, &second) != 0)
			continue;
		/* Equal names come in any order. */
		if (second->mark.line < first->mark.line)
			second = first;
		schema_mistake(&l->run, second->mark,
		    _("'%s' stands here twice (keep one)"), second->text);
	}
}

/* A name that leads to one that is led on would never be resolved. */
static void refuse_loop(
    struct loader *l, const struct led *led, const struct config_name *safe)
{
	if (safe->name.wire != NULL &&
	    bsearch(&safe, led->items, led->count, sizeof *led->items, compare_names) !=
	        NULL)
		schema_mistake(&l->run, safe->mark,
		    _("'%s' is led elsewhere itself (a safe address is no name of an engine)"),
		    safe->text);
}

static void check_engine(struct loader *l, struct rules_engine *engine)
{
	bool has_safe = engine->safe.name.wire != NULL;

	if (has_safe == engine->block && !loader_is_told(l, engine->name.mark))
		schema_mistake(&l->run, engine->name.mark,
		    _("engine '%s' has a safe address or is blocked (write safe: NAME, or "
		      "block: on)"),
		    engine->name.text);
	if (!has_safe)
		engine->safe.text = "";
}

static void check_youtube(struct loader *l, struct rules_safe_search *all)
{
	const struct config_names *names = &all->youtube.names;
	const struct config_names *domains = &all->youtube.domains;

	for (size_t i = 0; i < names->count; i++) {
		size_t d = 0;
		while (d < domains->count &&
		    !name_is_at_or_below(names->items[i].name, domains->items[d].name))
			d++;
		if (d == domains->count)
			schema_mistake(&l->run, names->items[i].mark,
			    _("'%s' is below none of youtube.domains (add its domain there)"),
			    names->items[i].text);
	}
}

static enum err check_led(struct loader *l, struct rules_safe_search *all)
{
	size_t most = all->youtube.names.count;
	struct led led = {0};

	for (size_t i = 0; i < all->engines.count; i++)
		most += all->engines.items[i].names.count;
	led.items = calloc(most + 1, sizeof *led.items);
	if (led.items == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < all->engines.count; i++)
		add_names(&led, &all->engines.items[i].names);
	add_names(&led, &all->youtube.names);
	qsort(led.items, led.count, sizeof *led.items, compare_names);
	refuse_led_twice(l, &led);
	for (size_t i = 0; i < all->engines.count; i++)
		refuse_loop(l, &led, &all->engines.items[i].safe);
	refuse_loop(l, &led, &all->youtube.moderate);
	refuse_loop(l, &led, &all->youtube.strict);
	free(led.items);
	return OK;
}

static enum err merge_safe_search(struct loader *l)
{
	struct rules_safe_search *all = &l->config->safe_search;

	enum err rc = rules_fill_file(l, BUNDLE_SAFE_SEARCH, SAFE_SEARCH_FILE_ROWS, all);
	if (rc != OK)
		return rc;
	loader_refuse_twice(l, all->engines.items, all->engines.count,
	    sizeof *all->engines.items, _("engine"));
	for (size_t i = 0; i < all->engines.count; i++)
		check_engine(l, &all->engines.items[i]);
	check_youtube(l, all);
	if (all->youtube.moderate.name.wire == NULL)
		all->youtube.moderate.text = "";
	if (all->youtube.strict.name.wire == NULL)
		all->youtube.strict.text = "";
	return check_led(l, all);
}

/* ---- bypass ----------------------------------------------------------------------------- */

static enum err merge_bypass(struct loader *l)
{
	struct bypass_file file = {0};

	enum err rc = rules_fill_file(l, BUNDLE_BYPASS, BYPASS_FILE_ROWS, &file);
	l->config->bypass = file.names;
	for (size_t i = 0; rc == OK && i < file.names.count; i++) {
		const struct rules_bypass_name *name = &file.names.items[i];
		if (name->answer != RULES_ANSWER_NXDOMAIN &&
		    name->answer != RULES_ANSWER_NODATA)
			schema_mistake(&l->run, name->name.mark,
			    _("'%s' is answered nxdomain or nodata (what devices take for a no)"),
			    name->name.text);
	}
	return rc;
}

enum err services_merge(struct loader *l)
{
	enum err rc = merge_services(l);
	if (rc == OK)
		rc = merge_safe_search(l);
	if (rc == OK)
		rc = merge_bypass(l);
	return rc;
}
