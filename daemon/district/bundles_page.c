/* /bundles: what was published, for whom, and which schools run it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "district/audit_book.h"
#include "district/bundles.h"
#include "district/counts.h"
#include "district/district.h"
#include "district/web.h"
#include "kit/log.h"

/* ---- who runs which ---- */

/* What a school's documents call a bundle that it runs: "bundle:lam-dong.12". */
static bool runs(const struct coverage_row *school, const char *id)
{
	char name[PAPER_ID_BYTES + 8];

	(void)snprintf(name, sizeof name, "bundle:%s", id);
	for (size_t i = 0; school->state != NULL && i < school->state->feed_count; i++)
		if (strcmp(school->state->feeds[i].name, name) == 0)
			return true;
	return false;
}

static uint64_t count_runners(const struct coverage *coverage, const char *id)
{
	const struct coverage_row *rows;
	size_t count = coverage_rows(coverage, &rows);
	uint64_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += runs(&rows[i], id) ? 1 : 0;
	return n;
}

/* ---- the list ---- */

static void put_stage(struct page *p, const struct bundle_row *row)
{
	static const enum word words[] = {[REACH_NONE] = WORD_BUNDLE_WITHDRAWN,
	    [REACH_UNITS] = WORD_BUNDLE_UNITS,
	    [REACH_ALL] = WORD_BUNDLE_ALL};
	char percent[16];
	const char *const values[] = {percent, NULL};

	(void)snprintf(percent, sizeof percent, "%u", row->percent);
	page_cell_open(p, COLUMN_TEXT);
	if (row->reach == REACH_PERCENT)
		page_say(p, WORD_BUNDLE_PERCENT, values);
	else
		page_word(p, words[row->reach]);
	page_cell_close(p);
}

/* The next step of a stage: a wider part, or everybody. */
static void put_form(struct call *c, struct page *p, const struct bundle_row *row)
{
	static const struct page_option options[] = {
	    {"percent=10", "10 %"}, {"percent=50", "50 %"}, {"all", "100 %"}};
	char path[PAPER_ID_BYTES + 16], version[24];
	size_t first = row->reach == REACH_PERCENT && row->percent >= 50 ? 2
	    : row->reach == REACH_PERCENT && row->percent >= 10          ? 1
	                                                                 : 0;

	page_cell_open(p, COLUMN_TEXT);
	if (row->reach != REACH_ALL && row->expires_s > c->now.wall_s) {
		(void)snprintf(path, sizeof path, "/bundles/%s", row->id);
		(void)snprintf(version, sizeof version, "%" PRIu64, row->version);
		page_post_open(p, path);
		page_hidden(p, "version", version);
		page_select(p, "stage", WORD_BUNDLE_STAGE, options + first,
		    COUNT_OF(options) - first, "all");
		page_button(p, NULL, NULL, WORD_BUNDLE_WIDEN);
		page_form_close(p);
	}
	page_cell_close(p);
}

static void put_row(struct call *c, struct page *p, const struct bundle_row *row,
    const struct coverage *coverage)
{
	char serial[24];

	(void)snprintf(serial, sizeof serial, "%" PRIu64, row->serial);
	page_row_open(p);
	page_cell_head(p, NULL, row->name);
	page_cell_text(p, serial);
	page_cell_time(p, row->made_s);
	page_cell_open(p, COLUMN_TEXT);
	page_time(p, row->expires_s);
	if (row->expires_s <= c->now.wall_s) {
		page_raw(p, " ");
		page_word(p, WORD_BUNDLE_EXPIRED);
	}
	page_cell_close(p);
	put_stage(p, row);
	page_cell_number(p, count_runners(coverage, row->id));
	if (web_may_change(p))
		put_form(c, p, row);
	page_row_close(p);
}

static void put_list(struct call *c, struct page *p, const struct bundle_rows *rows,
    const struct coverage *coverage)
{
	static const struct page_column columns[] = {{COLUMN_TEXT, WORD_NAV_BUNDLES, NULL},
	    {COLUMN_TEXT, WORD_BUNDLE_SERIAL, NULL}, {COLUMN_TEXT, WORD_BUNDLE_MADE, NULL},
	    {COLUMN_TEXT, WORD_BUNDLE_VALID, NULL}, {COLUMN_TEXT, WORD_BUNDLE_STAGE, NULL},
	    {COLUMN_NUMBER, WORD_BUNDLE_SCHOOLS, NULL},
	    {COLUMN_TEXT, WORD_BUNDLE_WIDEN, NULL}};
	const struct page_table table = {.caption = word_of(WORD_NAV_BUNDLES, p->language),
	    .columns = columns,
	    .count = COUNT_OF(columns) - (web_may_change(p) ? 0 : 1),
	    .id = "bundles"};

	page_table_open(p, &table);
	for (size_t i = 0; i < rows->count; i++)
		put_row(c, p, &rows->items[i], coverage);
	page_table_close(p);
	if (rows->count == 0)
		page_paragraph(p, "note", WORD_EMPTY_LIST, NULL);
}

