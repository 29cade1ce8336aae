#include "kit/prompt.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

struct line {
	char *text;
	size_t size;
	size_t len;
};

/* Byte by byte, so that the next line is left for the next question. */
static enum err read_line(struct line *out)
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
		if (out->len + 1 >= out->size)
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

static enum err read_hidden(struct line *out)
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

enum err prompt_ask(
    char *out, size_t size, size_t *len, const char *question, enum prompt_how how)
{
	struct line line = {.text = out, .size = size};
	bool person = isatty(STDIN_FILENO) == 1;

	if (person) {
		(void)fprintf(stderr, "%s: ", question);
		(void)fflush(stderr);
	}
	enum err rc =
	    person && how == PROMPT_HIDDEN ? read_hidden(&line) : read_line(&line);
	if (rc == OK)
		*len = line.len;
	return rc;
}
