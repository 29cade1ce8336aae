#include "filter/command.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/words.h"
#include "kit/grants_text.h"
#include "kit/local_time.h"
#include "kit/log.h"

void command_fail(struct command *c, const char *sentence)
{
	(void)snprintf(c->error, sizeof c->error, "%s", sentence);
}

void command_refuse(struct command *c, const char *why, const char *sentence)
{
	c->why = why;
	command_fail(c, sentence);
}

const char *command_text(const struct command *c, const char *key)
{
	return json_string_value(json_object_get(c->request, key));
}

void command_done(struct command *c)
{
	c->reply = json_pack("{s:b}", "ok", 1);
}

bool command_read_name(struct command *c, struct name_buf *name)
{
	const char *text = command_text(c, "name");

	if (text != NULL && name_from_text(name, slice_of(text), NULL) == OK)
		return true;
	command_fail(c, N_("that is not a domain name"));
	return false;
}

void command_actor(const struct command *c, char *out, size_t size)
{
	(void)snprintf(out, size, "uid:%u", (unsigned)control_peer_uid(c->peer));
}

bool command_is_ours(const struct command *c)
{
	uid_t uid = control_peer_uid(c->peer);

	return uid == 0 || uid == geteuid();
}

bool command_read_actor(struct command *c, char *out, size_t size)
{
	const char *actor = command_text(c, "actor");

	if (actor == NULL) {
		command_actor(c, out, size);
		return true;
	}
	if (!command_is_ours(c)) {
		command_refuse(
		    c, "wrong", N_("only the gateway itself may say who did something"));
		return false;
	}
	if (*actor == 0 || !grant_text_is_sound(actor, size)) {
		command_refuse(c, "wrong", N_("an actor is a short line"));
		return false;
	}
	(void)snprintf(out, size, "%s", actor);
	return true;
}

bool command_append(struct program *p, const struct audit_entry *entry)
{
	if (p->audit != NULL && audit_append(p->audit, (int64_t)time(NULL), entry) == OK)
		return true;
	log_error("audit", "%s by %s could not be recorded", entry->action, entry->actor);
	return false;
}

void command_record_plain(const struct command *c, const char *action, const char *detail)
{
	char actor[32];
	const char *tier = command_text(c, "tier");
	const struct audit_entry entry = {.actor = actor,
	    .action = action,
	    .scope = tier == NULL ? "all" : tier,
	    .detail = detail};

	command_actor(c, actor, sizeof actor);
	(void)command_append(c->program, &entry);
}

void command_put_time(json_t *reply, const char *key, int64_t wall_s)
{
	char text[LOCAL_TIME_TEXT_BYTES];

	local_time_text(text, wall_s);
	(void)json_object_set_new(reply, key, json_string(text));
}
