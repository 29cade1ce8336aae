/* `lachan-district export`: what schools published, to a file or to standard output. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/words.h"
#include "district/admin.h"
#include "district/published_table.h"
#include "district/tree.h"

enum {
	PIECE_BYTES = 1 << 20, /* written at a time: the whole may be years long */
	PIECE_MAX = PIECE_BYTES + (64 << 10)
};

struct exporting {
	struct published_table table;
	struct buf piece;
	int fd;
	enum err rc;
};

static void flush(struct exporting *x)
{
	if (x->rc == OK)
		x->rc = buf_status(&x->piece);
	if (x->rc == OK)
		x->rc = fd_write_all(x->fd, buf_slice(&x->piece));
	buf_reset(&x->piece);
}

static bool on_row(void *context, const struct published_row *row)
{
	struct exporting *x = context;

	published_row(&x->table, row);
	if (x->piece.len >= PIECE_BYTES)
		flush(x);
	return x->rc == OK;
}

static int run(struct store *store, struct exporting *x,
    const struct published_query *query, enum published_form form)
{
	x->piece = BUF_INIT(PIECE_MAX);
	published_begin(&x->table, &x->piece, form);
	enum err rc = store_published(store, query, on_row, x);
	published_end(&x->table);
	flush(x);
	buf_deinit(&x->piece);
	if (rc != OK)
		return admin_fail_store(store, rc);
	if (x->rc != OK)
		return admin_fail(
		    "%s", x->rc == ERR_IO ? strerror(errno) : err_text(x->rc));
	return ADMIN_DONE;
}

/* The file is the person's; begun and finished with the person's rights. */
static int run_to_file(const struct command *c, struct store *store, const char *path,
    const struct published_query *query, enum published_form form)
{
	struct atomic_file file = ATOMIC_FILE_NONE;
	int status = ADMIN_FAILED;

	enum err rc = command_as_person(c);
	if (rc == OK)
		rc = atomic_file_begin(&file, path, 0640);
	int why = errno;
	if (command_as_user(c) != OK || rc != OK)
		return admin_fail(
		    "%s: %s", path, rc == ERR_IO ? strerror(why) : err_text(rc));
	struct exporting x = {.fd = file.fd};
	status = run(store, &x, query, form);
	rc = command_as_person(c);
	if (rc == OK && status == ADMIN_DONE) {
		rc = atomic_file_commit(&file, SLICE_EMPTY);
		why = errno;
		if (rc != OK)
			status = admin_fail("%s: %s", path, strerror(why));
	}
	atomic_file_abandon(&file);
	(void)!command_as_user(c);
	if (status == ADMIN_DONE)
		(void)printf(_("%zu rows\n"), x.table.rows);
	return status;
}

static int choose_units(struct store *store, const char *unit, struct tree_groups *groups,
    struct published_query *query)
{
	struct tree *tree = NULL;
	int status = ADMIN_DONE;

	query->units = COUNTS_EVERYBODY;
	if (unit == NULL)
		return ADMIN_DONE;
	enum err rc = tree_load(store, query->to - 1, &tree);
	if (rc != OK)
		return admin_fail_store(store, rc);
	uint32_t node = tree_find(tree, unit);
	if (node == TREE_NONE)
		status = admin_fail(_("%s is no unit that is known on that day"), unit);
	else if (tree_groups_subtree(tree, node, groups) != OK)
		status = admin_fail("%s", err_text(ERR_MEMORY));
	else
		query->units = tree_units(groups);
	tree_release(tree);
	return status;
}

static bool read_form(const char *word, enum published_form *out)
{
	*out = strcmp(word, "json") == 0 ? PUBLISHED_JSON : PUBLISHED_CSV;
	return *out == PUBLISHED_JSON || strcmp(word, "csv") == 0;
}

int admin_export(struct command *c)
{
	struct published_query query = {.from = DAY_FIRST, .to = DAY_NONE};
	struct tree_groups groups = TREE_GROUPS_NONE;
	const char *unit = NULL, *word = "csv", *path = NULL;
	struct store *store = NULL;
	enum published_form form;

	query.to = admin_today(c);
	query.from = query.to - 30;
	if (!admin_take_day(c, "--from", &query.from) ||
	    !admin_take_day(c, "--to", &query.to))
		return ADMIN_FAILED;
	if (!admin_take_value(c, "--unit", &unit) ||
	    !admin_take_value(c, "--format", &word) ||
	    !admin_take_value(c, "--out", &path) || c->argc != 0 || !read_form(word, &form))
		return ADMIN_USAGE;
	if (query.to < query.from)
		return admin_fail(_("--to is before --from"));
	query.to++;
	if (!admin_open(c, &store))
		return ADMIN_FAILED;
	int status = choose_units(store, unit, &groups, &query);
	struct exporting x = {.fd = STDOUT_FILENO};
	if (status == ADMIN_DONE)
		status = path != NULL ? run_to_file(c, store, path, &query, form)
		                      : run(store, &x, &query, form);
	tree_groups_free(&groups);
	store_close(store);
	return status;
}
