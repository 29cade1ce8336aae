#include "district/admin.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/words.h"
#include "district/audit_book.h"
#include "district/units_table.h"
#include "kit/local_time.h"

/* ---- what went wrong ---- */

int admin_fail(const char *format, ...)
{
	va_list args;

	(void)fputs("lachan-district: ", stderr);
	va_start(args, format);
	(void)vfprintf(stderr, format, args);
	va_end(args);
	(void)fputc('\n', stderr);
	return ADMIN_FAILED;
}

int admin_fail_why(const struct diag *why, enum err rc)
{
	char text[DIAG_LINE_BYTES];

	diag_describe(text, sizeof text, why);
	return admin_fail("%s", text[0] != 0 ? text : err_text(rc));
}

int admin_fail_store(const struct store *store, enum err rc)
{
	const char *why = store_why(store);

	return admin_fail("%s", why[0] != 0 ? why : err_text(rc));
}

/* ---- the words of the command line ---- */

static void drop_words(struct command *c, int at, int count)
{
	for (int i = at; i + count <= c->argc; i++) /* the NULL at the end, too */
		c->argv[i] = c->argv[i + count];
	c->argc -= count;
}

bool admin_take_flag(struct command *c, const char *flag)
{
	for (int i = 0; i < c->argc; i++)
		if (strcmp(c->argv[i], flag) == 0) {
			drop_words(c, i, 1);
			return true;
		}
	return false;
}

bool admin_take_value(struct command *c, const char *option, const char **value)
{
	for (int i = 0; i < c->argc; i++) {
		if (strcmp(c->argv[i], option) != 0)
			continue;
		if (i + 1 == c->argc)
			return false;
		*value = c->argv[i + 1];
		drop_words(c, i, 2);
		return true;
	}
	return true;
}

bool admin_take_day(struct command *c, const char *option, int32_t *day)
{
	const char *text = NULL;

	if (admin_take_value(c, option, &text) &&
	    (text == NULL || unit_day_read(slice_of(text), day)))
		return true;
	(void)admin_fail(
	    _("%s wants a day of the calendar: 2026-09-01, or 01/09/2026"), option);
	return false;
}

bool admin_has_options(const struct command *c)
{
	for (int i = 0; i < c->argc; i++)
		if (strncmp(c->argv[i], "--", 2) == 0)
			return true;
	return false;
}

/* ---- time ---- */

int32_t admin_today(const struct command *c)
{
	return day_at(c->now.wall_s, local_offset_s(NULL, c->now.wall_s));
}

void admin_time_text(char out[ADMIN_TIME_BYTES], int64_t at_s)
{
	char full[LOCAL_TIME_TEXT_BYTES];

	local_time_text(full, at_s);
	(void)snprintf(out, ADMIN_TIME_BYTES, "%.10s %.5s", full, full + 11);
}

/* ---- the store and the record ---- */

bool admin_open(const struct command *c, struct store **out)
{
	char where[FILE_PATH_BYTES];
	struct diag why = {.text = ""};
	enum err rc = district_config_store_where(where, sizeof where, c->config);

	if (rc == OK)
		rc = store_open(out, where, &why);
	if (rc != OK)
		(void)admin_fail_why(&why, rc);
	return rc == OK;
}

void admin_record(
    const struct command *c, const char *action, const char *scope, const char *format, ...)
{
	char actor[32], detail[900];
	struct diag why = {.text = ""};
	va_list args;

	(void)snprintf(actor, sizeof actor, "uid:%u", (unsigned)c->caller_uid);
	va_start(args, format);
	(void)vsnprintf(detail, sizeof detail, format, args);
	va_end(args);
	const struct audit_entry entry = {
	    .actor = actor, .action = action, .scope = scope, .detail = detail};
	enum err rc =
	    audit_book_write(c->config->server.state_dir.text, c->now.wall_s, &entry, &why);
	if (rc != OK)
		(void)admin_fail(_("it was done, but the record could not be told: %s"),
		    why.text[0] != 0 ? why.text : err_text(rc));
}
