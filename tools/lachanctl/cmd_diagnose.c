/* diagnose: the exception, in which queries are written down with their clients. */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "base/words.h"
#include "kit/control_client.h"
#include "lachanctl/ctl.h"
#include "lachanctl/diagnose_words.h"
#include "lachanctl/say.h"
#include "lachanctl/table.h"

#define USAGE                                                                             \
	"diagnose [--reason TEXT [--for 15m] | approve ID | show | watch | end | erase] " \
	"[--json]"

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL ? value : "";
}

/* ---- the state in words ---- */

/* "lan (1000)", or "1000" where nobody has that id any more. */
static const char *person(char out[SAY_BYTES], const json_t *report, const char *key)
{
	uid_t uid = (uid_t)json_integer_value(json_object_get(report, key));
	const struct passwd *known = getpwuid(uid);

	if (known != NULL)
		(void)snprintf(out, SAY_BYTES, "%.40s (%u)", known->pw_name, (unsigned)uid);
	else
		(void)snprintf(out, SAY_BYTES, "%u", (unsigned)uid);
	return out;
}

void say_diagnosis(const json_t *report)
{
	const char *state = text(report, "state");
	long long id = json_integer_value(json_object_get(report, "id"));
	char first[SAY_BYTES], second[SAY_BYTES], when[SAY_BYTES];

	if (strcmp(state, "asked") == 0) {
		printf(_("Diagnosis %lld (%s), asked for by %s, waits for a second person: "
		         "lachanctl diagnose approve %lld\n"),
		    id, text(report, "reason"), person(first, report, "asked_by"), id);
	} else if (strcmp(state, "running") == 0) {
		say_time(when, text(report, "until"), (int64_t)time(NULL));
		printf(
		    _("DIAGNOSIS %lld RUNS until %s (%s): queries are written down with their "
		      "clients, for %s and %s.\n"),
		    id, when, text(report, "reason"), person(first, report, "asked_by"),
		    person(second, report, "approved_by"));
	} else if (strcmp(state, "kept") == 0) {
		say_time(when, text(report, "erased_by"), (int64_t)time(NULL));
		printf(
		    _("Diagnosis %lld has ended; its record is erased at %s, or by lachanctl "
		      "diagnose erase.\n"),
		    id, when);
	}
}

/* ---- the orders ---- */

static enum ctl_status begin(struct ctl *c)
{
	uint64_t for_ms = 15 * 60 * 1000;
	json_t *reply;

	if (c->for_time != NULL && !text_to_duration_ms(slice_of(c->for_time), &for_ms))
		return ctl_fail(
		    c, CTL_USAGE, _("--for %s: write it like 30m or 2h"), c->for_time);
	json_t *arguments =
	    json_pack("{s:s, s:I}", "reason", c->reason, "for_ms", (json_int_t)for_ms);
	if (arguments == NULL)
		return ctl_fail(c, CTL_USAGE, _("the reason is not UTF-8"));
	enum ctl_status status = ctl_ask(c, c->control_path, "diagnose", arguments, &reply);
	if (status != CTL_DONE)
		return status;
	if (c->json)
		return ctl_print_json(reply);
	printf(_("Asked for. A second person, with another account, begins it within 15 "
	         "minutes: lachanctl diagnose approve %lld\n"),
	    (long long)json_integer_value(json_object_get(reply, "id")));
	json_decref(reply);
	return CTL_DONE;
}

static enum ctl_status approve(struct ctl *c)
{
	uint64_t id;
	char until[SAY_BYTES];
	json_t *reply;

	if (!slice_to_u64(slice_of(c->argv[1]), UINT32_MAX, &id))
		return ctl_usage(c, USAGE);
	enum ctl_status status = ctl_ask(c, c->control_path, "diagnose-approve",
	    json_pack("{s:I}", "id", (json_int_t)id), &reply);
	if (status != CTL_DONE)
		return status;
	if (c->json)
		return ctl_print_json(reply);
	say_time(until, text(reply, "until"), (int64_t)time(NULL));
	printf(
	    _("It runs until %s. The warning page and the portal tell everybody. Look at it "
	      "with lachanctl diagnose watch, or show.\n"),
	    until);
	json_decref(reply);
	return CTL_DONE;
}

static enum ctl_status order(struct ctl *c, const char *command, const char *done)
{
	json_t *reply;
	enum ctl_status status = ctl_ask(c, c->control_path, command, NULL, &reply);

	if (status != CTL_DONE)
		return status;
	if (c->json)
		return ctl_print_json(reply);
	json_decref(reply);
	puts(done);
	return CTL_DONE;
}

static enum ctl_status tell_state(struct ctl *c)
{
	json_t *reply;
	enum ctl_status status =
	    ctl_ask(c, c->control_path, "diagnose-state", NULL, &reply);

	if (status != CTL_DONE)
		return status;
	if (c->json)
		return ctl_print_json(reply);
	if (strcmp(text(reply, "state"), "none") == 0)
		puts(_("No diagnosis runs, and no record is kept."));
	say_diagnosis(reply);
	json_decref(reply);
	return CTL_DONE;
}

/* ---- entries ---- */

static const char *outcome(const json_t *entry)
{
	const char *verdict = text(entry, "verdict");
	json_int_t rcode = json_integer_value(json_object_get(entry, "rcode"));

	return strcmp(verdict, "blocked") == 0 ? _("blocked")
	    : rcode == 0                       ? _("answered")
	    : rcode == 2                       ? _("failed")
	    : rcode == 3                       ? _("no such name")
	    : rcode == 5                       ? _("refused")
	                                       : _("not understood");
}

