/* diagnose -- main's side of a diagnosis: the commands, the record, who watches, the end.
 *
 *	diagnose         {"reason","for_ms"?} -> {"id","answer_within_s"}
 *	diagnose-approve {"id"} -> {"until"}
 *	diagnose-state   {} -> {"state":"none|asked|running|kept", …}   as in `status`
 *	diagnose-show    {"offset"?} -> {"entries":[…],"next","left_out"}; next 0: the end
 *	diagnose-watch   {} -> a frame an entry, until the client goes or it ends
 *	diagnose-end     {}, diagnose-erase {}
 *
 * An entry: {"time","client","type","name","verdict":"blocked|allowed|none","reason",
 * "category","rcode"}; for a sensitive category name and category are "" and "withheld" is
 * true. Show and watch are for the two persons alone, end and erase for them and root.
 * Every step is in audit.log; what cannot be recorded there is not done. Threads: main. */
#ifndef FILTER_DIAGNOSE_H
#define FILTER_DIAGNOSE_H

#include "filter/command.h"
#include "filter/diagnosis.h"

struct diagnose;

MUST_CHECK enum err diagnose_new(
    struct diagnose **out, struct program *p, struct diag *why);
/* Erases the record. Workers may still run. NULL is allowed. */
void diagnose_free(struct diagnose *d);

/* For `status`: the state, or null where there is none. */
json_t *diagnose_report(const struct diagnose *d);
/* For pages. Seconds since 1970 UTC at which it ends, 0: none runs. */
int64_t diagnose_ends_at_s(const struct diagnose *d);
/* A record is there, whether or not it still grows. */
bool diagnose_is_kept(const struct diagnose *d);

/* The peer goes: it watches no more. */
void diagnose_forget(struct diagnose *d, const struct control_peer *peer);

void command_diagnose(struct command *c);
void command_diagnose_approve(struct command *c);
void command_diagnose_state(struct command *c);
void command_diagnose_show(struct command *c);
void command_diagnose_watch(struct command *c);
void command_diagnose_end(struct command *c);
void command_diagnose_erase(struct command *c);

#endif
