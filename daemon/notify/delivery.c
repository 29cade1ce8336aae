#include "notify/delivery.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include <jansson.h>
#include <openssl/crypto.h>

#include "base/file.h"
#include "base/words.h"
#include "conf/config.h"
#include "kit/json_memory.h"
#include "kit/log.h"
#include "notify/command.h"
#include "notify/mail.h"
#include "notify/send.h"
#include "notify/text.h"

enum {
	ANCHOR_MAX_BYTES = 1 << 20,
	COMMAND_LONGEST_MS = 30 * 1000
};

/* ---- what it takes ---- */

void delivery_name(char *out, size_t size, const struct delivery *d)
{
	static const char *const schemes[] = {
	    [NOTIFY_SMTP] = "smtp", [NOTIFY_SMTPS] = "smtps", [NOTIFY_HTTPS] = "https"};
	const struct config_notify_to *to = &d->target->to;

	if (to->kind == NOTIFY_COMMAND)
		(void)snprintf(out, size, "%s", to->text);
	else
		(void)snprintf(out, size, "%s://%s", schemes[to->kind], to->host);
}

void delivery_open(struct delivery *d, const struct config_notify_target *target)
{
	struct diag why = {.text = ""};

	*d = (struct delivery){.target = target,
	    .id = notices_target_id(target->to.text, target->address.text),
	    .anchor = BUF_INIT(ANCHOR_MAX_BYTES),
	    .reach = REACH_NONE};
	if (target->password_file.text[0] != 0 &&
	    secret_read(d->secret, target->password_file.text, &why) != OK)
		d->broken = true;
	if (!d->broken && target->ca_file.text[0] != 0) {
		enum err rc = file_read(target->ca_file.text, &d->anchor);
		d->broken = rc != OK;
		if (rc != OK)
			diag_set(&why, "%s: %s", target->ca_file.text, err_text(rc));
	}
	if (d->broken)
		log_error("notify", "%s", why.text);
}

void delivery_close(struct delivery *d)
{
	OPENSSL_cleanse(d->secret, sizeof d->secret);
	buf_deinit(&d->anchor);
	reach_deinit(&d->reach);
}

bool delivery_is_due(
    struct delivery *d, const struct notices *n, struct sent *sent, int64_t now_s)
{
	const struct config_events *events = &d->target->events;
	const struct sent_target *told = sent_of(sent, n, d->id);
	unsigned wanted = 0;

	for (size_t i = 0; i < events->count; i++)
		wanted |= 1U << events->items[i];
	d->due.any = false;
	if (told != NULL)
		sent_due(&d->due, n, told, wanted, (uint64_t)now_s);
	return d->due.any;
}

/* ---- words ---- */

static enum err write_text(struct buf *out, const struct delivery *d, const char *language)
{
	words_use(language, NULL);
	text_write(out, &d->due);
	words_use("en", NULL);
	return buf_status(out);
}

enum err delivery_run(const struct delivery *d, const char *language, struct diag *why)
{
	struct buf text = BUF_INIT(TEXT_MAX_BYTES);

	enum err rc = write_text(&text, d, language);
	if (rc == OK)
		rc = command_run(
		    d->target->to.text, buf_slice(&text), COMMAND_LONGEST_MS, why);
	buf_deinit(&text);
	return rc;
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

static enum err write_mail(
    struct buf *out, const struct delivery *d, const char *text, int64_t now_s)
{
	const struct config_notify_target *target = d->target;
	struct mail mail = {.to = target->address.text, .text = text, .now_s = now_s};

	mail.from =
	    mail_is_address(target->to.user) ? target->to.user : target->address.text;
	if (getrandom(mail.id, sizeof mail.id, 0) != (ssize_t)sizeof mail.id)
		return ERR_IO;
	mail_write(out, &mail);
	return buf_status(out);
}

enum err delivery_send(
    const struct delivery *d, const char *language, int64_t now_s, struct diag *why)
{
	const struct config_notify_to *to = &d->target->to;
	struct buf text = BUF_INIT(TEXT_MAX_BYTES);
	struct buf body = BUF_INIT(MAIL_MAX_BYTES);

	enum err rc = write_text(&text, d, language);
	if (rc == OK)
		rc = to->kind == NOTIFY_HTTPS
		    ? write_post(&body, buf_cstr(&text))
		    : write_mail(&body, d, buf_cstr(&text), now_s);
	if (rc == OK) {
		const struct send what = {.target = d->target,
		    .reach = &d->reach,
		    .secret = d->secret,
		    .anchor = buf_slice(&d->anchor),
		    .text = buf_slice(&body),
		    /* Signing in with an address, one writes from it. */
		    .from = mail_is_address(to->user) ? to->user : d->target->address.text};
		rc = send_now(&what, why);
	} else {
		diag_set(why, "%s", err_text(rc));
	}
	buf_deinit(&text);
	buf_deinit(&body);
	return rc;
}
