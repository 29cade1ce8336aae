#include "district/bundles_lists.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "base/words.h"
#include "district/bundles.h"
#include "district/bundles_source.h"
#include "district/csv.h"
#include "district/nomination.h"
#include "dns/idn.h"

enum {
	REMARK_MAX_BYTES = 300
};

static void write_head(struct buf *out, const struct bundle_list *list)
{
	buf_printf(out, "list %s %s\n", list->name, list->category);
}

/* The name as schools get it; false, and said why, when it is none for a list. */
static bool write_name(struct buf *out, struct slice text, struct diag *why)
{
	struct name_buf name;
	char canonical[NAME_TEXT_MAX];

	if (name_from_people(&name, text, why) != OK)
		return false;
	if (name_label_count(name_of(&name)) < 2) {
		diag_set(why, _("a whole top-level domain would cover too much"));
		return false;
	}
	name_to_text(canonical, name_of(&name));
	buf_printf(out, "%s\n", canonical);
	return true;
}

/* Whence a name came, for whoever asks at a school why it is blocked. */
static void write_remark(struct buf *out, struct slice text)
{
	char shown[REMARK_MAX_BYTES];

	if (text.len == 0)
		return;
	text_printable(shown, sizeof shown, text);
	buf_printf(out, "# %s\n", shown);
}

static bool has_place(struct buf *out, enum err *rc)
{
	enum err status = buf_status(out);

	if (status != OK)
		*rc = status;
	return status == OK;
}

/* ---- tables ---- */

/* "tên miền", "name": a row of headings, if it is the first. */
static bool is_heading(const struct csv_row *row, bool first)
{
	struct slice cell = row->cells[0].text;

	return first && memchr(cell.ptr, '.', cell.len) == NULL;
}

static enum err add_rows(struct bundle_list *list, struct csv_reader *reader,
    const char *file, const struct bundle_lists_how *how)
{
	struct csv_row *row = calloc(1, sizeof *row);
	enum csv_result result;
	enum err rc = row == NULL ? ERR_MEMORY : OK;
	bool first = true;

	while (rc == OK && (result = csv_next(reader, row)) != CSV_END) {
		struct diag why = {.text = ""};
		if (result == CSV_MISTAKE)
			continue;
		struct slice cell = row->cells[0].text;
		bool skip = cell.len == 0 || cell.ptr[0] == '#' || is_heading(row, first);
		first = false;
		if (skip)
			continue;
		if (row->count > 1)
			write_remark(how->out, row->cells[1].text);
		if (write_name(how->out, cell, &why))
			list->entries++;
		else
			diags_error(how->all, file, row->cells[0].line,
			    row->cells[0].column,
			    _("'%.*s' is no domain name for a list: %s"), (int)cell.len,
			    (const char *)cell.ptr, why.text);
		(void)has_place(how->out, &rc);
	}
	free(row);
	return rc;
}

/* A path of bundle.yaml begins at its folder. */
static enum err place_of(char out[FILE_PATH_BYTES], const char *beside, const char *file)
{
	char folder[FILE_PATH_BYTES];
	const char *slash = strrchr(beside, '/');

	if (file[0] == '/' || slash == NULL) {
		int n = snprintf(out, FILE_PATH_BYTES, "%s", file);
		return n >= 0 && n < FILE_PATH_BYTES ? OK : ERR_RANGE;
	}
	(void)snprintf(folder, sizeof folder, "%.*s", (int)(slash - beside), beside);
	return path_join(out, FILE_PATH_BYTES, folder, file);
}

static enum err add_file(struct bundle_list *list, const struct list_entry *entry,
    const struct bundle_lists_how *how)
{
	char path[FILE_PATH_BYTES];
	struct buf text = BUF_INIT(CSV_TEXT_MAX);
	struct diag why = {.text = ""};
	struct csv_reader reader;

	enum err rc = place_of(path, how->beside, entry->file.text);
	if (rc == OK)
		rc = command_read_file(how->command, path, &text, &why);
	if (rc != OK && rc != ERR_MEMORY) {
		diags_error(how->all, entry->file.mark.file, entry->file.mark.line,
		    entry->file.mark.column, "%s",
		    why.text[0] != 0 ? why.text : err_text(rc));
		rc = ERR_FORMAT;
	}
	if (rc == OK)
		rc = csv_read(&reader, &text, path, how->all);
	if (rc == OK)
		rc = add_rows(list, &reader, path, how);
	buf_deinit(&text);
	return rc;
}

enum err bundle_lists_add(struct bundle_list *list, const struct list_entry *entry,
    const struct bundle_lists_how *how)
{
	enum err rc = OK;

	write_head(how->out, list);
	if (entry->file.text[0] != 0)
		rc = add_file(list, entry, how);
	for (size_t i = 0; rc == OK && i < entry->names.count; i++) {
		const struct conf_text *name = &entry->names.items[i];
		struct diag why = {.text = ""};
		if (write_name(how->out, slice_of(name->text), &why))
			list->entries++;
		else
			diags_error(how->all, name->mark.file, name->mark.line,
			    name->mark.column, _("'%s' is no domain name for a list: %s"),
			    name->text, why.text);
	}
	return rc == OK ? buf_status(how->out) : rc;
}

