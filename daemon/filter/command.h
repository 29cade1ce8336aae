/* command -- one command of control.sock while it is answered.
 *
 * Requests and replies are JSON objects; sentences are English msgids, translated by whoever
 * shows them. The larger commands, and their keys:
 *
 *	explain {"name","type"?,"client"?|"tier"?,"at"?,"lines"?} -> kit/explain_json.h, and
 *	        "staff_until": the device is staff's by a sign-in until then, or ""
 *	        lines: false where nobody reads the feeds' lines, which take time to find; at: RFC 3339 (without an offset: the school's time), or seconds since 1970
 *	allow, deny {"name","tier"?|"group"?|"client"?,"for_ms"?|"for":"always","reason"?}
 *	        -> {"id","until"}; without a scope for everybody; 45 minutes by default
 *	        Root and the gateway itself may add "actor": for whom they do it
 *	open {"name","group","for_ms"?,"actor","reason"?} -> {"id","until","until_s"}: a teacher's
 *	        opening, of content alone (policy/grants.h), for one room, no longer than
 *	        pages.teacher_open, which is the default. One that lasts longer stays. Root
 *	        and the gateway itself alone. why: locked sensitive security bypass
 *	        safe_search public_suffix denied portal unknown_group too_long clock wrong failed
 *	staff {"client","until_s"} or {"client","end":true} -> {"until","until_s"}: this device
 *	        is staff's until then (policy/leases.h), at most a day. Root and the gateway
 *	        itself alone. why: shared (several devices may stand behind the address)
 *	        no_tier too_many clock wrong failed
 *	audit {"actor","action","name"?,"scope"?,"detail"?}: an entry of audit.log; root and the
 *	        gateway itself alone. `record` is its older name
 *	grants  -> {"grants":[{"id","deny","content_only","name","scope","who","made","until","by","reason",
 *	           "applies"}]}; applies: false where the tier or room is gone, or the clock is
 *	           not trusted
 *	revoke  {"id"} -> {"name"}
 *	doctor  {"devices":[{"mac","addresses":[]}]} -> {"silent":[INDEX],"counted_s","clients",
 *	        "shared":[{"address","signs":["forwarder"|"systems"|"volume"],"share_percent"}]}
 *	        silent: which of the devices have not asked today; counted_s: of what time that
 *	        is said. Root and the gateway itself alone; nothing of it is kept
 *	selftest {"names":[{"category","name"}]} -> {"option","token","for_ms","own_tier",
 *	        "cells":[{"tier","index","category","name","verdict":"block|allow","reason",
 *	        "answer":"warning|null|nodata|nxdomain|refused","locked"}]}: what each tier gets
 *	        for each name, and the word that makes a question one of this tier for for_ms
 *	        (selftest.h)
 *
 * Threads: main alone. */
#ifndef FILTER_COMMAND_H
#define FILTER_COMMAND_H

#include "dns/name.h"
#include "filter/program.h"

/* Fills a reply, or says in `error` what the person did wrong. */
struct command {
	struct program *program;
	struct control_peer *peer;
	const json_t *request;
	json_t *reply; /* NULL and no error: answered already, or no memory */
	char error[256];
	const char *why; /* a word beside the error, for programs; or NULL */
};

/* `sentence` is a msgid. */
void command_fail(struct command *c, const char *sentence);
/* The same with a word for programs (static). */
void command_refuse(struct command *c, const char *why, const char *sentence);
/* A string of the request; NULL without it. */
const char *command_text(const struct command *c, const char *key);
/* {"ok":true} */
void command_done(struct command *c);
/* The name of the request; false: it has failed. */
bool command_read_name(struct command *c, struct name_buf *name);
/* "uid:1000": who asks, for the record. */
void command_actor(const struct command *c, char *out, size_t size);
/* Root or our own user, who may say what another person has done. */
bool command_is_ours(const struct command *c);
/* `actor` of the request ("teacher:lan", "review:7"), which ours alone may say; without it as
 * command_actor(). False: it has failed. */
bool command_read_actor(struct command *c, char *out, size_t size);

/* Who changed what, for the record. A change that cannot be recorded is still made, and the
 * log says so; false then. ERR_DENIED of audit_append() is one of the reasons. */
bool command_append(struct program *p, const struct audit_entry *entry);
/* The same, by the asker, for the tier of the request or all. */
void command_record_plain(const struct command *c, const char *action, const char *detail);

/* Sets `key` to an RFC 3339 time. */
void command_put_time(json_t *reply, const char *key, int64_t wall_s);

void command_doctor(struct command *c);
void command_explain(struct command *c);
void command_selftest(struct command *c);
void command_allow(struct command *c);
void command_deny(struct command *c);
void command_grants(struct command *c);
void command_revoke(struct command *c);
void command_open(struct command *c);
void command_staff(struct command *c);

#endif
