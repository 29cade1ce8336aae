#include "lachanctl/secret.h"

#include <unistd.h>

#include "base/words.h"
#include "kit/prompt.h"
#include "seal/seal.h"

static enum ctl_status ask(
    const struct ctl *c, const char *question, enum prompt_how how, struct secret *out)
{
	*out = SECRET_NONE;
	enum err rc = prompt_ask(out->text, sizeof out->text, &out->len, question, how);
	if (rc == OK)
		return CTL_DONE;
	secret_wipe(out);
	if (rc == ERR_FULL)
		return ctl_fail(c, CTL_FAILED, _("%s: that line is too long"), question);
	return ctl_fail(c, CTL_FAILED, _("%s: no answer; nothing was changed"), question);
}

enum ctl_status secret_ask(const struct ctl *c, const char *question, struct secret *out)
{
	return ask(c, question, PROMPT_HIDDEN, out);
}

enum ctl_status secret_ask_openly(
    const struct ctl *c, const char *question, struct secret *out)
{
	return ask(c, question, PROMPT_OPEN, out);
}

enum ctl_status secret_ask_twice(
    const struct ctl *c, const char *question, struct secret *out)
{
	struct secret again = SECRET_NONE;
	enum ctl_status status = ask(c, question, PROMPT_HIDDEN, out);

	if (status != CTL_DONE || isatty(STDIN_FILENO) != 1)
		return status;
	status = ask(c, _("The same once more"), PROMPT_HIDDEN, &again);
	if (status == CTL_DONE && !slice_equal(secret_slice(out), secret_slice(&again)))
		status = ctl_fail(c, CTL_FAILED, "%s",
		    _("the two are not the same; nothing was changed"));
	secret_wipe(&again);
	if (status != CTL_DONE)
		secret_wipe(out);
	return status;
}

struct slice secret_slice(const struct secret *s)
{
	return (struct slice){(const uint8_t *)s->text, s->len};
}

void secret_wipe(struct secret *s)
{
	seal_wipe(s, sizeof *s);
}
