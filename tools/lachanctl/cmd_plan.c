/* plan: what the configured lists will need on this machine, before they are pulled. */
#include <stdio.h>
#include <string.h>

#include "base/words.h"
#include "lachanctl/helper.h"
#include "lachanctl/say.h"
#include "lachanctl/table.h"

enum {
	PLAN_MAX_BYTES = 4 << 20
};

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL ? value : "";
}

static int64_t number(const json_t *object, const char *key)
{
	return (int64_t)json_integer_value(json_object_get(object, key));
}

static const char *known_words(const json_t *feed)
{
	const char *known = text(feed, "known_from");

	if (json_is_true(json_object_get(feed, "off")))
		return _("off");
	if (strcmp(known, "copy") == 0)
		return _("as pulled");
	if (strcmp(known, "catalogue") == 0)
		return _("by the catalogue");
	if (strcmp(known, "file") == 0)
		return _("guessed by the file's size");
	return _("NOT KNOWN until it is pulled");
}

static void add_feed(struct table *t, const json_t *feed)
{
	char names[SAY_BYTES], copy[SAY_BYTES];

	say_count(names, number(feed, "entries"));
	say_size(copy, number(feed, "copy_bytes"));
	table_cell(t, "%s", text(feed, "name"));
	table_cell(t, "%s", text(feed, "category"));
	table_cell(t, "%s", names);
	table_cell(t, "%s", copy);
	table_cell(t, "%s", known_words(feed));
}

static void say_feeds(const json_t *plan)
{
	const char *const heads[] = {
	    _("list"), _("category"), _("names"), _("copy on flash"), _("known")};
	struct table *t = table_new(COUNT_OF(heads));
	const json_t *feed;
	size_t i;

	for (i = 0; i < COUNT_OF(heads); i++)
		table_cell(t, "%s", heads[i]);
	table_right(t, 2);
	table_right(t, 3);
	json_array_foreach(json_object_get(plan, "feeds"), i, feed) add_feed(t, feed);
	table_print(t, 0, stdout);
	table_free(t);
}

/* A need beside what there is: "12 MiB; this machine has 410 MiB free". */
static void say_need(struct table *t, const char *label, int64_t need, int64_t have)
{
	char needed[SAY_BYTES], there[SAY_BYTES], line[256];

	say_size(needed, need);
	say_size(there, have);
	(void)snprintf(line, sizeof line,
	    need <= have ? _("%s at most; %s are free") : _("%s at most; ONLY %s ARE FREE"),
	    needed, there);
	table_cell(t, "%s", label);
	table_cell(t, "%s", line);
}

static void say_time_needed(struct table *t, const json_t *plan)
{
	const json_t *need = json_object_get(plan, "time");
	int64_t compile_ms = number(need, "compile_ms");
	char fetch[SAY_BYTES], compile[SAY_BYTES], line[256];

	say_size(fetch, number(need, "fetch_bytes"));
	if (compile_ms < 1000) {
		(void)snprintf(compile, sizeof compile, "%s", _("under a second"));
	} else {
		say_duration(compile, (compile_ms + 999) / 1000);
	}
	(void)snprintf(
	    line, sizeof line, _("%s to compile; about %s to fetch"), compile, fetch);
	table_cell(t, "%s", _("Time"));
	table_cell(t, "%s", line);
}

static void say_sum(const json_t *plan)
{
	const json_t *memory = json_object_get(plan, "memory");
	const json_t *flash = json_object_get(plan, "flash");
	char names[SAY_BYTES], filter[SAY_BYTES];
	struct table *t = table_new(2);

	say_count(names, number(plan, "entries"));
	say_size(filter, number(memory, "filter_bytes"));
	table_cell(t, "%s", _("Names"));
	table_cell(t, _("%s (one that stands in several lists is counted in each)"), names);
	table_cell(t, "%s", _("Memory"));
	table_cell(t, _("%s for the filter, all day"), filter);
	say_need(t, _("  while updating"), number(memory, "peak_bytes"),
	    number(memory, "available_bytes"));
	say_need(t, _("Flash"), number(flash, "peak_bytes"), number(flash, "free_bytes"));
	say_time_needed(t, plan);
	table_print(t, 0, stdout);
	table_free(t);
}

static void say_advice(const json_t *plan)
{
	if (json_array_size(json_object_get(plan, "short_of")) == 0) {
		puts(_("This machine can carry these lists."));
	} else {
		puts(_(
		    "THIS MACHINE IS TOO SMALL for these lists: leave the largest out, or use "
		    "smaller ones of the same category."));
	}
}

static json_t *read_plan(const struct ctl *c, enum ctl_status *status)
{
	const char *const words[] = {"-c", c->config_path, "--plan", NULL};
	struct buf out = BUF_INIT(PLAN_MAX_BYTES);
	json_t *plan = NULL;
	int how = 0;

	*status = helper_read(c, words, &out, &how);
	if (*status == CTL_DONE) {
		plan = json_loadb((const char *)out.ptr, out.len, 0, NULL);
		if (how != 0 || !json_is_object(plan)) {
			json_decref(plan);
			plan = NULL;
			*status = ctl_fail(c, CTL_FAILED, _("lachan-feeds made no plan"));
		}
	}
	buf_deinit(&out);
	return plan;
}

enum ctl_status command_plan(struct ctl *c)
{
	enum ctl_status status;

	if (c->argc > 0)
		return ctl_usage(c, "plan [--json]");
	if (c->config == NULL) {
		return ctl_fail(c, CTL_FAILED, "%s",
		    _("the lists stand in the configuration; say which: lachanctl -c FILE "
		      "plan"));
	}
	json_t *plan = read_plan(c, &status);
	if (plan == NULL)
		return status;
	if (c->json)
		return ctl_print_json(plan);
	say_feeds(plan);
	puts("");
	say_sum(plan);
	say_advice(plan);
	json_decref(plan);
	return CTL_DONE;
}
