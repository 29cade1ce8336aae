#include "district/bundles.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/words.h"
#include "report/signed.h"
#include "spool/gzip.h"

enum {
	UNITS_SETTING_BYTES = BUNDLE_NAME_MAX + 40 /* "bundle.units.", a name, a serial */
};

/* ---- stages ---- */

static bool add_unit(struct buf *units, struct slice unit)
{
	char text[STORE_UNIT_BYTES];

	if (unit.len == 0 || unit.len >= sizeof text)
		return false;
	memcpy(text, unit.ptr, unit.len);
	text[unit.len] = 0;
	if (!report_is_unit(text))
		return false;
	if (units->len > 0)
		buf_byte(units, ' ');
	buf_append(units, unit);
	return buf_status(units) == OK;
}

static enum err read_units(
    struct bundle_stage *out, struct slice rest, struct buf *units, struct diag *why)
{
	buf_reset(units);
	while (rest.ptr != NULL) {
		struct slice unit = slice_trim(slice_cut(&rest, ','));
		if (!add_unit(units, unit)) {
			diag_set(why,
			    _("\"%.*s\" is no unit, or there are too many of them"),
			    (int)(unit.len < 64 ? unit.len : 64), (const char *)unit.ptr);
			return ERR_FORMAT;
		}
	}
	*out = (struct bundle_stage){REACH_UNITS, 0, buf_cstr(units)};
	return OK;
}

enum err bundle_stage_read(
    struct bundle_stage *out, const char *text, struct buf *units, struct diag *why)
{
	struct slice all = slice_of(text), rest = all;
	struct slice word = slice_cut(&rest, '=');
	uint64_t percent = 0;

	if (slice_equal(all, SLICE_LIT("all"))) {
		*out = (struct bundle_stage){REACH_ALL, 0, ""};
	} else if (slice_equal(all, SLICE_LIT("none"))) {
		*out = (struct bundle_stage){REACH_NONE, 0, ""};
	} else if (slice_equal(word, SLICE_LIT("percent")) &&
	    slice_to_u64(rest, 99, &percent) && percent > 0) {
		*out = (struct bundle_stage){REACH_PERCENT, (unsigned)percent, ""};
	} else if (slice_equal(word, SLICE_LIT("units")) && rest.len > 0) {
		return read_units(out, rest, units, why);
	} else {
		diag_set(
		    why, _("\"%s\" is no stage (all, percent=1 to 99, units=A,B)"), text);
		return ERR_FORMAT;
	}
	return OK;
}

static void write_state(char out[BUNDLES_STAGE_BYTES], const struct bundle_stage *stage)
{
	static const char *const words[] = {
	    [REACH_NONE] = "none", [REACH_UNITS] = "units", [REACH_ALL] = "all"};

	if (stage->reach == REACH_PERCENT)
		(void)snprintf(
		    out, BUNDLES_STAGE_BYTES, "percent-%u", stage->percent % 100);
	else
		(void)snprintf(out, BUNDLES_STAGE_BYTES, "%s", words[stage->reach]);
}

static void read_state(struct bundle_row *row, const char *state)
{
	uint64_t percent = 0;

	row->reach = REACH_NONE;
	if (strcmp(state, "all") == 0)
		row->reach = REACH_ALL;
	else if (strcmp(state, "units") == 0)
		row->reach = REACH_UNITS;
	else if (strncmp(state, "percent-", 8) == 0 &&
	    slice_to_u64(slice_of(state + 8), 99, &percent))
		row->reach = REACH_PERCENT;
	row->percent = (unsigned)percent;
}

void bundle_stage_text(char out[64], const struct bundle_row *row)
{
	switch (row->reach) {
	case REACH_NONE:
		(void)snprintf(out, 64, "%s", _("withdrawn"));
		return;
	case REACH_UNITS:
		(void)snprintf(out, 64, "%s", _("chosen units"));
		return;
	case REACH_PERCENT:
		(void)snprintf(out, 64, _("%u percent"), row->percent);
		return;
	case REACH_ALL:
		(void)snprintf(out, 64, "%s", _("all schools"));
		return;
	}
}

static void units_setting(char out[UNITS_SETTING_BYTES], const char *id)
{
	(void)snprintf(out, UNITS_SETTING_BYTES, "bundle.units.%s", id);
}

/* Whether " a b c " holds the unit. */
static bool is_named(const char *units, const char *unit)
{
	struct slice rest = slice_of(units);

	while (rest.len > 0) {
		if (slice_equal(slice_cut(&rest, ' '), slice_of(unit)))
			return true;
	}
	return false;
}

static enum err reaches(
    struct store *store, const struct bundle_row *row, const char *unit, bool *out)
{
	char setting[UNITS_SETTING_BYTES];
	struct buf units = BUF_INIT(BUNDLES_UNITS_MAX_BYTES);
	unsigned hundredth = 100;
	enum err rc = OK;

