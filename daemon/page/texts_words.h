/* texts_words -- what the words of one line are like: long, strange, or never to be said.
 * Threads: pure functions. */
#ifndef PAGE_TEXTS_WORDS_H
#define PAGE_TEXTS_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* Syllables of the longest sentence: Vietnamese writes each apart ("học sinh" has two). A
 * sentence ends with . ! ? or an ellipsis at the end of a word; signs alone are no syllable,
 * a placeholder is one. */
size_t words_longest_sentence(const char *line);

/* Vietnamese in NFC is written with whole letters; a combining mark (U+0300 to U+036F)
 * stands where two forms of one word would look alike and compare as different. */
bool words_have_loose_marks(const char *line);

/* Does the line say this, in whatever case of the letters a to z? */
bool words_say(const char *line, const char *phrase);

#endif
