/* user: the accounts of those who answer, and of teachers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/words.h"
#include "kit/users_path.h"
#include "lachanctl/say.h"
#include "lachanctl/table.h"
#include "lachanctl/user.h"

#define COUNSELLOR ACCOUNT_BIT(ACCOUNT_COUNSELLOR)
#define POWERFUL   (ACCOUNT_BIT(ACCOUNT_APPROVER) | COUNSELLOR)

#define USAGE                                                                                 \
	"user list | user add NAME ROLE[,ROLE] | user role NAME ROLE[,ROLE] | user password " \
	"NAME | user remove NAME [--last]\n"                                                  \
	"roles: admin approver counsellor teacher viewer"

enum {
	DETAIL_BYTES = 320,
	COUNSELLORS_WANTED = 2
};

/* `words` or --role. */
static enum ctl_status read_roles(const struct ctl *c, const char *words, unsigned *out)
{
	if (words == NULL)
		words = c->role;
	if (words == NULL)
		return ctl_usage(c, USAGE);
	if (account_roles_of(ACCOUNT_HOUSE_SCHOOL, slice_of(words), out))
		return CTL_DONE;
	return ctl_fail(c, CTL_USAGE,
	    _("%s: the roles are admin, approver, counsellor, teacher and viewer, several "
	      "with commas between"),
	    words);
}

static void set_day(struct account *account)
{
	time_t now = time(NULL);
	struct tm local;

	if (localtime_r(&now, &local) == NULL ||
	    strftime(account->made, sizeof account->made, "%Y-%m-%d", &local) == 0)
		memcpy(account->made, "1970-01-01", sizeof account->made);
}

/* ---- what is said afterwards ---- */

static json_t *account_json(const struct account *a)
{
	json_t *roles = json_array();

	for (unsigned i = 0; i < ACCOUNT_SCHOOL_ROLES; i++)
		if ((a->roles & ACCOUNT_BIT(i)) != 0)
			(void)json_array_append_new(
			    roles, json_string(account_role_word((enum account_role)i)));
	return json_pack("{s:s,s:o,s:s}", "name", a->name, "roles", roles, "made", a->made);
}

static enum ctl_status say_done(
    const struct user_edit *e, const struct account *account, const char *sentence)
{
	char roles[ACCOUNT_ROLES_TEXT_BYTES];

	if (e->c->json)
		return ctl_print_json(account_json(account));
	account_roles_text(roles, account->roles);
	printf("%s: %s (%s)\n", account->name, sentence, roles);
	if ((account->roles & COUNSELLOR) != 0 &&
	    accounts_count(&e->file.all, COUNSELLOR) < COUNSELLORS_WANTED)
		puts(_(
		    "Only one counsellor: if that password is lost, the reports are, too. Make "
		    "a second one."));
	return CTL_DONE;
}

/* ---- the commands ---- */

static enum ctl_status finish_add(struct user_edit *e, struct account *account)
{
	char detail[DETAIL_BYTES], roles[ACCOUNT_ROLES_TEXT_BYTES];

	enum err rc = accounts_put(&e->file.all, account);
	if (rc != OK)
		return ctl_fail(e->c, CTL_FAILED,
		    _("there are %d accounts, and no more can be made (lachanctl user remove)"),
		    ACCOUNTS_MAX);
	account_roles_text(roles, account->roles);
	(void)snprintf(detail, sizeof detail, "%s: %s", account->name, roles);
	enum ctl_status status = user_commit(e, "user-add", detail);
	return status == CTL_DONE ? say_done(e, account, _("may sign in now")) : status;
}

static enum ctl_status add_to(struct user_edit *e, unsigned roles)
{
	struct account account = {.roles = roles};

	if (accounts_find(&e->file.all, e->name) != NULL)
		return ctl_fail(e->c, CTL_FAILED,
		    _("%s has an account already (lachanctl user role, user password)"),
		    e->name);
	memcpy(account.name, e->name, sizeof account.name);
	set_day(&account);
	enum ctl_status status = user_can_be_approved(e, roles);
	if (status == CTL_DONE)
		status = user_choose(e, &account, NULL);
	if (status == CTL_DONE)
		status = user_approve(e, roles);
	if (status == CTL_DONE)
		status = finish_add(e, &account);
	seal_wipe(&account, sizeof account);
	return status;
}

