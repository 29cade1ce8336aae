#include "page/texts_check.h"

#include <stdarg.h>
#include <string.h>

#include "base/attr.h"
#include "base/text.h"

struct check {
	const struct tree_node *root;
	const struct tree_node *placeholders;
	const struct tree_node *never_say;
	const struct tree_node
	    *buttons; /* the strings of ui, where buttons have their words */
	struct diags *all;
};

static void mistake(const struct check *c, const struct tree_node *at, const char *format,
    ...) PRINTF_LIKE(3, 4);

static void mistake(
    const struct check *c, const struct tree_node *at, const char *format, ...)
{
	char text[DIAG_TEXT_BYTES];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	diags_error(c->all, at->mark.file, at->mark.line, at->mark.column, "%s", text);
}

/* The next "{word}" of *rest, cut off together with what stood before it. */
static bool next_placeholder(struct slice *rest, struct slice *word)
{
	while (rest->len > 0) {
		struct slice before = slice_cut(rest, '{');
		(void)before;
		if (rest->ptr == NULL)
			return false;
		struct slice after = *rest;
		*word = slice_cut(&after, '}');
		if (after.ptr != NULL) {
			*rest = after;
			return true;
		}
	}
	return false;
}

static bool has_placeholder(const char *text, struct slice wanted)
{
	struct slice rest = slice_of(text), word;

	while (next_placeholder(&rest, &word)) {
		if (slice_equal(word, wanted))
			return true;
	}
	return false;
}

static bool is_declared(const struct check *c, struct slice word)
{
	const struct tree_node *known = c->placeholders;

	for (size_t i = 0; known != NULL && i < known->count; i++) {
		if (slice_equal(slice_of(known->keys[i].text), word))
			return true;
	}
	return false;
}

/* Every placeholder of `text` is declared and stands in `other` too. */
static void check_placeholders(const struct check *c, const struct tree_node *pair,
    const char *text, const char *other)
{
	struct slice rest = slice_of(text), word;

	while (next_placeholder(&rest, &word)) {
		char name[64];
		text_printable(name, sizeof name, word);
		if (!is_declared(c, word)) {
			mistake(c, pair,
			    "unknown placeholder {%s} (declare it under `placeholders`)",
			    name);
		}
		if (!has_placeholder(other, word)) {
			mistake(c, pair,
			    "placeholder {%s} stands in one language only (use it in both)",
			    name);
		}
	}
}

static void check_hotline(
    const struct check *c, const struct tree_node *pair, const char *text)
{
	static const char *const numbers[] = {"111", "113", "115"};

	if (strchr(text, '{') == NULL)
		return;
	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		if (strstr(text, numbers[i]) != NULL) {
			mistake(c, pair,
			    "a line that names %s must not hold a placeholder (an empty "
			    "value would drop the number; make it two lines)",
			    numbers[i]);
		}
	}
}

static void check_phrases(
    const struct check *c, const struct tree_node *pair, const char *text)
{
	for (size_t i = 0; c->never_say != NULL && i < c->never_say->count; i++) {
		const char *phrase = c->never_say->items[i].text;
		if (phrase != NULL && strstr(text, phrase) != NULL) {
			mistake(
			    c, pair, "a page never says \"%s\" (rules.never_say)", phrase);
		}
	}
}

static void check_condition(
    const struct check *c, const struct tree_node *line, const char *key)
{
	static const char *const known[] = {"review", "report", "teacher_open"};
	const struct tree_node *condition = tree_find(line, key);

	if (condition == NULL)
		return;
	for (size_t i = 0; i < COUNT_OF(known); i++) {
		if (condition->text != NULL && strcmp(condition->text, known[i]) == 0)
			return;
	}
	mistake(c, condition, "unknown condition \"%s\" (review, report or teacher_open)",
	    condition->text != NULL ? condition->text : "");
}

