/*
 *	number  nine digits or more in a row; or with single blanks, dots or dashes between
 *	        them, when they begin as phones do: 0 or 84 (so "111, 113 115" is none)
 *	class   1 to 12 and a letter A to N, then up to two digits: 8A, 8A3, 12A10. Not what
 *	        people write of other things: 3D, 4G, 5G. Behind the word lớp (class) any number.
 */
#include "desk/identity.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/attr.h"
#include "base/words.h"

enum {
	NUMBER_DIGITS = 9,
	GRADE_MAX = 12
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A byte of a word: ASCII letters and digits, and whatever is written in more than one byte. */
static bool is_word(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (unsigned char)c >= 0x80;
}

/* ---- e-mail ---- */

static bool is_domain(const char *at)
{
	size_t len =
	    strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.");
	const char *dot = memchr(at, '.', len);

	return dot != NULL && dot > at && is_word(dot[1]);
}

static bool has_email(const char *text)
{
	for (const char *at = strchr(text, '@'); at != NULL; at = strchr(at + 1, '@')) {
		if (at > text && is_word(at[-1]) && is_domain(at + 1))
			return true;
	}
	return false;
}

/* ---- numbers ---- */

/* The digits from `at` on; *spread: with single separators between, too. *end: behind. */
static void measure(const char *at, size_t *together, size_t *spread, const char **end)
{
	size_t run = 0;

	*together = *spread = 0;
	while (is_digit(*at)) {
		run++;
		++*spread;
		if (run > *together)
			*together = run;
		at++;
		if ((*at == ' ' || *at == '.' || *at == '-') && is_digit(at[1])) {
			run = 0;
			at++;
		}
	}
	*end = at;
}

static bool has_number(const char *text)
{
	for (const char *at = text; *at != 0;) {
		size_t together, spread;
		const char *end;
		if (!is_digit(*at)) {
			at++;
			continue;
		}
		measure(at, &together, &spread, &end);
		bool as_phone = at[0] == '0' || (at[0] == '8' && at[1] == '4');
		if (together >= NUMBER_DIGITS || (as_phone && spread >= NUMBER_DIGITS))
			return true;
		at = end;
	}
	return false;
}

/* ---- classes ---- */

/* 1 to 12 at `at`; how many digits it took, 0 when it is none. */
static size_t take_grade(const char *at)
{
	size_t len = strspn(at, "0123456789");

	if (len == 1)
		return at[0] != '0';
	return len == 2 && at[0] == '1' && at[1] <= '2' ? 2 : 0;
}

/* A class as schools write it, ending where a word ends. */
static bool is_class(const char *at)
{
	size_t len = take_grade(at);
	const char *letter = at + len;
	bool other = (at[0] == '3' && (*letter == 'G' || *letter == 'D')) ||
	    ((at[0] == '2' || at[0] == '4' || at[0] == '5') &&
	        (*letter == 'G' || *letter == 'D' || *letter == 'K'));

	if (len == 0 || *letter < 'A' || *letter > 'N')
		return false;
	size_t number = strspn(letter + 1, "0123456789");
	if (number > 2 || is_word(letter[1 + number]))
		return false;
	return number > 0 || len == 2 || !other;
}

/* The word before a number of a class, in either Unicode form's usual one, and without marks. */
static bool is_called_class(const char *text, const char *at)
{
	static const char *const words[] = {
	    "l\u1edbp ", "L\u1edbp ", "L\u1edaP ", "lop ", "class "};

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		size_t len = strlen(words[i]);
		if ((size_t)(at - text) >= len && memcmp(at - len, words[i], len) == 0)
			return true;
	}
	return false;
}

/* "lớp 6/2", "lớp 8.3": a grade alone ("học sinh lớp 8") names nobody. */
static bool is_numbered_class(const char *at)
{
	size_t len = take_grade(at);

	return len > 0 && (at[len] == '/' || at[len] == '.' || at[len] == '-') &&
	    is_digit(at[len + 1]);
}

static bool has_class(const char *text)
{
	for (const char *at = text; *at != 0; at++) {
		bool begins = is_digit(*at) && (at == text || !is_word(at[-1]));
		if (begins &&
		    (is_class(at) || (is_called_class(text, at) && is_numbered_class(at))))
			return true;
	}
	return false;
}

enum identity identity_find(const char *text)
{
	if (has_email(text))
		return IDENTITY_EMAIL;
	if (has_number(text))
		return IDENTITY_NUMBER;
	return has_class(text) ? IDENTITY_CLASS : IDENTITY_NONE;
}

const char *identity_sentence(enum identity what)
{
	switch (what) {
	case IDENTITY_EMAIL:
		return N_(
		    "this looks like an e-mail address: a quick report names nobody, please "
		    "write it without");
	case IDENTITY_NUMBER:
		return N_(
		    "this looks like a phone or identity number: a quick report names "
		    "nobody, please write it without");
	case IDENTITY_CLASS:
		return N_(
		    "this looks like a class: in a small school it tells who it was, please "
		    "write the level only");
	case IDENTITY_NONE:
		break;
	}
	return "";
}
