/* policy: what is blocked for whom, in words that a school can publish. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/words.h"
#include "lachanctl/policy_json.h"
#include "lachanctl/say.h"
#include "lachanctl/table.h"
#include "lachanctl/window.h"

enum {
	PAGE_WIDTH = 92,
	PAGE_BYTES = 256 * 1024,
	LINE_BYTES = 16 * 1024
};

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL ? value : "";
}

static bool is_on(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

static int64_t number(const json_t *object, const char *key)
{
	return (int64_t)json_integer_value(json_object_get(object, key));
}

/* "  Label       text that goes on
 *                below itself" */
static void say_line(struct buf *page, size_t labels, const char *label, const char *said)
{
	char mark[64] = "";
	size_t indent = 2 + labels + 2, written = text_width(label);

	(void)snprintf(mark, sizeof mark, "%*s", (int)indent, "");
	buf_printf(
	    page, "  %s%*s", label, (int)(labels > written ? labels - written : 0) + 2, "");
	text_wrap(page, mark, indent, PAGE_WIDTH, said);
}

/* The labels of a tier, in the order they are said. */
enum label {
	LABEL_WHO,
	LABEL_BLOCKED,
	LABEL_REQUIRED,
	LABEL_EMPTY,
	LABEL_SERVICES,
	LABEL_ONLY,
	LABEL_WINDOWS,
	LABEL_SEARCH,
	LABEL_YOUTUBE,
	LABEL_LISTS,
	LABEL_NOW,
	LABELS
};

static const char *const labels[LABELS] = {
    [LABEL_WHO] = N_("Who"),
    [LABEL_BLOCKED] = N_("Blocked"),
    [LABEL_REQUIRED] = N_("Required"),
    [LABEL_EMPTY] = N_("Not filled"),
    [LABEL_SERVICES] = N_("Services blocked"),
    [LABEL_ONLY] = N_("Only allowed"),
    [LABEL_WINDOWS] = N_("Timetable"),
    [LABEL_SEARCH] = N_("Searching"),
    [LABEL_YOUTUBE] = N_("YouTube"),
    [LABEL_LISTS] = N_("Own lists"),
    [LABEL_NOW] = N_("Now"),
};

static size_t widest_label(void)
{
	size_t widest = 0;

	for (size_t i = 0; i < LABELS; i++) {
		size_t width = text_width(_(labels[i]));
		widest = width > widest ? width : widest;
	}
	return widest;
}

/* One part of a tier's page while it is written. */
struct part {
	const struct ctl *c;
	const struct rules_tier *tier;
	const json_t *said; /* the tier's object */
	struct buf line;
};

static void join_categories(struct part *p, const char *key)
{
	const json_t *one;
	size_t i;

	/* Names of categories hold commas of their own. */
	json_array_foreach(json_object_get(p->said, key), i, one) buf_printf(&p->line,
	    "%s%s", i > 0 ? "; " : "", ctl_category_words(p->c, json_string_value(one)));
}

/* Locked ones were said once, for everybody. */
static void say_blocked(struct part *p)
{
	const struct rules_categories *all = &p->c->config->categories;
	const char *before = "";
	const json_t *one;
	size_t i, category;

	json_array_foreach(json_object_get(p->said, "block"), i, one)
	{
		const char *word = json_string_value(one);
		if (!config_find_category(p->c->config, word, &category) ||
		    all->items[category].locked)
			continue;
		buf_printf(&p->line, "%s%s", before, ctl_category_words(p->c, word));
		before = "; ";
	}
	if (p->line.len == 0)
		buf_text(&p->line, _("nothing by category"));
}

static const char *comma_if(const struct buf *line)
{
	return line->len > 0 ? ", " : "";
}

static void say_who(struct part *p)
{
	json_int_t devices = json_integer_value(json_object_get(p->said, "devices"));
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(p->said, "members"), i, one)
	    buf_printf(&p->line, "%s%s", comma_if(&p->line), json_string_value(one));
	if (devices == 1) {
		buf_printf(
		    &p->line, "%s%s", comma_if(&p->line), _("1 device by its MAC address"));
	} else if (devices > 1) {
		buf_text(&p->line, comma_if(&p->line));
		buf_printf(&p->line, _("%d devices by their MAC addresses"), (int)devices);
	}
	if (is_on(p->said, "default")) {
		buf_printf(&p->line, "%s%s", comma_if(&p->line),
		    _("every device that nobody has claimed"));
	} else if (p->line.len == 0) {
		buf_text(&p->line, _("nobody yet"));
	}
}

