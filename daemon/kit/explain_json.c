#include "kit/explain_json.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "base/file.h"
#include "base/text.h"
#include "dns/text.h"
#include "feed/find.h"
#include "kit/department.h"
#include "kit/grants_text.h"
#include "kit/local_time.h"

enum {
	READ_BYTES = 128 * 1024,
	LINE_TEXT_BYTES = 400
};

static const char *answer_word(enum rules_answer answer)
{
	switch (answer) {
	case RULES_ANSWER_NULL:
		return "null";
	case RULES_ANSWER_NODATA:
		return "nodata";
	case RULES_ANSWER_NXDOMAIN:
		return "nxdomain";
	case RULES_ANSWER_REFUSED:
		return "refused";
	case RULES_ANSWER_WARNING:
	default:
		return "warning";
	}
}

static const char *kind_word(const struct explained_rule *rule)
{
	static const char *const words[] = {
	    [RULE_OF_PORTAL] = "portal",
	    [RULE_OF_TIER_ALLOW] = "allow",
	    [RULE_OF_TIER_DENY] = "deny",
	    [RULE_OF_NEVER_BLOCK] = "never-block",
	    [RULE_OF_PAUSE] = "pause",
	    [RULE_OF_GRANT] = "grant",
	    [RULE_OF_WINDOW] = "window",
	    [RULE_OF_SERVICE] = "service",
	    [RULE_OF_ALLOW_ONLY] = "allow-only",
	    [RULE_OF_YOUTUBE] = "youtube",
	    [RULE_OF_SAFE_SEARCH] = "safe-search",
	    [RULE_OF_BYPASS] = "bypass",
	    [RULE_OF_TRIAL] = "trial",
	    [RULE_OF_DEPARTMENT] = "department",
	};

	if ((size_t)rule->source < COUNT_OF(words) && words[rule->source] != NULL)
		return words[rule->source];
	return rule->opens ? "exception" : "block"; /* RULE_OF_FEED */
}

static const char *reach_word(enum rule_reach reach)
{
	return reach == RULE_REACHES_NAME ? "exact"
	    : reach == RULE_REACHES_BELOW ? "below"
	                                  : "subtree";
}

static const char *advice_word(enum advice advice)
{
	static const char *const words[] = {
	    [ADVICE_NONE] = "none",
	    [ADVICE_ALLOW] = "allow",
	    [ADVICE_DENY] = "deny",
	    [ADVICE_DROP_DENY] = "drop-deny",
	    [ADVICE_DROP_ALLOW] = "drop-allow",
	    [ADVICE_RESUME] = "resume",
	    [ADVICE_BLOCK_CATEGORY] = "block-category",
	    [ADVICE_RULES] = "rules",
	    [ADVICE_REVOKE] = "revoke",
	    [ADVICE_DROP_SERVICE] = "drop-service",
	    [ADVICE_WINDOW] = "window",
	    [ADVICE_ENFORCE] = "enforce",
	    [ADVICE_DEPARTMENT] = "department",
	};

	return (size_t)advice < COUNT_OF(words) && words[advice] != NULL ? words[advice]
	                                                                 : "none";
}

static const char *category_word(const struct policy *policy, uint8_t category)
{
	return category < policy_category_count(policy)
	    ? policy_category_at(policy, category)->name
	    : "";
}

/* The last `labels` labels of `name` as text; "" for 0. */
static void suffix_text(char out[NAME_TEXT_MAX], struct dname name, size_t labels)
{
	out[0] = 0;
	if (labels == 0)
		return;
	for (size_t n = name_label_count(name); n > labels; n--)
		name = name_parent(name);
	name_to_text(out, name);
}

