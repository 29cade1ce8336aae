#include "lachanctl/user.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "audit/audit.h"
#include "base/words.h"
#include "kit/control_client.h"
#include "kit/users_path.h"

#define POWERFUL (ACCOUNT_BIT(ACCOUNT_APPROVER) | ACCOUNT_BIT(ACCOUNT_COUNSELLOR))
#define APPROVER ACCOUNT_BIT(ACCOUNT_APPROVER)

enum {
	TRIES = 3, /* at a terminal, to choose a password */
	FILTER_TIMEOUT_MS = 5000
};

/* ---- begin and end ---- */

enum ctl_status user_begin(struct user_edit *e, struct ctl *c, const char *typed)
{
	struct diag why = {.text = ""};
	char text[DIAG_LINE_BYTES];

	*e = (struct user_edit){.c = c, .file = ACCOUNTS_EDIT_NONE};
	if (c->config == NULL)
		return ctl_fail(c, CTL_FAILED, "%s",
		    _("where the accounts stand is the configuration's to say: -c FILE"));
	if (!account_name_of(e->name, slice_of(typed)))
		return ctl_fail(c, CTL_USAGE,
		    _("%s cannot be a user's name: 2 to 32 of a-z, 0-9, dot, dash and "
		      "underscore, a letter first, no accents"),
		    typed);
	enum err rc = users_path(e->path, sizeof e->path, c->config);
	if (rc == OK)
		rc = accounts_begin(&e->file, ACCOUNT_HOUSE_SCHOOL, e->path, &why);
	if (rc == OK)
		return CTL_DONE;
	diag_describe(text, sizeof text, &why);
	return ctl_fail(c, CTL_FAILED, "%s%s", text[0] != 0 ? text : err_text(rc),
	    rc == ERR_IO && (errno == EACCES || errno == EPERM)
	        ? _("\nTry: sudo lachanctl ...")
	        : "");
}

void user_end(struct user_edit *e)
{
	accounts_end(&e->file);
}

static enum ctl_status no_memory(const struct user_edit *e, enum err rc)
{
	return ctl_fail(e->c, CTL_FAILED, "%s", err_text(rc));
}

/* ---- who says yes ---- */

static enum ctl_status check(
    struct user_edit *e, const char *name, const struct secret *password)
{
	bool right = false;
	enum err rc =
	    accounts_check_password(&e->file.all, name, secret_slice(password), &right);

	if (rc != OK)
		return no_memory(e, rc);
	return right
	    ? CTL_DONE
	    : ctl_fail(e->c, CTL_FAILED, "%s",
	          _("that name and that password do not fit; nothing was changed"));
}

static enum ctl_status check_approver(
    struct user_edit *e, const struct secret *typed, const struct secret *password)
{
	char name[ACCOUNT_NAME_BYTES];
	const struct account *approver = NULL;

	if (account_name_of(name, secret_slice(typed)))
		approver = accounts_find(&e->file.all, name);
	if (approver == NULL || (approver->roles & APPROVER) == 0)
		return ctl_fail(e->c, CTL_FAILED, "%s",
		    _("nobody of that name is an approver (lachanctl user list); nothing was "
		      "changed"));
	enum ctl_status status = check(e, name, password);
	if (status == CTL_DONE)
		memcpy(e->approved_by, name, sizeof name);
	return status;
}

static bool is_first_approver(const struct user_edit *e, unsigned roles)
{
	return (roles & POWERFUL) == APPROVER &&
	    accounts_count(&e->file.all, APPROVER) == 0;
}

enum ctl_status user_can_be_approved(const struct user_edit *e, unsigned roles)
{
	if ((roles & POWERFUL) == 0 || is_first_approver(e, roles) ||
	    accounts_count(&e->file.all, APPROVER) > 0)
		return CTL_DONE;
	return ctl_fail(e->c, CTL_FAILED, "%s",
	    _("a counsellor wants an approver's yes, and there is no approver yet: "
	      "make one first (lachanctl user add NAME approver)"));
}

enum ctl_status user_approve(struct user_edit *e, unsigned roles)
{
	struct secret name = SECRET_NONE, password = SECRET_NONE;