/* ---- nominations ---- */

enum {
	NOMINATED_MAX = 20000
};

struct gathering {
	struct bundle_source *source;
	size_t room;
	bool with;
	bool no_memory;
};

static bool is_wanted(const struct paper *paper)
{
	return strcmp(paper->state, "accepted") == 0 ||
	    strcmp(paper->state, "published") == 0;
}

static bool take_nomination(void *context, const struct paper *paper)
{
	struct gathering *g = context;
	struct bundle_source *s = g->source;
	struct arena *a = &s->arena;

	if (!is_wanted(paper))
		return true;
	if (!g->with) {
		s->nominations_left_out++;
		return true;
	}
	if (s->nominated_count == g->room)
		return false;
	struct bundle_nominated *one = &s->nominated[s->nominated_count++];
	*one = (struct bundle_nominated){
	    .id = arena_text(a, slice_of(paper->id)),
	    .name = arena_text(a, slice_of(paper->title)),
	    .category = arena_text(a, slice_of(paper->category)),
	    .note = arena_text(a, slice_of(paper->note)),
	    .state = arena_text(a, slice_of(paper->state)),
	    .changed_s = paper->changed_s,
	};
	g->no_memory = one->id == NULL || one->name == NULL || one->category == NULL ||
	    one->note == NULL || one->state == NULL;
	return !g->no_memory;
}

static int by_category(const void *a, const void *b)
{
	const struct bundle_nominated *x = a, *y = b;
	int order = strcmp(x->category, y->category);

	return order != 0 ? order : strcmp(x->name, y->name);
}

/* "nominations-social-network": names of lists have no underscores. */
static const char *list_name(struct arena *arena, const char *category)
{
	char text[BUNDLE_NAME_MAX + 1];

	(void)snprintf(text, sizeof text, "nominations-%s", category);
	for (char *p = text; *p != 0; p++)
		*p = *p == '_' ? '-' : *p;
	return arena_text(arena, slice_of(text));
}

static struct bundle_list *begin_list(
    struct bundle_source *s, const char *category, struct diags *all)
{
	struct bundle *b = &s->bundle;

	if (b->list_count == BUNDLE_LISTS_MAX) {
		diags_error(all, "", 0, 0,
		    _("nominations make more than %d lists (put lists together)"),
		    BUNDLE_LISTS_MAX);
		return NULL;
	}
	struct bundle_list *list = &b->lists[b->list_count++];
	*list = (struct bundle_list){list_name(&s->arena, category), category, 0};
	if (list->name == NULL)
		return NULL;
	write_head(&s->lists, list);
	return list;
}

static enum err write_nominated(struct bundle_source *s, struct diags *all)
{
	struct bundle_list *list = NULL;

	for (size_t i = 0; i < s->nominated_count; i++) {
		const struct bundle_nominated *one = &s->nominated[i];
		char when[BUNDLE_TIME_BYTES], remark[REMARK_MAX_BYTES];
		struct diag why = {.text = ""};
		if (i > 0 && strcmp(one[-1].category, one->category) == 0 &&
		    strcmp(one[-1].name, one->name) == 0)
			continue; /* two partners proposed it */
		if (list == NULL || strcmp(list->category, one->category) != 0)
			list = begin_list(s, one->category, all);
		if (list == NULL)
			return ERR_CONFIG;
		bundle_time_text(when, one->changed_s);
		(void)snprintf(
		    remark, sizeof remark, "nomination %s, decided %.10s", one->id, when);
		write_remark(&s->lists, slice_of(remark));
		if (write_name(&s->lists, slice_of(one->name), &why))
			list->entries++;
		else
			diags_error(all, "", 0, 0,
			    _("nomination %s: '%s' is no domain name for a list: %s"),
			    one->id, one->name, why.text);
	}
	return buf_status(&s->lists);
}

enum err bundle_source_nominations(
    struct bundle_source *s, struct store *store, bool with, struct diags *all)
{
	const struct paper_query query = {.kind = PAPER_NOMINATION};
	struct gathering g = {.source = s, .room = NOMINATED_MAX, .with = with};
	size_t errors = all->errors;

	s->nominated = arena_array(&s->arena, NOMINATED_MAX, sizeof *s->nominated);
	if (s->nominated == NULL)
		return ERR_MEMORY;
	enum err rc = store_paper_list(store, &query, take_nomination, &g);
	if (rc == OK && g.no_memory)
		rc = ERR_MEMORY;
	if (rc != OK)
		return rc;
	qsort(s->nominated, s->nominated_count, sizeof *s->nominated, by_category);
	rc = write_nominated(s, all);
	return rc == OK && all->errors > errors ? ERR_CONFIG : rc;
}
