#include "page/view.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/html.h"

/* The strictest pupils' tier, where nobody knows better. */
static size_t fallback_tier(const struct config *config)
{
	return config->default_tier;
}

size_t view_tier_index(const struct occasion *occasion)
{
	size_t index;

	if (occasion->answer != NULL && occasion->answer->tier[0] != 0 &&
	    config_find_tier(occasion->config, occasion->answer->tier, &index))
		return index;
	return fallback_tier(occasion->config);
}

/* A tier of the school's own reads the pages of the known tier nearest in strictness. */
static const char *nearest_known(const struct config *config, const struct texts *texts,
    const struct rules_tier *wanted, struct texts_tier *out)
{
	const char *best = NULL;
	uint64_t best_distance = UINT64_MAX;

	for (size_t i = 0; i < config->tiers.count; i++) {
		const struct rules_tier *tier = &config->tiers.items[i];
		uint64_t distance = tier->strictness > wanted->strictness
		    ? tier->strictness - wanted->strictness
		    : wanted->strictness - tier->strictness;
		if (tier->pupils == wanted->pupils && distance < best_distance &&
		    texts_find_tier(texts, tier->name.text, out)) {
			best = tier->name.text;
			best_distance = distance;
		}
	}
	return best;
}

static void find_tier(struct view *v)
{
	const struct config *config = v->occasion->config;
	const struct rules_tier *tier = &config->tiers.items[view_tier_index(v->occasion)];

	v->tier_id = tier->name.text;
	if (texts_find_tier(v->texts, v->tier_id, &v->tier))
		return;
	const char *near = nearest_known(config, v->texts, tier, &v->tier);
	v->tier_id = near != NULL ? near : "primary";
	if (!texts_find_tier(v->texts, v->tier_id, &v->tier))
		v->tier = (struct texts_tier){.calm = true};
}

/* The category stands in front in clear letters, so that the administrator understands a
 * code without any record of it; what must not be named has the letters of the program.
 * The rest is chance: it tells two pages apart, never two people. */
static void make_reference(struct view *v)
{
	static const char digits[] = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";
	const struct verdict_answer *answer = v->occasion->answer;
	char list[4] = "LCN";
	uint32_t random = v->occasion->random;

	if (answer != NULL && !answer->sensitive && !answer->locked &&
	    strlen(answer->category) >= 3) {
		for (size_t i = 0; i < 3; i++)
			list[i] = (char)toupper((unsigned char)answer->category[i]);
	}
	char tail[5] = {0};
	for (size_t i = 0; i < 4; i++) {
		tail[i] = digits[random % (sizeof digits - 1)];
		random /= sizeof digits - 1;
	}
	(void)snprintf(v->reference, sizeof v->reference, "%s-%s", list, tail);
}

static void make_date_time(struct view *v)
{
	time_t now = (time_t)v->occasion->now_s;
	struct tm local;

	if (localtime_r(&now, &local) == NULL ||
	    strftime(v->date_time, sizeof v->date_time, "%H:%M, %d/%m/%Y", &local) == 0)
		v->date_time[0] = 0;
}

static const char *tier_name(const struct view *v)
{
	const struct config *config = v->occasion->config;
	const struct rules_tier *tier = &config->tiers.items[view_tier_index(v->occasion)];
	const char *own =
	    v->voice.language == LANGUAGE_EN ? tier->name_en.text : tier->name_vi.text;

	if (strcmp(tier->name.text, v->tier_id) == 0)
		return texts_line(v->tier.name, v->voice);
	return *own != 0 ? own : tier->name.text;
}

