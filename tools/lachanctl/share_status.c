#include "lachanctl/share_status.h"

#include <stdio.h>
#include <time.h>

#include "base/words.h"
#include "lachanctl/say.h"
#include "sharing/overview.h"

enum {
	LINE_BYTES = 480,
	TIME_BYTES = 40
};

/* ---- finding ---- */

static json_t *time_or_null(int64_t at_s)
{
	char text[TIME_BYTES];
	time_t at = (time_t)at_s;
	struct tm utc;

	if (at_s <= 0 || gmtime_r(&at, &utc) == NULL ||
	    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		return json_null();
	return json_string(text);
}

static json_t *describe(const struct sharing_recipient *r, const char *url, int64_t now_s)
{
	const struct sharing_state *s = &r->state;

	return json_pack("{s:s,s:s,s:I,s:I,s:o,s:I,s:o,s:b,s:s}", "name", r->name, "url",
	    url, "waiting", (json_int_t)r->waiting, "delivered", (json_int_t)s->delivered,
	    "last", time_or_null(s->delivered_s), "failures", (json_int_t)s->failures,
	    "next_try", time_or_null(s->failures > 0 && s->next_s > now_s ? s->next_s : 0),
	    "stopped", s->stopped_s != 0, "why", s->why);
}

json_t *share_status_find(const struct ctl *c)
{
	const char *names[SHARING_RECIPIENTS_MAX];
	struct sharing_overview found;

	if (c->config == NULL)
		return json_null();
	const struct config_recipients *all = &c->config->share.recipients;
	const struct sharing_question question = {
	    .state_dir = c->config->server.state_dir.text,
	    .names = names,
	    .count = all->count};
	for (size_t i = 0; i < all->count && i < SHARING_RECIPIENTS_MAX; i++)
		names[i] = all->items[i].name.text;
	if (sharing_overview(&found, &question) != OK)
		return json_null();
	json_t *list = json_array();
	for (size_t i = 0; i < found.count; i++)
		(void)json_array_append_new(list,
		    describe(
		        &found.recipients[i], all->items[i].url.text, (int64_t)time(NULL)));
	return json_pack("{s:b,s:I,s:o}", "enrolled", c->config->school.unit.text[0] != 0,
	    "waiting", (json_int_t)found.waiting, "recipients", list);
}

/* ---- saying ---- */

static int64_t number(const json_t *object, const char *key)
{
	return (int64_t)json_integer_value(json_object_get(object, key));
}

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL ? value : "";
}

static void say_last(char *line, size_t size, const json_t *one)
{
	char when[SAY_BYTES];

	if (text(one, "last")[0] == 0) {
		(void)snprintf(line, size, _("%s: nothing was sent yet, %lld wait"),
		    text(one, "name"), (long long)number(one, "waiting"));
		return;
	}
	say_time(when, text(one, "last"), (int64_t)time(NULL));
	(void)snprintf(line, size, _("%s: %lld sent, the last at %s; %lld wait"),
	    text(one, "name"), (long long)number(one, "delivered"), when,
	    (long long)number(one, "waiting"));
}

/* What the recipient or the network said is English, or whatever they chose. */
static void say_worry(char *line, size_t size, const json_t *one)
{
	char when[SAY_BYTES];

	line[0] = 0;
	if (json_is_true(json_object_get(one, "stopped"))) {
		(void)snprintf(line, size,
		    _("%s IS STOPPED until its configuration changes (lachanctl enrol): %s"),
		    text(one, "name"), text(one, "why"));
	} else if (number(one, "failures") > 0) {
		say_time(when, text(one, "next_try"), (int64_t)time(NULL));
		(void)snprintf(line, size, _("%s DOES NOT TAKE THEM, next try at %s: %s"),
		    text(one, "name"), when[0] != 0 ? when : "-", text(one, "why"));
	}
}

static void row(struct table *t, const char *label, const char *value)
{
	table_cell(t, "%s", label);
	table_cell(t, "%s", value);
}

void share_status_say(struct table *t, const json_t *sharing)
{
	const json_t *recipients = json_object_get(sharing, "recipients"), *one;
	char line[LINE_BYTES];
	size_t i;

	if (!json_is_object(sharing))
		return;
	if (json_array_size(recipients) == 0) {
		(void)snprintf(line, sizeof line,
		    _("%lld wait; the school is not enrolled (lachanctl enrol FILE)"),
		    (long long)number(sharing, "waiting"));
		row(t, _("Summaries"), line);
		return;
	}
	json_array_foreach(recipients, i, one)
	{
		say_last(line, sizeof line, one);
		row(t, i == 0 ? _("Summaries") : "", line);
		say_worry(line, sizeof line, one);
		if (line[0] != 0)
			row(t, "", line);
	}
}