static json_t *rule_to_json(
    const struct explain_subject *subject, uint8_t tier, const struct explained_rule *rule)
{
	char match[NAME_TEXT_MAX];

	suffix_text(match, subject->name, rule->labels);
	return json_pack(
	    "{s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:s, s:I, s:s, s:b, s:I, s:s, "
	    "s:s, s:I, s:I, s:s}",
	    "feed", rule->feed != NULL ? rule->feed : "", "category",
	    category_word(subject->policy, rule->category), "match", match, "kind",
	    kind_word(rule), "reach", reach_word(rule->reach), "important", rule->important,
	    "in_force", rule->in_force, "file",
	    rule->mark.file != NULL ? rule->mark.file : "", "line",
	    (json_int_t)rule->mark.line, "text", rule->source == RULE_OF_FEED ? "" : match,
	    "wins", rule->wins, "fetched_s", (json_int_t)0, "window",
	    policy_window_name(subject->policy, tier, rule->window), "service",
	    policy_service_name(subject->policy, rule->service), "grant",
	    (json_int_t)(rule->grant != NULL ? rule->grant->id : 0), "rule",
	    rule->rule == RULEDB_NO_RULE ? (json_int_t)-1 : (json_int_t)rule->rule,
	    "pattern", "");
}

static json_t *rules_to_json(
    const struct explain_subject *subject, const struct explanation *explanation)
{
	json_t *rules = json_array();

	for (size_t i = 0; rules != NULL && i < explanation->rule_count; i++) {
		if (json_array_append_new(rules,
		        rule_to_json(subject, explanation->tier, &explanation->rules[i])) !=
		    0) {
			json_decref(rules);
			return NULL;
		}
	}
	return rules;
}

/* ---- what decided beside rules; NULL is null ---- */

static json_t *window_to_json(
    const struct explain_subject *subject, const struct explanation *e)
{
	char move[LOCAL_TIME_TEXT_BYTES] = "";
	bool blocked = e->verdict.action == POLICY_BLOCK;

	if (e->verdict.window == POLICY_NO_WINDOW && !e->moves)
		return NULL;
	if (e->moves)
		local_time_text(move, e->move.wall_s);
	return json_pack("{s:s, s:s, s:s}", "name",
	    policy_window_name(subject->policy, e->tier, e->verdict.window), "opens_at",
	    blocked ? move : "", "closes_at", blocked ? "" : move);
}

static json_t *window_or_null(
    const struct explain_subject *subject, const struct explanation *e)
{
	json_t *window = window_to_json(subject, e);

	return window != NULL ? window : json_null();
}

static const struct grant *find_grant(const struct explanation *e)
{
	for (size_t i = 0; i < e->rule_count && e->verdict.grant != 0; i++) {
		const struct grant *grant = e->rules[i].grant;
		if (grant != NULL && grant->id == e->verdict.grant)
			return grant;
	}
	return NULL;
}

static json_t *grant_to_json(const struct explanation *e)
{
	const struct grant *grant = find_grant(e);

	return grant == NULL ? NULL : explain_grant_to_json(grant);
}

json_t *explain_grant_to_json(const struct grant *grant)
{
	char who[PREFIX_TEXT_MAX] = "";
	char until[LOCAL_TIME_TEXT_BYTES] = "always";

	if (grant->scope == SCOPE_CLIENTS)
		prefix_to_text(who, &grant->clients);
	if (!grant->always)
		local_time_text(until, grant->until_wall_s);
	return json_pack("{s:I, s:b, s:s, s:s, s:s, s:s, s:s}", "id", (json_int_t)grant->id,
	    "deny", grant->deny ? 1 : 0, "scope", grant_scope_word(grant->scope), "who",
	    grant->scope == SCOPE_CLIENTS ? who : grant->subject, "until", until, "by",
	    grant->by, "reason", grant->reason);
}

static json_t *service_to_json(const struct policy *policy, uint16_t service)
{
	if (service == POLICY_NO_SERVICE)
		return NULL;
	return json_pack("{s:s, s:s}", "name", policy_service_name(policy, service),
	    "title", policy_service_title(policy, service));
}

