/* An approver's word: yes, hold, release. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/words.h"
#include "desk/call.h"
#include "desk/filter.h"
#include "desk/notices.h"
#include "desk/signing.h"
#include "desk/summaries.h"
#include "kit/log.h"

#define APPROVERS ACCOUNT_BIT(ACCOUNT_APPROVER)

enum {
	DETAIL_BYTES = 80
};

/* What somebody says about a document, or about all of them. */
struct saying {
	struct call *call;
	const struct account *who;
	const char *id; /* of the request */
	struct approvals record;
	int64_t now_s;
};

/* Signs in, and reads the record. False: the call has been refused. */
static bool begin(struct saying *s, struct call *c)
{
	struct diag why = {.text = ""};

	*s = (struct saying){.call = c, .id = call_text(c, "id"), .now_s = desk_wall_s()};
	s->who = signing_require(c, APPROVERS);
	if (s->who == NULL)
		return false;
	if (s->id == NULL) {
		call_refuse(c, WHY_FAILED, N_("that is no request"));
		return false;
	}
	enum err rc = summaries_record(c->desk, &s->record, &why);
	if (rc == OK)
		return true;
	log_error("summaries", "%s", why.text);
	call_refuse(c, WHY_FAILED,
	    N_("the record of approvals is damaged: nothing leaves until it is removed and "
	       "made anew"));
	return false;
}

/* Keeps the record, tells the audit trail, and ends the call with `reply`, which it takes. */
static void finish(struct saying *s, const char *action, const char *detail, json_t *reply)
{
	struct call *c = s->call;
	char actor[SIGNING_ACTOR_BYTES];
	char path[FILE_PATH_BYTES];

	enum err rc = summaries_path(c->desk, path, sizeof path, APPROVALS_FILE);
	if (rc == OK)
		rc = approvals_save(&s->record, path);
	if (rc == OK) {
		signing_actor(actor, s->who, APPROVERS);
		const struct filter_entry entry = {
		    .actor = actor, .action = action, .detail = detail};
		filter_record(c->desk->filter, &entry);
		call_give(c, reply);
	} else {
		if (rc == ERR_IO)
			notices_disk_refused(c->desk);
		log_error(
		    "summaries", "an approver's word could not be kept: %s", err_text(rc));
		json_decref(reply);
		call_fail(c, rc);
	}
	approvals_deinit(&s->record);
}

/* Ends the call without a change. */
static void give_up(struct saying *s, enum err rc)
{
	if (rc == ERR_NOT_FOUND)
		call_refuse(s->call, "unknown", N_("no summary of this number waits"));
	else if (rc == ERR_FULL)
		call_refuse(s->call, WHY_FAILED, N_("too many documents are held already"));
	else
		call_fail(s->call, rc);
	approvals_deinit(&s->record);
}

/* ---- yes ---- */

static enum err say_yes(struct saying *s, const char *id, json_t *approved)
{
	enum err rc = approvals_yes(&s->record, id, s->who->name, s->now_s);

	if (rc == OK)
		(void)json_array_append_new(approved, json_string(id));
	return rc;
}

/* To what waits now, and that the way is open at all. */
static enum err say_yes_to_all(struct saying *s, json_t *approved)
{
	struct sharing_document *all = NULL;
	char outbox[FILE_PATH_BYTES];
	size_t count = 0;

	enum err rc = summaries_path(s->call->desk, outbox, sizeof outbox, "outbox");
	if (rc == OK)
		rc = approvals_yes_to_all(&s->record, s->who->name, s->now_s);
	if (rc == OK)
		rc = sharing_documents(outbox, &all, &count);
	for (size_t i = 0; i < count && rc == OK; i++)
		rc = say_yes(s, all[i].report_id, approved);
	free(all);
	return rc;
}

void summaries_on_approve(struct call *c)
{
	struct sharing_document d;
	struct saying s;
	struct desk *desk = c->desk;
	char detail[DETAIL_BYTES];
	enum err rc;

	if (!begin(&s, c))
		return;
	bool all = strcmp(s.id, "all") == 0;
	bool first = s.record.first_s == 0;
	json_t *approved = json_array();
	if (all) {
		rc = say_yes_to_all(&s, approved);
	} else {
		rc = summaries_find(c->desk, s.id, &d);
		if (rc == OK)
			rc = say_yes(&s, d.report_id, approved);
	}
	if (rc != OK) {
		json_decref(approved);
		give_up(&s, rc);
		return;
	}
	if (all)
		(void)snprintf(
		    detail, sizeof detail, "all (%zu)", json_array_size(approved));
	else
		(void)snprintf(detail, sizeof detail, "%s", d.report_id);
	finish(&s, "summary-approve", detail,
	    json_pack("{s:o,s:b}", "approved", approved, "first", first ? 1 : 0));
	summaries_share_now(desk);
}

/* ---- hold, release ---- */

void summaries_on_hold(struct call *c)
{
	struct sharing_document d;
	struct saying s;

	if (!begin(&s, c))
		return;
	enum err rc = summaries_find(c->desk, s.id, &d);
	if (rc == OK)
		rc = approvals_hold(&s.record, d.report_id, s.who->name, s.now_s);
	if (rc == OK)
		finish(
		    &s, "summary-hold", d.report_id, json_pack("{s:s}", "id", d.report_id));
	else
		give_up(&s, rc);
}

void summaries_on_release(struct call *c)
{
	struct saying s;

	if (!begin(&s, c))
		return;
	/* Of a document that is gone, too: so its hold can be cleared away. */
	enum err rc = approvals_release(&s.record, s.id);
	if (rc == OK)
		finish(&s, "summary-release", s.id, json_pack("{s:s}", "id", s.id));
	else
		give_up(&s, rc);
}
