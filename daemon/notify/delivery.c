#include "notify/delivery.h"

#include "base/words.h"
#include "conf/config.h"
#include "kit/log.h"
#include "notify/text.h"

/* ---- what it takes ---- */

void delivery_open(struct delivery *d, const struct config_notify_target *target)
{
	const struct tell_target where = {&target->to, target->address.text,
	    target->password_file.text, target->ca_file.text};
	struct diag why = {.text = ""};

	*d = (struct delivery){.target = target,
	    .id = notices_target_id(target->to.text, target->address.text)};
	d->broken = tell_open(&d->tell, &where, &why) != OK;
	if (d->broken)
		log_error("notify", "%s", why.text);
}

void delivery_close(struct delivery *d)
{
	tell_close(&d->tell);
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
		rc = tell_run(&d->tell, buf_cstr(&text), why);
	buf_deinit(&text);
	return rc;
}

enum err delivery_send(
    const struct delivery *d, const char *language, int64_t now_s, struct diag *why)
{
	struct buf text = BUF_INIT(TEXT_MAX_BYTES);

	enum err rc = write_text(&text, d, language);
	if (rc == OK)
		rc = tell_send(&d->tell, buf_cstr(&text), now_s, why);
	else
		diag_set(why, "%s", err_text(rc));
	buf_deinit(&text);
	return rc;
}
