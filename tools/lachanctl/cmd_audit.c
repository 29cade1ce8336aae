/* audit: the hash-chained record of changes, read and checked. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "audit/audit.h"
#include "base/words.h"
#include "lachanctl/ctl.h"
#include "lachanctl/say.h"
#include "lachanctl/table.h"

enum {
	RECORD_MAX_BYTES = 256 << 20
};

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL ? value : "";
}

static enum ctl_status verify(const struct ctl *c, const char *path)
{
	struct diag why = {.text = ""};
	size_t bad_line = 0;
	enum err rc = audit_verify(path, &bad_line, &why);

	if (rc == ERR_NOT_FOUND)
		return ctl_fail(c, CTL_FAILED, _("there is no record yet (%s)"), path);
	if (rc == ERR_FORMAT) {
		return ctl_fail(c, CTL_FAILED,
		    _("%s:%zu: the chain is broken here: %s. What stands before this line is "
		      "as it was written."),
		    path, bad_line, why.text);
	}
	if (rc != OK)
		return ctl_fail(c, CTL_FAILED, "%s: %s", path, err_text(rc));
	if (c->json)
		return ctl_print_json(json_pack("{s:b}", "intact", 1));
	puts(_("The record is whole: no line was changed, removed or put in."));
	return CTL_DONE;
}

static void add_entry(struct table *t, const json_t *entry)
{
	char at[SAY_BYTES];

	say_time(at, text(entry, "time"), (int64_t)time(NULL));
	table_cell(t, "%s", at);
	table_cell(t, "%s", text(entry, "actor"));
	table_cell(t, "%s", text(entry, "action"));
	table_cell(t, "%s", text(entry, "name"));
	table_cell(t, "%s", text(entry, "scope"));
	table_cell(t, "%s", text(entry, "detail"));
}

static enum ctl_status show(const struct ctl *c, const char *path)
{
	struct buf record = BUF_INIT(RECORD_MAX_BYTES);
	struct table *t = table_new(6);
	enum err rc = file_read(path, &record);
	struct slice rest = buf_slice(&record);

	while (rc == OK && rest.len > 0) {
		struct slice line = slice_cut(&rest, '\n');
		json_t *entry = json_loadb((const char *)line.ptr, line.len, 0, NULL);
		if (entry != NULL && c->json) {
			(void)ctl_print_json(json_incref(entry));
		} else if (entry != NULL) {
			add_entry(t, entry);
		}
		json_decref(entry);
	}
	table_print(t, 0, stdout);
	table_free(t);
	buf_deinit(&record);
	if (rc == ERR_NOT_FOUND)
		return ctl_fail(c, CTL_FAILED, _("there is no record yet (%s)"), path);
	return rc == OK ? CTL_DONE : ctl_fail(c, CTL_FAILED, "%s: %s", path, err_text(rc));
}

enum ctl_status command_audit(struct ctl *c)
{
	char path[FILE_PATH_BYTES];
	bool check = c->argc == 1 && strcmp(c->argv[0], "verify") == 0;

	if (c->argc > 0 && !check)
		return ctl_usage(c, "audit [verify]");
	if (c->config == NULL) {
		return ctl_fail(c, CTL_FAILED,
		    _("the record stands in state_dir; say which configuration: -c FILE"));
	}
	if (path_join(path, sizeof path, c->config->server.state_dir.text, "audit.log") !=
	    OK)
		return ctl_fail(c, CTL_FAILED, "%s", err_text(ERR_RANGE));
	return check ? verify(c, path) : show(c, path);
}
