/* part -- one thing the desk does: its commands, and its life beside them.
 *
 *	const struct part reviews_part = {
 *	    .name = "reviews",
 *	    .forms = FORMS_ROWS, .desk = DESK_ROWS,
 *	    .open = reviews_open, .close = reviews_close, .on_second = reviews_on_second,
 *	};
 *
 * A file for each, a line in dispatch.c's table, and a pointer in struct desk for what it
 * keeps. */
#ifndef DESK_PART_H
#define DESK_PART_H

#include "base/diag.h"
#include "base/err.h"

struct call;
struct desk;

enum {
	DESK_PARTS_MAX = 16
};

/* Which socket a command came by. */
enum desk_socket {
	DESK_FORMS, /* forms.sock: the page, which strangers talk to */
	DESK_LINE   /* desk.sock: root, our own user, our group */
};

/* A command and who answers it; the last one has no name. A handler ends its call once, now
 * or later (call.h). */
struct part_row {
	const char *command;
	void (*run)(struct call *call);
};

struct part {
	const char *name;
	const struct part_row *forms; /* NULL: no command there */
	const struct part_row *desk;
	/* With the sandbox around us, before the first command. A failure costs this part alone:
	 * it is logged with *why, its commands are refused, and it is tried again each minute.
	 * May be NULL, as all below. */
	enum err (*open)(struct desk *desk, struct diag *why);
	/* desk->config is a new one. */
	void (*on_config)(struct desk *desk);
	/* Once a second, more or less. */
	void (*on_second)(struct desk *desk);
	/* Called only when open() was well. */
	void (*close)(struct desk *desk);
};

#endif
