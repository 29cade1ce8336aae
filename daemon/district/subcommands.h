/* subcommands -- what a person runs beside the service: `lachan-district -c FILE units import …`.
 *
 * Each part has a table of its own, ending with a row without a name. Started by root, a
 * command works as server.user, so that whatever it leaves in state_dir belongs to the
 * service; a file that the person names is opened as the person, by the two functions below.
 * Threads: one. */
#ifndef DISTRICT_SUBCOMMANDS_H
#define DISTRICT_SUBCOMMANDS_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/err.h"
#include "base/moment.h"

struct district_config; /* district/config.h */

struct command {
	const struct district_config *config;
	const char *config_path;
	struct moment now;
	/* The words behind the subcommand: of `units import FILE` argv[0] is "import". */
	int argc;
	char **argv;
	bool person; /* a terminal reads us: its language; else English */

	/* Private. */
	uid_t caller_uid, user_uid;
	gid_t caller_gid, user_gid;
};

struct subcommand {
	const char *name;      /* "units"; NULL ends a table */
	const char *arguments; /* "import FILE | list | merge FROM TO", for the usage */
	const char *help;      /* one line, English msgid */
	/* 0 done, 1 failed or "no", 2 wrong usage (then the usage line is printed). Says on
	 * stdout what it did, on stderr what went wrong. */
	int (*run)(struct command *c);
};

extern const struct subcommand
    SUBCOMMANDS_ADMIN[]; /* routes_admin.c's part: units, token, … */
extern const struct subcommand SUBCOMMANDS_REPORTS[]; /* report … */
extern const struct subcommand SUBCOMMANDS_BUNDLES[]; /* bundle publish … */

/* Appends a file that the person named ("-": stdin) to `out`; as the person. Errors of
 * file_read(), with *why. */
MUST_CHECK enum err command_read_file(
    const struct command *c, const char *path, struct buf *out, struct diag *why);
/* Writes a file that the person named, whole or not at all; as the person. */
MUST_CHECK enum err command_write_file(const struct command *c, const char *path,
    struct slice content, mode_t mode, struct diag *why);
/* For what needs neither of the two (a database's own backup): the person's rights from here
 * to command_as_user(). ERR_DENIED. */
MUST_CHECK enum err command_as_person(const struct command *c);
MUST_CHECK enum err command_as_user(const struct command *c);

#endif
