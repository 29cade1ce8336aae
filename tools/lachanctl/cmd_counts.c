/* stats, top, watch: what was blocked, under the privacy floor. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/words.h"
#include "kit/control_client.h"
#include "lachanctl/ctl.h"
#include "lachanctl/say.h"
#include "lachanctl/table.h"

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL ? value : "";
}

/* A figure, a band ("10-19"), or a withheld cell ("below", or no figure at all). */
static void add_amount(struct table *t, const json_t *amount)
{
	char count[SAY_BYTES];

	if (json_is_integer(amount)) {
		say_count(count, (int64_t)json_integer_value(amount));
		table_cell(t, "%s", count);
	} else if (json_is_string(amount) &&
	    strcmp(json_string_value(amount), "below") != 0) {
		table_cell(t, "%s", json_string_value(amount));
	} else {
		table_cell(t, "%s", _("withheld"));
	}
}

static void say_stats(const struct ctl *c, const json_t *stats)
{
	struct table *t = table_new(3);
	const json_t *cell;
	size_t i;

	printf(_("Blocked on %s (attempts; small counts are withheld):\n"),
	    text(stats, "date"));
	table_right(t, 2);
	json_array_foreach(json_object_get(stats, "cells"), i, cell)
	{
		table_cell(t, "%s", ctl_tier_words(c, text(cell, "tier")));
		table_cell(t, "%s", ctl_category_words(c, text(cell, "category")));
		add_amount(t, json_object_get(cell, "attempts"));
	}
	table_print(t, 2, stdout);
	table_free(t);
	if (json_array_size(json_object_get(stats, "cells")) == 0)
		puts(_("  nothing yet"));
}

enum ctl_status command_stats(struct ctl *c)
{
	json_t *reply;

	if (c->argc > 0)
		return ctl_usage(c, "stats [--json]");
	enum ctl_status status = ctl_ask(c, c->control_path, "stats", NULL, &reply);
	if (status != CTL_DONE)
		return status;
	if (c->json)
		return ctl_print_json(reply);
	say_stats(c, reply);
	json_decref(reply);
	return CTL_DONE;
}

enum ctl_status command_top(struct ctl *c)
{
	json_t *reply;
	const json_t *one;
	size_t i;

	if (c->argc > 0)
		return ctl_usage(c, "top [--json]");
	/* A tier is sent all the same: the filter says why it refuses one. */
	enum ctl_status status =
	    ctl_ask(c, c->control_path, "top", ctl_tier_argument(c), &reply);
	if (status != CTL_DONE)
		return status;
	if (c->json)
		return ctl_print_json(reply);
	struct table *t = table_new(3);
	table_right(t, 0);
	json_array_foreach(json_object_get(reply, "names"), i, one)
	{
		add_amount(t, json_object_get(one, "devices"));
		table_cell(t, "%s", text(one, "name"));
		table_cell(t, "%s", ctl_category_words(c, text(one, "category")));
	}
	if (i == 0) {
		puts(_("Nothing to show: no name was met by enough devices."));
	} else {
		puts(_("Devices, name, category:"));
	}
	table_print(t, 2, stdout);
	table_free(t);
	json_decref(reply);
	return CTL_DONE;
}

static void say_attempt(const struct ctl *c, const json_t *frame)
{
	char at[SAY_BYTES];
	int64_t when_s = 0;
	struct tm local;

	(void)snprintf(at, sizeof at, "%s", text(frame, "time"));
	if (say_parse_time(at, &when_s)) {
		time_t when = (time_t)when_s;
		if (localtime_r(&when, &local) != NULL)
			(void)strftime(at, sizeof at, "%H:%M:%S", &local);
	}
	struct table *t = table_new(4);
	table_cell(t, "%s", at);
	table_cell(t, "%s", ctl_tier_words(c, text(frame, "tier")));
	table_cell(t, "%s", ctl_category_words(c, text(frame, "category")));
	table_cell(t, "%s", text(frame, "name"));
	table_print(t, 0, stdout);
	table_free(t);
}

/* One frame: the first says whether we may watch. */
static enum ctl_status show_frame(const struct ctl *c, struct slice payload)
{
	json_t *frame = json_loadb((const char *)payload.ptr, payload.len, 0, NULL);
	const json_t *ok = json_object_get(frame, "ok");
	enum ctl_status status = CTL_DONE;

	if (json_is_false(ok)) {
		status = ctl_refused(c, json_incref(frame));
	} else if (frame != NULL && ok == NULL && c->json) {
		(void)ctl_print_json(json_incref(frame));
	} else if (frame != NULL && ok == NULL) {
		say_attempt(c, frame);
	}
	(void)fflush(stdout);
	json_decref(frame);
	return status;
}

enum ctl_status command_watch(struct ctl *c)
{
	struct control_client client = {.fd = -1};
	struct diag why = {.text = ""};
	struct slice payload;
	enum ctl_status status = CTL_DONE;
	json_t *request = ctl_tier_argument(c);

	(void)json_object_set_new(request, "command", json_string("watch"));
	if (c->argc > 0) {
		json_decref(request);
		return ctl_usage(c, "watch [--tier T] [--json]");
	}
	char *asked = json_dumps(request, JSON_COMPACT);
	json_decref(request);
	enum err rc = asked == NULL
	    ? ERR_MEMORY
	    : control_client_open(&client, c->control_path, 0, &why);
	if (rc == OK)
		rc = control_client_send(&client, slice_of(asked), &why);
	if (rc == OK && !c->json) {
		(void)fputs(
		    _("Blocked attempts as they happen; Ctrl-C ends it.\n"), stderr);
	}
	while (rc == OK && status == CTL_DONE) {
		rc = control_client_receive(&client, &payload, &why);
		if (rc == OK)
			status = show_frame(c, payload);
	}
	control_client_close(&client);
	free(asked);
	if (rc == ERR_NOT_FOUND)
		return ctl_not_running(c, c->control_path);
	return rc == OK ? status : ctl_fail(c, CTL_FAILED, "%s", why.text);
}
