/* ctl -- what every command of lachanctl shares: where the gateway is, and how to answer.
 *
 * Results go to standard output, in the school's language or, with --json, as one English
 * object; mistakes go to standard error. Threads: one. */
#ifndef LACHANCTL_CTL_H
#define LACHANCTL_CTL_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/file.h"
#include "conf/config.h"

enum ctl_status {
	CTL_DONE = 0,
	CTL_FAILED = 1,
	CTL_USAGE = 2
};

enum {
	CTL_TEXT_BYTES = 2048 /* of a sentence that came in English */
};

struct ctl {
	bool json;
	bool english;                /* the words of tiers and categories */
	const struct config *config; /* NULL: none was given and none is installed */
	const char *config_path;     /* where it came from; "" without */
	bool config_given;           /* by -c, not by its place */
	char control_path[FILE_PATH_BYTES];
	char lachand_path[FILE_PATH_BYTES];
	char desk_path[FILE_PATH_BYTES];
	int argc; /* of the command's own words, without options of all */
	char **argv;
	/* Options; NULL when not given. */
	const char *tier, *group, *client, *type, *at, *for_time, *reason, *note, *role,
	    *user;
	const char *period, *year, *html, *csv, *pdf; /* of `report` */
	const char *dialect;                          /* "--nft", "--uci", "--routeros" */
	bool dialect_twice;
	bool all;
	bool last; /* --last: yes, even the last one */
};

/* Sends {"command":…} with the members of `arguments` (may be NULL; taken). On success
 * *reply is the caller's (json_decref), without its member "ok". Else CTL_FAILED, after
 * saying why. */
enum ctl_status ctl_ask(struct ctl *c, const char *path, const char *command,
    json_t *arguments, json_t **reply);
/* The same, but an unreachable gateway is told to the caller alone: *reached false. */
enum ctl_status ctl_try(struct ctl *c, const char *path, const char *command,
    json_t *arguments, json_t **reply, bool *reached);

/* The reply of a command without arguments, or NULL where nobody answers or may not be
 * asked, for five seconds; says nothing. The caller's. */
json_t *ctl_peek(const char *path, const char *command);
/* The same with arguments, which it takes. */
json_t *ctl_peek_with(const char *path, const char *command, json_t *arguments);

/* "the gateway is not running", with what to do about it; CTL_FAILED. */
enum ctl_status ctl_not_running(const struct ctl *c, const char *path);

/* Prints the object, one line, and takes it; CTL_DONE. */
enum ctl_status ctl_print_json(json_t *taken);
/* "lachanctl: SENTENCE" to standard error, or {"error":…} with --json; returns `status`. */
enum ctl_status ctl_fail(
    const struct ctl *c, enum ctl_status status, const char *format, ...) PRINTF_LIKE(3, 4);
/* "COMMAND: not built yet". */
enum ctl_status ctl_not_built(const struct ctl *c, const char *command);
/* What the gateway refused, with why and, where it has them, each mistake as
 * FILE:LINE:COLUMN: error: TEXT, in the language in use; with --json the reply itself.
 * Takes the reply; CTL_FAILED. */
enum ctl_status ctl_refused(const struct ctl *c, json_t *taken);
/* How the command is written; CTL_USAGE. */
enum ctl_status ctl_usage(const struct ctl *c, const char *usage);

/* The word people use for a tier or category: its name in the school's language, or the id
 * itself without a configuration. */
const char *ctl_tier_words(const struct ctl *c, const char *tier);
const char *ctl_category_words(const struct ctl *c, const char *category);

/* Has this school somebody in the tier: a level of its own, the default tier, or a claim?
 * True without a configuration. */
bool ctl_tier_is_used(const struct ctl *c, const char *tier);

/* Was the configuration's file written after the running filter took what it runs by?
 * `status`: the filter's reply to that command. False where that cannot be known. */
bool ctl_config_is_newer(const struct ctl *c, const json_t *status);

/* {"tier":…} from --tier, or an empty object. */
json_t *ctl_tier_argument(const struct ctl *c);

/* ---- the commands; each returns the exit status ---- */

enum ctl_status command_status(struct ctl *c);
enum ctl_status command_explain(struct ctl *c);
enum ctl_status command_feeds(struct ctl *c);
enum ctl_status command_reload(struct ctl *c);
enum ctl_status command_flush(struct ctl *c);
enum ctl_status command_rollback(struct ctl *c);
enum ctl_status command_pause(struct ctl *c);
enum ctl_status command_resume(struct ctl *c);
enum ctl_status command_stats(struct ctl *c);
enum ctl_status command_top(struct ctl *c);
enum ctl_status command_watch(struct ctl *c);
enum ctl_status command_summary(struct ctl *c);
enum ctl_status command_audit(struct ctl *c);
enum ctl_status command_policy(struct ctl *c);
enum ctl_status command_allow(struct ctl *c);
enum ctl_status command_deny(struct ctl *c);
enum ctl_status command_grants(struct ctl *c);
enum ctl_status command_revoke(struct ctl *c);
enum ctl_status command_plan(struct ctl *c);
enum ctl_status command_firewall(struct ctl *c);
enum ctl_status command_diagnose(struct ctl *c);
enum ctl_status command_doctor(struct ctl *c);
enum ctl_status command_selftest(struct ctl *c);
enum ctl_status command_reviews(struct ctl *c);
enum ctl_status command_report(struct ctl *c);
enum ctl_status command_reports(struct ctl *c);
enum ctl_status command_user(struct ctl *c);
enum ctl_status command_enrol(struct ctl *c);
enum ctl_status command_ca(struct ctl *c);
enum ctl_status command_client_kit(struct ctl *c);

#endif
