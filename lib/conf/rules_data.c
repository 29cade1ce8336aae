#include "conf/rules_data.h"

#include "base/words.h"
#include "conf/internal.h"

enum err rules_fill_file(
    struct loader *l, enum bundle_part part, const struct schema_row *rows, void *out)
{
	if (!l->parsed[part])
		return OK;
	enum err rc = schema_fill(&l->run, rows, &l->trees[part], out);
	if (rc == ERR_FORMAT)
		l->parsed[part] = false;
	return rc == ERR_MEMORY ? rc : OK;
}

/* ---- categories ------------------------------------------------------------------------- */

static void change_category(
    struct loader *l, const struct category_change *change, const char *const *names)
{
	struct rules_categories *all = &l->config->categories;
	size_t i =
	    loader_find(all->items, all->count, sizeof *all->items, change->name.text);

	if (i < all->count)
		all->items[i].answer = change->answer;
	else
		schema_mistake_word(
		    &l->run, change->name.mark, _("category"), change->name.text, names);
}

static enum err merge_categories(struct loader *l)
{
	const struct conf_list *changes = &l->config->filter.category_changes;
	struct rules_categories *all = &l->config->categories;
	struct categories_file file = {0};

	enum err rc = rules_fill_file(l, BUNDLE_CATEGORIES, CATEGORIES_FILE_ROWS, &file);
	if (rc != OK)
		return rc;
	*all = file.categories;
	loader_refuse_twice(l, all->items, all->count, sizeof *all->items, _("category"));
	loader_refuse_twice(l, changes->items, changes->count,
	    sizeof(struct category_change), _("category"));
	const char *const *names =
	    loader_names(l, all->items, all->count, sizeof *all->items);
	if (names == NULL)
		return ERR_MEMORY;
	const struct category_change *change = changes->items;
	for (size_t i = 0; i < changes->count; i++)
		if (change[i].name.text[0] != 0)
			change_category(l, &change[i], names);
	return OK;
}

/* ---- never-block names ------------------------------------------------------------------ */

static void warn_of_line(struct loader *l, struct mark mark, const char *sentence)
{
	struct diag d = {.line = mark.line, .column = 1, .level = DIAG_WARNING};

	(void)snprintf(d.file, sizeof d.file, "%s", mark.file);
	(void)snprintf(d.text, sizeof d.text,
	    _("%s (the line is left out; mend it or remove it)"), sentence);
	diags_add(l->run.all, &d);
}

static enum err keep_name(
    struct loader *l, struct slice text, struct mark mark, struct config_name *out)
{
	struct name_buf buf;
	struct diag why;

	if (name_from_text(&buf, text, &why) != OK) {
		warn_of_line(l, mark, why.text);
		return ERR_FORMAT;
	}
	uint8_t *wire = arena_alloc(l->run.arena, buf.len);
	const char *kept = arena_text(l->run.arena, text);
	if (wire == NULL || kept == NULL)
		return ERR_MEMORY;
	memcpy(wire, buf.wire, buf.len);
	*out = (struct config_name){{wire, buf.len}, kept, mark};
	return OK;
}

static size_t count_lines(struct slice text)
{
	size_t lines = 1;
	for (size_t i = 0; i < text.len; i++)
		lines += text.ptr[i] == '\n';
	return lines;
}

/* Names a line, "#" begins a comment. `room`: for more names behind them. */
static enum err read_lines(
    struct loader *l, enum bundle_part part, size_t room, struct config_names *out)
{
	struct slice rest = buf_slice(&l->bundle->parts[part].text);
	struct mark mark = {"", 0, 1};

	const char *file = l->bundle->parts[part].file;
	if (file != NULL)
		mark.file = arena_text(l->run.arena, slice_of(file));
	out->items =
	    arena_array(l->run.arena, count_lines(rest) + room, sizeof *out->items);
	if (out->items == NULL || mark.file == NULL)
		return ERR_MEMORY;
	while (rest.len > 0) {
		struct slice line = slice_cut(&rest, '\n');
		line = slice_trim(slice_cut(&line, '#'));
		mark.line++;
		enum err rc = OK;
		if (line.len > 0)
			rc = keep_name(l, line, mark, &out->items[out->count]);
		if (rc == ERR_MEMORY)
			return rc;
		if (line.len > 0 && rc == OK)
			out->count++;
	}
	return OK;
}

