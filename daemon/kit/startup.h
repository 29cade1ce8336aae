/* startup -- what every program of the gateway does before its own work.
 *
 *	int main(int argc, char **argv)
 *	{
 *		struct startup s;
 *		int status;
 *
 *		if (!startup_begin(&s, "lachan-page", argc, argv, &status))
 *			return status;
 *		... sockets_count(&s.sockets, SOCKETS_PAGE_HTTP), sandbox_enter(), s.config ...
 *		startup_end(&s);
 *	}
 *
 * startup_begin() reads `-c FILE`, `--check`, `--version`, `--config-fd N` and
 * LACHAN_CONFIG_FD, takes over handed sockets, closes every other inherited descriptor,
 * forbids core files, ties a child of the supervisor to its life, reads the configuration,
 * chooses the time zone, and opens the log. What is said afterwards is English. */
#ifndef KIT_STARTUP_H
#define KIT_STARTUP_H

#include <stdbool.h>

#include "base/diag.h"
#include "base/err.h"
#include "base/file.h"
#include "kit/sockets.h"

struct config; /* conf/config.h */

struct startup_option {
	const char *name;   /* "--only" */
	const char **value; /* NULL: a switch without a value */
	bool *given;        /* may be NULL */
	const char *help;   /* English msgid */
};

struct startup {
	const char *program;
	/* The configuration of the start, owned by this struct. A program that replaces it
	 * takes it with startup_take_config(). */
	struct config *config;
	char config_path[FILE_PATH_BYTES]; /* of -c; "" when it came by descriptor */
	struct sockets sockets;            /* handed over; empty when run by hand */
	bool supervised;                   /* a link or a descriptor was handed over */
	int link_fd;                       /* for link_open(); -1 when there is none */
};

/* What only files beside the configuration can tell (kit/certificates.h): called, from here
 * on, with every configuration that is read from its file -- at the start, by --check, by
 * startup_read_again() -- and its errors are mistakes like the others. Children of the
 * supervisor get what was judged already, and could not open such files again. Call it
 * before startup_begin(). */
typedef void startup_judge(const struct config *config, struct diags *all);
void startup_use_judge(startup_judge *judge);

/* False: the program ends now with *status (0 after --check and --version, 2 for wrong
 * usage or configuration, 1 for anything else); everything was said and released. */
MUST_CHECK bool startup_begin(
    struct startup *s, const char *program, int argc, char **argv, int *status);
/* The same for a program with options of its own; `options` ends with a NULL name. */
MUST_CHECK bool startup_begin_with(struct startup *s, const char *program, int argc,
    char **argv, const struct startup_option *options, int *status);
void startup_end(struct startup *s);

/* The configuration, now the caller's (config_free). */
struct config *startup_take_config(struct startup *s);

/* What a program prints as its result for who started it: in the school's language from
 * here on, unless that is the supervisor; startup_speak_to_log() goes back to the English
 * of logs, which is in force after startup_begin(). README.md has the rule. */
void startup_speak_to_person(const struct startup *s);
void startup_speak_to_log(void);

/* Time zone and log as `config` says; for a configuration that comes later, too.
 * The time zone is for before threads: it cannot change without a restart anyway. */
void startup_use_config(const char *program, const struct config *config);

/* For HUP in a program run by hand with -c: reads the file again; `now` is the
 * configuration in force. OK: *out is the caller's. ERR_CONFIG: mistakes, or a key that
 * needs a restart; they were logged; keep the old one. ERR_UNSUPPORTED: it was started by
 * descriptor, and the supervisor sends changes over the link. */
MUST_CHECK enum err startup_read_again(
    const struct startup *s, const struct config *now, struct config **out);

/* run_dir and state_dir with owner and mode, for a program run by hand; the supervisor
 * has done it for its children. ERR_IO with *why. */
MUST_CHECK enum err startup_make_folders(const struct config *config, struct diag *why);

#endif
