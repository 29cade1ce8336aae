/* The canonical JSON of a document: members in the contract's order, no blanks. */
#include <string.h>

#include "report/internal.h"

/* `open` is true right after a bracket or a key: no comma there. */
struct json {
	struct buf *out;
	bool open;
};

static void separate(struct json *j)
{
	if (!j->open)
		buf_byte(j->out, ',');
	j->open = false;
}

void report_put_text(struct buf *out, const char *text)
{
	buf_byte(out, '"');
	for (const char *s = text == NULL ? "" : text; *s != 0; s++) {
		uint8_t c = (uint8_t)*s;
		if (c == '"' || c == '\\') {
			buf_byte(out, '\\');
			buf_byte(out, c);
		} else if (c < 0x20 || c == 0x7f) {
			buf_printf(out, "\\u%04x", c);
		} else {
			buf_byte(out, c);
		}
	}
	buf_byte(out, '"');
}

static void put_text(struct json *j, const char *text)
{
	separate(j);
	report_put_text(j->out, text);
}

static void put_number(struct json *j, uint64_t n)
{
	separate(j);
	buf_printf(j->out, "%llu", (unsigned long long)n);
}

static void put_truth(struct json *j, bool truth)
{
	separate(j);
	buf_text(j->out, truth ? "true" : "false");
}

static void key(struct json *j, const char *name)
{
	put_text(j, name);
	buf_byte(j->out, ':');
	j->open = true;
}

static void begin(struct json *j, char bracket)
{
	separate(j);
	buf_byte(j->out, (uint8_t)bracket);
	j->open = true;
}

static void end(struct json *j, char bracket)
{
	buf_byte(j->out, (uint8_t)bracket);
	j->open = false;
}

static void key_text(struct json *j, const char *name, const char *text)
{
	key(j, name);
	put_text(j, text);
}

static void key_number(struct json *j, const char *name, uint64_t n)
{
	key(j, name);
	put_number(j, n);
}

static void key_truth(struct json *j, const char *name, bool truth)
{
	key(j, name);
	put_truth(j, truth);
}

static void key_words(
    struct json *j, const char *name, const char *const *words, size_t count)
{
	key(j, name);
	begin(j, '[');
	for (size_t i = 0; i < count; i++)
		put_text(j, words[i]);
	end(j, ']');
}

static void put_head(struct json *j, const struct report_document *d)
{
	key_text(j, "format", "lachan-summary");
	key_text(j, "version", "1.0");
	key_text(j, "report-id", d->report_id);
	key_number(j, "revision", d->revision);
	if (d->cut == REPORT_WEEK_SENSITIVE)
		key_text(j, "cut", "week-sensitive");
	key(j, "organization");
	begin(j, '{');
	key_text(j, "unit", d->unit);
	key_text(j, "name", d->name);
	key_words(j, "kind", d->kinds, d->kind_count);
	end(j, '}');
	key_text(j, "contact-info", d->contact);
	key_text(j, "generator", d->generator);
	key(j, "date-range");
	begin(j, '{');
	key_text(j, "start-datetime", d->start);
	key_text(j, "end-datetime", d->end);
	end(j, '}');
}

static void put_privacy(struct json *j, const struct report_document *d)
{
	key(j, "privacy");
	begin(j, '{');
	key_number(j, "min-devices", d->privacy.min_devices);
	key_number(j, "min-population", d->privacy.min_population);
	key_number(j, "round", 5);
	key_number(j, "cap", d->privacy.cap);
	key_words(j, "sensitive", d->sensitive, d->sensitive_count);
	if (d->silent_given)
		key_words(j, "silent", d->silent, d->silent_count);
	end(j, '}');
}