static json_t *alias_to_json(const struct policy_alias *alias)
{
	char name[NAME_TEXT_MAX];

	if (alias->name.wire == NULL)
		return NULL;
	name_to_text(name, alias->name);
	return json_pack("{s:s, s:b}", "leads_to", name, "youtube", alias->youtube ? 1 : 0);
}

json_t *explain_to_json(
    const struct explain_subject *subject, const struct explanation *explanation)
{
	const struct verdict *verdict = &explanation->verdict;
	bool blocked = verdict->action == POLICY_BLOCK;
	char name[NAME_TEXT_MAX], advised[NAME_TEXT_MAX], type[TEXT_CODE_BYTES];
	char at[LOCAL_TIME_TEXT_BYTES];
	json_t *rules = rules_to_json(subject, explanation);

	if (rules == NULL)
		return NULL;
	name_to_text(name, subject->name);
	suffix_text(advised, subject->name, explanation->advice_labels);
	text_from_type(type, subject->qtype);
	local_time_text(at, subject->at_s);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:o?, s:o?, s:o?, "
	                 "s:o?, s:n, s:o, s:I, s:s, s:s, s:s}",
	    "name", name, "type", type, "tier",
	    policy_tier_at(subject->policy, explanation->tier)->name, "at", at, "verdict",
	    blocked ? "block" : "allow", "reason", policy_reason_text(verdict->reason),
	    "category", category_word(subject->policy, verdict->category), "answer",
	    blocked ? answer_word(verdict->answer) : "", "trial", subject->trial ? 1 : 0,
	    "window", window_to_json(subject, explanation), "grant",
	    grant_to_json(explanation), "service",
	    service_to_json(subject->policy, verdict->service), "safe_search",
	    alias_to_json(&explanation->alias), "through", "rules", rules, "rules_dropped",
	    (json_int_t)explanation->rules_dropped, "advice",
	    advice_word(explanation->advice), "advice_name", advised, "advice_category",
	    category_word(subject->policy, explanation->advice_category));
}

/* ---- through an answer ---- */

static json_t *through_to_json(
    const struct verdict *verdict, const struct explain_subject *target)
{
	char name[NAME_TEXT_MAX] = "";

	if (target != NULL)
		name_to_text(name, target->name);
	return json_pack(
	    "{s:s, s:s}", "name", name, "reason", policy_reason_text(verdict->reason));
}

enum err explain_through(json_t *made, const struct policy *policy,
    const struct verdict *verdict, const struct explain_subject *target,
    const struct explanation *explanation)
{
	json_t *rules = target == NULL ? NULL : rules_to_json(target, explanation);
	/* The school's word about the name that is asked covers its answers. */
	const char *advice = verdict->locked ? "none"
	    : verdict->required              ? "department"
	                                     : "allow";
	bool good = target == NULL || rules != NULL;

	if (rules != NULL)
		good = json_array_extend(json_object_get(made, "rules"), rules) == 0;
	json_decref(rules);
	if (target != NULL)
		good = good &&
		    json_object_set_new(
		        made, "window", window_or_null(target, explanation)) == 0;
	good = good &&
	    json_object_set_new(made, "through", through_to_json(verdict, target)) == 0 &&
	    json_object_set_new(made, "verdict", json_string("block")) == 0 &&
	    json_object_set_new(made, "reason", json_string("answer")) == 0 &&
	    json_object_set_new(made, "category",
	        json_string(category_word(policy, verdict->category))) == 0 &&
	    json_object_set_new(
	        made, "answer", json_string(answer_word(verdict->answer))) == 0 &&
	    json_object_set_new(made, "advice", json_string(advice)) == 0 &&
	    json_object_set(made, "advice_name", json_object_get(made, "name")) == 0;
	return good ? OK : ERR_MEMORY;
}

/* ---- the line of a rule in the stored copy of its feed --------------------------------- */

