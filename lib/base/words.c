#include "base/words.h"

#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DOMAIN "lachan"

/* In a build tree the catalogues stand beside bin/; installed, where CMake said. */
static const char *default_folder(char *storage, size_t size)
{
	char program[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);

	if (len > 0) {
		program[len] = 0;
		for (int cut = 0; cut < 2; cut++) { /* the file's name, then bin/ */
			char *slash = strrchr(program, '/');
			if (slash != NULL)
				*slash = 0;
		}
		int n = snprintf(storage, size, "%s/locale", program);
		if (n > 0 && (size_t)n < size && access(storage, R_OK) == 0)
			return storage;
	}
	return LACHAN_LOCALE_DIR;
}

void words_use(const char *language, const char *folder)
{
	char storage[PATH_MAX + 16];

	/* glibc ignores LANGUAGE in the locale "C"; C.UTF-8 is always there and changes
	 * neither numbers nor dates. */
	if (setlocale(LC_MESSAGES, "C.UTF-8") == NULL)
		return;
	/* strerror() speaks the language too; without this its letters come as "?". */
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return;
	if (setenv("LANGUAGE", language, 1) != 0)
		return;
	bindtextdomain(
	    DOMAIN, folder != NULL ? folder : default_folder(storage, sizeof storage));
	bind_textdomain_codeset(DOMAIN, "UTF-8");
	textdomain(DOMAIN);
}
