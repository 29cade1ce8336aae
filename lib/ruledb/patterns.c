/* Patterns: a name is put to PCRE2 only where a literal of the pattern stands in it.
 *
 * Of each alternative of a pattern the longest certain literal is known (literal.c), and of it
 * the group of three letters ("gram") that the fewest other patterns have chosen:
 *
 *   name -> each gram -> filter, one bit a gram -> heads -> chain of {gram, literal, pattern}
 *                         (nearly always 0)                     literal in the name? -> PCRE2
 *
 * The interpreter runs, never the JIT: no page is ever writable and executable. What a pattern
 * costs is bounded by PCRE2's own limits; one that meets them is cut, which counts as no match,
 * and is counted. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#include "ruledb/internal.h"

enum {
	FILTER_BITS = 16,
	FILTER_BYTES = 1 << (FILTER_BITS - 3),
	NESTING_MAX = 50,
	COMMON_GRAM = 1000 /* as if so many patterns had chosen it already */
};

struct pattern {
	uint32_t rule;
	pcre2_code *code; /* NULL: left out, this reader cannot use it */
	uint64_t cut;     /* relaxed atomic: any reader's thread adds, any reads */
};

struct entry {
	uint32_t gram;
	uint32_t next; /* index + 1; 0 ends */
	uint32_t pattern;
	struct literal literal;
};

struct patterns {
	const struct layout *layout;
	uint64_t id; /* what the memory of a scratch knows this database by */
	struct pattern *items;
	size_t count;
	struct entry *entries;
	size_t entry_count, entry_capacity;
	uint32_t *heads;
	uint32_t head_mask;
	uint32_t always[RULEDB_ALWAYS_MAX];
	size_t always_count;
	uint8_t filter[FILTER_BYTES];
};

/* ---- compiling ---- */

/* NULL: it is no expression, or (*no_memory) there was no memory for it. */
static pcre2_code *compile(struct slice text, bool *no_memory)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	int error = 0;
	PCRE2_SIZE at;

	*no_memory = context == NULL;
	if (context == NULL)
		return NULL;
	(void)pcre2_set_max_pattern_length(context, RULE_PATTERN_MAX_BYTES);
	(void)pcre2_set_parens_nest_limit(context, NESTING_MAX);
	pcre2_code *code = pcre2_compile(text.ptr, text.len,
	    PCRE2_CASELESS | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C |
	        PCRE2_DOLLAR_ENDONLY,
	    &error, &at, context);
	pcre2_compile_context_free(context);
	*no_memory = code == NULL && error == PCRE2_ERROR_HEAP_FAILED;
	return code;
}

static size_t code_size(const pcre2_code *code)
{
	size_t size = 0;
	return pcre2_pattern_info(code, PCRE2_INFO_SIZE, &size) == 0 ? size : SIZE_MAX;
}

enum pattern_fitness pattern_check(struct slice text, size_t *code_bytes)
{
	struct literal literals[LITERALS_MAX];
	bool no_memory;

	pcre2_code *code = compile(text, &no_memory);
	if (code == NULL)
		return no_memory ? PATTERN_TOO_LARGE : PATTERN_DOES_NOT_COMPILE;
	*code_bytes = code_size(code);
	pcre2_code_free(code);
	if (*code_bytes > PATTERN_CODE_MAX_BYTES)
		return PATTERN_TOO_LARGE;
	return pattern_literals(text, literals) > 0 ? PATTERN_FITS
	                                            : PATTERN_FITS_WITHOUT_LITERAL;
}

