#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "base/words.h"
#include "lachanctl/doctor/doctor.h"
#include "lachanctl/table.h"

enum {
	LINE_WIDTH = 92
};

static const char *const SEVERITIES[] = {
    [SEVERITY_HINT] = "hint", [SEVERITY_WARNING] = "warning", [SEVERITY_ERROR] = "error"};

/* What came from the network stands in sentences: nothing of it may move a cursor, and JSON
 * takes UTF-8 alone. */
static json_t *plain_string(const char *text)
{
	char shown[2 * DOCTOR_DETAIL_BYTES];

	text_printable(shown, sizeof shown, slice_of(text));
	json_t *made = json_string(shown);
	return made != NULL ? made : json_string("?");
}

void doctor_checked(struct doctor *d, const char *id)
{
	(void)json_array_append_new(d->checked, json_string(id));
}

void doctor_skip(
    struct doctor *d, const char *id, const char *interface, const char *reason)
{
	(void)json_array_append_new(d->skipped,
	    json_pack("{s:s, s:s, s:o}", "id", id, "interface",
	        interface == NULL ? "" : interface, "reason", plain_string(reason)));
}

void doctor_skip_rootless(struct doctor *d, const char *id)
{
	doctor_skip(d, id, NULL, _("run as root: sudo lachanctl doctor"));
}

void finding_detail(struct finding *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(f->detail, sizeof f->detail, format, args);
	va_end(args);
}

void finding_fix(struct finding *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(f->fix, sizeof f->fix, format, args);
	va_end(args);
}

/* The worst first; of one severity in the order they came. */
void doctor_find(struct doctor *d, const struct finding *finding)
{
	const char *interface = finding->interface == NULL ? "" : finding->interface;
	size_t at = 0;

	while (at < json_array_size(d->findings)) {
		const char *other = json_string_value(
		    json_object_get(json_array_get(d->findings, at), "severity"));
		size_t theirs = SEVERITY_ERROR;
		while (theirs > SEVERITY_HINT && strcmp(SEVERITIES[theirs], other) != 0)
			theirs--;
		if (theirs < finding->severity)
			break;
		at++;
	}
	(void)json_array_insert_new(d->findings, at,
	    json_pack("{s:s, s:s, s:s, s:o, s:o}", "id", finding->id, "severity",
	        SEVERITIES[finding->severity], "interface", interface, "detail",
	        plain_string(finding->detail), "fix", plain_string(finding->fix)));
	if (finding->severity != SEVERITY_HINT)
		d->worst_count++;
}

void mac_to_text(char out[DOCTOR_MAC_TEXT], const uint8_t mac[PACKET_MAC_OCTETS])
{
	(void)snprintf(out, DOCTOR_MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0],
	    mac[1], mac[2], mac[3], mac[4], mac[5]);
}

/* ---- for people ---- */

static const char *text_of(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL ? value : "";
}

static const char *severity_words(const char *severity)
{
	if (strcmp(severity, "error") == 0)
		return _("WRONG");
	return strcmp(severity, "warning") == 0 ? _("Doubtful") : _("Worth knowing");
}

static void say_paragraph(const char *head, const char *text)
{
	struct buf out = BUF_INIT(4 * DOCTOR_DETAIL_BYTES);

	buf_text(&out, head);
	text_wrap(&out, "  ", text_width(head), LINE_WIDTH, text);
	printf("%s", buf_cstr(&out));
	buf_deinit(&out);
}

static void say_finding(const json_t *finding, size_t number)
{
	char head[160];
	const char *interface = text_of(finding, "interface");

	(void)snprintf(head, sizeof head, "%zu. %s [%s%s%s]: ", number,
	    severity_words(text_of(finding, "severity")), text_of(finding, "id"),
	    *interface != 0 ? " " : "", interface);
	say_paragraph(head, text_of(finding, "detail"));
	(void)snprintf(head, sizeof head, "  %s ", _("To do:"));
	say_paragraph(head, text_of(finding, "fix"));
}

static void say_skipped(const struct doctor *d)
{
	const json_t *one;
	size_t i;

	if (json_array_size(d->skipped) > 0)
		puts(_("Not looked at:"));
	json_array_foreach(d->skipped, i, one)
	{
		char head[96];
		const char *interface = text_of(one, "interface");
		(void)snprintf(head, sizeof head, "  %s%s%s: ", text_of(one, "id"),
		    *interface != 0 ? " " : "", interface);
		say_paragraph(head, text_of(one, "reason"));
	}
}

void doctor_say(const struct doctor *d)
{
	const json_t *one;
	size_t i;

	json_array_foreach(d->findings, i, one) say_finding(one, i + 1);
	say_skipped(d);
	if (d->worst_count == 0) {
		printf(_("Nothing wrong was found in %zu checks.\n"),
		    json_array_size(d->checked));
	}
}
