#include "district/reports_data.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "district/calendar.h"
#include "district/papers.h"

enum {
	YEAR_MONTHS = 12
};

/* ---- which schools sent when ---- */

struct sending {
	struct reports_data *data;
	const struct district_config *config;
	const uint8_t *due; /* a byte a day of [from, until) */
	uint8_t *days;      /* by node: a bit a day, merged units together */
	int32_t *since;     /* by node: the first day of the unit, or DAY_NONE */
	size_t row_bytes;
	size_t span; /* days */
};

static bool take_sent(void *context, const struct sent_days *unit)
{
	struct sending *s = context;
	uint32_t node = tree_find_number(s->data->request->tree, unit->unit_number);

	if (node == TREE_NONE)
		return true;
	uint8_t *row = s->days + (size_t)node * s->row_bytes;
	for (size_t i = 0; i < s->row_bytes; i++)
		row[i] |= unit->days[i];
	return true;
}

static bool take_since(void *context, const struct unit *unit)
{
	struct sending *s = context;
	const struct tree *tree = s->data->request->tree;
	uint32_t node = tree_find(tree, unit->unit);

	if (node == TREE_NONE || strcmp(tree_node(tree, node)->unit, unit->unit) != 0)
		return true;
	if (s->since[node] == DAY_NONE || unit->from < s->since[node])
		s->since[node] = unit->from;
	return true;
}

static void judge_school(struct sending *s, uint32_t node)
{
	const struct tree_node *school = tree_node(s->data->request->tree, node);
	const uint8_t *row = s->days + (size_t)node * s->row_bytes;
	struct reports_schools *out = &s->data->of_node[node];
	uint64_t due = 0;
	uint64_t met = 0;
	int32_t last = DAY_NONE;

	for (size_t i = 0; i < s->span; i++) {
		int32_t day = s->data->from + (int32_t)i;
		bool sent = (row[i / 8] >> i % 8 & 1) != 0;
		last = sent ? day : last;
		/* A school is due from the day on which the tree has it, or it sent. */
		if (s->due[i] != 0 && (day >= s->since[node] || sent)) {
			due++;
			met += sent ? 1 : 0;
		}
	}
	out->schools = 1;
	out->due_days = due;
	out->met_days = met;
	if (last == DAY_NONE)
		return;
	out->connected = 1;
	out->regular = met * 100 >= due * REPORTS_REGULAR_PERCENT ? 1 : 0;
	out->silent = calendar_is_silent(s->config, last, s->data->until - 1) ? 1 : 0;
	out->pupils = school->pupils;
	out->pupils_unknown = school->pupils == 0 ? 1 : 0;
}

static enum err judge_schools(struct sending *s)
{
	const struct reports_request *request = s->data->request;
	size_t nodes = tree_count(request->tree);

	enum err rc =
	    store_sent_days(request->store, s->data->from, s->data->until, take_sent, s);
	if (rc == OK)
		rc = store_unit_list(request->store, NULL, take_since, s);
	for (size_t i = 0; rc == OK && i < nodes; i++)
		if (tree_node(request->tree, (uint32_t)i)->sends)
			judge_school(s, (uint32_t)i);
	return rc;
}

static void add_schools(struct reports_schools *sum, const struct reports_schools *one)
{
	sum->schools += one->schools;
	sum->connected += one->connected;
	sum->regular += one->regular;
	sum->silent += one->silent;
	sum->pupils += one->pupils;
	sum->pupils_unknown += one->pupils_unknown;
	sum->due_days += one->due_days;
	sum->met_days += one->met_days;
}

/* Children stand behind their parents; the last slot is the department's. */
static void add_up_schools(struct reports_data *data)
{
	const struct tree *tree = data->request->tree;
	size_t nodes = tree_count(tree);

	for (size_t i = nodes; i-- > 0;) {
		uint32_t parent = tree_node(tree, (uint32_t)i)->parent;
		add_schools(&data->below[i], &data->of_node[i]);
		add_schools(
		    &data->below[parent == TREE_NONE ? nodes : parent], &data->below[i]);
	}
}