static uint32_t gram_at(const uint8_t *p)
{
	return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static uint32_t gram_hash(uint32_t gram)
{
	return gram * UINT32_C(2654435761);
}

static uint32_t gram_bit(uint32_t gram)
{
	return gram_hash(gram) >> (32 - FILTER_BITS);
}

/* The rarest gram of a literal: chosen by the fewest patterns so far, and not one of those
 * that stand in half of all names. */
static uint32_t choose_gram(const struct literal *literal, const uint16_t *chosen)
{
	static const char *const common[] = {
	    "com", ".co", "www", "ww.", "net", ".ne", ".vn", "org", ".or"};
	uint32_t best = 0;
	unsigned least = UINT32_MAX;

	for (size_t i = 0; i + LITERAL_MIN <= literal->len; i++) {
		uint32_t gram = gram_at(literal->bytes + i);
		unsigned count = chosen[gram_bit(gram)];
		for (size_t k = 0; k < COUNT_OF(common); k++) {
			if (memcmp(common[k], literal->bytes + i, LITERAL_MIN) == 0)
				count += COMMON_GRAM;
		}
		if (count < least) {
			least = count;
			best = gram;
		}
	}
	return best;
}

static enum err add_entry(
    struct patterns *p, const struct literal *literal, uint32_t pattern, uint16_t *chosen)
{
	if (p->entry_count == p->entry_capacity) {
		size_t capacity = p->entry_capacity * 2 + 64;
		struct entry *entries = reallocarray(p->entries, capacity, sizeof *entries);
		if (entries == NULL)
			return ERR_MEMORY;
		p->entries = entries;
		p->entry_capacity = capacity;
	}
	uint32_t gram = choose_gram(literal, chosen);
	uint32_t bit = gram_bit(gram);
	if (chosen[bit] < UINT16_MAX)
		chosen[bit]++;
	p->filter[bit / 8] |= (uint8_t)(1u << bit % 8);
	p->entries[p->entry_count++] =
	    (struct entry){.gram = gram, .pattern = pattern, .literal = *literal};
	return OK;
}

static enum err add_pattern(
    struct patterns *p, uint32_t i, size_t *code_bytes, uint16_t *chosen)
{
	struct literal literals[LITERALS_MAX];
	struct pattern *item = &p->items[i];
	struct rule_terms terms;
	bool no_memory;
	enum err rc = OK;

	item->rule = layout_named_specials(p->layout) + i;
	if (rule_terms_read(&terms, special_at(p->layout, item->rule).terms) != OK)
		return ERR_FORMAT;
	pcre2_code *code = compile(terms.pattern, &no_memory);
	if (no_memory)
		return ERR_MEMORY;
	size_t size = code == NULL ? 0 : code_size(code);
	size_t count = pattern_literals(terms.pattern, literals);
	if (code == NULL || size > PATTERN_CODE_MAX_BYTES ||
	    *code_bytes + size > PATTERN_CODES_MAX_BYTES ||
	    (count == 0 && p->always_count == RULEDB_ALWAYS_MAX)) {
		/* The builder took it, so another PCRE2 wrote this file. */
		pcre2_code_free(code);
		return OK;
	}
	item->code = code;
	*code_bytes += size;
	if (count == 0)
		p->always[p->always_count++] = i;
	for (size_t k = 0; k < count && rc == OK; k++)
		rc = add_entry(p, &literals[k], i, chosen);
	return rc;
}

static enum err chain_entries(struct patterns *p)
{
	uint32_t size = 64;

	while (size < p->entry_count * 2)
		size *= 2;
	p->heads = calloc(size, sizeof *p->heads);
	if (p->heads == NULL)
		return ERR_MEMORY;
	p->head_mask = size - 1;
	for (size_t i = 0; i < p->entry_count; i++) {
		uint32_t *head = &p->heads[gram_bit(p->entries[i].gram) & p->head_mask];
		p->entries[i].next = *head;
		*head = (uint32_t)i + 1;
	}
	return OK;
}

enum err patterns_new(struct patterns **out, const struct layout *l)
{
	size_t code_bytes = 0;

	*out = NULL;
	if (l->patterns == 0)
		return OK;
	struct patterns *p = calloc(1, sizeof *p);
	uint16_t *chosen = calloc((size_t)1 << FILTER_BITS, sizeof *chosen);
	enum err rc = p != NULL && chosen != NULL ? OK : ERR_MEMORY;
	if (rc != OK)
		goto done;
	p->layout = l;
	p->id = hash_mix64(l->key.k0 ^ l->checksum);
	p->items = calloc(l->patterns, sizeof *p->items);
	if (p->items == NULL)
		rc = ERR_MEMORY;
	for (uint32_t i = 0; rc == OK && i < l->patterns; i++) {
		p->count = i + 1;
		rc = add_pattern(p, i, &code_bytes, chosen);
	}
	if (rc == OK)
		rc = chain_entries(p);
done:
	free(chosen);
	if (rc == OK)
		*out = p;
	else
		patterns_free(p);
	return rc;
}

void patterns_free(struct patterns *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->count; i++)
		pcre2_code_free(p->items[i].code);
	free(p->items);
	free(p->entries);
	free(p->heads);
	free(p);
}