static enum ctl_status add(struct ctl *c)
{
	struct user_edit e;
	unsigned roles;

	if (c->argc < 2 || c->argc > 3)
		return ctl_usage(c, USAGE);
	enum ctl_status status = read_roles(c, c->argc == 3 ? c->argv[2] : NULL, &roles);
	if (status == CTL_DONE)
		status = user_begin(&e, c, c->argv[1]);
	if (status != CTL_DONE)
		return status;
	status = add_to(&e, roles);
	user_end(&e);
	return status;
}

/* *out: a copy, for the caller to wipe. */
static enum ctl_status find(const struct user_edit *e, struct account *out)
{
	const struct account *account = accounts_find(&e->file.all, e->name);

	if (account == NULL)
		return ctl_fail(e->c, CTL_FAILED,
		    _("nobody has an account of the name %s (lachanctl user list)"),
		    e->name);
	*out = *account;
	return CTL_DONE;
}

/* A counsellor's key comes and goes with the role. */
static enum ctl_status change_key(struct user_edit *e, struct account *account)
{
	struct secret password = SECRET_NONE;
	bool wanted = (account->roles & COUNSELLOR) != 0;
	enum ctl_status status = CTL_DONE;

	if (wanted && !account->has_key) {
		status = user_prove(e, account, &password);
		if (status == CTL_DONE)
			status = user_make_key(e, account, &password);
		secret_wipe(&password);
	} else if (!wanted) {
		account->has_key = false;
		seal_wipe(account->wrapped, sizeof account->wrapped);
	}
	return status;
}

static enum ctl_status change_role(struct user_edit *e, struct account *a, unsigned roles)
{
	char detail[DETAIL_BYTES], before[ACCOUNT_ROLES_TEXT_BYTES];
	char after[ACCOUNT_ROLES_TEXT_BYTES];
	unsigned gained = roles & ~a->roles;

	account_roles_text(before, a->roles);
	account_roles_text(after, roles);
	enum ctl_status status = user_keep_last(e, a->roles & ~roles, "role");
	if (status != CTL_DONE)
		return status;
	a->roles = roles;
	status = change_key(e, a);
	if (status == CTL_DONE)
		status = user_approve(e, gained);
	if (status == CTL_DONE && accounts_put(&e->file.all, a) != OK)
		status = ctl_fail(e->c, CTL_FAILED, "%s", err_text(ERR_MEMORY));
	(void)snprintf(detail, sizeof detail, "%s: %s, was %s", a->name, after, before);
	if (status == CTL_DONE)
		status = user_commit(e, "user-role", detail);
	return status == CTL_DONE ? say_done(e, a, _("has another role now")) : status;
}

static enum ctl_status change_password(struct user_edit *e, struct account *a)
{
	struct secret before = SECRET_NONE;
	bool powerful = (a->roles & POWERFUL) != 0;
	enum ctl_status status = CTL_DONE;

	/* Else whoever is at the keyboard could become an approver by a new password. */
	if (powerful)
		status = user_prove(e, a, &before);
	if (status == CTL_DONE)
		status = user_choose(e, a, powerful ? &before : NULL);
	secret_wipe(&before);
	if (status == CTL_DONE && accounts_put(&e->file.all, a) != OK)
		status = ctl_fail(e->c, CTL_FAILED, "%s", err_text(ERR_MEMORY));
	if (status == CTL_DONE)
		status = user_commit(e, "user-password", a->name);
	return status == CTL_DONE ? say_done(e, a, _("has another password now")) : status;
}

static enum ctl_status drop(struct user_edit *e, struct account *a)
{
	char detail[DETAIL_BYTES], roles[ACCOUNT_ROLES_TEXT_BYTES];
	enum ctl_status status = user_keep_last(e, a->roles, "remove");

