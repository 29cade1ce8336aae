/* `lachan-district units …`: the tree of units. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/file.h"
#include "base/words.h"
#include "district/admin.h"
#include "district/tree.h"
#include "district/units_load.h"

enum {
	SHOWN_MAX = 20, /* of new and changed units, without --all */
	TABLE_MEMORY_MAX = 256 << 20
};

/* A table that is imported, from reading to the end. */
struct import {
	struct store *store;
	struct units_table table;
	struct arena memory;
	struct units_loaded loaded;
	struct units_plan plan;
	struct diags mistakes;
	bool dry;
	bool all;
};

/* ---- what is told ---- */

static int by_place(const void *a, const void *b)
{
	const struct diag *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->column < y->column ? -1 : x->column > y->column;
}

static void print_mistakes(struct diags *mistakes)
{
	if (mistakes->count > 1)
		qsort(mistakes->items, mistakes->count, sizeof *mistakes->items, by_place);
	diags_print(mistakes, stderr);
}

static const char *change_text(enum unit_change change)
{
	static const char *const texts[UNIT_CHANGES] = {N_("new"), N_("moved"),
	    N_("renamed"), N_("changed"), N_("closed"), N_("merged")};

	return _(texts[change]);
}

static void print_step(const struct unit_step *s, enum unit_change change)
{
	char day[DAY_TEXT_BYTES];
	const char *before;

	day_write(day, s->end == DAY_NONE ? s->after.from : s->end);
	(void)printf("  %s  %s  ", change_text(change), s->after.unit);
	switch (change) {
	case UNIT_IS_MOVED:
		before = s->before == NULL ? "" : s->before->parent;
		(void)printf(_("from %s: below %s, was below %s\n"), day,
		    s->after.parent[0] != 0 ? s->after.parent : _("nobody"),
		    before[0] != 0 ? before : _("nobody"));
		return;
	case UNIT_IS_RENAMED:
		(void)printf(_("from %s: \"%s\", was \"%s\"\n"), day, s->after.name,
		    s->before == NULL ? "" : s->before->name);
		return;
	case UNIT_IS_MERGED:
		(void)printf(_("from %s: %s goes on with it\n"), day, s->successor);
		return;
	case UNIT_IS_CLOSED:
		(void)printf(_("from %s: it is over\n"), day);
		return;
	case UNIT_IS_NEW:
	case UNIT_IS_CHANGED:
	case UNIT_CHANGES:
		(void)printf("%s %s\n", day, s->after.name);
		return;
	}
}

static void print_kind(const struct import *it, enum unit_change change)
{
	bool long_list = change == UNIT_IS_NEW || change == UNIT_IS_CHANGED;
	size_t most = long_list && !it->all ? SHOWN_MAX : SIZE_MAX;
	size_t shown = 0;

	for (size_t i = 0; i < it->plan.count && shown < most; i++) {
		const struct unit_step *s = &it->plan.items[i];
		if ((s->changes & UNIT_CHANGE_BIT(change)) == 0)
			continue;
		print_step(s, change);
		shown++;
	}
	if (shown < it->plan.counts[change])
		(void)printf(_("  ... and %zu more (--all shows them)\n"),
		    it->plan.counts[change] - shown);
}

/* "3 new, 1 moved" */
static void summarise(char *out, size_t size, const struct units_plan *plan, bool plain)
{
	size_t len = 0;

	out[0] = 0;
	for (unsigned i = 0; i < UNIT_CHANGES; i++)
		if (plan->counts[i] > 0 && len < size)
			len += (size_t)snprintf(out + len, size - len, "%s%zu %s",
			    len > 0 ? ", " : "", plan->counts[i],
			    plain ? unit_change_word((enum unit_change)i)
			          : change_text((enum unit_change)i));
}

static void print_plan(const struct import *it)
{
	char text[300];

	summarise(text, sizeof text, &it->plan, false);
	(void)printf(_("%zu lines: %s\n"), it->plan.lines,
	    text[0] != 0 ? text : _("nothing that is not known already"));
	for (unsigned i = 0; i < UNIT_CHANGES; i++)
		print_kind(it, (enum unit_change)i);
}

