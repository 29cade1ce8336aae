/* `lachan-district user …`: who may sign in at the department's web. */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "accounts/accounts.h"
#include "base/words.h"
#include "district/admin.h"
#include "kit/prompt.h"

enum {
	TRIES = 3, /* at a terminal, to choose a password */
	PASSWORD_BYTES = ACCOUNT_PASSWORD_MAX + 2
};

#define DEPARTMENT ACCOUNT_HOUSE_DEPARTMENT
#define OPERATOR   ACCOUNT_BIT(ACCOUNT_OPERATOR)

struct change {
	struct command *c;
	struct accounts_edit edit;
	char name[ACCOUNT_NAME_BYTES];
	bool last; /* --last: the last operator may go */
};

static const char *path_of(const struct command *c)
{
	const char *path = c->config->users_file.text;

	if (path[0] == 0)
		(void)admin_fail(
		    _("users_file is not set in %s: nobody signs in, and the web is open to "
		      "this machine alone"),
		    c->config_path);
	return path[0] == 0 ? NULL : path;
}

/* ---- passwords ---- */

/* *len: the answer's; false after saying why there is none. */
static bool ask(const char *question, char out[PASSWORD_BYTES], size_t *len)
{
	enum err rc = prompt_ask(out, PASSWORD_BYTES, len, question, PROMPT_HIDDEN);

	if (rc == ERR_FULL)
		(void)admin_fail(_("%s: that line is too long"), question);
	else if (rc != OK)
		(void)admin_fail(_("%s: no answer; nothing was changed"), question);
	return rc == OK;
}

static bool ask_again(const char *password, size_t len)
{
	char again[PASSWORD_BYTES];
	size_t again_len = 0;

	if (isatty(STDIN_FILENO) != 1)
		return true;
	bool same = ask(_("The same once more"), again, &again_len);
	if (same && (again_len != len || memcmp(again, password, len) != 0)) {
		(void)admin_fail(_("the two are not the same; nothing was changed"));
		same = false;
	}
	seal_wipe(again, sizeof again);
	return same;
}

static bool choose_once(const struct change *x, char out[PASSWORD_BYTES], size_t *len)
{
	char question[ACCOUNT_NAME_BYTES + 64];

	(void)snprintf(question, sizeof question, _("A new password for %s"), x->name);
	if (!ask(question, out, len) || !ask_again(out, *len))
		return false;
	const char *wrong =
	    account_judge_password((struct slice){(const uint8_t *)out, *len}, x->name);
	if (wrong != NULL)
		(void)admin_fail("%s", _(wrong));
	return wrong == NULL;
}

static bool choose(const struct change *x, struct account *account)
{
	char password[PASSWORD_BYTES];
	uint8_t salt[ACCOUNT_SALT_BYTES];
	int tries = isatty(STDIN_FILENO) == 1 ? TRIES : 1;
	size_t len = 0;
	bool chosen = false;

	for (int i = 0; i < tries && !chosen; i++)
		chosen = choose_once(x, password, &len);
	enum err rc = OK;
	if (chosen) {
		rc = getrandom(salt, sizeof salt, 0) == (ssize_t)sizeof salt ? OK : ERR_IO;
		if (rc == OK)
			rc = account_set_password(
			    account, (struct slice){(const uint8_t *)password, len}, salt);
		if (rc != OK)
			(void)admin_fail("%s", err_text(rc));
	}
	seal_wipe(password, sizeof password);
	return chosen && rc == OK;
}

/* ---- changes ---- */

static bool read_roles(const char *words, unsigned *out)
{
	char all[ACCOUNT_ROLES_TEXT_BYTES];

	if (account_roles_of(DEPARTMENT, slice_of(words), out))
		return true;
	account_roles_text(all, account_house_roles(DEPARTMENT));
	(void)admin_fail(
	    _("%s is no list of roles; there are %s, several with commas between"), words,
	    all);
	return false;
}

/* Somebody must be left who can do what only an operator can. */
static bool keeps_operator(const struct change *x, const struct account *a, unsigned roles)
{
	bool lost = (a->roles & OPERATOR) != 0 && (roles & OPERATOR) == 0;

	if (!lost || x->last || accounts_count(&x->edit.all, OPERATOR) > 1)
		return true;
	(void)admin_fail(
	    _("%s: that is the last operator; make another one first, or say that you mean "
	      "it: --last"),
	    a->name);
	return false;
}

static int commit(
    struct change *x, const char *action, const char *detail, const char *said)
{
	struct diag why = {.text = ""};
	enum err rc = accounts_commit(&x->edit, &why);

	if (rc != OK)
		return admin_fail_why(&why, rc);
	admin_record(x->c, action, x->name, "%s", detail);
	(void)printf("%s: %s\n", x->name, said);
	return ADMIN_DONE;
}

