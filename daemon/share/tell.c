#include "share/tell.h"

#include <stdio.h>

#include <jansson.h>

#include "base/bytes.h"
#include "kit/control_client.h"
#include "kit/json_memory.h"
#include "kit/log.h"

#define ACTOR "lachan-share"

enum {
	TIMEOUT_MS = 2000,
	DETAIL_BYTES = 320
};

static enum err ask(const struct tell *t, const char *request, struct diag *why)
{
	struct control_client client = {.fd = -1};
	struct slice answer;

	enum err rc = control_client_open(&client, t->control_path, TIMEOUT_MS, why);
	if (rc == OK)
		rc = control_client_ask(&client, slice_of(request), &answer, why);
	if (rc == OK && !slice_starts(answer, SLICE_LIT("{\"ok\":true"))) {
		json_t *root = json_loadb((const char *)answer.ptr, answer.len, 0, NULL);
		if (!json_is_true(json_object_get(root, "ok"))) {
			const char *error =
			    json_string_value(json_object_get(root, "error"));
			diag_set(why, "%s", error == NULL ? "refused" : error);
			rc = ERR_DENIED;
		}
		json_decref(root);
	}
	control_client_close(&client);
	return rc;
}

void tell_record(struct tell *t, const char *action, const struct tell_entry *entry)
{
	char detail[DETAIL_BYTES];
	struct diag why = {.text = ""};
	enum err rc = ERR_MEMORY;

	if (entry->report_id[0] != 0)
		(void)snprintf(detail, sizeof detail, "%s sha256:%s %s %u",
		    entry->report_id, entry->sha256, entry->recipient, entry->status);
	else
		(void)snprintf(
		    detail, sizeof detail, "%s %u", entry->recipient, entry->status);
	json_t *request = json_pack("{s:s,s:s,s:s,s:s}", "command", "audit", "actor", ACTOR,
	    "action", action, "detail", detail);
	char *text = request == NULL ? NULL : json_dumps(request, JSON_COMPACT);
	if (text != NULL)
		rc = t->silent ? ERR_TIMEOUT : ask(t, text, &why);
	t->silent = t->silent || rc == ERR_TIMEOUT;
	if (rc != OK)
		log_warn("audit", "%s %s could not be recorded: %s", action, detail,
		    why.text[0] != 0 ? why.text : err_text(rc));
	json_memory_free(text);
	json_decref(request);
}
