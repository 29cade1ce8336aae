#include "district/bundles_source.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/words.h"
#include "conf/values.h"
#include "district/bundles.h"
#include "district/bundles_lists.h"
#include "district/words.h"
#include "dns/idn.h"

enum {
	ARENA_MAX_BYTES = 64 << 20,
	TERMS_MAX = 128
};

#define DAY_MS (UINT64_C(24) * 60 * 60 * 1000)

/* ---- the keys ---- */

struct tier_entry {
	struct conf_text tier;
	struct conf_texts categories;
};

struct feed_entry {
	struct conf_text name, category, url, format, sha256;
	unsigned match; /* of MATCHES */
	bool required;
};

struct source {
	struct conf_text name;
	struct conf_text title;
	uint64_t expires_ms;
	struct conf_list mandatory; /* of struct tier_entry */
	struct conf_list block;
	struct config_names never_block;
	struct conf_list feeds; /* of struct feed_entry */
	struct conf_list lists; /* of struct list_entry */
};

static const char *const MATCHES[] = {"subtree", "exact", NULL};

static const struct schema_row TIER_ROWS[] = {
    {"tier", &VALUE_WORD, offsetof(struct tier_entry, tier), NULL, .help = "a tier",
        .flags = SCHEMA_MANDATORY},
    {"categories", &SCHEMA_LIST, offsetof(struct tier_entry, categories), NULL,
        .help = "what it blocks", .flags = SCHEMA_MANDATORY | SCHEMA_NOT_EMPTY,
        .item = &VALUE_WORD, .max_items = BUNDLE_CATEGORIES_MAX},
    {.name = NULL}};

#define AT(member) offsetof(struct feed_entry, member)
static const struct schema_row FEED_ROWS[] = {
    {"name", &VALUE_WORD, AT(name), NULL, .help = "[a-z0-9-]+", .flags = SCHEMA_MANDATORY},
    {"category", &VALUE_WORD, AT(category), NULL, .help = "what its names are",
        .flags = SCHEMA_MANDATORY},
    {"url", &SCHEMA_TEXT, AT(url), NULL, .help = "https, or http with sha256",
        .flags = SCHEMA_MANDATORY, .max = BUNDLE_URL_MAX},
    {"format", &VALUE_WORD, AT(format), "auto", .help = "as in filter.feeds"},
    {"match", &SCHEMA_ENUM, AT(match), "subtree", .help = "what a bare name means",
        .words = MATCHES},
    {"sha256", &SCHEMA_TEXT, AT(sha256), "\"\"", .help = "pin", .max = 64},
    {"required", &SCHEMA_BOOL, AT(required), "off", .help = "on: schools pull it"},
    {.name = NULL}};
#undef AT

#define AT(member) offsetof(struct list_entry, member)
static const struct schema_row LIST_ROWS[] = {
    {"name", &VALUE_WORD, AT(name), NULL, .help = "[a-z0-9-]+", .flags = SCHEMA_MANDATORY},
    {"category", &VALUE_WORD, AT(category), NULL, .help = "what its names are",
        .flags = SCHEMA_MANDATORY},
    {"file", &SCHEMA_TEXT, AT(file), "\"\"", .help = "a table beside this file",
        .max = 500},
    {"names", &SCHEMA_LIST, AT(names), "[]", .help = "or names themselves",
        .item = &SCHEMA_TEXT, .max_items = 20000},
    {.name = NULL}};
#undef AT

#define AT(member) offsetof(struct source, member)
static const struct schema_row SOURCE_ROWS[] = {
    {"name", &VALUE_WORD, AT(name), NULL, .help = "of the bundle",
        .flags = SCHEMA_MANDATORY},
    {"title", &SCHEMA_TEXT, AT(title), "\"\"", .help = "for people",
        .max = BUNDLE_TITLE_MAX},
    {"expires", &SCHEMA_DURATION, AT(expires_ms), "90d",
        .help = "how long schools may take it", .min = DAY_MS, .max = 3660 * DAY_MS},
    {"mandatory", &SCHEMA_LIST, AT(mandatory), "[]", .help = "the locked part",
        .item = &SCHEMA_MAP, .rows = TIER_ROWS, .item_size = sizeof(struct tier_entry),
        .max_items = BUNDLE_TIERS_MAX},
    {"block", &SCHEMA_LIST, AT(block), "[]", .help = "where a school says nothing",
        .item = &SCHEMA_MAP, .rows = TIER_ROWS, .item_size = sizeof(struct tier_entry),
        .max_items = BUNDLE_TIERS_MAX},
    {"never_block", &SCHEMA_LIST, AT(never_block), "[]", .help = "names with all below",
        .item = &VALUE_NAME, .max_items = BUNDLE_NEVER_BLOCK_MAX},
    {"feeds", &SCHEMA_LIST, AT(feeds), "[]", .help = "lists of others", .item = &SCHEMA_MAP,
        .rows = FEED_ROWS, .item_size = sizeof(struct feed_entry),
        .max_items = BUNDLE_FEEDS_MAX},
    {"lists", &SCHEMA_LIST, AT(lists), "[]", .help = "lists of our own",
        .item = &SCHEMA_MAP, .rows = LIST_ROWS, .item_size = sizeof(struct list_entry),
        .max_items = BUNDLE_LISTS_MAX},
    {.name = NULL}};
