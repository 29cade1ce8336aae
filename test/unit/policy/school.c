#include "school.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "rule/rule.h"
#include "ruledb/builder.h"

/* ---- the file ------------------------------------------------------------------------------ */

static struct config *load(const char *yaml)
{
	char path[] = "/tmp/lachan-school-XXXXXX";
	struct diags all = DIAGS_NONE;
	struct buf text = BUF_INIT(1 << 20);
	struct config *config = NULL;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	buf_text(&text, yaml);
	buf_printf(&text, "\nserver: {data_dir: %s/rules}\n", TEST_SOURCE_DIR);
	assert_int_equal(file_write_atomic(path, buf_slice(&text), 0600), OK);
	enum err rc = config_load(&config, path, &all);
	diags_print(&all, stderr);
	(void)unlink(path);
	buf_deinit(&text);
	diags_deinit(&all);
	assert_int_equal(rc, OK);
	return config;
}

/* ---- feeds --------------------------------------------------------------------------------- */

static void take_network(struct rule *rule, struct rule_terms *terms, struct slice text)
{
	struct prefix p;

	assert_int_equal(prefix_from_text(&p, text, NULL), OK);
	rule->subject = RULE_OF_NETWORK;
	terms->network.family = p.base.family == AF_INET ? 4 : 6;
	terms->network.bits = p.length;
	memcpy(terms->network.octets, p.base.bytes, sizeof terms->network.octets);
}

static void take_data(struct rule_terms *terms, struct slice address, uint8_t octets[16])
{
	struct addr a;

	assert_int_equal(addr_from_text(&a, address, NULL), OK);
	terms->action = RULE_RECORD;
	terms->data_type = a.family == AF_INET ? 1 : 28;
	memcpy(octets, a.bytes, sizeof a.bytes);
	terms->data = (struct slice){octets, addr_size(&a)};
}

static struct slice behind(struct slice s, size_t n)
{
	return (struct slice){s.ptr + n, s.len - n};
}

static void add_rule(struct ruledb_builder *b, struct slice text)
{
	struct rule_terms terms = {.action = RULE_PLAIN};
	struct rule rule = {.subject = RULE_OF_NAME};
	struct slice data = text;
	struct name_buf name;
	uint8_t octets[16];

	text = slice_cut(&data, '>');
	for (; slice_starts(text, SLICE_LIT("@@")); text = behind(text, 2))
		rule.kind |= RULE_EXCEPTION;
	for (; slice_starts(text, SLICE_LIT("!")); text = behind(text, 1))
		rule.kind |= RULE_IMPORTANT;
	if (slice_starts(text, SLICE_LIT("net:"))) {
		take_network(&rule, &terms, behind(text, 4));
	} else if (slice_starts(text, SLICE_LIT("/"))) {
		rule.subject = RULE_OF_PATTERN;
		terms.pattern = (struct slice){text.ptr + 1, text.len - 2};
	} else {
		bool exact = slice_starts(text, SLICE_LIT("="));
		bool below = slice_starts(text, SLICE_LIT("*."));
		rule.kind |= exact ? RULE_EXACT : below ? RULE_BELOW : RULE_SUBTREE;
		text = behind(text, exact ? 1 : below ? 2 : 0);
		assert_int_equal(name_from_text(&name, text, NULL), OK);
		rule.name = name_of(&name);
	}
	if (data.ptr != NULL)
		take_data(&terms, data, octets);
	if (rule.subject != RULE_OF_NAME || data.ptr != NULL)
		rule.terms = &terms;
	assert_int_equal(ruledb_builder_add_rule(b, &rule), OK);
}

static struct slice next_word(struct slice *rest)
{
	*rest = slice_trim(*rest);
	struct slice word = slice_cut(rest, ' ');
	return word;
}

static void text_of(char out[64], struct slice s)
{
	assert_true(s.len < 64);
	memcpy(out, s.ptr, s.len);
	out[s.len] = 0;
}

static struct ruledb *compile(const char *feeds)
{
	struct ruledb_builder_options options = {
	    .key = {21, 22}, .generation = 1, .max_bytes = 1 << 22};
	struct slice rest = slice_of(feeds);
	struct ruledb_builder *b = NULL;
	struct ruledb *db = NULL;
	char feed[64], category[64], last[64] = "";
	unsigned number = 0;

