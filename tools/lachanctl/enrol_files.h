/* enrol_files -- what enrolment leaves on the disk, in an order that survives a crash anywhere.
 *
 *	state_dir/signing.key.new-XXXXXXXX   the new key, made before the department hears of it;
 *	                                     X is of the token: the same file, the same key
 *	secrets/NAME.token, secrets/NAME.ca.pem
 *	lachan.d/overrides.yaml              judged as a whole configuration before it is replaced;
 *	                                     the one before stays as overrides.yaml.prev
 *	state_dir/signing.key.by             that X, so that the same file finds its key again
 *	state_dir/signing.key                the new key takes its place, last
 *
 * Run again after a crash or after the end, the same token and key meet the department, which
 * knows both.
 * Threads: none. */
#ifndef LACHANCTL_ENROL_FILES_H
#define LACHANCTL_ENROL_FILES_H

#include "lachanctl/ctl.h"
#include "lachanctl/enrolment.h"
#include "sign/sign.h"

struct enrol_files {
	const struct ctl *ctl;
	char folder[FILE_PATH_BYTES]; /* of lachan.yaml */
	char secrets[FILE_PATH_BYTES];
	char key[FILE_PATH_BYTES];
	char new_key[FILE_PATH_BYTES];
	char by[FILE_PATH_BYTES]; /* beside `key`: whose token enrolled it */
	char token_mark[16];
	bool by_same_file; /* enrol_files_key() found what this very file enrolled before */
	char overrides[FILE_PATH_BYTES];
	char
	    token_name[128]; /* "secrets/department.token", as the configuration names it */
	char ca_name[128];
};

/* Each fails with *why in the person's language. */
MUST_CHECK enum err enrol_files_open(struct enrol_files *f, const struct ctl *c,
    const struct enrolment *e, struct diag *why);
/* The key that is being enrolled: made, or left by a run that did not get to its end. */
MUST_CHECK enum err enrol_files_key(
    struct enrol_files *f, struct sign_key *out, struct diag *why);
MUST_CHECK enum err enrol_files_finish(struct enrol_files *f, const struct enrolment *e,
    const struct enrolment_answer *a, struct diag *why);

#endif
