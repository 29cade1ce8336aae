#include "district/summaries.h"

#include <string.h>

#include "district/config.h"
#include "district/day.h"
#include "district/intake.h"
#include "district/summary_judge.h"

enum {
	DAY_S = 24 * 60 * 60,
	SPARE_DAYS = 8 /* a week that began before the oldest day, and time zones */
};

static bool judge(const struct intake *in, const struct report_document *document)
{
	const struct call *c = in->api.call;
	struct summary_fault fault;

	summary_judge(&fault, document, c->config, c->now.wall_s);
	return fault.why == NULL ||
	    api_refuse(&in->api, 422, fault.why, "%s", fault.text.text);
}

struct namesake {
	const struct report_document *document;
	int32_t day;
	bool found;
};

/* The slot of the document itself is the store's to judge. */
static bool on_other(void *context, const struct document_about *about)
{
	struct namesake *n = context;
	const struct report_document *d = n->document;
	bool same_slot =
	    about->day == n->day && about->cut == d->cut && about->revision == d->revision;

	n->found = !same_slot && strcmp(about->report_id, d->report_id) == 0;
	return !n->found;
}

/* An id that follows from unit, period, cut and revision is no other document's. Of a sender
 * with ids of its own the unit's others are looked at. */
static enum err find_namesake(
    const struct intake *in, const struct report_document *document, bool *found)
{
	const struct call *c = in->api.call;
	struct tally_period period;
	struct diag why = {.text = ""};

	*found = false;
	if (report_id_follows(document) || report_period(document, &period, &why) != OK)
		return OK;
	int32_t today = day_at(c->now.wall_s, 0);
	struct namesake n = {.document = document,
	    .day = day_at(period.start_s, period.start_offset_min * 60)};
	const struct document_query query = {.unit = in->unit,
	    .from =
	        today - (int32_t)(c->config->limits.oldest_ms / 1000 / DAY_S) - SPARE_DAYS,
	    .to = today + 2};
	enum err rc = store_document_list(c->store, &query, on_other, &n);
	*found = n.found;
	return rc == ERR_NOT_FOUND ? OK : rc;
}

static void store(const struct intake *in, const struct report_document *document)
{
	struct call *c = in->api.call;
	enum document_result result = DOCUMENT_CONFLICT;
	bool found = false;
	struct document put = {.unit = in->unit,
	    .document = document,
	    .gzip = c->body,
	    .received_s = c->now.wall_s};

	memcpy(put.sha256, in->sha256, sizeof put.sha256);
	enum err rc = find_namesake(in, document, &found);
	if (rc == OK && !found)
		rc = store_document_put(c->store, &put, &result);
	intake_answer(in, rc, result, document->report_id);
}

void summaries_take(const struct intake *in)
{
	struct report_document document;
	struct diag why = {.text = ""};

	if (in->unsigned_bytes.len > REPORT_MAX_BYTES) {
		(void)api_refuse(&in->api, 413, "expanded",
		    "the document is longer than %u bytes", (unsigned)REPORT_MAX_BYTES);
		return;
	}
	enum err rc = report_decode(&document, buf_slice(&in->unsigned_bytes), &why);
	if (rc != OK) {
		(void)(rc == ERR_MEMORY
		        ? api_fail(&in->api, rc)
		        : api_refuse(&in->api, 400, "json", "%s", why.text));
		return;
	}
	if (intake_check_unit(in, document.unit) && judge(in, &document))
		store(in, &document);
	report_document_deinit(&document);
}

void summaries_post(struct call *c)
{
	struct intake in;

	if (intake_begin(&in, c, METRICS_SUMMARIES, "application/vnd.lachan.summary+json"))
		summaries_take(&in);
	intake_end(&in);
}