	*out = row->reach == REACH_ALL;
	if (row->reach == REACH_PERCENT) {
		rc = bundle_hundredth(&hundredth, unit, row->name, row->serial);
		*out = hundredth < row->percent;
	} else if (row->reach == REACH_UNITS) {
		units_setting(setting, row->id);
		rc = store_setting_get(store, setting, &units);
		*out = rc == OK && is_named(buf_cstr(&units), unit);
		rc = rc == ERR_NOT_FOUND ? OK : rc;
	}
	buf_deinit(&units);
	return rc;
}

enum err bundles_choose(
    struct store *store, const struct bundle_rows *rows, const char *unit, size_t *out)
{
	for (size_t i = 0; i < rows->count; i++) {
		bool yes;
		enum err rc = reaches(store, &rows->items[i], unit, &yes);
		if (rc != OK)
			return rc;
		if (yes) {
			*out = i;
			return OK;
		}
	}
	return ERR_NOT_FOUND;
}

/* ---- rows ---- */

/* "2027-02-20T07:00:00Z TITLE" */
static void read_title(struct bundle_row *row, const char *title)
{
	const size_t len = BUNDLE_TIME_BYTES - 1;

	if (strlen(title) < len ||
	    !bundle_time_read(&row->expires_s, (struct slice){(const uint8_t *)title, len}))
		row->expires_s = 0;
	else if (title[len] == ' ')
		(void)snprintf(row->title, sizeof row->title, "%s", title + len + 1);
}

static bool take_row(void *context, const struct paper *paper)
{
	struct bundle_rows *rows = context;
	struct bundle_row *row = &rows->items[rows->count];
	const char *dot = strrchr(paper->id, '.');

	*row = (struct bundle_row){.made_s = paper->made_s, .version = paper->version};
	if (dot == NULL ||
	    !slice_to_u64(slice_of(dot + 1), BUNDLE_SERIAL_MAX, &row->serial))
		return true; /* not ours */
	(void)snprintf(row->id, sizeof row->id, "%s", paper->id);
	(void)snprintf(row->name, sizeof row->name, "%s", paper->category);
	read_title(row, paper->title);
	read_state(row, paper->state);
	rows->count++;
	return rows->count < BUNDLES_ROWS;
}

static int newest_first(const void *a, const void *b)
{
	const struct bundle_row *x = a, *y = b;
	int name = strcmp(x->name, y->name);

	return name != 0 ? name : (x->serial < y->serial) - (x->serial > y->serial);
}

enum err bundles_list(struct store *store, const char *name, struct bundle_rows *out)
{
	const struct paper_query query = {
	    .kind = PAPER_BUNDLE, .category = name, .limit = BUNDLES_ROWS};

	out->count = 0;
	enum err rc = store_paper_list(store, &query, take_row, out);
	qsort(out->items, out->count, sizeof *out->items, newest_first);
	return rc;
}

enum err bundles_find(
    struct store *store, const char *name, uint64_t serial, struct bundle_row *out)
{
	struct bundle_rows *rows = calloc(1, sizeof *rows);
	enum err rc = rows == NULL ? ERR_MEMORY : bundles_list(store, name, rows);
	size_t i = 0;

	while (
	    rc == OK && serial != 0 && i < rows->count && rows->items[i].serial != serial)
		i++;
	if (rc == OK && i == rows->count)
		rc = ERR_NOT_FOUND;
	if (rc == OK)
		*out = rows->items[i];
	free(rows);
	return rc;
}

struct body {
	struct buf *out;
	bool found;
};

static bool take_body(void *context, const struct paper *paper)
{
	struct body *body = context;

	buf_append(body->out, paper->body);
	body->found = true;
	return false;
}

enum err bundles_read(struct store *store, const char *id, struct buf *out)
{
	const struct paper_query query = {
	    .kind = PAPER_BUNDLE, .id = id, .bodies = true, .limit = 1};
	struct body body = {.out = out};

	enum err rc = store_paper_list(store, &query, take_body, &body);
	if (rc == OK && !body.found)
		return ERR_NOT_FOUND;
	return rc == OK ? buf_status(out) : rc;
}

enum err bundles_read_text(
    struct store *store, const char *id, struct buf *out, struct diag *why)
{
	struct buf packed = BUF_INIT(BUNDLE_PACKED_MAX);

	enum err rc = bundles_read(store, id, &packed);
	if (rc == OK)
		rc = gzip_unpack(buf_slice(&packed), BUNDLE_TEXT_MAX, out);
	if (rc != OK)
		diag_set(why, "%s: %s", id, err_text(rc));
	buf_deinit(&packed);
	return rc;
}

/* ---- publishing ---- */

static enum err next_serial(struct store *store, const char *name, uint64_t *out)
{
	struct bundle_row newest;

	enum err rc = bundles_find(store, name, 0, &newest);
	*out = rc == OK ? newest.serial + 1 : 1;
	return rc == ERR_NOT_FOUND ? OK : rc;
}