static void say_empty(struct part *p)
{
	join_categories(p, "empty");
	if (p->line.len > 0)
		buf_printf(&p->line, " – %s",
		    _("0 names: no list fills it, so nothing of it is blocked"));
}

/* Of what is blocked, what the school could not open if it wanted to. */
static void say_required(struct part *p)
{
	join_categories(p, "required");
	if (p->line.len > 0)
		buf_printf(&p->line, " – %s",
		    _("by the education department: nothing at the school opens it"));
}

static void say_services(struct part *p)
{
	const struct rules_services *services = &p->c->config->services;
	const char *before = "";

	for (size_t i = 0; i < services->count; i++) {
		if (!rules_services_has(&p->tier->services, i))
			continue;
		buf_printf(&p->line, "%s%s", before, services->items[i].title.text);
		before = ", ";
	}
}

static void say_only(struct part *p)
{
	if (p->tier->allow_only)
		buf_text(&p->line,
		    _("nothing resolves but what the school allows and never-block names"));
}

static void say_search(struct part *p)
{
	buf_text(&p->line,
	    p->tier->safe_search
	        ? _("search engines show safe results only; engines that cannot are blocked")
	        : _("as the engines have it"));
}

static void say_youtube(struct part *p)
{
	size_t streaming;
	bool blocked = config_find_category(p->c->config, "streaming", &streaming) &&
	    (p->tier->block >> streaming & 1) != 0;

	buf_text(&p->line,
	    p->tier->youtube == YOUTUBE_STRICT         ? _("restricted mode, strict")
	        : p->tier->youtube == YOUTUBE_MODERATE ? _("restricted mode, moderate")
	        : blocked                              ? _("blocked, as streaming")
	                  : _("open, without restricted mode"));
}

static void say_lists(struct part *p)
{
	int64_t allow = number(p->said, "allow"), deny = number(p->said, "deny");

	if (allow > 0 || deny > 0) {
		buf_printf(&p->line, _("names always open: %lld; always blocked: %lld"),
		    (long long)allow, (long long)deny);
	}
}

static void say_now(struct part *p)
{
	const char *until = text(p->said, "paused_until");
	int64_t grants = number(p->said, "grants");
	char at[SAY_BYTES];

	if (*until != 0) {
		say_time(at, until, (int64_t)time(NULL));
		buf_printf(&p->line, _("PAUSED until %s"), at);
	}
	if (grants > 0) {
		buf_printf(&p->line, "%s", p->line.len > 0 ? "; " : "");
		buf_printf(&p->line, _("names opened or blocked for a while: %lld"),
		    (long long)grants);
	}
}

static void say_windows(struct buf *page, struct part *p, size_t width)
{
	for (size_t i = 0; i < p->tier->schedules.count; i++) {
		const struct rules_schedule *window = &p->tier->schedules.items[i];
		const json_t *said = json_array_get(json_object_get(p->said, "windows"), i);
		buf_reset(&p->line);
		buf_printf(&p->line, "%s: ", window->name.text);
		window_say_times(&p->line, window);
		buf_text(&p->line, ": ");
		window_say_effects(&p->line, p->c, window);
		if (is_on(said, "in_force"))
			buf_printf(&p->line, " (%s)", _("in force now"));
		say_line(page, width, i == 0 ? _(labels[LABEL_WINDOWS]) : "",
		    buf_cstr(&p->line));
	}
}

static void say_tier(struct buf *page, struct part *p)
{
	static void (*const says[LABELS])(struct part * p) = {
	    [LABEL_WHO] = say_who,
	    [LABEL_BLOCKED] = say_blocked,
	    [LABEL_REQUIRED] = say_required,
	    [LABEL_EMPTY] = say_empty,
	    [LABEL_SERVICES] = say_services,
	    [LABEL_ONLY] = say_only,
	    [LABEL_SEARCH] = say_search,
	    [LABEL_YOUTUBE] = say_youtube,
	    [LABEL_LISTS] = say_lists,
	    [LABEL_NOW] = say_now,
	};
	size_t width = widest_label();

	buf_printf(page, "\n%s (%s)\n", text(p->said, "name"), p->tier->name.text);
	for (size_t i = 0; i < LABELS; i++) {
		buf_reset(&p->line);
		if (i == LABEL_WINDOWS)
			say_windows(page, p, width);
		if (says[i] == NULL)
			continue;
		says[i](p);
		if (p->line.len > 0)
			say_line(page, width, _(labels[i]), buf_cstr(&p->line));
	}
}

