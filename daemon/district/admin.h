/* admin -- what the commands of the administration share: words of the command line, the store,
 * the record, and how a failure is told. Threads: one. */
#ifndef DISTRICT_ADMIN_H
#define DISTRICT_ADMIN_H

#include <stdbool.h>

#include "district/config.h"
#include "district/store.h"
#include "district/subcommands.h"

enum {
	ADMIN_DONE = 0,
	ADMIN_FAILED = 1,
	ADMIN_USAGE = 2
};

/* "lachan-district: SENTENCE" on stderr; returns ADMIN_FAILED. */
int admin_fail(const char *format, ...) PRINTF_LIKE(1, 2);
/* The same of *why, or of `rc` when it is empty. */
int admin_fail_why(const struct diag *why, enum err rc);
/* The same of the store's last call. */
int admin_fail_store(const struct store *store, enum err rc);

/* Takes "--dry-run" out of the words; whether it was there. */
bool admin_take_flag(struct command *c, const char *flag);
/* Takes "--on VALUE" out of the words. True also when it is not there (*value stays as it was);
 * false: the value is missing. */
bool admin_take_value(struct command *c, const char *option, const char **value);
/* The same for a day; false after saying what is wrong. */
bool admin_take_day(struct command *c, const char *option, int32_t *day);
/* Whether a word is left that looks like an option nobody took. */
bool admin_has_options(const struct command *c);

/* The department's own day. */
int32_t admin_today(const struct command *c);
/* "2026-11-22 09:15" of the department's clock. */
enum {
	ADMIN_TIME_BYTES = 32
};
void admin_time_text(char out[ADMIN_TIME_BYTES], int64_t at_s);

/* Opens the store of the configuration; says why it cannot. The caller closes it. */
bool admin_open(const struct command *c, struct store **out);

/* An entry of the record, by whoever runs us. A failure is said, and is no failure of what was
 * done already. */
void admin_record(const struct command *c, const char *action, const char *scope,
    const char *format, ...) PRINTF_LIKE(4, 5);

int admin_units(struct command *c);
int admin_token(struct command *c);
int admin_key(struct command *c);
int admin_user(struct command *c);
int admin_import(struct command *c);
int admin_export(struct command *c);
int admin_backup(struct command *c);
int admin_restore(struct command *c);
int admin_check(struct command *c);
int admin_notify(struct command *c);

#endif