static enum err read_schools(struct reports_data *data)
{
	const struct reports_request *request = data->request;
	size_t nodes = tree_count(request->tree);
	size_t span = (size_t)(data->until - data->from);
	struct sending s = {.data = data,
	    .config = request->config,
	    .row_bytes = (span + 7) / 8,
	    .span = span};
	uint8_t *due = calloc(span + 1, 1);

	data->of_node = calloc(nodes + 1, sizeof *data->of_node);
	data->below = calloc(nodes + 1, sizeof *data->below);
	s.days = calloc(nodes + 1, s.row_bytes + 1);
	s.since = calloc(nodes + 1, sizeof *s.since);
	enum err rc = due != NULL && data->of_node != NULL && data->below != NULL &&
	        s.days != NULL && s.since != NULL
	    ? OK
	    : ERR_MEMORY;
	for (size_t i = 0; rc == OK && i < span; i++)
		due[i] = calendar_is_due(request->config, data->from + (int32_t)i) ? 1 : 0;
	for (size_t i = 0; rc == OK && i < nodes; i++)
		s.since[i] = DAY_NONE;
	s.due = due;
	if (rc == OK)
		rc = judge_schools(&s);
	if (rc == OK)
		add_up_schools(data);
	free(due);
	free(s.days);
	free(s.since);
	return rc;
}

static bool has_kind(const char *kinds, const char *kind)
{
	struct slice rest = slice_of(kinds);

	while (rest.len > 0) {
		struct slice one = slice_trim(slice_cut(&rest, ','));
		if (slice_equal(one, slice_of(kind)))
			return true;
	}
	return false;
}

struct reports_schools reports_schools_of(
    const struct reports_data *data, uint32_t top, const char *kind)
{
	const struct tree *tree = data->request->tree;
	struct reports_schools sum = {.schools = 0};

	if (kind == NULL)
		return data->below[top == TREE_NONE ? tree_count(tree) : top];
	for (size_t i = 0; i < tree_count(tree); i++) {
		const struct reports_schools *one = &data->of_node[i];
		if (one->schools > 0 && tree_is_below(tree, (uint32_t)i, top) &&
		    has_kind(tree_node(tree, (uint32_t)i)->kinds, kind))
			add_schools(&sum, one);
	}
	return sum;
}

/* ---- sums ---- */

struct counts_cell reports_cell(
    const struct counts *counts, size_t period, const char *tier, const char *category)
{
	const struct counts_cell *cells;
	size_t count = counts_cells(counts, COUNTS_TOTAL, period, &cells);
	struct counts_cell sum = {.tier = tier, .category = category};

	for (size_t i = 0; i < count; i++) {
		if ((tier != NULL && strcmp(cells[i].tier, tier) != 0) ||
		    (category != NULL && strcmp(cells[i].category, category) != 0))
			continue;
		sum.attempts += cells[i].attempts;
		sum.published += cells[i].published;
		sum.withheld += cells[i].withheld;
	}
	return sum;
}

static enum err read_counts(struct reports_data *data)
{
	const struct reports_request *request = data->request;
	struct tree_groups groups = TREE_GROUPS_NONE;
	struct counts_query query = {
	    .from = data->from, .to = data->until, .by = COUNTS_BY_MONTH};

	enum err rc = tree_groups_subtree(request->tree, request->top, &groups);
	query.units = tree_units(&groups);
	if (rc == OK)
		rc = store_counts(request->store, &query, &data->months);
	query.from = data->before_from;
	query.to = data->before_until;
	query.by = COUNTS_BY_NOTHING;
	if (rc == OK)
		rc = store_counts(request->store, &query, &data->before);
	tree_groups_free(&groups);
	return rc;
}

static enum err read_parts(struct reports_data *data)
{
	const struct reports_request *request = data->request;
	struct tree_groups groups = TREE_GROUPS_NONE;
	struct counts_query query = {
	    .from = data->from, .to = data->until, .by = COUNTS_BY_NOTHING};

	if (data->child_count == 0)
		return OK;
	enum err rc = tree_groups_children(request->tree, data->rows_of, &groups);
	query.units = tree_units(&groups);
	if (rc == OK)
		rc = store_counts(request->store, &query, &data->parts);
	tree_groups_free(&groups);
	return rc;
}

/* ---- quick reports ---- */

struct quick_reading {
	struct reports_data *data;
};