static void add_common_facts(struct view *v)
{
	const struct config_school *school = &v->occasion->config->school;

	facts_add(&v->facts, "school_name", school->name.text);
	facts_add(&v->facts, "reference", v->reference);
	facts_add(&v->facts, "tier", tier_name(v));
	facts_add(&v->facts, "portal_name", v->occasion->config->pages.portal.name.text);
	facts_add(&v->facts, "contact_room", school->contact.room.text);
	facts_add(&v->facts, "contact_phone", school->contact.phone.text);
	facts_add(&v->facts, "contact_email", school->contact.email.text);
	facts_add(&v->facts, "contact_zalo", school->contact.zalo.text);
	facts_add(&v->facts, "contact_facebook", school->contact.facebook.text);
	(void)snprintf(v->minutes, sizeof v->minutes, "%" PRIu64,
	    v->occasion->config->pages.teacher_open_ms / 60000);
	facts_add(&v->facts, "policy_version", v->occasion->config->version);
	facts_add(&v->facts, "minutes", v->minutes);
	if (strcmp(school->hotline.text, "111") != 0)
		facts_add(&v->facts, "hotline", school->hotline.text);
}

void view_begin(struct view *v, const struct occasion *occasion, struct buf *out)
{
	*v = (struct view){.occasion = occasion, .texts = occasion->texts, .out = out};
	find_tier(v);
	v->voice = (struct voice){occasion->language, v->tier.older};
	v->holds = occasion->standing;
	make_reference(v);
	make_date_time(v);
	add_common_facts(v);
}

bool view_is_student(const struct view *v)
{
	return !v->tier.staff;
}

bool view_is_young(const struct view *v)
{
	return v->tier.calm;
}

const char *view_line(const struct view *v, const struct yaml_node *pair)
{
	return texts_line(pair, v->voice);
}

const struct yaml_node *view_pair(
    const struct view *v, const char *section, const char *key)
{
	return texts_pair(v->texts, section, key);
}

bool view_shows(const struct view *v, const struct yaml_node *pair)
{
	return pair != NULL && texts_may_show(pair, v->holds) &&
	    facts_cover(&v->facts, view_line(v, pair));
}

void view_raw(struct view *v, const char *html)
{
	buf_text(v->out, html);
}

void view_escaped(struct view *v, const char *text)
{
	html_escape(v->out, slice_of(text));
}

bool view_element(
    struct view *v, const char *open, const struct yaml_node *pair, const char *close)
{
	if (!view_shows(v, pair))
		return false;
	view_raw(v, open);
	if (!facts_fill(v->out, &v->facts, view_line(v, pair)))
		return false; /* view_shows() has looked: not reached */
	view_raw(v, close);
	return true;
}

size_t view_elements(
    struct view *v, const char *open, const struct yaml_node *list, const char *close)
{
	size_t written = 0;

	for (size_t i = 0; list != NULL && i < list->count; i++)
		written += view_element(v, open, &list->items[i], close) ? 1 : 0;
	return written;
}

size_t view_count(const struct view *v, const struct yaml_node *list)
{
	size_t count = 0;

	for (size_t i = 0; list != NULL && i < list->count; i++)
		count += view_shows(v, &list->items[i]) ? 1 : 0;
	return count;
}

void view_link(struct view *v, const char *attribute, const char *path)
{
	buf_printf(v->out, "%s=\"%s%s\"", attribute, path,
	    !v->occasion->language_chosen          ? ""
	        : v->voice.language == LANGUAGE_EN ? "?lang=en"
	                                           : "?lang=vi");
}

void view_clock_today(const struct view *v, int64_t at_s, char out[VIEW_CLOCK_BYTES])
{
	time_t now = (time_t)v->occasion->now_s, then = (time_t)at_s;
	struct tm today, later;

	out[0] = 0;
	if (then <= now || localtime_r(&now, &today) == NULL ||
	    localtime_r(&then, &later) == NULL || today.tm_year != later.tm_year ||
	    today.tm_yday != later.tm_yday)
		return;
	if (strftime(out, VIEW_CLOCK_BYTES, "%H:%M", &later) == 0)
		out[0] = 0;
}

void view_href(struct view *v, const char *path)
{
	view_link(v, "href", path);
}
