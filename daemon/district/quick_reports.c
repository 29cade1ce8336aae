/* POST /v1/quick-reports: what a person at a school tells of one incident. */
#include "district/quick_reports.h"

#include <string.h>

#include "district/intake.h"
#include "district/papers.h"
#include "report/quick.h"

static void store(const struct intake *in, const struct report_quick *quick)
{
	const struct call *c = in->api.call;
	enum document_result result = DOCUMENT_NEW;
	int32_t day = DAY_NONE;

	if (!day_read(slice_of(quick->date), &day)) {
		(void)api_refuse(&in->api, 422, "period", "the incident has no day");
		return;
	}
	struct paper paper = {.kind = PAPER_QUICK_REPORT,
	    .id = quick->report_id,
	    .unit = in->unit,
	    .state = "new",
	    .title = quick->kind,
	    .category = quick->kind,
	    .day = day,
	    .made_s = c->now.wall_s,
	    .changed_by = "",
	    .note = "",
	    .body = buf_slice(&in->unsigned_bytes)};
	memcpy(paper.sha256, in->sha256, sizeof paper.sha256);
	enum err rc = store_paper_put(c->store, &paper, &result);
	intake_answer(in, rc, result, quick->report_id);
}

void quick_reports_take(const struct intake *in)
{
	struct report_quick quick;
	struct diag why = {.text = ""};

	if (in->unsigned_bytes.len > REPORT_QUICK_MAX_BYTES) {
		(void)api_refuse(&in->api, 413, "expanded",
		    "a quick report has at most %u bytes",
		    (unsigned)REPORT_QUICK_MAX_BYTES);
		return;
	}
	enum err rc = report_quick_decode(&quick, buf_slice(&in->unsigned_bytes), &why);
	if (rc != OK) {
		(void)(rc == ERR_MEMORY
		        ? api_fail(&in->api, rc)
		        : api_refuse(&in->api, 400, "json", "%s", why.text));
		return;
	}
	if (intake_check_unit(in, quick.unit))
		store(in, &quick);
	report_quick_deinit(&quick);
}

void quick_reports_post(struct call *c)
{
	struct intake in;

	if (intake_begin(
	        &in, c, METRICS_QUICK_REPORTS, "application/vnd.lachan.quick-report+json"))
		quick_reports_take(&in);
	intake_end(&in);
}