/* Body: the document as the school made it (docs/protocol.md), or a list of its members. */
static bool is_in_time(struct slice body)
{
	json_t *root = json_loadb((const char *)body.ptr, body.len, 0, NULL);
	const char *created = json_string_value(json_object_get(root, "created"));
	const char *date =
	    json_string_value(json_object_get(json_object_get(root, "incident"), "date"));
	int32_t made = DAY_NONE;
	int32_t happened = DAY_NONE;
	bool in_time = created != NULL && date != NULL &&
	    day_read(slice_of(created), &made) && day_read(slice_of(date), &happened) &&
	    made - happened <= 1;

	json_decref(root);
	return in_time;
}

static bool take_quick(void *context, const struct paper *paper)
{
	const struct quick_reading *reading = context;
	struct reports_data *data = reading->data;
	const struct tree *tree = data->request->tree;

	if (data->request->top != TREE_NONE) {
		uint32_t node = tree_find(tree, paper->unit);
		if (node == TREE_NONE || !tree_is_below(tree, node, data->request->top))
			return true;
	}
	data->quick.received++;
	data->quick.in_time += is_in_time(paper->body) ? 1 : 0;
	return true;
}

static enum err read_quick(struct reports_data *data)
{
	struct quick_reading reading = {data};
	const struct paper_query query = {.kind = PAPER_QUICK_REPORT,
	    .from = data->from,
	    .to = data->until,
	    .bodies = true};

	if (data->from >= data->until)
		return OK;
	return store_paper_list(data->request->store, &query, take_quick, &reading);
}

/* ---- all of it ---- */

static int32_t year_before(int32_t day)
{
	int year;
	int month;
	int of_month;

	day_split(day, &year, &month, &of_month);
	int32_t then = day_make(year - 1, month, 1);
	int32_t next = day_month_next(then);
	/* 29 February: the last of the month. */
	return then + of_month - 1 < next ? then + of_month - 1 : next - 1;
}

static void set_days(struct reports_data *data)
{
	const struct period *period = &data->request->period;
	int32_t today = period_day_number(data->request->today);

	data->from = period_day_number(period->from);
	data->until = period_day_number(period->to) + 1;
	if (data->until > today) /* of today nothing can have come */
		data->until = today;
	if (data->until < data->from)
		data->until = data->from;
	data->before_from = year_before(data->from);
	/* The last day, and then the one behind it: a February may end sooner. */
	data->before_until =
	    data->until > data->from ? year_before(data->until - 1) + 1 : data->before_from;
}

static void set_children(struct reports_data *data)
{
	const struct tree *tree = data->request->tree;
	uint32_t top = data->request->top;
	uint32_t first;
	uint32_t roots;

	tree_roots(tree, &first, &roots);
	data->whole = top == TREE_NONE || (roots == 1 && first == top);
	/* A province that is the only root would be one row, the same as the total. */
	if (top == TREE_NONE && roots == 1 && !tree_node(tree, first)->sends)
		top = first;
	data->rows_of = top;
	if (top == TREE_NONE) {
		data->child_first = first;
		data->child_count = roots;
	} else {
		data->child_first = tree_node(tree, top)->child_first;
		data->child_count = tree_node(tree, top)->child_count;
	}
	if (data->child_count > REPORTS_GROUPS_MAX)
		data->child_count = 0;
}

enum err reports_data_read(const struct reports_request *request, struct reports_data *out)
{
	*out = (struct reports_data){.request = request};
	set_days(out);
	set_children(out);
	enum err rc = store_unit_revision(request->store, &out->tree_revision);
	if (rc == OK)
		rc = read_schools(out);
	if (rc == OK)
		rc = read_counts(out);
	if (rc == OK)
		rc = read_parts(out);
	if (rc == OK)
		rc = read_quick(out);
	if (rc == OK)
		rc = manual_sums_read(request->store, request->tree, request->top,
		    &request->period, &out->manual);
	return rc;
}

void reports_data_free(struct reports_data *data)
{
	if (data->months != NULL)
		counts_free(data->months);
	if (data->before != NULL)
		counts_free(data->before);
	if (data->parts != NULL)
		counts_free(data->parts);
	free(data->of_node);
	free(data->below);
	manual_sums_deinit(&data->manual);
}
