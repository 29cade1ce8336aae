#include "desk/users.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "conf/config.h"
#include "desk/desk.h"
#include "desk/signing.h"
#include "kit/log.h"
#include "kit/users_path.h"

/* What changes whenever the file does. */
struct print {
	bool there;
	ino_t inode;
	off_t size;
	struct timespec written, changed; /* chmod is a change, too */
};

struct users {
	struct accounts all;
	char path[FILE_PATH_BYTES];
	struct print print;
};

static struct print print_of(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return (struct print){.there = false};
	return (struct print){true, st.st_ino, st.st_size, st.st_mtim, st.st_ctim};
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool same_print(const struct print *a, const struct print *b)
{
	return a->there == b->there && a->inode == b->inode && a->size == b->size &&
	    same_time(a->written, b->written) && same_time(a->changed, b->changed);
}

/* A file that cannot be read as a whole lets nobody in. */
static void read_again(struct users *u, const struct print *print)
{
	struct accounts all = ACCOUNTS_NONE;
	struct diag why = {.text = ""};
	char text[DIAG_LINE_BYTES];

	u->print = *print; /* taken before reading: a change meanwhile is seen next time */
	enum err rc = accounts_load(&all, ACCOUNT_HOUSE_SCHOOL, u->path, &why);
	accounts_deinit(&u->all);
	u->all = all;
	if (rc == OK)
		return;
	diag_describe(text, sizeof text, &why);
	log_error("users", "%s", text[0] != 0 ? text : err_text(rc));
	/* What may pass without a change of the file is tried again the next second. */
	if (rc == ERR_IO || rc == ERR_MEMORY)
		u->print = (struct print){.there = false};
}

void users_look(struct desk *desk)
{
	struct users *u = desk->users;

	if (u == NULL)
		return;
	const struct print print = print_of(u->path);

	if (same_print(&print, &u->print))
		return;
	read_again(u, &print);
	/* Whoever signed in with a role or password of before does so again. */
	signing_forget(desk);
	log_info("users", "%zu accounts", u->all.count);
}

static void use_config(struct desk *desk)
{
	struct users *u = desk->users;
	char path[FILE_PATH_BYTES];

	if (users_path(path, sizeof path, desk->config) != OK || strcmp(path, u->path) == 0)
		return;
	memcpy(u->path, path, sizeof path);
	u->print = (struct print){.inode = 0};
	accounts_deinit(&u->all);
	users_look(desk);
}

static enum err open_users(struct desk *desk, struct diag *why)
{
	struct users *u = calloc(1, sizeof *u);

	if (u == NULL)
		return ERR_MEMORY;
	enum err rc = users_path(u->path, sizeof u->path, desk->config);
	if (rc != OK) {
		diag_set(why, "console.users_file: %s", err_text(rc));
		free(u);
		return rc;
	}
	const struct print print = print_of(u->path);
	read_again(u, &print);
	desk->users = u;
	return OK;
}

static void close_users(struct desk *desk)
{
	accounts_deinit(&desk->users->all);
	free(desk->users);
	desk->users = NULL;
}

const struct accounts *users_now(const struct desk *desk)
{
	static const struct accounts nobody = {.items = NULL};

	return desk->users == NULL ? &nobody : &desk->users->all;
}

const struct part users_part = {.name = "users",
    .open = open_users,
    .on_config = use_config,
    .on_second = users_look,
    .close = close_users};
