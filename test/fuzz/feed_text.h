/* What every format's fuzz target checks: what the parser gives must hold, whole or in
 * pieces. Included by fuzz_feed_*.c alone. */
#ifndef FUZZ_FEED_TEXT_H
#define FUZZ_FEED_TEXT_H

#include <stdlib.h>

#include "base/hash.h"
#include "feed/feed.h"
#include "feed/pattern.h"

/* A failed promise ends the program, with or without NDEBUG. */
#define HOLDS(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static void check_name(struct dname name)
{
	size_t at = 0, labels = 0;

	HOLDS(name.len >= 5 && name.len <= NAME_OCTETS_MAX);
	while (name.wire[at] != 0) {
		size_t len = name.wire[at];
		HOLDS(len <= NAME_LABEL_OCTETS_MAX && at + len + 1 < name.len);
		for (size_t i = 1; i <= len; i++) {
			uint8_t c = name.wire[at + i];
			HOLDS((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			    c == '-' || c == '_');
		}
		at += len + 1;
		labels++;
	}
	HOLDS(at + 1 == name.len);
	HOLDS(labels >= 2);
}

/* What is given can be kept, and is read again as what it was. */
static uint64_t check_terms(const struct rule_terms *terms)
{
	struct buf once = BUF_INIT(RULE_TERMS_MAX_BYTES);
	struct buf twice = BUF_INIT(RULE_TERMS_MAX_BYTES);
	struct rule_terms read;

	rule_terms_write(&once, terms);
	HOLDS(buf_status(&once) == OK);
	HOLDS(rule_terms_read(&read, buf_slice(&once)) == OK);
	rule_terms_write(&twice, &read);
	HOLDS(slice_equal(buf_slice(&once), buf_slice(&twice)));
	uint64_t sum = checksum64(0, buf_slice(&once));
	buf_deinit(&once);
	buf_deinit(&twice);
	return sum;
}

static void check_pattern(struct slice text)
{
	struct feed_pattern *pattern;

	HOLDS(feed_pattern_new(&pattern, text) == OK);
	feed_pattern_free(pattern);
}

static enum err check_rule(void *arg, const struct feed_rule *rule)
{
	uint64_t *sum = arg;
	const struct rule *r = &rule->rule;

	HOLDS((r->subject == RULE_OF_NAME) == (r->name.wire != NULL));
	if (r->subject == RULE_OF_NAME) {
		check_name(r->name);
		*sum = checksum64(*sum, (struct slice){r->name.wire, r->name.len});
	} else {
		HOLDS(r->terms != NULL);
	}
	if (r->terms != NULL) {
		*sum = hash_mix64(*sum ^ check_terms(r->terms));
		HOLDS((r->subject == RULE_OF_PATTERN) == (r->terms->pattern.len > 0));
		HOLDS((r->subject == RULE_OF_NETWORK) == (r->terms->network.family != 0));
	}
	if (r->subject == RULE_OF_PATTERN)
		check_pattern(r->terms->pattern);
	HOLDS((r->kind & RULE_REACH_MASK) != 3 && r->kind < RULE_KINDS);
	HOLDS(rule->line >= 1);
	HOLDS(rule->text.len <= FEED_LINE_MAX_BYTES);
	*sum = hash_mix64(*sum ^ rule->line ^ (uint64_t)r->kind << 48);
	*sum = checksum64(*sum, rule->text);
	return OK;
}

static enum err parse(const char *format, struct slice text, size_t chunk, uint64_t *sum,
    struct feed_stats *stats)
{
	struct feed_options options = {.on_rule = check_rule, .arg = sum};
	struct feed_parser *p;
	struct diag why = {0};

	options.format = format == NULL ? NULL : feed_format_find(format);
	options.exact = text.len % 2 == 1;
	if (feed_parser_new(&p, &options) != OK)
		abort();
	enum err rc = OK;
	while (rc == OK && text.len > 0) {
		size_t n = text.len < chunk ? text.len : chunk;
		/* a copy of its own, so that reading beyond a chunk is seen */
		uint8_t *copy = malloc(n);
		HOLDS(copy != NULL);
		memcpy(copy, text.ptr, n);
		rc = feed_parser_push(p, (struct slice){copy, n}, &why);
		free(copy);
		text = (struct slice){text.ptr + n, text.len - n};
	}
	if (rc == OK)
		rc = feed_parser_finish(p, &why);
	HOLDS(rc == OK || (rc == ERR_FORMAT && why.text[0] != '\0'));
	*stats = *feed_parser_stats(p);
	if (rc == OK)
		(void)!feed_judge(stats, feed_parser_format(p), &why);
	feed_parser_free(p);
	return rc;
}

/* The same text at once, and in chunks of a size taken from the text itself. */
static void check_text(const char *format, const uint8_t *data, size_t size)
{
	struct feed_stats whole, pieces;
	uint64_t sums[2] = {0, 0};
	struct slice text = {data, size};
	size_t chunk = size == 0 ? 1 : (size_t)data[size / 2] + 1;

	enum err a = parse(format, text, size == 0 ? 1 : size, &sums[0], &whole);
	enum err b = parse(format, text, chunk, &sums[1], &pieces);
	HOLDS(a == b && sums[0] == sums[1]);
	HOLDS(whole.lines == pieces.lines && whole.rules == pieces.rules);
	HOLDS(feed_stats_refused(&whole) == feed_stats_refused(&pieces));
	HOLDS(whole.blank <= whole.lines && whole.useful_lines <= whole.rules);
}

#endif
