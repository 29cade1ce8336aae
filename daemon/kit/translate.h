/* translate -- the language of a person for a sentence that came in English.
 *
 * Daemons speak English, in their logs, on their sockets and in their files. Who shows such
 * a sentence to a person passes it through here: it is found in the catalogue in use
 * (words_use() of base/words.h) as it is, or as one that a format of the catalogue made;
 * then what stood in the places of %s is looked up, too, and so is each piece of
 * "piece: piece; piece".
 * Threads: one; the catalogue is read once and kept until the process ends. */
#ifndef KIT_TRANSLATE_H
#define KIT_TRANSLATE_H

#include <stdbool.h>
#include <stddef.h>

enum {
	TRANSLATE_TEXT_BYTES = 1024 /* a longer sentence stays English */
};

/* `english` in the language in use, or as it is when the catalogue does not know it; cut
 * at `size`. */
void translate_text(char *out, size_t size, const char *english);

/* The same for "FILE:LINE:COLUMN: error: TEXT" and its kin (base/diag.h): the place stays,
 * the level and TEXT are translated. */
void translate_mistake(char *out, size_t size, const char *english);

/* Whether `format` (printf's) can have made `text`; if so, and `translated` is the format
 * in another language, *out is what that one makes. For tests. */
bool translate_by_format(
    char *out, size_t size, const char *text, const char *format, const char *translated);

#endif
