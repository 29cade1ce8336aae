#include "ask.h"

#include <stdlib.h>

#include "feed/find.h"
#include "source.h"

enum {
	HITS_MAX = 4096
};

const char *ask_verdict_text(enum ask_verdict verdict)
{
	static const char *const texts[] = {"none", "block", "allow"};
	return texts[verdict];
}

static bool is_allow_feed(const struct ruledb *db, unsigned feed)
{
	struct ruledb_feed f;
	return ruledb_feed_at(db, feed, &f) && f.category == RULEDB_CATEGORY_ALLOW;
}

/* The deepest rule that wins and says what the verdict says; the first feed's among equals. */
static void choose_rule(const struct ruledb *db, struct question *q,
    const struct ruledb_hit *hits, size_t count, bool by_allow_feed)
{
	for (size_t i = 0; i < count; i++) {
		const struct ruledb_hit *hit = &hits[i];
		bool allow_feed = is_allow_feed(db, hit->feed);
		bool excepts = allow_feed || (hit->kind & RULEDB_EXCEPTION) != 0;
		if (!hit->wins || excepts != (q->verdict == ASK_ALLOW) ||
		    (by_allow_feed && !allow_feed))
			continue;
		if (q->feed >= 0 && hit->depth <= q->depth)
			continue;
		q->feed = hit->feed;
		q->depth = hit->depth;
		q->kind = hit->kind;
	}
}

static bool any_exception(const struct ruledb_hit *hits, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (hits[i].wins && (hits[i].kind & RULEDB_EXCEPTION) != 0)
			return true;
	}
	return false;
}

void ask_decide(const struct ruledb *db, struct question *q)
{
	static struct ruledb_hit hits[HITS_MAX];
	struct name_hashes hashes;
	struct listing listing;

	name_hash_all(&hashes, name_of(&q->name), ruledb_key(db));
	struct ruledb_question asked = {.name = name_of(&q->name), .hashes = &hashes};
	(void)ruledb_match(db, NULL, &asked, &listing);
	size_t count = ruledb_hits(db, NULL, &asked, hits, HITS_MAX);
	if (count > HITS_MAX)
		count = HITS_MAX;
	q->categories = listing.categories;
	q->feed = -1;
	if (listing.allowed) {
		q->verdict = ASK_ALLOW;
	} else if (listing.categories != 0) {
		q->verdict = ASK_BLOCK;
	} else {
		q->verdict = any_exception(hits, count) ? ASK_ALLOW : ASK_NONE;
	}
	choose_rule(db, q, hits, count, listing.allowed);
}

/* ---- lines ---- */

struct search {
	struct question *questions;
	size_t *indexes; /* of the questions this feed decided */
	size_t count;
	size_t open; /* of them without a line yet */
	struct feed_find *find;
};

static enum err note_line(void *arg, const struct feed_hit *hit)
{
	struct search *s = arg;
	struct question *q = &s->questions[s->indexes[hit->query]];
	struct slice text = hit->rule->text;

	if (q->line != 0 || hit->depth != q->depth || hit->rule->rule.kind != q->kind)
		return OK;
	q->rule_len = text.len < ASK_RULE_BYTES ? text.len : ASK_RULE_BYTES;
	q->rule = malloc(q->rule_len + 1);
	if (q->rule == NULL)
		return ERR_MEMORY;
	memcpy(q->rule, text.ptr, q->rule_len);
	q->rule[q->rule_len] = '\0';
	q->line = hit->rule->line;
	/* ERR_CLOSED: all found, the rest of the list need not be read */
	return --s->open == 0 ? ERR_CLOSED : OK;
}

static enum err take_piece(void *arg, struct slice bytes, struct diag *why)
{
	struct search *s = arg;
	return feed_find_push(s->find, bytes, why);
}

static enum err search_feed(struct search *s, const struct ruledb_feed *feed)
{
	struct feed_options options = {
	    .format = feed_format_find(feed->format), .exact = feed->exact};
	struct diag why;

	enum err rc = feed_find_new(&s->find, &options, s->count);
	if (rc != OK)
		return rc;
	for (size_t i = 0; rc == OK && i < s->count; i++)
		rc = feed_find_add(s->find, name_of(&s->questions[s->indexes[i]].name));
	feed_find_on_hit(s->find, note_line, s);
	if (rc == OK)
		rc = source_read(feed->source, take_piece, s, NULL, &why);
	if (rc == OK)
		rc = feed_find_finish(s->find, &why);
	feed_find_free(s->find);
	/* A list that is gone is no failure: the answer stands without its line. */
	return rc == ERR_MEMORY || rc == ERR_FULL ? rc : OK;
}

enum err ask_find_lines(const struct ruledb *db, struct question *questions, size_t count)
{
	struct search s = {.questions = questions};
	struct ruledb_feed feed;
	enum err rc = OK;

	s.indexes = calloc(count == 0 ? 1 : count, sizeof *s.indexes);
	if (s.indexes == NULL)
		return ERR_MEMORY;
	for (unsigned i = 0; rc == OK && ruledb_feed_at(db, i, &feed); i++) {
		s.count = 0;
		for (size_t k = 0; k < count; k++) {
			if (questions[k].feed == (int)i)
				s.indexes[s.count++] = k;
		}
		s.open = s.count;
		if (s.count > 0 && feed.source[0] != '\0')
			rc = search_feed(&s, &feed);
	}
	free(s.indexes);
	return rc;
}
