/* user -- one change of the school's accounts: what it asks for, and what it leaves behind.
 *
 *	open the file under its lock ----> change ----> an approver's yes, where one is wanted
 *	                                                        |
 *	            recorded <---- file replaced <--------------+
 *
 * Threads: one. */
#ifndef LACHANCTL_USER_H
#define LACHANCTL_USER_H

#include "accounts/accounts.h"
#include "lachanctl/ctl.h"
#include "lachanctl/secret.h"

struct user_edit {
	struct ctl *c;
	struct accounts_edit file;
	char path[FILE_PATH_BYTES];
	char name[ACCOUNT_NAME_BYTES];        /* whom it is about */
	char approved_by[ACCOUNT_NAME_BYTES]; /* "" when nobody was asked */
};

/* Reads `typed` as the name, finds and locks the file. Else says why; nothing to end then. */
enum ctl_status user_begin(struct user_edit *e, struct ctl *c, const char *typed);
void user_end(struct user_edit *e);

/* Whether there is somebody who may approve `roles`: told before a password is asked for. */
enum ctl_status user_can_be_approved(const struct user_edit *e, unsigned roles);
/* Asks an approver who is not in question himself for name and password, when one of `roles` gives power over
 * others; the very first approver is believed. */
enum ctl_status user_approve(struct user_edit *e, unsigned roles);
/* Asks for the password of this account as it is now. The caller wipes *out. */
enum ctl_status user_prove(
    struct user_edit *e, const struct account *account, struct secret *out);
/* Asks for a new password, judges it, and sets it; the key of a counsellor is made, or wrapped
 * anew by `before` (the password until now; may be NULL when there is no key yet). */
enum ctl_status user_choose(
    struct user_edit *e, struct account *account, const struct secret *before);
/* Makes the key of a new counsellor, under his password. */
enum ctl_status user_make_key(
    struct user_edit *e, struct account *account, const struct secret *password);

/* Refuses to leave the school without somebody of these roles, unless --last was said. */
enum ctl_status user_keep_last(
    const struct user_edit *e, unsigned lost, const char *action);

/* Replaces the file, and tells the record. */
enum ctl_status user_commit(struct user_edit *e, const char *action, const char *detail);

#endif
