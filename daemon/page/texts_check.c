#include "page/texts_check.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/text.h"
#include "page/buttons.h"
#include "page/texts_words.h"

struct check {
	const struct yaml_node *root;
	const struct yaml_node *placeholders;
	const struct yaml_node *never_say;
	const struct yaml_node
	    *buttons; /* the strings of ui, where buttons have their words */
	struct diags *all;
};

static void mistake(const struct check *c, const struct yaml_node *at, const char *format,
    ...) PRINTF_LIKE(3, 4);

static void mistake(
    const struct check *c, const struct yaml_node *at, const char *format, ...)
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
	const struct yaml_node *known = c->placeholders;

	for (size_t i = 0; known != NULL && i < known->count; i++) {
		if (slice_equal(slice_of(known->keys[i].text), word))
			return true;
	}
	return false;
}

/* Every placeholder of `text` is declared and stands in `other` too. */
static void check_placeholders(const struct check *c, const struct yaml_node *pair,
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

/* Braces stand around the names of placeholders and nowhere else. */
static void check_braces(
    const struct check *c, const struct yaml_node *pair, const char *text)
{
	bool open = false, odd = false;

	for (; *text != 0; text++) {
		if (*text == '{' || *text == '}') {
			odd = odd || open == (*text == '{');
			open = *text == '{';
		}
	}
	if (odd || open)
		mistake(
		    c, pair, "a brace without its partner (write {name} and no others)");
}

static void check_hotline(
    const struct check *c, const struct yaml_node *pair, const char *text)
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
    const struct check *c, const struct yaml_node *pair, const char *text)
{
	for (size_t i = 0; c->never_say != NULL && i < c->never_say->count; i++) {
		const char *phrase = c->never_say->items[i].text;
		if (phrase != NULL && words_say(text, phrase)) {
			mistake(
			    c, pair, "a page never says \"%s\" (rules.never_say)", phrase);
		}
	}
}

static void check_letters(
    const struct check *c, const struct yaml_node *pair, const char *text)
{
	if (words_have_loose_marks(text)) {
		mistake(c, pair,
		    "a combining mark (write the line in Unicode NFC, with whole letters)");
	}
}

static void check_condition(
    const struct check *c, const struct yaml_node *line, const char *key)
{
	static const char *const known[] = {"review", "report", "teacher_open"};
	const struct yaml_node *condition = yaml_find(line, key);

	if (condition == NULL)
		return;
	for (size_t i = 0; i < COUNT_OF(known); i++) {
		if (condition->text != NULL && strcmp(condition->text, known[i]) == 0)
			return;
	}
	mistake(c, condition, "unknown condition \"%s\" (review, report or teacher_open)",
	    condition->text != NULL ? condition->text : "");
}

static void check_pair(const struct check *c, const struct yaml_node *pair)
{
	const char *vi = yaml_text(pair, "vi", NULL);
	const char *en = yaml_text(pair, "en", NULL);
	const char *older = yaml_text(pair, "vi_older", vi);

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
		check_letters(c, pair, lines[i]);
		check_braces(c, pair, lines[i]);
	}
	check_condition(c, pair, "needs");
	check_condition(c, pair, "unless");
}

static void check_buttons(const struct check *c, const struct yaml_node *buttons)
{
	for (size_t i = 0; i < buttons->count; i++) {
		const char *button = buttons->items[i].text;
		if (button == NULL || yaml_find(c->buttons, button) == NULL) {
			mistake(c, &buttons->items[i],
			    "unknown button \"%s\" (its words belong under `ui`)",
			    button != NULL ? button : "");
		} else if (!buttons_know(button)) {
			mistake(c, &buttons->items[i], "the button \"%s\" leads nowhere",
			    button);
		}
	}
}

/* Every pair below `node`. `rules` and `placeholders` hold notes, not lines. */
static void check_below(const struct check *c, const struct yaml_node *node)
{
	if (node->kind == TREE_MAP &&
	    (yaml_find(node, "vi") != NULL || yaml_find(node, "en") != NULL)) {
		check_pair(c, node);
		return;
	}
	for (size_t i = 0; i < node->count; i++) {
		const char *key = node->kind == TREE_MAP ? node->keys[i].text : "";
		if (strcmp(key, "buttons") == 0 || strcmp(key, "adult_buttons") == 0) {
			check_buttons(c, &node->items[i]);
		} else {
			check_below(c, &node->items[i]);
		}
	}
}

static void check_page(const struct check *c, const struct yaml_node *page)
{
	static const char *const parts[] = {"title", "heading", "body"};

	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		if (yaml_find(page, parts[i]) == NULL)
			mistake(c, page, "a page without `%s`", parts[i]);
	}
}

/* Each variant that a category asks for. The smallest have one page for everything, and
 * staff read the plain facts where no page says more. */
