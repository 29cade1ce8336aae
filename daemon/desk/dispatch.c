#include "desk/dispatch.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/words.h"
#include "conf/config.h"
#include "desk/answer.h"
#include "desk/call.h"
#include "desk/leaf.h"
#include "desk/notices.h"
#include "desk/presence.h"
#include "desk/quick.h"
#include "desk/reports.h"
#include "desk/reviews.h"
#include "desk/signing.h"
#include "desk/standing.h"
#include "desk/summaries.h"
#include "desk/teaching.h"
#include "desk/users.h"
#include "kit/log.h"

enum {
	TRY_ABSENT_S = 60
};

/* In the order in which they are opened; closed the other way round. */
static const struct part *const PARTS[] = {
    &users_part,
    &presence_part,
    &signing_part,
    &standing_part,
    &teaching_part,
    &notices_part,
    &reviews_part,
    &reports_part,
    &quick_part,
    &summaries_part,
    &answer_part,
    &leaf_part,
};

_Static_assert(COUNT_OF(PARTS) <= DESK_PARTS_MAX, "desk->present is too short");

static const struct part_row *find_row(const struct part_row *rows, const char *command)
{
	for (; rows != NULL && rows->command != NULL; rows++)
		if (strcmp(rows->command, command) == 0)
			return rows;
	return NULL;
}

/* *absent tells whether its part could not be opened. */
static const struct part_row *find(
    const struct desk *desk, enum desk_socket socket, const char *command, bool *absent)
{
	for (size_t i = 0; i < COUNT_OF(PARTS); i++) {
		const struct part_row *row = find_row(
		    socket == DESK_FORMS ? PARTS[i]->forms : PARTS[i]->desk, command);
		*absent = !desk->present[i];
		if (row != NULL)
			return row;
	}
	return NULL;
}

bool dispatch_knows(const struct desk *desk, enum desk_socket socket, const char *command)
{
	bool absent;

	return find(desk, socket, command, &absent) != NULL && !absent;
}

static void answer(struct desk *desk, struct control_peer *peer, enum desk_socket socket,
    struct slice request)
{
	struct call *c = call_begin(desk, peer, socket, request);
	bool absent = false;

	if (c == NULL)
		return;
	const char *command = call_text(c, "command");
	const struct part_row *row =
	    command == NULL ? NULL : find(desk, socket, command, &absent);
	if (row == NULL)
		call_refuse(c, WHY_FAILED, N_("this command is not known here"));
	else if (absent)
		call_refuse(c, WHY_FAILED,
		    N_("this part of the desk could not start; the gateway's log says why"));
	else
		row->run(c);
}

static void on_forms(void *context, struct control_peer *peer, struct slice request)
{
	answer(context, peer, DESK_FORMS, request);
}

static void on_line(void *context, struct control_peer *peer, struct slice request)
{
	answer(context, peer, DESK_LINE, request);
}

static void on_closed(void *context, struct control_peer *peer)
{
	call_forget_peer(context, peer);
}

static enum err open_socket(struct desk *desk, struct control_server **out,
    const char *name, const struct control_handlers *handlers, struct diag *why)
{
	char path[FILE_PATH_BYTES];

	enum err rc = path_join(path, sizeof path, desk->config->server.run_dir.text, name);
	return rc == OK ? control_server_open(out, desk->base, path, handlers, why) : rc;
}

/* A part that is missing takes its own commands with it and nothing else. */
static void open_parts(struct desk *desk)
{
	for (size_t i = 0; i < COUNT_OF(PARTS); i++) {
		struct diag why = {.text = ""};
		enum err rc = PARTS[i]->open == NULL ? OK : PARTS[i]->open(desk, &why);
		desk->present[i] = rc == OK;
		if (rc != OK)
			log_error(PARTS[i]->name,
			    "%s; its commands are refused, and it is tried again",
			    why.text[0] != 0 ? why.text : err_text(rc));
	}
}

enum err dispatch_open(struct desk *desk, struct diag *why)
{
	/* The page runs as our own user; nobody else has a reason to hand a form in. */
	const struct control_handlers forms = {.on_request = on_forms,
	    .on_closed = on_closed,
	    .context = desk,
	    .ourselves_alone = true,
	    .page = CONTROL_PAGE_AS_WE};
	const struct control_handlers line = {
	    .on_request = on_line, .on_closed = on_closed, .context = desk};

	open_parts(desk);
	enum err rc = open_socket(desk, &desk->forms, "forms.sock", &forms, why);
	return rc == OK ? open_socket(desk, &desk->line, "desk.sock", &line, why) : rc;
}

void dispatch_close(struct desk *desk)
{
	control_server_close(desk->forms);
	control_server_close(desk->line);
	desk->forms = NULL;
	desk->line = NULL;
	for (size_t i = COUNT_OF(PARTS); i-- > 0;)
		if (desk->present[i] && PARTS[i]->close != NULL)
			PARTS[i]->close(desk);
	calls_drop(desk);
}

void dispatch_use_config(struct desk *desk)
{
	for (size_t i = 0; i < COUNT_OF(PARTS); i++)
		if (desk->present[i] && PARTS[i]->on_config != NULL)
			PARTS[i]->on_config(desk);
}

/* A disk that was not there yet, or memory that was short, need no restart. */
static void try_absent(struct desk *desk)
{
	for (size_t i = 0; i < COUNT_OF(PARTS); i++) {
		struct diag why = {.text = ""};
		if (desk->present[i] || PARTS[i]->open(desk, &why) != OK)
			continue;
		desk->present[i] = true;
		log_info(PARTS[i]->name, "could be opened now");
	}
}

void dispatch_second(struct desk *desk)
{
	for (size_t i = 0; i < COUNT_OF(PARTS); i++)
		if (desk->present[i] && PARTS[i]->on_second != NULL)
			PARTS[i]->on_second(desk);
	if (++desk->waited_s >= TRY_ABSENT_S) {
		desk->waited_s = 0;
		try_absent(desk);
	}
}