static void say_head(struct buf *page, const struct ctl *c, const json_t *policy)
{
	char day[SAY_BYTES] = "";
	time_t now = time(NULL);
	struct tm tm;
	struct part p = {.c = c, .said = policy, .line = BUF_INIT(LINE_BYTES)};
	const char *school = text(policy, "school");

	if (localtime_r(&now, &tm) != NULL)
		(void)strftime(day, sizeof day, "%d/%m/%Y", &tm);
	buf_printf(page, _("What is filtered at %s, as of %s\n"),
	    *school != 0 ? school : _("this school"), day);
	buf_printf(page, _("Version of the configuration: %s\n"), text(policy, "version"));
	if (is_on(policy, "not_in_force")) {
		text_wrap(page, "", 0, PAGE_WIDTH,
		    _("NOT IN FORCE YET: the configuration's file is newer than what runs "
		      "(lachanctl reload)."));
	}
	if (is_on(policy, "trial")) {
		text_wrap(page, "", 0, PAGE_WIDTH,
		    _("THIS IS A TRIAL: only locked and security categories are blocked; all "
		      "else is counted as it would be."));
	}
	if (number(policy, "grants") > 0)
		buf_printf(page,
		    _("Names opened or blocked for a while: %lld (lachanctl grants)\n"),
		    (long long)number(policy, "grants"));
	join_categories(&p, "locked");
	buf_text(page, "\n");
	text_wrap(page, "  ", 0, PAGE_WIDTH,
	    _("Blocked for everybody; nobody at the school can open it:"));
	buf_text(page, "  ");
	text_wrap(page, "  ", 2, PAGE_WIDTH, buf_cstr(&p.line));
	buf_deinit(&p.line);
}

/* Tiers that this school has nobody in, and what a reader may want to know. */
static void say_foot(struct buf *page, const struct ctl *c, const json_t *policy)
{
	struct buf line = BUF_INIT(LINE_BYTES);
	const json_t *tier;
	const char *before = _("Tiers without members here: ");
	size_t i;

	json_array_foreach(json_object_get(policy, "tiers"), i, tier)
	{
		if (c->tier != NULL || is_on(tier, "used"))
			continue;
		buf_printf(&line, "%s%s", before, text(tier, "name"));
		before = ", ";
	}
	buf_text(page, "\n");
	if (line.len > 0)
		text_wrap(page, "", 0, PAGE_WIDTH, buf_cstr(&line));
	buf_reset(&line);
	buf_printf(&line,
	    _("%lld names and all below them are never blocked by a content list (health, "
	      "help for children, schools, authorities). What is blocked is counted, never "
	      "who asked: there is no log of questions."),
	    (long long)number(policy, "never_block"));
	text_wrap(page, "", 0, PAGE_WIDTH, buf_cstr(&line));
	if (*c->config->school.hotline.text != 0)
		buf_printf(page, _("The hotline for children: %s\n"),
		    c->config->school.hotline.text);
	buf_deinit(&line);
}

static enum ctl_status say_policy(const struct ctl *c, const json_t *policy)
{
	struct buf page = BUF_INIT(PAGE_BYTES);
	const json_t *said;
	size_t i, index = 0;

	say_head(&page, c, policy);
	json_array_foreach(json_object_get(policy, "tiers"), i, said)
	{
		struct part p = {.c = c, .said = said, .line = BUF_INIT(LINE_BYTES)};
		if (c->tier == NULL && !is_on(said, "used"))
			continue;
		if (!config_find_tier(c->config, text(said, "tier"), &index))
			continue;
		p.tier = &c->config->tiers.items[index];
		say_tier(&page, &p);
		buf_deinit(&p.line);
	}
	say_foot(&page, c, policy);
	enum err rc = buf_status(&page);
	if (rc == OK)
		(void)fputs(buf_cstr(&page), stdout);
	buf_deinit(&page);
	return rc == OK ? CTL_DONE : ctl_fail(c, CTL_FAILED, "%s", err_text(rc));
}

enum ctl_status command_policy(struct ctl *c)
{
	json_t *policy = NULL;

	if (c->argc > 0)
		return ctl_usage(c, "policy [--tier T] [--language vi|en] [--json]");
	if (c->config == NULL) {
		return ctl_fail(c, CTL_FAILED, "%s",
		    _("the policy stands in the configuration; say which: lachanctl -c FILE "
		      "policy"));
	}
	enum ctl_status status = policy_to_json(c, &policy);
	if (status != CTL_DONE)
		return status;
	if (c->json)
		return ctl_print_json(policy);
	status = say_policy(c, policy);
	json_decref(policy);
	return status;
}