static void check_variants(
    const struct check *c, const struct yaml_node *tier, const struct texts_tier *pages)
{
	const struct yaml_node *categories = yaml_find(c->root, "categories");
	const char *id = yaml_text(tier, "id", "");

	if (strcmp(id, "preschool") == 0 || strcmp(id, "staff") == 0)
		return;
	for (size_t i = 0; categories != NULL && i < categories->count; i++) {
		const char *page = yaml_text(&categories->items[i], "page", "default");
		if (strcmp(page, "none") != 0 && texts_page(pages, page) == NULL) {
			mistake(c, tier,
			    "the tier \"%s\" has no page `%s`, which \"%s\" asks for", id,
			    page, yaml_text(&categories->items[i], "id", ""));
		}
	}
}

static void check_tiers(const struct check *c)
{
	const struct yaml_node *tiers = yaml_find(c->root, "tiers");
	const struct yaml_node *all_pages = yaml_find(c->root, "pages");

	for (size_t i = 0; tiers != NULL && i < tiers->count; i++) {
		const struct yaml_node *tier = &tiers->items[i];
		const char *id = yaml_text(tier, "id", "");
		const struct texts_tier pages = {
		    .pages = yaml_find(all_pages, yaml_text(tier, "pages_of", id)),
		    .own = yaml_find(all_pages, id)};
		if (texts_page(&pages, "default") == NULL)
			mistake(c, tier, "the tier \"%s\" has no default page", id);
		check_variants(c, tier, &pages);
	}
	for (size_t i = 0; all_pages != NULL && i < all_pages->count; i++) {
		for (size_t k = 0; k < all_pages->items[i].count; k++)
			check_page(c, &all_pages->items[i].items[k]);
	}
}

/* "câu <= 20 tiếng": the number in it; 0 when there is none. */
static size_t level_of(const struct check *c, const char *tier)
{
	const struct yaml_node *levels =
	    yaml_find(yaml_find(c->root, "rules"), "reading_level");
	const char *text = yaml_text(levels, tier, "");

	return strtoul(text + strcspn(text, "0123456789"), NULL, 10);
}

/* Every line of `vi` below `node`; older pupils and staff read longer ones. */
static void check_level(const struct check *c, const struct yaml_node *node, size_t level)
{
	const char *vi = yaml_text(node, "vi", NULL);

	if (vi != NULL && words_longest_sentence(vi) > level) {
		mistake(c, node, "a sentence of %zu syllables (at most %zu here: %s)",
		    words_longest_sentence(vi), level, "rules.reading_level");
	}
	for (size_t i = 0; vi == NULL && i < node->count; i++)
		check_level(c, &node->items[i], level);
}

static void check_levels(const struct check *c)
{
	/* Sections that the youngest readers meet. */
	static const char *const shared[] = {"ui", "open_now", "not_ready", "portal",
	    "status", "notices", "forms", "report_form", "review_form", "review_answer",
	    "poster"};
	static const char *const tiers[] = {"preschool", "primary", "lower_secondary"};
	const struct yaml_node *pages = yaml_find(c->root, "pages");
	const struct yaml_node *hand = yaml_find(c->root, "hand_over");
	size_t young = level_of(c, "primary");

	for (size_t i = 0; i < COUNT_OF(tiers); i++) {
		size_t level = level_of(c, tiers[i]);
		const struct yaml_node *page = yaml_find(pages, tiers[i]);
		if (page != NULL && level + young > 0)
			check_level(c, page, level > 0 ? level : young);
	}
	for (size_t i = 0; i < COUNT_OF(shared) && young > 0; i++) {
		const struct yaml_node *section = yaml_find(c->root, shared[i]);
		if (section != NULL)
			check_level(c, section, young);
	}
	if (yaml_find(hand, "to_pupil") != NULL && young > 0)
		check_level(c, yaml_find(hand, "to_pupil"), young);
}

static void check_sections(const struct check *c)
{
	static const char *const needed[] = {"rules", "helplines", "tiers", "categories",
	    "ui", "pages", "hand_over", "open_now", "not_ready", "portal", "learning_sites",
	    "status", "forms"};

	for (size_t i = 0; i < COUNT_OF(needed); i++) {
		if (yaml_find(c->root, needed[i]) == NULL)
			mistake(c, c->root, "the part `%s` is missing", needed[i]);
	}
}

enum err texts_check(const struct yaml_node *root, struct diags *all)
{
	size_t before = all->errors;
	const struct yaml_node *rules = yaml_find(root, "rules");
	struct check c = {
	    .root = root,
	    .placeholders = yaml_find(root, "placeholders"),
	    .never_say = yaml_find(rules, "never_say"),
	    .buttons = yaml_find(root, "ui"),
	    .all = all,
	};

	check_sections(&c);
	for (size_t i = 0; i < root->count; i++) {
		if (&root->items[i] != rules && &root->items[i] != c.placeholders)
			check_below(&c, &root->items[i]);
	}
	check_tiers(&c);
	check_levels(&c);
	return all->errors == before ? OK : ERR_CONFIG;
}
