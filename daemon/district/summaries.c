#include "district/summaries.h"

#include <string.h>

#include "district/intake.h"
#include "district/summary_judge.h"

static bool judge(const struct intake *in, const struct report_document *document)
{
	const struct call *c = in->api.call;
	struct summary_fault fault;

	summary_judge(&fault, document, c->config, c->now.wall_s);
	return fault.why == NULL ||
	    api_refuse(&in->api, 422, fault.why, "%s", fault.text.text);
}

static void store(const struct intake *in, const struct report_document *document)
{
	struct call *c = in->api.call;
	enum document_result result = DOCUMENT_NEW;
	struct document put = {.unit = in->unit,
	    .document = document,
	    .gzip = c->body,
	    .received_s = c->now.wall_s};

	memcpy(put.sha256, in->sha256, sizeof put.sha256);
	enum err rc = store_document_put(c->store, &put, &result);
	intake_answer(in, rc, result, document->report_id);
}

void summaries_take(const struct intake *in)
{
	struct report_document document;
	struct diag why = {.text = ""};

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
