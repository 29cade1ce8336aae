/* The privacy floor of a week's sensitive categories. Devices cannot be linked across
 * days, so a category passes by its best single day; its attempts are those of the week,
 * all pupils' tiers together. What does not pass, and what never happened, is `below`
 * alike. Withheld categories are pooled into `sensitive_other` when two or more of them
 * were met and one day had min_devices distinct devices among them. */
#include <string.h>

#include "report/internal.h"

struct sensitive {
	const char *word;
	uint64_t attempts;
	uint32_t best_devices;
	bool silent; /* answered `null`: neither in the total nor in the pool */
	bool shown;
	bool pooled; /* withheld; in a correction only what was withheld before */
};

struct sensitives {
	struct sensitive items[TALLY_CATEGORIES];
	size_t count;
};

static struct sensitive *find(struct sensitives *all, const char *word)
{
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->items[i].word, word) == 0)
			return &all->items[i];
	if (all->count == TALLY_CATEGORIES)
		return NULL;
	struct sensitive *one = &all->items[all->count++];
	*one = (struct sensitive){.word = word};
	return one;
}

static bool is_pupils(const struct tally_totals *day, size_t tier)
{
	return (day->tiers[tier].flags & TALLY_PUPILS) != 0;
}

/* A day on which so few devices were there tells too much of each of them. */
static bool is_populated(const struct tally_totals *day, const struct report_privacy *p)
{
	uint64_t population = 0;

	for (size_t t = 0; t < day->tier_count; t++)
		if (is_pupils(day, t))
			population += day->tier_devices[t];
	return population >= p->min_population;
}

/* The order of first sight, days in order: the same document from the same week. */
static void collect(struct sensitives *all, const struct tally_totals *day, bool counts)
{
	for (size_t c = 0; c < day->category_count; c++) {
		if ((day->categories[c].flags & TALLY_SENSITIVE) == 0)
			continue;
		struct sensitive *s = find(all, day->categories[c].text);
		if (s == NULL)
			continue;
		s->silent = s->silent || (day->categories[c].flags & TALLY_SILENT) != 0;
		if (!counts)
			continue;
		for (size_t t = 0; t < day->tier_count; t++)
			if (is_pupils(day, t))
				s->attempts += day->cells[t][c].attempts;
		if (day->category_devices[c] > s->best_devices)
			s->best_devices = day->category_devices[c];
	}
}

/* Distinct devices over the withheld categories that this day can vouch for: its union
 * of low categories, if all of these are withheld in the week. */
static uint32_t low_devices(struct sensitives *all, const struct tally_totals *day)
{
	for (size_t c = 0; c < day->category_count; c++) {
		if ((day->low_categories >> c & 1) == 0)
			continue;
		const struct sensitive *s = find(all, day->categories[c].text);
		if (s == NULL || !s->pooled ||
		    (day->categories[c].flags & TALLY_SENSITIVE) == 0)
			return 0;
	}
	return day->low_devices;
}

static bool was_shown(const struct report_document *previous, const char *category)
{
	if (previous == NULL)
		return true;
	const struct report_record *before = report_find(previous, NULL, category);
	return before != NULL && !before->below;
}

static void add_other(struct sensitives *all, const struct report_week *week,
    const struct report_privacy *p, const struct report_document *previous,
    struct report_record *out)
{
	struct tally_cell cell = {0, 0};
	uint64_t attempts = 0;
	size_t met = 0;

	for (size_t i = 0; i < all->count; i++) {
		const struct sensitive *s = &all->items[i];
		attempts += s->pooled ? s->attempts : 0;
		met += s->pooled && s->attempts > 0;
	}
	for (size_t i = 0; i < week->day_count; i++) {
		uint32_t devices = low_devices(all, week->days[i]);
		if (is_populated(week->days[i], p) && devices > cell.devices)
			cell.devices = devices;
	}
	*out = (struct report_record){.category = REPORT_SENSITIVE_OTHER, .below = true};
	if (met < 2 || cell.devices < p->min_devices ||
	    !was_shown(previous, REPORT_SENSITIVE_OTHER))
		return;
	cell.attempts = (uint32_t)(attempts > UINT32_MAX ? UINT32_MAX : attempts);
	*out = report_record_of(NULL, REPORT_SENSITIVE_OTHER, cell);
}

size_t floor_week(const struct report_school *school, const struct report_week *week,
    const struct report_document *previous, struct report_record *records, uint64_t *total)
{
	struct report_privacy p = report_privacy_applied(&school->privacy);
	struct sensitives all = {.count = 0};
	size_t count = 0;

	for (size_t i = 0; i < week->day_count; i++)
		collect(&all, week->days[i], is_populated(week->days[i], &p));
	for (size_t i = 0; i < all.count; i++) {
		struct sensitive *s = &all.items[i];
		s->shown = s->best_devices >= p.min_devices && was_shown(previous, s->word);
		s->pooled = !s->shown && !s->silent &&
		    (previous == NULL || !was_shown(previous, s->word));
		uint64_t attempts = s->attempts > UINT32_MAX ? UINT32_MAX : s->attempts;
		struct tally_cell cell = {(uint32_t)attempts, s->best_devices};
		records[count++] = s->shown
		    ? report_record_of(NULL, s->word, cell)
		    : (struct report_record){.category = s->word, .below = true};
	}
	add_other(&all, week, &p, previous, &records[count]);
	if (all.count > 0)
		count++;
	*total = 0;
	for (size_t i = 0; i < count; i++)
		*total += i < all.count && all.items[i].silent ? 0 : records[i].attempts;
	return count;
}
