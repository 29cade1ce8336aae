/* What the running gateway says of itself: does it block what it should? */
#include <stdio.h>
#include <string.h>

#include "base/words.h"
#include "kit/translate.h"
#include "lachanctl/doctor/doctor.h"
#include "lachanctl/feeds_json.h"

enum {
	LISTED_MAX = 6,              /* words of one sentence */
	RULES_OLD_S = 14 * 24 * 3600 /* lists that nobody has fetched for two weeks */
};

static const char *text_of(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL ? value : "";
}

static void check_running(struct doctor *d)
{
	struct finding f = {.id = "running", .severity = SEVERITY_ERROR};

	if (d->running && d->status == NULL) {
		doctor_skip_rootless(d, "running");
		return;
	}
	doctor_checked(d, "running");
	if (d->status == NULL) {
		finding_detail(&f, _("The filter does not run (nobody answers at %s)."),
		    d->ctl->control_path);
		finding_fix(&f, "%s",
		    _("Start it: sudo systemctl start lachan. See why it stopped: "
		      "journalctl -u lachan -e. Is it elsewhere? Say -c FILE or -s SOCKET."));
		doctor_find(d, &f);
	} else if (ctl_config_is_newer(d->ctl, d->status)) {
		f.severity = SEVERITY_HINT;
		finding_detail(&f, "%s",
		    _("The configuration's file is newer than what the filter runs by."));
		finding_fix(&f, "%s", "sudo lachanctl reload");
		doctor_find(d, &f);
	}
}

/* "Games; Gambling" of an array of words. */
static void list_words(const struct doctor *d, const json_t *words, char *out, size_t size)
{
	const json_t *one;
	size_t i, used = 0;

	out[0] = 0;
	json_array_foreach(words, i, one)
	{
		int n = snprintf(out + used, size - used, "%s%s", i > 0 ? "; " : "",
		    i == LISTED_MAX ? "…"
		                    : ctl_category_words(d->ctl, json_string_value(one)));
		if (n > 0 && (size_t)n < size - used)
			used += (size_t)n;
		if (i == LISTED_MAX)
			break;
	}
}

static void check_rules(struct doctor *d)
{
	const json_t *rules = json_object_get(d->status, "rules");
	const json_t *empty = json_object_get(rules, "empty_categories");
	struct finding f = {.id = "rules", .severity = SEVERITY_ERROR};
	char words[512];

	doctor_checked(d, "rules");
	if (strcmp(text_of(rules, "source"), "none") == 0) {
		finding_detail(
		    &f, "%s", _("The filter has no rules: no list blocks anything."));
		finding_fix(&f, "%s", "sudo lachanctl feeds update");
		doctor_find(d, &f);
		return;
	}
	if (json_array_size(empty) > 0) {
		f.severity = SEVERITY_WARNING;
		list_words(d, empty, words, sizeof words);
		finding_detail(&f,
		    _("Blocked, but with 0 names: %s. 0 names is not protection."), words);
		finding_fix(&f, "%s",
		    _("Add a list of each such category to filter.feeds (rules/feeds.yaml "
		      "shows which there are), then: sudo lachanctl feeds update"));
		doctor_find(d, &f);
	}
	json_int_t age_s = json_integer_value(json_object_get(rules, "age_s"));
	if (strcmp(text_of(rules, "source"), "state") == 0 && age_s > RULES_OLD_S) {
		f.severity = SEVERITY_WARNING;
		finding_detail(&f, _("The lists are %lld days old."),
		    (long long)(age_s / (24 * 3600)));
		finding_fix(&f, "%s",
		    _("See why: lachanctl feeds. Then: sudo lachanctl feeds update"));
		doctor_find(d, &f);
	}
}

static void check_clock(struct doctor *d)
{
	struct finding f = {.id = "clock", .severity = SEVERITY_WARNING};

	doctor_checked(d, "clock");
	if (!json_is_false(json_object_get(d->status, "clock_trusted")))
		return;
	finding_detail(&f, "%s",
	    _("The clock is not trusted: windows of the timetable open nothing, grants do "
	      "not apply, and nothing is counted."));
	finding_fix(&f, "%s",
	    _("Set the time (timedatectl set-ntp true, or date -s), and see that the time "
	      "server can be reached; a new battery helps a PC that forgets it."));
	doctor_find(d, &f);
}

static void check_filtering(struct doctor *d)
{
	struct finding f = {.id = "filtering", .severity = SEVERITY_WARNING};
	const json_t *pause;
	size_t i;

	doctor_checked(d, "filtering");
	if (json_is_false(json_object_get(d->status, "enforce"))) {
		finding_detail(&f, "%s",
		    _("This is a trial (filter.enforce: off): only locked and security "
		      "categories are blocked."));
		finding_fix(&f, "%s",
		    _("Write enforce: on under filter, then: sudo lachanctl reload"));
		doctor_find(d, &f);
	}
	json_array_foreach(json_object_get(d->status, "paused"), i, pause)
	{
		finding_detail(&f, _("Filtering is paused for %s until %s."),
		    ctl_tier_words(d->ctl, text_of(pause, "tier")),
		    text_of(pause, "until"));
		finding_fix(&f, "%s", "sudo lachanctl resume");
		doctor_find(d, &f);
	}
}

/* ---- lists: known from the disk, also while the filter is stopped ---- */

static void judge_feed(struct doctor *d, const json_t *feed)
{
	struct finding f = {.id = "feeds", .severity = SEVERITY_WARNING};
	const char *name = text_of(feed, "name");

	if (json_is_false(json_object_get(feed, "enabled")) ||
	    json_is_true(json_object_get(feed, "off")))
		return;
	if (json_is_object(json_object_get(feed, "held"))) {
		finding_detail(&f,
		    _("The list %s waits for a yes: it newly covers names that people need. "
		      "Its last good copy stays in force."),
		    name);
		finding_fix(&f,
		    _("See which: lachanctl feeds. Then: sudo lachanctl feeds "
		      "accept %s, or: sudo lachanctl feeds off %s"),
		    name, name);
		doctor_find(d, &f);
	} else if (strcmp(text_of(feed, "result"), "refused") == 0) {
		char why[TRANSLATE_TEXT_BYTES];
		translate_text(why, sizeof why, text_of(feed, "reason"));
		f.severity = SEVERITY_HINT;
		finding_detail(
		    &f, _("The list %s was refused the last time: %s"), name, why);
		finding_fix(&f, "%s",
		    _("Its last good copy stays in force, and it is tried again by itself. "
		      "To try now: sudo lachanctl feeds update"));
		doctor_find(d, &f);
	}
}

static void check_feeds(struct doctor *d)
{
	json_t *all = feeds_to_json(d->ctl);
	const json_t *feed;
	size_t i;

	doctor_checked(d, "feeds");
	json_array_foreach(json_object_get(all, "feeds"), i, feed) judge_feed(d, feed);
	json_decref(all);
}

void check_gateway(struct doctor *d)
{
	static const char *const OF_STATUS[] = {"rules", "clock", "filtering"};

	check_running(d);
	check_feeds(d);
	if (d->status != NULL) {
		check_rules(d);
		check_clock(d);
		check_filtering(d);
		return;
	}
	for (size_t i = 0; i < COUNT_OF(OF_STATUS); i++) {
		if (d->running)
			doctor_skip_rootless(d, OF_STATUS[i]);
		else
			doctor_skip(d, OF_STATUS[i], NULL, _("the filter does not run"));
	}
}
