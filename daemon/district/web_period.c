#include "district/web_period.h"

#include <string.h>

#include "district/config.h"
#include "district/format.h"
#include "district/web.h"
#include "district/web_link.h"

static const struct {
	const char *id;
	enum word word;
} presets[WEB_PRESETS] = {
    [PRESET_7_DAYS] = {"7-days", WORD_PERIOD_7_DAYS},
    [PRESET_30_DAYS] = {"30-days", WORD_PERIOD_30_DAYS},
    [PRESET_MONTH] = {"month", WORD_PERIOD_MONTH},
    [PRESET_HALF_YEAR] = {"half-year", WORD_PERIOD_HALF_YEAR},
    [PRESET_SCHOOL_YEAR] = {"school-year", WORD_PERIOD_SCHOOL_YEAR},
    [PRESET_YEAR] = {"year", WORD_PERIOD_YEAR},
    [PRESET_LAST_YEAR] = {"last-year", WORD_PERIOD_LAST_YEAR},
};

/* The last `from` (a day of every year) that is not after today, to the `to` behind it. */
static void find_school_year(
    int32_t today, const struct district_config *config, struct web_period *out)
{
	const struct district_month_day from = config->reports.school_year.from;
	const struct district_month_day to = config->reports.school_year.to;
	int year, month, date;

	day_split(today, &year, &month, &date);
	if (day_make(year, from.month, from.day) > today)
		year--;
	out->from = day_make(year, from.month, from.day);
	out->to = day_make(year, to.month, to.day) + 1;
	if (out->to <= out->from)
		out->to = day_make(year + 1, to.month, to.day) + 1;
}

/* What has not come yet has no numbers, and the year before would have them. */
static void cut_at(struct web_period *period, int32_t today)
{
	if (period->to > today)
		period->to = today > period->from ? today : period->from + 1;
}

struct web_period web_period_of(
    enum web_preset preset, int32_t today, const struct district_config *config)
{
	struct web_period out = {.preset = preset, .from = today - 7, .to = today};
	int year, month, date;

	day_split(today, &year, &month, &date);
	if (preset == PRESET_30_DAYS) {
		out.from = today - 30;
	} else if (preset == PRESET_MONTH) {
		out.from = day_month_first(today);
		out.to = day_month_next(today);
	} else if (preset == PRESET_HALF_YEAR) {
		out.from = day_make(year, month <= 6 ? 1 : 7, 1);
		out.to = day_make(year, month <= 6 ? 7 : 13, 1);
	} else if (preset == PRESET_SCHOOL_YEAR) {
		find_school_year(today, config, &out);
	} else if (preset == PRESET_YEAR || preset == PRESET_LAST_YEAR) {
		int first = preset == PRESET_YEAR ? year : year - 1;
		out.from = day_make(first, 1, 1);
		out.to = day_make(first + 1, 1, 1);
	}
	cut_at(&out, today);
	return out;
}

static bool read_any(const char *from, const char *to, struct web_period *out)
{
	struct web_period read = {.preset = PRESET_ANY};

	if (strlen(from) != DAY_TEXT_BYTES - 1 || strlen(to) != DAY_TEXT_BYTES - 1 ||
	    !day_read(slice_of(from), &read.from) || !day_read(slice_of(to), &read.to))
		return false;
	if (read.to >= DAY_FOREVER || read.from > read.to ||
	    read.to - read.from >= WEB_PERIOD_DAYS_MAX)
		return false;
	read.to++;
	*out = read;
	return true;
}

bool web_period_read(
    struct call *c, enum web_preset otherwise, int32_t today, struct web_period *out)
{
	const char *id = web_query(c, "period");
	const char *from = web_query(c, "from"), *to = web_query(c, "to");

	*out = web_period_of(otherwise, today, c->config);
	for (unsigned i = 0; i < WEB_PRESETS; i++) {
		if (strcmp(presets[i].id, id) == 0) {
			*out = web_period_of((enum web_preset)i, today, c->config);
			return true;
		}
	}
	if (*from == 0 && *to == 0)
		return *id == 0;
	return read_any(from, to, out);
}

/* 29 February has no day a year before: 1 March stands for it, and nothing is counted twice. */
static int32_t year_before(int32_t day)
{
	int year, month, date;

	day_split(day, &year, &month, &date);
	return day_make(year - 1, month, date);
}

struct web_period web_period_before(const struct web_period *period)
{
	struct web_period before = *period;

	before.preset = PRESET_ANY;
	before.from = year_before(period->from);
	before.to = year_before(period->to);
	if (before.to <= before.from)
		before.to = before.from + 1;
	return before;
}

const char *web_period_query(struct call *c, const struct web_period *period)
{
	char from[DAY_TEXT_BYTES], to[DAY_TEXT_BYTES];
	const struct web_pair preset[] = {
	    {"period", period->preset < WEB_PRESETS ? presets[period->preset].id : ""},
	    {NULL, NULL}};
	const struct web_pair any[] = {{"from", from}, {"to", to}, {NULL, NULL}};

	day_write(from, period->from);
	day_write(to, period->to - 1);
	return web_link(c, "", period->preset < WEB_PRESETS ? preset : any);
}

const char *web_period_text(
    struct call *c, const struct page *p, const struct web_period *period)
{
	char from[FORMAT_BYTES], to[FORMAT_BYTES];
	const char *values[] = {from, to, NULL};
	struct buf out = BUF_INIT(256);

	format_day(from, period->from, p->language);
	format_day(to, period->to - 1, p->language);
	words_fill(&out, word_of(WORD_PERIOD_SPAN, p->language), values);
	const char *text = arena_text(c->memory, buf_slice(&out));
	buf_deinit(&out);
	return text == NULL ? "" : text;
}

static void put_presets(struct call *c, struct page *p, const struct web_period *period,
    const struct web_period_picker *picker)
{
	page_raw(p, "<ul class=\"presets\"");
	page_attribute(p, "aria-label", word_of(WORD_PERIOD, p->language));
	page_raw(p, ">\n");
	for (unsigned i = 0; i < WEB_PRESETS; i++) {
		const struct web_pair pairs[] = {{"period", presets[i].id},
		    {"unit", picker->unit}, {"category", picker->category}, {NULL, NULL}};
		page_raw(p, "<li><a");
		page_attribute(p, "href", web_link(c, picker->path, pairs));
		if (period->preset == (enum web_preset)i)
			page_raw(p, " aria-current=\"true\"");
		page_raw(p, ">");
		page_word(p, presets[i].word);
		page_raw(p, "</a></li>\n");
	}
	page_raw(p, "</ul>\n");
}

void web_period_put(struct call *c, struct page *p, const struct web_period *period,
    const struct web_period_picker *picker)
{
	char from[DAY_TEXT_BYTES], to[DAY_TEXT_BYTES];

	day_write(from, period->from);
	day_write(to, period->to - 1);
	if (picker->wrong)
		page_paragraph(p, "warn", WORD_PERIOD_WRONG, NULL);
	put_presets(c, p, period, picker);
	page_get_open(p, picker->path);
	if (*picker->unit != 0)
		page_hidden(p, "unit", picker->unit);
	if (*picker->category != 0)
		page_hidden(p, "category", picker->category);
	page_field(p,
	    &(struct page_field){.name = "from",
	        .label = WORD_PERIOD_FROM,
	        .type = "date",
	        .value = from,
	        .required = true});
	page_field(p,
	    &(struct page_field){.name = "to",
	        .label = WORD_PERIOD_TO,
	        .type = "date",
	        .value = to,
	        .required = true});
	page_button(p, NULL, NULL, WORD_SHOW);
	page_form_close(p);
}