static void put_policy(struct json *j, const struct report_document *d)
{
	key(j, "policy");
	begin(j, '{');
	key_text(j, "sha256", d->policy_sha256);
	key_truth(j, "enforce", d->enforce);
	key(j, "tiers");
	begin(j, '[');
	for (size_t i = 0; i < d->tier_count; i++) {
		begin(j, '{');
		key_text(j, "tier", d->tiers[i].tier);
		key_words(j, "block", d->tiers[i].block, d->tiers[i].block_count);
		key_text(j, "youtube", d->tiers[i].youtube);
		end(j, '}');
	}
	end(j, ']');
	key(j, "categories");
	begin(j, '[');
	for (size_t i = 0; i < d->category_count; i++) {
		begin(j, '{');
		key_text(j, "category", d->categories[i].category);
		key_number(j, "entries", d->categories[i].entries);
		end(j, '}');
	}
	end(j, ']');
	key(j, "feeds");
	begin(j, '[');
	for (size_t i = 0; i < d->feed_count; i++) {
		begin(j, '{');
		key_text(j, "name", d->feeds[i].name);
		key_number(j, "entries", d->feeds[i].entries);
		key_number(j, "age-hours", d->feeds[i].age_hours);
		key_text(j, "sha256", d->feeds[i].sha256);
		end(j, '}');
	}
	end(j, ']');
	put_privacy(j, d);
	end(j, '}');
}

static void put_coverage(struct json *j, const struct report_document *d)
{
	key(j, "coverage");
	begin(j, '{');
	key_number(j, "uptime-seconds", d->uptime_s);
	key_number(j, "unfiltered-seconds", d->unfiltered_s);
	key_truth(j, "partial", d->partial);
	key_text(j, "placement", d->placement);
	key_truth(j, "shared-source", d->shared_source);
	if (d->cut == REPORT_DAY) {
		key_number(j, "queries", d->queries);
		key(j, "tiers");
		begin(j, '[');
		for (size_t i = 0; i < d->coverage_count; i++) {
			begin(j, '{');
			key_text(j, "tier", d->coverage[i].tier);
			key_text(j, "devices", report_band_text(d->coverage[i].band));
			key_number(
			    j, "by-default-percent", d->coverage[i].by_default_percent);
			end(j, '}');
		}
		end(j, ']');
	}
	end(j, '}');
}

static void put_record(struct json *j, const struct report_record *r)
{
	begin(j, '{');
	if (r->tier != NULL)
		key_text(j, "tier", r->tier);
	key_text(j, "category", r->category);
	if (r->below) {
		key_text(j, "attempts", "below");
	} else {
		key_number(j, "attempts", r->attempts);
		if (r->band != REPORT_BAND_NONE)
			key_text(j, "devices", report_band_text(r->band));
	}
	end(j, '}');
}

static void put_counts(struct json *j, const struct report_document *d)
{
	key(j, "records");
	begin(j, '[');
	for (size_t i = 0; i < d->record_count; i++)
		put_record(j, &d->records[i]);
	end(j, ']');
	key_number(j, "published-total", d->published_total);
	if (d->cut != REPORT_DAY)
		return;
	key(j, "names");
	begin(j, '[');
	for (size_t i = 0; i < d->name_count; i++) {
		begin(j, '{');
		key_text(j, "category", d->names[i].category);
		key_text(j, "name", d->names[i].name);
		key_text(j, "devices", report_band_text(d->names[i].band));
		end(j, '}');
	}
	end(j, ']');
}

const char *report_reviews_text(uint32_t from)
{
	switch (from) {
	case 0:
		return "0-9";
	case 10:
		return "10-19";
	case 20:
		return "20-49";
	case 50:
		return "50-99";
	default:
		return "100+";
	}
}

static void put_tail(struct json *j, const struct report_document *d)
{
	if (d->cut == REPORT_DAY) {
		key(j, "reviews");
		begin(j, '{');
		key_text(j, "requested", report_reviews_text(d->reviews_floor));
		key_number(j, "answered-percent", d->reviews_percent);
		end(j, '}');
	}
	key(j, "failures");
	begin(j, '[');
	for (size_t i = 0; i < d->failure_count; i++) {
		begin(j, '{');
		key_text(j, "type", d->failures[i].type);
		key_number(j, "count", d->failures[i].count);
		key_text(j, "first", d->failures[i].first);
		key_text(j, "last", d->failures[i].last);
		end(j, '}');
	}
	end(j, ']');
}

enum err report_encode(const struct report_document *document, struct buf *out)
{
	struct json j = {out, true};

	begin(&j, '{');
	put_head(&j, document);
	put_policy(&j, document);
	put_coverage(&j, document);
	put_counts(&j, document);
	put_tail(&j, document);
	end(&j, '}');
	return buf_status(out);
}