	if ((roles & POWERFUL) == 0 || is_first_approver(e, roles))
		return CTL_DONE;
	enum ctl_status status = user_can_be_approved(e, roles);
	if (status != CTL_DONE)
		return status;
	status = secret_ask_openly(e->c, _("Account of an approver who agrees"), &name);
	if (status == CTL_DONE)
		status = secret_ask(e->c, _("The approver's password"), &password);
	if (status == CTL_DONE)
		status = check_approver(e, &name, &password);
	secret_wipe(&name);
	secret_wipe(&password);
	return status;
}

enum ctl_status user_prove(
    struct user_edit *e, const struct account *account, struct secret *out)
{
	char question[ACCOUNT_NAME_BYTES + 64];

	(void)snprintf(
	    question, sizeof question, _("The password of %s until now"), account->name);
	enum ctl_status status = secret_ask(e->c, question, out);
	return status == CTL_DONE ? check(e, account->name, out) : status;
}

/* ---- passwords and keys ---- */

static bool draw(void *out, size_t size)
{
	return getrandom(out, size, 0) == (ssize_t)size;
}

static enum err wrap(
    struct account *account, const struct seal_secret *key, const struct secret *password)
{
	uint8_t salt[SEAL_SALT_BYTES];

	if (!draw(salt, sizeof salt))
		return ERR_IO;
	return seal_wrap(
	    account->wrapped, key, secret_slice(password), salt, SEAL_COST_PASSWORD);
}

enum ctl_status user_make_key(
    struct user_edit *e, struct account *account, const struct secret *password)
{
	uint8_t random[SEAL_KEY_BYTES];
	struct seal_secret key;
	enum err rc = draw(random, sizeof random) ? OK : ERR_IO;

	if (rc == OK)
		rc = seal_pair_make(&key, &account->key, random);
	if (rc == OK)
		rc = wrap(account, &key, password);
	seal_wipe(random, sizeof random);
	seal_wipe(&key, sizeof key);
	if (rc != OK)
		return no_memory(e, rc);
	account->has_key = true;
	return CTL_DONE;
}

/* The same key under a new password, so that old reports stay readable. */
static enum err wrap_again(
    struct account *account, const struct secret *before, const struct secret *password)
{
	struct seal_secret key;
	struct seal_public public;
	enum err rc = seal_unwrap(&key, &public, account->wrapped, secret_slice(before));

	if (rc == OK)
		rc = wrap(account, &key, password);
	seal_wipe(&key, sizeof key);
	return rc;
}

static enum ctl_status choose_once(struct user_edit *e, struct secret *password)
{
	char question[ACCOUNT_NAME_BYTES + 64];

	(void)snprintf(question, sizeof question, _("A new password for %s"), e->name);
	enum ctl_status status = secret_ask_twice(e->c, question, password);
	if (status != CTL_DONE)
		return status;
	const char *wrong = account_judge_password(secret_slice(password), e->name);
	if (wrong == NULL)
		return CTL_DONE;
	secret_wipe(password);
	return ctl_fail(e->c, CTL_FAILED, "%s", _(wrong));
}

static enum err set(
    struct account *account, const struct secret *password, const struct secret *before)
{
	uint8_t salt[ACCOUNT_SALT_BYTES];

	if (!draw(salt, sizeof salt))
		return ERR_IO;
	enum err rc = account_set_password(account, secret_slice(password), salt);
	if (rc == OK && account->has_key && before != NULL)
		rc = wrap_again(account, before, password);
	return rc;
}

enum ctl_status user_choose(
    struct user_edit *e, struct account *account, const struct secret *before)
{
	struct secret password = SECRET_NONE;
	int tries = isatty(STDIN_FILENO) == 1 ? TRIES : 1;
	enum ctl_status status = CTL_FAILED;

	for (int i = 0; i < tries && status == CTL_FAILED; i++)
		status = choose_once(e, &password);
	if (status == CTL_DONE) {
		enum err rc = set(account, &password, before);
		status = rc == OK ? CTL_DONE : no_memory(e, rc);
	}
	bool wants_key = (account->roles & ACCOUNT_BIT(ACCOUNT_COUNSELLOR)) != 0;
	if (status == CTL_DONE && wants_key && !account->has_key)
		status = user_make_key(e, account, &password);
	secret_wipe(&password);
	return status;
}

