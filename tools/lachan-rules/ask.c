#include "ask.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "asker.h"
#include "dns/codes.h"
#include "dns/text.h"
#include "feed/find.h"
#include "source.h"

enum {
	HITS_MAX = 4096
};

const char *ask_verdict_text(enum ask_verdict verdict)
{
	static const char *const texts[] = {"none", "block", "allow", "rewrite"};
	return texts[verdict];
}

/* ---- the verdict ---- */

static bool is_allow_feed(const struct ruledb *db, unsigned feed)
{
	struct ruledb_feed f;
	return ruledb_feed_at(db, feed, &f) && f.category == RULEDB_CATEGORY_ALLOW;
}

/* Categories that a feed of category `allow` does not open: those marked `locked` or `security`
 * in rules/categories.yaml. A database knows its categories by name alone. */
static uint64_t firm_categories(const struct ruledb *db)
{
	static const char *const names[] = {
	    "illegal_vn", "child_abuse", "malware", "phishing_scam"};
	uint64_t set = 0;

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		int category = ruledb_category_find(db, names[i]);
		if (category >= 0)
			set |= (uint64_t)1 << category;
	}
	return set;
}

static bool is_in(uint64_t categories, unsigned category)
{
	return category < 64 && (categories >> category & 1) != 0;
}

/* Does this rule say what the verdict says? */
static bool speaks_for(
    const struct ruledb *db, const struct question *q, const struct ruledb_hit *hit)
{
	struct ruledb_feed feed;

	if (!hit->wins || !ruledb_feed_at(db, hit->feed, &feed))
		return false;
	bool excepts =
	    feed.category == RULEDB_CATEGORY_ALLOW || (hit->kind & RULE_EXCEPTION) != 0;
	if (q->verdict == ASK_REWRITE)
		return hit->rule == q->data;
	if (q->verdict == ASK_BLOCK)
		return !excepts && is_in(q->categories, feed.category);
	return excepts;
}

/* The deepest rule that wins and says what the verdict says; the first feed's among equals. */
static void choose_rule(const struct ruledb *db, struct question *q,
    const struct ruledb_hit *hits, size_t count, bool by_allow_feed)
{
	for (size_t i = 0; i < count; i++) {
		const struct ruledb_hit *hit = &hits[i];
		if (!speaks_for(db, q, hit) ||
		    (by_allow_feed && !is_allow_feed(db, hit->feed)))
			continue;
		if (q->feed >= 0 && hit->depth <= q->depth)
			continue;
		q->feed = hit->feed;
		q->depth = hit->depth;
		q->kind = hit->kind;
		q->rule_number = hit->rule;
	}
}

static bool any_exception(const struct ruledb_hit *hits, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (hits[i].wins && (hits[i].kind & RULE_EXCEPTION) != 0)
			return true;
	}
	return false;
}

/* An alias before a code before a record, as AdGuard Home has it; of records one that fits the
 * question's type, if there is one. */
static unsigned weight(const struct rule_terms *terms, uint16_t qtype)
{
	if (terms->action != RULE_RECORD)
		return 3;
	if (terms->data_type == TYPE_CNAME)
		return 4;
	return terms->data_type == qtype ? 2 : 1;
}

static void choose_data(
    const struct ruledb *db, struct question *q, const struct listing *listing)
{
	unsigned most = 0;

	for (size_t i = 0; i < listing->data_count; i++) {
		struct rule_terms terms;
		uint32_t rule = listing->data[i].rule;
		if (!is_in(q->categories, listing->data[i].category) ||
		    !ruledb_rule_terms(db, rule, &terms) ||
		    weight(&terms, q->qtype) <= most)
			continue;
		most = weight(&terms, q->qtype);
		q->data = rule;
	}
}

void ask_decide(const struct ruledb *db, struct ruledb_scratch *scratch, struct question *q)
{
	static struct ruledb_hit hits[HITS_MAX];
	struct name_hashes hashes;
	struct listing listing;
	struct ruledb_question asked = {
	    .name = name_of(&q->name), .hashes = &hashes, .qtype = q->qtype};

	if (q->asker != NULL) {
		asked.client = q->asker->address;
		asked.client_names = q->asker->names;
		asked.tags = q->asker->tags;
	}
	name_hash_all(&hashes, name_of(&q->name), ruledb_key(db));
	(void)ruledb_match(db, scratch, &asked, &listing);
	size_t count = ruledb_hits(db, scratch, &asked, hits, HITS_MAX);
	if (count > HITS_MAX)
		count = HITS_MAX;
	q->categories = listing.categories;
	if (listing.allowed && (listing.categories & firm_categories(db)) != 0) {
		listing.allowed = false;
		q->categories &= firm_categories(db);
	}
	q->feed = -1;
	choose_data(db, q, &listing);
	if (listing.allowed) {
		q->verdict = ASK_ALLOW;
	} else if (q->data != RULEDB_NO_RULE) {
		q->verdict = ASK_REWRITE;
	} else if (listing.categories != 0) {
		q->verdict = ASK_BLOCK;
	} else {
		q->verdict = any_exception(hits, count) ? ASK_ALLOW : ASK_NONE;
	}
	choose_rule(db, q, hits, count, listing.allowed);
}