	assert_int_equal(ruledb_builder_new(&b, &options), OK);
	while (rest.ptr != NULL) {
		struct slice line = slice_trim(slice_cut(&rest, '\n'));
		if (line.len == 0)
			continue;
		text_of(feed, next_word(&line));
		text_of(category, next_word(&line));
		if (strcmp(feed, last) != 0) {
			assert_int_equal(
			    ruledb_builder_feed(b, feed, category, &number), OK);
			ruledb_builder_feed_options(
			    b, false, strncmp(feed, "rewrite", 7) == 0);
		}
		memcpy(last, feed, sizeof last);
		add_rule(b, slice_trim(line));
	}
	int fd = memfd_create("rules", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ruledb_builder_write(b, fd), OK);
	ruledb_builder_free(b);
	assert_int_equal(ruledb_open_fd(&db, fd, NULL), OK);
	close(fd);
	return db;
}

/* ---- the school ---------------------------------------------------------------------------- */

static int32_t fixed_offset(void *arg, int64_t wall_s)
{
	(void)wall_s;
	return *(int32_t *)arg;
}

static void read_department(struct school_department *d, const char *text)
{
	struct slice rest = slice_of(text);

	while (rest.len > 0) {
		struct slice line = slice_trim(slice_cut(&rest, '\n'));
		if (line.len == 0)
			continue;
		struct slice word = next_word(&line);
		if (slice_equal(word, SLICE_LIT("never-block"))) {
			size_t i = d->all.never_block_count++;
			assert_true(i < COUNT_OF(d->kept));
			assert_int_equal(
			    name_from_text(&d->names[i], slice_trim(line), NULL), OK);
			d->kept[i] =
			    (struct policy_kept_name){"so-gddt", name_of(&d->names[i])};
			continue;
		}
		size_t i = d->all.demand_count++;
		assert_true(i < COUNT_OF(d->demands));
		text_of(d->words[i][0], next_word(&line));
		text_of(d->words[i][1], slice_trim(line));
		d->demands[i] = (struct policy_demand){"so-gddt", d->words[i][0],
		    d->words[i][1], slice_equal(word, SLICE_LIT("mandatory"))};
	}
	d->all.demands = d->demands;
	d->all.never_block = d->kept;
}

void school_open(struct school *s, const char *yaml, const char *feeds, int32_t offset_s)
{
	school_open_under(s, yaml, feeds, offset_s, "");
}

void school_open_under(struct school *s, const char *yaml, const char *feeds,
    int32_t offset_s, const char *department)
{
	struct diags all = DIAGS_NONE;

	memset(s, 0, sizeof *s);
	s->config = load(yaml);
	s->rules = compile(feeds);
	assert_int_equal(ruledb_scratch_new(&s->scratch), OK);
	read_department(&s->department, department);
	const struct policy_sources from = {
	    .config = s->config, .department = &s->department.all, .rules = s->rules};
	enum err rc = policy_build(&s->policy, &from, &all);
	diags_print(&all, stderr);
	diags_deinit(&all);
	assert_int_equal(rc, OK);
	calendar_make(&s->calendar, fixed_offset, &offset_s, 0);
	school_set_clock(s, 0, 0, true);
}

void school_close(struct school *s)
{
	grants_free(s->grants);
	policy_free(s->policy);
	ruledb_scratch_free(s->scratch);
	ruledb_close(s->rules);
	config_free(s->config);
}

static void set_scope(struct school_grant *g, const char *scope)
{
	struct slice rest = slice_of(scope);

	if (strcmp(scope, "all") == 0) {
		g->grant.scope = SCOPE_ALL;
	} else if (slice_starts(rest, SLICE_LIT("tier:"))) {
		g->grant.scope = SCOPE_TIER;
		text_of(g->subject, behind(rest, 5));
	} else if (slice_starts(rest, SLICE_LIT("group:"))) {
		g->grant.scope = SCOPE_GROUP;
		text_of(g->subject, behind(rest, 6));
	} else {
		g->grant.scope = SCOPE_CLIENTS;
		assert_int_equal(prefix_from_text(&g->grant.clients, rest, NULL), OK);
	}
}

