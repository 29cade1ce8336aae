#include "desk/notices.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/config.h"
#include "desk/desk.h"
#include "desk/filter.h"
#include "kit/log.h"
#include "kit/notices_file.h"
#include "notices/sent.h"

enum {
	LOOK_EVERY_MS = 10 * 1000,
	ASK_EVERY_MS = 5 * 1000,
	REFUSED_FOR_MS = 10 * 60 * 1000
};

_Static_assert((int)EVENT_REVIEW == (int)NOTICE_REVIEW &&
        (int)EVENT_REPORT == (int)NOTICE_REPORT &&
        (int)EVENT_FEED_STALE == (int)NOTICE_FEED_STALE &&
        (int)EVENT_DISK_FULL == (int)NOTICE_DISK_FULL &&
        (int)EVENT_UNFILTERED == (int)NOTICE_UNFILTERED &&
        (int)EVENT_NOT_SHARED == (int)NOTICE_NOT_SHARED,
    "what can be configured is what can be told");
_Static_assert((int)NOTICES_TARGETS_MAX == 16, "as many as lib/conf takes");

/* ---- keeping ---- */

static void save(struct desk *desk)
{
	struct desk_notices *s = desk->notices;
	struct buf text = BUF_INIT(NOTICES_FILE_MAX);
	bool refused = false;

	notices_write(&text, &s->n);
	errno = 0;
	enum err rc = buf_status(&text);
	if (rc == OK)
		rc = notices_file_write(
		    desk->config, NOTICES_FILE, buf_slice(&text), &refused);
	if (refused)
		notices_disk_refused(desk);
	if (rc == OK)
		s->changed = false;
	else
		log_error("notices", "what is to be told could not be kept: %s",
		    errno != 0 ? strerror(errno) : err_text(rc));
	buf_deinit(&text);
}

static void on_started(void *context, const json_t *answer)
{
	struct desk *desk = context;
	const char *error = json_string_value(json_object_get(answer, "error"));

	desk->notices->asked = false;
	if (filter_agreed(answer) || desk->notices->told)
		return;
	desk->notices->told = true;
	log_warn("notices", "nobody is told of anything: %s",
	    error != NULL ? error : "no lachand answers, which would start lachan-notify");
}

static void ask_supervisor(struct desk *desk)
{
	struct desk_notices *s = desk->notices;
	uint64_t now_ms = desk_mono_ms();

	if (s->asked || now_ms < s->next_ask_ms)
		return;
	s->next_ask_ms = now_ms + ASK_EVERY_MS;
	s->asked = filter_ask(s->supervisor, json_pack("{s:s}", "command", "notify"),
	               on_started, desk) == OK;
}

static unsigned wanted_of(const struct config_notify_target *target)
{
	unsigned mask = 0;

	for (size_t i = 0; i < target->events.count; i++)
		mask |= 1U << target->events.items[i];
	return mask;
}

static bool anything_due(const struct desk *desk)
{
	struct buf text = BUF_INIT(NOTICES_FILE_MAX);
	struct sent sent = {.target_count = 0};
	bool any = false;

	/* None, or a damaged one: nothing was told. lachan-notify makes it anew. */
	if (notices_file_read(&text, desk->config, NOTICES_SENT_FILE) == OK &&
	    sent_read(&sent, buf_slice(&text)) != OK)
		sent.target_count = 0;
	for (size_t i = 0; i < desk->config->notify.count; i++) {
		const struct config_notify_target *target = &desk->config->notify.items[i];
		struct due due;
		const struct sent_target *told = sent_of(&sent, &desk->notices->n,
		    notices_target_id(target->to.text, target->address.text));
		if (told == NULL)
			continue;
		sent_due(&due, &desk->notices->n, told, wanted_of(target),
		    (uint64_t)desk_wall_s());
		any = any || due.any;
	}
	buf_deinit(&text);
	return any;
}

void notices_keep(struct desk *desk)
{
	if (desk->notices->changed)
		save(desk);
	/* lachan-notify reads the file, so what could not be kept is not worth a start. */
	if (!desk->notices->changed && anything_due(desk))
		ask_supervisor(desk);
}

void notices_count(struct desk *desk, enum notice_kind kind)
{
	struct desk_notices *s = desk->notices;

	if (s == NULL || desk->config->notify.count == 0)
		return;
	s->n.kinds[kind].steps++;
	s->changed = true;
	notices_keep(desk);
}

void notices_disk_refused(struct desk *desk)
{
	if (desk->notices != NULL)
		desk->notices->refused_until_ms = desk_mono_ms() + REFUSED_FOR_MS;
}

/* ---- the part ---- */

static void take_targets(struct desk *desk)
{
	const struct config_notify *all = &desk->config->notify;
	uint64_t ids[NOTICES_TARGETS_MAX];
	size_t count = 0;

	for (; count < all->count && count < NOTICES_TARGETS_MAX; count++)
		ids[count] = notices_target_id(
		    all->items[count].to.text, all->items[count].address.text);
	if (notices_set_targets(&desk->notices->n, ids, count, (uint64_t)desk_wall_s()))
		desk->notices->changed = true;
	desk->notices->told = false;
}

static void read_file(struct desk *desk)
{
	struct buf text = BUF_INIT(NOTICES_FILE_MAX);

	enum err rc = notices_file_read(&text, desk->config, NOTICES_FILE);
	if (rc == OK)
		rc = notices_read(&desk->notices->n, buf_slice(&text));
	if (rc != OK && rc != ERR_NOT_FOUND)
		log_warn("notices",
		    "state_dir/notices: %s; what was not told yet is forgotten",
		    err_text(rc));
	buf_deinit(&text);
}

static enum err open_part(struct desk *desk, struct diag *why UNUSED)
{
	struct desk_notices *s = calloc(1, sizeof *s);

	if (s == NULL)
		return ERR_MEMORY;
	enum err rc = filter_open(
	    &s->supervisor, desk->base, desk->config->server.run_dir.text, "lachand.sock");
	if (rc != OK) {
		free(s);
		return rc;
	}
	desk->notices = s;
	read_file(desk);
	take_targets(desk);
	if (s->changed)
		save(desk);
	return OK;
}

static void close_part(struct desk *desk)
{
	filter_close(desk->notices->supervisor);
	free(desk->notices);
	desk->notices = NULL;
}

static void on_config(struct desk *desk)
{
	take_targets(desk);
	if (desk->notices->changed)
		save(desk);
}

static void on_second(struct desk *desk)
{
	struct desk_notices *s = desk->notices;

	if (desk->config->notify.count == 0 || desk_mono_ms() < s->next_look_ms)
		return;
	s->next_look_ms = desk_mono_ms() + LOOK_EVERY_MS;
	notices_look_around(desk);
	notices_keep(desk);
}

const struct part notices_part = {.name = "notices",
    .open = open_part,
    .on_config = on_config,
    .on_second = on_second,
    .close = close_part};
