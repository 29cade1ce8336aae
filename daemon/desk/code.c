#include "desk/code.h"

#include <string.h>
#include <sys/random.h>

/* Without the pairs that look alike on paper: 0 O, 1 I L. */
static const char LETTERS[] = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";

enum {
	LETTER_COUNT = sizeof LETTERS - 1,
	EVEN = 256 / LETTER_COUNT * LETTER_COUNT /* bytes from here on would favour some */
};

enum err code_make(char out[CODE_BYTES])
{
	size_t made = 0;

	while (made < CODE_LETTERS) {
		uint8_t random[CODE_LETTERS];
		if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
			return ERR_IO;
		for (size_t i = 0; i < sizeof random && made < CODE_LETTERS; i++) {
			if (random[i] < EVEN)
				out[made++] = LETTERS[random[i] % LETTER_COUNT];
		}
	}
	out[CODE_LETTERS] = '\0';
	return OK;
}

void code_show(char out[CODE_SHOWN_BYTES], const char code[CODE_BYTES])
{
	const size_t half = CODE_LETTERS / 2;

	memcpy(out, code, half);
	out[half] = '-';
	memcpy(out + half + 1, code + half, CODE_LETTERS - half);
	out[CODE_SHOWN_BYTES - 1] = '\0';
}

bool code_read(char out[CODE_BYTES], const char *typed)
{
	char read[CODE_BYTES] = {0};
	size_t count = 0;

	for (; typed != NULL && *typed != '\0'; typed++) {
		char c = *typed;
		if (c == ' ' || c == '-' || c == '\t' || c == '\r' || c == '\n')
			continue;
		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		if (count == CODE_LETTERS || strchr(LETTERS, c) == NULL)
			return false;
		read[count++] = c;
	}
	if (count != CODE_LETTERS)
		return false;
	memcpy(out, read, sizeof read);
	return true;
}