static int put(
    struct change *x, const struct account *a, const char *action, const char *said)
{
	char roles[ACCOUNT_ROLES_TEXT_BYTES];
	enum err rc = accounts_put(&x->edit.all, a);

	if (rc != OK)
		return admin_fail("%s", err_text(rc));
	account_roles_text(roles, a->roles);
	return commit(x, action, roles, said);
}

static int add(struct change *x)
{
	struct account a = {.roles = 0};
	int status = ADMIN_FAILED;

	if (accounts_find(&x->edit.all, x->name) != NULL)
		return admin_fail(
		    _("%s has an account already (user role, user password)"), x->name);
	if (!read_roles(x->c->argv[2], &a.roles))
		return ADMIN_FAILED;
	memcpy(a.name, x->name, sizeof a.name);
	day_write(a.made, admin_today(x->c));
	if (choose(x, &a))
		status = put(x, &a, "user-add", _("has an account now"));
	seal_wipe(&a, sizeof a);
	return status;
}

static int change_role(struct change *x, struct account *a)
{
	unsigned roles;

	if (!read_roles(x->c->argv[2], &roles) || !keeps_operator(x, a, roles))
		return ADMIN_FAILED;
	a->roles = roles;
	return put(x, a, "user-role", _("has another role now"));
}

static int change_password(struct change *x, struct account *a)
{
	return choose(x, a) ? put(x, a, "user-password", _("has another password now"))
	                    : ADMIN_FAILED;
}

static int drop(struct change *x, struct account *a)
{
	char roles[ACCOUNT_ROLES_TEXT_BYTES];

	if (!keeps_operator(x, a, 0))
		return ADMIN_FAILED;
	account_roles_text(roles, a->roles);
	(void)accounts_drop(&x->edit.all, x->name);
	return commit(x, "user-remove", roles, _("the account is gone"));
}

static int change_one(struct change *x, const char *verb)
{
	const struct account *found = accounts_find(&x->edit.all, x->name);
	int status;

	if (strcmp(verb, "add") == 0)
		return add(x);
	if (found == NULL)
		return admin_fail(
		    _("nobody has an account of the name %s (user list)"), x->name);
	struct account a = *found;
	if (strcmp(verb, "role") == 0)
		status = change_role(x, &a);
	else if (strcmp(verb, "password") == 0)
		status = change_password(x, &a);
	else
		status = drop(x, &a);
	seal_wipe(&a, sizeof a);
	return status;
}

static int change(struct command *c, const char *verb, int words)
{
	struct change x = {.c = c, .edit = ACCOUNTS_EDIT_NONE};
	struct diag why = {.text = ""};

	x.last = admin_take_flag(c, "--last");
	if (c->argc != words || admin_has_options(c))
		return ADMIN_USAGE;
	const char *path = path_of(c);
	if (path == NULL)
		return ADMIN_FAILED;
	if (!account_name_of(x.name, slice_of(c->argv[1])))
		return admin_fail(
		    _("%s cannot be a user's name: 2 to 32 of a-z, 0-9, dot, dash and "
		      "underscore, a letter first, no accents"),
		    c->argv[1]);
	enum err rc = accounts_begin(&x.edit, DEPARTMENT, path, &why);
	if (rc != OK)
		return admin_fail_why(&why, rc);
	int status = change_one(&x, verb);
	accounts_end(&x.edit);
	return status;
}

/* ---- list ---- */

static int list(struct command *c)
{
	struct accounts all = {.house = DEPARTMENT};
	struct diag why = {.text = ""};
	const char *path = path_of(c);

	if (c->argc != 1)
		return ADMIN_USAGE;
	if (path == NULL)
		return ADMIN_FAILED;
	enum err rc = accounts_load(&all, DEPARTMENT, path, &why);
	if (rc != OK)
		return admin_fail_why(&why, rc);
	for (size_t i = 0; i < all.count; i++) {
		char roles[ACCOUNT_ROLES_TEXT_BYTES];
		account_roles_text(roles, all.items[i].roles);
		(void)printf(
		    "%-32s  %s  %s\n", all.items[i].name, all.items[i].made, roles);
	}
	if (all.count == 0)
		(void)puts(
		    _("There is no account: nobody can sign in (user add NAME ROLES)."));
	accounts_deinit(&all);
	return ADMIN_DONE;
}

int admin_user(struct command *c)
{
	static const struct {
		const char *verb;
		int words;
	} verbs[] = {{"add", 3}, {"role", 3}, {"password", 2}, {"remove", 2}};

	if (c->argc > 0 && strcmp(c->argv[0], "list") == 0)
		return list(c);
	for (size_t i = 0; c->argc > 0 && i < COUNT_OF(verbs); i++)
		if (strcmp(c->argv[0], verbs[i].verb) == 0)
			return change(c, verbs[i].verb, verbs[i].words);
	return ADMIN_USAGE;
}