void bundles_page(struct call *c)
{
	struct bundle_rows *rows = arena_alloc(c->memory, sizeof *rows);
	const struct coverage_query newest = {web_today(c), 1};
	struct coverage *coverage = NULL;
	struct page p;

	if (!web_enter(c, SECTION_BUNDLES, &p))
		return;
	enum err rc = rows == NULL ? ERR_MEMORY : bundles_list(c->store, NULL, rows);
	if (rc == OK)
		rc = store_coverage(c->store, &newest, &coverage);
	if (rc != OK) {
		web_fail(c, &p, rc);
		return;
	}
	web_open(&p, WORD_NAV_BUNDLES);
	page_paragraph(&p, "note", WORD_BUNDLE_NOTE, NULL);
	put_list(c, &p, rows, coverage);
	coverage_free(coverage);
	web_finish(c, &p);
}

/* ---- a wider stage ---- */

/* "NAME.SERIAL" */
static bool read_id(const char *id, char name[BUNDLE_NAME_MAX + 1], uint64_t *serial)
{
	const char *dot = strrchr(id, '.');

	if (dot == NULL || dot - id > BUNDLE_NAME_MAX ||
	    !slice_to_u64(slice_of(dot + 1), BUNDLE_SERIAL_MAX, serial) || *serial == 0)
		return false;
	(void)snprintf(name, BUNDLE_NAME_MAX + 1, "%.*s", (int)(dot - id), id);
	return true;
}

static void record(
    struct call *c, const struct page *p, const struct bundle_row *row, const char *stage)
{
	char detail[96];
	struct diag why = {.text = ""};

	(void)snprintf(
	    detail, sizeof detail, "serial %" PRIu64 ": %.40s", row->serial, stage);
	const struct audit_entry entry = {.actor = p->user != NULL ? p->user : "demo",
	    .action = "bundle-stage",
	    .scope = row->name,
	    .detail = detail};
	if (audit_book_write(c->district->state_dir, c->now.wall_s, &entry, &why) != OK)
		log_error(
		    "audit", "a stage of %s is not in the record: %s", row->name, why.text);
}

/* False: answered. */
static bool read_wish(struct call *c, struct page *p, struct bundle_row *row,
    struct bundle_stage *stage, struct buf *units)
{
	const char *word = call_form(c, "stage"), *version = call_form(c, "version");
	char name[BUNDLE_NAME_MAX + 1];
	uint64_t serial = 0, seen = 0;
	struct diag why;

	enum err rc = read_id(c->path_rest, name, &serial)
	    ? bundles_find(c->store, name, serial, row)
	    : ERR_NOT_FOUND;
	if (rc == ERR_NOT_FOUND) {
		web_refuse(c, p, 404, WORD_NAV_BUNDLES, WORD_BUNDLE_GONE);
		return false;
	}
	if (rc != OK) {
		web_fail(c, p, rc);
		return false;
	}
	if (word == NULL || version == NULL ||
	    !slice_to_u64(slice_of(version), INT64_MAX, &seen) || seen == 0 ||
	    bundle_stage_read(stage, word, units, &why) != OK) {
		web_refuse(c, p, 400, WORD_NAV_BUNDLES, WORD_BUNDLE_STAGE_BAD);
		return false;
	}
	row->version = seen; /* what the person saw */
	return true;
}

void bundles_page_stage(struct call *c)
{
	struct buf units = BUF_INIT(BUNDLES_UNITS_MAX_BYTES);
	struct bundle_stage stage;
	struct bundle_row row;
	struct page p;

	if (!web_enter_to_change(c, SECTION_BUNDLES, &p))
		return;
	if (read_wish(c, &p, &row, &stage, &units)) {
		enum err rc = bundles_stage(c->store, &row, &stage,
		    p.user != NULL ? p.user : "demo", c->now.wall_s);
		if (rc == ERR_RANGE || rc == ERR_EXISTS) {
			web_refuse(c, &p, rc == ERR_EXISTS ? 409 : 422, WORD_NAV_BUNDLES,
			    WORD_BUNDLE_STAGE_BAD);
		} else if (rc != OK) {
			web_fail(c, &p, rc);
		} else {
			record(c, &p, &row, call_form(c, "stage"));
			call_redirect(c, "/bundles");
		}
	}
	buf_deinit(&units);
}