uint64_t patterns_cut(const struct patterns *p, unsigned i)
{
	return __atomic_load_n(&p->items[i].cut, __ATOMIC_RELAXED);
}

/* ---- asking ---- */

/* One name on its way through the patterns. */
struct run {
	const struct patterns *patterns;
	struct ruledb_scratch *scratch;
	struct slice text;
	struct pattern_hits *hits;
	size_t runs;
	size_t slow;
	size_t looks;
	bool cut;
};

static int match(const struct run *r, const struct pattern *pattern, uint32_t steps)
{
	pcre2_match_context *context = r->scratch->match_context;

	(void)pcre2_set_match_limit(context, steps);
	return pcre2_match(
	    pattern->code, r->text.ptr, r->text.len, 0, 0, r->scratch->match_data, context);
}

static void run_pattern(struct run *r, uint32_t i)
{
	struct ruledb_scratch *s = r->scratch;
	struct pattern *pattern = &r->patterns->items[i];

	if (pattern->code == NULL || s->tried[i] == s->round)
		return;
	s->tried[i] = s->round;
	if (r->runs == PATTERN_RUNS_MAX || r->hits->count == PATTERN_HITS_MAX) {
		r->cut = true;
		return;
	}
	r->runs++;
	int rc = match(r, pattern, PATTERN_FEW_STEPS);
	if (rc == PCRE2_ERROR_MATCHLIMIT && r->slow < PATTERN_SLOW_MAX) {
		r->slow++;
		rc = match(r, pattern, PATTERN_LIMIT_STEPS);
	}
	if (rc >= 0) {
		r->hits->rules[r->hits->count++] = pattern->rule;
	} else if (rc != PCRE2_ERROR_NOMATCH) {
		__atomic_fetch_add(&pattern->cut, 1, __ATOMIC_RELAXED);
		s->stats.cut++;
		r->hits->cut = true;
	}
}

static bool holds_literal(struct slice text, const struct literal *literal)
{
	return memmem(text.ptr, text.len, literal->bytes, literal->len) != NULL;
}

/* Whether the gram at `at` stands further left as well. */
static bool stood_before(struct slice text, size_t at)
{
	return memmem(text.ptr, at + LITERAL_MIN - 1, text.ptr + at, LITERAL_MIN) != NULL;
}

static void run_gram(struct run *r, size_t text_at)
{
	const struct patterns *p = r->patterns;
	uint32_t gram = gram_at(r->text.ptr + text_at);
	uint32_t bit = gram_bit(gram);

	if ((p->filter[bit / 8] >> bit % 8 & 1) == 0 || stood_before(r->text, text_at))
		return;
	for (uint32_t at = p->heads[bit & p->head_mask]; at != 0;) {
		const struct entry *entry = &p->entries[at - 1];
		if (r->looks == PATTERN_LOOKS_MAX) {
			r->cut = true;
			return;
		}
		r->looks++;
		if (entry->gram == gram && holds_literal(r->text, &entry->literal))
			run_pattern(r, entry->pattern);
		at = entry->next;
	}
}

/* As name_to_text, without a string's end and, for names of plain letters, without a call a
 * letter. */
