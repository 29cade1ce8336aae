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

/* A file that has to be there and be ours to read. */
static void judge_readable(struct diags *all, const struct conf_text *file)
{
	struct diag why = {.text = ""};

	if (file->text[0] == 0 || access(file->text, R_OK) == 0)
		return;
	diag_set(
	    &why, _("%s: %s (name a file that is there)"), file->text, strerror(errno));
	tell(all, file->mark, why.text);
}

static void judge_secret(struct diags *all, const struct conf_text *file)
{
	struct diag why = {.text = ""};
	char secret[SECRET_BYTES];

	if (file->text[0] == 0)
		return;
	if (secret_read(secret, file->text, &why) != OK)
		tell(all, file->mark, why.text);
	OPENSSL_cleanse(secret, sizeof secret);
}

static void judge_target(struct diags *all, const struct config_notify_target *target)
{
	if (target->to.kind == NOTIFY_COMMAND)
		judge_command(all, &target->to);
	judge_secret(all, &target->password_file);
	judge_readable(all, &target->ca_file);
}

/* The usual place may be empty: `lachanctl enrol` fills it. One that was named is meant. */
static void judge_signing_key(struct diags *all, const struct conf_text *file)
{
	struct diag why = {.text = ""};
	struct stat st;

	if (file->mark.line == 0)
		return;
	if (stat(file->text, &st) != 0)
		diag_set(&why, _("%s: %s (name a file that is there)"), file->text,
		    strerror(errno));
	else if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		diag_set(&why, _("others may read the key %s (chmod %s %s)"), file->text,
		    "600", file->text);
	if (why.text[0] != 0)
		tell(all, file->mark, why.text);
}

/* No filter stays down since a department's token is gone, as after a restore: lachan-share
 * tells it and sends nothing to that one. */
static void judge_recipient(struct diags *all, const struct config_recipient *one)
{
	struct diags found = DIAGS_NONE;

	judge_secret(&found, &one->token_file);
	judge_readable(&found, &one->ca_file);
	for (size_t i = 0; i < found.count; i++) {
		struct diag later = found.items[i];
		later.level = DIAG_WARNING;
		diags_add(all, &later);
	}
	diags_deinit(&found);
}

void judge_files(const struct config *config, struct diags *all)
{
	certificates_judge(config, all);
	for (size_t i = 0; i < config->notify.count; i++)
		judge_target(all, &config->notify.items[i]);
	for (size_t i = 0; i < config->share.recipients.count; i++)
		judge_recipient(all, &config->share.recipients.items[i]);
	judge_signing_key(all, &config->share.signing_key);
}
