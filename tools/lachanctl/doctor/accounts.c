/* Those who answer: can they sign in, and does somebody read what pupils send? */
#include <stdio.h>

#include "accounts/accounts.h"
#include "base/words.h"
#include "kit/users_path.h"
#include "lachanctl/doctor/doctor.h"

enum {
	COUNSELLORS_WANTED = 2
};

static void find_broken(struct doctor *d, const char *path, const struct diag *why)
{
	struct finding f = {.id = "accounts", .severity = SEVERITY_WARNING};
	char text[DIAG_LINE_BYTES];

	diag_describe(text, sizeof text, why);
	finding_detail(&f, _("Nobody can sign in, and no form is shown: %s"), text);
	finding_fix(
	    &f, _("Mend %s as it says; the gateway reads it again by itself."), path);
	doctor_find(d, &f);
}

static void check_desk(struct doctor *d)
{
	struct finding f = {.id = "accounts", .severity = SEVERITY_WARNING};
	json_t *standing = ctl_peek(d->ctl->desk_path, "standing");

	if (standing == NULL) {
		finding_detail(&f, "%s",
		    _("There are accounts, but lachan-desk does not answer: no form is shown, "
		      "and no teacher can open a page."));
		finding_fix(&f, "%s", _("See why: journalctl -u lachan -e | grep desk"));
		doctor_find(d, &f);
	}
	json_decref(standing);
}

static void check_counsellors(struct doctor *d, const struct accounts *all)
{
	struct finding f = {.id = "accounts", .severity = SEVERITY_HINT};
	size_t counsellors = accounts_count(all, ACCOUNT_BIT(ACCOUNT_COUNSELLOR));

	if (counsellors == 0 || counsellors >= COUNSELLORS_WANTED)
		return;
	finding_detail(&f, "%s",
	    _("There is one counsellor. If that password is lost, or that person is ill, "
	      "reports wait for nobody."));
	finding_fix(&f, "%s", _("sudo lachanctl user add NAME counsellor"));
	doctor_find(d, &f);
}

void check_accounts(struct doctor *d)
{
	struct accounts all = ACCOUNTS_NONE;
	struct diag why = {.text = ""};
	char path[FILE_PATH_BYTES];
	enum err rc = users_path(path, sizeof path, d->config);

	if (rc == OK)
		rc = accounts_load(&all, ACCOUNT_HOUSE_SCHOOL, path, &why);
	if (rc == ERR_IO) { /* it is another user's, as it should be */
		doctor_skip_rootless(d, "accounts");
		return;
	}
	doctor_checked(d, "accounts");
	if (rc != OK) {
		find_broken(d, path, &why);
	} else if (all.count > 0) {
		if (d->status != NULL)
			check_desk(d);
		check_counsellors(d, &all);
	}
	accounts_deinit(&all);
}
