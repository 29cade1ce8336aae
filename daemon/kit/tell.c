#include "kit/tell.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include <jansson.h>
#include <openssl/crypto.h>

#include "base/file.h"
#include "conf/config.h"
#include "kit/json_memory.h"
#include "kit/mail.h"
#include "kit/run_command.h"
#include "kit/send.h"

enum {
	ANCHOR_MAX_BYTES = 1 << 20,
	COMMAND_LONGEST_MS = 30 * 1000
};

enum err tell_open(struct tell *out, const struct tell_target *target, struct diag *why)
{
	enum err rc = OK;

	*out = TELL_NONE;
	out->target = *target;
	out->anchor = BUF_INIT(ANCHOR_MAX_BYTES);
	if (target->password_file[0] != 0)
		rc = secret_read(out->secret, target->password_file, why);
	if (rc == OK && target->ca_file[0] != 0) {
		rc = file_read(target->ca_file, &out->anchor);
		if (rc != OK)
			diag_set(why, "%s: %s", target->ca_file, err_text(rc));
	}
	return rc;
}

void tell_close(struct tell *t)
{
	OPENSSL_cleanse(t->secret, sizeof t->secret);
	buf_deinit(&t->anchor);
	reach_deinit(&t->reach);
}

bool tell_is_command(const struct tell *t)
{
	return t->target.to->kind == NOTIFY_COMMAND;
}

void tell_name(char *out, size_t size, const struct tell *t)
{
	static const char *const schemes[] = {
	    [NOTIFY_SMTP] = "smtp", [NOTIFY_SMTPS] = "smtps", [NOTIFY_HTTPS] = "https"};
	const struct config_notify_to *to = t->target.to;

	if (to->kind == NOTIFY_COMMAND)
		(void)snprintf(out, size, "%s", to->text);
	else
		(void)snprintf(out, size, "%s://%s", schemes[to->kind], to->host);
}

enum err tell_run(const struct tell *t, const char *text, struct diag *why)
{
	return command_run(t->target.to->text, slice_of(text), COMMAND_LONGEST_MS, why);
}

enum err tell_reach(struct tell *t, struct diag *why)
{
	return reach_find(&t->reach, t->target.to, why);
}

/* {"text": …}: what Mattermost, Slack, Rocket.Chat and Google Chat show as it is. */
static enum err write_post(struct buf *out, const char *text)
{
	json_t *root = json_pack("{s:s}", "text", text);
	char *json = root == NULL ? NULL : json_dumps(root, JSON_COMPACT);

	if (json != NULL)
		buf_text(out, json);
	enum err rc = json == NULL ? ERR_MEMORY : buf_status(out);
	json_memory_free(json);
	json_decref(root);
	return rc;
}

/* Signing in with an address, one writes from it. */
static const char *sender(const struct tell *t)
{
	const char *user = t->target.to->user;

	return mail_is_address(user) ? user : t->target.address;
}

static enum err write_mail(
    struct buf *out, const struct tell *t, const char *text, int64_t now_s)
{
	struct mail mail = {
	    .from = sender(t), .to = t->target.address, .text = text, .now_s = now_s};

	if (getrandom(mail.id, sizeof mail.id, 0) != (ssize_t)sizeof mail.id)
		return ERR_IO;
	mail_write(out, &mail);
	return buf_status(out);
}

enum err tell_send(const struct tell *t, const char *text, int64_t now_s, struct diag *why)
{
	bool posts = t->target.to->kind == NOTIFY_HTTPS;
	struct buf body = BUF_INIT(MAIL_MAX_BYTES);

	enum err rc = posts ? write_post(&body, text) : write_mail(&body, t, text, now_s);
	if (rc == OK) {
		const struct send what = {.to = t->target.to,
		    .address = t->target.address,
		    .reach = &t->reach,
		    .secret = t->secret,
		    .anchor = buf_slice(&t->anchor),
		    .text = buf_slice(&body),
		    .from = sender(t)};
		rc = send_now(&what, why);
	} else {
		diag_set(why, "%s", err_text(rc));
	}
	buf_deinit(&body);
	return rc;
}
