/* explain_json -- policy's explanation as the JSON that `lachanctl explain --json` prints.
 *
 * The filter answers the control command `explain` with it, and lachanctl makes the same
 * object itself when the daemon is stopped, so both always look alike:
 *
 *	{"name","type","tier","at",
 *	 "verdict":"block|allow","reason","category","answer","trial",
 *	 "window":{"name","opens_at","closes_at"} | null,
 *	 "grant":{"id","deny","scope","who","until","by","reason"} | null,
 *	 "service":{"name","title"} | null,
 *	 "safe_search":{"leads_to","youtube"} | null,
 *	 "through":{"name","reason"} | null,
 *	 "local":{...} | null, "rebound",
 *	 "rules":[{"feed","category","match","kind","line","text","wins",
 *	           "reach":"exact|subtree|below","important","in_force","file",
 *	           "fetched_s","window","service","grant","rule","pattern"}],
 *	 "rules_dropped","advice","advice_name","advice_category"}
 *
 * at: the moment it is said of, as all times RFC 3339. trial: filter.enforce is off; where the
 * reason is `trial` too, the name would be blocked. window: the one that decided; opens_at is
 * when the timetable opens what is blocked, closes_at when it closes what is open, "" where it
 * does not. (A name blocked at all times outside a window has a window without a name and an
 * opens_at.) grant: until is "always" or a time; scope: all tier group clients; who: its name
 * or prefix. safe_search: the name that a passing question is answered from.
 * through: the name itself is open, but an answer that the gateway holds leads to `name` ("" for
 * an address), which is blocked for `reason`; the verdict is what askers get, with the reason
 * `answer`, and the rules are those of both.
 *
 * local: what the name is at the school itself (kit/explain_local.h). rebound: an answer that the
 * gateway holds has private addresses, which askers of a public name do not get; false from
 * lachanctl.
 *
 * rules[].kind: block exception allow deny never-block portal pause grant window service
 * allow-only youtube safe-search bypass trial. match is "" for a pattern. fetched_s: when the
 * feed was fetched, seconds since 1970 UTC, 0 unknown. window, service: names, or ""; grant: an
 * id, or 0. rule: the number of a rule with conditions in rules.db, -1 for a plain one; pattern:
 * its expression, or "". advice: none allow deny drop-deny drop-allow resume block-category rules revoke
 * drop-service window enforce. `line` is 0 and `text` empty where nobody has looked for the
 * line or the feed's copy is gone. Slow: never on a worker.
 * Threads: pure functions, but for explain_find_lines, which reads files. */
#ifndef KIT_EXPLAIN_JSON_H
#define KIT_EXPLAIN_JSON_H

#include <jansson.h>

#include "base/err.h"
#include "policy/explain.h"
#include "ruledb/ruledb.h"

struct explain_subject {
	const struct policy *policy;
	struct dname name;
	uint16_t qtype;
	int64_t at_s; /* seconds since 1970 UTC: the moment of the explanation */
	bool trial;   /* enforce is off */
};

/* A new object (json_decref ends it), or NULL without memory. */
json_t *explain_to_json(
    const struct explain_subject *subject, const struct explanation *explanation);

/* What askers of `made` get because an answer leads to something that is blocked by *verdict:
 * sets `through` and what follows from it. `target` and `explanation` are of the name it leads
 * to; NULL for an address. ERR_MEMORY. */
MUST_CHECK enum err explain_through(json_t *made, const struct policy *policy,
    const struct verdict *verdict, const struct explain_subject *target,
    const struct explanation *explanation);

/* A grant as in "grant" above; NULL without memory. */
json_t *explain_grant_to_json(const struct grant *grant);

/* Fills `line`, `text` and `fetched_s` of the rules of feeds from the database and the feeds'
 * stored copies, each read once, plain or gzip. Relative copies are looked for in `state_dir`, absolute ones must
 * exist as they are. What cannot be found keeps line 0. ERR_MEMORY; other failures of a
 * feed only leave its lines out. */
MUST_CHECK enum err explain_find_lines(
    json_t *explanation, const struct ruledb *rules, const char *state_dir);

#endif
