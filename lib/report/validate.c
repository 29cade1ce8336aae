/* What a receiver can check without knowing the counts. */
#include <string.h>

#include "report/internal.h"

static bool is_sensitive(const struct report_document *d, const char *category)
{
	for (size_t i = 0; i < d->sensitive_count; i++)
		if (strcmp(d->sensitive[i], category) == 0)
			return true;
	return strcmp(category, REPORT_SENSITIVE_OTHER) == 0;
}

static bool is_uuid(const char *id)
{
	if (strlen(id) != REPORT_ID_BYTES - 1)
		return false;
	for (size_t i = 0; i < REPORT_ID_BYTES - 1; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		bool hex = (id[i] >= '0' && id[i] <= '9') || (id[i] >= 'a' && id[i] <= 'f');
		if (dash ? id[i] != '-' : !hex)
			return false;
	}
	return true;
}

/* The band that min_devices stands in is the lowest one that may be shown. */
static bool band_may_show(const struct report_document *d, enum report_band band)
{
	return band != REPORT_BAND_NONE && band >= report_band_of(d->privacy.min_devices);
}

static enum err check_record(
    const struct report_document *d, const struct report_record *r, struct diag *why)
{
	bool weekly = d->cut == REPORT_WEEK_SENSITIVE;

	if (is_sensitive(d, r->category) != weekly) {
		diag_set(why, "\"%s\" does not belong in this cut", r->category);
		return ERR_FORMAT;
	}
	if (r->below)
		return OK;
	if (r->attempts == 0 && r->band == REPORT_BAND_NONE && !weekly)
		return OK;
	if (!band_may_show(d, r->band)) {
		diag_set(why, "\"%s\" shows too few devices", r->category);
		return ERR_FORMAT;
	}
	/* Each device met it once at least. */
	if (r->attempts < report_round_attempts(d->privacy.min_devices) ||
	    report_round_attempts(r->attempts) != r->attempts) {
		diag_set(why, "\"%s\" is not rounded", r->category);
		return ERR_FORMAT;
	}
	return OK;
}

static enum err check_records(const struct report_document *d, struct diag *why)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < d->record_count; i++) {
		const struct report_record *r = &d->records[i];
		enum err rc = check_record(d, r, why);
		if (rc != OK)
			return rc;
		if (report_find(d, r->tier, r->category) != r) {
			diag_set(why, "\"%s\" stands twice for one tier", r->category);
			return ERR_FORMAT;
		}
		sum += r->attempts;
	}
	if (d->published_total > sum) {
		diag_set(why, "the total is more than the records");
		return ERR_FORMAT;
	}
	return OK;
}

enum err report_validate(const struct report_document *d, struct diag *why)
{
	if (!is_uuid(d->report_id) || d->revision == 0) {
		diag_set(why, "no report-id or revision");
		return ERR_FORMAT;
	}
	if (d->privacy.min_devices < REPORT_FLOOR_DEVICES) {
		diag_set(why, "min-devices below %d", REPORT_FLOOR_DEVICES);
		return ERR_FORMAT;
	}
	for (size_t i = 0; i < d->coverage_count; i++)
		if (d->coverage[i].by_default_percent > 100) {
			diag_set(why, "more than 100 percent");
			return ERR_FORMAT;
		}
	for (size_t i = 0; i < d->name_count; i++)
		if (!band_may_show(d, d->names[i].band) ||
		    is_sensitive(d, d->names[i].category)) {
			diag_set(why, "a name that must not be shown");
			return ERR_FORMAT;
		}
	return check_records(d, why);
}
