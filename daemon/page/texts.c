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
	struct tree_node root;
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

const char *texts_line(const struct tree_node *pair, struct voice voice)
{
	if (voice.language == LANGUAGE_EN)
		return tree_text(pair, "en", "");
	const char *vi = tree_text(pair, "vi", "");
	return voice.older ? tree_text(pair, "vi_older", vi) : vi;
}

const struct tree_node *texts_section(const struct texts *texts, const char *section)
{
	return tree_find(&texts->root, section);
}

const struct tree_node *texts_pair(
    const struct texts *texts, const char *section, const char *key)
{
	return tree_find(texts_section(texts, section), key);
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

bool texts_may_show(const struct tree_node *line, struct standing holds)
{
	const char *needs = tree_text(line, "needs", NULL);
	const char *unless = tree_text(line, "unless", NULL);

	return (needs == NULL || condition_holds(needs, holds)) &&
	    (unless == NULL || !condition_holds(unless, holds));
}

bool texts_button_shows(
    const struct texts *texts, const char *button, struct standing holds)
{
	const struct tree_node *rules = texts_section(texts, "rules");
	const char *needs = tree_text(tree_find(rules, "button_needs"), button, NULL);

	return needs == NULL || condition_holds(needs, holds);
}

/* The item of a list of maps whose `id` is `id`. */
static const struct tree_node *find_by_id(const struct tree_node *list, const char *id)
{
	for (size_t i = 0; list != NULL && i < list->count; i++) {
		if (strcmp(tree_text(&list->items[i], "id", ""), id) == 0)
			return &list->items[i];
	}
	return NULL;
}

static bool list_has(const struct tree_node *list, const char *word)
{
	for (size_t i = 0; list != NULL && i < list->count; i++) {
		if (list->items[i].text != NULL && strcmp(list->items[i].text, word) == 0)
			return true;
	}
	return false;
}

bool texts_find_tier(const struct texts *texts, const char *tier, struct texts_tier *out)
{
	const struct tree_node *rules = texts_section(texts, "rules");
	const struct tree_node *item = find_by_id(texts_section(texts, "tiers"), tier);

	if (item == NULL)
		return false;
	const char *pages_of = tree_text(item, "pages_of", tier);
	bool show_domain = false;
	const struct tree_node *shown = tree_find(tree_find(rules, "show_domain"), tier);
	if (shown != NULL && !tree_to_bool(shown, &show_domain))
		show_domain = false;
	*out = (struct texts_tier){
	    .name = tree_find(item, "name"),
	    .pages = tree_find(texts_section(texts, "pages"), pages_of),
	    .own = tree_find(texts_section(texts, "pages"), tier),
	    .show_domain = show_domain,
	    .older = strcmp(pages_of, "upper_secondary") == 0 || strcmp(tier, "staff") == 0,
	    .staff = strcmp(tier, "staff") == 0,
	    .calm = list_has(tree_find(rules, "no_red_alarm_for"), tier),
	};
	return out->pages != NULL;
}

const struct tree_node *texts_page(const struct texts_tier *tier, const char *variant)
{
	const struct tree_node *own = tree_find(tier->own, variant);

	return own != NULL ? own : tree_find(tier->pages, variant);
}

bool texts_find_category(
    const struct texts *texts, const char *category, struct texts_category *out)
{
	const struct tree_node *item =
	    find_by_id(texts_section(texts, "categories"), category);
	bool sensitive = false;

	if (item == NULL)
		return false;
	if (!tree_to_bool(tree_find(item, "sensitive"), &sensitive))
		sensitive = true; /* the careful reading of what is not said */
	*out = (struct texts_category){
	    .name = tree_find(item, "name"),
	    .child_label = tree_find(item, "child_label"),
	    .page = tree_text(item, "page", "default"),
	    .sensitive = sensitive,
	};
	return true;
}