/* One feed's rules that still want their line. */
struct search {
	const struct ruledb *db;
	json_t *rules;
	/* The name that is asked, and the one its answer leads to. */
	struct name_buf names[2];
	size_t name_count;
	const char *feed;
	size_t wanted;
	bool no_memory;
};

static const char *text_member(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

static bool wants_line(const json_t *rule, const char *feed)
{
	return strcmp(text_member(rule, "feed"), feed) == 0 &&
	    json_integer_value(json_object_get(rule, "line")) == 0;
}

/* The terms of the rule at hand and of the one looked for; a plain rule has none. */
static bool same_terms(struct search *s, const json_t *wanted, const struct rule *rule)
{
	json_int_t number = json_integer_value(json_object_get(wanted, "rule"));
	struct buf theirs = BUF_INIT(RULE_TERMS_MAX_BYTES);
	struct buf ours = BUF_INIT(RULE_TERMS_MAX_BYTES);
	struct rule_terms terms;

	if (number < 0)
		return rule->terms == NULL;
	if (rule->terms == NULL || !ruledb_rule_terms(s->db, (uint32_t)number, &terms))
		return false;
	rule_terms_write(&theirs, rule->terms);
	rule_terms_write(&ours, &terms);
	bool same = buf_status(&theirs) == OK && buf_status(&ours) == OK &&
	    slice_equal(buf_slice(&theirs), buf_slice(&ours));
	buf_deinit(&theirs);
	buf_deinit(&ours);
	return same;
}

static bool is_rule(struct search *s, const json_t *wanted, const struct feed_hit *hit)
{
	static const char *const reaches[] = {
	    [RULE_SUBTREE] = "subtree", [RULE_EXACT] = "exact", [RULE_BELOW] = "below"};
	const struct rule *rule = &hit->rule->rule;
	bool exception = strcmp(text_member(wanted, "kind"), "exception") == 0;
	bool important = json_is_true(json_object_get(wanted, "important"));
	unsigned reach = rule->kind & RULE_REACH_MASK;
	char match[NAME_TEXT_MAX] = ""; /* a pattern has no name */

	if (rule->subject == RULE_OF_NAME)
		name_to_text(match, rule->name);
	/* A rule of a feed of category `allow` opens without being an exception itself. */
	if (text_member(wanted, "category")[0] != 0 &&
	    exception != ((rule->kind & RULE_EXCEPTION) != 0))
		return false;
	return reach < COUNT_OF(reaches) &&
	    important == ((rule->kind & RULE_IMPORTANT) != 0) &&
	    strcmp(text_member(wanted, "reach"), reaches[reach]) == 0 &&
	    strcmp(text_member(wanted, "match"), match) == 0 && same_terms(s, wanted, rule);
}

/* A feed's line is a stranger's text: no control characters, and ASCII where it is not
 * sound UTF-8. */
static json_t *line_text(struct slice line)
{
	char text[LINE_TEXT_BYTES];

	text_printable(text, sizeof text, slice_trim(line));
	json_t *made = json_string(text);
	if (made != NULL)
		return made;
	for (char *p = text; *p != 0; p++) {
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	}
	return json_string(text);
}

static enum err on_hit(void *arg, const struct feed_hit *hit)
{
	struct search *s = arg;
	json_t *rule;
	size_t i;

	json_array_foreach(s->rules, i, rule)
	{
		if (!wants_line(rule, s->feed) || !is_rule(s, rule, hit))
			continue;
		json_t *line = json_integer((json_int_t)hit->rule->line);
		if (json_object_set_new(rule, "line", line) != 0 ||
		    json_object_set_new(rule, "text", line_text(hit->rule->text)) != 0) {
			s->no_memory = true;
			return ERR_MEMORY;
		}
		s->wanted--;
		break;
	}
	return s->wanted == 0 ? ERR_CLOSED : OK; /* ERR_CLOSED: enough was read */
}

static enum err push_all(struct feed_find *find, const char *path)
{
	uint8_t *chunk = malloc(READ_BYTES);
	gzFile file = gzopen(path, "rb"); /* plain files too */
	enum err rc = chunk == NULL ? ERR_MEMORY : file == NULL ? ERR_NOT_FOUND : OK;
	int n = 0;

	while (rc == OK && (n = gzread(file, chunk, READ_BYTES)) > 0)
		rc = feed_find_push(find, (struct slice){chunk, (size_t)n}, NULL);
	if (rc == OK && n == 0)
		rc = feed_find_finish(find, NULL);
	if (file != NULL)
		gzclose(file);
	free(chunk);
	return rc;
}

static enum err search_feed(
    struct search *s, const struct ruledb_feed *feed, const char *state_dir)
{
	/* "so-gddt/tinh-khac": that list of the bundle. */
	const char *slash = strchr(feed->name, DEPARTMENT_LIST);
	const struct feed_options options = {.format = feed_format_find(feed->format),
	    .exact = feed->exact,
	    .list = slash == NULL ? NULL : slash + 1};
	struct feed_find *find = NULL;
	char path[FILE_PATH_BYTES];
	enum err rc = path_join(path, sizeof path, feed->source[0] == '/' ? "" : state_dir,
	    feed->source[0] == '/' ? feed->source + 1 : feed->source);

	if (rc != OK)
		return rc;
	rc = feed_find_new(&find, &options, COUNT_OF(s->names));
	for (size_t i = 0; i < s->name_count && rc == OK; i++)
		rc = feed_find_add(find, name_of(&s->names[i]));
	if (rc == OK) {
		feed_find_on_hit(find, on_hit, s);
		rc = push_all(find, path);
	}
	feed_find_free(find);
	return s->no_memory ? ERR_MEMORY : rc;
}

static size_t count_wanted(const json_t *rules, const char *feed)
{
	size_t i, count = 0;
	const json_t *rule;

	json_array_foreach(rules, i, rule) count += wants_line(rule, feed) ? 1 : 0;
	return count;
}

/* What the database knows without the feed's copy: when it was fetched, and the expression of
 * a pattern. */
static bool set_facts(const struct search *s, const struct ruledb_feed *feed)
{
	size_t i;
	json_t *rule;

	json_array_foreach(s->rules, i, rule)
	{
		json_int_t number = json_integer_value(json_object_get(rule, "rule"));
		struct rule_terms terms;
		if (strcmp(text_member(rule, "feed"), feed->name) != 0)
			continue;
		if (json_object_set_new(
		        rule, "fetched_s", json_integer((json_int_t)feed->fetched_s)) != 0)
			return false;
		if (number >= 0 && ruledb_rule_terms(s->db, (uint32_t)number, &terms) &&
		    terms.pattern.len > 0 &&
		    json_object_set_new(rule, "pattern", line_text(terms.pattern)) != 0)
			return false;
	}
	return true;
}

static void add_name(struct search *s, const char *text)
{
	if (*text != 0 &&
	    name_from_text(&s->names[s->name_count], slice_of(text), NULL) == OK)
		s->name_count++;
}

enum err explain_find_lines(
    json_t *explanation, const struct ruledb *rules, const char *state_dir)
{
	struct search s = {.db = rules, .rules = json_object_get(explanation, "rules")};
	struct ruledb_feed feed;

	add_name(&s, text_member(explanation, "name"));
	add_name(&s, text_member(json_object_get(explanation, "through"), "name"));
	for (unsigned i = 0; ruledb_feed_at(rules, i, &feed); i++) {
		s.feed = feed.name;
		s.wanted = count_wanted(s.rules, feed.name);
		if (!set_facts(&s, &feed))
			return ERR_MEMORY;
		if (s.wanted == 0 || feed.source[0] == 0)
			continue;
		if (search_feed(&s, &feed, state_dir) == ERR_MEMORY)
			return ERR_MEMORY;
	}
	return OK;
}
