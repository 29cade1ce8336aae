/* district_times -- how long the questions of pages and reports take on a store.
 *
 *	district_times WHERE [ROUNDS]
 *
 * Prints one line a question: the best and the worst of ROUNDS (3), in milliseconds, the least
 * processor time of ours (a server's not), which tells the same on a busy machine, and how much came. The first round reads what the operating system has not cached. The periods end with the
 * store's last day; fill it by district_dataset. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "district/tree.h"

struct bench {
	struct store *store;
	struct tree *tree;
	int32_t last; /* the day behind the last one with documents */
	uint32_t province, commune, school;
	unsigned rounds;
	size_t came;
};

static double now_ms(clockid_t clock)
{
	struct timespec t;
	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void die(struct bench *b, const char *what)
{
	(void)fprintf(stderr, "district_times: %s: %s\n", what, store_why(b->store));
	exit(1);
}

/* ---- questions ---- */

static size_t ask_counts(struct bench *b, const struct counts_query *q)
{
	struct counts *c = NULL;
	const struct counts_cell *cells;
	size_t came = 0;

	if (store_counts(b->store, q, &c) != OK)
		die(b, "counts");
	for (size_t g = 0; g < q->units.group_count; g++)
		for (size_t p = 0; p < counts_periods(c); p++)
			came += counts_cells(c, g, p, &cells);
	counts_free(c);
	return came;
}

static size_t in_groups(
    struct bench *b, struct tree_groups *groups, int32_t from, enum counts_by by)
{
	struct counts_query q = {tree_units(groups), from, b->last, by};
	size_t came = ask_counts(b, &q);
	tree_groups_free(groups);
	return came;
}

static size_t everybody(struct bench *b, int32_t days, enum counts_by by)
{
	struct counts_query q = {COUNTS_EVERYBODY, b->last - days, b->last, by};
	return ask_counts(b, &q);
}

static size_t below(struct bench *b, uint32_t top, int32_t days, enum counts_by by)
{
	struct tree_groups groups;
	if (tree_groups_subtree(b->tree, top, &groups) != OK)
		die(b, "groups");
	return in_groups(b, &groups, b->last - days, by);
}

static size_t children(struct bench *b, uint32_t top, int32_t days, enum counts_by by)
{
	struct tree_groups groups;
	if (tree_groups_children(b->tree, top, &groups) != OK)
		die(b, "groups");
	return in_groups(b, &groups, b->last - days, by);
}

static size_t load_tree(struct bench *b)
{
	struct tree *tree = NULL;
	if (tree_load(b->store, b->last, &tree) != OK)
		die(b, "tree");
	size_t came = tree_count(tree);
	tree_release(tree);
	return came;
}

static size_t coverage_as_of(struct bench *b, int32_t as_of)
{
	struct coverage_query q = {as_of, 30};
	const struct coverage_row *rows;
	struct coverage *c = NULL;

	if (store_coverage(b->store, &q, &c) != OK)
		die(b, "coverage");
	size_t came = coverage_rows(c, &rows);
	coverage_free(c);
	return came;
}

static size_t coverage_now(struct bench *b)
{
	return coverage_as_of(b, DAY_FOREVER);
}

static size_t coverage_last_year(struct bench *b)
{
	return coverage_as_of(b, b->last - 365);
}

static size_t everybody_year_by_month(struct bench *b)
{
	return everybody(b, 365, COUNTS_BY_MONTH);
}

static size_t everybody_two_years_by_month(struct bench *b)
{
	return everybody(b, 730, COUNTS_BY_MONTH);
}

static size_t everybody_year_by_day(struct bench *b)
{
	return everybody(b, 365, COUNTS_BY_DAY);
}

static size_t communes_year(struct bench *b)
{
	return children(b, b->province, 365, COUNTS_BY_NOTHING);
}

static size_t communes_year_by_month(struct bench *b)
{
	return children(b, b->province, 365, COUNTS_BY_MONTH);
}

static size_t communes_cut(struct bench *b)
{
	return children(b, b->province, 363, COUNTS_BY_NOTHING);
}

static size_t province_quarter_by_day(struct bench *b)
{
	return below(b, b->province, 92, COUNTS_BY_DAY);
}

static size_t commune_year_by_month(struct bench *b)
{
	return below(b, b->commune, 365, COUNTS_BY_MONTH);
}

static size_t commune_schools_year(struct bench *b)
{
	return children(b, b->commune, 365, COUNTS_BY_NOTHING);
}

static size_t commune_quarter_by_day(struct bench *b)
{
	return below(b, b->commune, 92, COUNTS_BY_DAY);
}

static size_t school_year_by_day(struct bench *b)
{
	return below(b, b->school, 365, COUNTS_BY_DAY);
}

static uint32_t each_school(void *context, uint32_t node)
{
	return tree_node(((struct bench *)context)->tree, node)->sends ? node : COUNTS_SKIP;
}

static size_t schools_year(struct bench *b)
{
	struct tree_groups groups;
	if (tree_groups_by(b->tree, each_school, b, tree_count(b->tree), &groups) != OK)
		die(b, "groups");
	return in_groups(b, &groups, b->last - 365, COUNTS_BY_NOTHING);
}

static bool count_name(void *context, const struct counts_name *name)
{
	(void)name;
	++*(size_t *)context;
	return true;
}

static size_t names_year(struct bench *b)
{
	struct counts_names_query q = {COUNTS_EVERYBODY, b->last - 365, b->last, NULL, 100};
	size_t came = 0;
	if (store_names(b->store, &q, count_name, &came) != OK)
		die(b, "names");
	return came;
}

static size_t names_commune(struct bench *b)
{
	struct tree_groups groups;
	size_t came = 0;

	if (tree_groups_subtree(b->tree, b->commune, &groups) != OK)
		die(b, "groups");
	struct counts_names_query q = {
	    tree_units(&groups), b->last - 365, b->last, NULL, 100};
	if (store_names(b->store, &q, count_name, &came) != OK)
		die(b, "names");
	tree_groups_free(&groups);
	return came;
}

static bool count_sent(void *context, const struct sent_days *unit)
{
	(void)unit;
	++*(size_t *)context;
	return true;
}

static size_t sent_year(struct bench *b)
{
	size_t came = 0;
	if (store_sent_days(b->store, b->last - 365, b->last, count_sent, &came) != OK)
		die(b, "sent days");
	return came;
}

static bool count_row(void *context, const struct published_row *row)
{
	(void)row;
	++*(size_t *)context;
	return true;
}

static size_t export_month(struct bench *b)
{
	struct published_query q = {COUNTS_EVERYBODY, b->last - 31, b->last};
	size_t came = 0;
	if (store_published(b->store, &q, count_row, &came) != OK)
		die(b, "export");
	return came;
}

static bool count_document(void *context, const struct document_about *about)
{
	(void)about;
	++*(size_t *)context;
	return true;
}

static size_t documents_of_school(struct bench *b)
{
	struct document_query q = {
	    tree_node(b->tree, b->school)->unit, b->last - 730, b->last, true};
	size_t came = 0;
	if (store_document_list(b->store, &q, count_document, &came) != OK)
		die(b, "documents");
	return came;
}

/* What the annual report asks for: this year and the one before by month, communes, names,
 * regularity, coverage at its end. */
static size_t annual_report(struct bench *b)
{
	struct tree_groups groups;
	size_t came = load_tree(b) + coverage_as_of(b, b->last - 1) + names_year(b) +
	    sent_year(b) + communes_year(b);

	for (int32_t years = 1; years <= 2; years++) {
		if (tree_groups_subtree(b->tree, TREE_NONE, &groups) != OK)
			die(b, "groups");
		struct counts_query q = {tree_units(&groups), b->last - years * 365,
		    b->last - (years - 1) * 365, COUNTS_BY_MONTH};
		came += ask_counts(b, &q);
		tree_groups_free(&groups);
	}
	return came;
}

static const struct question {
	const char *what;
	size_t (*ask)(struct bench *b);
} questions[] = {
    {"the tree", load_tree},
    {"coverage of all schools, now", coverage_now},
    {"coverage of all schools, a year ago", coverage_last_year},
    {"everybody, a year by month", everybody_year_by_month},
    {"everybody, two years by month", everybody_two_years_by_month},
    {"everybody, a year by day", everybody_year_by_day},
    {"each commune, a year", communes_year},
    {"each commune, a year by month", communes_year_by_month},
    {"each commune, a year less two days", communes_cut},
    {"each school, a year", schools_year},
    {"the province's tree, 92 days by day", province_quarter_by_day},
    {"a commune, a year by month", commune_year_by_month},
    {"a commune's schools, a year", commune_schools_year},
    {"a commune, 92 days by day", commune_quarter_by_day},
    {"a school, a year by day", school_year_by_day},
    {"names of everybody, a year", names_year},
    {"names of a commune, a year", names_commune},
    {"which days each school sent, a year", sent_year},
    {"export of everybody, 31 days", export_month},
    {"a school's documents, two years", documents_of_school},
    {"all of an annual report", annual_report},
};

static void measure(struct bench *b, const struct question *q)
{
	double best = 1e18, worst = 0, least = 1e18;
	size_t came = 0;

	for (unsigned i = 0; i < b->rounds; i++) {
		double begun = now_ms(CLOCK_MONOTONIC),
		       used = now_ms(CLOCK_PROCESS_CPUTIME_ID);
		came = q->ask(b);
		double took = now_ms(CLOCK_MONOTONIC) - begun;
		used = now_ms(CLOCK_PROCESS_CPUTIME_ID) - used;
		least = used < least ? used : least;
		best = took < best ? took : best;
		worst = took > worst ? took : worst;
	}
	(void)printf("| %-38s | %8.1f | %8.1f | %8.1f | %8zu |\n", q->what, best, worst,
	    least, came);
	(void)fflush(stdout);
}

static bool last_day(void *context, const struct sent_days *unit)
{
	int32_t *last = context;
	for (int32_t i = 3660 - 1; i >= 0; i--)
		if ((unit->days[i / 8] >> i % 8 & 1) != 0) {
			*last = i > *last ? i : *last;
			break;
		}
	return true;
}

static void find_last_day(struct bench *b)
{
	int32_t today = day_at(time(NULL), 25200), last = -1;
	int32_t from = today - 3650;

	if (store_sent_days(b->store, from, from + 3660, last_day, &last) != OK || last < 0)
		die(b, "no documents");
	b->last = from + last + 1;
}

/* The first commune with schools, its first school, and what is above. */
static void find_places(struct bench *b)
{
	for (uint32_t i = 0; i < tree_count(b->tree); i++) {
		const struct tree_node *node = tree_node(b->tree, i);
		if (!node->sends)
			continue;
		b->school = i;
		b->commune = node->parent;
		b->province = b->commune == TREE_NONE
		    ? TREE_NONE
		    : tree_node(b->tree, b->commune)->parent;
		return;
	}
	die(b, "no schools");
}

int main(int argc, char **argv)
{
	struct bench b = {.rounds = 3};
	struct diag why = {0};
	uint64_t rounds = 3;

	if (argc < 2 || argc > 3 ||
	    (argc == 3 && !slice_to_u64(slice_of(argv[2]), 1000, &rounds))) {
		(void)fprintf(stderr, "usage: district_times WHERE [ROUNDS]\n");
		return 2;
	}
	b.rounds = (unsigned)rounds;
	if (store_open(&b.store, argv[1], &why) != OK) {
		(void)fprintf(stderr, "district_times: %s\n", why.text);
		return 1;
	}
	find_last_day(&b);
	if (tree_load(b.store, b.last, &b.tree) != OK)
		die(&b, "tree");
	find_places(&b);
	(void)printf(
	    "| %-38s | %8s | %8s | %8s |\n", "question", "best ms", "worst ms", "rows");
	for (size_t i = 0; i < COUNT_OF(questions); i++)
		measure(&b, &questions[i]);
	tree_release(b.tree);
	store_close(b.store);
	return 0;
}
