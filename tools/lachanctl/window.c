#include "lachanctl/window.h"

#include <time.h>

#include "base/words.h"

static const char *const day_words[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

static const char *day_name(size_t day)
{
	static const char *const names[] = {N_("Monday"), N_("Tuesday"), N_("Wednesday"),
	    N_("Thursday"), N_("Friday"), N_("Saturday"), N_("Sunday")};

	return _(names[day]);
}

/* Three days and more in a row are "X to Y". */
static void say_days(struct buf *out, uint8_t days)
{
	const char *before = "";

	if (days == RULES_EVERY_DAY) {
		buf_text(out, _("every day"));
		return;
	}
	for (size_t i = 0; i < COUNT_OF(day_words); i++) {
		size_t last = i;
		if ((days >> i & 1) == 0)
			continue;
		while (last + 1 < COUNT_OF(day_words) && (days >> (last + 1) & 1) != 0)
			last++;
		if (last < i + 2)
			last = i;
		buf_printf(out, "%s%s", before, day_name(i));
		if (last > i)
			buf_printf(out, _(" to %s"), day_name(last));
		before = ", ";
		i = last;
	}
}

static void say_date(struct buf *out, int32_t day)
{
	time_t at = (time_t)day * 86400;
	struct tm tm;

	if (gmtime_r(&at, &tm) != NULL)
		buf_printf(
		    out, "%02d/%02d/%04d", tm.tm_mday, tm.tm_mon + 1, tm.tm_year + 1900);
}

static void say_dates(struct buf *out, const struct rules_schedule *window)
{
	for (size_t i = 0; i < window->date_count; i++) {
		const struct rules_date_range *range = &window->dates[i];
		buf_text(out, i > 0 ? ", " : "");
		say_date(out, range->first);
		if (range->last != range->first) {
			buf_text(out, "–");
			say_date(out, range->last);
		}
	}
}

void window_say_times(struct buf *out, const struct rules_schedule *window)
{
	/* Both together: such weekdays within such dates. */
	bool dated = window->date_count > 0;
	bool weekly = window->days != 0 && (!dated || window->days != RULES_EVERY_DAY);

	if (weekly)
		say_days(out, window->days);
	buf_text(out, weekly && dated ? " (" : "");
	say_dates(out, window);
	buf_text(out, weekly && dated ? ")" : "");
	if (window->from_min == 0 && window->to_min == RULES_DAY_MIN) {
		buf_printf(out, ", %s", _("all day"));
		return;
	}
	buf_printf(out, ", %02u:%02u–%02u:%02u", window->from_min / 60U,
	    window->from_min % 60U, window->to_min / 60U, window->to_min % 60U);
	if (window->to_min < window->from_min)
		buf_printf(out, " %s", _("(of the next day)"));
}

/* `first` stands before the first word of a list, ", " before the others. */
static void add_word(struct buf *out, const char **first, const char *word)
{
	buf_printf(out, "%s%s", *first, word);
	*first = ", ";
}

static void say_list(struct buf *out, const struct ctl *c, const char *what,
    uint64_t categories, const struct rules_services_set *services)
{
	const struct config *config = c->config;
	const char *first = what;

	for (size_t i = 0; i < config->categories.count; i++) {
		if ((categories >> i & 1) != 0)
			add_word(out, &first,
			    ctl_category_words(c, config->categories.items[i].name.text));
	}
	for (size_t i = 0; i < config->services.count; i++) {
		if (rules_services_has(services, i))
			add_word(out, &first, config->services.items[i].title.text);
	}
	if (first != what)
		buf_text(out, "; ");
}

void window_say_effects(
    struct buf *out, const struct ctl *c, const struct rules_schedule *window)
{
	size_t begin = out->len;

	say_list(out, c, _("opens "), window->unblock, &window->unblock_services);
	say_list(out, c, _("blocks "), window->block, &window->block_services);
	if (window->allow_only)
		buf_printf(out, "%s; ", _("only what the school allows resolves"));
	if (!out->bad && out->len >= begin + 2)
		out->len -= 2; /* the last "; " */
}

/* ---- for programs ----------------------------------------------------------------------- */

json_t *categories_to_json(const struct config *config, uint64_t categories)
{
	json_t *list = json_array();

	for (size_t i = 0; i < config->categories.count; i++) {
		if ((categories >> i & 1) != 0)
			(void)json_array_append_new(
			    list, json_string(config->categories.items[i].name.text));
	}
	return list;
}

json_t *services_to_json(
    const struct config *config, const struct rules_services_set *services)
{
	json_t *list = json_array();

	for (size_t i = 0; i < config->services.count; i++) {
		if (rules_services_has(services, i))
			(void)json_array_append_new(
			    list, json_string(config->services.items[i].name.text));
	}
	return list;
}

static json_t *date_to_json(int32_t day)
{
	time_t at = (time_t)day * 86400;
	struct tm tm;
	char text[32] = "";

	if (gmtime_r(&at, &tm) != NULL)
		(void)strftime(text, sizeof text, "%Y-%m-%d", &tm);
	return json_string(text);
}

static json_t *days_to_json(uint8_t days)
{
	json_t *list = json_array();

	for (size_t i = 0; i < COUNT_OF(day_words); i++) {
		if ((days >> i & 1) != 0)
			(void)json_array_append_new(list, json_string(day_words[i]));
	}
	return list;
}

static json_t *words_to_json(const struct config *config, uint64_t categories,
    const struct rules_services_set *services)
{
	json_t *list = categories_to_json(config, categories);
	json_t *more = services_to_json(config, services);

	(void)json_array_extend(list, more);
	json_decref(more);
	return list;
}

json_t *window_to_json(const struct config *config, const struct rules_schedule *window)
{
	json_t *dates = json_array();
	char from[8], to[8];

	for (size_t i = 0; i < window->date_count; i++) {
		(void)json_array_append_new(dates,
		    json_pack("[o, o]", date_to_json(window->dates[i].first),
		        date_to_json(window->dates[i].last)));
	}
	(void)snprintf(from, sizeof from, "%02u:%02u", window->from_min / 60U % 100,
	    window->from_min % 60U);
	(void)snprintf(
	    to, sizeof to, "%02u:%02u", window->to_min / 60U % 100, window->to_min % 60U);
	return json_pack("{s:s, s:o, s:o, s:s, s:s, s:o, s:o, s:b}", "name",
	    window->name.text, "days", days_to_json(window->days), "dates", dates, "from",
	    from, "to", to, "unblock",
	    words_to_json(config, window->unblock, &window->unblock_services), "block",
	    words_to_json(config, window->block, &window->block_services), "allow_only",
	    window->allow_only);
}