/* ---- what answers instead ---- */

/* The rdata of any record, by way of a whole one. */
static bool write_record(struct buf *out, const struct rule_terms *terms)
{
	struct buf wire = BUF_INIT(RULE_TERMS_MAX_BYTES + 16), text = BUF_INIT(1 << 16);
	uint8_t head[11] = {0};
	struct rr rr = {.owner_at = 0};
	bool written = false;

	store_u16(head + 1, terms->data_type);
	store_u16(head + 3, CLASS_IN);
	store_u16(head + 9, (uint16_t)terms->data.len);
	buf_append(&wire, (struct slice){head, sizeof head});
	buf_append(&wire, terms->data);
	if (buf_status(&wire) == OK && text_append_rr(&text, buf_slice(&wire), &rr) == OK) {
		struct slice rest = slice_trim(buf_slice(&text));
		for (unsigned i = 0; i < 4; i++)
			(void)slice_cut(&rest, '\t');
		buf_append(out, rest);
		written = true;
	}
	buf_deinit(&wire);
	buf_deinit(&text);
	return written;
}

static void write_data(struct buf *out, const struct rule_terms *terms)
{
	char text[NAME_TEXT_MAX];
	int family = terms->data.len == 4 ? AF_INET : AF_INET6;

	switch (terms->data_type) {
	case TYPE_A:
	case TYPE_AAAA:
		if (inet_ntop(family, terms->data.ptr, text, sizeof text) != NULL)
			buf_text(out, text);
		break;
	case TYPE_CNAME:
		name_to_text(text, (struct dname){terms->data.ptr, terms->data.len});
		buf_text(out, text);
		break;
	default:
		if (!write_record(out, terms))
			buf_text(out, "?");
	}
}

bool ask_rewrite(
    const struct ruledb *db, const struct question *q, char type[16], struct buf *data)
{
	static const char *const codes[] = {[RULE_NXDOMAIN] = "NXDOMAIN",
	    [RULE_NODATA] = "NOERROR",
	    [RULE_REFUSED] = "REFUSED"};
	struct rule_terms terms;

	if (q->verdict != ASK_REWRITE || !ruledb_rule_terms(db, q->data, &terms))
		return false;
	const char *kind = "RCODE";
	if (terms.action == RULE_RECORD && weight(&terms, q->qtype) == 1) {
		buf_text(data, "NOERROR"); /* records, but none of this type */
	} else if (terms.action == RULE_RECORD) {
		write_data(data, &terms);
		text_from_type(type, terms.data_type);
		return true;
	} else if (terms.action == RULE_DROP) {
		kind = "DROP";
	} else if (terms.action == RULE_TCP_ONLY) {
		kind = "TCP-ONLY";
	} else {
		buf_text(data, codes[terms.action]);
	}
	(void)snprintf(type, 16, "%s", kind);
	return true;
}

/* ---- lines ---- */

struct search {
	const struct ruledb *db;
	struct question *questions;
	size_t *indexes; /* of the questions this feed decided */
	size_t count;
	size_t open; /* of them without a line yet */
	struct feed_find *find;
	struct buf theirs; /* terms of the rule at hand, and of the one looked for */
	struct buf ours;
};

static bool same_terms(struct search *s, const struct question *q, const struct rule *rule)
{
	struct rule_terms terms;

	if (q->rule_number == RULEDB_NO_RULE)
		return rule->terms == NULL;
	if (rule->terms == NULL || !ruledb_rule_terms(s->db, q->rule_number, &terms))
		return false;
	buf_reset(&s->theirs);
	buf_reset(&s->ours);
	rule_terms_write(&s->theirs, rule->terms);
	rule_terms_write(&s->ours, &terms);
	return buf_status(&s->theirs) == OK && buf_status(&s->ours) == OK &&
	    slice_equal(buf_slice(&s->theirs), buf_slice(&s->ours));
}

static bool is_the_rule(
    struct search *s, const struct question *q, const struct feed_hit *hit)
{
	const struct rule *rule = &hit->rule->rule;

	if (rule->kind != q->kind)
		return false;
	if ((rule->subject == RULE_OF_NAME) != (q->depth > 0) ||
	    (q->depth > 0 && hit->depth != q->depth))
		return false;
	return same_terms(s, q, rule);
}

static enum err note_line(void *arg, const struct feed_hit *hit)
{
	struct search *s = arg;
	struct question *q = &s->questions[s->indexes[hit->query]];
	struct slice text = hit->rule->text;

	if (q->line != 0 || !is_the_rule(s, q, hit))
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
	for (size_t i = 0; rc == OK && i < s->count; i++) {
		const struct question *q = &s->questions[s->indexes[i]];
		rc = q->depth > 0 ? feed_find_add_by_name(s->find, name_of(&q->name))
		                  : feed_find_add(s->find, name_of(&q->name));
	}
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
	struct search s = {.db = db,
	    .questions = questions,
	    .theirs = BUF_INIT(RULE_TERMS_MAX_BYTES),
	    .ours = BUF_INIT(RULE_TERMS_MAX_BYTES)};
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
	buf_deinit(&s.theirs);
	buf_deinit(&s.ours);
	return rc;
}
