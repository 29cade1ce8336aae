#include "lachanctl/sign_in.h"

#include <stdio.h>
#include <string.h>

#include "base/words.h"
#include "lachanctl/secret.h"

/* --user NAME */
static enum ctl_status ask_name(struct ctl *c, struct secret *out)
{
	if (c->user == NULL)
		return secret_ask_openly(c, _("Your account name"), out);
	int n = snprintf(out->text, sizeof out->text, "%s", c->user);
	if (n < 0 || (size_t)n >= sizeof out->text)
		return ctl_fail(c, CTL_USAGE, "--user: %s", err_text(ERR_RANGE));
	out->len = (size_t)n;
	return CTL_DONE;
}

static enum ctl_status ask_desk(
    struct ctl *c, const struct secret *name, const struct secret *password, json_t **reply)
{
	json_t *asked = json_pack("{s:s%,s:s%}", "user", name->text, name->len, "password",
	    password->text, password->len);

	/* No UTF-8: nobody's. */
	if (asked == NULL)
		return ctl_fail(
		    c, CTL_FAILED, "%s", _("that name and that password do not fit"));
	return ctl_ask(c, c->desk_path, "sign-in", asked, reply);
}

enum ctl_status sign_in(struct ctl *c, json_t *arguments)
{
	struct secret name = SECRET_NONE;
	struct secret password = SECRET_NONE;
	json_t *reply = NULL;

	enum ctl_status status = ask_name(c, &name);
	if (status == CTL_DONE)
		status = secret_ask(c, _("Your password"), &password);
	if (status == CTL_DONE)
		status = ask_desk(c, &name, &password, &reply);
	if (status == CTL_DONE)
		(void)json_object_set(arguments, "token", json_object_get(reply, "token"));
	json_decref(reply);
	secret_wipe(&password);
	secret_wipe(&name);
	return status;
}