static size_t write_text(char out[NAME_TEXT_MAX], struct dname name)
{
	size_t used = 0;

	for (size_t at = 0; at < name.len && name.wire[at] != 0;) {
		size_t end = at + name.wire[at] + 1;
		if (used > 0)
			out[used++] = '.';
		for (at++; at < end; at++) {
			uint8_t c = name.wire[at];
			bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			    c == '-' || c == '_';
			if (!plain) {
				name_to_text(out, name);
				return strlen(out);
			}
			out[used++] = (char)c;
		}
	}
	return used;
}

static void begin_round(struct ruledb_scratch *s)
{
	if (++s->round != 0)
		return;
	memset(s->tried, 0, sizeof s->tried);
	s->round = 1;
}

static void run_all(const struct patterns *p, struct ruledb_scratch *s, struct dname name,
    struct pattern_hits *out)
{
	char text[NAME_TEXT_MAX];
	size_t len = write_text(text, name);
	struct run r = {
	    .patterns = p, .scratch = s, .text = {(const uint8_t *)text, len}, .hits = out};

	begin_round(s);
	for (size_t i = 0; i < p->always_count; i++)
		run_pattern(&r, p->always[i]);
	for (size_t i = 0; i + LITERAL_MIN <= len; i++)
		run_gram(&r, i);
	s->stats.names++;
	s->stats.runs += r.runs;
	s->stats.looks += r.looks;
	s->stats.slow += r.slow;
	s->stats.cut += r.cut;
	out->cut |= r.cut;
}

/* Of the name and the database; rules are numbers of that database alone. */
static uint64_t memory_tag(const struct patterns *p, const struct name_hashes *hashes)
{
	return hash_mix64(hashes->at[hashes->count - 1] ^ p->id) | 1;
}

static struct remembered *memory_group(struct ruledb_scratch *s, uint64_t tag)
{
	return s->memory[(tag >> 32) % SCRATCH_GROUPS];
}

static void remember(
    struct remembered *group, uint64_t tag, const struct pattern_hits *hits)
{
	if (hits->count > SCRATCH_RULES)
		return;
	memmove(group + 1, group, (SCRATCH_GROUP - 1) * sizeof *group);
	group[0].tag = tag;
	group[0].count = (uint16_t)hits->count; /* <= SCRATCH_RULES */
	group[0].cut = hits->cut;
	memcpy(group[0].rules, hits->rules, hits->count * sizeof *hits->rules);
}

void patterns_find(const struct patterns *p, struct ruledb_scratch *s,
    const struct ruledb_question *question, struct pattern_hits *out)
{
	out->count = 0;
	out->cut = false;
	if (question->hashes->count == 0)
		return;
	uint64_t tag = memory_tag(p, question->hashes);
	struct remembered *group = memory_group(s, tag);
	for (size_t i = 0; i < SCRATCH_GROUP; i++) {
		if (group[i].tag != tag)
			continue;
		s->stats.memory++;
		out->count = group[i].count;
		out->cut = group[i].cut;
		memcpy(out->rules, group[i].rules, out->count * sizeof *out->rules);
		return;
	}
	run_all(p, s, question->name, out);
	remember(group, tag, out);
}

bool ruledb_pattern_at(const struct ruledb *db, unsigned i, struct ruledb_pattern *out)
{
	struct rule_terms terms;

	if (i >= db->at.patterns)
		return false;
	uint32_t rule = layout_named_specials(&db->at) + i;
	struct special_view special = special_at(&db->at, rule);
	if (rule_terms_read(&terms, special.terms) != OK)
		return false;
	*out = (struct ruledb_pattern){
	    .rule = rule,
	    .feed = (uint16_t)special.feed, /* < RULEDB_FEEDS_MAX */
	    .kind = (uint8_t)special.kind,  /* < RULE_KINDS */
	    .text = terms.pattern,
	    .cut = patterns_cut(db->patterns, i),
	};
	return true;
}
