/* The fields a person fills in, in the order of the tables. */
#include <string.h>

#include "district/reports_manual.h"

/* As quick_report_form.kinds of rules/pages.yaml; a test compares them. */
static const char *const incidents[MANUAL_INCIDENTS] = {
    "harmful_content", "bullying", "abuse", "images", "scam", "self_harm", "other"};

const char *manual_incident(size_t i)
{
	return incidents[i];
}

#define INCIDENT(kind)                                                          \
	{"b7." kind ".received", "B7", kind, MANUAL_NUMBER, YB_RECEIVED},       \
	    {"b7." kind ".supported", "B7", kind, MANUAL_NUMBER, YB_SUPPORTED}, \
	    {"b7." kind ".to_111", "B7", kind, MANUAL_NUMBER, YB_TO_111},       \
	    {"b7." kind ".to_police", "B7", kind, MANUAL_NUMBER, YB_TO_POLICE}, \
	    {"b7." kind ".to_care", "B7", kind, MANUAL_NUMBER, YB_TO_CARE},     \
	{                                                                       \
		"b7." kind ".open", "B7", kind, MANUAL_NUMBER, YB_OPEN          \
	}

static const struct manual_field fields[] = {
    {"b1.pupils", "B1", "", MANUAL_NUMBER, YB_PUPILS},
    {"b6.median_hours", "B6", "", MANUAL_HOURS, YB_MEDIAN},
    {"b6.granted", "B6", "", MANUAL_NUMBER, YB_GRANTED},
    INCIDENT("harmful_content"),
    INCIDENT("bullying"),
    INCIDENT("abuse"),
    INCIDENT("images"),
    INCIDENT("scam"),
    INCIDENT("self_harm"),
    INCIDENT("other"),
    {"b8.recipient", "B8", "", MANUAL_TEXT, YB_RECIPIENT},
    {"b9.events", "B9", "", MANUAL_NUMBER, YB_EVENTS},
    {"b9.pupils", "B9", "", MANUAL_NUMBER, YB_PUPILS_REACHED},
    {"b9.teachers", "B9", "", MANUAL_NUMBER, YB_TEACHERS_REACHED},
    {"b9.parents", "B9", "", MANUAL_NUMBER, YB_PARENTS_REACHED},
    {"b9.schools_held", "B9", "", MANUAL_NUMBER, YB_SCHOOLS_HELD},
    {"b9.schools_extracurricular", "B9", "", MANUAL_NUMBER, YB_SCHOOLS_EXTRACURRICULAR},
    {"b10.missions", "B10", "", MANUAL_NUMBER, YB_MISSIONS},
    {"b10.inspected", "B10", "", MANUAL_NUMBER, YB_INSPECTED},
    {"b10.findings", "B10", "", MANUAL_NUMBER, YB_FINDINGS},
    {"b10.fixed", "B10", "", MANUAL_NUMBER, YB_FIXED},
    {"b11.wrong_blocks", "B11", "", MANUAL_NUMBER, YB_WRONG_BLOCKS},
    {"b12.results", "B12", "", MANUAL_TEXT, YB_RESULTS},
    {"b12.difficulties", "B12", "", MANUAL_TEXT, YB_DIFFICULTIES},
    {"b12.proposals", "B12", "", MANUAL_TEXT, YB_PROPOSALS},
};
_Static_assert(COUNT_OF(fields) <= MANUAL_FIELDS_MAX, "room for every field");

const struct manual_field *manual_fields(size_t *count)
{
	*count = COUNT_OF(fields);
	return fields;
}

size_t manual_find(const char *id)
{
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		if (strcmp(fields[i].id, id) == 0)
			return i;
	return SIZE_MAX;
}
