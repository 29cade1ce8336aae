#include "district/notify_facts.h"

#include <stdlib.h>
#include <string.h>

#include "district/calendar.h"
#include "district/chores_admin.h"
#include "district/papers.h"

enum {
	NUMBER_BYTES = 32,
	WINDOW_DAYS = 7
};

static bool append(int64_t **items, size_t *count, size_t *capacity, int64_t value)
{
	if (*count == *capacity) {
		size_t larger = *capacity == 0 ? 64 : *capacity * 2;
		int64_t *grown = reallocarray(*items, larger, sizeof *grown);
		if (grown == NULL)
			return false;
		*items = grown;
		*capacity = larger;
	}
	(*items)[(*count)++] = value;
	return true;
}

static bool on_key(void *context, const struct unit_key *key)
{
	struct notify_facts *f = context;

	f->no_memory = !append(
	    &f->enrolled_s, &f->enrolled_count, &f->enrolled_capacity, key->pinned_s);
	return !f->no_memory;
}

static bool on_nomination(void *context, const struct paper *paper)
{
	struct notify_facts *f = context;

	f->no_memory = !append(
	    &f->nominated_s, &f->nominated_count, &f->nominated_capacity, paper->made_s);
	return !f->no_memory;
}

static enum err count_refused(struct notify_facts *f, struct store *store)
{
	struct buf text = BUF_INIT(NUMBER_BYTES);
	enum err rc = store_setting_get(store, REFUSED_SETTING, &text);

	if (rc == OK)
		(void)slice_to_u64(buf_slice(&text), UINT64_MAX / 2, &f->refused);
	buf_deinit(&text);
	return rc == ERR_NOT_FOUND ? OK : rc;
}

static int longest_first(const void *a, const void *b)
{
	const struct notify_school *x = a, *y = b;

	if (x->last_day != y->last_day)
		return x->last_day < y->last_day ? -1 : 1;
	return strcmp(x->unit, y->unit);
}

static void judge(struct notify_facts *f, const struct coverage *coverage,
    const struct district_config *config, int32_t today)
{
	for (uint32_t i = 0; i < tree_count(f->tree); i++) {
		const struct tree_node *unit = tree_node(f->tree, i);
		if (!unit->sends)
			continue;
		const struct coverage_row *row = coverage_find(coverage, unit->number);
		if (row == NULL)
			f->never++;
		else if (calendar_is_silent(config, row->last_day, today))
			f->schools[f->school_count++] =
			    (struct notify_school){unit->unit, unit->name, row->last_day};
	}
	if (f->school_count > 1)
		qsort(f->schools, f->school_count, sizeof *f->schools, longest_first);
}

static enum err find_silent(struct notify_facts *f, struct store *store,
    const struct district_config *config, int32_t today)
{
	const struct coverage_query query = {.as_of = today, .window_days = WINDOW_DAYS};
	struct coverage *coverage = NULL;
	enum err rc = tree_load(store, today, &f->tree);

	if (rc == OK)
		rc = store_coverage(store, &query, &coverage);
	if (rc != OK)
		return rc;
	f->schools = calloc(tree_count(f->tree) + 1, sizeof *f->schools);
	if (f->schools != NULL)
		judge(f, coverage, config, today);
	coverage_free(coverage);
	return f->schools != NULL ? OK : ERR_MEMORY;
}

enum err notify_facts_gather(struct notify_facts *out, struct store *store,
    const struct district_config *config, int32_t today)
{
	const struct paper_query nominations = {.kind = PAPER_NOMINATION, .state = "new"};

	*out = (struct notify_facts){.tree = NULL};
	enum err rc = find_silent(out, store, config, today);
	if (rc == OK)
		rc = store_key_list(store, NULL, on_key, out);
	if (rc == OK)
		rc = store_paper_list(store, &nominations, on_nomination, out);
	if (rc == OK)
		rc = count_refused(out, store);
	return rc == OK && out->no_memory ? ERR_MEMORY : rc;
}

void notify_facts_deinit(struct notify_facts *f)
{
	if (f->tree != NULL)
		tree_release(f->tree);
	free(f->schools);
	free(f->enrolled_s);
	free(f->nominated_s);
	*f = (struct notify_facts){.tree = NULL};
}

static size_t count_since(const int64_t *items, size_t count, int64_t since_s)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += items[i] >= since_s;
	return found;
}

size_t notify_facts_enrolled(const struct notify_facts *f, int64_t since_s)
{
	return count_since(f->enrolled_s, f->enrolled_count, since_s);
}

size_t notify_facts_nominations(const struct notify_facts *f, int64_t since_s)
{
	return count_since(f->nominated_s, f->nominated_count, since_s);
}
