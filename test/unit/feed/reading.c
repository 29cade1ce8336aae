#include "unit/feed/reading.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "dns/codes.h"
#include "dns/text.h"

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

static void PRINTF_LIKE(2, 3) add(struct reading *out, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int n =
	    vsnprintf(out->rules + out->used, sizeof out->rules - out->used, format, args);
	va_end(args);
	if (n > 0 && (size_t)n < sizeof out->rules - out->used)
		out->used += (size_t)n;
}

static void add_network(struct reading *out, const struct rule_network *network)
{
	char text[INET6_ADDRSTRLEN] = "";

	(void)inet_ntop(
	    network->family == 4 ? AF_INET : AF_INET6, network->octets, text, sizeof text);
	add(out, "%s/%u", text, network->bits);
}

static void add_types(struct reading *out, const struct rule_terms *t)
{
	char code[TEXT_CODE_BYTES];

	for (unsigned i = 0; i < t->type_count; i++) {
		text_from_type(code, t->types[i]);
		add(out, " %s%s", t->types_negated ? "~" : "", code);
	}
}

static void add_lists(struct reading *out, const struct rule_terms *t)
{
	char name[NAME_TEXT_MAX];
	struct rule_client client;
	struct slice word;
	bool negated;

	struct reader r = reader_over(t->clients);
	while (rule_client_next(&r, &client)) {
		add(out, " client %s", client.negated ? "~" : "");
		if (client.network.family != 0) {
			add_network(out, &client.network);
		} else {
			add(out, "%.*s", (int)client.word.len,
			    (const char *)client.word.ptr);
		}
	}
	r = reader_over(t->tags);
	while (rule_word_next(&r, &word, &negated))
		add(out, " tag %s%.*s", negated ? "~" : "", (int)word.len,
		    (const char *)word.ptr);
	for (size_t at = 0; at < t->denyallow.len;) {
		struct dname one = {t->denyallow.ptr + at, 0};
		while (one.wire[one.len] != 0)
			one.len += (size_t)one.wire[one.len] + 1;
		one.len++;
		name_to_text(name, one);
		add(out, " but %s", name);
		at += one.len;
	}
}

static void add_action(struct reading *out, const struct rule_terms *t)
{
	static const char *const actions[] = {[RULE_PLAIN] = "",
	    [RULE_RECORD] = " =",
	    [RULE_NXDOMAIN] = " =nxdomain",
	    [RULE_NODATA] = " =nodata",
	    [RULE_REFUSED] = " =refused",
	    [RULE_DROP] = " =drop",
	    [RULE_TCP_ONLY] = " =tcp",
	    [RULE_ANY_DATA] = " =any"};
	char text[NAME_TEXT_MAX] = "";

	add(out, "%s", actions[t->action]);
	if (t->action != RULE_RECORD)
		return;
	text_from_type(text, t->data_type);
	add(out, "%s ", text);
	if (t->data_type == TYPE_CNAME) {
		name_to_text(text, (struct dname){t->data.ptr, t->data.len});
	} else if (t->data_type == TYPE_A) {
		(void)inet_ntop(AF_INET, t->data.ptr, text, sizeof text);
	} else if (t->data_type == TYPE_AAAA) {
		(void)inet_ntop(AF_INET6, t->data.ptr, text, sizeof text);
	} else {
		(void)snprintf(text, sizeof text, "%zu octets", t->data.len);
	}
	add(out, "%s", text);
}

static void add_terms(struct reading *out, const struct rule_terms *t)
{
	add_types(out, t);
	add_lists(out, t);
	add_action(out, t);
	if (t->badfilter)
		add(out, " badfilter");
}

/* What is given can be kept: its encoding is read again as the same. */
static void assert_encodes(const struct rule_terms *terms)
{
	struct buf once = BUF_INIT(RULE_TERMS_MAX_BYTES);
	struct buf twice = BUF_INIT(RULE_TERMS_MAX_BYTES);
	struct rule_terms read;

	rule_terms_write(&once, terms);
	assert_int_equal(buf_status(&once), OK);
	assert_int_equal(rule_terms_read(&read, buf_slice(&once)), OK);
	rule_terms_write(&twice, &read);
	assert_true(slice_equal(buf_slice(&once), buf_slice(&twice)));
	buf_deinit(&once);
	buf_deinit(&twice);
}

static enum err note(void *arg, const struct feed_rule *rule)
{
	struct reading *out = arg;
	const struct rule *r = &rule->rule;
	char name[NAME_TEXT_MAX];

	add(out, "%s%s%s", out->count == 0 ? "" : ", ",
	    r->kind & RULE_EXCEPTION ? "@@" : "", r->kind & RULE_IMPORTANT ? "!" : "");
	if (r->subject == RULE_OF_NAME) {
		name_to_text(name, r->name);
		add(out, "%s %s", reach_text(r->kind), name);
	} else if (r->subject == RULE_OF_PATTERN) {
		add(out, "/%.*s/", (int)r->terms->pattern.len,
		    (const char *)r->terms->pattern.ptr);
	} else {
		add_network(out, &r->terms->network);
	}
	if (r->terms != NULL) {
		add_terms(out, r->terms);
		assert_encodes(r->terms);
	}
	add(out, "@%u", (unsigned)rule->line);
	out->count++;
	return OK;
}

static bool is_protected(void *arg, const struct feed_rule *rule)
{
	char name[NAME_TEXT_MAX];

	(void)arg;
	if (rule->rule.subject != RULE_OF_NAME)
		return false;
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
	if (r.count != 0)
		fail_msg("\"%s\" gave %s", text, r.rules);
	assert_int_equal(feed_stats_refused(&r.stats), 1);
	if (r.stats.refused[reason] != 1)
		fail_msg(
		    "\"%s\" was not refused as \"%s\"", text, feed_reason_text(reason));
	assert_int_equal(r.stats.first_lines[reason][0], 1);
}

void expect_idle(const char *format, const char *text, unsigned lines)
{
	struct reading r;

	reading_of(&r, format, text);
	assert_int_equal(r.rc, OK);
	assert_string_equal(r.rules, "");
	assert_int_equal(feed_stats_refused(&r.stats), 0);
	assert_int_equal(r.stats.idle, lines);
}