/* ---- carrying out ---- */

static int apply(const struct command *c, struct import *it, const char *what)
{
	char text[300];

	print_plan(it);
	if (it->dry) {
		(void)puts(_("Nothing was changed (--dry-run)."));
		return ADMIN_DONE;
	}
	if (it->plan.count == 0)
		return ADMIN_DONE;
	enum err rc = units_apply(it->store, &it->plan, it->loaded.revision);
	if (rc == ERR_EXISTS)
		return admin_fail(_(
		    "somebody else changed units meanwhile; nothing was changed: once more"));
	if (rc != OK)
		return admin_fail_store(it->store, rc);
	summarise(text, sizeof text, &it->plan, true);
	admin_record(c, what, "units", "%s: %s", it->table.file, text);
	(void)puts(_("Done."));
	return ADMIN_DONE;
}

static int plan_and_apply(
    const struct command *c, struct import *it, int32_t day, const char *what)
{
	enum err rc = units_load(&it->loaded, it->store);

	if (rc != OK)
		return admin_fail_store(it->store, rc);
	rc = units_plan_make(&it->plan, &it->table, &it->loaded.known, day, &it->mistakes);
	print_mistakes(&it->mistakes);
	if (rc == ERR_FORMAT)
		return admin_fail(
		    _("%zu mistakes; nothing was changed"), it->mistakes.errors);
	if (rc != OK)
		return admin_fail("%s", err_text(rc));
	return apply(c, it, what);
}

static void end_import(struct import *it)
{
	units_plan_deinit(&it->plan);
	units_unload(&it->loaded);
	units_table_deinit(&it->table);
	diags_deinit(&it->mistakes);
	arena_deinit(&it->memory);
	store_close(it->store);
}

static int read_and_apply(
    const struct command *c, struct import *it, const char *path, int32_t day)
{
	struct buf text = BUF_INIT(CSV_TEXT_MAX);
	struct diag why = {.text = ""};

	enum err rc = command_read_file(c, path, &text, &why);
	if (rc != OK) {
		buf_deinit(&text);
		return admin_fail_why(&why, rc);
	}
	rc = units_table_read(&it->table, &text, path, &it->memory, &it->mistakes);
	buf_deinit(&text);
	if (rc == ERR_MEMORY)
		return admin_fail("%s", err_text(rc));
	if (rc != OK) {
		print_mistakes(&it->mistakes);
		return admin_fail(
		    _("%zu mistakes; nothing was changed"), it->mistakes.errors);
	}
	return plan_and_apply(c, it, day, "units-import");
}

static int import_file(struct command *c)
{
	struct import it = {.memory = ARENA_INIT(TABLE_MEMORY_MAX), .mistakes = DIAGS_NONE};
	int32_t day = admin_today(c);

	it.dry = admin_take_flag(c, "--dry-run");
	it.all = admin_take_flag(c, "--all");
	if (!admin_take_day(c, "--on", &day))
		return ADMIN_FAILED;
	if (c->argc != 2 || admin_has_options(c))
		return ADMIN_USAGE;
	if (!admin_open(c, &it.store))
		return ADMIN_FAILED;
	int status = read_and_apply(c, &it, c->argv[1], day);
	end_import(&it);
	return status;
}

/* ---- merge: the same plan, of lines that no file holds ---- */

static bool write_lines(struct import *it, struct command *c, int32_t day)
{
	int olds = c->argc - 2;

	it->table.items = calloc((size_t)olds, sizeof *it->table.items);
	if (it->table.items == NULL)
		return false;
	for (int i = 0; i < olds; i++)
		it->table.items[i] = (struct unit_line){.given = UNIT_COLUMN_BIT(UNIT_ID) |
		        UNIT_COLUMN_BIT(UNIT_TO) | UNIT_COLUMN_BIT(UNIT_MERGED_INTO),
		    .unit = c->argv[1 + i],
		    .parent = "",
		    .level = "",
		    .code = "",
		    .name = "",
		    .kinds = "",
		    .contact = "",
		    .merged_into = c->argv[c->argc - 1],
		    .from = DAY_NONE,
		    .to = day - 1};
	it->table.count = it->table.capacity = (size_t)olds;
	it->table.file = "";
	return true;
}

