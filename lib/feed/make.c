/* Rules that are more than a name: their terms are gathered here, checked, and given. */
#include "feed/internal.h"
#include "feed/pattern.h"

void feed_making_init(struct feed_making *m)
{
	m->pattern = BUF_INIT(RULE_PATTERN_MAX_BYTES);
	m->denyallow = BUF_INIT(RULE_TERMS_MAX_BYTES);
	m->clients = BUF_INIT(RULE_TERMS_MAX_BYTES);
	m->tags = BUF_INIT(RULE_TERMS_MAX_BYTES);
	m->data = BUF_INIT(RULE_TERMS_MAX_BYTES);
	m->encoded = BUF_INIT(RULE_TERMS_MAX_BYTES);
	m->slow_left = FEED_SLOW_TRIES_MAX;
}

void feed_making_deinit(struct feed_making *m)
{
	buf_deinit(&m->pattern);
	buf_deinit(&m->denyallow);
	buf_deinit(&m->clients);
	buf_deinit(&m->tags);
	buf_deinit(&m->data);
	buf_deinit(&m->encoded);
}

void feed_make_begin(struct feed_parser *p)
{
	struct feed_making *m = &p->made;

	m->terms = (struct rule_terms){.action = RULE_PLAIN};
	buf_reset(&m->pattern);
	buf_reset(&m->denyallow);
	buf_reset(&m->clients);
	buf_reset(&m->tags);
	buf_reset(&m->data);
}

static bool is_unused(const struct buf *b)
{
	return b->len == 0 && buf_status(b) == OK;
}

static bool is_plain(const struct feed_making *m)
{
	const struct rule_terms *t = &m->terms;

	return t->action == RULE_PLAIN && !t->badfilter && t->type_count == 0 &&
	    is_unused(&m->denyallow) && is_unused(&m->clients) && is_unused(&m->tags);
}

/* Sets the slices; false when the terms are more than a rule can hold. */
static bool finish_terms(struct feed_making *m)
{
	const struct buf *parts[] = {
	    &m->pattern, &m->denyallow, &m->clients, &m->tags, &m->data};

	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		if (buf_status(parts[i]) != OK)
			return false;
	}
	m->terms.pattern = buf_slice(&m->pattern);
	m->terms.denyallow = buf_slice(&m->denyallow);
	m->terms.clients = buf_slice(&m->clients);
	m->terms.tags = buf_slice(&m->tags);
	m->terms.data = buf_slice(&m->data);
	buf_reset(&m->encoded);
	rule_terms_write(&m->encoded, &m->terms);
	return buf_status(&m->encoded) == OK;
}

/* Whether the rule database would take them: ldns reads records that no answer can hold. */
static bool can_be_kept(const struct feed_making *m)
{
	struct rule_terms read;
	return rule_terms_read(&read, buf_slice(&m->encoded)) == OK;
}

/* FEED_REASONS: the pattern may be used. */
static enum feed_reason judge_pattern(struct feed_parser *p, unsigned kind)
{
	bool wide = p->options.wide_exceptions && (kind & RULE_EXCEPTION) != 0;
	struct feed_pattern *pattern;
	enum feed_breadth breadth = FEED_BREADTH_FINE;

	if (p->options.looking)
		return FEED_REASONS;
	if (p->made.patterns >= FEED_PATTERNS_MAX)
		return FEED_MANY;
	p->made.patterns++;
	enum err rc = feed_pattern_new(&pattern, p->made.terms.pattern);
	if (rc == ERR_MEMORY)
		p->rc = rc;
	if (rc != OK)
		return FEED_BAD_PATTERN;
	/* what undoes other rules of its feed covers nothing itself */
	if (!p->made.terms.badfilter && !wide)
		breadth = feed_pattern_breadth(pattern, &p->made.slow_left);
	feed_pattern_free(pattern);
	switch (breadth) {
	case FEED_BREADTH_ANY:
		return FEED_BROAD;
	case FEED_BREADTH_SUFFIX:
		return FEED_TLD;
	case FEED_BREADTH_UNKNOWN:
		return FEED_MANY;
	case FEED_BREADTH_FINE:
		break;
	}
	return FEED_REASONS;
}

void feed_emit_made(struct feed_parser *p, enum rule_subject subject, unsigned kind)
{
	struct rule rule = {.subject = subject, .kind = kind, .terms = &p->made.terms};
	enum feed_reason reason = FEED_REASONS;

	if (p->rc != OK)
		return;
	if (subject == RULE_OF_NAME && is_plain(&p->made)) {
		feed_emit(p, kind);
		return;
	}
	if (!finish_terms(&p->made)) {
		bool long_pattern = buf_status(&p->made.pattern) != OK;
		feed_refuse(p, long_pattern ? FEED_BAD_PATTERN : FEED_TERMS);
		return;
	}
	if (!can_be_kept(&p->made)) {
		reason = p->made.terms.action == RULE_RECORD ? FEED_RECORD : FEED_VALUE;
	} else if (subject == RULE_OF_PATTERN) {
		reason = judge_pattern(p, kind);
	}
	if (reason != FEED_REASONS) {
		feed_refuse(p, reason);
	} else if (subject != RULE_OF_NAME) {
		feed_give(p, &rule);
	} else if (name_label_count(name_of(&p->name)) < 2) {
		feed_refuse(p, FEED_TLD);
	} else {
		rule.name = name_of(&p->name);
		feed_give(p, &rule);
	}
}
