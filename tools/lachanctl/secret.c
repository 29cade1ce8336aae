#include "lachanctl/secret.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/words.h"
#include "seal/seal.h"

enum how {
	HIDDEN,
	OPEN
};

/* Byte by byte, so that the next line is left for the next question. */
static enum err read_line(struct secret *out)
{
	char byte;
	ssize_t n;

	out->len = 0;
	while ((n = read(STDIN_FILENO, &byte, 1)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR_IO;
		if (byte == '\n')
			break;
		if (out->len + 1 >= sizeof out->text)
			return ERR_FULL;
		out->text[out->len++] = byte;
	}
	if (n == 0 && out->len == 0)
		return ERR_CLOSED;
	if (out->len > 0 && out->text[out->len - 1] == '\r')
		out->len--;
	out->text[out->len] = 0;
	return OK;
}

/* Ctrl-C in the middle must not leave a terminal that shows nothing. */
static struct termios terminal_before;

static void on_stop(int number)
{
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal_before);
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

static enum err read_hidden(struct secret *out)
{
	static const int stops[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	struct sigaction now = {.sa_handler = on_stop}, before[COUNT_OF(stops)];
	struct sigaction ignore = {.sa_handler = SIG_IGN}, pause;
	struct termios quiet;

	if (tcgetattr(STDIN_FILENO, &terminal_before) != 0)
		return read_line(out);
	for (size_t i = 0; i < COUNT_OF(stops); i++)
		(void)sigaction(stops[i], &now, &before[i]);
	(void)sigaction(SIGTSTP, &ignore, &pause);
	quiet = terminal_before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_lflag |= ECHONL;
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	enum err rc = read_line(out);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal_before);
	(void)sigaction(SIGTSTP, &pause, NULL);
	for (size_t i = 0; i < COUNT_OF(stops); i++)
		(void)sigaction(stops[i], &before[i], NULL);
	return rc;
}

static enum ctl_status ask(
    const struct ctl *c, const char *question, enum how how, struct secret *out)
{
	bool person = isatty(STDIN_FILENO) == 1;

	*out = SECRET_NONE;
	if (person) {
		fprintf(stderr, "%s: ", question);
		(void)fflush(stderr);
	}
	enum err rc = person && how == HIDDEN ? read_hidden(out) : read_line(out);
	if (rc == OK)
		return CTL_DONE;
	secret_wipe(out);
	if (rc == ERR_FULL)
		return ctl_fail(c, CTL_FAILED, _("%s: that line is too long"), question);
	return ctl_fail(c, CTL_FAILED, _("%s: no answer; nothing was changed"), question);
}

enum ctl_status secret_ask(const struct ctl *c, const char *question, struct secret *out)
{
	return ask(c, question, HIDDEN, out);
}

enum ctl_status secret_ask_openly(
    const struct ctl *c, const char *question, struct secret *out)
{
	return ask(c, question, OPEN, out);
}

enum ctl_status secret_ask_twice(
    const struct ctl *c, const char *question, struct secret *out)
{
	struct secret again = SECRET_NONE;
	enum ctl_status status = ask(c, question, HIDDEN, out);

	if (status != CTL_DONE || isatty(STDIN_FILENO) != 1)
		return status;
	status = ask(c, _("The same once more"), HIDDEN, &again);
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
