#include "unit/feed/reading.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const char *reach_text(unsigned kind)
{
	switch (kind & RULE_REACH_MASK) {
	case RULE_SUBTREE:
		return "subtree";
	case RULE_EXACT:
		return "exact";
	default:
		return "below";
	}
}

static enum err note(void *arg, const struct feed_rule *rule)
{
	struct reading *out = arg;
	char name[NAME_TEXT_MAX];

	name_to_text(name, rule->rule.name);
	int n = snprintf(out->rules + out->used, sizeof out->rules - out->used,
	    "%s%s%s%s %s@%u", out->count == 0 ? "" : ", ",
	    rule->rule.kind & RULE_EXCEPTION ? "@@" : "",
	    rule->rule.kind & RULE_IMPORTANT ? "!" : "", reach_text(rule->rule.kind), name,
	    (unsigned)rule->line);
	if (n > 0 && (size_t)n < sizeof out->rules - out->used)
		out->used += (size_t)n;
	out->count++;
	return OK;
}

static bool is_protected(void *arg, const struct feed_rule *rule)
{
	char name[NAME_TEXT_MAX];

	(void)arg;
	name_to_text(name, rule->rule.name);
	return strcmp(name, "edu.vn") == 0;
}

void reading_of_bytes(struct reading *out, const char *format, enum reading_match match,
    struct slice text, size_t chunk)
{
	*out = (struct reading){.rc = OK};
	struct feed_options options = {
	    .format = format == NULL ? NULL : feed_format_find(format),
	    .exact = match == MATCH_EXACT,
	    .on_rule = note,
	    .is_protected = is_protected,
	    .arg = out};
	struct feed_parser *p;

	assert_true(format == NULL || options.format != NULL);
	assert_int_equal(feed_parser_new(&p, &options), OK);
	while (text.len > 0 && out->rc == OK) {
		size_t n = chunk == 0 || chunk > text.len ? text.len : chunk;
		out->rc = feed_parser_push(p, (struct slice){text.ptr, n}, &out->why);
		text = (struct slice){text.ptr + n, text.len - n};
	}
	if (out->rc == OK)
		out->rc = feed_parser_finish(p, &out->why);
	out->stats = *feed_parser_stats(p);
	out->format = feed_parser_format(p);
	feed_parser_free(p);
}

void reading_of(struct reading *out, const char *format, const char *text)
{
	struct reading whole;

	reading_of_bytes(&whole, format, MATCH_SUBTREE, slice_of(text), 0);
	reading_of_bytes(out, format, MATCH_SUBTREE, slice_of(text), 1);
	assert_string_equal(whole.rules, out->rules);
	assert_int_equal(whole.stats.lines, out->stats.lines);
	assert_int_equal(feed_stats_refused(&whole.stats), feed_stats_refused(&out->stats));
}

void expect_rules(const char *format, const char *text, const char *rules)
{
	struct reading r;

	reading_of(&r, format, text);
	assert_int_equal(r.rc, OK);
	assert_string_equal(r.rules, rules);
}

void expect_refused(const char *format, const char *text, enum feed_reason reason)
{
	struct reading r;

	reading_of(&r, format, text);
	assert_int_equal(r.rc, OK);
	assert_string_equal(r.rules, "");
	assert_int_equal(feed_stats_refused(&r.stats), 1);
	if (r.stats.refused[reason] != 1)
		fail_msg(
		    "\"%s\" was not refused as \"%s\"", text, feed_reason_text(reason));
	assert_int_equal(r.stats.first_lines[reason][0], 1);
}
