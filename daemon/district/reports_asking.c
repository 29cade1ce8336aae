#include "district/reports_asking.h"

#include <stdio.h>
#include <string.h>

#include "district/web_link.h"

/* A number of a query: absent is 0. */
static bool read_number(const char *text, uint64_t most, uint32_t *out)
{
	uint64_t value = 0;

	if (text != NULL && *text != 0 && !slice_to_u64(slice_of(text), most, &value))
		return false;
	*out = (uint32_t)value;
	return true;
}

struct words_of_period {
	const char *kind, *year, *half, *from, *to;
};

static bool read_any(const struct words_of_period *words, struct period *out)
{
	char text[MANUAL_PERIOD_BYTES];

	if (words->from == NULL || words->to == NULL || strlen(words->from) != 10 ||
	    strlen(words->to) != 10)
		return false;
	(void)snprintf(text, sizeof text, "%s..%s", words->from, words->to);
	return period_read(text, out);
}

static bool read_period(
    struct call *c, const struct words_of_period *words, struct reports_asking *out)
{
	const struct period_dates dates = reports_dates(c->config);
	struct period_wish wish = {.today = out->today};

	if (words->kind == NULL || strcmp(words->kind, "period") == 0)
		return read_any(words, &out->period);
	return period_kind_read(words->kind, &wish.kind) &&
	    read_number(words->year, 9997, &wish.year) &&
	    read_number(words->half, 2, &wish.half) &&
	    period_find(&out->period, &dates, &wish);
}

bool reports_asking_query(struct call *c, const char *kind, struct reports_asking *out)
{
	const struct words_of_period words = {kind, call_query(c, "year"),
	    call_query(c, "half"), call_query(c, "from"), call_query(c, "to")};

	*out = (struct reports_asking){
	    .today = period_day_of(web_today(c)), .unit = web_query(c, "unit")};
	return read_period(c, &words, out);
}

bool reports_asking_form(struct call *c, struct reports_asking *out)
{
	const struct words_of_period words = {call_form(c, "kind"), call_form(c, "year"),
	    call_form(c, "half"), call_form(c, "from"), call_form(c, "to")};
	const char *unit = call_form(c, "unit");

	*out = (struct reports_asking){
	    .today = period_day_of(web_today(c)), .unit = unit != NULL ? unit : ""};
	return read_period(c, &words, out);
}

static const char *number_text(struct call *c, uint32_t number)
{
	char text[16];

	(void)snprintf(text, sizeof text, "%u", number);
	const char *copy = arena_text(c->memory, slice_of(text));
	return copy != NULL ? copy : "";
}

static const char *day_text(struct call *c, uint32_t day)
{
	char text[DAY_TEXT_BYTES];

	day_write(text, period_day_number(day));
	const char *copy = arena_text(c->memory, slice_of(text));
	return copy != NULL ? copy : "";
}

static const char *link_of(
    struct call *c, const char *path, const char *kind, const struct reports_asking *asking)
{
	const struct period *period = &asking->period;
	bool any = period->kind == PERIOD_ANY;
	const struct web_pair pairs[] = {{"kind", kind},
	    {"year", any ? NULL : number_text(c, period->year)},
	    {"half", period->half == 0 ? NULL : number_text(c, period->half)},
	    {"from", any ? day_text(c, period->from) : NULL},
	    {"to", any ? day_text(c, period->to) : NULL}, {"unit", asking->unit},
	    {NULL, NULL}};

	return web_link(c, path, pairs);
}

const char *reports_link(
    struct call *c, const char *ending, const struct reports_asking *asking)
{
	char path[64];

	(void)snprintf(path, sizeof path, "/reports/%s%s",
	    period_kind_word(asking->period.kind), ending);
	return link_of(c, path, NULL, asking);
}

const char *reports_entry_link(struct call *c, const struct reports_asking *asking)
{
	return link_of(
	    c, "/reports/entries", period_kind_word(asking->period.kind), asking);
}

enum yearbook_language reports_language(const struct page *p)
{
	return p->language == LANGUAGE_EN ? YEARBOOK_EN : YEARBOOK_VI;
}

const char *reports_asking_title(
    struct call *c, const struct page *p, const struct reports_asking *asking)
{
	struct yearbook book;

	yearbook_init(&book, reports_language(p));
	const char *title =
	    arena_text(c->memory, slice_of(period_title(&book, &asking->period)));
	yearbook_deinit(&book);
	return title != NULL ? title : "";
}
