/* Bytes in any chunks become lines; a line is the format's business. */
#include <stdlib.h>

#include "feed/internal.h"

enum err feed_parser_new(struct feed_parser **out, const struct feed_options *options)
{
	struct feed_parser *p = calloc(1, sizeof *p);

	if (p == NULL)
		return ERR_MEMORY;
	p->options = *options;
	p->format = options->format;
	p->head = BUF_INIT(FEED_HEAD_MAX_BYTES);
	p->partial = BUF_INIT(FEED_LINE_MAX_BYTES);
	feed_making_init(&p->made);
	p->zone.record = BUF_INIT(FEED_LINE_MAX_BYTES);
	*out = p;
	return OK;
}

void feed_parser_free(struct feed_parser *p)
{
	if (p == NULL)
		return;
	buf_deinit(&p->head);
	buf_deinit(&p->partial);
	buf_deinit(&p->zone.record);
	feed_making_deinit(&p->made);
	free(p);
}

const struct feed_stats *feed_parser_stats(const struct feed_parser *p)
{
	return &p->stats;
}

const struct feed_format *feed_parser_format(const struct feed_parser *p)
{
	return p->format;
}

/* ---- what formats call ---- */

void feed_refuse(struct feed_parser *p, enum feed_reason reason)
{
	uint64_t nth = p->stats.refused[reason]++;
	if (nth < FEED_EXAMPLES)
		p->stats.first_lines[reason][nth] = p->stats.lines;
}

void feed_idle(struct feed_parser *p)
{
	p->stats.idle++;
}

void feed_blank(struct feed_parser *p)
{
	p->stats.blank++;
}

static bool is_single_label(const struct name_buf *name)
{
	return (size_t)name->wire[0] + 2 == name->len;
}

void feed_give(struct feed_parser *p, const struct rule *rule)
{
	struct feed_rule given = {
	    .rule = *rule,
	    .line = p->stats.lines,
	    .text = p->line,
	};
	const struct feed_options *o = &p->options;

	if (o->is_protected != NULL && o->is_protected(o->arg, &given)) {
		feed_refuse(p, FEED_PROTECTED);
		return;
	}
	p->stats.rules++;
	p->stats.useful_lines += !p->line_useful;
	p->line_useful = true;
	p->rc = o->on_rule(o->arg, &given);
}

void feed_emit(struct feed_parser *p, unsigned kind)
{
	if (p->rc != OK)
		return;
	if (is_single_label(&p->name)) {
		feed_refuse(p, FEED_TLD);
		return;
	}
	feed_give(p,
	    &(struct rule){
	        .subject = RULE_OF_NAME, .kind = kind, .name = name_of(&p->name)});
}

/* ---- lines ---- */

static void take_line(struct feed_parser *p, struct slice line)
{
	p->stats.lines++;
	p->line = line;
	p->line_useful = false;
	struct slice trimmed = slice_trim(line);
	if (p->too_long || line.len > FEED_LINE_MAX_BYTES) {
		feed_refuse(p, FEED_LINE_TOO_LONG);
	} else if (trimmed.len == 0) {
		feed_blank(p);
	} else {
		p->format->read(p, trimmed);
	}
}

/* Adds to the line that has no end yet; beyond the ceiling it is skipped to its end. */
static void keep_partial(struct feed_parser *p, struct slice bytes)
{
	if (p->too_long)
		return;
	if (bytes.len > FEED_LINE_MAX_BYTES - p->partial.len) {
		p->too_long = true;
		buf_reset(&p->partial);
		return;
	}
	buf_append(&p->partial, bytes);
	if (buf_status(&p->partial) != OK)
		p->rc = ERR_MEMORY;
}

static void end_line(struct feed_parser *p, struct slice tail)
{
	if (p->partial.len == 0 && !p->too_long) {
		take_line(p, tail); /* the common case: whole in this chunk, no copy */
		return;
	}
	keep_partial(p, tail);
	if (p->rc == OK)
		take_line(p, buf_slice(&p->partial));
	buf_reset(&p->partial);
	p->too_long = false;
}

static size_t line_length(struct slice bytes)
{
	size_t n = 0;
	while (n < bytes.len && bytes.ptr[n] != '\n' && bytes.ptr[n] != '\r')
		n++;
	return n;
}

static void consume(struct feed_parser *p, struct slice bytes)
{
	while (bytes.len > 0 && p->rc == OK) {
		if (p->skip_lf && bytes.ptr[0] == '\n')
			bytes = (struct slice){bytes.ptr + 1, bytes.len - 1};
		p->skip_lf = false;
		size_t n = line_length(bytes);
		struct slice line = {bytes.ptr, n};
		if (n == bytes.len) {
			keep_partial(p, line);
			return;
		}
		p->skip_lf = bytes.ptr[n] == '\r';
		bytes = (struct slice){bytes.ptr + n + 1, bytes.len - n - 1};
		end_line(p, line);
	}
}

/* ---- the beginning ---- */

static const struct feed_format *guess_or_plain(struct slice head)
{
	const struct feed_format *guess = feed_format_guess(head);
	/* Nothing was recognised: read as names, so that each line is counted with its
	 * reason; feed_judge will say what it was not. */
	return guess != NULL ? guess : feed_format_find("domains");
}

static void start(struct feed_parser *p, struct slice head, struct slice rest)
{
	p->started = true;
	p->rc = feed_sniff(head, &p->why);
	if (p->rc != OK)
		return;
	if (slice_starts(head, SLICE_LIT("\xef\xbb\xbf")))
		head = (struct slice){head.ptr + 3, head.len - 3};
	if (p->format == NULL)
		p->format = guess_or_plain(head);
	consume(p, head);
	consume(p, rest);
}

/* Whether the first bytes say what the list is. A licence, or a long tale, may stand before its
 * first rule. */
static bool head_says_enough(const struct feed_parser *p, struct slice head)
{
	return p->format != NULL || head.len >= FEED_HEAD_MAX_BYTES ||
	    feed_format_guess(head) != NULL || feed_sniff(head, NULL) != OK;
}

static void hold_head(struct feed_parser *p, struct slice bytes)
{
	while (p->rc == OK && !p->started && bytes.len > 0) {
		size_t room = FEED_HEAD_BYTES - p->head.len % FEED_HEAD_BYTES;
		size_t n = bytes.len < room ? bytes.len : room;
		struct slice rest = {bytes.ptr + n, bytes.len - n};

		buf_append(&p->head, (struct slice){bytes.ptr, n});
		if (buf_status(&p->head) != OK) {
			p->rc = ERR_MEMORY;
		} else if (n == room && head_says_enough(p, buf_slice(&p->head))) {
			start(p, buf_slice(&p->head), rest);
		}
		bytes = rest;
	}
}

static enum err result(const struct feed_parser *p, struct diag *why)
{
	if (p->rc == ERR_FORMAT && why != NULL)
		*why = p->why;
	return p->rc;
}

enum err feed_parser_push(struct feed_parser *p, struct slice bytes, struct diag *why)
{
	if (p->rc == OK && bytes.len > 0) {
		p->stats.bytes += bytes.len;
		if (p->started) {
			consume(p, bytes);
		} else {
			hold_head(p, bytes);
		}
	}
	return result(p, why);
}

enum err feed_parser_finish(struct feed_parser *p, struct diag *why)
{
	if (p->rc == OK && !p->started)
		start(p, buf_slice(&p->head), SLICE_EMPTY);
	if (p->rc == OK && (p->partial.len > 0 || p->too_long))
		end_line(p, SLICE_EMPTY);
	return result(p, why);
}
