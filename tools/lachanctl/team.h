/* team -- a counsellor at work: signed in at the desk, with the key in this process alone.
 *
 * Reports are opened here and nowhere else: the desk gives sealed bytes and the wrapped key,
 * the password unwraps it. Threads: one. */
#ifndef LACHANCTL_TEAM_H
#define LACHANCTL_TEAM_H

#include <jansson.h>

#include "lachanctl/ctl.h"
#include "seal/seal.h"

enum {
	TEAM_TOKEN_BYTES = 128,
	TEAM_NAME_BYTES = 40
};

struct team {
	struct ctl *ctl;
	char token[TEAM_TOKEN_BYTES];
	char me[TEAM_NAME_BYTES];
	struct seal_secret secret;
	json_t *members; /* [{"name","key"}]: who reads new cases */
};

/* Asks for the name, unless --user gives it, and the password (secret.h), signs in, unwraps the key. CTL_FAILED after saying
 * why. End it with team_end(), also then. */
enum ctl_status team_begin(struct team *team, struct ctl *c);
/* Wipes the key. */
void team_end(struct team *team);

/* As ctl_ask() on the desk's socket, with our token. */
enum ctl_status team_ask(
    struct team *team, const char *command, json_t *arguments, json_t **reply);

/* A case that was opened. Texts are borrowed from `words` and `answer`, "" without. */
struct team_case {
	uint32_t id;
	const char *day, *state, *changed, *owner, *reply_day;
	bool readable; /* sealed to us */
	bool reply_readable;
	const char *kind, *tier, *where, *what, *contact; /* when readable */
	const char *reply, *reply_by;
	json_t *words, *answer;
};

/* Opens an object of the desk's list; `object` must live as long. Never fails: what is not
 * sealed to us, or was altered, is not readable. End it with team_case_deinit(). */
void team_open(const struct team *team, const json_t *object, struct team_case *out);
void team_case_deinit(struct team_case *one);

/* Who can open the sealed bytes of a case: names of the team, "?" for keys of nobody in it;
 * an array of texts, the caller's. */
json_t *team_readers(const struct team *team, const json_t *object);

/* {"id","sealed"} of a reply to the holder of the code, the team can read too. NULL after
 * saying why. */
json_t *team_seal_reply(const struct team *team, const json_t *object, const char *words);
/* {"id","sealed"} of the same case, sealed to all of the team. NULL after saying why;
 * *added counts whom it was given. */
json_t *team_share(const struct team *team, const json_t *object, size_t *added);

#endif
