/* What IT is told of sharing: a recipient that has stopped, or documents that wait for days. */
#include <time.h>

#include "approvals/approvals.h"
#include "base/file.h"
#include "conf/config.h"
#include "desk/desk.h"
#include "desk/notices.h"
#include "sharing/overview.h"

enum {
	DAY_S = 24 * 3600,
	WAITS_DAYS =
	    3 /* behind its day's end and the hold; a weekend without network is none */
};

/* The principal's own will is nothing to mend. */
static bool is_held(void *context, const char *report_id)
{
	return approvals_find(context, APPROVAL_HELD, report_id) != NULL;
}

static uint32_t day_before(int64_t now_s, uint64_t seconds)
{
	time_t at = (time_t)(now_s - (int64_t)seconds);
	struct tm local;

	if (localtime_r(&at, &local) == NULL)
		return 0;
	return (uint32_t)(local.tm_year + 1900) * 10000 +
	    (uint32_t)(local.tm_mon + 1) * 100 + (uint32_t)local.tm_mday;
}

static bool is_behind(
    const struct config_share *share, const struct sharing_overview *found, int64_t now_s)
{
	uint32_t since = day_before(now_s, share->hold_ms / 1000 + WAITS_DAYS * DAY_S);

	for (size_t i = 0; i < found->count; i++) {
		const struct sharing_recipient *r = &found->recipients[i];
		if (r->state.stopped_s != 0 ||
		    (r->oldest_day != 0 && r->oldest_day < since))
			return true;
	}
	return false;
}

bool notices_is_not_shared(const struct desk *desk)
{
	const struct config_share *share = &desk->config->share;
	const char *names[SHARING_RECIPIENTS_MAX];
	struct approvals said = APPROVALS_NONE;
	struct sharing_overview found;
	struct diag why = {.text = ""};
	char path[FILE_PATH_BYTES];
	const struct sharing_question question = {
	    .state_dir = desk->config->server.state_dir.text,
	    .names = names,
	    .count = share->recipients.count,
	    .skip = is_held,
	    .context = &said};

	if (share->recipients.count == 0 ||
	    path_join(path, sizeof path, question.state_dir, APPROVALS_FILE) != OK)
		return false;
	for (size_t i = 0; i < question.count && i < SHARING_RECIPIENTS_MAX; i++)
		names[i] = share->recipients.items[i].name.text;
	/* A damaged record lets nothing leave: that is one of the things to tell. */
	bool damaged = approvals_read(&said, path, &why) == ERR_FORMAT;
	bool behind = sharing_overview(&found, &question) == OK &&
	    is_behind(share, &found, desk_wall_s());
	approvals_deinit(&said);
	return damaged || behind;
}
