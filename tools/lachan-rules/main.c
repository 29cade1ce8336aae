/* lachan-rules -- rule databases without a daemon. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "rules.h"

static const char USAGE[] =
    N_("usage: lachan-rules compile -o rules.db [--format F] [--json] CATEGORY=FILE...\n"
       "       lachan-rules explain -d rules.db [--json] NAME [TYPE [CLIENT]]\n"
       "       lachan-rules explain -d rules.db -\n"
       "       lachan-rules stat A.db [--json]\n"
       "       lachan-rules diff A.db B.db [--json]\n"
       "       lachan-rules replay -d NEW.db [-o OLD.db] [--json] QUERIES\n");

PRINTF_LIKE(1, 0) static void say(const char *format, va_list args)
{
	(void)fputs("lachan-rules: ", stderr);
	(void)vfprintf(stderr, format, args);
	(void)fputc('\n', stderr);
}

int rules_usage(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	say(format, args);
	va_end(args);
	(void)fputs(_(USAGE), stderr);
	return EXIT_USAGE;
}

int rules_fail(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	say(format, args);
	va_end(args);
	return EXIT_FAILED;
}

int rules_end(int status)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return rules_fail(_("cannot write the output"));
	return status;
}

/* The words of the person at the terminal, as far as we have them. */
static const char *language_of_terminal(void)
{
	static const char *const variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

	for (size_t i = 0; i < COUNT_OF(variables); i++) {
		const char *value = getenv(variables[i]);
		if (value != NULL && value[0] != '\0')
			return strncmp(value, "vi", 2) == 0 ? "vi" : "en";
	}
	return "en";
}

static int version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	(void)printf("lachan-rules %s\n", LACHAN_VERSION);
	return rules_end(EXIT_DONE);
}

static int help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	(void)fputs(_(USAGE), stdout);
	return rules_end(EXIT_DONE);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} commands[] = {{"compile", rules_compile}, {"explain", rules_explain},
	    {"stat", rules_stat}, {"diff", rules_diff}, {"replay", rules_replay},
	    {"--version", version}, {"--help", help}};

	words_use(language_of_terminal(), NULL);
	if (argc < 2)
		return rules_usage(_("a command is missing"));
	for (size_t i = 0; i < COUNT_OF(commands); i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	}
	return rules_usage(_("unknown command \"%s\""), argv[1]);
}
