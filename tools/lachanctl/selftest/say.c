/* A table of categories by tiers, what each mark means, and what is wrong in words. */
#include <stdio.h>
#include <string.h>

#include "base/words.h"
#include "lachanctl/selftest/selftest.h"
#include "lachanctl/table.h"

enum {
	COLUMNS = TABLE_COLUMNS_MAX - 1 /* tiers; the first column names the category */
};

static const struct {
	const char *mark;
	const char *meaning; /* msgid */
} MARKS[OUTCOMES] = {
    [OUTCOME_BLOCKED] = {"x", N_("blocked, and answered as it should be")},
    [OUTCOME_OPEN] = {"-", N_("open, as configured")},
    [OUTCOME_OPEN_NOW] = {"o",
        N_("open just now: a window, a grant, a pause, a trial or a name of the school")},
    [OUTCOME_UNFILLED] = {"0", N_("NOT BLOCKED: no list has a name of this category")},
    [OUTCOME_UNKNOWN] = {"?", N_("not tried: no name of it is known here")},
    [OUTCOME_WRONG] = {"!", N_("WRONG: not answered as it should be")},
};

struct shown {
	size_t tiers[COLUMNS];
	size_t count;
};

/* The tiers that somebody has, as many as a line holds; or the one that was asked for. */
static void choose(const struct selftest *t, struct shown *out)
{
	out->count = 0;
	for (size_t i = 0; i < t->config->tiers.count && out->count < COLUMNS; i++) {
		const char *name = t->config->tiers.items[i].name.text;
		if (t->ctl->tier != NULL ? strcmp(t->ctl->tier, name) == 0
		                         : ctl_tier_is_used(t->ctl, name))
			out->tiers[out->count++] = i;
	}
}

static void say_table(
    const struct selftest *t, const struct shown *shown, bool seen[OUTCOMES])
{
	struct table *table = table_new(1 + shown->count);

	table_cell(table, "%s", "");
	for (size_t i = 0; i < shown->count; i++)
		table_cell(table, "%s",
		    ctl_tier_words(
		        t->ctl, t->config->tiers.items[shown->tiers[i]].name.text));
	for (size_t c = 0; c < t->config->categories.count; c++) {
		table_cell(table, "%s",
		    ctl_category_words(t->ctl, t->config->categories.items[c].name.text));
		for (size_t i = 0; i < shown->count; i++) {
			enum outcome outcome = cell_at(t, shown->tiers[i], c)->outcome;
			table_cell(table, "%s", MARKS[outcome].mark);
			seen[outcome] = true;
		}
	}
	table_print(table, 0, stdout);
	table_free(table);
}

/* Also of tiers that the table has no room for. */
static void say_wrong_cells(const struct selftest *t)
{
	for (size_t i = 0; i < t->config->tiers.count; i++) {
		const char *tier = t->config->tiers.items[i].name.text;
		for (size_t c = 0; c < t->config->categories.count; c++) {
			const struct cell *cell = cell_at(t, i, c);
			if (cell->outcome != OUTCOME_WRONG)
				continue;
			printf(_("WRONG: %s, %s: %s\n"), ctl_tier_words(t->ctl, tier),
			    ctl_category_words(
			        t->ctl, t->config->categories.items[c].name.text),
			    cell->why);
		}
	}
}

static const char *check_words(const char *id)
{
	if (strcmp(id, "dns-udp") == 0)
		return _("a blocked name over UDP");
	if (strcmp(id, "dns-tcp") == 0)
		return _("a blocked name over TCP");
	return strcmp(id, "page") == 0 ? _("the warning page") : _("an allowed name");
}

void selftest_say(const struct selftest *t, bool passed)
{
	bool seen[OUTCOMES] = {false};
	struct shown shown;

	choose(t, &shown);
	say_table(t, &shown, seen);
	puts("");
	for (size_t i = 0; i < OUTCOMES; i++)
		if (seen[i])
			printf("  %s  %s\n", MARKS[i].mark, _(MARKS[i].meaning));
	puts("");
	for (size_t i = 0; i < t->check_count; i++) {
		const struct check *check = &t->checks[i];
		printf("  %s  %s, %s%s%s\n", check->ok ? "ok" : "!!",
		    check_words(check->id), check->address, check->ok ? "" : ": ",
		    check->why);
	}
	say_wrong_cells(t);
	puts(passed ? _("Everything answers as it should.")
	            : _("Something does not; see lachanctl doctor and lachanctl status."));
}