/* ---- what the school would lose ---- */

static const struct {
	enum account_role role;
	const char *lost;
} LAST[] = {
    {ACCOUNT_ADMIN, N_("that is the last admin")},
    {ACCOUNT_APPROVER,
        N_("that is the last approver; anybody with root could then name "
           "the next one alone")},
    {ACCOUNT_COUNSELLOR,
        N_("that is the last counsellor; reports that wait could then be "
           "read by nobody, ever")},
};

enum ctl_status user_keep_last(const struct user_edit *e, unsigned lost, const char *action)
{
	for (size_t i = 0; !e->c->last && i < COUNT_OF(LAST); i++) {
		unsigned bit = ACCOUNT_BIT(LAST[i].role);
		if ((lost & bit) != 0 && accounts_count(&e->file.all, bit) == 1)
			return ctl_fail(e->c, CTL_FAILED,
			    _("%s: %s. Make another one first, or say that you mean it: "
			      "lachanctl user %s %s --last"),
			    e->name, _(LAST[i].lost), action, e->name);
	}
	return CTL_DONE;
}

/* ---- the end ---- */

/* The filter is stopped, so that we are the record's writer now. */
static bool append_to_record(const struct user_edit *e, const struct audit_entry *entry)
{
	const char *folder = e->c->config->server.state_dir.text;
	struct audit *audit = NULL;
	char path[FILE_PATH_BYTES];
	struct diag why;
	struct stat st;

	if (path_join(path, sizeof path, folder, "audit.log") != OK)
		return false;
	if (audit_open(&audit, path, &why) != OK)
		return false;
	bool done = true;
	/* Who writes it from now on is the owner of the folder. */
	if (audit_count(audit) == 0 && geteuid() == 0)
		done =
		    stat(folder, &st) == 0 && audit_give(audit, st.st_uid, st.st_gid) == OK;
	done = audit_append(audit, (int64_t)time(NULL), entry) == OK && done;
	audit_close(audit);
	return done;
}

/* Whether somebody answers there: audit.log has one writer at a time. */
static bool filter_runs(const struct user_edit *e)
{
	struct control_client client = {.fd = -1};
	struct diag why;
	enum err rc =
	    control_client_open(&client, e->c->control_path, FILTER_TIMEOUT_MS, &why);

	control_client_close(&client);
	return rc != ERR_NOT_FOUND;
}

static bool tell_filter(const struct user_edit *e, const struct audit_entry *entry)
{
	json_t *reply = ctl_peek_with(e->c->control_path, "audit",
	    json_pack("{s:s,s:s,s:s,s:s}", "actor", entry->actor, "action", entry->action,
	        "scope", entry->scope, "detail", entry->detail));
	bool done = reply != NULL;

	json_decref(reply);
	return done;
}

static void record(const struct user_edit *e, const char *action, const char *detail)
{
	char actor[32], full[512];
	const struct audit_entry entry = {
	    .actor = actor, .action = action, .scope = "all", .detail = full};

	(void)snprintf(actor, sizeof actor, "uid:%u", (unsigned)getuid());
	(void)snprintf(full, sizeof full, "%s%s%s", detail,
	    e->approved_by[0] != 0 ? "; approved by " : "", e->approved_by);
	if (!(filter_runs(e) ? tell_filter(e, &entry) : append_to_record(e, &entry)))
		fprintf(stderr, "lachanctl: %s\n",
		    _("it was done, but the record (lachanctl audit) could not be told"));
}

enum ctl_status user_commit(struct user_edit *e, const char *action, const char *detail)
{
	struct diag why = {.text = ""};
	char text[DIAG_LINE_BYTES];

	if (accounts_commit(&e->file, &why) != OK) {
		diag_describe(text, sizeof text, &why);
		return ctl_fail(e->c, CTL_FAILED, "%s", text);
	}
	record(e, action, detail);
	return CTL_DONE;
}