/* As every school will read it. */
static enum err check_text(struct slice text, struct diag *why)
{
	struct bundle_reader *reader;

	enum err rc = bundle_reader_new(&reader);
	if (rc != OK)
		return rc;
	rc = bundle_reader_push(reader, text, why);
	if (rc == OK)
		rc = bundle_reader_finish(reader, why);
	bundle_reader_free(reader);
	return rc;
}

static enum err make_text(
    struct buf *packed, const struct bundle_publication *what, struct diag *why)
{
	struct bundle *b = what->content;
	struct buf text = BUF_INIT(BUNDLE_TEXT_MAX);

	b->lists_bytes = what->lists.len;
	enum err rc = bundle_digest(b->lists_sha256, what->lists);
	if (rc == OK)
		rc = bundle_write(b, what->key, &text, why);
	if (rc == OK) {
		buf_append(&text, what->lists);
		rc = buf_status(&text);
	}
	if (rc == OK)
		rc = check_text(buf_slice(&text), why);
	if (rc == OK)
		rc = gzip_pack(buf_slice(&text), packed);
	if (rc == ERR_FULL)
		diag_set(why,
		    _("the bundle is larger than %d MiB, or %d MiB packed (let long "
		      "lists be feeds)"),
		    BUNDLE_TEXT_MAX >> 20, BUNDLE_PACKED_MAX >> 20);
	buf_deinit(&text);
	return rc == ERR_FULL ? ERR_FORMAT : rc;
}

static enum err put_units(
    struct store *store, const char *id, const struct bundle_stage *stage)
{
	char setting[UNITS_SETTING_BYTES];

	units_setting(setting, id);
	return stage->reach == REACH_UNITS ? store_setting_put(store, setting, stage->units)
	                                   : OK;
}

static enum err put_paper(struct store *store, const struct bundle_publication *what,
    const char *id, struct slice packed)
{
	char title[BUNDLE_TIME_BYTES + BUNDLE_TITLE_MAX + 2], when[BUNDLE_TIME_BYTES];
	char state[BUNDLES_STAGE_BYTES];
	enum document_result result = DOCUMENT_CONFLICT;

	bundle_time_text(when, what->content->expires_s);
	(void)snprintf(title, sizeof title, "%s %s", when, what->content->title);
	write_state(state, &what->stage);
	struct paper paper = {
	    .kind = PAPER_BUNDLE,
	    .id = id,
	    .unit = "",
	    .state = state,
	    .title = title,
	    .category = what->content->name,
	    .day = DAY_NONE,
	    .made_s = what->now_s,
	    .body = packed,
	};
	if (EVP_Digest(packed.ptr, packed.len, paper.sha256, NULL, EVP_sha256(), NULL) != 1)
		return ERR_MEMORY;
	enum err rc = store_paper_put(store, &paper, &result);
	return rc == OK && result != DOCUMENT_NEW ? ERR_EXISTS : rc;
}

enum err bundles_publish(
    struct store *store, const struct bundle_publication *what, struct diag *why)
{
	struct buf packed = BUF_INIT(BUNDLE_PACKED_MAX);
	char id[BUNDLE_NAME_MAX + 24];

	enum err rc = next_serial(store, what->content->name, &what->content->serial);
	if (rc == OK)
		rc = make_text(&packed, what, why);
	if (rc == OK) {
		(void)snprintf(id, sizeof id, "%s.%" PRIu64, what->content->name,
		    what->content->serial);
		rc = store_begin(store);
	}
	if (rc == OK) {
		rc = put_paper(store, what, id, buf_slice(&packed));
		if (rc == OK)
			rc = put_units(store, id, &what->stage);
		if (rc == OK)
			rc = store_commit(store);
		else
			store_rollback(store);
	}
	buf_deinit(&packed);
	return rc;
}

/* ---- a later stage ---- */

static bool grows(const struct bundle_row *row, const struct bundle_stage *stage)
{
	if (stage->reach == REACH_NONE || row->reach == REACH_NONE)
		return true;
	if (row->reach == REACH_PERCENT && stage->reach == REACH_PERCENT)
		return stage->percent >= row->percent;
	return stage->reach >= row->reach;
}

enum err bundles_stage(struct store *store, const struct bundle_row *row,
    const struct bundle_stage *stage, const char *by, int64_t now_s)
{
	char state[BUNDLES_STAGE_BYTES];

	if (!grows(row, stage))
		return ERR_RANGE;
	write_state(state, stage);
	const struct paper_change change = {
	    .kind = PAPER_BUNDLE,
	    .id = row->id,
	    .version = row->version,
	    .state = state,
	    .by = by,
	    .note = "",
	    .now_s = now_s,
	};
	enum err rc = store_begin(store);
	if (rc != OK)
		return rc;
	rc = store_paper_change(store, &change);
	if (rc == OK)
		rc = put_units(store, row->id, stage);
	if (rc == OK)
		return store_commit(store);
	store_rollback(store);
	return rc;
}