	if (status != CTL_DONE)
		return status;
	account_roles_text(roles, a->roles);
	(void)snprintf(detail, sizeof detail, "%s: %s", a->name, roles);
	(void)accounts_drop(&e->file.all, a->name);
	status = user_commit(e, "user-remove", detail);
	if (status != CTL_DONE)
		return status;
	if (e->c->json)
		return ctl_print_json(json_pack("{s:s}", "removed", a->name));
	printf(_("%s: the account is gone\n"), a->name);
	return CTL_DONE;
}

/* role, password, remove: with an account that is there. */
static enum ctl_status change(struct ctl *c, const char *word)
{
	struct user_edit e;
	struct account account = {.roles = 0};
	bool role = strcmp(word, "role") == 0;
	unsigned roles = 0;

	if (c->argc < 2 || c->argc > (role ? 3 : 2))
		return ctl_usage(c, USAGE);
	enum ctl_status status =
	    role ? read_roles(c, c->argc == 3 ? c->argv[2] : NULL, &roles) : CTL_DONE;
	if (status == CTL_DONE)
		status = user_begin(&e, c, c->argv[1]);
	if (status != CTL_DONE)
		return status;
	status = find(&e, &account);
	if (status == CTL_DONE && role)
		status = change_role(&e, &account, roles);
	else if (status == CTL_DONE && strcmp(word, "password") == 0)
		status = change_password(&e, &account);
	else if (status == CTL_DONE)
		status = drop(&e, &account);
	seal_wipe(&account, sizeof account);
	user_end(&e);
	return status;
}

/* ---- list ---- */

static void print_accounts(const struct accounts *all)
{
	struct table *t = table_new(3);

	if (all->count == 0) {
		puts(_(
		    "There is no account: no form is shown, and no teacher can open a page "
		    "(lachanctl user add NAME ROLE)."));
		table_free(t);
		return;
	}
	table_cell(t, "%s", _("account"));
	table_cell(t, "%s", _("roles"));
	table_cell(t, "%s", _("made"));
	for (size_t i = 0; i < all->count; i++) {
		char roles[ACCOUNT_ROLES_TEXT_BYTES], day[SAY_BYTES];
		account_roles_text(roles, all->items[i].roles);
		say_day(day, all->items[i].made);
		table_cell(t, "%s", all->items[i].name);
		table_cell(t, "%s", roles);
		table_cell(t, "%s", day);
	}
	table_print(t, 0, stdout);
	table_free(t);
}

static enum ctl_status list(struct ctl *c)
{
	struct accounts all = ACCOUNTS_NONE;
	struct diag why = {.text = ""};
	char path[FILE_PATH_BYTES], text[DIAG_LINE_BYTES];

	if (c->argc != 1)
		return ctl_usage(c, USAGE);
	if (c->config == NULL)
		return ctl_fail(c, CTL_FAILED, "%s",
		    _("where the accounts stand is the configuration's to say: -c FILE"));
	enum err rc = users_path(path, sizeof path, c->config);
	if (rc == OK)
		rc = accounts_load(&all, ACCOUNT_HOUSE_SCHOOL, path, &why);
	if (rc != OK) {
		diag_describe(text, sizeof text, &why);
		return ctl_fail(c, CTL_FAILED, "%s%s", text[0] != 0 ? text : err_text(rc),
		    rc == ERR_IO ? _("\nTry: sudo lachanctl ...") : "");
	}
	if (c->json) {
		json_t *users = json_array();
		for (size_t i = 0; i < all.count; i++)
			(void)json_array_append_new(users, account_json(&all.items[i]));
		accounts_deinit(&all);
		return ctl_print_json(json_pack("{s:o}", "users", users));
	}
	print_accounts(&all);
	accounts_deinit(&all);
	return CTL_DONE;
}

enum ctl_status command_user(struct ctl *c)
{
	const char *word = c->argc > 0 ? c->argv[0] : "";

	if (strcmp(word, "list") == 0)
		return list(c);
	if (strcmp(word, "add") == 0)
		return add(c);
	if (strcmp(word, "role") == 0 || strcmp(word, "password") == 0 ||
	    strcmp(word, "remove") == 0)
		return change(c, word);
	return ctl_usage(c, USAGE);
}