/* A zone of one label may be anything below it, and no feed lists a whole TLD. */
static bool is_of_the_school(const struct config_zone *zone)
{
	bool answered = zone->servers.count > 0 || zone->records.count > 0;

	return zone->is_private && answered && zone->zone.name.len > 0 &&
	    name_label_count(zone->zone.name) > 1;
}

static enum err merge_never_block(struct loader *l)
{
	const struct config_names *own = &l->config->filter.never_block;
	struct config_names *all = &l->config->never_block;

	const struct config_zones *zones = &l->config->upstream.zones;

	enum err rc = read_lines(l, BUNDLE_NEVER_BLOCK, own->count + zones->count, all);
	l->config->never_block_packaged = all->count;
	for (size_t i = 0; rc == OK && i < own->count; i++)
		all->items[all->count++] = own->items[i];
	for (size_t i = 0; rc == OK && i < zones->count; i++) {
		if (is_of_the_school(&zones->items[i]))
			all->items[all->count++] = zones->items[i].zone;
	}
	return rc;
}

/* ---- feeds ------------------------------------------------------------------------------ */

/* "file:lists/adult.txt" begins at `folder`, "file:///srv/x" is absolute already. */
static enum err make_url_absolute(
    struct loader *l, struct conf_text *url, const char *folder)
{
	struct buf text = BUF_INIT(8192);

	if (strncmp(url->text, "file:", 5) != 0)
		return OK;
	const char *path = url->text + 5;
	if (strncmp(path, "//", 2) == 0)
		path += 2;
	path = loader_absolute(l, folder, path);
	if (path == NULL)
		return ERR_MEMORY;
	buf_printf(&text, "file://%s", path);
	url->text =
	    buf_status(&text) == OK ? arena_text(l->run.arena, buf_slice(&text)) : NULL;
	buf_deinit(&text);
	return url->text != NULL ? OK : ERR_MEMORY;
}

static enum err make_urls_absolute(
    struct loader *l, struct config_feed *feed, const char *folder)
{
	enum err rc = OK;

	for (size_t u = 0; rc == OK && u < feed->url.count; u++)
		rc = make_url_absolute(l, &feed->url.items[u], folder);
	return rc;
}

/* A department's bundle stands beside lists, not in their place. */
static bool is_without_lists(const struct config_feeds *feeds)
{
	for (size_t i = 0; i < feeds->count; i++)
		if (feeds->items[i].format != FEED_FORMAT_BUNDLE)
			return false;
	return true;
}

static enum err take_recommended(struct loader *l)
{
	const struct rules_feeds *all = &l->config->catalogue;
	struct config_feeds *feeds = &l->config->filter.feeds;
	const struct config_feeds given = *feeds;

	feeds->items =
	    arena_array(l->run.arena, given.count + all->count + 1, sizeof *feeds->items);
	if (feeds->items == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < given.count; i++)
		feeds->items[i] = given.items[i];
	for (size_t i = 0; i < all->count; i++)
		if (all->items[i].recommended)
			feeds->items[feeds->count++] = all->items[i].feed;
	return OK;
}

static enum err merge_feeds(struct loader *l)
{
	struct config_feeds *feeds = &l->config->filter.feeds;
	struct feeds_file file = {0};

	enum err rc = rules_fill_file(l, BUNDLE_FEEDS, FEEDS_FILE_ROWS, &file);
	l->config->catalogue = file.feeds;
	for (size_t i = 0; rc == OK && i < feeds->count; i++)
		rc = make_urls_absolute(l, &feeds->items[i], l->bundle->folder);
	for (size_t i = 0; rc == OK && i < file.feeds.count; i++)
		rc = make_urls_absolute(l, &file.feeds.items[i].feed, l->bundle->data_dir);
	if (rc == OK && is_without_lists(feeds))
		rc = take_recommended(l);
	return rc;
}

enum err rules_data_merge(struct loader *l)
{
	enum err rc = merge_categories(l);
	if (rc == OK)
		rc = merge_never_block(l);
	if (rc == OK)
		rc = read_lines(l, BUNDLE_POPULAR, 0, &l->config->popular);
	if (rc == OK)
		rc = merge_feeds(l);
	return rc;
}