static void check_pair(const struct check *c, const struct tree_node *pair)
{
	const char *vi = tree_text(pair, "vi", NULL);
	const char *en = tree_text(pair, "en", NULL);
	const char *older = tree_text(pair, "vi_older", vi);

	if (vi == NULL || en == NULL) {
		mistake(c, pair, "a line without %s (write both languages)",
		    vi == NULL ? "vi" : "en");
		return;
	}
	if ((*vi == 0) != (*en == 0)) {
		mistake(c, pair, "a line that is empty in %s only (fill both or none)",
		    *vi == 0 ? "vi" : "en");
	}
	check_placeholders(c, pair, vi, en);
	check_placeholders(c, pair, en, vi);
	check_placeholders(c, pair, older, en);
	const char *const lines[] = {vi, en, older};
	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		check_hotline(c, pair, lines[i]);
		check_phrases(c, pair, lines[i]);
	}
	check_condition(c, pair, "needs");
	check_condition(c, pair, "unless");
}

static void check_buttons(const struct check *c, const struct tree_node *buttons)
{
	for (size_t i = 0; i < buttons->count; i++) {
		const char *button = buttons->items[i].text;
		if (button == NULL || tree_find(c->buttons, button) == NULL) {
			mistake(c, &buttons->items[i],
			    "unknown button \"%s\" (its words belong under `ui`)",
			    button != NULL ? button : "");
		}
	}
}

/* Every pair below `node`. `rules` and `placeholders` hold notes, not lines. */
static void check_below(const struct check *c, const struct tree_node *node)
{
	if (node->kind == TREE_MAP &&
	    (tree_find(node, "vi") != NULL || tree_find(node, "en") != NULL)) {
		check_pair(c, node);
		return;
	}
	for (size_t i = 0; i < node->count; i++) {
		const char *key = node->kind == TREE_MAP ? node->keys[i].text : "";
		if (strcmp(key, "buttons") == 0) {
			check_buttons(c, &node->items[i]);
		} else {
			check_below(c, &node->items[i]);
		}
	}
}

static void check_page(const struct check *c, const struct tree_node *page)
{
	static const char *const parts[] = {"title", "heading", "body"};

	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		if (tree_find(page, parts[i]) == NULL)
			mistake(c, page, "a page without `%s`", parts[i]);
	}
}

static void check_tiers(const struct check *c)
{
	const struct tree_node *tiers = tree_find(c->root, "tiers");
	const struct tree_node *all_pages = tree_find(c->root, "pages");

	for (size_t i = 0; tiers != NULL && i < tiers->count; i++) {
		const struct tree_node *tier = &tiers->items[i];
		const char *id = tree_text(tier, "id", "");
		const struct tree_node *pages =
		    tree_find(all_pages, tree_text(tier, "pages_of", id));
		if (tree_find(pages, "default") == NULL)
			mistake(c, tier, "the tier \"%s\" has no default page", id);
		for (size_t k = 0; pages != NULL && k < pages->count; k++)
			check_page(c, &pages->items[k]);
	}
}

static void check_sections(const struct check *c)
{
	static const char *const needed[] = {"rules", "helplines", "tiers", "categories",
	    "ui", "pages", "hand_over", "open_now", "portal", "learning_sites", "status",
	    "forms"};

	for (size_t i = 0; i < COUNT_OF(needed); i++) {
		if (tree_find(c->root, needed[i]) == NULL)
			mistake(c, c->root, "the part `%s` is missing", needed[i]);
	}
}

enum err texts_check(const struct tree_node *root, struct diags *all)
{
	size_t before = all->errors;
	const struct tree_node *rules = tree_find(root, "rules");
	struct check c = {
	    .root = root,
	    .placeholders = tree_find(root, "placeholders"),
	    .never_say = tree_find(rules, "never_say"),
	    .buttons = tree_find(root, "ui"),
	    .all = all,
	};

	check_sections(&c);
	for (size_t i = 0; i < root->count; i++) {
		if (&root->items[i] != rules && &root->items[i] != c.placeholders)
			check_below(&c, &root->items[i]);
	}
	check_tiers(&c);
	return all->errors == before ? OK : ERR_CONFIG;
}
