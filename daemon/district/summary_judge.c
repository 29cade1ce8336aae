#include "district/summary_judge.h"

#include "district/config.h"
#include "district/words.h"

enum {
	SENSITIVE_MAX = 64,
	/* A school's clock may be so far before ours: what is refused is set aside for good. */
	SKEW_S = 3600
};

/* What is sensitive is ours to say, whatever a document calls so itself. */
static void list_sensitive(const char *out[SENSITIVE_MAX])
{
	size_t count = 0;
	size_t terms = 0;
	const struct term *all = terms_all(&terms);

	for (size_t i = 0; i < terms && count + 1 < SENSITIVE_MAX; i++)
		if (all[i].kind == TERM_CATEGORY && category_is_sensitive(all[i].id))
			out[count++] = all[i].id;
	out[count] = NULL;
}

static void judge_period(struct summary_fault *fault,
    const struct report_document *document, const struct district_config *config,
    int64_t now_s)
{
	struct tally_period period;

	if (report_period(document, &period, &fault->text) != OK) {
		fault->why = "period";
	} else if (period.end_s > now_s + SKEW_S) {
		fault->why = "future";
		diag_set(&fault->text, "the period is not over yet");
	} else if (period.start_s < now_s - (int64_t)(config->limits.oldest_ms / 1000)) {
		fault->why = "too-old";
		diag_set(&fault->text, "the period is older than what is taken here");
	}
}

void summary_judge(struct summary_fault *fault, const struct report_document *document,
    const struct district_config *config, int64_t now_s)
{
	const char *sensitive[SENSITIVE_MAX];
	const struct report_floor floor = {
	    .min_devices = (uint32_t)config->privacy.min_devices,
	    .min_population = (uint32_t)config->privacy.min_population,
	    .sensitive = sensitive};

	*fault = (struct summary_fault){.why = NULL};
	list_sensitive(sensitive);
	enum report_fault found = report_validate(document, &floor, &fault->text);
	if (found != REPORT_FINE)
		fault->why = report_fault_word(found);
	else
		judge_period(fault, document, config, now_s);
}