static int check_names(const struct command *c)
{
	for (int i = 1; i < c->argc; i++)
		if (!unit_id_is_sound(slice_of(c->argv[i])))
			return admin_fail(_("'%s' cannot be a unit's id"), c->argv[i]);
	for (int i = 1; i + 1 < c->argc; i++)
		if (strcmp(c->argv[i], c->argv[c->argc - 1]) == 0)
			return admin_fail(_("a unit cannot be merged into itself"));
	return ADMIN_DONE;
}

static int merge(struct command *c)
{
	struct import it = {.memory = ARENA_INIT(TABLE_MEMORY_MAX), .mistakes = DIAGS_NONE};
	int32_t day = DAY_NONE;

	it.dry = admin_take_flag(c, "--dry-run");
	if (!admin_take_day(c, "--on", &day))
		return ADMIN_FAILED;
	if (c->argc < 3 || admin_has_options(c) || day == DAY_NONE)
		return ADMIN_USAGE;
	int status = check_names(c);
	if (status != ADMIN_DONE)
		return status;
	if (!admin_open(c, &it.store))
		return ADMIN_FAILED;
	if (write_lines(&it, c, day))
		status = plan_and_apply(c, &it, admin_today(c), "units-merge");
	else
		status = admin_fail("%s", err_text(ERR_MEMORY));
	end_import(&it);
	return status;
}

/* ---- list ---- */

static bool print_node(void *context, uint32_t node)
{
	const struct tree *tree = context;
	const struct tree_node *n = tree_node(tree, node);

	(void)printf("%*s%s", (int)(2 * (n->depth - 1)), "", n->unit);
	if (n->level[0] != 0)
		(void)printf("  [%s]", n->level);
	if (n->kinds[0] != 0)
		(void)printf("  %s", n->kinds);
	if (n->pupils > 0)
		(void)printf("  %lu", (unsigned long)n->pupils);
	(void)printf("  %s\n", n->name);
	return true;
}

/* In the order of a table of contents: each unit's children behind it. */
static void print_below(struct tree *tree, uint32_t node)
{
	const struct tree_node *n = tree_node(tree, node);

	(void)print_node(tree, node);
	for (uint32_t i = 0; i < n->child_count; i++)
		print_below(tree, n->child_first + i);
}

static int print_tree(struct tree *tree, const char *below)
{
	uint32_t first = 0, count = 1;

	if (below == NULL)
		tree_roots(tree, &first, &count);
	else
		first = tree_find(tree, below);
	if (below != NULL && first == TREE_NONE)
		return admin_fail(_("%s is no unit that is known on that day"), below);
	for (uint32_t i = 0; i < count; i++)
		print_below(tree, first + i);
	(void)printf(_("%zu units\n"), tree_count(tree));
	return ADMIN_DONE;
}

static int list(struct command *c)
{
	struct store *store = NULL;
	struct tree *tree = NULL;
	const char *below = NULL;
	int32_t day = admin_today(c);

	if (!admin_take_day(c, "--on", &day))
		return ADMIN_FAILED;
	if (!admin_take_value(c, "--below", &below) || c->argc != 1)
		return ADMIN_USAGE;
	if (!admin_open(c, &store))
		return ADMIN_FAILED;
	enum err rc = tree_load(store, day, &tree);
	int status = rc == OK ? print_tree(tree, below) : admin_fail_store(store, rc);
	if (rc == OK)
		tree_release(tree);
	store_close(store);
	return status;
}

/* ---- show ---- */

static void print_version(const struct unit *u)
{
	char from[DAY_TEXT_BYTES], to[DAY_TEXT_BYTES];

	day_write(from, u->from);
	day_write(to, u->until == DAY_FOREVER ? DAY_FOREVER : u->until - 1);
	(void)printf(
	    "%s - %s  %s\n", from, u->until == DAY_FOREVER ? "          " : to, u->name);
	(void)printf(_("    below %s, level %s, code %s, kinds %s, pupils %lu, sends %s\n"),
	    u->parent[0] != 0 ? u->parent : "-", u->level[0] != 0 ? u->level : "-",
	    u->code[0] != 0 ? u->code : "-", u->kinds[0] != 0 ? u->kinds : "-",
	    (unsigned long)u->pupils, u->sends ? _("yes") : _("no"));
	if (u->contact[0] != 0)
		(void)printf(_("    contact %s\n"), u->contact);
	if (u->successor[0] != 0)
		(void)printf(_("    merged into %s\n"), u->successor);
}