static void say_entry(const struct ctl *c, const json_t *entry)
{
	char at[SAY_BYTES], why[160] = "", name[512];
	const char *became = outcome(entry);
	int64_t when_s = 0;
	struct tm local;

	(void)snprintf(at, sizeof at, "%s", text(entry, "time"));
	if (say_parse_time(at, &when_s)) {
		time_t when = (time_t)when_s;
		if (localtime_r(&when, &local) != NULL)
			(void)strftime(at, sizeof at, "%H:%M:%S", &local);
	}
	if (*text(entry, "category") != 0)
		(void)snprintf(why, sizeof why, "%s: %s", text(entry, "reason"),
		    ctl_category_words(c, text(entry, "category")));
	else
		(void)snprintf(why, sizeof why, "%s", text(entry, "reason"));
	text_printable(name, sizeof name, slice_of(text(entry, "name")));
	if (json_is_true(json_object_get(entry, "withheld")))
		(void)snprintf(name, sizeof name, "%s", _("(withheld)"));
	size_t wide = text_width(became);
	printf("%s  %-15s  %-5s  %s%*s  %s%s%s%s\n", at, text(entry, "client"),
	    text(entry, "type"), became, wide < 14 ? (int)(14 - wide) : 0, "", name,
	    why[0] != 0 ? "  (" : "", why, why[0] != 0 ? ")" : "");
}

static void say_left_out(long long left_out)
{
	if (left_out > 0)
		(void)fprintf(
		    stderr, _("%lld more queries were not written down.\n"), left_out);
}

/* A reply holds a part of the record: asked again until the end. */
static enum ctl_status show(struct ctl *c)
{
	json_int_t offset = 0;
	long long left_out = 0;

	do {
		json_t *reply;
		const json_t *entry;
		size_t i;
		enum ctl_status status = ctl_ask(c, c->control_path, "diagnose-show",
		    json_pack("{s:I}", "offset", offset), &reply);
		if (status != CTL_DONE)
			return status;
		json_array_foreach(json_object_get(reply, "entries"), i, entry)
		{
			if (c->json)
				(void)ctl_print_json(json_deep_copy(entry));
			else
				say_entry(c, entry);
		}
		offset = json_integer_value(json_object_get(reply, "next"));
		left_out = json_integer_value(json_object_get(reply, "left_out"));
		json_decref(reply);
	} while (offset > 0);
	say_left_out(left_out);
	return CTL_DONE;
}

/* One frame: the first says whether we may. */
static enum ctl_status show_frame(const struct ctl *c, struct slice payload)
{
	json_t *frame = json_loadb((const char *)payload.ptr, payload.len, 0, NULL);
	const json_t *ok = json_object_get(frame, "ok");
	enum ctl_status status = CTL_DONE;

	if (json_is_false(ok))
		status = ctl_refused(c, json_incref(frame));
	else if (frame != NULL && ok == NULL && c->json)
		(void)ctl_print_json(json_incref(frame));
	else if (frame != NULL && ok == NULL)
		say_entry(c, frame);
	(void)fflush(stdout);
	json_decref(frame);
	return status;
}

static enum ctl_status watch(struct ctl *c)
{
	static const struct slice request = SLICE_LIT("{\"command\":\"diagnose-watch\"}");
	struct control_client client = {.fd = -1};
	struct diag why = {.text = ""};
	struct slice payload;
	enum ctl_status status = CTL_DONE;
	unsigned frames = 0;

	enum err rc = control_client_open(&client, c->control_path, 0, &why);
	if (rc == OK)
		rc = control_client_send(&client, request, &why);
	while (rc == OK && status == CTL_DONE) {
		rc = control_client_receive(&client, &payload, &why);
		if (rc == OK)
			status = show_frame(c, payload);
		if (rc == OK && status == CTL_DONE && ++frames == 1 && !c->json)
			(void)fputs(
			    _("Queries as they come; Ctrl-C ends the watching, not the "
			      "diagnosis.\n"),
			    stderr);
	}
	control_client_close(&client);
	if (rc == ERR_NOT_FOUND)
		return ctl_not_running(c, c->control_path);
	if (rc != OK && frames > 0) {
		(void)fputs(_("The diagnosis has ended.\n"), stderr);
		return CTL_DONE;
	}
	return rc == OK ? status : ctl_fail(c, CTL_FAILED, "%s", why.text);
}

enum ctl_status command_diagnose(struct ctl *c)
{
	const char *word = c->argc > 0 ? c->argv[0] : "";

	if (c->reason != NULL)
		return c->argc == 0 ? begin(c) : ctl_usage(c, USAGE);
	if (c->argc == 0 && c->for_time == NULL)
		return tell_state(c);
	if (c->argc == 2 && strcmp(word, "approve") == 0)
		return approve(c);
	if (c->argc != 1 || c->for_time != NULL)
		return ctl_usage(c, USAGE);
	if (strcmp(word, "show") == 0)
		return show(c);
	if (strcmp(word, "watch") == 0)
		return watch(c);
	if (strcmp(word, "end") == 0)
		return order(c, "diagnose-end",
		    _("It has ended; the record is erased within 24 hours of its beginning."));
	if (strcmp(word, "erase") == 0)
		return order(
		    c, "diagnose-erase", _("It has ended, and its record is erased."));
	return ctl_usage(c, USAGE);
}