#undef AT

/* ---- one reading ---- */

struct reading {
	struct schema_run run;
	struct bundle_source *out;
	const char *categories[TERMS_MAX + 1];
	const char *tiers[TERMS_MAX + 1];
};

static void list_terms(const char *out[TERMS_MAX + 1], enum term_kind kind)
{
	size_t count = 0, n = 0;
	const struct term *all = terms_all(&count);

	for (size_t i = 0; i < count && n < TERMS_MAX; i++)
		if (all[i].kind == kind)
			out[n++] = all[i].id;
	out[n] = NULL;
}

static bool is_known(const char *const *words, const char *word)
{
	while (*words != NULL && strcmp(*words, word) != 0)
		words++;
	return *words != NULL;
}

/* A slip of the finger must not leave here signed: schools would leave the word out. */
static void check_word(struct reading *r, const struct conf_text *word,
    const char *const *words, const char *what)
{
	if (word->text[0] != 0 && !is_known(words, word->text))
		schema_mistake_word(&r->run, word->mark, what, word->text, words);
}

static void check_name(struct reading *r, const struct conf_text *name)
{
	if (name->text[0] != 0 && !bundle_is_word(slice_of(name->text), BUNDLE_WORD_NAME))
		schema_mistake(&r->run, name->mark,
		    _("'%s' is not a name of a-z, 0-9 and - (choose another)"), name->text);
}

static struct bundle_tier *take_tiers(
    struct reading *r, const struct conf_list *from, size_t *count)
{
	const struct tier_entry *entries = from->items;
	struct bundle_tier *tiers =
	    arena_array(&r->out->arena, from->count + 1, sizeof *tiers);

	for (size_t i = 0; tiers != NULL && i < from->count; i++) {
		struct bundle_tier *tier = &tiers[(*count)++];
		tier->tier = entries[i].tier.text;
		check_word(r, &entries[i].tier, r->tiers, _("tier"));
		for (size_t k = 0; k < entries[i].categories.count; k++) {
			const struct conf_text *word = &entries[i].categories.items[k];
			check_word(r, word, r->categories, _("category"));
			tier->categories[tier->count++] = word->text;
		}
		for (size_t k = 0; k < i; k++)
			if (strcmp(entries[k].tier.text, entries[i].tier.text) == 0)
				schema_mistake(&r->run, entries[i].tier.mark,
				    _("tier '%s' stands here twice (put its categories together)"),
				    entries[i].tier.text);
	}
	r->run.no_memory |= tiers == NULL;
	return tiers;
}

static void take_never_block(struct reading *r, const struct config_names *from)
{
	struct bundle *b = &r->out->bundle;

	b->never_block =
	    arena_array(&r->out->arena, from->count + 1, sizeof *b->never_block);
	r->run.no_memory |= b->never_block == NULL;
	for (size_t i = 0; b->never_block != NULL && i < from->count; i++) {
		const struct config_name *name = &from->items[i];
		if (name_label_count(name->name) < 2)
			schema_mistake(&r->run, name->mark,
			    _("'%s' is a whole top-level domain (name the sites themselves)"),
			    name->text);
		b->never_block[b->never_block_count++] = name->name;
	}
}

static void check_feed(struct reading *r, const struct feed_entry *feed)
{
	bool secure = strncmp(feed->url.text, "https://", 8) == 0;
	bool pinned =
	    strncmp(feed->url.text, "http://", 7) == 0 && feed->sha256.text[0] != 0;

	check_name(r, &feed->name);
	check_word(r, &feed->category, r->categories, _("category"));
	if (feed->url.text[0] != 0 && !secure && !pinned)
		schema_mistake(&r->run, feed->url.mark,
		    _("'%s' is no address for schools (write https://…, or http://… with "
		      "sha256)"),
		    feed->url.text);
	if (feed->sha256.text[0] != 0 &&
	    (strlen(feed->sha256.text) != 64 ||
	        strspn(feed->sha256.text, "0123456789abcdef") != 64))
		schema_mistake(&r->run, feed->sha256.mark,
		    _("'sha256' is 64 hexadecimal digits (as sha256sum prints them)"));
}

static void take_feeds(struct reading *r, const struct conf_list *from)
{
	const struct feed_entry *entries = from->items;
	struct bundle *b = &r->out->bundle;

	b->feeds = arena_array(&r->out->arena, from->count + 1, sizeof *b->feeds);
	r->run.no_memory |= b->feeds == NULL;
	for (size_t i = 0; b->feeds != NULL && i < from->count; i++) {
		const struct feed_entry *e = &entries[i];
		check_feed(r, e);
		b->feeds[b->feed_count++] =
		    (struct bundle_feed){e->required, e->name.text, e->category.text,
		        e->format.text, e->match == 1, e->sha256.text, e->url.text};
	}
}

