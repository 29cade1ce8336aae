#include "page/texts.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "page/texts_check.h"

enum {
	TEXTS_ARENA_BYTES = 8 << 20
};

struct texts {
	struct arena arena;
	char *file;
	struct yaml_node root;
};

void texts_free(struct texts *texts)
{
	if (texts == NULL)
		return;
	arena_deinit(&texts->arena);
	free(texts->file);
	free(texts);
}

static struct texts *texts_new(const char *file, struct diags *all)
{
	struct texts *texts = calloc(1, sizeof *texts);

	if (texts != NULL)
		texts->file = strdup(file);
	if (texts == NULL || texts->file == NULL) {
		free(texts);
		diags_error(all, file, 0, 0, "out of memory");
		return NULL;
	}
	texts->arena = ARENA_INIT(TEXTS_ARENA_BYTES);
	return texts;
}

enum err texts_parse(
    struct texts **out, struct slice text, const char *file, struct diags *all)
{
	struct texts *texts = texts_new(file, all);
	enum err rc = ERR_MEMORY;

	if (texts == NULL)
		return rc;
	rc = yaml_tree_parse(&texts->root, text, texts->file, &texts->arena, all);
	if (rc == OK)
		rc = texts_check(&texts->root, all);
	if (rc != OK) {
		texts_free(texts);
		return rc;
	}
	*out = texts;
	return OK;
}

enum err texts_load(struct texts **out, const char *path, struct diags *all)
{
	struct buf source = BUF_INIT(YAML_TREE_MAX_BYTES);
	enum err rc = file_read(path, &source);

	if (rc == OK) {
		rc = texts_parse(out, buf_slice(&source), path, all);
	} else {
		diags_error(all, path, 0, 0, "cannot read the texts of the pages: %s",
		    err_text(rc));
	}
	buf_deinit(&source);
	return rc;
}

const char *texts_line(const struct yaml_node *pair, struct voice voice)
{
	if (voice.language == LANGUAGE_EN)
		return yaml_text(pair, "en", "");
	const char *vi = yaml_text(pair, "vi", "");
	return voice.older ? yaml_text(pair, "vi_older", vi) : vi;
}

const struct yaml_node *texts_section(const struct texts *texts, const char *section)
{
	return yaml_find(&texts->root, section);
}

const struct yaml_node *texts_pair(
    const struct texts *texts, const char *section, const char *key)
{
	return yaml_find(texts_section(texts, section), key);
}

/* An unknown condition never holds; texts_check has refused it. */
static bool condition_holds(const char *condition, struct standing holds)
{
	if (strcmp(condition, "review") == 0)
		return holds.review;
	if (strcmp(condition, "report") == 0)
		return holds.report;
	return strcmp(condition, "teacher_open") == 0 && holds.teacher;
}

bool texts_may_show(const struct yaml_node *line, struct standing holds)
{
	const char *needs = yaml_text(line, "needs", NULL);
	const char *unless = yaml_text(line, "unless", NULL);

	return (needs == NULL || condition_holds(needs, holds)) &&
	    (unless == NULL || !condition_holds(unless, holds));
}

bool texts_button_shows(
    const struct texts *texts, const char *button, struct standing holds)
{
	const struct yaml_node *rules = texts_section(texts, "rules");
	const char *needs = yaml_text(yaml_find(rules, "button_needs"), button, NULL);

	return needs == NULL || condition_holds(needs, holds);
}

/* The item of a list of maps whose `id` is `id`. */
static const struct yaml_node *find_by_id(const struct yaml_node *list, const char *id)
{
	for (size_t i = 0; list != NULL && i < list->count; i++) {
		if (strcmp(yaml_text(&list->items[i], "id", ""), id) == 0)
			return &list->items[i];
	}
	return NULL;
}

static bool list_has(const struct yaml_node *list, const char *word)
{
	for (size_t i = 0; list != NULL && i < list->count; i++) {
		if (list->items[i].text != NULL && strcmp(list->items[i].text, word) == 0)
			return true;
	}
	return false;
}

bool texts_find_tier(const struct texts *texts, const char *tier, struct texts_tier *out)
{
	const struct yaml_node *rules = texts_section(texts, "rules");
	const struct yaml_node *item = find_by_id(texts_section(texts, "tiers"), tier);

	if (item == NULL)
		return false;
	const char *pages_of = yaml_text(item, "pages_of", tier);
	bool show_domain = false;
	const struct yaml_node *shown = yaml_find(yaml_find(rules, "show_domain"), tier);
	if (shown != NULL && !yaml_to_bool(shown, &show_domain))
		show_domain = false;
	*out = (struct texts_tier){
	    .name = yaml_find(item, "name"),
	    .pages = yaml_find(texts_section(texts, "pages"), pages_of),
	    .own = yaml_find(texts_section(texts, "pages"), tier),
	    .show_domain = show_domain,
	    .older = strcmp(pages_of, "upper_secondary") == 0 || strcmp(tier, "staff") == 0,
	    .staff = strcmp(tier, "staff") == 0,
	    .calm = list_has(yaml_find(rules, "no_red_alarm_for"), tier),
	};
	return out->pages != NULL;
}

const struct yaml_node *texts_page(const struct texts_tier *tier, const char *variant)
{
	const struct yaml_node *own = yaml_find(tier->own, variant);

	return own != NULL ? own : yaml_find(tier->pages, variant);
}

bool texts_find_category(
    const struct texts *texts, const char *category, struct texts_category *out)
{
	const struct yaml_node *item =
	    find_by_id(texts_section(texts, "categories"), category);
	bool sensitive = false;

	if (item == NULL)
		return false;
	if (!yaml_to_bool(yaml_find(item, "sensitive"), &sensitive))
		sensitive = true; /* the careful reading of what is not said */
	*out = (struct texts_category){
	    .name = yaml_find(item, "name"),
	    .child_label = yaml_find(item, "child_label"),
	    .page = yaml_text(item, "page", "default"),
	    .sensitive = sensitive,
	};
	return true;
}