static int show(struct command *c)
{
	struct store *store = NULL;
	struct units_loaded loaded;
	size_t found = 0;

	if (c->argc != 2)
		return ADMIN_USAGE;
	if (!admin_open(c, &store))
		return ADMIN_FAILED;
	enum err rc = units_load(&loaded, store);
	for (size_t i = 0; rc == OK && i < loaded.known.count; i++)
		if (strcmp(loaded.items[i].unit, c->argv[1]) == 0) {
			print_version(&loaded.items[i]);
			found++;
		}
	int status = ADMIN_DONE;
	if (rc != OK)
		status = admin_fail_store(store, rc);
	else if (found == 0)
		status = admin_fail(_("%s is no unit that is known"), c->argv[1]);
	units_unload(&loaded);
	store_close(store);
	return status;
}

/* ---- export: what `units import` reads again without a change ---- */

static void write_version(struct buf *out, const struct unit *u, bool last)
{
	char day[DAY_TEXT_BYTES];

	csv_text(out, u->unit);
	csv_text(out, u->parent);
	csv_text(out, u->level);
	csv_text(out, u->code);
	csv_text(out, u->name);
	csv_text(out, u->kinds);
	csv_number(out, u->pupils);
	csv_text(out, u->contact);
	csv_text(out, u->sends ? "yes" : "no");
	day_write(day, u->from);
	csv_text(out, day);
	bool ends = u->until != DAY_FOREVER;
	day_write(day, ends ? u->until - 1 : u->until);
	csv_text(out, ends ? day : "");
	csv_text(out, last ? u->successor : "");
	csv_end_line(out);
}

static void write_table(struct buf *out, const struct units_loaded *loaded)
{
	const struct unit *items = loaded->items;

	csv_begin(out);
	for (unsigned i = 0; i < UNIT_COLUMNS; i++)
		csv_text(out, unit_column_word((enum unit_column)i));
	csv_end_line(out);
	for (size_t i = 0; i < loaded->known.count; i++) {
		bool last = i + 1 == loaded->known.count ||
		    strcmp(items[i + 1].unit, items[i].unit) != 0;
		write_version(out, &items[i], last);
	}
}

static int export_table(struct command *c)
{
	struct store *store = NULL;
	struct units_loaded loaded;
	struct buf out = BUF_INIT(CSV_TEXT_MAX);
	struct diag why = {.text = ""};
	int status = ADMIN_DONE;

	if (c->argc > 2)
		return ADMIN_USAGE;
	if (!admin_open(c, &store))
		return ADMIN_FAILED;
	enum err rc = units_load(&loaded, store);
	if (rc != OK) {
		status = admin_fail_store(store, rc);
		goto done;
	}
	write_table(&out, &loaded);
	rc = buf_status(&out);
	if (rc == OK && c->argc == 2)
		rc = command_write_file(c, c->argv[1], buf_slice(&out), 0644, &why);
	else if (rc == OK && fwrite(out.ptr, 1, out.len, stdout) != out.len)
		rc = ERR_IO;
	if (rc != OK)
		status = admin_fail_why(&why, rc);
done:
	buf_deinit(&out);
	units_unload(&loaded);
	store_close(store);
	return status;
}

int admin_units(struct command *c)
{
	static const struct {
		const char *word;
		int (*run)(struct command *c);
	} verbs[] = {{"import", import_file}, {"list", list}, {"show", show},
	    {"export", export_table}, {"merge", merge}};

	for (size_t i = 0; c->argc > 0 && i < COUNT_OF(verbs); i++)
		if (strcmp(c->argv[0], verbs[i].word) == 0)
			return verbs[i].run(c);
	return ADMIN_USAGE;
}