static void take_lists(
    struct reading *r, const struct conf_list *from, const struct bundle_lists_how *how)
{
	const struct list_entry *entries = from->items;
	struct bundle *b = &r->out->bundle;

	/* And as many again for what is nominated. */
	b->lists = arena_array(&r->out->arena, BUNDLE_LISTS_MAX + 1, sizeof *b->lists);
	r->run.no_memory |= b->lists == NULL;
	for (size_t i = 0; b->lists != NULL && i < from->count; i++) {
		const struct list_entry *e = &entries[i];
		check_name(r, &e->name);
		check_word(r, &e->category, r->categories, _("category"));
		struct bundle_list *list = &b->lists[b->list_count++];
		*list = (struct bundle_list){e->name.text, e->category.text, 0};
		if (bundle_lists_add(list, e, how) == ERR_MEMORY)
			r->run.no_memory = true;
	}
}

static enum err take_all(
    struct reading *r, const struct yaml_node *tree, const struct bundle_lists_how *how)
{
	struct bundle *b = &r->out->bundle;
	struct source from = {.expires_ms = 0};

	enum err rc = schema_fill(&r->run, SOURCE_ROWS, tree, &from);
	if (rc != OK && rc != ERR_CONFIG)
		return rc == ERR_FORMAT ? ERR_CONFIG : rc;
	check_name(r, &from.name);
	if (strlen(from.name.text) > BUNDLES_NAME_MAX)
		schema_mistake(&r->run, from.name.mark,
		    _("the name is longer than %d characters (choose a shorter one)"),
		    BUNDLES_NAME_MAX);
	b->name = from.name.text;
	b->title = from.title.text;
	r->out->expires_ms = from.expires_ms;
	b->mandatory = take_tiers(r, &from.mandatory, &b->mandatory_count);
	b->block = take_tiers(r, &from.block, &b->block_count);
	take_never_block(r, &from.never_block);
	take_feeds(r, &from.feeds);
	take_lists(r, &from.lists, how);
	return r->run.no_memory ? ERR_MEMORY : OK;
}

/* ---- the file ---- */

/* Of a folder, bundle.yaml inside. Only the person may look into it. */
static enum err find_file(
    char out[FILE_PATH_BYTES], const struct command *c, const char *path, struct buf *text)
{
	size_t len = strlen(path);
	bool is_file = strcmp(path, "-") == 0 ||
	    (len > 5 && strcmp(path + len - 5, ".yaml") == 0) ||
	    (len > 4 && strcmp(path + len - 4, ".yml") == 0);
	struct diag why = {.text = ""};

	if (!is_file && path_join(out, FILE_PATH_BYTES, path, "bundle.yaml") == OK &&
	    command_read_file(c, out, text, &why) == OK)
		return OK;
	buf_reset(text);
	(void)snprintf(out, FILE_PATH_BYTES, "%s", path);
	return len < FILE_PATH_BYTES ? ERR_AGAIN : ERR_RANGE;
}

static enum err read_text(char file[FILE_PATH_BYTES], const struct command *c,
    const char *path, struct buf *text, struct diags *all)
{
	struct diag why = {.text = ""};

	enum err rc = find_file(file, c, path, text);
	if (rc == ERR_AGAIN) /* no folder with such a file: the file itself */
		rc = command_read_file(c, file, text, &why);
	if (rc == OK || rc == ERR_MEMORY)
		return rc;
	diags_error(all, "", 0, 0, "%s", why.text[0] != 0 ? why.text : err_text(rc));
	return ERR_CONFIG;
}

enum err bundle_source_read(
    struct bundle_source *out, const struct command *c, const char *path, struct diags *all)
{
	char file[FILE_PATH_BYTES];
	struct buf text = BUF_INIT(YAML_TREE_MAX_BYTES);
	struct yaml_node tree;
	size_t errors = all->errors;

	*out = (struct bundle_source){
	    .lists = BUF_INIT(BUNDLE_TEXT_MAX), .arena = ARENA_INIT(ARENA_MAX_BYTES)};
	struct reading r = {.run = {.arena = &out->arena, .all = all}, .out = out};
	list_terms(r.categories, TERM_CATEGORY);
	list_terms(r.tiers, TERM_TIER);
	enum err rc = read_text(file, c, path, &text, all);
	if (rc != OK) {
		buf_deinit(&text);
		return rc;
	}
	const char *kept = arena_text(&out->arena, slice_of(file));
	rc = kept == NULL
	    ? ERR_MEMORY
	    : yaml_tree_parse(&tree, buf_slice(&text), kept, &out->arena, all);
	const struct bundle_lists_how how = {
	    .command = c, .beside = kept, .out = &out->lists, .all = all};
	if (rc == OK || rc == ERR_CONFIG)
		rc = take_all(&r, &tree, &how);
	buf_deinit(&text);
	if (rc == OK || rc == ERR_FORMAT)
		rc = all->errors > errors ? ERR_CONFIG : OK;
	return rc;
}

void bundle_source_deinit(struct bundle_source *s)
{
	buf_deinit(&s->lists);
	arena_deinit(&s->arena);
}
