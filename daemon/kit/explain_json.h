/* explain_json -- policy's explanation as the JSON that `lachanctl explain --json` prints.
 *
 * The filter answers the control command `explain` with it, and lachanctl makes the same
 * object itself when the daemon is stopped, so both always look alike:
 *
 *	{"name","type","tier","verdict":"block|allow","reason","category","answer",
 *	 "rules":[{"feed","category","match","kind","line","text","wins",
 *	           "reach":"exact|subtree|below","important","in_force","file"}],
 *	 "rules_dropped","advice","advice_name","advice_category"}
 *
 * kind: block exception allow deny never-block portal pause. advice: none allow deny
 * drop-deny drop-allow resume block-category rules. `line` is 0 and `text` empty where
 * nobody has looked for the line or the feed's copy is gone. Slow: never on a worker.
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
};

/* A new object (json_decref ends it), or NULL without memory. */
json_t *explain_to_json(
    const struct explain_subject *subject, const struct explanation *explanation);

/* Fills `line` and `text` of the rules of feeds from the feeds' stored copies, each read
 * once, plain or gzip. Relative copies are looked for in `state_dir`, absolute ones must
 * exist as they are. What cannot be found keeps line 0. ERR_MEMORY; other failures of a
 * feed only leave its lines out. */
MUST_CHECK enum err explain_find_lines(
    json_t *explanation, const struct ruledb *rules, const char *state_dir);

#endif
