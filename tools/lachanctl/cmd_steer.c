/* reload, flush, rollback, pause, resume: short orders to the gateway. */
#include <stdio.h>
#include <time.h>

#include "base/text.h"
#include "base/words.h"
#include "dns/text.h"
#include "lachanctl/ctl.h"
#include "lachanctl/say.h"

/* Prints the reply as JSON, or `done` in words; takes the reply. */
static enum ctl_status finish(const struct ctl *c, json_t *reply, const char *done)
{
	if (c->json)
		return ctl_print_json(reply);
	json_decref(reply);
	puts(done);
	return CTL_DONE;
}

enum ctl_status command_reload(struct ctl *c)
{
	json_t *reply;

	if (c->argc > 0)
		return ctl_usage(c, "reload");
	enum ctl_status status = ctl_ask(c, c->lachand_path, "reload", NULL, &reply);
	return status != CTL_DONE
	    ? status
	    : finish(c, reply, _("The new configuration is in force."));
}

enum ctl_status command_flush(struct ctl *c)
{
	char count[SAY_BYTES];
	struct name_buf name;
	struct diag why;
	json_t *reply;

	if (c->argc > 1)
		return ctl_usage(c, "flush [NAME]");
	if (c->argc == 1 && name_from_text(&name, slice_of(c->argv[0]), &why) != OK)
		return ctl_fail(c, CTL_USAGE, "%s: %s", c->argv[0], why.text);
	json_t *arguments = json_object();
	if (c->argc == 1)
		(void)json_object_set_new(arguments, "name", json_string(c->argv[0]));
	enum ctl_status status = ctl_ask(c, c->control_path, "flush", arguments, &reply);
	if (status != CTL_DONE)
		return status;
	if (c->json)
		return ctl_print_json(reply);
	say_count(count, (int64_t)json_integer_value(json_object_get(reply, "flushed")));
	printf(_("%s cached answers forgotten.\n"), count);
	json_decref(reply);
	return CTL_DONE;
}

enum ctl_status command_rollback(struct ctl *c)
{
	json_t *reply;

	if (c->argc > 0)
		return ctl_usage(c, "rollback");
	enum ctl_status status = ctl_ask(c, c->control_path, "rollback", NULL, &reply);
	return status != CTL_DONE
	    ? status
	    : finish(c, reply,
	          _("The rules before these are in force again. The next update of "
	            "the lists replaces them."));
}

enum ctl_status command_pause(struct ctl *c)
{
	json_t *arguments, *reply;
	uint64_t for_ms = 30 * 60 * 1000;
	char until[SAY_BYTES];

	if (c->argc > 0)
		return ctl_usage(c, "pause [--tier T] [--for 30m]");
	if (c->for_time != NULL &&
	    (!text_to_duration_ms(slice_of(c->for_time), &for_ms) || for_ms == 0)) {
		return ctl_fail(
		    c, CTL_USAGE, _("--for %s: write it like 30m or 2h"), c->for_time);
	}
	arguments = ctl_tier_argument(c);
	(void)json_object_set_new(arguments, "for_ms", json_integer((json_int_t)for_ms));
	enum ctl_status status = ctl_ask(c, c->control_path, "pause", arguments, &reply);
	if (status != CTL_DONE)
		return status;
	if (c->json)
		return ctl_print_json(reply);
	const char *told = json_string_value(json_object_get(reply, "until"));
	say_time(until, told != NULL ? told : "", (int64_t)time(NULL));
	printf(_("Paused until %s for %s. Locked and security categories stay blocked.\n"),
	    until, c->tier != NULL ? ctl_tier_words(c, c->tier) : _("all tiers"));
	json_decref(reply);
	return CTL_DONE;
}

enum ctl_status command_resume(struct ctl *c)
{
	json_t *reply;

	if (c->argc > 0)
		return ctl_usage(c, "resume [--tier T]");
	enum ctl_status status =
	    ctl_ask(c, c->control_path, "resume", ctl_tier_argument(c), &reply);
	return status != CTL_DONE ? status : finish(c, reply, _("Filtering goes on."));
}
