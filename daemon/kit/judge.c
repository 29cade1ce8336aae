#include "kit/judge.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/file.h"
#include "base/words.h"
#include "conf/config.h"
#include "kit/certificates.h"
#include "kit/secret.h"

static void tell(struct diags *all, struct mark mark, const char *text)
{
	diags_error(all, mark.file, mark.line, mark.column, "%s", text);
}

static void judge_command(struct diags *all, const struct config_notify_to *to)
{
	struct diag why = {.text = ""};
	struct stat st;

	if (stat(to->text, &st) != 0)
		diag_set(&why, _("%s: %s (name a file that is there)"), to->text,
		    strerror(errno));
	else if (!S_ISREG(st.st_mode) || (st.st_mode & S_IXUSR) == 0)
		diag_set(&why, _("%s is no program (chmod +x %s)"), to->text, to->text);
	else if ((st.st_mode & S_IWOTH) != 0)
		diag_set(
		    &why, _("everybody may change %s (chmod o-w %s)"), to->text, to->text);
	if (why.text[0] != 0)
		tell(all, to->mark, why.text);
}

static void judge_target(struct diags *all, const struct config_notify_target *target)
{
	struct diag why = {.text = ""};
	char secret[SECRET_BYTES];

	if (target->to.kind == NOTIFY_COMMAND)
		judge_command(all, &target->to);
	if (target->password_file.text[0] != 0) {
		if (secret_read(secret, target->password_file.text, &why) != OK)
			tell(all, target->password_file.mark, why.text);
		OPENSSL_cleanse(secret, sizeof secret);
	}
	if (target->ca_file.text[0] != 0 && access(target->ca_file.text, R_OK) != 0) {
		diag_set(&why, _("%s: %s (name a file that is there)"),
		    target->ca_file.text, strerror(errno));
		tell(all, target->ca_file.mark, why.text);
	}
}

void judge_files(const struct config *config, struct diags *all)
{
	certificates_judge(config, all);
	for (size_t i = 0; i < config->notify.count; i++)
		judge_target(all, &config->notify.items[i]);
}