void school_grant(struct school *s, uint32_t id, bool deny, const char *name,
    const char *scope, int64_t until_wall_s)
{
	assert_true(s->grant_count < SCHOOL_GRANTS_MAX);
	struct school_grant *g = &s->granted[s->grant_count++];

	assert_int_equal(name_from_text(&g->name, slice_of(name), NULL), OK);
	g->grant = (struct grant){
	    .id = id,
	    .deny = deny,
	    .always = until_wall_s == INT64_MAX,
	    .until_wall_s = until_wall_s,
	    .until_mono_ms = UINT64_MAX,
	    .by = "thay-nam",
	    .reason = "lesson",
	};
	set_scope(g, scope);
}

void school_grant_is_content_only(struct school *s)
{
	s->granted[s->grant_count - 1].grant.content_only = true;
}

void school_publish_grants(struct school *s)
{
	struct grant all[SCHOOL_GRANTS_MAX];

	for (size_t i = 0; i < s->grant_count; i++) {
		all[i] = s->granted[i].grant;
		all[i].name = name_of(&s->granted[i].name);
		all[i].subject = s->granted[i].subject;
	}
	grants_free(s->grants);
	s->grants = NULL;
	assert_int_equal(grants_build(&s->grants, s->policy, all, s->grant_count), OK);
	s->state.grants = s->grants;
}

void school_set_clock(struct school *s, int64_t wall_s, uint64_t ran_ms, bool trusted)
{
	const struct policy_state before = s->state;

	s->now = (struct moment){SCHOOL_MONO_MS + ran_ms, wall_s, trusted};
	policy_state_make(&s->state, s->policy, &s->calendar, s->now, &before);
}

int32_t school_day(struct slice text)
{
	uint64_t year = 0, month = 0, day = 0;
	struct slice rest = text;

	assert_true(slice_to_u64(slice_cut(&rest, '-'), 9999, &year));
	assert_true(slice_to_u64(slice_cut(&rest, '-'), 12, &month));
	assert_true(slice_to_u64(rest, 31, &day));
	/* Howard Hinnant's count of days of the civil calendar. */
	int64_t y = (int64_t)year - (month <= 2 ? 1 : 0);
	int64_t era = y / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year =
	    (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + (int64_t)day - 1;
	return (int32_t)(era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
	    719468);
}

/* ---- questions ----------------------------------------------------------------------------- */

void school_ask(
    const struct school *s, struct school_question *q, struct slice who, struct slice name)
{
	struct slice rest = who;
	char tier[64], group[64] = "";
	uint8_t number = 0;

	memset(q, 0, sizeof *q);
	text_of(tier, slice_cut(&rest, '/'));
	assert_true(policy_find_tier(s->policy, tier, &number));
	q->who = policy_member(s->policy, number);
	if (rest.ptr != NULL)
		text_of(group, slice_cut(&rest, '/'));
	for (size_t g = 0; g < s->config->filter.groups.count; g++)
		if (strcmp(policy_group_name(s->policy, (uint16_t)g), group) == 0)
			q->who.group = (uint16_t)g;
	if (rest.ptr != NULL)
		assert_int_equal(addr_from_text(&q->client, rest, NULL), OK);
	assert_int_equal(name_from_text(&q->name, name, NULL), OK);
	name_hash_all(&q->hashes, name_of(&q->name), policy_hash_key(s->policy));
	q->asked = (struct policy_question){
	    .name = name_of(&q->name),
	    .hashes = &q->hashes,
	    .qtype = 1,
	    .client = q->client.family != 0 ? &q->client : NULL,
	    .scratch = s->scratch,
	};
}

struct verdict school_decide(const struct school *s, const struct school_question *q)
{
	return policy_decide(s->policy, &q->who, &q->asked, &s->state, s->now);
}

bool school_same_verdict(const struct verdict *a, const struct verdict *b)
{
	bool same = a->action == b->action && a->reason == b->reason &&
	    a->category == b->category && a->locked == b->locked &&
	    a->sensitive == b->sensitive && a->required == b->required &&
	    a->covers_required == b->covers_required &&
	    a->covers_answers == b->covers_answers && a->content_only == b->content_only &&
	    a->unlisted == b->unlisted && a->matched_labels == b->matched_labels &&
	    a->data_count == b->data_count && a->data_alone == b->data_alone &&
	    a->window == b->window && a->service == b->service && a->grant == b->grant &&
	    a->valid_until_ms == b->valid_until_ms;

	return same && (a->action == POLICY_PASS || a->answer == b->answer) &&
	    memcmp(a->data, b->data, a->data_count * sizeof *a->data) == 0;
}
